//! A ledger of a million invoices: how fast it is written, scanned and read for an estimate.
//!
//! `cargo run --release -p piaotan-store --example million [ROWS]`
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement reads a clock and prints")]

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::{Issued, Look, Surface, Token};
use piaotan_store::{LookAt, Store, Which};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let path = std::env::temp_dir().join(format!("piaotan-million-{}.db", std::process::id()));
    let measured = measure(&Store::open(&path)?, rows);
    for ending in ["", "-wal", "-shm"] {
        let file = format!("{}{ending}", path.display());
        let _ = std::fs::remove_file(file);
    }
    measured
}

fn measure(store: &Store, rows: u64) -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    for chunk in 0..rows / 1_000 {
        let batch: Vec<Issued> = (chunk * 1_000..(chunk + 1) * 1_000).map(issued).collect();
        store.issue_all(&batch)?;
    }
    println!("issue    {:>9.0} rows/s", rows as f64 / started.elapsed().as_secs_f64());
    let started = Instant::now();
    // All but one in a hundred are seen.
    for chunk in 0..rows / 1_000 {
        let seen = (chunk * 1_000..(chunk + 1) * 1_000).filter(|token| token % 100 != 0);
        store.look_all(&seen.map(look).collect::<Vec<_>>())?;
    }
    println!("look     {:>9.0} rows/s", rows as f64 * 0.99 / started.elapsed().as_secs_f64());
    let started = Instant::now();
    let pending = store.pending_sights()?.len();
    println!("pending  {:>9} of {rows} in {:.3} s", pending, started.elapsed().as_secs_f64());
    let started = Instant::now();
    let samples = store.samples(Surface::Number, Which::default())?.len();
    println!("samples  {:>9} in {:.3} s", samples, started.elapsed().as_secs_f64());
    let started = Instant::now();
    let now = instant(rows + 86_400);
    let counts = store.sync_counts(Surface::Number, Which::default(), now, TimeDelta::days(1))?;
    println!("counts   {:>9} pending in {:.3} s", counts.pending, started.elapsed().as_secs_f64());
    // What a running watch asks again and again must not grow with the ledger.
    let recent = instant(rows - rows.min(5_000));
    let timed = |name: &str, ask: &dyn Fn() -> Result<u64, piaotan_store::Error>| {
        let started = Instant::now();
        let found = ask()?;
        println!("{name:<8} {found:>9} in {:.4} s", started.elapsed().as_secs_f64());
        Ok::<(), piaotan_store::Error>(())
    };
    let since = Which { target: Some(TARGET), region: Some(""), since: Some(recent), ..Which::default() };
    timed("recent", &|| Ok(store.sync_counts(Surface::Number, since, now, TimeDelta::days(1))?.tracked))?;
    timed("surfaces", &|| Ok(store.surfaces_known(recent)?.len() as u64))?;
    timed("tracks", &|| Ok(u64::from(store.tracks(TARGET)?)))?;
    timed("seen", &|| Ok(store.seen_before(TARGET, now, 20)?.len() as u64))?;
    timed("oldest", &|| Ok(store.oldest_pending(TARGET)?.map_or(0, |at| at.timestamp().unsigned_abs())))?;
    Ok(())
}

const TARGET: &str = "http://127.0.0.1:8080";

fn instant(second: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second.cast_signed(), 0).unwrap_or_default()
}

fn issued(token: u64) -> Issued {
    Issued {
        token: Token(token),
        run: "million".into(),
        target: TARGET.into(),
        number: format!("26110{token:015}"),
        issue_date: instant(token).date_naive(),
        total: "1409.50".into(),
        owner: format!("1380000{:04}", token % 500),
        uploaded: instant(token),
        accepted: Some(instant(token + 1)),
    }
}

fn look(token: u64) -> LookAt {
    LookAt {
        run: "million".into(),
        token: Token(token),
        surface: Surface::Number,
        region: String::new(),
        asked: instant(token + 40),
        look: Look::Seen,
    }
}
