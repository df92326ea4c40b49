//! One line of `events.ndjson`: what tells a story and is therefore kept whole.

use crate::code::CodeBook;
use crate::observation::{Evidence, Mark, Nanos, Observation, Token};
use crate::operation::{Operation, Surface};
use crate::outcome::{Field, Outcome, OutcomeKind, Phase};
use crate::window::Window;
use serde::{Deserialize, Serialize};

/// Something worth keeping whole. Moments are nanoseconds since the run's epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A failure with its evidence, or one of the slowest; bounded in number.
    Observation(Box<Seen>),
    /// The delay of an invoice starts: accepted by the platform.
    Issued {
        at: Nanos,
        token: Token,
        number: String,
    },
    /// Looked for at `asked..at` and not there.
    NotYet {
        at: Nanos,
        asked: Nanos,
        token: Token,
        surface: Surface,
        #[serde(default)]
        region: String,
    },
    /// Looked for at `asked..at` and there.
    Seen {
        at: Nanos,
        asked: Nanos,
        token: Token,
        surface: Surface,
        #[serde(default)]
        region: String,
    },
    /// A window became known, or was corrected.
    WindowKnown {
        at: Nanos,
        window: Box<Window>,
    },
    /// The run held back what the window forbids.
    Paused {
        at: Nanos,
        window: String,
        writes_only: bool,
    },
    Resumed {
        at: Nanos,
        window: String,
        reason: String,
    },
    /// The generator about itself: lateness, saturation, a panic in a journey.
    SelfCheck {
        at: Nanos,
        kind: String,
        text: String,
    },
    /// The generator about itself, at the end: lateness (p50, p99, max) in seconds, CPU share of the
    /// busiest worker, seconds in which it was saturated.
    Generator {
        at: Nanos,
        lateness: [f64; 3],
        cpu: f64,
        saturated_seconds: u32,
    },
    /// Steady state was reached; what came before is warm-up.
    WarmedUp {
        at: Nanos,
    },
    /// The run ended: why, and with how many requests under way.
    Ended {
        at: Nanos,
        reason: String,
        cut_off: u64,
    },
}

/// An observation as it stands in the folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub op: Operation,
    pub due: Nanos,
    pub sent: Nanos,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<Nanos>,
    pub done: Nanos,
    pub outcome: OutcomeKind,
    /// Seconds of Retry-After.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
}

impl Seen {
    #[must_use]
    pub fn new(seen: &Observation, codes: &CodeBook) -> Self {
        let retry_after = match seen.outcome {
            Outcome::Throttled { retry_after } | Outcome::Maintenance { retry_after } => retry_after,
            _ => None,
        };
        let phase = if let Outcome::TimedOut { phase } = seen.outcome { Some(phase) } else { None };
        let field = if let Outcome::Mismatched { field } = seen.outcome { Some(field) } else { None };
        Self {
            op: seen.operation,
            due: seen.due,
            sent: seen.sent,
            first_byte: seen.first_byte,
            done: seen.done,
            outcome: seen.outcome.kind(),
            retry_after: retry_after.map(|wait| wait.as_secs_f64()),
            phase,
            field,
            code: seen.code.map(|code| codes.name(code).to_owned()),
            evidence: seen.evidence.clone(),
        }
    }
}

impl Event {
    /// When it happened; of an observation, when it was done.
    #[must_use]
    pub fn at(&self) -> Nanos {
        match self {
            Self::Observation(seen) => seen.done,
            Self::Issued { at, .. }
            | Self::NotYet { at, .. }
            | Self::Seen { at, .. }
            | Self::WindowKnown { at, .. }
            | Self::Paused { at, .. }
            | Self::Resumed { at, .. }
            | Self::SelfCheck { at, .. }
            | Self::Generator { at, .. }
            | Self::WarmedUp { at }
            | Self::Ended { at, .. } => *at,
        }
    }

    /// Moves every moment of it `by` later: the same event on a clock that began earlier.
    pub(super) fn shift(&mut self, by: Nanos) {
        let later = |moment: &mut Nanos| *moment = Nanos(moment.0.saturating_add(by.0));
        match self {
            Self::Observation(seen) => {
                let Seen { due, sent, first_byte, done, .. } = &mut **seen;
                [due, sent, done].into_iter().chain(first_byte).for_each(later);
            }
            Self::NotYet { at, asked, .. } | Self::Seen { at, asked, .. } => {
                [at, asked].into_iter().for_each(later)
            }
            Self::Issued { at, .. }
            | Self::WindowKnown { at, .. }
            | Self::Paused { at, .. }
            | Self::Resumed { at, .. }
            | Self::SelfCheck { at, .. }
            | Self::Generator { at, .. }
            | Self::WarmedUp { at }
            | Self::Ended { at, .. } => later(at),
        }
    }

    /// The event of a sync mark that is not the issue itself.
    #[must_use]
    pub fn of_mark(seen: &Observation, region: &str) -> Option<Self> {
        let (at, asked, region) = (seen.done, seen.sent, region.to_owned());
        match seen.mark? {
            Mark::NotYet(token, surface) => Some(Self::NotYet { at, asked, token, surface, region }),
            Mark::Seen(token, surface) => Some(Self::Seen { at, asked, token, surface, region }),
            Mark::Issued(_) => None,
        }
    }
}
