//! A session: connections, login, calendar and tracker stay, and one block is run after another.

use super::parts::{Parts, next_second, spawn};
use super::{EngineError, Finished, Setup, WorkerThread, join};
use crate::engine::open::{self, Order};
use crate::engine::pace::{Curve, Shape};
use crate::engine::stop::{Stop, Urgency};
use crate::engine::stretch::{Measured, Stretch, TooSlow};
use crate::engine::waits::Pipeline;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::capacity::Wait;
use piaotan_record::calendar::Calendar;
use piaotan_record::{Nanos, Operation, Window};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// What a block is asked to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ask {
    /// Arrivals per second.
    pub rate: f64,
    /// Whole seconds that it presses, and how many of them at its start are not measured.
    pub seconds: u32,
    pub settle: u32,
    /// Arrivals of the same number come at the same moments and take the same journeys.
    pub number: u64,
    pub too_slow: Option<TooSlow>,
    /// Invoices followed per second, at most, until they are visible.
    pub follow: f64,
}

/// A run into which blocks are put one after another.
#[derive(Debug)]
pub struct Session {
    parts: Parts,
    workers: Vec<WorkerThread>,
    orders: Vec<UnboundedSender<Order>>,
    in_flight: Vec<Arc<AtomicUsize>>,
    /// Blocks so far: each has invoices of its own.
    ran: u64,
}

/// A block that is being run.
#[derive(Debug)]
pub struct UnderWay {
    fences: Receiver<()>,
    missing: usize,
    begin: Nanos,
    planned: Nanos,
    stop: Stop,
}

/// Indices of arrivals that one block may use.
const INDICES: u64 = 1 << 28;

impl Session {
    /// Prepares a run and starts its threads; nothing is pressed yet.
    ///
    /// # Errors
    /// When the folder cannot be written, a window forbids it, or a thread cannot be started.
    pub fn open(setup: Setup) -> Result<Self, EngineError> {
        let parts = Parts::open(setup)?;
        let count = parts.workers();
        let mut this = Self { parts, workers: Vec::new(), orders: Vec::new(), in_flight: Vec::new(), ran: 0 };
        for number in 0..count {
            let (to, from) = unbounded_channel();
            let mut worker = this.parts.worker(number, count);
            worker.orders = Some(from);
            this.in_flight.push(worker.in_flight.clone());
            this.orders.push(to);
            let thread = spawn("worker", move || {
                open::run(worker)?;
                Ok(None)
            })?;
            this.workers.push(thread);
        }
        Ok(this)
    }

    /// Starts a block at the next whole second.
    ///
    /// # Errors
    /// When a thread of the engine died.
    pub fn begin(&mut self, ask: &Ask) -> Result<UnderWay, EngineError> {
        // A block of no length measures nothing; the shortest there is lasts a second.
        let seconds = ask.seconds.max(1);
        let begin = next_second(self.parts.clock);
        let mut stretch = Stretch::new(begin.second(), ask.settle.min(seconds - 1), seconds);
        stretch.operations = self.operations();
        stretch.too_slow = ask.too_slow;
        *self.parts.live.stretch() = Some(stretch);
        self.parts.follower.follow_at_most(ask.follow / ask.rate);
        self.parts.follower.waits.renew();
        let curve = Curve::new(&[(Shape::Constant { rate: ask.rate }, f64::from(seconds))]);
        let (fence, fences) = mpsc::channel();
        let stop = Stop::default();
        for orders in &self.orders {
            let order = Order {
                curve: curve.clone(),
                seed: self.parts.setup.plan.scenario.seed ^ ask.number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                first: self.ran * INDICES,
                mix: ask.number * INDICES,
                begin,
                stop: stop.clone(),
                fence: fence.clone(),
            };
            orders.send(order).map_err(|_| EngineError::Died("worker"))?;
        }
        self.ran += 1;
        let planned = Nanos(begin.0 + u64::from(seconds) * Nanos::SECOND);
        Ok(UnderWay { fences, missing: self.orders.len(), begin, planned, stop })
    }

    /// What the block came to, once every request of it is answered.
    ///
    /// # Errors
    /// When a thread of the engine died.
    pub fn poll(&self, block: &mut UnderWay) -> Result<Option<Measured>, EngineError> {
        while block.missing > 0 {
            match block.fences.try_recv() {
                Ok(()) => block.missing -= 1,
                Err(mpsc::TryRecvError::Empty) => return Ok(None),
                Err(mpsc::TryRecvError::Disconnected) => return Err(EngineError::Died("worker")),
            }
        }
        let idle = self.parts.clock.now();
        let cut = block.stop.is(Urgency::Drain) || self.parts.setup.stop.is(Urgency::Drain);
        let end = if cut { idle.min(block.planned) } else { block.planned };
        let stretch = self.parts.live.stretch().take().ok_or(EngineError::Died("collector"))?;
        Ok(Some(stretch.finish(end.max(block.begin), idle.max(end), cut)))
    }

    /// Journeys that were started or wait in line and have not ended.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.iter().map(|each| each.load(Ordering::Relaxed)).sum()
    }

    /// Requests of the block under way and how many of them failed.
    #[must_use]
    pub fn so_far(&self) -> (u64, u64) {
        self.parts.live.stretch().as_ref().map_or((0, 0), Stretch::so_far)
    }

    /// The first window that a block of so many seconds, begun now, would meet.
    #[must_use]
    pub fn window_within(&self, seconds: f64) -> Option<Window> {
        let from = self.now();
        let to = from + TimeDelta::milliseconds((seconds * 1e3) as i64);
        let calendar = self.calendar();
        let met = |op: Operation| {
            let meets = calendar.overlapping(from, to, op.service()).first().map(|window| (*window).clone());
            meets.or_else(|| {
                let phase = calendar.phase_at(from, op.service());
                phase.window().filter(|_| phase.spoils_gate()).cloned()
            })
        };
        self.operations().into_iter().find_map(met)
    }

    /// Whether the platform was found down and no good look has come since.
    #[must_use]
    pub fn is_restrained(&self) -> bool {
        self.parts.holds.is_restrained()
    }

    /// Whether a block met a window or the recovery after one, as known now.
    #[must_use]
    pub fn touched(&self, block: &Measured) -> bool {
        let clock = self.parts.clock;
        let (from, to) = (clock.wall_at(block.begin), clock.wall_at(block.idle));
        let calendar = self.calendar();
        let spoilt = |op: Operation| {
            calendar.phase_over(from, to, op.service()).spoils_gate()
                || calendar.phase_at(from, op.service()).spoils_gate()
        };
        block.arrivals.suppressed > 0 || self.operations().into_iter().any(spoilt)
    }

    /// What is known of windows now.
    #[must_use]
    pub fn calendar(&self) -> Arc<Calendar> {
        self.parts.holds.calendar()
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.parts.clock.wall()
    }

    /// Ends the workers, lets the tracker drain, and closes the folder (all but the summary).
    ///
    /// # Errors
    /// When the folder could not be written, or a thread died.
    pub fn finish(self, reason: &str) -> Result<Finished, EngineError> {
        drop(self.orders);
        let (goose, trouble) = join(self.workers);
        self.parts.close(reason, goose, trouble)
    }

    fn operations(&self) -> Vec<Operation> {
        self.parts.setup.plan.scenario.operations()
    }
}

impl UnderWay {
    /// Lets no new arrivals in; what is under way is answered.
    pub fn stop(&self) {
        self.stop.raise(Urgency::Drain);
    }
}

impl Session {
    /// Invoices of the block that wait in a pipeline.
    #[must_use]
    pub fn waiting(&self, pipeline: Pipeline) -> usize {
        self.parts.follower.waits.waiting(pipeline)
    }

    /// How long each invoice of a block has waited in a pipeline, as of now.
    #[must_use]
    pub fn waits(&self, pipeline: Pipeline, block: &Measured) -> Vec<Wait> {
        self.parts.follower.waits.all(pipeline, block.begin, self.parts.clock.now())
    }

    /// Seconds since the block began; negative before.
    #[must_use]
    pub fn passed(&self, block: &UnderWay) -> f64 {
        self.parts.clock.now().as_seconds() - block.begin.as_seconds()
    }
}
