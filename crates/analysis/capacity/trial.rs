//! What one trial saw, second by second.

use serde::Serialize;

/// Why a trial was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    WarmUp,
    Bracket,
    Ceiling,
    Search,
    Confirm,
}

/// Which backlog grew while the trial ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    Review,
    Sync,
}

/// What the waits of a trial say of one pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    Grows,
    Steady,
    /// Too few waits, or too many that had not ended.
    Unknown,
}

/// What limits the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Symptom {
    Latency,
    Errors,
    NotSent,
    ReviewBacklog,
    SyncBacklog,
}

/// One second of a trial, by the second in which requests were due.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Second {
    /// Requests due.
    pub due: u64,
    /// Of those: answered, but later than the SLO allows.
    pub slow: u64,
    /// Of those: failed.
    pub failed: u64,
    /// Of those: not sent on schedule.
    pub unsent: u64,
    /// Mean latency in seconds of those answered; `NaN` where none was.
    pub mean: f64,
}

impl Second {
    fn violations(&self) -> u64 {
        (self.slow + self.failed + self.unsent).min(self.due)
    }
}

/// One trial at one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    pub purpose: Purpose,
    pub rate: f64,
    /// How long it loaded the platform, in seconds.
    pub seconds: f64,
    pub each_second: Vec<Second>,
    /// Requests of all operations, per second.
    pub requests: f64,
    /// Whether the pipelines behind the answers kept up.
    pub review: Growth,
    pub sync: Growth,
    /// Ended early: more than a fifth failed, or what was queued would take over 30 s.
    pub collapsed: bool,
    /// Seconds until everything sent was answered.
    pub drain: f64,
}

/// Requests and violations of a few seconds together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Slice {
    pub due: f64,
    pub violations: f64,
}

impl Slice {
    pub(super) fn sum(slices: &[Self]) -> Self {
        slices.iter().fold(Self::default(), |a, b| Self {
            due: a.due + b.due,
            violations: a.violations + b.violations,
        })
    }
}

/// Seconds whose violations are taken together: bursts last about that long.
const SLICE: usize = 5;

impl Trial {
    /// Slices of five seconds after the first `settle` seconds; all of them where that leaves none.
    pub(super) fn slices(&self, settle: f64) -> Vec<Slice> {
        let drop = (settle.round() as usize).min(self.each_second.len().saturating_sub(1));
        self.each_second[drop..]
            .chunks(SLICE)
            .map(|seconds| Slice {
                due: seconds.iter().map(|s| s.due as f64).sum(),
                violations: seconds.iter().map(|s| s.violations() as f64).sum(),
            })
            .filter(|s| s.due > 0.0)
            .collect()
    }

    /// Requests due and violations after the first `settle` seconds.
    pub(super) fn totals(&self, settle: f64) -> Slice {
        Slice::sum(&self.slices(settle))
    }

    /// The backlog that grew through the trial; the review comes first, for it feeds the other.
    #[must_use]
    pub fn backlog(&self) -> Option<Backlog> {
        match (self.review, self.sync) {
            (Growth::Grows, _) => Some(Backlog::Review),
            (_, Growth::Grows) => Some(Backlog::Sync),
            _ => None,
        }
    }

    /// What most of its violations were; the backlog, if one grew.
    pub(super) fn symptom(&self) -> Option<Symptom> {
        match self.backlog() {
            Some(Backlog::Review) => return Some(Symptom::ReviewBacklog),
            Some(Backlog::Sync) => return Some(Symptom::SyncBacklog),
            None => {}
        }
        let sum = |pick: fn(&Second) -> u64| self.each_second.iter().map(pick).sum::<u64>();
        [
            (sum(|s| s.slow), Symptom::Latency),
            (sum(|s| s.failed), Symptom::Errors),
            (sum(|s| s.unsent), Symptom::NotSent),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .max_by_key(|(count, _)| *count)
        .map(|(_, symptom)| symptom)
    }
}
