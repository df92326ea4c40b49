//! What may be sent now: the calendar as every worker sees it.
//!
//! No logins or uploads inside a window, and nothing at all inside one that stops everything. The
//! engine leaves off a little before a window opens, so that nothing which was sent in good time
//! arrives inside it.

use piaotan_client::clock::Clock;
use piaotan_record::calendar::{Calendar, Phase};
use piaotan_record::window::Status;
use piaotan_record::{Nanos, Operation, Service};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Shared by workers; changed by the lookout alone.
#[derive(Debug)]
pub struct Holds {
    clock: Clock,
    calendar: RwLock<Arc<Calendar>>,
    /// Without windows nothing needs to be asked.
    any: AtomicBool,
    /// The last look found the platform down: whatever the calendar says, wait for a good one.
    restrained: AtomicBool,
    /// How long before a window's start to leave off.
    lead: chrono::Duration,
    /// `--during-maintenance`: press all the same.
    ignore: bool,
}

impl Holds {
    #[must_use]
    pub fn new(clock: Clock, calendar: Calendar, lead: Duration, ignore: bool) -> Arc<Self> {
        let any = AtomicBool::new(!calendar.windows().is_empty());
        let lead = chrono::Duration::from_std(lead).unwrap_or_default();
        let restrained = AtomicBool::new(false);
        Arc::new(Self { clock, calendar: RwLock::new(Arc::new(calendar)), any, restrained, lead, ignore })
    }

    /// What is known of windows now.
    #[must_use]
    pub fn calendar(&self) -> Arc<Calendar> {
        self.calendar.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces what is known.
    pub fn learn(&self, calendar: Calendar) {
        let any = !calendar.windows().is_empty();
        *self.calendar.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(calendar);
        self.any.store(any, Ordering::Release);
    }

    /// Whether an operation is held back at a moment.
    #[must_use]
    pub fn forbids(&self, operation: Operation, at: Nanos) -> bool {
        if self.ignore || !self.any.load(Ordering::Acquire) {
            return false;
        }
        if self.restrained.load(Ordering::Acquire) {
            return true;
        }
        let now = self.clock.wall_at(at);
        let calendar = self.calendar.read().unwrap_or_else(PoisonError::into_inner);
        held(calendar.phase_over(now, now + self.lead, operation.service()), operation)
    }

    /// Holds everything back until a look was good, also past the end that was announced.
    pub fn restrain(&self, down: bool) {
        self.restrained.store(down, Ordering::Release);
    }

    #[must_use]
    pub fn is_restrained(&self) -> bool {
        self.restrained.load(Ordering::Acquire)
    }

    /// Whether a token may be asked for.
    #[must_use]
    pub fn may_login(&self, at: Nanos) -> bool {
        !self.forbids(Operation::Login, at)
    }

    /// The window that holds anything back at a moment, with whether it stops everything.
    #[must_use]
    pub fn holding(&self, at: Nanos) -> Option<(String, bool)> {
        if self.ignore {
            return None;
        }
        let now = self.clock.wall_at(at);
        let calendar = self.calendar();
        // Reads stop last: where they are held, everything is.
        let window = |service| {
            let phase = calendar.phase_at(now, service);
            phase.window().filter(|_| phase.is_maintenance())
        };
        if let Some(window) = window(Service::Query).filter(|window| window.status == Status::Confirmed) {
            return Some((window.id.clone(), true));
        }
        window(Service::All).map(|window| (window.id.clone(), false))
    }
}

/// A proposed window holds back writes and logins only; one that is believed holds all it names.
fn held(phase: Phase<'_>, operation: Operation) -> bool {
    match phase {
        Phase::During(window) | Phase::Overrun(window) => {
            operation.writes() || window.status == Status::Confirmed
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::{DateTime, TimeDelta, Utc};
    use piaotan_record::Window;
    use piaotan_record::window::Services;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn forbids(window: Window, operation: Operation, second: u64) -> bool {
        let clock = Clock::start_at(at(0));
        let lead = Duration::from_millis(200);
        Holds::new(clock, Calendar::of(vec![window]), lead, false)
            .forbids(operation, Nanos(second * Nanos::SECOND))
    }

    #[tokio::test]
    async fn a_window_holds_what_it_names_and_a_proposed_one_only_writes() {
        let window = Window::new("w", at(10), Some(at(20)));
        assert!(forbids(window.clone(), Operation::QueryNumber, 15));
        assert!(!forbids(window.clone(), Operation::QueryNumber, 20));
        let proposed = Window { status: Status::Proposed, ..window.clone() };
        assert!(forbids(proposed.clone(), Operation::Upload, 15));
        assert!(!forbids(proposed, Operation::QueryNumber, 15));
        let writes = Window { services: Services::WRITES, ..window };
        assert!(forbids(writes.clone(), Operation::Upload, 15) && !forbids(writes, Operation::Verify, 15));
    }

    #[tokio::test]
    async fn sending_ends_a_little_before_the_window_opens() {
        let window = Window::new("w", at(10) + TimeDelta::milliseconds(100), Some(at(20)));
        assert!(forbids(window, Operation::Upload, 10));
    }
}
