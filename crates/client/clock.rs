//! Clocks are handed in, so that a week can pass in seconds.
#![allow(clippy::disallowed_methods, reason = "the one place of this crate that reads the real clock")]

use chrono::{DateTime, Utc};
use piaotan_record::Nanos;
use std::fmt::Debug;
use tokio::time::Instant;

/// Tells the time: monotonic since an epoch, and what the wall shows.
///
/// Monotonic time comes from tokio, so it stands still when a test pauses it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: Instant,
    wall: DateTime<Utc>,
}

impl Clock {
    /// A clock whose epoch is now.
    #[must_use]
    pub fn start() -> Self {
        Self { epoch: Instant::now(), wall: Utc::now() }
    }

    /// A clock whose epoch is the last whole second of the wall clock, less than a second ago: clocks
    /// of several machines then count seconds that begin together.
    #[must_use]
    pub fn on_the_second() -> Self {
        let (now, wall) = (Instant::now(), Utc::now());
        let past = std::time::Duration::from_nanos(wall.timestamp_subsec_nanos().min(999_999_999).into());
        match now.checked_sub(past) {
            Some(epoch) => Self { epoch, wall: wall - past },
            None => Self { epoch: now, wall },
        }
    }

    /// A clock whose epoch is now, called `wall`: for simulated time.
    #[must_use]
    pub fn start_at(wall: DateTime<Utc>) -> Self {
        Self { epoch: Instant::now(), wall }
    }

    /// A clock whose epoch is a given instant of tokio's time, called `wall`.
    #[must_use]
    pub const fn with_epoch(epoch: Instant, wall: DateTime<Utc>) -> Self {
        Self { epoch, wall }
    }

    /// Time since the epoch.
    #[must_use]
    pub fn now(&self) -> Nanos {
        Nanos::from_duration(self.epoch.elapsed())
    }

    /// The wall clock, carried forward monotonically from the epoch.
    #[must_use]
    pub fn wall(&self) -> DateTime<Utc> {
        self.wall_at(self.now())
    }

    /// What the wall showed, or will show, at a moment of this clock.
    #[must_use]
    pub fn wall_at(&self, at: Nanos) -> DateTime<Utc> {
        self.wall + chrono::Duration::nanoseconds(i64::try_from(at.0).unwrap_or(i64::MAX))
    }

    /// The moment of this clock at a wall-clock instant; zero before its epoch.
    #[must_use]
    pub fn moment(&self, wall: DateTime<Utc>) -> Nanos {
        Nanos(u64::try_from((wall - self.wall).num_nanoseconds().unwrap_or(0)).unwrap_or(0))
    }

    /// The tokio instant of a moment.
    #[must_use]
    pub fn instant(&self, at: Nanos) -> Instant {
        self.epoch + std::time::Duration::from_nanos(at.0)
    }
}
