//! A run from its set-up to its end: threads, the order in which they start and stop, the folder.

use super::closed::{self, Crowd, CrowdError, GooseCounts};
use super::collect::{self, Collector, Live};
use super::follow::{self, Tracking};
use super::holds::Holds;
use super::host;
use super::lookout::Lookout;
use super::material::{Material, PREPARED, known_of};
use super::open::{self, Worker};
use super::recorder::{Batch, Local, Recorder, Recording as _};
use super::segment::Stripe;
use super::stop::{Stop, Urgency};
use crate::journeys::{Journey, Known};
use crate::scenario::{Model, Plan};
use chrono::{DateTime, Utc};
use piaotan_client::announcements::{Source, joined};
use piaotan_client::ask::{Client, ClientOptions, Record as _};
use piaotan_client::clock::Clock;
use piaotan_client::invoice::Generator;
use piaotan_client::profile::{Bases, Language, Profile, Secrets};
use piaotan_client::session::{Account, Session as LoginSession};
use piaotan_client::transport::{Dialer, PoolOptions};
use piaotan_record::calendar::{Calendar, CalendarOptions, Register};
use piaotan_record::folder::{Event, FolderError, Manifest, RunWriter, SCHEMA, Segment};
use piaotan_record::{Class, Nanos, Operation};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::LocalSet;

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
    /// How often sources of announcements are asked; `None` leaves them alone.
    pub notices: Option<Duration>,
    pub segment: Segment,
    /// A wall-clock instant at which several segments begin together.
    pub start_at: Option<DateTime<Utc>>,
    pub out: PathBuf,
    pub run: String,
    pub version: String,
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
    stop: Stop,
    workers: Vec<WorkerThread>,
    control: JoinHandle<Result<Register, EngineError>>,
    collector: JoinHandle<Result<RunWriter, FolderError>>,
    plan_through: Stop,
    batches: mpsc::Sender<Batch>,
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
    let quota = setup.profile.verify_per_day();
    let material = Arc::new(Material::new(
        setup.plan.scenario.seed,
        setup.generator.clone(),
        setup.profile.regions().to_vec(),
        &setup.plan.scenario.data,
        quota,
    ));
    if !setup.known.is_empty() {
        material.know(setup.known.clone());
    }
    let (batches, from_workers) = mpsc::channel();
    let steady_offset = setup.plan.scenario.warmup.length.0;
    let plan_through = Stop::default();
    let (facts, facts_from) = unbounded_channel();
    let share = if setup.plan.scenario.sync.track > 0.0 { setup.plan.scenario.sync.track } else { -1.0 };
    let (follower, accepted) = follow::channel(share, setup.plan.scenario.seed);

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
        };
        move || parts.run(facts_from, accepted, &ready)
    })?;
    // The collector starts first in effect: its channel holds what the preparation sends meanwhile.
    let prepared = is_ready.recv();
    let begin = match prepared {
        Ok(Ok(())) => begin(&setup, clock),
        Ok(Err(reason)) => return Err(EngineError::Refused(reason)),
        Err(_) => return Err(EngineError::Died("control")),
    };
    let steady = Nanos(begin.0 + u64::try_from(steady_offset.as_nanos()).unwrap_or(0));
    let collector = spawn("collect", {
        let (live, limits, stop) = (live.clone(), setup.plan.limits.clone(), setup.stop.clone());
        move || Collector { writer, live, limits, steady, stop }.run(&from_workers)
    })?;
    mark_begin(&setup, &batches, begin, steady);
    let workers = press(&setup, clock, &login, &holds, &material, &batches, &facts, &follower, begin)?;
    Ok(Running {
        live,
        holds,
        clock,
        begin,
        seconds: setup.plan.seconds,
        stop: setup.stop,
        workers,
        control,
        collector,
        plan_through,
        batches,
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
        let mut goose = None;
        let mut trouble = None;
        for worker in self.workers {
            match worker.join() {
                Ok(Ok(counts)) => goose = goose.or(counts),
                Ok(Err(e)) => trouble = trouble.or(Some(e)),
                Err(_) => trouble = trouble.or(Some(EngineError::Died("worker"))),
            }
        }
        // Now the tracker drains, and then everything ends.
        self.plan_through.raise(Urgency::Drain);
        if trouble.is_some() {
            self.stop.raise(Urgency::Now);
        }
        let register = self.control.join().map_err(|_| EngineError::Died("control"))??;
        let ended = self.clock.now();
        let cut_off = {
            let totals = self.live.lock();
            let cells = Operation::ALL.iter().zip(&totals.cells).filter(|(op, _)| !op.is_journey());
            cells.filter_map(|(_, cell)| cell.as_ref()).map(|cell| cell.of(Class::CutOff)).sum()
        };
        let mut last = empty_batch();
        if let Some(counts) = goose {
            let text = format!(
                "{} transactions, {} failed, {} users",
                counts.transactions, counts.failed, counts.users
            );
            last.events.push(Event::SelfCheck { at: ended, kind: "goose_counted".to_owned(), text });
        }
        last.events.push(generator(&self.live, ended));
        last.events.push(collect::ended(ended, reason, cut_off));
        let _ = self.batches.send(last);
        drop(self.batches);
        let writer = self.collector.join().map_err(|_| EngineError::Died("collector"))??;
        match trouble {
            Some(e) => Err(e),
            None => Ok(Finished { writer, register, live: self.live, goose, begin: self.begin, ended }),
        }
    }
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
    let soon = clock.now().0 + Nanos::SECOND / 5;
    let whole = Nanos(soon.div_ceil(Nanos::SECOND) * Nanos::SECOND);
    setup.start_at.map_or(whole, |at| clock.moment(at).max(whole))
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
    }
}

fn client(
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

#[allow(clippy::too_many_arguments, reason = "the parts of a run, each handed to every worker")]
fn press(
    setup: &Setup,
    clock: Clock,
    login: &Arc<LoginSession>,
    holds: &Arc<Holds>,
    material: &Arc<Material>,
    batches: &mpsc::Sender<Batch>,
    facts: &tokio::sync::mpsc::UnboundedSender<Vec<super::recorder::Fact>>,
    follower: &follow::Follower,
    begin: Nanos,
) -> Result<Vec<WorkerThread>, EngineError> {
    let load = &setup.plan.scenario.load;
    let segment = Stripe::segment(setup.segment.index, setup.segment.of);
    if load.model == Model::Closed {
        let crowd = Crowd {
            plan: setup.plan.clone(),
            client: client(setup, clock, login, load.connections, 1),
            holds: holds.clone(),
            material: material.clone(),
            stop: setup.stop.clone(),
            stripe: segment,
            begin,
            batches: batches.clone(),
            facts: facts.clone(),
            follow: Some(follower.clone()),
            url: setup.url.clone(),
            idle: Arc::default(),
        };
        return Ok(vec![spawn("users", move || Ok(Some(closed::run(crowd)?)))?]);
    }
    let workers =
        load.workers.unwrap_or_else(|| (host::cores() as usize).div_ceil(2).max(1)).min(load.connections);
    let each = |number: usize| {
        let worker = Worker {
            plan: setup.plan.clone(),
            client: client(setup, clock, login, load.connections.div_ceil(workers), number as u64 + 1),
            holds: holds.clone(),
            material: material.clone(),
            stop: setup.stop.clone(),
            stripe: segment.worker(number, workers),
            workers,
            begin,
            batches: batches.clone(),
            facts: facts.clone(),
            follow: Some(follower.clone()),
        };
        spawn("worker", move || {
            open::run(worker)?;
            Ok(None)
        })
    };
    (0..workers).map(each).collect::<Result<_, _>>().map_err(EngineError::from)
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name(format!("piaotan-{name}")).spawn(work)
}

/// The thread beside the workers: preparation, lookout, tracker.
struct Control {
    setup: Setup,
    clock: Clock,
    login: Arc<LoginSession>,
    holds: Arc<Holds>,
    material: Arc<Material>,
    batches: mpsc::Sender<Batch>,
    plan_through: Stop,
}

type Ready = mpsc::Sender<Result<(), String>>;

impl Control {
    fn run(
        self,
        facts: UnboundedReceiver<Vec<super::recorder::Fact>>,
        accepted: UnboundedReceiver<follow::Accepted>,
        ready: &Ready,
    ) -> Result<Register, EngineError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(LocalSet::new().block_on(&runtime, self.attend(facts, accepted, ready)))
    }

    async fn attend(
        self,
        facts: UnboundedReceiver<Vec<super::recorder::Fact>>,
        accepted: UnboundedReceiver<follow::Accepted>,
        ready: &Ready,
    ) -> Register {
        let codes = Arc::new(self.setup.profile.codes().clone());
        let record = Local(Rc::new(RefCell::new(Recorder::new(codes))));
        let client = client(&self.setup, self.clock, &self.login, 8, 0);
        let mut sources = self.sources();
        for source in &mut sources {
            source.poll(client.pool(), self.clock, &record).await;
        }
        let refusal = self.refusal(&sources);
        if refusal.is_none() {
            self.prepare(&client, &record).await;
        }
        let refused = refusal.clone();
        let _ = ready.send(refusal.map_or(Ok(()), Err));
        if refused.is_some() {
            return self.setup.register;
        }
        let looks = Local(Rc::new(RefCell::new(Recorder::new(Arc::new(self.setup.profile.codes().clone())))));
        let over = Stop::default();
        let reporting = [record.clone(), looks.clone()]
            .map(|each| tokio::task::spawn_local(follow::report(each, self.batches.clone())));
        let tracker = tokio::task::spawn_local(follow::track(
            client.clone(),
            self.holds.clone(),
            record.clone(),
            self.tracking(),
            accepted,
            over.clone(),
        ));
        let lookout = Lookout {
            client: client.clone(),
            holds: self.holds.clone(),
            record: looks.clone(),
            options: self.setup.plan.scenario.maintenance.clone(),
            calendar: self.setup.calendar,
            register: self.setup.register.clone(),
            sources,
            every: self.setup.notices.unwrap_or(Duration::from_secs(60)),
            stop: over.clone(),
            trial: self.material.invoice(PREPARED - 1),
        };
        let ending = tokio::task::spawn_local(self.clone_end(over.clone(), client.clone()));
        let register = lookout.watch(facts).await;
        let _ = ending.await;
        let _ = tracker.await;
        for (task, each) in reporting.into_iter().zip([record, looks]) {
            task.abort();
            let _ = self.batches.send(each.with(|recorder| recorder.take(0.0, false)));
        }
        register
    }

    /// Raises `over` when the plan is through and the tracker has had its time.
    fn clone_end(&self, over: Stop, client: Arc<Client>) -> impl Future<Output = ()> + use<> {
        let (through, stop) = (self.plan_through.clone(), self.setup.stop.clone());
        let drain = self.setup.plan.scenario.sync.drain.0;
        async move {
            tokio::select! {
                () = through.reached(Urgency::Drain) => tokio::select! {
                    () = tokio::time::sleep(drain) => {}
                    () = stop.reached(Urgency::Drain) => {}
                },
                () = stop.reached(Urgency::Now) => through.reached(Urgency::Drain).await,
            }
            client.stop();
            over.raise(Urgency::Now);
        }
    }

    fn sources(&self) -> Vec<Source> {
        let zone = self.setup.profile.zone();
        let wanted = self.setup.notices.is_some() && self.setup.maintenance != AgainstWindows::Press;
        let all = self.setup.profile.notices().iter().filter(|_| wanted);
        all.map(|place| Source::new(place.clone(), zone)).collect()
    }

    /// Why the run may not start: a window is open or falls inside its length.
    fn refusal(&self, sources: &[Source]) -> Option<String> {
        if self.setup.maintenance != AgainstWindows::Refuse {
            return None;
        }
        let mut register = self.setup.register.clone();
        register.windows.extend(joined(sources));
        let calendar = Calendar::new(&register, self.setup.calendar);
        let from = self.clock.wall();
        let to = from + chrono::Duration::milliseconds((self.setup.plan.seconds * 1e3) as i64 + 1_000);
        let operations = self.setup.plan.scenario.operations();
        let met =
            operations.iter().find_map(|op| calendar.overlapping(from, to, op.service()).first().copied())?;
        let zone = self.setup.profile.zone();
        let show = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %Z").to_string();
        let end = met.end.map_or_else(|| "until restored".to_owned(), show);
        Some(format!(
            "maintenance window {} ({} to {end}) falls into this run; start it later, or give --during-maintenance pause",
            met.id,
            show(met.start),
        ))
    }

    fn tracking(&self) -> Tracking {
        let profile = &self.setup.profile;
        let surfaces = self.setup.plan.surfaces.iter().copied();
        let quota = self
            .setup
            .plan
            .scenario
            .data
            .verify_quota
            .or(profile.verify_per_day())
            .filter(|quota| *quota > 0);
        Tracking {
            sync: self.setup.plan.scenario.sync.clone(),
            surfaces: surfaces.filter(|surface| profile.supports(surface.operation().wire())).collect(),
            regions: profile.regions().to_vec(),
            // One is left for the journey's own verification.
            verify_looks: quota.map(|quota| quota.saturating_sub(1)),
            seed: self.setup.plan.scenario.seed,
        }
    }

    /// Opens the account and uploads what reading journeys will ask for.
    async fn prepare(&self, client: &Arc<Client>, record: &Local) {
        let writes = self
            .setup
            .plan
            .mix
            .iter()
            .any(|mix| mix.journey.writes() && mix.journey != Journey::RegisterLogin);
        let segment = self.setup.segment;
        // The shares of all segments add up; one at least, or a segment could read nothing.
        let all = u64::from(self.setup.plan.scenario.data.prepare);
        let count = Stripe::segment(segment.index, segment.of).share(all).max(all.min(1));
        if writes || count > 0 {
            client.enrol(record).await;
        }
        if count == 0 || !self.setup.known.is_empty() {
            return;
        }
        let mut known = Vec::new();
        let lanes = 16.min(count);
        let lane = |lane: u64| async move {
            let mut done = Vec::new();
            for index in (lane..count).step_by(usize::try_from(lanes).unwrap_or(1)) {
                // Segments must not prepare the same invoices twice.
                let own = index * u64::from(segment.of) + u64::from(segment.index);
                done.extend(self.prepare_one(client, record, PREPARED + own).await);
            }
            done
        };
        for each in futures_util::future::join_all((0..lanes).map(lane)).await {
            known.extend(each);
        }
        self.material.know(known);
    }

    /// One journey of the preparation, counted like any other.
    async fn prepare_one(&self, client: &Arc<Client>, record: &Local, index: u64) -> Option<Known> {
        let due = self.clock.now();
        let journey = Journey::UploadReview;
        let drawn = self.material.draw(journey, index)?;
        record.with(|recorder| {
            let arrivals = recorder.tally().arrivals_at(due);
            (arrivals.scheduled, arrivals.started) = (arrivals.scheduled + 1, arrivals.started + 1);
            recorder.sent(journey.operation(), due);
        });
        let (holds, stop) = (self.holds.clone(), self.setup.stop.clone());
        let mut port = super::port::LoadPort::new(client.clone(), holds, stop, record.clone(), due, None);
        let ended = journey.run(&mut port, &drawn.row()).await;
        let outcome = ended.map_or_else(|halt| halt.outcome, |()| piaotan_record::Outcome::Ok);
        record.seen(open::whole_journey(journey, due, due, self.clock.now(), outcome));
        ended.is_ok().then(|| known_of(&self.material.invoice(index)))
    }
}
