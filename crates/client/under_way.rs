//! A request that was counted as sent: it leaves exactly one observation, whatever becomes of who asked.

use crate::ask::Record;
use crate::clock::Clock;
use piaotan_record::{Nanos, Observation, Operation, Outcome};

/// A request that was counted as sent. Dropped without an end (a panic, a lost future), it still
/// leaves its one observation.
pub(crate) struct UnderWay<'a, R: Record> {
    operation: Operation,
    due: Nanos,
    sent: Nanos,
    clock: Clock,
    record: &'a R,
    ended: bool,
}

impl<'a, R: Record> UnderWay<'a, R> {
    pub(crate) fn begin(operation: Operation, due: Nanos, clock: Clock, record: &'a R) -> Self {
        record.sent(operation, due);
        Self { operation, due, sent: clock.now(), clock, record, ended: false }
    }

    pub(crate) fn end(mut self, observation: Observation) {
        self.ended = true;
        self.record.seen(observation);
    }
}

impl<R: Record> Drop for UnderWay<'_, R> {
    fn drop(&mut self) {
        if !self.ended {
            let Self { operation, due, sent, .. } = *self;
            let lost = Observation::new(operation, due, sent, self.clock.now(), Outcome::CutOff);
            self.record.seen(lost);
        }
    }
}
