//! Announced against observed: what agreed, what did not, and what follows for the calendar.
//!
//! [`reconcile`] is a pure function of the calendar, of what was observed and of the instant it is
//! asked at, so that it serves live and afterwards alike. It excuses nothing by itself: it says what
//! was seen of each window ([`Sighting`]s, which make the calendar tell an overrun from an end) and
//! which proposed windows observation has confirmed.
//!
//! - A window is observed when maintenance, or an outage, met it; a *proposed* one only when
//!   maintenance answers did.
//! - Silence proves nothing: a window counts as not observed only when somebody looked.
//! - Windows that follow on each other are one: an announced extension is no overrun.
//! - Differences within [`grace`](ReconcileOptions::grace) are no difference.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::{Calendar, Correction, Sighting};
use piaotan_record::closed_enum;
use piaotan_record::window::{Service, Services};
use serde::{Deserialize, Serialize};

use crate::phases::{Confidence, Evidence, Heard, ObservedPhases, Span};
use crate::summary::{self, Severity};

pub use recovery::{Baseline, Changed, Recovery, RecoveryOptions, Reread, Round, Step, StepVerdict};

mod announced;
mod recovery;
mod sightings;

/// What was observed: spans in their conditions, and when anybody looked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    pub spans: Vec<Span>,
    pub heard: Vec<(Service, Heard)>,
}

closed_enum! {
    /// How an announcement and an observation stand to each other.
    pub enum FindingKind {
        AnnouncedAndObserved = "announced_and_observed",
        AnnouncedNotObserved = "announced_not_observed",
        ObservedUnannounced = "observed_unannounced",
        /// Seen to go on past its announced end, or past what an open end may excuse.
        Overrun = "overrun",
        /// Seen to be over before its announced end.
        EarlyEnd = "early_end",
        /// Slow answers right after a restore.
        BacklogRush = "backlog_rush",
        CancelledButObserved = "cancelled_but_observed",
    }
}

/// One finding, with its times, its length and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: FindingKind,
    /// The id of the window it is about.
    pub window: Option<String>,
    pub services: Services,
    pub start: DateTime<Utc>,
    /// `None` while it lasts.
    pub end: Option<DateTime<Utc>>,
    /// Length, up to now while it lasts.
    pub seconds: f64,
    /// How far `start` may be off, by the polls; `None` where it is announced and so exact.
    pub resolution: Option<f64>,
    pub confidence: Confidence,
    pub evidence: Evidence,
}

/// What follows from the comparison.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reconciliation {
    /// By their start.
    pub findings: Vec<Finding>,
    /// All that was seen of the windows: they take the place of earlier ones in the register.
    pub sightings: Vec<Sighting>,
    /// Confirmations of proposed windows.
    pub corrections: Vec<Correction>,
}

/// What counts as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconcileOptions {
    /// Beginning or ending this much off is as announced.
    pub grace: TimeDelta,
    /// Polls may be this far apart for an edge between two of them to be taken for an announced one;
    /// what was seen earlier or later than that was really seen.
    pub poll: TimeDelta,
    /// The share of a window, in percent, in which somebody must have looked to say "not observed".
    pub looked: u8,
}

impl Default for ReconcileOptions {
    fn default() -> Self {
        ReconcileOptions { grace: TimeDelta::seconds(60), poll: TimeDelta::minutes(5), looked: 50 }
    }
}

/// Compares every window that has begun by `now` with what was observed by then.
pub fn reconcile(
    calendar: &Calendar,
    observed: &Observed,
    now: DateTime<Utc>,
    options: ReconcileOptions,
) -> Reconciliation {
    let compared = announced::compare(calendar, observed, now, options);
    let mut reconciliation = sightings::of(&compared, now, options);
    reconciliation.findings = announced::findings(&compared, observed, calendar, now, options);
    reconciliation.findings.sort_by(|a, b| (a.start, a.kind, &a.window).cmp(&(b.start, b.kind, &b.window)));
    reconciliation
}

impl FindingKind {
    /// What it is called, and how grave it is, in reports and metrics: live and afterwards alike.
    #[must_use]
    pub const fn told(self) -> (summary::FindingKind, Severity) {
        use summary::FindingKind as Told;
        match self {
            Self::AnnouncedAndObserved => (Told::WindowAnnouncedAndObserved, Severity::Info),
            Self::AnnouncedNotObserved => (Told::WindowAnnouncedNotObserved, Severity::Warning),
            Self::ObservedUnannounced | Self::CancelledButObserved => {
                (Told::WindowObservedUnannounced, Severity::Critical)
            }
            Self::Overrun => (Told::WindowOverrun, Severity::Critical),
            Self::EarlyEnd => (Told::WindowEarlyEnd, Severity::Info),
            Self::BacklogRush => (Told::BacklogRush, Severity::Warning),
        }
    }
}

impl From<&ObservedPhases> for Observed {
    fn from(phases: &ObservedPhases) -> Observed {
        let heard = Service::EACH.iter().map(|service| (*service, phases.heard(*service)));
        Observed { spans: phases.spans(), heard: heard.collect() }
    }
}

impl Observed {
    /// For how many seconds of `[from, to)` somebody looked at one of `services` at least.
    pub(crate) fn looked(&self, services: Services, from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
        let of_these = self.heard.iter().filter(|(service, _)| services.contains(*service));
        let seconds = of_these.map(|(_, heard)| heard.seconds(from, to));
        seconds.fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests;
