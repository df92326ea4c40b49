//! The open model: arrivals come at their rate, whatever the platform does.
//!
//! An arrival waits in a worker-local line until a journey slot is free; a journey borrows a
//! connection only for a request. All of that waiting is response time.

use super::follow::Follower;
use super::holds::Holds;
use super::host::thread_cpu;
use super::material::Material;
use super::pace::{Arrival, Arrivals, Curve};
use super::port::LoadPort;
use super::recorder::{Batch, Fact, Local, Recorder, Recording as _};
use super::segment::Stripe;
use super::stop::{Stop, Urgency};
use super::timer::Timer;
use super::witness::witness;
use crate::journeys::Journey;
use crate::scenario::Plan;
use piaotan_client::ask::Client;
use piaotan_record::{Dropped, Nanos, Outcome};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::LocalSet;

/// Everything one worker needs.
#[derive(Debug)]
pub struct Worker {
    pub plan: Arc<Plan>,
    pub client: Arc<Client>,
    pub holds: Arc<Holds>,
    pub material: Arc<Material>,
    pub stop: Stop,
    pub stripe: Stripe,
    /// How many workers share the bounds of the scenario.
    pub workers: usize,
    /// The moment at which the plan begins.
    pub begin: Nanos,
    pub batches: Sender<Batch>,
    pub facts: UnboundedSender<Vec<Fact>>,
    pub follow: Option<Follower>,
    /// Blocks to run one after the other, instead of the plan's curve.
    pub orders: Option<UnboundedReceiver<Order>>,
    /// Journeys started or waiting, as of a tenth of a second ago.
    pub in_flight: Arc<AtomicUsize>,
}

/// One block of a session: a pace of its own, until its line is empty and its journeys are done.
#[derive(Debug)]
pub struct Order {
    pub curve: Curve,
    pub seed: u64,
    /// Added to the index of an arrival: to draw its invoice, and to draw its journey.
    pub first: u64,
    pub mix: u64,
    pub begin: Nanos,
    /// Ends this block before its time.
    pub stop: Stop,
    /// Told when all of the block is with the collector.
    pub fence: Sender<()>,
}

/// A worker at work.
struct Bench {
    worker: Worker,
    record: Local,
    line: RefCell<VecDeque<Arrival>>,
    active: Cell<usize>,
    freed: Notify,
    /// Raised when the journeys under way have to end at once; each block has its own.
    cut: RefCell<Stop>,
    /// Added to the index of an arrival before its journey is drawn, less what its invoice is drawn by.
    mix: Cell<u64>,
}

impl Bench {
    /// The journey of an arrival; blocks of the same number draw the same ones.
    fn journey(&self, index: u64) -> Journey {
        self.worker.plan.journey(index.wrapping_add(self.mix.get()))
    }
}

/// Runs a worker to its end on a runtime of its own. Blocks the calling thread.
///
/// # Errors
/// When no runtime can be made.
pub fn run(worker: Worker) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    local.block_on(&runtime, press(worker));
    Ok(())
}

async fn press(mut worker: Worker) {
    let orders = worker.orders.take();
    let codes = Arc::new(worker.client.profile().codes().clone());
    let bench = Rc::new(Bench {
        record: Local(Rc::new(RefCell::new(Recorder::new(codes)))),
        line: RefCell::new(VecDeque::new()),
        active: Cell::new(0),
        freed: Notify::new(),
        cut: RefCell::default(),
        mix: Cell::new(0),
        worker,
    });
    let reporting = tokio::task::spawn_local(report(bench.clone()));
    let cutting = tokio::task::spawn_local(cut_on_stop(bench.clone()));
    match (orders, bench.worker.plan.curve.clone()) {
        (Some(orders), _) => blocks(&bench, orders).await,
        (None, Some(curve)) => {
            let arrivals = arrivals(&bench, curve, bench.worker.plan.scenario.seed);
            pace(&bench, arrivals, &Stop::default()).await;
        }
        (None, None) => saturate(&bench).await,
    }
    finish(&bench).await;
    cutting.abort();
    reporting.abort();
    hand_over(&bench, 0.0);
}

/// Runs block after block until nobody can order another.
async fn blocks(bench: &Rc<Bench>, mut orders: UnboundedReceiver<Order>) {
    let stop = bench.worker.stop.clone();
    loop {
        let order = tokio::select! {
            biased;
            () = stop.reached(Urgency::Drain) => return,
            order = orders.recv() => order,
        };
        let Some(order) = order else { return };
        block(bench, &order).await;
        let mut batch = bench.record.with(|recorder| recorder.take(0.0, false));
        batch.fence = Some(order.fence.clone());
        let _ = bench.worker.batches.send(batch);
    }
}

/// One block: its arrivals, then the wait for what is under way, at most as long as one answer may take.
async fn block(bench: &Rc<Bench>, order: &Order) {
    bench.mix.set(order.mix.wrapping_sub(order.first));
    let all = Arrivals::new(order.curve.clone(), bench.worker.plan.spread, order.seed, bench.worker.stripe);
    let (begin, first) = (order.begin, order.first);
    let all = all.map(move |each| Arrival { due: Nanos(begin.0 + each.due.0), index: each.index + first });
    pace(bench, all, &order.stop).await;
    let patience = bench.worker.plan.scenario.load.timeout.0;
    let urgent = bench.worker.stop.clone();
    tokio::select! {
        () = idle(bench) => return,
        () = urgent.reached(Urgency::Now) => {}
        () = tokio::time::sleep(patience) => {}
    }
    drop_line(bench);
    bench.cut.borrow().raise(Urgency::Now);
    tokio::select! {
        () = idle(bench) => {}
        () = urgent.reached(Urgency::Now) => {}
        () = tokio::time::sleep(patience) => {}
    }
    bench.cut.replace(Stop::default());
}

/// The plan's arrivals from its beginning.
fn arrivals(bench: &Bench, curve: Curve, seed: u64) -> impl Iterator<Item = Arrival> + use<> {
    let Worker { plan, stripe, begin, .. } = &bench.worker;
    let begin = begin.0;
    let all = Arrivals::new(curve, plan.spread, seed, *stripe);
    all.map(move |each| Arrival { due: Nanos(begin + each.due.0), ..each })
}

/// Lets every arrival in when it is due.
async fn pace(bench: &Rc<Bench>, arrivals: impl Iterator<Item = Arrival>, end: &Stop) {
    let Worker { client, stop, .. } = &bench.worker;
    let (clock, timer) = (client.clock(), Timer::new(false));
    for arrival in arrivals {
        if clock.now() < arrival.due {
            tokio::select! {
                biased;
                () = stop.reached(Urgency::Drain) => return,
                () = end.reached(Urgency::Drain) => return,
                () = timer.until(clock.instant(arrival.due)) => {}
            }
        } else if stop.is(Urgency::Drain) || end.is(Urgency::Drain) {
            return;
        }
        admit(bench, arrival);
    }
}

/// Decides what becomes of an arrival that is due.
fn admit(bench: &Rc<Bench>, arrival: Arrival) {
    let Worker { plan, client, holds, .. } = &bench.worker;
    let load = &plan.scenario.load;
    let now = client.clock().now();
    let late = now.since(arrival.due);
    bench.record.with(|recorder| {
        recorder.tally().arrivals_at(arrival.due).scheduled += 1;
        recorder.late(late);
    });
    let share = |bound: usize| bound.div_ceil(bench.worker.workers);
    if holds.forbids(bench.journey(arrival.index).operation(), now) {
        suppress(bench, arrival);
    } else if u128::from(late) > load.drop_later_than.0.as_nanos() {
        drop_arrival(bench, arrival, Dropped::Late);
    } else if bench.active.get() < share(load.max_in_flight) {
        bench.active.set(bench.active.get() + 1);
        tokio::task::spawn_local(slot(bench.clone(), arrival));
    } else if bench.line.borrow().len() < share(load.queue) {
        bench.line.borrow_mut().push_back(arrival);
    } else {
        drop_arrival(bench, arrival, Dropped::QueueFull);
    }
}

fn drop_arrival(bench: &Bench, arrival: Arrival, reason: Dropped) {
    bench.record.with(|recorder| recorder.tally().arrivals_at(arrival.due).dropped[reason.index()] += 1);
}

fn suppress(bench: &Bench, arrival: Arrival) {
    bench.record.with(|recorder| recorder.tally().arrivals_at(arrival.due).suppressed += 1);
}

/// A journey slot: runs the arrival it was opened for, then what waits in line.
async fn slot(bench: Rc<Bench>, first: Arrival) {
    let mut next = Some(first);
    while let Some(arrival) = next {
        travel(&bench, arrival).await;
        next = bench.line.borrow_mut().pop_front();
    }
    bench.active.set(bench.active.get() - 1);
    bench.freed.notify_waiters();
}

/// One arrival: suppressed, dropped, or a journey with its one observation.
async fn travel(bench: &Bench, arrival: Arrival) {
    let Worker { client, holds, material, stop, .. } = &bench.worker;
    let journey = bench.journey(arrival.index);
    let now = client.clock().now();
    if holds.forbids(journey.operation(), now) {
        return suppress(bench, arrival);
    }
    if stop.is(Urgency::Now) || bench.cut.borrow().is(Urgency::Now) {
        return drop_arrival(bench, arrival, Dropped::Stopped);
    }
    match material.draw(journey, arrival.index) {
        None => drop_arrival(bench, arrival, Dropped::NoData),
        Some(drawn) => journey_once(bench, journey, arrival, &drawn).await,
    }
}

/// Takes a journey to its end; what it uploaded may be verified from then on.
async fn journey_once(
    bench: &Bench,
    journey: Journey,
    Arrival { due, index }: Arrival,
    drawn: &super::material::Drawn<'_>,
) {
    let Worker { plan, client, holds, material, follow, .. } = &bench.worker;
    bench.record.with(|recorder| {
        recorder.tally().arrivals_at(due).started += 1;
        recorder.sent(journey.operation(), due);
    });
    let mut port = LoadPort::new(
        client.clone(),
        holds.clone(),
        bench.cut.borrow().clone(),
        bench.record.clone(),
        due,
        follow.clone(),
    );
    let row = drawn.row();
    // Pinned where it stands: it is large, and would be copied on its way into each wrapper.
    let run = std::pin::pin!(journey.run(&mut port, &row));
    let ended = witness(&bench.record, client.clock(), journey, due, run).await;
    if ended == Outcome::Ok && !plan.tracker_verifies() {
        material.uploaded(journey, index);
    }
}

/// `rate = "max"`: every connection busy, back to back, until the time is up.
async fn saturate(bench: &Rc<Bench>) {
    let Worker { plan, client, stop, workers, begin, .. } = &bench.worker;
    let clock = client.clock();
    let end = Nanos(begin.0 + (plan.seconds * 1e9) as u64);
    tokio::time::sleep_until(clock.instant(*begin)).await;
    let lanes = plan.scenario.load.connections.div_ceil(*workers);
    bench.active.set(lanes);
    for lane in 0..lanes {
        let bench = bench.clone();
        tokio::task::spawn_local(async move {
            lane_loop(&bench, lane as u64, lanes as u64, end).await;
            bench.active.set(bench.active.get() - 1);
            bench.freed.notify_waiters();
        });
    }
    tokio::select! {
        () = stop.reached(Urgency::Drain) => {}
        () = tokio::time::sleep_until(clock.instant(end)) => {}
    }
}

async fn lane_loop(bench: &Bench, lane: u64, lanes: u64, end: Nanos) {
    let Worker { plan, client, holds, material, stop, stripe, .. } = &bench.worker;
    let mut round = lane;
    loop {
        let index = stripe.nth(round);
        let due = client.clock().now();
        if due >= end || stop.is(Urgency::Drain) {
            return;
        }
        let journey = plan.journey(index);
        if holds.forbids(journey.operation(), due) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        bench.record.with(|recorder| recorder.tally().arrivals_at(due).scheduled += 1);
        match material.draw(journey, index) {
            Some(drawn) => journey_once(bench, journey, Arrival { index, due }, &drawn).await,
            None => {
                drop_arrival(bench, Arrival { index, due }, Dropped::NoData);
                return;
            }
        }
        round += lanes;
    }
}

/// Waits for what is under way, at most the grace; then everything is cut off.
async fn finish(bench: &Rc<Bench>) {
    let grace = bench.worker.plan.scenario.load.grace.0;
    let urgent = bench.worker.stop.reached(Urgency::Now);
    tokio::select! {
        () = idle(bench) => return,
        () = urgent => {}
        () = tokio::time::sleep(grace) => {}
    }
    drop_line(bench);
    bench.cut.borrow().raise(Urgency::Now);
    bench.worker.client.stop();
    while bench.active.get() > 0 {
        tokio::task::yield_now().await;
    }
}

/// Waits until no journey is under way.
async fn idle(bench: &Bench) {
    loop {
        let freed = bench.freed.notified();
        if bench.active.get() == 0 {
            return;
        }
        freed.await;
    }
}

fn drop_line(bench: &Bench) {
    for arrival in bench.line.borrow_mut().drain(..) {
        drop_arrival(bench, arrival, Dropped::Stopped);
    }
}

async fn cut_on_stop(bench: Rc<Bench>) {
    bench.worker.stop.reached(Urgency::Now).await;
    bench.cut.borrow().raise(Urgency::Now);
    bench.worker.client.stop();
}

/// Hands facts over ten times a second, and everything else once.
async fn report(bench: Rc<Bench>) {
    let mut used = thread_cpu();
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for tick in 1u64.. {
        ticks.tick().await;
        let waiting = bench.active.get() + bench.line.borrow().len();
        bench.worker.in_flight.store(waiting, Ordering::Relaxed);
        let facts = bench.record.with(Recorder::take_facts);
        if !facts.is_empty() {
            let _ = bench.worker.facts.send(facts);
        }
        if tick % 10 == 0 {
            let now = thread_cpu();
            hand_over(&bench, now - used);
            used = now;
        }
    }
}

fn hand_over(bench: &Bench, cpu: f64) {
    let batch = bench.record.with(|recorder| recorder.take(cpu, true));
    let _ = bench.worker.batches.send(batch);
}
