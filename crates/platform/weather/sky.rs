//! A weather with every time resolved, and what it has done so far.

use super::announce::{self, Notice};
use super::capacity::Queues;
use super::chance::Chance;
use super::form::{Answer, Capacity, Fault, Maintenance, Review, Rules, Throttle, Weather};
use super::sync::{Route, Surface, SurfaceSet, visible};
use super::throttle::Throttles;
use super::worktime::{Pause, WorkTime};
use crate::domain::moment::{NEVER, Nanos, seconds};
use crate::operation::{Operation, Operations};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// A half-open stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Nanos,
    pub(crate) until: Nanos,
}

impl Span {
    fn new(at: super::when::When, length: Option<f64>, start: Nanos) -> Span {
        let from = at.resolve(start);
        let until = length.map_or(NEVER, |s| from.saturating_add(seconds(s)));
        Span { from, until }
    }

    pub(crate) fn holds(self, at: Nanos) -> bool {
        self.from <= at && at < self.until
    }
}

/// A maintenance window as it really is.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) id: String,
    pub(crate) begin: Nanos,
    pub(crate) end: Nanos,
    pub(crate) planned_begin: Nanos,
    pub(crate) planned_end: Option<Nanos>,
    pub(crate) operations: Operations,
    pub(crate) answer: Answer,
    pub(crate) retry_after: bool,
    pub(crate) stops_pipelines: bool,
    pub(crate) catch_up: f64,
    pub(crate) announced: Option<Nanos>,
    pub(crate) called_off: Option<Nanos>,
    pub(crate) postponed: Option<Nanos>,
    pub(crate) refused: AtomicU64,
    pub(crate) first_refused: AtomicI64,
    pub(crate) last_refused: AtomicI64,
}

impl Window {
    pub(crate) fn holds(&self, at: Nanos) -> bool {
        self.begin <= at && at < self.end
    }

    /// Counts a request that the window refused.
    pub(crate) fn record(&self, at: Nanos) {
        self.refused.fetch_add(1, Relaxed);
        self.first_refused.fetch_min(at, Relaxed);
        self.last_refused.fetch_max(at, Relaxed);
    }

    /// Whole seconds until the end as far as the platform lets on; half a minute once that is past.
    pub(crate) fn seconds_left(&self, at: Nanos) -> u64 {
        let left = self.planned_end.map_or(0, |end| end.saturating_sub(at));
        if left > 0 { (left as u64).div_ceil(1_000_000_000) } else { 30 }
    }

    fn new(form: &Maintenance, index: usize, start: Nanos) -> Window {
        let planned = Span::new(form.at, form.r#for, start);
        let postponed = form.postpone.as_ref().map(|p| p.to.resolve(start));
        let begin = postponed.unwrap_or(planned.from);
        let end = match form.r#for {
            Some(length) => begin.saturating_add(seconds(length + form.overrun - form.early)),
            None => NEVER,
        };
        let called_off = form.cancel.as_ref().map(|c| c.at.resolve(start));
        let end = called_off.map_or(end, |off| end.min(off.max(begin)));
        Window {
            id: format!("m{}", index + 1),
            begin,
            end,
            planned_begin: planned.from,
            planned_end: form.r#for.map(|_| planned.until),
            operations: form.operations.0,
            answer: form.answer,
            retry_after: form.retry_after,
            stops_pipelines: form.stops_pipelines,
            catch_up: form.catch_up,
            announced: form.announce.as_ref().map(|a| a.at.resolve(start)),
            called_off,
            postponed,
            refused: AtomicU64::new(0),
            first_refused: AtomicI64::new(NEVER),
            last_refused: AtomicI64::new(Nanos::MIN),
        }
    }

    /// The stretch before the window in which only writes are stopped.
    fn writes_before(&self, by: f64) -> Window {
        Window {
            id: format!("{}.writes", self.id),
            begin: self.begin.saturating_sub(seconds(by)),
            end: self.begin,
            planned_begin: self.planned_begin.saturating_sub(seconds(by)),
            planned_end: self.planned_end,
            operations: Operations::writes(),
            answer: self.answer,
            retry_after: self.retry_after,
            stops_pipelines: false,
            catch_up: self.catch_up,
            announced: self.announced,
            called_off: self.called_off,
            postponed: self.postponed,
            refused: AtomicU64::new(0),
            first_refused: AtomicI64::new(NEVER),
            last_refused: AtomicI64::new(Nanos::MIN),
        }
    }
}

/// An upgrade that harms what was accepted before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Harm {
    pub(crate) at: Nanos,
    pub(crate) vanish: f64,
    pub(crate) alter: f64,
}

/// The weather in force since `since`.
#[derive(Debug)]
pub(crate) struct Sky {
    pub(crate) since: Nanos,
    pub(crate) start: Nanos,
    pub(crate) form: Weather,
    pub(crate) windows: Vec<Window>,
    pub(crate) work: WorkTime,
    pub(crate) notices: Vec<Notice>,
    pub(crate) routes: Vec<Route>,
    /// Those of earlier weathers too, once they have happened.
    pub(crate) upgrades: Vec<Harm>,
    pub(crate) queues: Mutex<Queues>,
    pub(crate) throttles: Mutex<Throttles>,
    pub(crate) faulted: Vec<AtomicU64>,
    pub(crate) delayed: Vec<AtomicU64>,
    pub(crate) throttled: Vec<AtomicU64>,
    spans: Spans,
}

#[derive(Debug)]
struct Spans {
    clock: Vec<Span>,
    review: Vec<Span>,
    sync_capacity: Vec<Span>,
    capacity: Vec<Span>,
    latency: Vec<Span>,
    fault: Vec<Span>,
    throttle: Vec<Span>,
}

impl Sky {
    /// Resolves a weather that comes into force at `now`, its second zero being `start`.
    pub(crate) fn new(form: Weather, start: Nanos, now: Nanos, before: Option<&Sky>) -> Sky {
        let entries = form.maintenance.iter().enumerate();
        let mut windows: Vec<Window> = entries.map(|(i, m)| Window::new(m, i, start)).collect();
        let notices = announce::notices(&form, start, &windows);
        let early =
            form.maintenance.iter().zip(&windows).filter(|(m, w)| m.writes_first > 0.0 && w.end > w.begin);
        let early: Vec<Window> = early.map(|(m, w)| w.writes_before(m.writes_first)).collect();
        windows.extend(early);
        let count = |n: usize| (0..n).map(|_| AtomicU64::new(0)).collect();
        Sky {
            since: now,
            start,
            work: before.map_or(&WorkTime::default(), |b| &b.work).amended(now, &pauses(&windows)),
            upgrades: upgrades(&form, start, now, before),
            queues: Mutex::new(Queues::new(form.capacity.len())),
            throttles: Mutex::default(),
            routes: routes(&form, start),
            faulted: count(form.fault.len()),
            delayed: count(form.latency.len()),
            throttled: count(form.throttle.len()),
            spans: Spans::new(&form, start),
            windows,
            notices,
            form,
        }
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.form.rules
    }

    /// By how much the platform's own clock is wrong.
    pub(crate) fn skew(&self, now: Nanos) -> Nanos {
        let found = in_force(&self.spans.clock, now);
        found.map_or(0, |i| seconds(self.form.clock[i].skew))
    }

    /// The window that stops this operation now.
    pub(crate) fn window(&self, now: Nanos, operation: Operation) -> Option<&Window> {
        self.windows.iter().find(|w| w.holds(now) && w.operations.contains(operation))
    }

    /// The next or present stretch in which nobody listens. A window of some operations only resets those.
    pub(crate) fn refusal(&self, now: Nanos) -> Option<(Nanos, Nanos)> {
        let whole = |w: &&Window| w.operations.and(Operations::all()) == w.operations;
        let refusing = self.windows.iter().filter(|w| w.answer == Answer::Refuse && w.end > w.begin);
        let ahead = refusing.filter(|w| w.end > now).filter(whole);
        ahead.map(|w| (w.begin.max(self.since), w.end)).min()
    }

    pub(crate) fn review(&self, now: Nanos) -> Option<(usize, &Review)> {
        let i = in_force(&self.spans.review, now)?;
        Some((i, &self.form.review[i]))
    }

    /// Invoices that synchronisation takes in a second, if that is limited.
    pub(crate) fn sync_rate(&self, now: Nanos) -> Option<f64> {
        let i = in_force(&self.spans.sync_capacity, now)?;
        Some(self.form.sync_capacity[i].rate)
    }

    pub(crate) fn capacity(&self, now: Nanos, operation: Operation) -> Option<(usize, &Capacity)> {
        let entries = self.spans.capacity.iter().zip(&self.form.capacity).enumerate();
        let mut ours = entries.rev().filter(|(_, (_, c))| c.operations.0.contains(operation));
        ours.find(|(_, (span, _))| span.holds(now)).map(|(i, (_, c))| (i, c))
    }

    /// The sum of all latencies that apply; `draw` gives the chance of each entry.
    pub(crate) fn latency(&self, now: Nanos, operation: Operation, draw: Chance) -> Nanos {
        let mut total = 0;
        for (i, (span, form)) in self.spans.latency.iter().zip(&self.form.latency).enumerate() {
            if span.holds(now) && form.operations.0.contains(operation) {
                self.delayed[i].fetch_add(1, Relaxed);
                total += seconds(form.delay.quantile(draw.nth(i as u64).uniform()));
            }
        }
        total
    }

    /// The first fault that chance picks for this request, and when its entry ends.
    pub(crate) fn fault(&self, now: Nanos, operation: Operation, draw: Chance) -> Option<(&Fault, Nanos)> {
        for (i, (span, form)) in self.spans.fault.iter().zip(&self.form.fault).enumerate() {
            let applies = span.holds(now) && form.operations.0.contains(operation);
            if applies && draw.nth(i as u64).happens(form.share) {
                self.faulted[i].fetch_add(1, Relaxed);
                return Some((form, span.until));
            }
        }
        None
    }

    pub(crate) fn throttles_on(
        &self,
        now: Nanos,
        operation: Operation,
    ) -> impl Iterator<Item = (usize, &Throttle)> {
        let entries = self.spans.throttle.iter().zip(&self.form.throttle).enumerate();
        entries
            .filter(move |(_, (s, t))| s.holds(now) && t.operations.0.contains(operation))
            .map(|(i, (_, t))| (i, t))
    }

    /// When, in work time, an invoice that enters synchronisation at `entered` is seen on a surface.
    pub(crate) fn visible(&self, chance: Chance, number: &str, surface: Surface, entered: Nanos) -> Nanos {
        if self.routes.is_empty() || entered == NEVER {
            return entered;
        }
        let at = self.work.instant(entered).unwrap_or(entered);
        visible(&self.routes, chance, number, surface, (at, entered))
    }
}

impl Spans {
    fn new(form: &Weather, start: Nanos) -> Spans {
        let span = |at, length| Span::new(at, length, start);
        Spans {
            clock: form.clock.iter().map(|e| span(e.at, e.r#for)).collect(),
            review: form.review.iter().map(|e| span(e.at, e.r#for)).collect(),
            sync_capacity: form.sync_capacity.iter().map(|e| span(e.at, e.r#for)).collect(),
            capacity: form.capacity.iter().map(|e| span(e.at, e.r#for)).collect(),
            latency: form.latency.iter().map(|e| span(e.at, e.r#for)).collect(),
            fault: form.fault.iter().map(|e| span(e.at, e.r#for)).collect(),
            throttle: form.throttle.iter().map(|e| span(e.at, e.r#for)).collect(),
        }
    }
}

fn in_force(spans: &[Span], now: Nanos) -> Option<usize> {
    spans.iter().rposition(|s| s.holds(now))
}

fn upgrades(form: &Weather, start: Nanos, now: Nanos, before: Option<&Sky>) -> Vec<Harm> {
    let earlier = before.map_or(&[][..], |b| &b.upgrades).iter().filter(|h| h.at <= now).copied();
    let new = form.upgrade.iter().map(|u| Harm {
        // One that is put into the past happens now: what was seen meanwhile cannot be unseen.
        at: u.at.resolve(start).max(now),
        vanish: u.vanish,
        alter: u.alter,
    });
    earlier.chain(new).collect()
}

fn routes(form: &Weather, start: Nanos) -> Vec<Route> {
    let entries = form.sync.iter();
    entries
        .map(|s| Route {
            span: Span::new(s.at, s.r#for, start),
            surfaces: SurfaceSet::parse(&s.surfaces).expect("reading checked the surfaces"),
            form: s.clone(),
        })
        .collect()
}

/// The stretches in which pipelines stand still, sorted and without overlap.
fn pauses(windows: &[Window]) -> Vec<Pause> {
    let stopping = windows.iter().filter(|w| w.stops_pipelines && w.end > w.begin);
    let mut list: Vec<Pause> =
        stopping.map(|w| Pause { begin: w.begin, end: w.end, catch_up: w.catch_up }).collect();
    list.sort_by_key(|p| p.begin);
    let mut merged: Vec<Pause> = Vec::new();
    for pause in list {
        match merged.last_mut() {
            Some(last) if pause.begin <= last.end => {
                if pause.end >= last.end {
                    (last.end, last.catch_up) = (pause.end, pause.catch_up);
                }
            }
            _ => merged.push(pause),
        }
    }
    merged
}
