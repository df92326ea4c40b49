//! What belongs to a run before anything is pressed, and how it is put away again.

use super::control::Control;
use super::{EngineError, Finished, Setup};
use crate::engine::closed::GooseCounts;
use crate::engine::collect::Collector;
use crate::engine::follow;
use crate::engine::holds::Holds;
use crate::engine::host;
use crate::engine::material::Material;
use crate::engine::open::Worker;
use crate::engine::recorder::{Batch, Fact, Recorder};
use crate::engine::segment::Stripe;
use crate::engine::session::AgainstWindows;
use crate::engine::stop::{Stop, Urgency};
use crate::engine::totals::Live;
use piaotan_client::ask::{Client, ClientOptions};
use piaotan_client::clock::Clock;
use piaotan_client::session::Session as LoginSession;
use piaotan_client::transport::PoolOptions;
use piaotan_record::calendar::{Calendar, Register};
use piaotan_record::folder::{Event, Manifest, RunWriter, SCHEMA};
use piaotan_record::{Class, Nanos, Operation, Span};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// A run that is prepared: its folder, its control thread and its collector are at work.
#[derive(Debug)]
pub(super) struct Parts {
    pub setup: Setup,
    pub clock: Clock,
    pub login: Arc<LoginSession>,
    pub holds: Arc<Holds>,
    pub material: Arc<Material>,
    pub batches: mpsc::Sender<Batch>,
    pub facts: UnboundedSender<Vec<Fact>>,
    pub follower: follow::Follower,
    pub live: Live,
    /// When the plan begins.
    pub begin: Nanos,
    plan_through: Stop,
    control: JoinHandle<Result<Register, EngineError>>,
    collector: JoinHandle<Result<RunWriter, EngineError>>,
}

impl Parts {
    /// Opens the folder and the account, reads announcements, uploads what journeys will ask for.
    ///
    /// # Errors
    /// When the folder cannot be written, a window forbids it, or a thread cannot be started.
    pub fn open(setup: Setup) -> Result<Self, EngineError> {
        // Segments of one run then count the same seconds, and merge exactly.
        let clock = Clock::on_the_second();
        let writer = RunWriter::create(&setup.out, manifest(&setup, clock))?;
        let live = Live::default();
        let login = Arc::new(LoginSession::new(setup.account.clone()));
        let holds = Holds::new(
            clock,
            Calendar::new(&setup.register, setup.calendar),
            Duration::from_millis(250),
            setup.maintenance == AgainstWindows::Press,
        );
        let material = Arc::new(material(&setup));
        let (batches, from_workers) = mpsc::channel();
        let plan_through = Stop::default();
        let (facts, facts_from) = unbounded_channel();
        let (follower, accepted) = follow::channel(share(&setup), setup.plan.scenario.seed);
        let (ready, is_ready) = mpsc::channel();
        let control = spawn("control", {
            let parts = Control {
                setup: setup.clone(),
                clock,
                login: login.clone(),
                holds: holds.clone(),
                material: material.clone(),
                batches: batches.clone(),
                plan_through: plan_through.clone(),
                waits: follower.waits.clone(),
            };
            move || parts.run(facts_from, accepted, &ready)
        })?;
        // The collector starts first in effect: its channel holds what the preparation sends meanwhile.
        match is_ready.recv() {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => return Err(EngineError::Refused(reason)),
            Err(_) => return Err(EngineError::Died("control")),
        }
        let begin = begin(&setup, clock);
        let warmup = &setup.plan.scenario.warmup;
        let after = |span: Span| Nanos(begin.0 + u64::try_from(span.0.as_nanos()).unwrap_or(0));
        let steady = after(warmup.length);
        // While the run lasts nobody knows when it settles: limits that abort wait the longest warm-up.
        let settled = warmup.detect.map_or(steady, after);
        let collector = spawn("collect", {
            let (live, limits, stop) = (live.clone(), setup.plan.limits.clone(), setup.stop.clone());
            let collector = Collector {
                writer,
                live,
                limits,
                steady: settled,
                book: setup.book.clone(),
                holds: holds.clone(),
                stop,
            };
            move || collector.run(&from_workers)
        })?;
        mark_begin(&setup, &batches, begin, steady);
        Ok(Self {
            setup,
            clock,
            login,
            holds,
            material,
            batches,
            facts,
            follower,
            live,
            begin,
            plan_through,
            control,
            collector,
        })
    }

    /// A client with a pool of its own for each worker; they share the login.
    pub fn client(&self, connections: usize, nonce: u64) -> Arc<Client> {
        let client = client(&self.setup, self.clock, &self.login, connections, nonce);
        self.live.lock().joined_by(&client);
        client
    }

    /// How many threads press.
    pub fn workers(&self) -> usize {
        let load = &self.setup.plan.scenario.load;
        let usual = || (host::cores() as usize).div_ceil(2).max(1);
        load.workers.unwrap_or_else(usual).min(load.connections)
    }

    /// What one of `workers` threads works with.
    pub fn worker(&self, number: usize, workers: usize) -> Worker {
        let setup = &self.setup;
        let connections = setup.plan.scenario.load.connections.div_ceil(workers);
        Worker {
            plan: setup.plan.clone(),
            client: self.client(connections, number as u64 + 1),
            holds: self.holds.clone(),
            material: self.material.clone(),
            stop: setup.stop.clone(),
            stripe: Stripe::segment(setup.segment.index, setup.segment.of).worker(number, workers),
            workers,
            begin: self.begin,
            batches: self.batches.clone(),
            facts: self.facts.clone(),
            follow: Some(self.follower.clone()),
            orders: None,
            in_flight: Arc::default(),
        }
    }

    /// Lets the tracker drain, ends everything, and closes the folder (all but the summary).
    ///
    /// # Errors
    /// When the folder could not be written, or a thread died.
    pub fn close(
        self,
        reason: &str,
        goose: Option<GooseCounts>,
        trouble: Option<EngineError>,
    ) -> Result<Finished, EngineError> {
        self.plan_through.raise(Urgency::Drain);
        if trouble.is_some() {
            self.setup.stop.raise(Urgency::Now);
        }
        // Nobody sends facts any more: the lookout's source ends with them.
        drop(self.facts);
        let register = self.control.join().map_err(|_| EngineError::Died("control"))??;
        let ended = self.clock.now();
        let mut last = empty_batch();
        if let Some(counts) = goose {
            let text = format!(
                "{} transactions, {} failed, {} users",
                counts.transactions, counts.failed, counts.users
            );
            last.events.push(Event::SelfCheck { at: ended, kind: "goose_counted".to_owned(), text });
        }
        last.events.push(generator(&self.live, ended));
        let (reason, cut_off) = (reason.to_owned(), cut_off(&self.live));
        last.events.push(Event::Ended { at: ended, reason, cut_off });
        let _ = self.batches.send(last);
        drop(self.batches);
        let writer = self.collector.join().map_err(|_| EngineError::Died("collector"))??;
        match trouble {
            Some(e) => Err(e),
            None => Ok(Finished { writer, register, live: self.live, goose, begin: self.begin, ended }),
        }
    }
}

/// Starts a thread of the engine.
pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name(format!("piaotan-{name}")).spawn(work)
}

/// A client of the run's platform and account.
pub(super) fn client(
    setup: &Setup,
    clock: Clock,
    login: &Arc<LoginSession>,
    connections: usize,
    nonce: u64,
) -> Arc<Client> {
    let timeout = setup.plan.scenario.load.timeout.0;
    let options = ClientOptions {
        bases: setup.bases.clone(),
        secrets: setup.secrets.clone(),
        language: setup.language,
        session: login.clone(),
        dialer: setup.dialer.clone(),
        clock,
        pool: PoolOptions { connections, timeout, ..PoolOptions::default() },
        nonce: setup.plan.scenario.seed.wrapping_mul(0x9e37_79b9) ^ (nonce << 48),
    };
    Arc::new(Client::new(setup.profile.clone(), options))
}

fn material(setup: &Setup) -> Material {
    let scenario = &setup.plan.scenario;
    let (profile, quota) = (&setup.profile, setup.profile.verify_per_day());
    let regions = profile.regions().to_vec();
    let material = Material::new(scenario.seed, setup.generator.clone(), regions, &scenario.data, quota);
    if !setup.known.is_empty() {
        material.know(setup.known.clone());
    }
    material
}

fn share(setup: &Setup) -> f64 {
    let track = setup.plan.scenario.sync.track;
    if track > 0.0 { track } else { -1.0 }
}

fn cut_off(live: &Live) -> u64 {
    let totals = live.lock();
    let cells = Operation::ALL.iter().zip(&totals.counted.cells).filter(|(op, _)| !op.is_journey());
    cells.filter_map(|(_, cell)| cell.as_ref()).map(|cell| cell.of(Class::CutOff)).sum()
}

fn generator(live: &Live, at: Nanos) -> Event {
    let totals = live.lock();
    let late = |q| totals.lateness.value_at_quantile(q) as f64 / 1e9;
    let lateness = [late(0.5), late(0.99), totals.lateness.max() as f64 / 1e9];
    Event::Generator { at, lateness, cpu: totals.cpu_peak, saturated_seconds: totals.saturated_seconds }
}

fn empty_batch() -> Batch {
    Recorder::new(Arc::default()).take(0.0, false)
}

fn mark_begin(setup: &Setup, batches: &mpsc::Sender<Batch>, begin: Nanos, steady: Nanos) {
    let mut first = empty_batch();
    for window in &setup.register.windows {
        first.events.push(Event::WindowKnown { at: Nanos::default(), window: Box::new(window.clone()) });
    }
    // Preparation counts as warm-up.
    first.events.push(Event::WarmedUp { at: steady.max(begin) });
    let _ = batches.send(first);
}

/// A whole second, soon; or the instant at which all segments begin.
fn begin(setup: &Setup, clock: Clock) -> Nanos {
    let whole = next_second(clock);
    setup.start_at.map_or(whole, |at| clock.moment(at).max(whole))
}

/// The next whole second of the run that leaves time to get ready.
pub(super) fn next_second(clock: Clock) -> Nanos {
    let soon = clock.now().0 + Nanos::SECOND / 5;
    Nanos(soon.div_ceil(Nanos::SECOND) * Nanos::SECOND)
}

fn manifest(setup: &Setup, clock: Clock) -> Manifest {
    Manifest {
        schema: SCHEMA,
        version: setup.version.clone(),
        run: setup.run.clone(),
        scenario: setup.plan.scenario.name.clone(),
        scenario_text: setup.plan.scenario.to_text(),
        target: setup.url.clone(),
        profile: setup.profile.name().to_owned(),
        started: clock.wall_at(Nanos::default()),
        planned: setup.plan.seconds,
        seed: setup.plan.scenario.seed,
        host: host::host(),
        segment: setup.segment,
        codes: setup.profile.codes().clone(),
        calendar: setup.register.windows.clone(),
        zone: Some(setup.profile.zone().name().to_owned()),
        commit: setup.commit.clone(),
    }
}
