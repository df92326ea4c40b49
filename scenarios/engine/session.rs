//! A run from its set-up to its end: threads, the order in which they start and stop, the folder.
//!
//! [`start`] presses one plan to its end; a [`Session`] keeps connections, login and calendar, and
//! runs one block after another into the same folder, for the gate and for capacity.

mod blocks;
mod control;
mod parts;

pub use blocks::{Ask, Session, UnderWay};

use super::closed::{self, Crowd, CrowdError, GooseCounts};
use super::holds::Holds;
use super::made::Book;
use super::open;
use super::segment::Stripe;
use super::stop::Stop;
use super::totals::Live;
use crate::journeys::Known;
use crate::scenario::{Model, Plan};
use chrono::{DateTime, Utc};
use parts::{Parts, spawn};
use piaotan_client::announcements::Source;
use piaotan_client::clock::Clock;
use piaotan_client::invoice::Generator;
use piaotan_client::profile::{Bases, Language, Profile, Secrets};
use piaotan_client::session::Account;
use piaotan_client::transport::Dialer;
use piaotan_record::Nanos;
use piaotan_record::calendar::{CalendarOptions, Register};
use piaotan_record::folder::{FolderError, RunWriter, Segment};
use piaotan_record::ledger::LedgerError;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Everything that a run needs, checked before.
#[derive(Debug, Clone)]
pub struct Setup {
    pub plan: Arc<Plan>,
    pub profile: Arc<Profile>,
    pub bases: Bases,
    pub secrets: Secrets,
    pub account: Account,
    pub dialer: Dialer,
    pub language: Language,
    pub url: String,
    pub generator: Generator,
    /// Invoices of an earlier run or a file, for journeys that read.
    pub known: Vec<Known>,
    pub register: Register,
    pub calendar: CalendarOptions,
    pub maintenance: AgainstWindows,
    /// Where maintenance is announced; each is asked at its own pace.
    pub sources: Vec<Source>,
    pub segment: Segment,
    /// A wall-clock instant at which several segments begin together.
    pub start_at: Option<DateTime<Utc>>,
    /// Where the synthetic invoices of this run are written down.
    pub book: Option<Book>,
    pub out: PathBuf,
    pub run: String,
    pub version: String,
    /// The commit of what is measured, where somebody said it.
    pub commit: Option<String>,
    /// Ceiling of arrivals per second; the pace may not be above it.
    pub stop: Stop,
}

/// What to do about windows that are known before the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgainstWindows {
    /// Refuse to start when one is open or falls inside the run.
    Refuse,
    /// Start, and pause while one is open.
    Pause,
    /// Press all the same.
    Press,
}

/// Why a run could not be carried out. Failures of the platform are in the folder, not here.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("--store: {0}")]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Crowd(#[from] CrowdError),
    #[error("cannot start a worker: {0}")]
    Thread(#[from] std::io::Error),
    #[error("{0}")]
    Refused(String),
    #[error("a thread of the engine died: {0}")]
    Died(&'static str),
}

/// A thread that presses; the closed model's also says what goose counted.
type WorkerThread = JoinHandle<Result<Option<GooseCounts>, EngineError>>;

/// A run under way.
#[derive(Debug)]
pub struct Running {
    pub live: Live,
    pub holds: Arc<Holds>,
    pub clock: Clock,
    /// When the plan begins, and how long it lasts, in seconds.
    pub begin: Nanos,
    pub seconds: f64,
    workers: Vec<WorkerThread>,
    parts: Parts,
}

/// A run that is over.
#[derive(Debug)]
pub struct Finished {
    pub writer: RunWriter,
    pub register: Register,
    pub live: Live,
    pub goose: Option<GooseCounts>,
    pub begin: Nanos,
    pub ended: Nanos,
}

/// Prepares a run and starts it.
///
/// # Errors
/// When the folder cannot be written, a window forbids it, or a thread cannot be started.
pub fn start(setup: Setup) -> Result<Running, EngineError> {
    let parts = Parts::open(setup)?;
    let workers = press(&parts)?;
    Ok(Running {
        live: parts.live.clone(),
        holds: parts.holds.clone(),
        clock: parts.clock,
        begin: parts.begin,
        seconds: parts.setup.plan.seconds,
        workers,
        parts,
    })
}

impl Running {
    /// Whether all workers are done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.workers.iter().all(JoinHandle::is_finished)
    }

    /// Waits for the end and closes the folder (all but the summary).
    ///
    /// # Errors
    /// When the folder could not be written, or a thread died.
    pub fn finish(self, reason: &str) -> Result<Finished, EngineError> {
        let (goose, trouble) = join(self.workers);
        self.parts.close(reason, goose, trouble)
    }
}

/// Waits for threads that press: what goose counted, and the first trouble.
fn join(workers: Vec<WorkerThread>) -> (Option<GooseCounts>, Option<EngineError>) {
    let (mut goose, mut trouble) = (None, None);
    for worker in workers {
        match worker.join() {
            Ok(Ok(counts)) => goose = goose.or(counts),
            Ok(Err(e)) => trouble = trouble.or(Some(e)),
            Err(_) => trouble = trouble.or(Some(EngineError::Died("worker"))),
        }
    }
    (goose, trouble)
}

fn press(parts: &Parts) -> Result<Vec<WorkerThread>, EngineError> {
    let setup = &parts.setup;
    if setup.plan.scenario.load.model == Model::Closed {
        let crowd = crowd(parts);
        return Ok(vec![spawn("users", move || Ok(Some(closed::run(crowd)?)))?]);
    }
    let workers = parts.workers();
    let each = |number: usize| {
        let worker = parts.worker(number, workers);
        spawn("worker", move || {
            open::run(worker)?;
            Ok(None)
        })
    };
    (0..workers).map(each).collect::<Result<_, _>>().map_err(EngineError::from)
}

fn crowd(parts: &Parts) -> Crowd {
    let setup = &parts.setup;
    Crowd {
        plan: setup.plan.clone(),
        client: parts.client(setup.plan.scenario.load.connections, 1),
        holds: parts.holds.clone(),
        material: parts.material.clone(),
        stop: setup.stop.clone(),
        stripe: Stripe::segment(setup.segment.index, setup.segment.of),
        begin: parts.begin,
        batches: parts.batches.clone(),
        facts: parts.facts.clone(),
        follow: Some(parts.follower.clone()),
        url: setup.url.clone(),
        idle: Arc::default(),
    }
}
