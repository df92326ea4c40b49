//! One thing the suite saw the platform do, or fail to do.

use crate::code::Code;
use crate::operation::{Operation, Surface};
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Monotonic nanoseconds since the epoch of the run; the manifest maps the epoch to the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// Nanoseconds in a second.
    pub const SECOND: u64 = 1_000_000_000;

    /// The whole second this instant lies in.
    #[must_use]
    pub fn second(self) -> u32 {
        u32::try_from(self.0 / Self::SECOND).unwrap_or(u32::MAX)
    }

    #[must_use]
    pub fn from_duration(since_epoch: Duration) -> Self {
        Self(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
    }

    #[must_use]
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds.max(0.0) * 1e9) as u64)
    }

    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Time from `earlier` to here; zero when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One thing the suite saw the platform do, or fail to do.
///
/// It holds no verdict and no maintenance flag: those are derived by joining it with a calendar, so
/// that they can be derived again when a window is corrected afterwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    pub operation: Operation,
    /// When the plan wanted it.
    pub due: Nanos,
    /// When its first byte was handed to the connection.
    pub sent: Nanos,
    /// When the first byte of the answer's body or head was there; absent when none came.
    pub first_byte: Option<Nanos>,
    /// When the last byte was there, or the attempt was given up.
    pub done: Nanos,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub outcome: Outcome,
    pub code: Option<Code>,
    pub mark: Option<Mark>,
    /// Present only on failures and probes.
    pub evidence: Option<Box<Evidence>>,
}

impl Observation {
    /// One of which nothing but its times and its outcome is known.
    #[must_use]
    pub const fn new(operation: Operation, due: Nanos, sent: Nanos, done: Nanos, outcome: Outcome) -> Self {
        Self {
            operation,
            due,
            sent,
            first_byte: None,
            done,
            bytes_sent: 0,
            bytes_received: 0,
            outcome,
            code: None,
            mark: None,
            evidence: None,
        }
    }

    /// What a user who arrived on schedule would have felt, in nanoseconds.
    #[must_use]
    pub fn response(&self) -> u64 {
        self.done.since(self.due)
    }

    /// What the platform took once asked, in nanoseconds.
    #[must_use]
    pub fn service(&self) -> u64 {
        self.done.since(self.sent)
    }
}

/// Names a synthetic invoice within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub u64);

/// What an observation means for the delay until an invoice is visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Accepted by the platform: the delay starts here.
    Issued(Token),
    /// Looked for, and not there yet.
    NotYet(Token, Surface),
    /// Looked for, and there.
    Seen(Token, Surface),
}

/// What was seen of a failure, for people: bounded, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The platform's own code, as it wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The first kilobyte of what came back, or what the transport said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<Phases>,
}

/// Where the time of one request went; seconds, absent where a phase did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Phases {
    pub resolve: Option<Nanos>,
    pub connect: Option<Nanos>,
    pub tls: Option<Nanos>,
    pub processing: Option<Nanos>,
    pub transfer: Option<Nanos>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_counts_from_due_and_service_from_sent() {
        let seen = Observation::new(Operation::Upload, Nanos(1_000), Nanos(2_000), Nanos(5_000), Outcome::Ok);
        assert_eq!((seen.response(), seen.service()), (4_000, 3_000));
    }
}
