//! `piaotan capacity`: the highest rate that keeps an objective, with its uncertainty.
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the front door prints and waits"
)]

use crate::commands::run::{self, Run};
use crate::config;
use crate::door::{Common, Format};
use crate::exit::Coded;
use crate::forge;
use crate::signals::Signals;
use anyhow::{Result, anyhow, bail};
use clap::Args;
use piaotan_analysis::capacity::{
    Backlog, Capacity as Search, CapacityAnswer, Purpose, Settings, Slo, Step, Trial, backlog_grows,
};
use piaotan_reports::Lang;
use piaotan_scenarios::engine::session::{Ask, EngineError, Session};
use piaotan_scenarios::engine::stretch::TooSlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Find the highest rate that a platform carries under an objective.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  piaotan capacity steady_day --target http://127.0.0.1:8080
  piaotan capacity steady_day --slo 'p99<=500ms' --start 5 --max-time 10m
  piaotan capacity steady_day --peak 40 --factor 1.5 --format json")]
pub struct Capacity {
    /// Name of a scenario that comes with piaotan, or path of a TOML file.
    pub scenario: String,
    /// Base URL of the platform.
    #[arg(long, env = "PIAOTAN_TARGET", value_name = "URL")]
    pub target: Option<String>,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// What a rate must keep.
    #[arg(long, default_value = "p99<=500ms", value_parser = slo)]
    pub slo: Slo,
    /// Where the search starts, journeys per second.
    #[arg(long, default_value_t = 2.0, value_name = "RATE")]
    pub start: f64,
    /// Length of a trial.
    #[arg(long, default_value = "30s", value_parser = seconds)]
    pub trial: f64,
    /// Wanted width of the interval, upper / lower - 1.
    #[arg(long, default_value_t = 0.12)]
    pub width: f64,
    /// The highest rate of the past, journeys per second: is there headroom for it?
    #[arg(long, value_name = "RATE")]
    pub peak: Option<f64>,
    /// So many times the peak must be carried.
    #[arg(long, default_value_t = 1.5)]
    pub factor: f64,
    /// Time after which no further trial is started.
    #[arg(long, default_value = "15m", value_parser = seconds)]
    pub max_time: f64,
    /// Folder of the run.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Confirms that this host, allowed in the configuration, is to be loaded.
    #[arg(long, value_name = "HOST")]
    pub yes_load: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Seconds of `500ms`, `30s` or `15m`.
fn seconds(text: &str) -> Result<f64, String> {
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0)];
    let found = units.iter().find_map(|(unit, of)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * of));
    let found = found.filter(|value| value.is_finite() && *value > 0.0);
    found.ok_or_else(|| format!("`{text}` is no length of time; write 500ms, 30s or 15m"))
}

fn slo(text: &str) -> Result<Slo, String> {
    let wrong = || format!("`{text}` is no objective; write p99<=500ms");
    let (quantile, latency) =
        text.strip_prefix('p').and_then(|rest| rest.split_once("<=")).ok_or_else(wrong)?;
    let percent: f64 = quantile.trim().parse().map_err(|_| wrong())?;
    if !(80.0..100.0).contains(&percent) {
        return Err(format!("`{text}`: the percentile must be from p80 to below p100"));
    }
    Ok(Slo { latency: seconds(latency.trim()).map_err(|_| wrong())?, share: 1.0 - percent / 100.0 })
}

/// Rates above this many times the start are not tried where the target has no `max_rate`.
const FAR: f64 = 10_000.0;

/// Searches and answers.
///
/// # Errors
/// One line, when the search cannot be carried out.
pub fn run(args: &Capacity, common: &Common) -> Result<u8> {
    let configured = config::load(common.config.as_deref())?;
    let plan = Arc::new(run::plan(&args.scenario, &[])?);
    if plan.curve.is_none() {
        bail!("scenario `{}` is closed; capacity needs load.rate instead of \"max\" or users", args.scenario);
    }
    let platform = forge::platform(&configured, args.target.as_deref(), args.profile.as_deref())?;
    let ceiling = platform.may_load(&configured, args.yes_load.as_deref())?;
    let setup = run::setup(&as_run(args), common, &configured, plan, &platform)?;
    let search = Search::new(Settings {
        trial: args.trial,
        settle: 5.0_f64.min(args.trial / 4.0),
        confirm: 2.0 * args.trial,
        goal: args.width,
        budget: args.max_time,
        need: args.peak.map(|peak| peak * args.factor),
        ..Settings::new(args.slo, args.start, ceiling.unwrap_or(args.start * FAR))
    })
    .map_err(|e| anyhow!("--slo, --start, --trial, --peak: {e}"))?;
    let signals = Signals::watch(setup.stop.clone())?;
    let mut session = Session::open(setup).map_err(|e| match e {
        EngineError::Refused(why) => Coded::maintenance(why),
        other => other.into(),
    })?;
    let answer = climb(&search, &mut session, args, &signals);
    let finished = session.finish("complete");
    let answer = answer?;
    finished?;
    match args.format {
        Format::Json => println!("{}", serde_json::to_string(&answer)?),
        Format::Human => println!("{}", told(&answer, common.lang())),
    }
    Ok(signals.code().unwrap_or(answer.exit))
}

fn as_run(args: &Capacity) -> Run {
    Run {
        scenario: args.scenario.clone(),
        target: args.target.clone(),
        profile: args.profile.clone(),
        out: args.out.clone(),
        set: Vec::new(),
        yes_load: args.yes_load.clone(),
        during_maintenance: None,
        segment: None,
        start_at: None,
        listen: None,
        push: None,
        no_notices: false,
        dry_run: false,
        charts: false,
        format: args.format,
        on_inconclusive: None,
    }
}

fn climb(
    search: &Search,
    session: &mut Session,
    args: &Capacity,
    signals: &Signals,
) -> Result<CapacityAnswer> {
    let began = Instant::now();
    let mut trials = Vec::new();
    loop {
        let (purpose, rate, seconds) = match search.next(&trials) {
            Step::Done(answer) => return Ok(*answer),
            Step::Run { purpose, rate, seconds } => (purpose, rate, seconds),
        };
        let late = began.elapsed().as_secs_f64() + seconds > args.max_time;
        if late || signals.code().is_some() {
            return Ok(search.finish(&trials));
        }
        if let Some(window) = session.window_within(seconds + 60.0) {
            return Err(Coded::maintenance(format!("a window from {} is too near", window.start)));
        }
        let trial = attempt(session, (purpose, rate, seconds), trials.len() as u64, args.slo)?;
        eprintln!("{purpose:?} {rate:.1}/s {:.0} s, drain {:.1} s", trial.seconds, trial.drain);
        trials.push(trial);
    }
}

/// Runs one trial and waits until everything of it is answered.
fn attempt(session: &mut Session, step: (Purpose, f64, f64), number: u64, slo: Slo) -> Result<Trial> {
    let (purpose, rate, seconds) = step;
    let too_slow = Some(TooSlow { operation: None, latency: slo.latency });
    let ask = Ask { rate, seconds: seconds.ceil() as u32, settle: 0, number, too_slow, follow: 5.0 };
    let mut block = session.begin(&ask)?;
    let (mut collapsed, mut flying, mut waiting) = (false, Vec::new(), Vec::new());
    let measured = loop {
        if let Some(measured) = session.poll(&mut block)? {
            break measured;
        }
        let passed = session.passed(&block);
        if (0.0..seconds).contains(&passed) {
            flying.push((passed, session.in_flight() as f64));
            waiting.push((passed, session.pending() as f64));
        }
        let (due, failed) = session.so_far();
        let failing = due >= 20 && failed as f64 > 0.2 * due as f64;
        if !collapsed && (failing || session.in_flight() as f64 > 30.0 * rate) {
            collapsed = true;
            block.stop();
        }
        std::thread::sleep(Duration::from_millis(250));
    };
    if session.touched(&measured) {
        return Err(Coded::maintenance("a window touched a trial; start again after it"));
    }
    if measured.is_generator_limited() && !collapsed {
        bail!("at {rate:.1}/s the generator was the limit, not the platform; use a machine with more CPU");
    }
    let growing = backlog_grows(&waiting, rate.min(ask.follow), 5.0) || backlog_grows(&flying, rate, 2.0);
    Ok(Trial {
        purpose,
        rate,
        seconds: measured.seconds,
        each_second: measured.each_second,
        backlog: growing.then_some(Backlog::Sync),
        collapsed,
        drain: measured.drain,
    })
}

fn told(answer: &CapacityAnswer, lang: Lang) -> String {
    let number = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| format!("{v:.1}"));
    let (low, mid, high) = (number(answer.lower), number(answer.median), number(answer.upper));
    match lang {
        Lang::Zh => {
            format!("{:?}：容量 {mid}/s（90 % 区间 {low}–{high}），瓶颈 {:?}", answer.verdict, answer.symptom)
        }
        Lang::En => format!(
            "{:?}: capacity {mid}/s (90 % {low}–{high}), limited by {:?}",
            answer.verdict, answer.symptom
        ),
    }
}
