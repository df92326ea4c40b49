//! The closed model: virtual users on goose, each waiting for the platform.
//!
//! All that knows goose is in this file. Goose keeps users, ramp and transactions; our transport
//! sends and times. What its traps cost (a process-wide killswitch that is lost before the start, a
//! stop only between transactions, users that outlive a dropped future, a silent panic) is answered
//! here: one run at a time, the killswitch pulled again and again until it is heard, every wait of a
//! journey raced against our own stop, panics caught.

use super::follow::Follower;
use super::holds::Holds;
use super::host::thread_cpu;
use super::material::Material;
use super::port::LoadPort;
use super::recorder::{Batch, Fact, Recorder, Recording as _, Shared};
use super::segment::Stripe;
use super::stop::{Stop, Urgency};
use super::witness::witness;
use crate::scenario::Plan;
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction};
use goose::{GooseAttack, GooseError};
use piaotan_client::ask::Client;
use piaotan_record::{Nanos, Outcome};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// Goose keeps its killswitch in a process-wide static: two runs at once would stop each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Everything the closed model needs.
#[derive(Debug, Clone)]
pub struct Crowd {
    pub plan: Arc<Plan>,
    pub client: Arc<Client>,
    pub holds: Arc<Holds>,
    pub material: Arc<Material>,
    pub stop: Stop,
    pub stripe: Stripe,
    pub begin: Nanos,
    pub batches: Sender<Batch>,
    pub facts: UnboundedSender<Vec<Fact>>,
    pub follow: Option<Follower>,
    pub url: String,
    /// Transactions that goose counts and that had no journey: the run was ending, or had no data left.
    pub idle: Arc<AtomicU64>,
}

/// What goose itself counted, for cross-checking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GooseCounts {
    /// Those that had a journey.
    pub transactions: u64,
    pub failed: u64,
    pub users: u64,
}

/// Why goose could not run.
#[derive(Debug, thiserror::Error)]
pub enum CrowdError {
    #[error("no runtime for the closed model: {0}")]
    Runtime(#[from] std::io::Error),
    #[error("goose refused the closed model: {0}")]
    Goose(Box<GooseError>),
}

/// Runs the users to the end of the plan. Blocks the calling thread.
///
/// # Errors
/// When goose cannot be started.
pub fn run(crowd: Crowd) -> Result<GooseCounts, CrowdError> {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // A runtime of its own, on this thread: users and our transport share it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(gather(crowd))
}

async fn gather(crowd: Crowd) -> Result<GooseCounts, CrowdError> {
    let codes = Arc::new(crowd.client.profile().codes().clone());
    let record = Shared(Arc::new(Mutex::new(Recorder::new(codes))));
    let reporting = tokio::spawn(report(crowd.clone(), record.clone()));
    let ending = tokio::spawn(end_in_time(crowd.clone()));
    let clock = crowd.client.clock();
    tokio::time::sleep_until(clock.instant(crowd.begin)).await;
    let _hushed = Hushed::begin();
    let attack = attack(&crowd, &record).map_err(|e| CrowdError::Goose(Box::new(e)))?;
    // Never dropped before it ends: goose's users would go on by themselves.
    let ended = tokio::spawn(attack.execute()).await;
    ending.abort();
    reporting.abort();
    let batch = record.with(|recorder| recorder.take(0.0, true));
    let _ = crowd.batches.send(batch);
    match ended {
        Ok(Ok(metrics)) => Ok(counts(&metrics, crowd.idle.load(Ordering::Relaxed))),
        Ok(Err(e)) => Err(CrowdError::Goose(Box::new(e))),
        Err(e) => Err(CrowdError::Runtime(std::io::Error::other(e.to_string()))),
    }
}

/// Goose prints "users launched" on standard output, where our answer goes; meanwhile that leads nowhere.
struct Hushed(Option<OwnedFd>);

impl Hushed {
    fn begin() -> Self {
        let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null");
        let kept = std::io::stdout().as_fd().try_clone_to_owned();
        match (kept, nowhere) {
            (Ok(kept), Ok(nowhere)) if rustix::stdio::dup2_stdout(&nowhere).is_ok() => Self(Some(kept)),
            _ => Self(None),
        }
    }
}

impl Drop for Hushed {
    fn drop(&mut self) {
        if let Some(kept) = &self.0 {
            // Without it the answer would be lost, and the exit code says all the same.
            let _ = rustix::stdio::dup2_stdout(kept);
        }
    }
}

fn attack(crowd: &Crowd, record: &Shared) -> Result<GooseAttack, GooseError> {
    let load = &crowd.plan.scenario.load;
    // A segment has its share of the users, as it has of arrivals.
    let users = crowd.stripe.share(load.users.unwrap_or(1) as u64).to_string();
    let ramp = load.ramp.map_or(1, |span| span.0.as_secs().max(1));
    let seconds = (crowd.plan.seconds.ceil() as u64 + ramp).to_string();
    let (ramp, timeout) = (ramp.to_string(), (load.timeout.0.as_secs().max(1) + 1).to_string());
    let words = [
        "--host",
        &crowd.url,
        "--users",
        &users,
        "--increase-time",
        &ramp,
        "--run-time",
        &seconds,
        "--timeout",
        &timeout,
        "--no-telnet",
        "--no-print-metrics",
        "--no-reset-metrics",
        "-q",
        // Statuses and transaction errors are in our own folder.
        "--no-status-codes",
        "--no-error-summary",
    ];
    let configuration = GooseConfiguration::parse_args_default(&words)?;
    let next = Arc::new(AtomicU64::new(0));
    let (crowd, record) = (crowd.clone(), record.clone());
    let function: TransactionFunction = Arc::new(move |user: &mut GooseUser| {
        let (crowd, record, next) = (crowd.clone(), record.clone(), next.clone());
        Box::pin(async move {
            once(&crowd, &record, &next, user).await;
            Ok(())
        })
    });
    let transaction = Transaction::new(function).set_name("journey");
    let scenario = Scenario::new("piaotan").register_transaction(transaction);
    let attack = GooseAttack::initialize_with_config(configuration)?.register_scenario(scenario);
    Ok(attack)
}

/// One journey of one user, then the user's pause.
async fn once(crowd: &Crowd, record: &Shared, next: &AtomicU64, _user: &mut GooseUser) {
    let Crowd { plan, client, holds, material, stop, stripe, .. } = crowd;
    let index = stripe.nth(next.fetch_add(1, Ordering::Relaxed));
    let clock = client.clock();
    let journey = plan.journey(index);
    while holds.forbids(journey.operation(), clock.now()) && !stop.is(Urgency::Drain) {
        // A user waits until the window is over; nobody arrives meanwhile, so nothing is suppressed.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    if stop.is(Urgency::Drain) {
        crowd.idle.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
        return;
    }
    let Some(drawn) = material.draw(journey, index) else {
        crowd.idle.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
        return;
    };
    let due = clock.now();
    record.with(|recorder| {
        let arrivals = recorder.tally().arrivals_at(due);
        (arrivals.scheduled, arrivals.started) = (arrivals.scheduled + 1, arrivals.started + 1);
        recorder.sent(journey.operation(), due);
    });
    let mut port =
        LoadPort::new(client.clone(), holds.clone(), stop.clone(), record.clone(), due, crowd.follow.clone());
    let row = drawn.row();
    let run = std::pin::pin!(journey.run(&mut port, &row));
    let ended = witness(record, clock, journey, due, run).await;
    if ended == Outcome::Ok && !plan.tracker_verifies() {
        material.uploaded(journey, index);
    }
    if let Some(pause) = plan.scenario.load.pause {
        tokio::select! {
            () = tokio::time::sleep(pause.0) => {}
            () = stop.reached(Urgency::Drain) => {}
        }
    }
}

/// Ends the run when its time is up or when it is told to: pulls goose's killswitch until it is heard.
async fn end_in_time(crowd: Crowd) {
    let clock = crowd.client.clock();
    let end = Nanos(crowd.begin.0 + (crowd.plan.seconds * 1e9) as u64);
    tokio::select! {
        () = tokio::time::sleep_until(clock.instant(end)) => crowd.stop.raise(Urgency::Drain),
        () = crowd.stop.reached(Urgency::Drain) => {}
    }
    let cutting = async {
        tokio::select! {
            () = tokio::time::sleep(crowd.plan.scenario.load.grace.0) => crowd.stop.raise(Urgency::Now),
            () = crowd.stop.reached(Urgency::Now) => {}
        }
        crowd.client.stop();
    };
    let pulling = async {
        loop {
            goose::trigger_killswitch("the plan is through");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::join!(cutting, pulling);
}

async fn report(crowd: Crowd, record: Shared) {
    let mut used = thread_cpu();
    for tick in 1u64.. {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let facts = record.with(Recorder::take_facts);
        if !facts.is_empty() {
            let _ = crowd.facts.send(facts);
        }
        if tick % 10 == 0 {
            let now = thread_cpu();
            let batch = record.with(|recorder| recorder.take(now - used, true));
            used = now;
            if crowd.batches.send(batch).is_err() {
                return;
            }
        }
    }
}

fn counts(metrics: &goose::metrics::GooseMetrics, idle: u64) -> GooseCounts {
    let per_scenario = metrics.transactions.iter().flatten();
    let (transactions, failed) = per_scenario.fold((0, 0), |(done, failed), each| {
        (done + (each.success_count + each.fail_count) as u64, failed + each.fail_count as u64)
    });
    let transactions = transactions.saturating_sub(idle);
    GooseCounts { transactions, failed, users: metrics.total_users as u64 }
}
