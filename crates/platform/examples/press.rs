//! A small generator of its own, sharing no code with the tool: `press ADDR PATH --rate R --seconds S [--uniform]`
//! sends requests at Poisson (or uniform) instants over as many connections as it takes, measures each
//! answer from the instant at which it was due, and prints the quantiles.

#![allow(clippy::print_stdout)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a generator of its own: it owns its clock and sockets"
)]

use std::collections::VecDeque;
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

struct Plan {
    address: String,
    head: String,
    due: Mutex<VecDeque<f64>>,
    start: Instant,
    times: Mutex<Vec<f64>>,
    failed: Mutex<u64>,
    idle: Mutex<usize>,
    wake: Condvar,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let address = args.next().ok_or("address")?;
    let path = args.next().ok_or("path")?;
    let (mut rate, mut seconds, mut seed, mut uniform) = (50.0, 60.0, 1u64, false);
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--rate" => rate = value()?.parse()?,
            "--seconds" => seconds = value()?.parse()?,
            "--seed" => seed = value()?.parse()?,
            "--uniform" => uniform = true,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    let plan = Arc::new(Plan {
        head: format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n"),
        address,
        due: Mutex::new(instants(rate, seconds, seed, uniform)),
        start: Instant::now() + Duration::from_millis(100),
        times: Mutex::default(),
        failed: Mutex::default(),
        idle: Mutex::new(0),
        wake: Condvar::new(),
    });
    let asked = plan.due.lock().map_err(|_| "lock")?.len();
    // Enough users that no arrival waits for a connection, as long as fewer than so many are under way.
    let users: Vec<_> = (0..400)
        .map(|_| {
            let plan = plan.clone();
            std::thread::Builder::new().stack_size(64 << 10).spawn(move || use_platform(&plan))
        })
        .collect();
    for user in users {
        user?.join().map_err(|_| "a user panicked")?;
    }
    report(&plan, asked);
    Ok(())
}

fn instants(rate: f64, seconds: f64, seed: u64, uniform: bool) -> VecDeque<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let (mut at, mut due) = (0.0, VecDeque::new());
    loop {
        at += if uniform { 1.0 / rate } else { -draw().ln() / rate };
        if at > seconds {
            return due;
        }
        due.push_back(at);
    }
}

fn use_platform(plan: &Plan) {
    let mut connection: Option<TcpStream> = None;
    loop {
        let Ok(Some(due)) = plan.due.lock().map(|mut due| due.pop_front()) else {
            break;
        };
        let at = plan.start + Duration::from_secs_f64(due);
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        let answered = ask(plan, &mut connection);
        if answered.is_none() {
            connection = None;
        }
        let took = at.elapsed().as_secs_f64();
        match answered {
            Some(200) => plan.times.lock().map(|mut t| t.push(took)).unwrap_or(()),
            _ => plan.failed.lock().map(|mut f| *f += 1).unwrap_or(()),
        }
    }
    if let Ok(mut idle) = plan.idle.lock() {
        *idle += 1;
        plan.wake.notify_all();
    }
}

fn ask(plan: &Plan, connection: &mut Option<TcpStream>) -> Option<u16> {
    if connection.is_none() {
        let stream = TcpStream::connect(&plan.address).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        *connection = Some(stream);
    }
    let stream = connection.as_mut()?;
    stream.write_all(plan.head.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer).ok().filter(|n| *n > 0)?;
        answer.extend_from_slice(&buffer[..n]);
        let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&answer[..head]).ok()?.to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1)?.split("\r\n").next()?;
        if answer.len() >= head + 4 + length.parse::<usize>().ok()? {
            return text.get(9..12)?.parse().ok();
        }
    }
}

fn report(plan: &Plan, asked: usize) {
    let mut times = plan.times.lock().map(|t| t.clone()).unwrap_or_default();
    times.sort_by(f64::total_cmp);
    let quantile = |p: f64| {
        times
            .get(((times.len() as f64 * p) as usize).min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    };
    let failed = plan.failed.lock().map(|f| *f).unwrap_or(0);
    println!(
        "asked {asked} answered {} failed {failed} p50 {:.4} p90 {:.4} p99 {:.4} p999 {:.4} max {:.4}",
        times.len(),
        quantile(0.5),
        quantile(0.9),
        quantile(0.99),
        quantile(0.999),
        quantile(1.0)
    );
}
