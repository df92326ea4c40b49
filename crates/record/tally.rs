//! Many observations folded: one second and operation a cell, whatever the length of the run.

use crate::code::Code;
use crate::observation::{Nanos, Observation};
use crate::operation::Operation;
use crate::outcome::{Class, OutcomeKind};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;

/// Lowest latency told apart, in nanoseconds.
pub const LOWEST: u64 = 1_000;
/// Longest latency recorded, in nanoseconds: one hour. Longer ones count as this.
pub const HIGHEST: u64 = 3_600 * Nanos::SECOND;
/// Significant decimal digits kept: buckets at most 0.1 % wide.
pub const DIGITS: u8 = 3;

/// An empty latency histogram, in nanoseconds. All histograms of the house have this shape, so they add exactly.
#[must_use]
pub fn latency_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(LOWEST, HIGHEST, DIGITS).expect("constant bounds are valid")
}

/// What came of one operation in one second.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Requests handed to a connection (or given up while waiting for one): counted apart from
    /// their outcomes, so that a lost outcome shows.
    pub sent: u64,
    pub outcomes: [u64; OutcomeKind::COUNT],
    /// How often each of the platform's own codes came.
    pub codes: Vec<(Code, u64)>,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// Response times of answers, timeouts and (as lower bounds) what was cut off. Failures are
    /// counted, not timed: a fast refusal must not make a quantile look better.
    pub response: Histogram<u64>,
    pub service: Histogram<u64>,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            sent: 0,
            outcomes: [0; OutcomeKind::COUNT],
            codes: Vec::new(),
            bytes_sent: 0,
            bytes_received: 0,
            response: latency_histogram(),
            service: latency_histogram(),
        }
    }
}

impl Cell {
    /// Folds one observation in.
    pub fn add(&mut self, seen: &Observation) {
        let kind = seen.outcome.kind();
        self.outcomes[kind.index()] += 1;
        self.bytes_sent += seen.bytes_sent;
        self.bytes_received += seen.bytes_received;
        if let Some(code) = seen.code {
            self.add_code(code, 1);
        }
        if kind.class() != Class::Failed {
            self.response.saturating_record(seen.response().max(LOWEST));
            self.service.saturating_record(seen.service().max(LOWEST));
        }
    }

    /// Adds what another cell counted.
    pub fn merge(&mut self, other: &Self) {
        self.sent += other.sent;
        for (mine, theirs) in self.outcomes.iter_mut().zip(other.outcomes) {
            *mine += theirs;
        }
        for &(code, count) in &other.codes {
            self.add_code(code, count);
        }
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.response.add(&other.response).expect("all histograms have one shape");
        self.service.add(&other.service).expect("all histograms have one shape");
    }

    /// How many requests (or journeys) were folded in.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// How many of them were of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> u64 {
        OutcomeKind::ALL
            .iter()
            .filter(|kind| kind.class() == class)
            .map(|kind| self.outcomes[kind.index()])
            .sum()
    }

    fn add_code(&mut self, code: Code, count: u64) {
        match self.codes.iter_mut().find(|(known, _)| *known == code) {
            Some((_, total)) => *total += count,
            None => self.codes.push((code, count)),
        }
    }
}

crate::closed_enum! {
    /// Why an arrival that was due was never started.
    pub enum Dropped {
        /// Every journey slot was taken and the waiting line full.
        QueueFull = "queue_full",
        /// The generator woke too late to send it in order.
        Late = "late",
        /// The data pool had no row left that may be used.
        NoData = "no_data",
        /// The run was stopped before its turn.
        Stopped = "stopped",
    }
}

/// What became of the arrivals of one second, in journeys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Wanted by the pacer. Never computed from the other fields.
    pub scheduled: u64,
    pub started: u64,
    pub dropped: [u64; Dropped::ALL.len()],
    /// Held back because of a maintenance window.
    pub suppressed: u64,
}

impl Arrivals {
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub fn merge(&mut self, other: &Self) {
        self.scheduled += other.scheduled;
        self.started += other.started;
        self.suppressed += other.suppressed;
        for (mine, theirs) in self.dropped.iter_mut().zip(other.dropped) {
            *mine += theirs;
        }
    }
}

/// Increments since the last tally was taken: cells by due second and operation, arrivals by second.
///
/// A second may recur in a later tally (late answers); readers sum.
#[derive(Debug, Default)]
pub struct Tally {
    seconds: Vec<(u32, Box<Second>)>,
    /// Arrivals by the second in which they were due.
    pub arrivals: BTreeMap<u32, Arrivals>,
}

#[derive(Debug)]
struct Second {
    cells: [Option<Box<Cell>>; Operation::COUNT],
}

impl Tally {
    /// Folds one observation in, under the second in which it was due.
    pub fn add(&mut self, seen: &Observation) {
        self.cell(seen.due.second(), seen.operation).add(seen);
    }

    /// Counts one request as sent, under the second in which it was due.
    pub fn sent(&mut self, operation: Operation, due: Nanos) {
        self.cell(due.second(), operation).sent += 1;
    }

    /// The arrivals of the second of `due`.
    pub fn arrivals_at(&mut self, due: Nanos) -> &mut Arrivals {
        self.arrivals.entry(due.second()).or_default()
    }

    /// Every cell, with its second and operation.
    pub fn cells(&self) -> impl Iterator<Item = (u32, Operation, &Cell)> {
        self.seconds.iter().flat_map(|(second, held)| {
            Operation::ALL
                .iter()
                .zip(&held.cells)
                .filter_map(move |(op, cell)| Some((*second, *op, cell.as_deref()?)))
        })
    }

    /// Whether nothing was folded in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seconds.is_empty() && self.arrivals.is_empty()
    }

    /// Adds what another tally counted.
    pub fn merge(&mut self, other: &Self) {
        for (second, operation, cell) in other.cells() {
            self.cell(second, operation).merge(cell);
        }
        for (second, arrivals) in &other.arrivals {
            self.arrivals.entry(*second).or_default().merge(arrivals);
        }
    }

    /// The cell of a second and operation, empty if there was none.
    pub fn cell(&mut self, second: u32, operation: Operation) -> &mut Cell {
        let at = match self.seconds.iter().rposition(|(known, _)| *known == second) {
            Some(at) => at,
            None => {
                self.seconds.push((second, Box::new(Second { cells: [const { None }; Operation::COUNT] })));
                self.seconds.len() - 1
            }
        };
        self.seconds[at].1.cells[operation.index()].get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use proptest::prelude::*;

    fn seen(due_ms: u64, took_ms: u64, outcome: Outcome) -> Observation {
        let ms = 1_000_000;
        Observation {
            operation: Operation::Verify,
            due: Nanos(due_ms * ms),
            sent: Nanos(due_ms * ms),
            first_byte: None,
            done: Nanos((due_ms + took_ms) * ms),
            bytes_sent: 1,
            bytes_received: 2,
            outcome,
            code: Some(Code(3)),
            mark: None,
            evidence: None,
        }
    }

    #[test]
    fn the_key_is_the_due_second() {
        let mut tally = Tally::default();
        tally.add(&seen(1_900, 5_000, Outcome::Ok));
        assert_eq!(
            tally.cells().map(|(second, op, cell)| (second, op, cell.count())).collect::<Vec<_>>(),
            [(1, Operation::Verify, 1)]
        );
    }

    #[test]
    fn a_fast_failure_is_counted_but_not_timed() {
        let mut cell = Cell::default();
        cell.add(&seen(0, 1, Outcome::ServerError));
        cell.add(&seen(0, 700, Outcome::TimedOut { phase: crate::outcome::Phase::Wait }));
        assert_eq!((cell.count(), cell.of(Class::Failed), cell.response.len()), (2, 1, 1));
    }

    proptest! {
        #[test]
        fn merging_equals_one_fold_in_any_order(times in proptest::collection::vec((0u64..9_000, 1u64..4_000), 1..60), cut in 0usize..60) {
            let all: Vec<Observation> = times.iter().map(|&(due, took)| seen(due, took, Outcome::Ok)).collect();
            let fold = |part: &[Observation]| { let mut t = Tally::default(); part.iter().for_each(|o| t.add(o)); t };
            let cut = cut.min(all.len());
            let (mut one, mut two) = (fold(&all[cut..]), fold(&all[..cut]));
            one.merge(&fold(&all[..cut]));
            two.merge(&fold(&all[cut..]));
            let sorted = |t: &Tally| { let mut v: Vec<_> = t.cells().map(|(s, o, c)| (s, o, c.outcomes, c.response.clone(), c.codes.clone())).map(|(s, o, n, h, k)| (s, o, n, h.iter_recorded().map(|b| (b.value_iterated_to(), b.count_at_value())).collect::<Vec<_>>(), k)).collect(); v.sort_by_key(|x| x.0); v };
            prop_assert_eq!(sorted(&one), sorted(&two));
            prop_assert_eq!(sorted(&one), sorted(&fold(&all)));
        }
    }
}
