//! `piaotan check`: health probes, once.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the front door prints"
)]

use crate::config;
use crate::door::{Common, Format};
use crate::forge;
use crate::probing;
use anyhow::{Result, anyhow};
use clap::Args;
use piaotan_client::clock::Clock;
use piaotan_probes::{Health, ProbeKind, ProbeResult, run_once};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Run health probes once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan check --target http://127.0.0.1:8080
  piaotan check --probes api_health,invoice_roundtrip --format json
  piaotan check --exit-style nagios")]
pub struct Check {
    /// Base URL of the platform.
    #[arg(long, env = "PIAOTAN_TARGET", value_name = "URL")]
    pub target: Option<String>,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Which probes [default: those of the configuration, else api_health, invoice_roundtrip, sync_delay].
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub probes: Vec<String>,
    /// Ledger of synthetic invoices, shared with the watch.
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Exit codes of Nagios plugins (0 OK, 1 warning, 2 critical, 3 unknown) and one line.
    #[arg(long, value_parser = ["nagios"])]
    pub exit_style: Option<String>,
}

/// Asks, tells, and answers with the code of the worst.
///
/// # Errors
/// One line that names the flag or field.
pub fn run(args: &Check, common: &Common) -> Result<u8> {
    let settings = config::load(common.config.as_deref())?;
    let platform = forge::platform(&settings, args.target.as_deref(), args.profile.as_deref())?;
    let kinds = kinds(args, &settings.probes)?;
    let store = Arc::new(probing::store(args.store.as_deref(), &settings, &platform.profile)?);
    let clock = Clock::start();
    let (setting, _publish) =
        probing::setting(&settings, &platform, store, "check", common.language(), clock)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let results = runtime.block_on(async {
        probing::enrol(&setting).await;
        run_once(&kinds, &setting).await
    });
    Ok(tell(args, &results))
}

fn kinds(args: &Check, section: &piaotan_probes::ProbesSection) -> Result<Vec<ProbeKind>> {
    if !args.probes.is_empty() {
        let each = args.probes.iter().map(|name| name.trim().parse().map_err(|e| anyhow!("--probes: {e}")));
        return each.collect();
    }
    if section.which.is_empty() {
        return Ok(vec![ProbeKind::ApiHealth, ProbeKind::InvoiceRoundtrip, ProbeKind::SyncDelay]);
    }
    Ok(section.which.clone())
}

fn tell(args: &Check, results: &[ProbeResult]) -> u8 {
    let bad = results.iter().filter(|result| result.health == Health::Unhealthy && !result.excused).count();
    let excused = results.iter().filter(|result| result.excused).count();
    let exit = if bad > 0 {
        1
    } else if excused > 0 {
        4
    } else {
        0
    };
    if args.exit_style.is_some() {
        return nagios(results, bad);
    }
    match args.format {
        Format::Json => println!("{}", as_json(results, exit)),
        Format::Human => {
            for result in results {
                println!(
                    "{:<20} {:<10} {:>8.1} ms  {}",
                    result.probe,
                    result.health,
                    result.duration.as_seconds() * 1e3,
                    result.detail
                );
            }
        }
    }
    exit
}

fn as_json(results: &[ProbeResult], exit: u8) -> serde_json::Value {
    let verdict = match exit {
        0 => "pass",
        1 => "fail",
        _ => "inconclusive",
    };
    let seconds = |nanos: Option<piaotan_record::Nanos>| nanos.map(piaotan_record::Nanos::as_seconds);
    let probes: Vec<serde_json::Value> = results
        .iter()
        .map(|result| {
            let phases = result.phases.map(|phases| {
                json!({
                    "resolve": seconds(phases.resolve), "connect": seconds(phases.connect), "tls": seconds(phases.tls),
                    "processing": seconds(phases.processing), "transfer": seconds(phases.transfer),
                })
            });
            json!({
                "name": result.probe.as_str(), "result": result.health.as_str(), "duration": result.duration.as_seconds(),
                "phases": phases, "outcome": result.outcome.map(|kind| kind.as_str()), "code": result.code,
                "detail": result.detail, "window": result.window, "excused": result.excused,
            })
        })
        .collect();
    json!({"schema": 1, "kind": "check", "verdict": verdict, "exit": exit, "probes": probes})
}

fn nagios(results: &[ProbeResult], bad: usize) -> u8 {
    let degraded = results.iter().any(|result| result.health == Health::Degraded);
    let (word, code) = match (bad, degraded) {
        (0, false) => ("OK", 0),
        (0, true) => ("WARNING", 1),
        _ => ("CRITICAL", 2),
    };
    let told: Vec<String> =
        results.iter().map(|result| format!("{} {}", result.probe, result.health)).collect();
    let perf: Vec<String> =
        results.iter().map(|r| format!("{}={:.3}s", r.probe, r.duration.as_seconds())).collect();
    println!("PIAOTAN {word} - {} | {}", told.join(", "), perf.join(" "));
    code
}
