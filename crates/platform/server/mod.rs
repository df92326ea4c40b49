//! The thin server: it reads the clock, moves bytes, and holds replies back. Nothing here knows an invoice.

#![allow(clippy::disallowed_methods, reason = "the one room of the platform that reads a clock")]

mod connection;
mod line;
mod listen;
mod outgoing;
mod start;
mod tls;

pub use connection::serve_stream;
pub use listen::serve;
pub use start::{ServeOptions, Tls, run};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that runs with tokio's: real outside tests, paused and advanced inside them.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    zero: DateTime<Utc>,
    since: tokio::time::Instant,
}

impl Clock {
    /// A clock that shows `zero` now. It is monotonic: later corrections of the machine's clock are not seen.
    pub fn showing(zero: DateTime<Utc>) -> Clock {
        Clock { zero, since: tokio::time::Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.zero + TimeDelta::from_std(self.since.elapsed()).unwrap_or(TimeDelta::MAX)
    }

    /// The tokio instant at which this clock shows `at`; now, if that has passed.
    pub(crate) fn when(&self, at: DateTime<Utc>) -> tokio::time::Instant {
        self.since + (at - self.zero).to_std().unwrap_or_default()
    }
}
