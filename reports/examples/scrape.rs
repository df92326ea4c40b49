//! Prints what `/metrics` says some seconds into a synthetic run:
//! `cargo run -p piaotan-reports --example scrape -- SECONDS UNIX_TIME`.
//!
//! With a Prometheus that scrapes it, every query of the dashboards can be tried without a platform.

use piaotan_analysis::summary::{FindingKind, Verdict};
use piaotan_record::calendar::PhaseName;
use piaotan_record::window::{Service, Source, Status};
use piaotan_record::{CodeBook, Nanos, Observation, Operation, Outcome, Surface, Tally};
use piaotan_reports::metrics::{
    ProbeTotals, ProcessTotals, RunTotals, SeverityName, SourceTotals, Totals, WatchTotals, WindowState,
    exposition, register,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().unwrap_or_default().parse()?;
    let now: f64 = arguments.next().unwrap_or_default().parse()?;
    let registry = register(move || totals(seconds, now))?;
    std::io::Write::write_all(&mut std::io::stdout(), exposition(&registry)?.as_bytes())?;
    Ok(())
}

fn totals(seconds: u64, now: f64) -> Totals {
    let mut totals = Totals::new("example", &[Operation::Upload, Operation::Verify]);
    let ended = seconds > 90;
    totals.run = Some(RunTotals {
        scenario: "steady_day".into(),
        target: "127.0.0.1".into(),
        profile: "reference".into(),
        active: !ended,
        started: now - seconds as f64,
        ended: ended.then_some(now),
        verdict: ended.then_some(Verdict::Pass),
        in_flight: 4,
        users: 6,
        connections: 8,
        rate_asked: 20.0,
        rate_sent: 19.8,
    });
    for second in 0..seconds {
        totals.add_tally(&tally(second), &CodeBook::default());
        totals.generator.lateness.observe(0.000_2);
    }
    totals.generator.cpu = 0.2;
    totals.watch = Some(WatchTotals { config_loaded_at: 1.0, ..WatchTotals::default() });
    totals.process = ProcessTotals { cpu_seconds: 1.0, resident_bytes: 1e7, started: 1.0 };
    totals.raw.good = 20 * seconds;
    totals.adjusted.good = 20 * seconds;
    totals.raw.bad = seconds / 10;
    fill_watch(&mut totals, seconds, now);
    totals
}

fn tally(second: u64) -> Tally {
    let mut tally = Tally::default();
    for i in 0..20u64 {
        let due = Nanos(second * Nanos::SECOND + i * 50_000_000);
        let took = 20_000_000 + (i * 7919 + second * 104_729) % 400_000_000;
        let operation = if i % 3 == 0 { Operation::Upload } else { Operation::Verify };
        let outcome = if (i + second).is_multiple_of(40) { Outcome::ServerError } else { Outcome::Ok };
        tally.sent(operation, due);
        tally.add(&Observation {
            operation,
            due,
            sent: due,
            first_byte: None,
            done: Nanos(due.0 + took),
            bytes_sent: 900,
            bytes_received: 400,
            outcome,
            code: (outcome != Outcome::Ok).then_some(CodeBook::OTHER),
            mark: None,
            evidence: None,
        });
        let arrivals = tally.arrivals_at(due);
        (arrivals.scheduled, arrivals.started) = (arrivals.scheduled + 1, arrivals.started + 1);
    }
    tally
}

fn fill_watch(totals: &mut Totals, seconds: u64, now: f64) {
    let open = (40..70).contains(&seconds);
    totals.maintenance.windows.push(WindowState {
        source: Source::Notice,
        services: vec![Service::All],
        status: Status::Confirmed,
        active: open,
        start: now + 40.0 - seconds as f64,
        end: Some(now + 60.0 - seconds as f64),
    });
    for service in Service::EACH.iter().filter(|_| open) {
        let overrun = seconds.saturating_sub(60) as f64;
        let phase = if overrun > 0.0 { PhaseName::Overrun } else { PhaseName::During };
        totals.maintenance.phases.insert(*service, phase);
        totals.maintenance.overrun.insert(*service, overrun);
    }
    totals.findings.insert((FindingKind::Recovered, SeverityName::Info), u64::from(seconds > 70));
    totals.sources.insert(
        Source::Notice,
        SourceTotals { up: true, last_read: Some(now - 5.0), doubtful: seconds / 60 },
    );
    for name in ["api_health", "login"] {
        let probe = ProbeTotals {
            success: true,
            duration: 0.12,
            last_run: Some(now - 1.0),
            cert_expiry: Some(now + 9e6),
            runs: [seconds, 0, seconds / 9, 0, 0],
            ..ProbeTotals::default()
        };
        totals.probes.insert(name, probe);
    }
    totals.sync.submitted = seconds;
    for surface in [Surface::Number, Surface::Keyword] {
        let one = totals.sync.surfaces.entry(surface).or_default();
        (0..seconds).for_each(|i| one.delay.observe(2.0 + (i % 7) as f64));
        (one.visible, one.pending, one.oldest_pending) = (seconds, 3, 4.0);
        one.last_visible = Some(now - 2.0);
    }
}
