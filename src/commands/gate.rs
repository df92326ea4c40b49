//! `piaotan gate`: has this build become slower, later, or less reliable than that one?
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "answers, and says where the report lies")]

mod answer;
mod baseline;
mod block;
mod budget;
mod live;
mod notes;
mod process;
mod progress;
mod side;
mod stored;
mod sync;

use crate::commands::run::{During, Inconclusive};
use crate::door::{Common, Format};
use anyhow::{Result, anyhow, bail};
use clap::Args;
use piaotan_analysis::gate::{Metric, Settings};
use piaotan_record::Span;
use std::path::PathBuf;
use std::str::FromStr;

/// Judge a candidate against a baseline.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Two deployments: blocks of both alternate as A B B A, until the verdict stands. --duet drives both at once,
where they share no bottleneck. No single number decides: the unit is the pair of blocks, so a slow minute is not a
slow build, and what could not have been seen is said.

Examples:
  piaotan gate steady_day --baseline http://127.0.0.1:8080 --candidate http://127.0.0.1:8081
  piaotan gate steady_day --baseline http://127.0.0.1:8080 --candidate http://127.0.0.1:8081 \\
    --baseline-start './old-server --port 8080' --candidate-start './new-server --port 8081'
  piaotan gate steady_day --baseline URL --candidate URL --block 10s --max-pairs 12 --tolerance p95=15%
  piaotan gate steady_day --baseline URL --candidate URL --max-time 20m --format json

With one deployment: five runs or more of either side, on different hours.
  piaotan gate --baseline runs/before-* --candidate runs/after-*
  piaotan gate --baseline runs/before-* --save perf/baseline.json      keeps them beside the code
  piaotan gate --baseline perf/baseline.json --candidate runs/after-*

Exit codes: 0 no worse · 1 worse · 3 inconclusive · 4 inconclusive because of maintenance"
)]
pub struct Gate {
    /// Scenario: one that comes with piaotan, or a TOML file. Its rate, mix and data are used; its length is not.
    pub scenario: Option<String>,
    /// What it is compared with: a base URL; or run folders of earlier runs, or a file that --save wrote.
    #[arg(long, required = true, num_args = 1.., value_name = "URL|FOLDER|FILE")]
    pub baseline: Vec<String>,
    /// What is judged: a base URL, or run folders.
    #[arg(long, num_args = 1.., value_name = "URL|FOLDER")]
    pub candidate: Vec<String>,
    /// Drive both at once instead of in turns: twice as quick, where they share no bottleneck.
    #[arg(long)]
    pub duet: bool,
    /// Arrivals per second in every block [default: the scenario's rate, or the mean of its curve].
    #[arg(long, value_name = "RATE")]
    pub rate: Option<f64>,
    /// Measured length of a block, in whole seconds.
    #[arg(long, default_value = "60s", value_name = "LENGTH")]
    pub block: Span,
    /// Dropped at the start of each block [default: a twelfth of it, 1 s to 5 s].
    #[arg(long, value_name = "LENGTH")]
    pub settle: Option<Span>,
    /// The most pairs of blocks.
    #[arg(long, default_value_t = 24, value_name = "PAIRS")]
    pub max_pairs: usize,
    /// How long all of it may take; what that can find is printed before it begins.
    #[arg(long, value_name = "LENGTH")]
    pub max_time: Option<Span>,
    /// Largest change that passes, such as p95=15%, error_ratio=0.5%, sync=30%, or p99=off; may be given again.
    #[arg(long, value_name = "METRIC=CHANGE")]
    pub tolerance: Vec<Tolerance>,
    /// Smallest change that may fail.
    #[arg(long, default_value_t = 0.02, value_name = "SHARE")]
    pub floor: f64,
    /// Growth that nobody feels and that passes, whatever the ratio (twice as much for p95, four times for
    /// p99); half of it never fails; 0 leaves ratios alone.
    #[arg(long, default_value = "1ms", value_name = "LENGTH", value_parser = slack)]
    pub slack: Span,
    /// Starts the baseline; it is ended afterwards.
    #[arg(long, value_name = "COMMAND")]
    pub baseline_start: Option<String>,
    /// Starts the candidate; it is ended afterwards.
    #[arg(long, value_name = "COMMAND")]
    pub candidate_start: Option<String>,
    /// How long a started deployment may take until it answers.
    #[arg(long, default_value = "60s", value_name = "LENGTH")]
    pub start_timeout: Span,
    /// Keep the runs of --baseline in a small file that fits into a repository.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Judge stored runs although scenario, version, CPU or cores differ.
    #[arg(long)]
    pub allow_mismatch: bool,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Folder of the gate: a/, b/, gate.json, forest.svg, report.html [default: gates/<scenario>-<time>].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Change a field of the scenario, such as data.prepare=50; may be given again.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// Confirms that this host, allowed in the configuration, is to be loaded.
    #[arg(long, value_name = "HOST")]
    pub yes_load: Option<String>,
    /// Begin although a window is open or near: blocks that meet it are left out, or pressed all the same.
    #[arg(long, value_enum)]
    pub during_maintenance: Option<During>,
    /// Do not ask the platforms' notices.
    #[arg(long)]
    pub no_notices: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// How an inconclusive gate (3, 4) ends, for CI systems that know only red and green.
    #[arg(long, value_enum)]
    pub on_inconclusive: Option<Inconclusive>,
}

/// One metric and the change of it that is tolerated; `None` leaves it out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    what: Judged,
    most: Option<f64>,
}

/// What a tolerance is for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Judged {
    Metric(Metric),
    Sync,
}

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a tolerance; write METRIC=CHANGE, such as p95=15%");
        let (name, change) = text.split_once('=').ok_or_else(wrong)?;
        let what = match name.trim() {
            "errors" => Judged::Metric(Metric::ErrorRatio),
            "sync" => Judged::Sync,
            name => Judged::Metric(name.parse().map_err(|_| {
                format!("`{name}` is not judged; write one of typical, p50, p95, p99, error_ratio, sync")
            })?),
        };
        let change = change.trim();
        if change == "off" {
            return Ok(Self { what, most: None });
        }
        let share = match change.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().map(|p| p / 100.0),
            None => change.parse(),
        };
        let share = share.ok().filter(|share| share.is_finite() && *share > 0.0).ok_or_else(wrong)?;
        Ok(Self { what, most: Some(share) })
    }
}

/// A length, or a bare 0.
fn slack(text: &str) -> Result<Span, String> {
    if text.trim() == "0" {
        return Ok(Span::default());
    }
    text.parse().map_err(|_| format!("`{text}` is not a length; write for example 1ms, or 0 for none"))
}

/// What is tolerated of the sync delay unless told otherwise: a fifth.
const SYNC: f64 = 0.2;
/// Share of the false-alarm probability that the sync delay may use.
const SYNC_SHARE: f64 = 0.2;

/// Judges and answers.
///
/// # Errors
/// One line that names the flag or field, or the refusal of a target.
pub fn run(args: &Gate, common: &Common) -> Result<u8> {
    let is_url = |text: &String| text.starts_with("http://") || text.starts_with("https://");
    let urls = |side: &[String]| side.iter().filter(|text| is_url(text)).count();
    match (urls(&args.baseline), urls(&args.candidate)) {
        (0, 0) => return stored::run(args, common),
        (_, 0) if args.candidate.is_empty() => {
            bail!("--candidate URL is missing; write the base URL of the deployment that is judged")
        }
        (0, _) | (_, 0) => {
            bail!("one side is a URL and the other is not; name two base URLs, or runs on both sides")
        }
        _ => {}
    }
    let ([baseline], [candidate]) = (args.baseline.as_slice(), args.candidate.as_slice()) else {
        bail!(
            "--baseline and --candidate name one URL each; the scenario stands before them: piaotan gate SCENARIO --baseline URL …"
        );
    };
    if args.save.is_some() {
        bail!("--save keeps run folders; name those of piaotan run with --baseline, without URLs");
    }
    let scenario = args
        .scenario
        .as_deref()
        .ok_or_else(|| anyhow!("no scenario; write piaotan gate SCENARIO --baseline URL --candidate URL"))?;
    live::run(args, common, scenario, [baseline, candidate])
}

impl Gate {
    /// What the judge is told, for blocks at this rate.
    ///
    /// # Errors
    /// One line that names the flag.
    fn settings(&self, rate: f64, seconds: f64) -> Result<Settings> {
        let usual = Settings::default();
        let mut tolerances = usual.tolerances.clone();
        for tolerance in &self.tolerance {
            let Judged::Metric(metric) = tolerance.what else { continue };
            tolerances.retain(|(known, _)| *known != metric);
            tolerances.extend(tolerance.most.map(|most| (metric, most)));
        }
        if tolerances.is_empty() {
            bail!("--tolerance: every metric is off; leave one of typical, p50, p95, p99, error_ratio");
        }
        tolerances.sort_by_key(|(metric, _)| *metric);
        if !(self.floor.is_finite() && (0.0..1.0).contains(&self.floor)) {
            bail!("--floor is a share; write a number from 0 to 1, such as 0.02");
        }
        let alpha = usual.alpha * if self.sync_tolerance().is_some() { 1.0 - SYNC_SHARE } else { 1.0 };
        let slack = self.slack.as_seconds();
        Ok(Settings { rate, seconds, alpha, tolerances, floor: self.floor, slack, ..usual })
    }

    /// Largest growth of the sync delay that passes; `None` where it is not judged.
    fn sync_tolerance(&self) -> Option<f64> {
        let last = self.tolerance.iter().rev().find(|tolerance| tolerance.what == Judged::Sync);
        last.map_or(Some(SYNC), |tolerance| tolerance.most)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tolerances_are_per_cent_or_shares() {
        let read = |text: &str| text.parse::<Tolerance>().map(|t| (t.what, t.most));
        assert_eq!(read("p95=15%"), Ok((Judged::Metric(Metric::P95), Some(0.15))));
        assert_eq!(read("sync=0.5"), Ok((Judged::Sync, Some(0.5))));
        assert_eq!(read("p99=off"), Ok((Judged::Metric(Metric::P99), None)));
        for wrong in ["p95", "p95=", "p95=-3%", "p95=NaN", "p42=3%", "p95=0"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
