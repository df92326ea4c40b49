//! A stretch of a watch, folded: how available the platform was, as known now, beside the stretch
//! before it.
//!
//! Raw availability counts everything that was asked; adjusted leaves out what windows exclude. Both
//! are reckoned from the rows of the history with the calendar of now, so that a window corrected
//! afterwards corrects them. What says nothing of the platform (our own pace, our own network) counts
//! in neither.
//!
//! Reading order: [`Run`] is what comes in, [`Week`] what comes out; `fold` counts, `told` finds words.

mod fold;
mod told;

pub use fold::Fold;

use crate::summary::{Finding, Series, SyncSummary, WindowSummary};
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use piaotan_record::{Calendar, Operation, OutcomeKind, Service};
use serde::Serialize;
use std::collections::BTreeMap;

/// One run of one probe, as the history keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub probe: String,
    pub started: DateTime<Utc>,
    /// Seconds.
    pub took: f64,
    pub service: Service,
    /// What it asked first, for charts; a probe that asks nothing of the platform has none.
    pub operation: Option<Operation>,
    /// Whether it says anything of the platform: one's own network does not.
    pub of_platform: bool,
    pub health: Health,
    pub outcome: Option<OutcomeKind>,
    /// The platform's own code, as its profile names it; empty where there was none.
    pub code: String,
    /// Whether its length is the platform's speed in answering, and not a wait for a review.
    pub timed: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Good,
    /// It works, with something to look at.
    Degraded,
    Bad,
    /// Not asked.
    Skipped,
}

/// What is looked at, and what is known of it now.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Where days begin, and in which times are told.
    pub zone: chrono_tz::Tz,
    pub calendar: &'a Calendar,
    pub chinese: bool,
}

/// Good and bad events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Events {
    pub good: u64,
    pub bad: u64,
}

/// Availability with and without what windows exclude.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Availability {
    pub raw: Events,
    pub adjusted: Events,
}

/// One day of the stretch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    pub day: NaiveDate,
    pub availability: Availability,
    /// Seconds that windows excluded for any service.
    pub excluded: f64,
}

/// One probe, now and in the stretch before.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Probe {
    pub now: Counts,
    pub before: Counts,
}

/// What came of the runs of a probe.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counts {
    /// Runs that asked something.
    pub runs: u64,
    pub failed: u64,
    /// Of those that failed, how many a window excuses.
    pub excused: u64,
    pub degraded: u64,
    pub skipped: u64,
    /// Seconds; null where nothing was timed, or where the length is not the platform's speed.
    pub p50: Option<f64>,
    pub p95: Option<f64>,
}

/// One of the platform's codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Code {
    pub count: u64,
    pub before: u64,
    /// How many of `count` fell into windows.
    pub inside: u64,
}

/// An invoice that took longer than the platform promises, or is still not there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LateInvoice {
    pub number: String,
    pub surface: String,
    pub region: String,
    pub uploaded: DateTime<FixedOffset>,
    /// Null where it was never seen.
    pub first_seen: Option<DateTime<FixedOffset>>,
    /// Seconds from its acceptance until it was seen, or until the end of the stretch.
    pub delay: f64,
    /// `seen`, `pending` or `lost`.
    pub state: String,
}

/// The answer of `report --store`. Unknown is null, durations are seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Week {
    pub schema: u32,
    /// Always `week`.
    pub kind: &'static str,
    /// Empty where nothing in the store names one.
    pub target: String,
    pub from: DateTime<FixedOffset>,
    pub to: DateTime<FixedOffset>,
    pub zone: String,
    /// The first run that was counted, of the stretch before too; null where there was none.
    pub reaches: Option<DateTime<FixedOffset>>,
    pub availability: Availability,
    pub before: Availability,
    pub days: Vec<Day>,
    pub probes: BTreeMap<String, Probe>,
    pub windows: Vec<WindowSummary>,
    pub codes: BTreeMap<String, Code>,
    /// By surface, of the invoices uploaded in the stretch; `regression` is against the stretch before.
    pub sync: BTreeMap<String, SyncSummary>,
    pub late: Vec<LateInvoice>,
    pub findings: Vec<Finding>,
    /// For charts.
    #[serde(skip)]
    pub series: Series,
}

impl Run {
    /// Whether its code says anything: a platform has one for success too.
    fn complains(&self) -> bool {
        !self.code.is_empty() && self.outcome != Some(OutcomeKind::Ok)
    }
}

impl Events {
    /// The share of good events; `None` where there were none at all.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let all = self.good + self.bad;
        (all > 0).then(|| self.good as f64 / all as f64)
    }

    fn add(&mut self, bad: bool) {
        *(if bad { &mut self.bad } else { &mut self.good }) += 1;
    }
}

#[cfg(test)]
mod tests;
