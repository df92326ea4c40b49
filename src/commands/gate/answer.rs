//! What a gate comes to: its folder, its answer, its exit code.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "answers, and says where the report lies")]

use super::Gate;
use crate::commands::run::mapped;
use crate::door::Format;
use anyhow::{Context as _, Result, anyhow};
use chrono::{DateTime, Utc};
use piaotan_analysis::gate::Verdict;
use piaotan_reports::charts::Style;
use piaotan_reports::gate::{self, GateReport};
use piaotan_reports::text::Terminal;
use piaotan_reports::{Lang, png};
use serde_json::{Value, json};
use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

/// What a verdict is about.
#[derive(Debug, Clone)]
pub struct Facts {
    pub scenario: String,
    pub baseline: String,
    pub candidate: String,
    pub started: DateTime<Utc>,
    /// How long all of it took.
    pub seconds: f64,
    /// Seconds of a block and arrivals per second, where blocks were pressed.
    pub block: Option<(f64, f64)>,
    pub notes: Vec<String>,
    /// The exit code of the signal that ended it.
    pub signal: Option<u8>,
}

/// Writes the folder where there is one, answers, and gives the exit code.
///
/// # Errors
/// When something cannot be written.
pub fn give(args: &Gate, verdict: &Verdict, facts: &Facts, out: Option<&Path>, lang: Lang) -> Result<u8> {
    let report = GateReport {
        verdict,
        scenario: &facts.scenario,
        baseline: &facts.baseline,
        candidate: &facts.candidate,
        interrupted: facts.signal.is_some(),
        notes: &facts.notes,
        lang,
    };
    let answer = answer(verdict, facts)?;
    if let Some(out) = out {
        write(out, &report, &answer)?;
    }
    github(&report)?;
    match args.format {
        Format::Json => println!("{answer}"),
        Format::Human => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).unwrap_or(120);
            eprint!("{}", gate::terminal(&report, Terminal { columns, colour }));
            if let Some(out) = out {
                eprintln!("{}", out.join("report.html").display());
            }
        }
    }
    Ok(facts.signal.unwrap_or_else(|| mapped(verdict.exit, args.on_inconclusive)))
}

/// Where the job runs on GitHub: a summary of the step, and annotations. They go to standard error, which
/// the runner reads too, so that `--format json` keeps its output.
fn github(report: &GateReport<'_>) -> Result<()> {
    if std::env::var_os("GITHUB_ACTIONS").is_none() {
        return Ok(());
    }
    for line in gate::annotations(report) {
        eprintln!("{line}");
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let at = Path::new(&path).display().to_string();
    let mut file = fs::OpenOptions::new().create(true).append(true).open(&path);
    let text = gate::markdown(report, None);
    file.as_mut()
        .map_err(|e| anyhow!("GITHUB_STEP_SUMMARY {at}: {e}"))
        .and_then(|file| Ok(writeln!(file, "{text}")?))
}

/// The machine-readable answer: the verdict, then what it is about.
fn answer(verdict: &Verdict, facts: &Facts) -> Result<Value> {
    let mut answer = serde_json::to_value(verdict)?;
    if let Some(code) = facts.signal {
        answer["verdict"] = json!("interrupted");
        answer["exit"] = json!(code);
    }
    answer["scenario"] = json!(facts.scenario);
    answer["baseline"] = json!(facts.baseline);
    answer["candidate"] = json!(facts.candidate);
    answer["started"] = json!(facts.started.to_rfc3339());
    answer["seconds"] = json!(facts.seconds);
    answer["block"] = json!(facts.block.map(|(seconds, rate)| json!({"seconds": seconds, "rate": rate})));
    answer["notes"] = json!(facts.notes);
    Ok(answer)
}

fn write(out: &Path, report: &GateReport<'_>, answer: &Value) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let put = |name: &str, bytes: &[u8]| {
        let at = out.join(name);
        fs::write(&at, bytes).with_context(|| format!("cannot write {}", at.display()))
    };
    let chart = gate::chart(report, &Style { lang: report.lang, titled: true, ..Style::default() });
    put("gate.json", format!("{answer:#}\n").as_bytes())?;
    put("forest.svg", chart.as_bytes())?;
    put("forest.png", &png::draw(&chart, 2.0)?)?;
    put("report.md", gate::markdown(report, Some("forest.svg")).as_bytes())?;
    // A comment on a pull request has no files beside it.
    put("comment.md", gate::markdown(report, None).as_bytes())?;
    put("report.html", gate::html(report, out.join("a").exists())?.as_bytes())?;
    put("junit.xml", gate::junit(report)?.as_bytes())?;
    put("metrics.txt", gate::metrics(report.verdict).as_bytes())
}
