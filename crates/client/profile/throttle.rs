//! Limits that a platform states, several of them at once: when the next call may be made.

use super::Throttle;
use piaotan_record::{Nanos, Operation};
use std::collections::VecDeque;

/// Keeps all sliding windows of a profile. Pure: every instant is an argument, and instants do not go back.
#[derive(Debug, Clone, Default)]
pub struct Limiter {
    windows: Vec<Window>,
}

#[derive(Debug, Clone)]
struct Window {
    throttle: Throttle,
    /// The last calls, at most as many as the window allows.
    calls: VecDeque<Nanos>,
}

impl Limiter {
    #[must_use]
    pub fn new(throttles: &[Throttle]) -> Self {
        let window = |throttle: &Throttle| Window { throttle: throttle.clone(), calls: VecDeque::new() };
        Self { windows: throttles.iter().map(window).collect() }
    }

    /// The earliest instant, not before `now`, at which every window has room for the operation.
    #[must_use]
    pub fn earliest(&self, operation: Operation, now: Nanos) -> Nanos {
        let windows = self.windows.iter().filter(|window| window.holds(operation));
        windows.map(|window| window.earliest(now)).max().unwrap_or(now)
    }

    /// Books a call and returns when it may be made.
    pub fn book(&mut self, operation: Operation, now: Nanos) -> Nanos {
        let at = self.earliest(operation, now);
        for window in self.windows.iter_mut().filter(|window| window.holds(operation)) {
            window.calls.push_back(at);
            if window.calls.len() > window.throttle.budget.calls as usize {
                window.calls.pop_front();
            }
        }
        at
    }

    /// The highest steady rate of an operation, in calls a second; `None` where no limit holds.
    #[must_use]
    pub fn rate(&self, operation: Operation) -> Option<f64> {
        let windows = self.windows.iter().filter(|window| window.holds(operation));
        windows
            .map(|window| f64::from(window.throttle.budget.calls) / window.seconds())
            .min_by(f64::total_cmp)
    }
}

impl Window {
    fn holds(&self, operation: Operation) -> bool {
        self.throttle.operations.is_empty() || self.throttle.operations.contains(&operation)
    }

    fn seconds(&self) -> f64 {
        self.throttle.budget.per.num_milliseconds() as f64 / 1e3
    }

    /// A full window has room again when its oldest call leaves it.
    fn earliest(&self, now: Nanos) -> Nanos {
        let full = self.calls.len() >= self.throttle.budget.calls as usize;
        let oldest = self.calls.front().filter(|_| full);
        oldest.map_or(now, |oldest| now.max(Nanos(oldest.0 + Nanos::from_seconds(self.seconds()).0)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Limiter;
    use crate::profile::{Budget, Throttle};
    use chrono::TimeDelta;
    use piaotan_record::{Nanos, Operation};

    fn throttle(operations: &[Operation], calls: u32, seconds: i64) -> Throttle {
        Throttle {
            operations: operations.to_vec(),
            budget: Budget { calls, per: TimeDelta::seconds(seconds) },
        }
    }

    #[test]
    fn every_window_must_have_room() {
        let mut limiter = Limiter::new(&[throttle(&[], 2, 1), throttle(&[Operation::Upload], 3, 60)]);
        let mut book = |operation, now: u64| limiter.book(operation, Nanos(now * Nanos::SECOND)).as_seconds();
        assert_eq!(
            [book(Operation::Upload, 0), book(Operation::Upload, 0), book(Operation::Upload, 0)],
            [0.0, 0.0, 1.0]
        );
        assert_eq!(book(Operation::Verify, 1), 1.0);
        assert_eq!(book(Operation::Upload, 2), 60.0);
        assert_eq!(limiter.rate(Operation::Upload), Some(0.05));
        assert_eq!(limiter.rate(Operation::Verify), Some(2.0));
    }
}
