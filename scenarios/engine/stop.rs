//! How a run is told to end: once politely, once at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::Notify;

/// How urgently a run should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    No,
    /// No new journeys; what is under way may finish within the grace.
    Drain,
    /// Nothing more, not even waiting.
    Now,
}

/// A switch that only goes up, shared by everything that belongs to a run.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    urgency: AtomicU8,
    raised: Notify,
}

impl Stop {
    /// Raises the urgency; never lowers it.
    pub fn raise(&self, to: Urgency) {
        self.0.urgency.fetch_max(to as u8, Ordering::AcqRel);
        self.0.raised.notify_waiters();
    }

    #[must_use]
    pub fn urgency(&self) -> Urgency {
        match self.0.urgency.load(Ordering::Acquire) {
            0 => Urgency::No,
            1 => Urgency::Drain,
            _ => Urgency::Now,
        }
    }

    /// Whether at least that urgent.
    #[must_use]
    pub fn is(&self, at_least: Urgency) -> bool {
        self.urgency() >= at_least
    }

    /// Comes back when it is at least that urgent.
    pub async fn reached(&self, at_least: Urgency) {
        loop {
            let raised = self.0.raised.notified();
            tokio::pin!(raised);
            // Registered before the look, so that a raise in between is not missed.
            raised.as_mut().enable();
            if self.is(at_least) {
                return;
            }
            raised.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_goes_up() {
        let stop = Stop::default();
        stop.raise(Urgency::Now);
        stop.raise(Urgency::Drain);
        assert_eq!(stop.urgency(), Urgency::Now);
    }
}
