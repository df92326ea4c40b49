//! One HTTP/1.1 transport for all: it connects, sends, and says when each thing happened.
//!
//! A [`Pool`] lends at most N keep-alive connections; waiting for one is the caller's response time.
//! A failure to reach the platform is a [`Failure`] inside an [`Exchange`], never an `Err`.

mod connection;
mod dial;
mod framing;
mod outgoing;
mod pool;
#[cfg(test)]
mod tests;
mod watch;

pub use dial::{BoxIo, Dialer, Guard, Io};
pub use outgoing::Outgoing;
pub use pool::{Lease, Pool, PoolOptions};

use bytes::Bytes;
use hyper::HeaderMap;
use piaotan_record::{Nanos, Outcome, Phase, Phases};

/// One request and what came of it, with its times.
#[derive(Debug)]
pub struct Exchange {
    /// When its first byte was handed to the connection (or connecting began, where that failed).
    pub sent: Nanos,
    pub first_byte: Option<Nanos>,
    pub done: Nanos,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// Where the time went while connecting; absent on a connection that was kept alive.
    pub connected: Option<Phases>,
    pub result: Result<Answer, Failure>,
}

/// What a platform answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Dns(String),
    Refused(String),
    Tls(String),
    Reset(String),
    TimedOut(Phase),
    /// What came back is not HTTP, or larger than we read.
    Unreadable(String),
    /// The run ended while it was under way.
    CutOff,
    /// The resolved address is not one that we may talk to.
    Forbidden(String),
}

impl Failure {
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Dns(_) => Outcome::Dns,
            Self::Refused(_) => Outcome::Refused,
            Self::Tls(_) => Outcome::Tls,
            Self::Reset(_) => Outcome::Reset,
            Self::TimedOut(phase) => Outcome::TimedOut { phase: *phase },
            Self::Unreadable(_) => Outcome::Unreadable,
            Self::CutOff => Outcome::CutOff,
            Self::Forbidden(_) => Outcome::ClientError,
        }
    }

    /// What the transport said, for people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Dns(text) | Self::Refused(text) | Self::Tls(text) | Self::Reset(text) => text.clone(),
            Self::Unreadable(text) | Self::Forbidden(text) => text.clone(),
            Self::TimedOut(phase) => format!("no answer in time (while in phase {phase})"),
            Self::CutOff => "still under way when the run ended".to_owned(),
        }
    }
}
