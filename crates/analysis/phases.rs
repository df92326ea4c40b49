//! Observed maintenance: what the platform's answers say about its state, service by service.
//!
//! A stream of small [`Fact`]s goes in, [`Span`]s come out, the same whether it is fed live or folded
//! over a finished run. The rules are few, so that a finding can be explained:
//!
//! - *Maintenance* is begun by maintenance answers only (503 with Retry-After, a maintenance page or
//!   code), never by transport errors or plain 5xx. They must come without a good answer of the same
//!   service between them, for [`settle`](PhaseOptions::settle) at least, and either from several
//!   operations or three times in a row from one.
//! - Once begun, resets, timeouts and 5xx belong to it, as platforms restart; but when maintenance
//!   answers have faded for [`fade`](PhaseOptions::fade), what follows is an *outage*.
//! - An *outage* is three failures in a row of one service, or two when three services fail at once.
//! - When one's *own network* fails with it, transport errors say nothing about the platform.
//! - *Slow* is good answers, three in a row, later than [`slow`](PhaseOptions::slow).
//! - Each span's edges are bracketed by the last answer before and the first answer after, so that an
//!   edge is known to the poll's resolution and says so.
//!
//! Services are judged one by one: maintenance of the writes alone is then nothing special.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::window::Service;
use piaotan_record::{Observation, Operation, Outcome, OutcomeKind, closed_enum};
use serde::{Deserialize, Serialize};

pub use episode::{Episode, episodes};
pub use machine::ObservedPhases;

mod episode;
mod machine;
mod track;

/// One answer, or the lack of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    pub due: DateTime<Utc>,
    pub done: DateTime<Utc>,
    pub subject: Subject,
    pub signal: Signal,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Platform(Operation),
    /// A place that has nothing to do with the platform: [`Signal::Good`] or [`Signal::Unreachable`].
    OwnNetwork,
}

/// What an answer says about the state of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It did what it was asked, or said a proper "no".
    Good,
    /// It said that it is being maintained.
    Maintenance { retry_after: Option<TimeDelta> },
    /// No answer came: names, connections, TLS, resets, timeouts.
    Unreachable,
    /// It answered, and the answer was a failure of its own.
    Failing,
    /// Our pace or our request was at fault, or we gave up: it says nothing.
    Nothing,
}

closed_enum! {
    /// The state in which a service is seen.
    pub enum Condition {
        Healthy = "healthy",
        Slow = "slow",
        Outage = "outage",
        Maintenance = "maintenance",
        OwnNetwork = "own_network",
    }
}

closed_enum! {
    /// How sure a span is, by how many operations agree.
    pub enum Confidence {
        /// One operation alone.
        Low = "low",
        /// Two operations.
        Medium = "medium",
        /// Three operations, or half of all that were heard of.
        High = "high",
    }
}

/// When a span began or ended, as far as the polls tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The last answer that spoke against it was asked for then; `None` where none had come before.
    pub after: Option<DateTime<Utc>>,
    /// The best single instant: when the first answer that spoke for it was asked for.
    pub at: DateTime<Utc>,
    /// That answer was there then: the edge lies between `after` and here.
    pub by: DateTime<Utc>,
}

/// A service in one condition, other than healthy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub service: Service,
    pub condition: Condition,
    pub begin: Edge,
    /// `None` while it lasts.
    pub end: Option<Edge>,
    pub confidence: Confidence,
    pub evidence: Evidence,
    /// The last answer that spoke for the span was asked for then.
    pub last_seen: DateTime<Utc>,
    /// Nobody asked the service itself: the end is that of the services beside it.
    pub end_presumed: bool,
}

/// What a span rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Answers within the span, by what they said.
    pub maintenance: u32,
    pub unreachable: u32,
    pub failing: u32,
    pub slow: u32,
    /// Operations that spoke for it when it began, and operations heard of then.
    pub operations: u32,
    pub heard: u32,
    /// The latest instant that the platform's Retry-After pointed at.
    pub promised: Option<DateTime<Utc>>,
}

/// A change, as it became known.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// When it became known, which is later than the edge it is about.
    pub known: DateTime<Utc>,
    pub change: Change,
    pub span: Span,
}

/// What changed about a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Began,
    Ended,
    /// Its end had only been presumed, and it goes on.
    Reopened,
    /// Its condition was another than it first seemed.
    Reclassified,
}

/// The stretches in which a service was asked at all: nothing is concluded from silence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard(pub Vec<(DateTime<Utc>, DateTime<Utc>)>);

/// Thresholds, each with the reason for its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseOptions {
    /// Failures must go on for this long before they mean anything: shed load comes and goes in less.
    pub settle: TimeDelta,
    /// Operations that must speak of maintenance, where several are asked.
    pub operations: u32,
    /// Answers in a row that convince when only one operation is asked.
    pub alone: u32,
    /// Failures in a row of one service that are an outage: two come by chance once a day.
    pub failures: u32,
    /// Without a maintenance answer for this long, failures are an outage again.
    pub fade: TimeDelta,
    /// Unasked for this long, a service is taken to share the state of its neighbours.
    pub silence: TimeDelta,
    /// Response time from which a good answer is slow.
    pub slow: TimeDelta,
}

impl Default for PhaseOptions {
    fn default() -> Self {
        PhaseOptions {
            settle: TimeDelta::seconds(2),
            operations: 2,
            alone: 3,
            failures: 3,
            fade: TimeDelta::minutes(5),
            silence: TimeDelta::minutes(10),
            slow: TimeDelta::seconds(10),
        }
    }
}

impl Fact {
    /// What an observation says, `epoch` being the run's; a journey says nothing that its steps do not.
    pub fn seen(observation: &Observation, epoch: DateTime<Utc>) -> Option<Fact> {
        let at = |nanos: piaotan_record::Nanos| {
            epoch + TimeDelta::nanoseconds(i64::try_from(nanos.0).unwrap_or(i64::MAX))
        };
        (!observation.operation.is_journey()).then(|| Fact {
            due: at(observation.due),
            done: at(observation.done),
            subject: Subject::Platform(observation.operation),
            signal: Signal::from(&observation.outcome),
        })
    }
}

impl From<&Outcome> for Signal {
    fn from(outcome: &Outcome) -> Signal {
        match outcome {
            Outcome::Maintenance { retry_after } => {
                let retry_after = retry_after.and_then(|after| TimeDelta::from_std(after).ok());
                Signal::Maintenance { retry_after }
            }
            outcome => Signal::from(outcome.kind()),
        }
    }
}

impl From<OutcomeKind> for Signal {
    fn from(kind: OutcomeKind) -> Signal {
        use OutcomeKind as Kind;
        match kind {
            Kind::Ok | Kind::BusinessNo | Kind::NotYetVisible | Kind::Duplicate | Kind::AuthChallenge => {
                Signal::Good
            }
            Kind::Maintenance => Signal::Maintenance { retry_after: None },
            Kind::ServerError | Kind::Unreadable | Kind::Mismatched => Signal::Failing,
            Kind::Dns | Kind::Refused | Kind::Tls | Kind::Reset | Kind::TimedOut => Signal::Unreachable,
            Kind::Throttled | Kind::ClientError | Kind::CutOff => Signal::Nothing,
        }
    }
}

impl Span {
    /// Whether the service could not be used.
    pub fn is_down(&self) -> bool {
        matches!(self.condition, Condition::Maintenance | Condition::Outage)
    }

    /// Length in seconds, up to `now` while it lasts.
    pub fn seconds(&self, now: DateTime<Utc>) -> f64 {
        (self.end.map_or(now, |end| end.at) - self.begin.at).as_seconds_f64()
    }
}

impl Evidence {
    /// The two together: answers add up, the rest is the greater.
    #[must_use]
    pub fn with(self, other: &Evidence) -> Evidence {
        Evidence {
            maintenance: self.maintenance + other.maintenance,
            unreachable: self.unreachable + other.unreachable,
            failing: self.failing + other.failing,
            slow: self.slow + other.slow,
            operations: self.operations.max(other.operations),
            heard: self.heard.max(other.heard),
            promised: self.promised.max(other.promised),
        }
    }
}

impl Edge {
    /// How far apart the two answers lie between which the edge is, in seconds.
    pub fn width(&self) -> Option<f64> {
        self.after.map(|after| (self.by - after).as_seconds_f64())
    }
}

impl Heard {
    /// For how many seconds of `[from, to)` it was.
    pub fn seconds(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
        let inside = self.0.iter().map(|(first, last)| *(last.min(&to)) - *(first.max(&from)));
        inside.map(|length| length.as_seconds_f64().max(0.0)).sum()
    }

    /// Adds one answer; stretches closer than `silence` are one.
    pub(crate) fn add(&mut self, at: DateTime<Utc>, silence: TimeDelta) {
        match self.0.last_mut() {
            Some((_, last)) if at - *last <= silence => *last = at.max(*last),
            _ => self.0.push((at, at)),
        }
    }
}

#[cfg(test)]
mod tests;
