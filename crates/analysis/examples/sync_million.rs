//! How long a million rows take, and how much memory: writes a file of made-up rows, or answers one.
//!
//! `sync_million write 1000000 > rows.csv`, then `/usr/bin/time -v sync_million read rows.csv`. A third
//! argument `rfc3339` to `write` writes such times instead of seconds.
#![allow(clippy::print_stdout)]

use piaotan_analysis::sync::{Question, Reader, answer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::{BufRead, BufReader, BufWriter, Write};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", rows] => write(rows.parse().expect("a number of rows"), |t| format!("{t:.3}")),
        ["write", rows, "rfc3339"] => write(rows.parse().expect("a number of rows"), rfc3339),
        ["read", path] => read(path),
        _ => Err(std::io::Error::other("write ROWS [rfc3339] | read FILE")),
    }
}

fn rfc3339(seconds: f64) -> String {
    let time =
        chrono::DateTime::from_timestamp_millis((seconds * 1e3) as i64).expect("the time is near 2026");
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// One upload every 10 ms, exponential delays of mean 40 s looked for every 5 s, 3 % never seen.
fn write(rows: u64, time: impl Fn(f64) -> String) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    writeln!(out, "id,uploaded,last_not_seen,first_seen")?;
    for i in 0..rows {
        let uploaded = 1_772_000_000.0 + 0.01 * i as f64;
        let delay = -40.0 * (1.0 - dice.random::<f64>()).ln();
        let looks = (delay / 5.0 + dice.random::<f64>()).floor();
        let last = uploaded + (delay - 5.0 * dice.random::<f64>()).max(0.0);
        let first = if dice.random::<f64>() < 0.03 { String::new() } else { time(last + 5.0) };
        writeln!(out, "{i:08}-{looks},{},{},{first}", time(uploaded), time(last))?;
    }
    out.flush()
}

fn read(path: &str) -> std::io::Result<()> {
    let mut file = BufReader::with_capacity(1 << 20, std::fs::File::open(path)?);
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line)?;
    let mut reader = Reader::new(&line).map_err(std::io::Error::other)?;
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        reader.line(&line).map_err(std::io::Error::other)?;
    }
    let table = reader.finish().map_err(std::io::Error::other)?;
    let found = answer(&table, &Question::default()).ok_or(std::io::Error::other("no rows"))?;
    println!("{} rows, {} never seen, {:?}", found.n, found.censored, found.quantiles);
    println!("{} points, {} clusters, change {:?}", found.curve.len(), found.clusters, found.change);
    Ok(())
}
