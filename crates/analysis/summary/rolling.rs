//! Limits that every stretch of a run must keep, not only the whole.

use super::bins::Bins;
use super::fold::Scene;
use super::series::OpBin;
use crate::limit::{Demand, Point, Subject};
use chrono::{DateTime, FixedOffset};
use piaotan_record::folder::Interval;
use piaotan_record::{Class, Nanos, Operation, OutcomeKind, Surface};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The stretch that keeps a limit worst.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worst {
    /// What was measured; `None` for a stretch of requests of which none was timed.
    pub value: Option<f64>,
    /// The same, had what was not known at the end (requests cut off, invoices not yet visible) taken for ever.
    pub at_most: f64,
    /// When the stretch ends.
    pub at: DateTime<FixedOffset>,
}

type Timed = (Operation, bool);

/// Latencies second by second, of those operations alone whose stretches are judged.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    wanted: HashSet<Timed>,
    times: HashMap<Timed, BTreeMap<u32, Vec<(u64, u64)>>>,
}

/// What is counted of a stretch as it slides: seconds enter in front and leave behind.
#[derive(Debug, Default)]
struct Stretch {
    /// Latencies in nanoseconds, with their counts.
    times: BTreeMap<u64, u64>,
    timed: u64,
    cut_off: u64,
    /// Of a ratio: the part and the whole. Of a latency: the whole alone.
    some: u64,
    all: u64,
}

impl Stretches {
    pub fn new(demands: &[Demand]) -> Self {
        let timed = |demand: &Demand| match demand.limit.subject {
            Subject::Latency { operation, service, .. } => demand.window.map(|_| (operation, service)),
            _ => None,
        };
        Self { wanted: demands.iter().filter_map(timed).collect(), times: HashMap::new() }
    }

    /// Takes the latencies of a second.
    pub fn time(&mut self, interval: &Interval) {
        let key = (interval.operation, interval.service);
        if self.wanted.contains(&key) {
            let second = self.times.entry(key).or_default().entry(interval.second).or_default();
            let buckets = interval.histogram.iter_recorded();
            second.extend(buckets.map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value())));
        }
    }

    /// The worst stretch of a demand that has a window; `None` where none had a sample to judge.
    pub fn worst(&self, demand: &Demand, scene: &Scene<'_>) -> Option<Worst> {
        if let Subject::Sync { surface, point: Point::Quantile(q) } = demand.limit.subject {
            return of_uploads(demand, surface, q, scene);
        }
        let (first, last) = scene.bins.steady_span()?;
        let length = demand.window.unwrap_or(u32::MAX).max(1);
        let mut stretch = Stretch::default();
        let mut worst: Option<Worst> = None;
        for second in first..=last {
            self.turn(&mut stretch, demand, scene.bins, second, true);
            if second - first >= length {
                self.turn(&mut stretch, demand, scene.bins, second - length, false);
            }
            let whole = second - first + 1 >= length.min(last - first + 1);
            let judged = whole && second - first + 1 > demand.delay;
            let at = scene.at(Nanos(u64::from(second + 1) * Nanos::SECOND));
            if let Some(found) = stretch.judge(demand, at).filter(|_| judged) {
                // What one stretch leaves open stays open, though another measured worse.
                let at_most = worst.map_or(found.at_most, |known| known.at_most.max(found.at_most));
                let worse = worst.filter(|known| !found.is_worse(known, demand.limit.above)).unwrap_or(found);
                worst = Some(Worst { at_most, ..worse });
            }
        }
        worst
    }

    /// Lets a second into the stretch, or out of it.
    fn turn(&self, stretch: &mut Stretch, demand: &Demand, bins: &Bins<'_>, second: u32, enters: bool) {
        let turn = |total: &mut u64, by: u64| *total = if enters { *total + by } else { *total - by };
        let count = |stretch: &mut Stretch, operation: Operation, part: &dyn Fn(&OpBin) -> u64| {
            if let Some(bin) = bins.judged(second, operation) {
                turn(&mut stretch.some, part(bin));
                turn(&mut stretch.all, bin.count);
            }
        };
        let of_users = || bins.operations_of(second).filter(|operation| operation.is_of_users());
        match &demand.limit.subject {
            Subject::Latency { operation, service, .. } => {
                let Some(bin) = bins.judged(second, *operation) else { return };
                turn(&mut stretch.all, bin.count);
                turn(&mut stretch.cut_off, bin.outcomes[OutcomeKind::CutOff.index()]);
                let times = self.times.get(&(*operation, *service)).and_then(|all| all.get(&second));
                for (value, times) in times.into_iter().flatten() {
                    turn(&mut stretch.timed, *times);
                    let count = stretch.times.entry(*value).or_default();
                    turn(count, *times);
                    if *count == 0 {
                        stretch.times.remove(value);
                    }
                }
            }
            Subject::Errors(Some(operation)) => count(stretch, *operation, &errors),
            Subject::Errors(None) => of_users().for_each(|each| count(stretch, each, &errors)),
            Subject::Outcome(kind) => {
                of_users().for_each(|each| count(stretch, each, &|bin| bin.outcomes[kind.index()]));
            }
            Subject::Code(code) => {
                of_users()
                    .for_each(|each| count(stretch, each, &|bin| bin.codes.get(code).copied().unwrap_or(0)));
            }
            Subject::Rate => {
                let (started, asked) = bins.arrivals_of(second);
                turn(&mut stretch.some, started);
                turn(&mut stretch.all, asked);
            }
            // Judged by uploads, since invoices of one stretch become visible in another.
            Subject::Sync { .. } => {}
        }
    }
}

/// The worst delay of the invoices that one stretch uploaded; stretches overlap by nine tenths.
///
/// Invoices of the last seconds may not have had the time that the limit gives them: where their
/// quantile was not reached, and what is known of it keeps the limit, another stretch decides.
fn of_uploads(demand: &Demand, surface: Surface, q: f64, scene: &Scene<'_>) -> Option<Worst> {
    let (first, last) = scene.bins.steady_span()?;
    let length = demand.window.unwrap_or(u32::MAX).max(1);
    let (calendar, manifest, end) = (scene.calendar, scene.manifest, scene.end().as_seconds());
    let delays = scene.story.sync.of_surface(surface);
    let ends = (first + 1..=last + 1)
        .filter(|until| until - first >= length.min(last + 1 - first) && until - first > demand.delay)
        .filter(|until| (until - first) % (length / 10).max(1) == 0 || *until == last + 1);
    let each = ends.filter_map(|until| {
        let from = until.saturating_sub(length).max(first);
        let found = delays.quantile(q, f64::from(from)..f64::from(until), calendar, manifest, end)?;
        let at_most = if found.reached { found.value } else { f64::INFINITY };
        let at = scene.at(Nanos(u64::from(until) * Nanos::SECOND));
        Some(Worst { value: Some(found.value), at_most, at })
    });
    let judged = |worst: &Worst| {
        worst.at_most.is_finite() || worst.value.is_some_and(|value| !demand.limit.holds(value))
    };
    let above = demand.limit.above;
    each.reduce(|known, found| {
        let worse = match (judged(&known), judged(&found)) {
            (true, true) | (false, false) => found.is_worse(&known, above),
            (known, _) => !known,
        };
        if worse { found } else { known }
    })
}

fn errors(bin: &OpBin) -> u64 {
    let bad = OutcomeKind::ALL.iter().filter(|kind| matches!(kind.class(), Class::Failed | Class::TimedOut));
    bad.map(|kind| bin.outcomes[kind.index()]).sum()
}

impl Stretch {
    fn judge(&self, demand: &Demand, at: DateTime<FixedOffset>) -> Option<Worst> {
        if self.all == 0 {
            return None;
        }
        let Subject::Latency { point, .. } = &demand.limit.subject else {
            let value = self.some as f64 / self.all as f64;
            return Some(Worst { value: Some(value), at_most: value, at });
        };
        if self.timed == 0 {
            return Some(Worst { value: None, at_most: f64::INFINITY, at });
        }
        let value = match point {
            Point::Quantile(q) => self.quantile(*q),
            Point::Max => self.quantile(1.0),
            Point::Mean => self.mean(),
        };
        let at_most = match point {
            // Those cut off stand somewhere below; at the far end they move the quantile by their share.
            Point::Quantile(q) if self.cut_off > 0 => {
                let share = q + self.cut_off as f64 / self.timed as f64;
                if share >= 1.0 { f64::INFINITY } else { self.quantile(share) }
            }
            _ => value,
        };
        Some(Worst { value: Some(value), at_most, at })
    }

    /// Seconds.
    fn quantile(&self, q: f64) -> f64 {
        let rank = ((q * self.timed as f64).ceil() as u64).clamp(1, self.timed.max(1));
        let mut below = 0;
        let found = self.times.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        found.map_or(0.0, |(value, _)| *value as f64 / 1e9)
    }

    fn mean(&self) -> f64 {
        let sum: f64 = self.times.iter().map(|(value, count)| *value as f64 * *count as f64).sum();
        sum / self.timed as f64 / 1e9
    }
}

impl Worst {
    /// Nothing is worse than requests without a single time; where two are alike the first is told.
    fn is_worse(&self, than: &Self, above: bool) -> bool {
        match (self.value, than.value) {
            (None, known) => known.is_some(),
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) if above => mine < theirs,
            (Some(mine), Some(theirs)) => (mine, self.at_most) > (theirs, than.at_most),
        }
    }
}
