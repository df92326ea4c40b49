//! `piaotan check`: health probes, once.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the front door prints"
)]

use crate::announced::Sources;
use crate::config;
use crate::door::{Common, Format};
use crate::forge;
use crate::notify::webhook;
use crate::probing;
use crate::serve::Asked;
use crate::status::Desk;
use crate::watching::board::Board;
use anyhow::{Context as _, Result, anyhow};
use chrono::{DateTime, Utc};
use clap::Args;
use hyper::Method;
use piaotan_client::clock::Clock;
use piaotan_client::target::Endpoint;
use piaotan_probes::{Health, ProbeKind, ProbeResult, Setting, run_once};
use piaotan_record::OutcomeKind;
use piaotan_record::calendar::PhaseName;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Run health probes once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan check --target http://127.0.0.1:8080
  piaotan check --probes api_health,invoice_roundtrip --format json
  piaotan check --exit-style nagios
  piaotan check --textfile /var/lib/node_exporter/piaotan.prom     from cron, for node_exporter
  piaotan check --push http://127.0.0.1:9091                       to a Pushgateway

Never waits for hours: what is not yet visible is `pending`, stays in the ledger, and the next check looks again.")]
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
    #[arg(long, value_name = "FILE|URL")]
    pub store: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Write metrics to this file, whole or not at all, for the textfile collector of node_exporter.
    #[arg(long, value_name = "FILE")]
    pub textfile: Option<PathBuf>,
    /// Put metrics to a Pushgateway: its address, or the whole address of a group.
    #[arg(long, value_name = "URL")]
    pub push: Option<String>,
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
    let gateway = args.push.as_deref().map(group).transpose()?;
    let (setting, publish) =
        probing::setting(&settings, &platform, store.clone(), "check", common.language(), clock)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut sources = Sources::open(&settings, &platform.profile, &store)?;
    let told: Result<_> = runtime.block_on(async {
        if sources.ask(Some(setting.client.pool()), clock).await {
            sources.keep(&store, clock.wall())?;
            publish.send_replace(Arc::new(probing::calendar(&settings, &store, clock.wall())?));
        }
        probing::enrol(&setting).await;
        Ok(run_once(&kinds, &setting).await)
    });
    let results = told?;
    for line in sources.news(clock.wall()) {
        eprintln!("{line}");
    }
    let rows: Vec<_> = results.iter().map(ProbeResult::stored).collect();
    store.probed(&rows).map_err(|e| anyhow!("--store {}: {e}", store.path()))?;
    if args.textfile.is_some() || gateway.is_some() {
        let text = metrics(&setting, &kinds, &results, common);
        if let Some(path) = &args.textfile {
            write_whole(path, &text).with_context(|| format!("--textfile {}", path.display()))?;
        }
        if let Some((to, path)) = &gateway {
            let put = webhook::exchange(to, Method::PUT, path, "text/plain; version=0.0.4", text);
            put.map_err(|why| anyhow!("--push {}: {why}", to.authority()))?;
        }
    }
    Ok(tell(args, &results, &sources, clock.wall()))
}

/// Where a Pushgateway takes the metrics of this job: one group, replaced whole each time.
fn group(url: &str) -> Result<(Endpoint, String)> {
    let (to, path) = webhook::address(url).map_err(|why| anyhow!("--push: {why}"))?;
    let path = if path.contains("/metrics/") {
        path
    } else {
        format!("{}/metrics/job/piaotan_check", path.trim_end_matches('/'))
    };
    Ok((to, path))
}

/// The metrics of one round, as a watch would export them; of its own process only itself would speak.
fn metrics(setting: &Setting, kinds: &[ProbeKind], results: &[ProbeResult], common: &Common) -> String {
    let board = Board::default();
    let desk = Desk::new(board.clone(), common.lang());
    desk.show(setting);
    board.lock().expect(kinds);
    results.iter().for_each(|result| board.lock().probed(result));
    let page = desk.answer(&Asked { path: "/metrics".to_owned(), ..Asked::default() });
    let of_process = |line: &&str| {
        let name = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE ")).unwrap_or(line);
        name.starts_with("process_") || name.starts_with("piaotan_config_")
    };
    page.body.lines().filter(|line| !of_process(line)).fold(String::new(), |text, line| text + line + "\n")
}

/// A reader sees the file before or the file after, never half of one.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let draft = path.with_file_name(name);
    let written = std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        // Whatever is left of the draft is of no use to anybody.
        let _ = std::fs::remove_file(&draft);
    }
    written
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

/// What the results come to: the exit code of the worst, in the order of the contract.
fn exit(results: &[ProbeResult]) -> u8 {
    let network = results.iter().any(|r| r.probe == ProbeKind::OwnNetwork && r.health == Health::Unhealthy);
    let unreachable = |result: &&ProbeResult| {
        use OutcomeKind::{Dns, Refused, Reset, TimedOut};
        network && matches!(result.outcome, Some(Dns | Refused | Reset | TimedOut))
    };
    let bad = results.iter().any(|result| result.is_bad() && !unreachable(&result));
    let held = |r: &ProbeResult| r.excused || (r.health == Health::Skipped && r.phase == PhaseName::During);
    match () {
        () if results.iter().any(|result| result.trouble.is_some()) => 2,
        () if bad => 1,
        () if results.iter().any(held) => 4,
        () if network || results.iter().all(|result| result.health == Health::Skipped) => 3,
        () => 0,
    }
}

fn tell(args: &Check, results: &[ProbeResult], sources: &Sources, now: DateTime<Utc>) -> u8 {
    let exit = exit(results);
    if args.exit_style.is_some() {
        return nagios(results, exit);
    }
    match args.format {
        Format::Json => println!("{}", as_json(results, exit, sources, now)),
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

fn as_json(results: &[ProbeResult], exit: u8, sources: &Sources, now: DateTime<Utc>) -> serde_json::Value {
    let verdict = match exit {
        0 => "pass",
        1 | 2 => "fail",
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
    let sources: Vec<_> = sources.iter().map(|heard| heard.as_json(now)).collect();
    json!({
        "schema": 1, "kind": "check", "verdict": verdict, "exit": exit, "probes": probes, "sources": sources,
    })
}

fn nagios(results: &[ProbeResult], exit: u8) -> u8 {
    let degraded = results.iter().any(|result| result.health == Health::Degraded);
    let (word, code) = match exit {
        0 if degraded => ("WARNING", 1),
        0 | 4 => ("OK", 0),
        1 => ("CRITICAL", 2),
        _ => ("UNKNOWN", 3),
    };
    let told: Vec<String> =
        results.iter().map(|result| format!("{} {}", result.probe, result.health)).collect();
    let perf: Vec<String> =
        results.iter().map(|r| format!("{}={:.3}s", r.probe, r.duration.as_seconds())).collect();
    println!("PIAOTAN {word} - {} | {}", told.join(", "), perf.join(" "));
    code
}
