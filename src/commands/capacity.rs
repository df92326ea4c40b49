//! `piaotan capacity`: the highest rate that keeps an objective, with its uncertainty.
#![allow(clippy::print_stderr, clippy::disallowed_methods, reason = "the front door prints and waits")]

mod attempt;
mod objective;
mod progress;
mod search;
mod telling;

use crate::commands::run::{self, Inconclusive, Run};
use crate::config::{self, Settings as Configured};
use crate::door::{Common, Format};
use crate::exit::Coded;
use crate::forge;
use crate::signals::Signals;
use anyhow::{Result, anyhow, bail};
use chrono::{TimeDelta, Utc};
use clap::Args;
use objective::Objective;
use piaotan_analysis::capacity::{Capacity as Machine, Peaks, Settings};
use piaotan_record::names::UnknownName;
use piaotan_record::{Operation, Span, Surface};
use piaotan_scenarios::engine::pace::{Curve, Shape};
use piaotan_scenarios::engine::session::{EngineError, Session, Setup};
use piaotan_scenarios::scenario::Plan;
use progress::Progress;
use search::Search;
use std::path::PathBuf;
use std::sync::Arc;
use telling::Told;

/// Find the highest rate that a platform carries under an objective.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The rate is journeys per second of the scenario's mix. A rate holds only if the backlogs of
review and synchronisation do not grow either. Exit: 0 found (or GO), 1 never met, NO-GO or lower than
before, 3 inconclusive (or MARGINAL), 4 a window came in between.

Examples:
  piaotan capacity steady_day --target http://127.0.0.1:8080
  piaotan capacity steady_day --slo 'query_number.p99 < 1s' --max-time 30m
  piaotan capacity month_end --peak 40 --factor 1.5          will it carry month-end times 1.5?
  piaotan capacity month_end --peaks minutes.csv             the same, from past peaks (time,rate)
  piaotan capacity steady_day --compare before/capacity.json --format json"
)]
pub struct Capacity {
    /// Name of a scenario that comes with piaotan, or path of a TOML file.
    pub scenario: String,
    /// Base URL of the platform.
    #[arg(long, env = "PIAOTAN_TARGET", value_name = "URL")]
    pub target: Option<String>,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// What a rate must keep: of all requests, or of one operation.
    #[arg(long, default_value = "p95 < 500ms", value_name = "OBJECTIVE")]
    pub slo: String,
    /// Where the search starts, journeys per second [default: half the scenario's mean rate].
    #[arg(long, value_name = "RATE")]
    pub start: Option<f64>,
    /// Length of a search trial; the confirming one is twice as long.
    #[arg(long, default_value = "30s", value_name = "SPAN")]
    pub trial: Span,
    /// Wanted width of the 90 % interval, upper / lower − 1.
    #[arg(long, default_value_t = 0.13, value_name = "SHARE")]
    pub width: f64,
    /// Time for everything, the confirming trial included.
    #[arg(long, default_value = "15m", value_name = "SPAN")]
    pub max_time: Span,
    /// The highest rate of the past, journeys per second: is there headroom for it?
    #[arg(long, value_name = "RATE", conflicts_with = "peaks")]
    pub peak: Option<f64>,
    /// Past rates (columns time,rate; gaps allowed): the next month's peak is predicted from them.
    #[arg(long, value_name = "FILE.csv")]
    pub peaks: Option<PathBuf>,
    /// So many times the peak must be carried.
    #[arg(long, default_value_t = 1.5, value_name = "FACTOR")]
    pub factor: f64,
    /// The capacity.json of an earlier search, before an upgrade.
    #[arg(long, value_name = "FILE.json")]
    pub compare: Option<PathBuf>,
    /// Change a field of the scenario, such as data.prepare=500; may be given again.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// Folder of the run [default: runs/<scenario>-<time>].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Confirms that this host, allowed in the configuration, is to be loaded.
    #[arg(long, value_name = "HOST")]
    pub yes_load: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// How an inconclusive search (3, 4) ends, for CI systems that know only red and green.
    #[arg(long, value_enum)]
    pub on_inconclusive: Option<Inconclusive>,
}

/// Rates above this many times the start are not tried where the target has no `max_rate`.
const FAR: f64 = 10_000.0;
/// Longest warm-up and bracket trial before more of them.
const WARM_UP: f64 = 20.0;
const PROBE: f64 = 8.0;
/// The same where a backlog of reviews may grow: that takes longer to show.
const PROBE_OF_UPLOADS: f64 = 15.0;
/// Seconds at the start of a trial that are dropped.
const SETTLE: f64 = 5.0;
/// A search sends nothing after a window that could show that all is well again: it waits so long.
const RECOVER: TimeDelta = TimeDelta::seconds(60);
/// Connections at least: near the limit more requests are under way than on a quiet day.
const CONNECTIONS: usize = 256;
/// Invoices a second that are followed, at most.
const FOLLOWED: f64 = 3.0;
/// Factor by which the looks for one invoice become rarer, at least: they are load themselves.
const RARER: f64 = 1.5;

/// Searches and answers.
///
/// # Errors
/// One line, when the search cannot be carried out.
pub fn run(args: &Capacity, common: &Common) -> Result<u8> {
    let objective: Objective = args.slo.parse().map_err(|e| anyhow!("--slo: {e}"))?;
    let need = need(args)?;
    let before = args.compare.as_deref().map(telling::before).transpose()?;
    let configured = config::load(common.config.as_deref())?;
    let plan = run::plan(&args.scenario, &args.set)?;
    before.iter().try_for_each(|before| before.must_be_like(&objective, &plan.scenario.name))?;
    let settings = settings(args, &objective, &plan, need)?;
    sends(&plan, &objective)?;
    let (setup, settings) = setup(args, common, &configured, plan, settings)?;
    let (plan, out, started) = (setup.plan.clone(), setup.out.clone(), Utc::now());
    let (zone, target) = (setup.profile.zone(), setup.url.clone());
    let signals = Signals::watch(setup.stop.clone())?;
    let session = Session::open(setup).map_err(refusal)?;
    let mut search = Search::new(session, settings, &objective, &signals);
    (search.max_time, search.lang, search.zone) = (args.max_time.as_seconds(), common.lang(), zone);
    search.follow = FOLLOWED / uploads(&plan).max(0.05);
    search.progress = Progress::new(args.format == Format::Json, common.lang());
    let found = search.climb()?;
    let told = Told::of(&found, &objective, &plan, before.as_ref(), started, (target, zone));
    let reason = if signals.code().is_some() { "interrupted" } else { "complete" };
    found.session.finish(reason)?;
    told.write(&out, common.lang())?;
    told.show(&out, args.format, common.lang())?;
    Ok(signals.code().unwrap_or_else(|| run::mapped(told.exit(), args.on_inconclusive)))
}

/// The rate that must be carried.
fn need(args: &Capacity) -> Result<Option<f64>> {
    if !(args.factor.is_finite() && args.factor > 0.0) {
        bail!("--factor {}: write how many times the peak must be carried, such as 1.5", args.factor);
    }
    let peak = match (&args.peaks, args.peak) {
        (Some(path), _) => {
            let text = forge::read("--peaks", path)?;
            let named = |e| anyhow!("--peaks {}: {e}", path.display());
            let peaks = Peaks::parse(&text).map_err(named)?;
            if !peaks.missing.is_empty() || peaks.gaps > 0 {
                eprintln!(
                    "--peaks {}: {} months used; {} months missing, {} rows without a rate",
                    path.display(),
                    peaks.months.len(),
                    peaks.missing.len(),
                    peaks.gaps
                );
            }
            Some(peaks.next_peak().map_err(named)?)
        }
        (None, Some(peak)) if !(peak.is_finite() && peak > 0.0) => {
            bail!("--peak {peak}: write the highest rate of the past, in journeys per second")
        }
        (None, peak) => peak,
    };
    Ok(peak.map(|peak| peak * args.factor))
}

fn settings(args: &Capacity, objective: &Objective, plan: &Plan, need: Option<f64>) -> Result<Settings> {
    let Some(curve) = &plan.curve else {
        bail!(
            "scenario `{}` has no rate; capacity needs load.rate or [[load.stage]], not \"max\" or users",
            args.scenario
        );
    };
    let from = args.start.unwrap_or_else(|| curve.total() / curve.seconds() / 2.0);
    if !(from.is_finite() && from > 0.0) {
        bail!("--start {from}: write a rate in journeys per second, such as 5");
    }
    if !(args.width.is_finite() && args.width > 0.0) {
        bail!("--width {}: write a share such as 0.13", args.width);
    }
    let trial = args.trial.as_seconds();
    if trial < 1.0 {
        bail!("--trial {}: a trial lasts a second or more; write 30s", args.trial);
    }
    let probe = if uploads(plan) > 0.0 { PROBE_OF_UPLOADS } else { PROBE };
    let (warm_up, probe, confirm) = (WARM_UP.min(trial), probe.min(trial), 2.0 * trial);
    // A warm-up that takes its time, two probes, one search trial, the confirming one.
    let least = 1.5 * warm_up + 2.0 * probe + trial + confirm;
    if args.max_time.as_seconds() < least {
        bail!(
            "--max-time {} is too short: with trials of {} a search takes {least:.0} s at least; write --max-time {:.0}s or a shorter --trial",
            args.max_time,
            args.trial,
            3.0 * least
        );
    }
    let settle = SETTLE.min(trial / 4.0);
    Ok(Settings {
        warm_up,
        probe,
        trial,
        settle,
        confirm,
        goal: args.width,
        budget: f64::INFINITY,
        need,
        ..Settings::new(objective.slo, from, from * FAR)
    })
}

/// An objective on an operation that is never sent can neither hold nor break.
fn sends(plan: &Plan, objective: &Objective) -> Result<()> {
    let sent = plan.scenario.operations();
    match objective.operation {
        Some(op) if !sent.contains(&op) => {
            let known = UnknownName::new(op.as_str(), sent.iter().map(|op| op.as_str())).to_string();
            let advice = known.split_once("; ").map_or("", |(_, advice)| advice);
            bail!("--slo: scenario `{}` sends no `{op}`; {advice}", plan.scenario.name)
        }
        _ => Ok(()),
    }
}

/// Makes the scenario one for a search: no curve and limits of its own, looks that are no load.
fn setup(
    args: &Capacity,
    common: &Common,
    configured: &Configured,
    mut plan: Plan,
    mut settings: Settings,
) -> Result<(Setup, Settings)> {
    let platform = forge::platform(configured, args.target.as_deref(), args.profile.as_deref())?;
    if let Some(ceiling) = platform.may_load(configured, args.yes_load.as_deref())? {
        settings.ceiling = ceiling;
        if settings.from >= ceiling {
            return Err(Coded::refused(format!(
                "the search would start at {} journeys/s, not below [target] max_rate = {ceiling}; write a lower --start or raise max_rate",
                settings.from
            )));
        }
    }
    Machine::new(settings.clone()).map_err(|e| anyhow!("--slo, --start, --trial: {e}"))?;
    plan.curve = Some(Curve::new(&[(Shape::Constant { rate: settings.from }, settings.warm_up)]));
    // A window within this refuses the start.
    plan.seconds = settings.warm_up + search::NEAR;
    plan.limits.clear();
    let scenario = &mut plan.scenario;
    scenario.limits.clear();
    scenario.load.connections = scenario.load.connections.max(CONNECTIONS);
    scenario.warmup.length = Span::seconds(0);
    scenario.sync.drain = Span::seconds(0);
    scenario.sync.factor = scenario.sync.factor.max(RARER);
    if scenario.sync.track > 0.0 {
        scenario.sync.track = 1.0;
    }
    if platform.profile.supports(Operation::QueryNumber) {
        plan.surfaces = vec![Surface::Number];
    }
    let mut setup = run::setup(&as_run(args), common, configured, Arc::new(plan), &platform)?;
    setup.calendar.recover = RECOVER;
    Ok((setup, settings))
}

/// The part of a search that it has in common with a run.
fn as_run(args: &Capacity) -> Run {
    Run {
        scenario: args.scenario.clone(),
        target: args.target.clone(),
        profile: args.profile.clone(),
        out: args.out.clone(),
        store: None,
        set: args.set.clone(),
        yes_load: args.yes_load.clone(),
        during_maintenance: None,
        segment: None,
        start_at: None,
        listen: None,
        push: None,
        commit: None,
        no_notices: false,
        dry_run: false,
        charts: false,
        format: args.format,
        on_inconclusive: args.on_inconclusive,
    }
}

/// Share of the journeys that upload an invoice.
fn uploads(plan: &Plan) -> f64 {
    let mut from = 0.0;
    let mut share = 0.0;
    for mix in &plan.mix {
        if mix.journey.operations().contains(&Operation::Upload) {
            share += mix.until - from;
        }
        from = mix.until;
    }
    share
}

fn refusal(error: EngineError) -> anyhow::Error {
    match error {
        EngineError::Refused(why) => {
            let why = why.split("; ").next().unwrap_or(&why);
            Coded::maintenance(format!("{why}; start the search after it"))
        }
        other => other.into(),
    }
}
