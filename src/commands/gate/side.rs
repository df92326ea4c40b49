//! One side of a gate: a deployment, the session that presses it, and its folder.

use super::Gate;
use super::process::Started;
use crate::commands::run::{self, Run};
use crate::config::Settings;
use crate::door::{Common, Format};
use crate::exit::Coded;
use crate::forge;
use crate::signals::Signals;
use anyhow::Result;
use chrono::TimeDelta;
use piaotan_client::target::Endpoint;
use piaotan_scenarios::engine::session::{EngineError, Session, Setup};
use piaotan_scenarios::engine::stop::Stop;
use piaotan_scenarios::scenario::Plan;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which side: `a` is the baseline, `b` the candidate.
pub const NAMES: [&str; 2] = ["a", "b"];

/// A deployment that is checked and may be pressed.
#[derive(Debug)]
pub struct Ready {
    pub setup: Setup,
    pub endpoint: Endpoint,
}

/// A deployment that is pressed.
#[derive(Debug)]
pub struct Side {
    pub url: String,
    pub session: Session,
    pub folder: PathBuf,
}

/// Checks both sides, so that nothing is started before both may be pressed.
///
/// # Errors
/// One line that names the flag or field, or the refusal of a target.
pub fn check(
    args: &Gate,
    common: &Common,
    settings: &Settings,
    plan: &Arc<Plan>,
    urls: [&String; 2],
    out: &Path,
    stop: &Stop,
) -> Result<[Ready; 2]> {
    let one = |at: usize| {
        let platform = forge::platform(settings, Some(urls[at]), args.profile.as_deref())?;
        let run = as_run(args, urls[at], &out.join(NAMES[at]));
        let mut setup = run::setup(&run, common, settings, plan.clone(), &platform)?;
        setup.stop = stop.clone();
        // A CI system builds the candidate.
        setup.commit = setup.commit.filter(|_| at == 1);
        // The gate tries a block of its own after a window, instead of waiting the longest time there is.
        setup.calendar.recover = TimeDelta::zero();
        Ok::<_, anyhow::Error>(Ready { setup, endpoint: platform.endpoint })
    };
    let first = one(0)?;
    // Both sides may share a database: the seeds of their invoices must not be those of one millisecond.
    std::thread::sleep(std::time::Duration::from_millis(2));
    Ok([first, one(1)?])
}

/// The same setting as that of a load test of this scenario.
fn as_run(args: &Gate, url: &str, out: &Path) -> Run {
    Run {
        scenario: args.scenario.clone().unwrap_or_default(),
        target: Some(url.to_owned()),
        profile: args.profile.clone(),
        out: Some(out.to_owned()),
        store: None,
        set: Vec::new(),
        yes_load: args.yes_load.clone(),
        during_maintenance: args.during_maintenance,
        segment: None,
        start_at: None,
        listen: None,
        push: None,
        commit: None,
        no_notices: args.no_notices,
        dry_run: false,
        charts: false,
        format: Format::Json,
        on_inconclusive: None,
    }
}

/// Starts the two deployments where commands for that were given.
///
/// # Errors
/// One line that names the flag.
pub fn start(args: &Gate, ready: &[Ready; 2], out: &Path, signals: &Signals) -> Result<Vec<Started>> {
    let flags = ["--baseline-start", "--candidate-start"];
    let commands = [&args.baseline_start, &args.candidate_start];
    let mut started = Vec::new();
    for at in 0..2 {
        if let Some(command) = commands[at] {
            let log = out.join(format!("{}-start.log", NAMES[at]));
            let endpoint = &ready[at].endpoint;
            let patience = args.start_timeout.0;
            started.push(Started::start(flags[at], command, endpoint, &log, patience, signals)?);
        }
    }
    Ok(started)
}

impl Ready {
    /// Opens the account, uploads what journeys will ask for, and starts the threads.
    ///
    /// # Errors
    /// When the folder cannot be written, or a window forbids it.
    pub fn open(self) -> Result<Side> {
        let (url, folder) = (self.setup.url.clone(), self.setup.out.clone());
        let refusal = |error| match error {
            EngineError::Refused(why) => Coded::maintenance(why),
            other => other.into(),
        };
        Ok(Side { session: Session::open(self.setup).map_err(refusal)?, url, folder })
    }
}
