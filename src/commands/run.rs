//! `piaotan run`: a load test.
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the front door prints and waits"
)]

mod exported;

use crate::config::{self, Settings};
use crate::door::{Common, Format};
use crate::exit::{Coded, USAGE};
use crate::forge::{self, Platform};
use crate::probing;
use crate::progress::Progress;
use crate::push::Gateway;
use crate::signals::Signals;
use crate::telling;
use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use exported::{Exported, Facts};
use piaotan_record::calendar::CalendarOptions;
use piaotan_record::folder::{RunFolder, Segment};
use piaotan_reports::{Lang, units};
use piaotan_scenarios::engine::material::read_known;
use piaotan_scenarios::engine::segment::SegmentArg;
use piaotan_scenarios::engine::session::{self, AgainstWindows, EngineError, Running, Setup};
use piaotan_scenarios::engine::stop::Stop;
use piaotan_scenarios::scenario::{Plan, Scenario};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Run a scenario against a platform.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  piaotan run steady_day --target http://127.0.0.1:8080
  piaotan run my.toml --set load.rate=50 --set load.duration=2m
  piaotan run month_end --dry-run                 shows the plan, sends nothing
  piaotan run soak --segment 1/3 --start-at 2026-11-24T10:00:00+08:00
  piaotan run steady_day --format json > summary.json

Scenarios that come with it: steady_day, month_end, filing_days, after_restore_rush, spike, soak, batch_resubmit,
window_edge, throughput, virtual_users, demo.")]
pub struct Run {
    /// Name of a scenario that comes with piaotan, or path of a TOML file.
    pub scenario: String,
    /// Base URL of the platform.
    #[arg(long, env = "PIAOTAN_TARGET", value_name = "URL")]
    pub target: Option<String>,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Folder of the run [default: runs/<scenario>-<time>].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Ledger of synthetic invoices: what this run makes, `piaotan cleanup` voids [default: [store] path, or piaotan.db].
    #[arg(long, value_name = "FILE|URL")]
    pub store: Option<PathBuf>,
    /// Change a field of the scenario, such as load.rate=20; may be given again.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// Confirms that this host, allowed in the configuration, is to be loaded.
    #[arg(long, value_name = "HOST")]
    pub yes_load: Option<String>,
    /// What to do about a window that is open or falls into the run, instead of refusing.
    #[arg(long, value_enum)]
    pub during_maintenance: Option<During>,
    /// Send only the K-th of N stripes of the arrivals.
    #[arg(long, value_name = "K/N")]
    pub segment: Option<SegmentArg>,
    /// Begin at this instant, so that several segments begin together.
    #[arg(long, value_name = "RFC3339")]
    pub start_at: Option<DateTime<Utc>>,
    /// Where /metrics is served while the run lasts [default: 127.0.0.1:9464, or a free port].
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Put the final metrics to this Pushgateway, for runs that end before they are scraped.
    #[arg(long, value_name = "URL")]
    pub push: Option<String>,
    /// Commit of what is measured, for reports and `history` [default: GITHUB_SHA, CI_COMMIT_SHA or GIT_COMMIT].
    #[arg(long, value_name = "COMMIT")]
    pub commit: Option<String>,
    /// Do not ask the platform's notices, nor any other source of announcements.
    #[arg(long)]
    pub no_notices: bool,
    /// Show the plan and its arrival curve; send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Also write every chart as SVG and PNG.
    #[arg(long)]
    pub charts: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// How an inconclusive run (3, 4) ends, for CI systems that know only red and green.
    #[arg(long, value_enum)]
    pub on_inconclusive: Option<Inconclusive>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum During {
    /// Start, and pause while a window is open.
    Pause,
    /// Press all the same.
    Press,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Inconclusive {
    Pass,
    Fail,
}

/// Runs a scenario to its verdict.
///
/// # Errors
/// One line, when it cannot be run.
pub fn run(args: &Run, common: &Common) -> Result<u8> {
    let settings = config::load(common.config.as_deref())?;
    let plan = Arc::new(plan(&args.scenario, &args.set)?);
    if args.dry_run {
        return dry_run(&plan);
    }
    let platform = forge::platform(&settings, args.target.as_deref(), args.profile.as_deref())?;
    let setup = setup(args, common, &settings, plan, &platform)?;
    let out = setup.out.clone();
    let (code, _) = carry_out(args, setup, common.lang(), None)?;
    if args.format == Format::Human {
        eprintln!("{}", out.join("report.html").display());
    }
    Ok(mapped(code, args.on_inconclusive))
}

/// Reads and checks a scenario.
///
/// # Errors
/// One line that names the field.
pub fn plan(named: &str, set: &[String]) -> Result<Plan> {
    let (text, origin) = match piaotan_scenarios::find(named) {
        Some(text) => (text.to_owned(), named.to_owned()),
        None => {
            let known: Vec<&str> = piaotan_scenarios::SCENARIOS.iter().map(|(name, _)| *name).collect();
            let near = piaotan_record::names::nearest(named, known.iter().copied());
            let advice = near.map_or_else(
                || format!("one of: {}", known.join(", ")),
                |word| format!("did you mean `{word}`?"),
            );
            let text = std::fs::read_to_string(named).map_err(|e| {
                anyhow!(
                    "scenario `{named}` is neither a file ({e}) nor one that comes with piaotan; {advice}"
                )
            })?;
            (text, named.to_owned())
        }
    };
    let scenario = Scenario::parse(&text, &origin, set)?;
    let replay = match &scenario.load.replay {
        Some(path) => {
            Some(std::fs::read_to_string(path).with_context(|| format!("{origin}: load.replay {path}"))?)
        }
        None => None,
    };
    Ok(Plan::new(scenario, &origin, replay.as_deref())?)
}

/// Everything that the engine needs, checked.
///
/// # Errors
/// One line that names the flag or field, or the refusal of the target.
pub fn setup(
    args: &Run,
    common: &Common,
    settings: &Settings,
    plan: Arc<Plan>,
    platform: &Platform,
) -> Result<Setup> {
    let ceiling = platform.may_load(settings, args.yes_load.as_deref())?;
    let scenario = &plan.scenario;
    if ceiling.is_some() && plan.curve.is_none() {
        return Err(Coded::refused(
            "a target with [target] max_rate needs a pace; write load.rate instead of \"max\" or users",
        ));
    }
    let peak = plan.curve.as_ref().map_or(0.0, piaotan_scenarios::engine::pace::Curve::peak);
    if let Some(ceiling) = ceiling.filter(|ceiling| peak > *ceiling) {
        return Err(Coded::refused(format!(
            "the scenario's peak of {peak:.1} arrivals/s is above [target] max_rate = {ceiling}; lower load.rate or raise max_rate"
        )));
    }
    let writing = plan.mix.iter().any(|mix| mix.journey.writes()) || scenario.data.prepare > 0;
    if let (true, Err(why)) = (writing, &platform.write) {
        return Err(Coded::refused(why));
    }
    if let Some(missing) = platform.profile.missing(&scenario.operations()) {
        bail!("{missing}; take its journeys out of the mix");
    }
    let now = Utc::now();
    let run = run_name(&scenario.name, now);
    let data = &scenario.data;
    let today = now.with_timezone(&platform.profile.zone()).date_naive();
    // Every run makes other invoices: the platform knows those of the last one already.
    let seed = scenario.seed ^ (u64::try_from(now.timestamp_millis()).unwrap_or(0) << 16);
    let generator = forge::generator(seed, &data.region, &data.file_kind, data.file_bytes, today)?;
    let known = match &data.invoices {
        Some(path) => {
            read_known(&forge::read("data.invoices", Path::new(path))?, path).map_err(|e| anyhow!("{e}"))?
        }
        None => Vec::new(),
    };
    if let (Some(part), Some(users)) = (args.segment, scenario.load.users)
        && users < part.of as usize
    {
        bail!(
            "--segment {}/{of}: load.users = {users} cannot be shared by {of} segments; raise load.users or write fewer segments",
            part.index + 1,
            of = part.of
        );
    }
    let segment = args.segment.map_or_else(Segment::default, |arg| Segment { index: arg.index, of: arg.of });
    let mut sources = settings.maintenance.sources(&platform.profile)?;
    if settings.maintenance.poll.is_none() {
        // A run is short: what the platform says is asked for more often than by a watch.
        sources.iter_mut().filter(|s| s.is_of_platform()).for_each(|s| s.every = Duration::from_secs(30));
    }
    sources.retain(|_| !args.no_notices);
    Ok(Setup {
        profile: platform.profile.clone(),
        bases: platform.bases.clone(),
        secrets: platform.secrets.clone(),
        account: platform.account.clone(),
        dialer: platform.dialer.clone(),
        language: common.language(),
        url: platform.url.clone(),
        generator,
        known,
        register: probing::known(args.store.as_deref(), settings, &platform.profile, now)?,
        book: if writing { Some(probing::book(args.store.as_deref(), settings, platform)?) } else { None },
        calendar: CalendarOptions::default(),
        maintenance: match args.during_maintenance {
            None => AgainstWindows::Refuse,
            Some(During::Pause) => AgainstWindows::Pause,
            Some(During::Press) => AgainstWindows::Press,
        },
        sources,
        segment,
        start_at: args.start_at,
        out: args.out.clone().unwrap_or_else(|| Path::new("runs").join(&run)),
        run,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: commit(args.commit.as_deref(), |name| std::env::var(name).ok()),
        stop: Stop::default(),
        plan,
    })
}

/// Where CI systems say which commit they build: GitHub, GitLab, Jenkins.
const COMMITS: [&str; 3] = ["GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT"];

/// The commit of what is measured: as told, or as a CI system says. It is a label and never refused.
fn commit(told: Option<&str>, of_ci: impl Fn(&str) -> Option<String>) -> Option<String> {
    let said = told.map(str::to_owned).into_iter().chain(COMMITS.iter().filter_map(|name| of_ci(name)));
    said.map(|text| units::clean(text.trim(), 64)).find(|text| !text.is_empty())
}

fn run_name(scenario: &str, now: DateTime<Utc>) -> String {
    format!("{scenario}-{}", now.format("%Y%m%d-%H%M%S%.3f"))
}

/// Starts the engine, shows progress, and reports. Gives the exit code and the folded run.
///
/// # Errors
/// One line, when the run could not be carried out. What was recorded is kept and reported all the same.
pub fn carry_out(
    args: &Run,
    setup: Setup,
    lang: Lang,
    signals: Option<Signals>,
) -> Result<(u8, piaotan_analysis::summary::Folded)> {
    let (out, stop, seconds) = (setup.out.clone(), setup.stop.clone(), setup.plan.seconds);
    let signals = match signals {
        Some(signals) => signals,
        None => Signals::watch(stop)?,
    };
    let facts = Facts::of(&setup);
    let scenario = facts.scenario.clone();
    let gateway = args.push.as_deref().map(Gateway::parse).transpose()?;
    let running = session::start(setup).map_err(refusal)?;
    let exported = Exported::of(&running, facts);
    let served = exported.listen(args.listen)?;
    if args.format == Format::Human {
        eprintln!("metrics: http://{}/metrics", served.address);
    }
    let mut progress = Progress::new(seconds, args.format == Format::Json, lang);
    while !running.is_finished() {
        std::thread::sleep(Duration::from_millis(100));
        progress.show(&running);
    }
    let reason = reason(&running, &signals);
    let finished = running.finish(&reason).map_err(anyhow::Error::from);
    progress.end();
    drop(served);
    // What was recorded is told even when the run itself failed; then that is the error.
    let told = telling::tell(&out, lang, signals.code().is_some(), args.charts);
    if let Some(gateway) = gateway {
        // The verdict stands whether or not a gateway took the figures.
        if let Err(e) = gateway.put(&scenario, exported.at_the_end(told.as_ref().ok().map(|f| &f.summary))) {
            eprintln!("piaotan: {e:#}; the run's folder has everything all the same");
        }
    }
    let (_, folded) = (finished?, told?);
    telling::show(&folded, &RunFolder::open(&out)?, args.format, lang)?;
    let code = signals.code().filter(|_| folded.summary.exit != USAGE).unwrap_or(folded.summary.exit);
    Ok((code, folded))
}

fn refusal(error: EngineError) -> anyhow::Error {
    match error {
        EngineError::Refused(why) => Coded::maintenance(why),
        other => other.into(),
    }
}

/// Why the run ended.
fn reason(running: &Running, signals: &Signals) -> String {
    let totals = running.live.lock();
    match (signals.code(), &totals.trouble, &totals.aborted) {
        (Some(_), ..) => "interrupted".to_owned(),
        (_, Some(trouble), _) => trouble.clone(),
        (.., Some(limit)) => format!("ended by the limit {limit}"),
        _ => "complete".to_owned(),
    }
}

/// Maps 3 and 4 for CI systems that know only red and green.
#[must_use]
pub fn mapped(code: u8, on_inconclusive: Option<Inconclusive>) -> u8 {
    match (code, on_inconclusive) {
        (3 | 4, Some(Inconclusive::Pass)) => 0,
        (3 | 4, Some(Inconclusive::Fail)) => 1,
        _ => code,
    }
}

/// The plan as a picture: the arrival curve in sixty columns.
fn dry_run(plan: &Plan) -> Result<u8> {
    let scenario = &plan.scenario;
    println!("scenario  {} {}", scenario.name, scenario.title);
    println!("length    {:.0} s", plan.seconds);
    let mix: Vec<String> =
        scenario.mix.iter().map(|mix| format!("{} ×{}", mix.journey, mix.weight)).collect();
    println!("mix       {}", mix.join(", "));
    match &plan.curve {
        Some(curve) => {
            println!(
                "arrivals  {:.0}, at most {:.1}/s, {:?}",
                curve.total().ceil(),
                curve.peak(),
                plan.spread
            );
            let at = |column: u32| curve.rate_at(plan.seconds * (f64::from(column) + 0.5) / 60.0);
            let rates: Vec<Option<f64>> = (0..60).map(|column| Some(at(column))).collect();
            println!("rate      {}", piaotan_reports::text::sparkline(&rates));
        }
        None => println!(
            "users     {}",
            scenario.load.users.map_or_else(|| "as fast as it goes".to_owned(), |n| n.to_string())
        ),
    }
    for limit in &plan.limits {
        println!("limit     {}{}", limit.limit, if limit.abort { " (ends the run)" } else { "" });
    }
    println!("writes    {}", if plan.mix.iter().any(|mix| mix.journey.writes()) { "yes" } else { "no" });
    Ok(0)
}
