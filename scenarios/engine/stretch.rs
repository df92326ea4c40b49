//! What one block of a session measured, folded by the collector as the batches come.

use super::recorder::Batch;
use super::totals::SATURATED;
use hdrhistogram::Histogram;
use piaotan_analysis::capacity::Second;
use piaotan_analysis::gate::Sample;
use piaotan_analysis::quantile::LogSample;
use piaotan_record::{Arrivals, Cell, Class, Dropped, Nanos, Operation, tally};
use std::collections::BTreeMap;

/// What counts as too slow, of one operation or of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TooSlow {
    pub operation: Option<Operation>,
    /// Seconds.
    pub latency: f64,
}

/// A block under way: requests due from `from` on count, those before `measured` only warm up.
#[derive(Debug)]
pub struct Stretch {
    /// Seconds of the run's epoch: first of the block, first that is measured, first after it.
    pub from: u32,
    pub measured: u32,
    pub until: u32,
    pub operations: Vec<Operation>,
    pub too_slow: Option<TooSlow>,
    cells: BTreeMap<Operation, Cell>,
    seconds: BTreeMap<u32, Tick>,
    arrivals: Arrivals,
    /// Requests of all operations, and those that failed, ran out of time or were cut off.
    requests: u64,
    failed: u64,
    lateness: Histogram<u64>,
    busy_seconds: u32,
}

/// One second with the sum of its response times, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Tick {
    second: Second,
    answered: f64,
    total: f64,
}

/// A block that is over.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The block's first moment and the moment when its last request was answered.
    pub begin: Nanos,
    pub idle: Nanos,
    /// Seconds that it pressed, and that it took from the last arrival to the last answer.
    pub seconds: f64,
    pub drain: f64,
    /// By operation, warm-up excluded, response times in nanoseconds.
    pub operations: BTreeMap<String, Sample>,
    /// Second by second from the start of the block.
    pub each_second: Vec<Second>,
    pub arrivals: Arrivals,
    /// Requests of all operations, and those of them that got no proper answer.
    pub requests: u64,
    pub failed: u64,
    /// Seconds by which arrivals started late, at the 99th percentile.
    pub lateness: f64,
    /// Seconds in which a pacing thread had no CPU to spare.
    pub busy_seconds: u32,
    /// Ended before its time.
    pub cut: bool,
}

impl Stretch {
    /// A block of whole seconds, of which the first `settle` are not measured.
    #[must_use]
    pub fn new(from: u32, settle: u32, seconds: u32) -> Self {
        Self {
            from,
            measured: from + settle,
            until: from + seconds,
            operations: Vec::new(),
            too_slow: None,
            cells: BTreeMap::new(),
            seconds: BTreeMap::new(),
            arrivals: Arrivals::default(),
            requests: 0,
            failed: 0,
            lateness: tally::latency_histogram(),
            busy_seconds: 0,
        }
    }

    /// Folds a batch in; looks of the tracker and preparations are no part of a block.
    pub(super) fn take(&mut self, batch: &Batch) {
        for (second, operation, cell) in batch.tally.cells() {
            if second < self.from || !self.operations.contains(&operation) {
                continue;
            }
            self.requests += cell.count();
            self.failed += failures(cell);
            self.tick(second, operation, cell);
            if second >= self.measured {
                self.cells.entry(operation).or_default().merge(cell);
            }
        }
        let from = self.from;
        for (second, arrivals) in batch.tally.arrivals.iter().filter(|(second, _)| **second >= from) {
            self.arrivals.merge(arrivals);
            // Arrivals that were never started are requests that nobody got an answer to.
            self.at(*second).second.unsent += lost(arrivals);
            self.at(*second).second.due += lost(arrivals);
        }
        if batch.paces {
            self.lateness.add(&batch.lateness).expect("all histograms have one shape");
            self.busy_seconds += u32::from(batch.cpu > SATURATED);
        }
    }

    /// Later steps of journeys may be due after the block; they belong to its last second.
    fn at(&mut self, second: u32) -> &mut Tick {
        self.seconds.entry(second.min(self.until.saturating_sub(1))).or_default()
    }

    fn tick(&mut self, second: u32, operation: Operation, cell: &Cell) {
        let slow = self.too_slow.filter(|slow| slow.operation.is_none_or(|only| only == operation));
        if self.too_slow.is_some() && slow.is_none() {
            return;
        }
        let above = slow.map_or(0, |slow| above(&cell.response, slow.latency));
        let answered = cell.response.len();
        let total = cell.response.mean() / 1e9 * answered as f64;
        let tick = self.at(second);
        tick.second.due += cell.count();
        // The times of what ran out of time or was cut off are in the histogram too, as lower bounds.
        tick.second.slow += above.saturating_sub(cell.of(Class::TimedOut) + cell.of(Class::CutOff));
        tick.second.failed += failures(cell);
        tick.answered += answered as f64;
        tick.total += if answered > 0 { total } else { 0.0 };
    }

    /// Requests and failures so far: for a caller that has to stop in time.
    #[must_use]
    pub fn so_far(&self) -> (u64, u64) {
        (self.requests, self.failed)
    }

    /// What it came to.
    pub(super) fn finish(self, end: Nanos, idle: Nanos, cut: bool) -> Measured {
        let last = self.seconds.keys().next_back().copied().unwrap_or(self.from);
        let each_second = (self.from..=last).map(|second| {
            let tick = self.seconds.get(&second).copied().unwrap_or_default();
            let mean = if tick.answered > 0.0 { tick.total / tick.answered } else { f64::NAN };
            Second { mean, ..tick.second }
        });
        let begin = Nanos(u64::from(self.from) * Nanos::SECOND);
        Measured {
            begin,
            idle,
            seconds: end.since(begin) as f64 / 1e9,
            drain: idle.since(end) as f64 / 1e9,
            each_second: each_second.collect(),
            operations: self.cells.iter().map(|(op, cell)| (op.as_str().to_owned(), sample(cell))).collect(),
            arrivals: self.arrivals,
            requests: self.requests,
            failed: self.failed,
            lateness: self.lateness.value_at_quantile(0.99) as f64 / 1e9,
            busy_seconds: self.busy_seconds,
            cut,
        }
    }
}

impl Measured {
    /// Share of the arrivals for which no invoice was left that they may use.
    #[must_use]
    pub fn without_invoice(&self) -> f64 {
        self.arrivals.dropped[Dropped::NoData.index()] as f64 / self.arrivals.scheduled.max(1) as f64
    }

    /// Whether it measured the generator rather than the platform.
    #[must_use]
    pub fn is_generator_limited(&self) -> bool {
        let dropped = self.arrivals.dropped[Dropped::Late.index()];
        let much = |part: f64| part > 0.02 * self.arrivals.scheduled.max(1) as f64;
        much(dropped as f64) || f64::from(self.busy_seconds) > 0.34 * self.seconds || self.lateness > 0.1
    }
}

fn failures(cell: &Cell) -> u64 {
    cell.of(Class::Failed) + cell.of(Class::TimedOut) + cell.of(Class::CutOff)
}

fn lost(arrivals: &Arrivals) -> u64 {
    let of = |reason: Dropped| arrivals.dropped[reason.index()];
    of(Dropped::Late) + of(Dropped::QueueFull) + of(Dropped::Stopped)
}

/// How many latencies are longer than so many seconds.
fn above(histogram: &Histogram<u64>, seconds: f64) -> u64 {
    let limit = (seconds * 1e9) as u64;
    let longer = histogram
        .iter_recorded()
        .filter(|step| step.value_iterated_to() > histogram.highest_equivalent(limit));
    longer.map(|step| step.count_at_value()).sum()
}

fn sample(cell: &Cell) -> Sample {
    let errors = cell.of(Class::Failed) + cell.of(Class::TimedOut);
    Sample::new(&LogSample::from_histogram(&cell.response), cell.count(), errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_at_the_limit_is_not_above_it() {
        let mut histogram = tally::latency_histogram();
        for millis in [100, 499, 500, 502, 900] {
            histogram.saturating_record(millis * 1_000_000);
        }
        assert_eq!(above(&histogram, 0.5), 2);
    }

    #[test]
    fn a_second_without_an_answer_has_no_mean() {
        let mut stretch = Stretch::new(0, 0, 3);
        (stretch.at(2).answered, stretch.at(2).total) = (2.0, 0.4);
        let end = Nanos(3 * Nanos::SECOND);
        let means: Vec<f64> = stretch.finish(end, end, false).each_second.iter().map(|s| s.mean).collect();
        // A zero would look like the quickest of all seconds to whoever seeks the end of the warm-up.
        assert!(means[0].is_nan() && means[1].is_nan(), "{means:?}");
        assert_eq!(means[2..], [0.2]);
    }
}
