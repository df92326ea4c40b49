//! One trial: press at a rate, see what comes of it, and wait until the platform has worked it off.
#![allow(clippy::disallowed_methods, reason = "the front door waits")]

use super::objective::Objective;
use super::progress::Progress;
use crate::signals::Signals;
use anyhow::Result;
use piaotan_analysis::capacity::{Growth, Purpose, Trial, Wait, usual_wait};
use piaotan_scenarios::engine::session::{Ask, Session};
use piaotan_scenarios::engine::stretch::{Measured, TooSlow};
use piaotan_scenarios::engine::waits::Pipeline;
use std::time::{Duration, Instant};

/// What is to be pressed.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub purpose: Purpose,
    /// Journeys per second.
    pub rate: f64,
    pub seconds: f64,
    /// Arrivals of the same number come at the same moments.
    pub number: u64,
    /// Invoices a second, at most, that are followed until they are visible.
    pub follow: f64,
}

/// What came of it.
#[derive(Debug)]
pub enum Seen {
    Trial(Trial),
    /// A window touched it.
    Touched,
    /// It measured the generator.
    Generator,
    /// Arrivals had no invoice that they might use.
    NoInvoices,
}

/// What is usual of waits, learnt from the trials so far: the 90 % quantile, in seconds.
#[derive(Debug, Default)]
pub struct Usual {
    warm: [Vec<Wait>; 2],
    known: [Option<f64>; 2],
}

/// Errors above which a trial is stopped, once there are so many requests.
const FAILING: f64 = 0.2;
const ENOUGH: u64 = 50;
/// Seconds of arrivals that may be under way before a trial is stopped.
const BACKLOG: f64 = 30.0;
/// Longest wait for reviews and synchronisation after a trial, and for one where nothing moves any more.
const DRAIN: f64 = 30.0;
const STUCK: f64 = 5.0;
/// A trial must be this long for its waits to become what is usual.
const LONG: f64 = 12.0;
/// Share of arrivals without an invoice that is no matter.
const WITHOUT: f64 = 0.02;
const LOOK: Duration = Duration::from_millis(200);

/// Runs one trial.
///
/// # Errors
/// When a thread of the engine died.
pub fn attempt(
    session: &mut Session,
    order: &Order,
    objective: &Objective,
    usual: &mut Usual,
    progress: &Progress,
    signals: &Signals,
) -> Result<Seen> {
    let too_slow = Some(TooSlow { operation: objective.operation, latency: objective.slo.latency });
    let seconds = order.seconds.ceil().max(1.0) as u32;
    let Order { rate, number, follow, .. } = *order;
    let mut block = session.begin(&Ask { rate, seconds, settle: 0, number, too_slow, follow })?;
    let mut collapsed = false;
    let measured = loop {
        if let Some(measured) = session.poll(&mut block)? {
            break measured;
        }
        if !collapsed && collapses(session, rate) {
            collapsed = true;
            block.stop();
        }
        progress.during(order, session, &block);
        std::thread::sleep(LOOK);
    };
    let drained = drain(session, signals);
    if session.touched(&measured) {
        return Ok(Seen::Touched);
    }
    if measured.is_generator_limited() && !collapsed {
        return Ok(Seen::Generator);
    }
    if measured.without_invoice() > WITHOUT {
        return Ok(Seen::NoInvoices);
    }
    Ok(Seen::Trial(judged(session, order, measured, collapsed, drained, usual)))
}

fn collapses(session: &Session, rate: f64) -> bool {
    let (requests, failed) = session.so_far();
    let failing = requests >= ENOUGH && failed as f64 > FAILING * requests as f64;
    failing || session.in_flight() as f64 > BACKLOG * rate
}

/// Waits until nearly all invoices are decided and seen, nothing moves, or a signal comes; gives the seconds it
/// took.
fn drain(session: &Session, signals: &Signals) -> f64 {
    let began = Instant::now();
    let left = || [Pipeline::Review, Pipeline::Sync].map(|pipeline| session.waiting(pipeline));
    let (mut last, mut moved) = (left(), Instant::now());
    let patient = |moved: Instant| {
        began.elapsed().as_secs_f64() < DRAIN
            && moved.elapsed().as_secs_f64() < STUCK
            && signals.code().is_none()
    };
    while last != [0, 0] && patient(moved) {
        std::thread::sleep(LOOK);
        let now = left();
        if now != last {
            (last, moved) = (now, Instant::now());
        }
    }
    began.elapsed().as_secs_f64()
}

fn judged(
    session: &Session,
    order: &Order,
    measured: Measured,
    collapsed: bool,
    drained: f64,
    usual: &mut Usual,
) -> Trial {
    let [review, sync] = [Pipeline::Review, Pipeline::Sync].map(|pipeline| {
        let waits = session.waits(pipeline, &measured);
        usual.judge(pipeline, order.purpose, &waits, measured.seconds)
    });
    Trial {
        purpose: order.purpose,
        rate: order.rate,
        seconds: measured.seconds,
        requests: measured.requests as f64 / measured.seconds.max(1.0),
        each_second: measured.each_second,
        review,
        sync,
        collapsed,
        drain: measured.drain + drained,
    }
}

impl Usual {
    /// Whether a pipeline falls behind; what is usual of one that does not is remembered.
    fn judge(&mut self, pipeline: Pipeline, purpose: Purpose, waits: &[Wait], seconds: f64) -> Growth {
        let known = &mut self.known[pipeline as usize];
        let growth = Growth::of(waits, seconds, *known);
        let warm = &mut self.warm[pipeline as usize];
        let usual = match purpose {
            Purpose::WarmUp => {
                warm.extend_from_slice(waits);
                usual_wait(warm)
            }
            _ if growth == Growth::Steady && seconds >= LONG => usual_wait(waits),
            _ => None,
        };
        if purpose == Purpose::WarmUp {
            *known = usual;
        } else {
            *known = usual.map_or(*known, |new| Some(known.map_or(new, |old| old.min(new))));
        }
        growth
    }
}
