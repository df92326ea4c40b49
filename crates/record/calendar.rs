//! The calendar: windows, what people corrected and what was seen, asked for the phase at an instant.
//!
//! [`Register`] is what is known (it is stored and sent about), [`Calendar`] is a register made quick
//! to ask. Both are values without a clock: the same register gives the same answers for ever, so a
//! window corrected afterwards corrects the past wherever a report is drawn again.
//!
//! Rules, each with a test:
//! - windows are half-open; overlapping ones join; a cancelled one never counts;
//! - a proposed window holds back writes and logins and excuses nothing;
//! - where several hold, a confirmed window in force governs, then an overrun, then a proposed one,
//!   then recovery, then approach; among equals a one-off governs before a recurring one, and an
//!   announced one before one that was merely observed;
//! - an overrun is known only by observation ([`Sighting`]), but an open-ended window that nobody
//!   closed overruns when it has been held for `max_hold`.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::closed_enum;
use crate::window::{AlertMode, ProbeMode, Service, SloMode, Status, Window, seconds};

use timeline::Timeline;

mod correction;
mod spans;
mod timeline;

pub use correction::{Change, Correction};

/// Everything known about maintenance: the form that is stored, sent and put into a run folder.
///
/// Windows of a [`Recurring`](crate::recurrence::Recurring) rule stand in it one by one, cut for the
/// stretch that will be asked about, so that a stored register needs no zone database to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Register {
    pub windows: Vec<Window>,
    pub corrections: Vec<Correction>,
    pub sightings: Vec<Sighting>,
}

/// What was seen of a window while it held, or after it should have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The id of the window.
    pub window: String,
    pub at: DateTime<Utc>,
    pub seen: Seen,
}

closed_enum! {
    /// The state in which a window was found.
    pub enum Seen {
        /// The platform still answered that it was in maintenance.
        StillDown = "still_down",
        /// The platform served again.
        Recovered = "recovered",
        /// The recovery check (log in, upload, query, verify) passed.
        Passed = "passed",
    }
}

/// How long before and after a window its neighbourhood reaches, in seconds when serialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalendarOptions {
    #[serde(with = "seconds")]
    pub approach: TimeDelta,
    /// The longest that a recovery lasts when no check has passed.
    #[serde(with = "seconds")]
    pub recover: TimeDelta,
}

/// A register made quick to ask: one sorted timeline a service.
#[derive(Debug, Clone)]
pub struct Calendar {
    windows: Vec<Window>,
    unapplied: Vec<Correction>,
    options: CalendarOptions,
    /// One for each service proper and one for [`Service::All`], in index order.
    timelines: Vec<Timeline>,
}

/// Where an instant lies relative to the windows of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase<'a> {
    Outside,
    Approaching(&'a Window),
    During(&'a Window),
    /// Past its end, or held for too long, and not seen restored: it pages and excuses nothing.
    Overrun(&'a Window),
    /// Over, but the recovery check has not passed yet: counts for the SLO and not for a gate.
    Recovering(&'a Window),
}

closed_enum! {
    /// A phase without its window: the label.
    pub enum PhaseName {
        Outside = "outside",
        Approaching = "approaching",
        During = "during",
        Overrun = "overrun",
        Recovering = "recovering",
    }
}

closed_enum! {
    /// Where one window stands at an instant.
    pub enum Standing {
        /// It has not begun, and will not soon.
        Ahead = "ahead",
        Approaching = "approaching",
        During = "during",
        Overrun = "overrun",
        Recovering = "recovering",
        Over = "over",
        Cancelled = "cancelled",
    }
}

/// A half-open stretch of one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub phase: Phase<'a>,
}

impl Default for CalendarOptions {
    fn default() -> Self {
        CalendarOptions { approach: TimeDelta::minutes(30), recover: TimeDelta::minutes(15) }
    }
}

impl Register {
    /// A register of these windows and nothing else.
    pub fn of(windows: Vec<Window>) -> Self {
        Register { windows, ..Register::default() }
    }

    /// The register as it was known at `instant`: without corrections and sightings made later.
    #[must_use]
    pub fn known_at(&self, instant: DateTime<Utc>) -> Register {
        let mut known = self.clone();
        known.corrections.retain(|correction| correction.made <= instant);
        known.sightings.retain(|sighting| sighting.at <= instant);
        known
    }
}

impl Calendar {
    /// Makes `register` quick to ask. The order of its parts does not matter.
    pub fn new(register: &Register, options: CalendarOptions) -> Calendar {
        let mut windows = without_replaced(&register.windows);
        let unapplied = correction::apply(&mut windows, &register.corrections);
        windows.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
        let spans = spans::of_all(&windows, &register.sightings, options);
        let timeline = |service: &Service| Timeline::new(&windows, &spans, *service);
        let timelines = Service::ALL.iter().map(timeline).collect();
        Calendar { windows, unapplied, options, timelines }
    }

    /// A calendar of these windows with the usual options.
    pub fn of(windows: Vec<Window>) -> Calendar {
        Calendar::new(&Register::of(windows), CalendarOptions::default())
    }

    /// The phase of `service` at `instant`; for [`Service::All`], of whichever service fares worst.
    pub fn phase_at(&self, instant: DateTime<Utc>, service: Service) -> Phase<'_> {
        self.timelines[service.index()].at(instant).phase(&self.windows)
    }

    /// The governing phase that the closed stretch `[due, done]` of one sample meets.
    pub fn phase_over(&self, due: DateTime<Utc>, done: DateTime<Utc>, service: Service) -> Phase<'_> {
        let met = self.timelines[service.index()].over(due, done);
        let strongest = met.iter().max_by_key(|piece| piece.rank(&self.windows));
        strongest.map_or(Phase::Outside, |piece| piece.phase(&self.windows))
    }

    /// The window in force that the sample `[due, done]` meets, proposed ones and overruns included.
    pub fn inside(&self, due: DateTime<Utc>, done: DateTime<Utc>, service: Service) -> Option<&Window> {
        let phase = self.phase_over(due, done, service);
        phase.window().filter(|_| phase.is_maintenance())
    }

    /// Where `window`, one of this calendar's, stands at `instant`.
    pub fn standing(&self, window: &Window, instant: DateTime<Utc>) -> Standing {
        if window.status == Status::Cancelled {
            return Standing::Cancelled;
        }
        if instant < window.start {
            let near = window.start - instant <= self.options.approach;
            return if near { Standing::Approaching } else { Standing::Ahead };
        }
        let phases: Vec<Phase<'_>> =
            window.services.iter().map(|service| self.phase_at(instant, service)).collect();
        let own = |name: PhaseName| {
            phases
                .iter()
                .any(|phase| phase.name() == name && phase.window().is_some_and(|w| w.id == window.id))
        };
        // Another window may govern what this one names; or it was seen to be over before its end.
        let held = instant < window.held_until() && phases.iter().any(Phase::is_maintenance);
        match () {
            () if own(PhaseName::Overrun) => Standing::Overrun,
            () if own(PhaseName::During) || held => Standing::During,
            () if own(PhaseName::Recovering) => Standing::Recovering,
            () => Standing::Over,
        }
    }

    /// Every window of `service`, cancelled ones left out, that is in force or overruns in `[from, to)`.
    pub fn overlapping(&self, from: DateTime<Utc>, to: DateTime<Utc>, service: Service) -> Vec<&Window> {
        let ids = self.timelines[service.index()].windows_in_force(from, to);
        ids.into_iter().map(|index| &self.windows[index]).collect()
    }

    /// The first window of `service`, cancelled ones left out, that starts after `instant`.
    pub fn next(&self, instant: DateTime<Utc>, service: Service) -> Option<&Window> {
        let later = &self.windows[self.windows.partition_point(|window| window.start <= instant)..];
        later.iter().find(|w| w.status != Status::Cancelled && w.services.contains(service))
    }

    /// `[from, to)` cut where the phase of `service` changes, without gaps.
    pub fn segments(&self, from: DateTime<Utc>, to: DateTime<Utc>, service: Service) -> Vec<Segment<'_>> {
        self.timelines[service.index()].segments(from, to, &self.windows)
    }

    /// How much of `[from, to)` is excluded from the adjusted availability of `service`.
    pub fn excluded_seconds(&self, from: DateTime<Utc>, to: DateTime<Utc>, service: Service) -> f64 {
        let segments = self.segments(from, to, service);
        let excluded = segments.iter().filter(|segment| segment.phase.excludes_slo());
        excluded.map(|segment| (segment.end - segment.start).as_seconds_f64()).sum()
    }

    /// All windows with their corrections applied, cancelled ones among them, by start.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The window of that id.
    pub fn window(&self, id: &str) -> Option<&Window> {
        self.windows.iter().find(|window| window.id == id)
    }

    /// Corrections that fit no window: shown to people, never guessed at.
    pub fn unapplied(&self) -> &[Correction] {
        &self.unapplied
    }

    pub fn options(&self) -> CalendarOptions {
        self.options
    }
}

/// The windows without those occurrences of a rule that a one-off window of the same id replaces.
fn without_replaced(windows: &[Window]) -> Vec<Window> {
    let one_offs: HashSet<&str> =
        windows.iter().filter(|w| w.rule.is_none()).map(|w| w.id.as_str()).collect();
    let stays = |window: &&Window| window.rule.is_none() || !one_offs.contains(window.id.as_str());
    windows.iter().filter(stays).cloned().collect()
}

impl<'a> Phase<'a> {
    pub fn name(&self) -> PhaseName {
        match self {
            Phase::Outside => PhaseName::Outside,
            Phase::Approaching(_) => PhaseName::Approaching,
            Phase::During(_) => PhaseName::During,
            Phase::Overrun(_) => PhaseName::Overrun,
            Phase::Recovering(_) => PhaseName::Recovering,
        }
    }

    /// The window that governs.
    pub fn window(&self) -> Option<&'a Window> {
        match *self {
            Phase::Outside => None,
            Phase::Approaching(w) | Phase::During(w) | Phase::Overrun(w) | Phase::Recovering(w) => Some(w),
        }
    }

    /// Whether a window is in force or has overrun: no load test may press.
    pub fn is_maintenance(&self) -> bool {
        matches!(self, Phase::During(_) | Phase::Overrun(_))
    }

    /// Whether a sample in this phase stays out of adjusted availability.
    pub fn excludes_slo(&self) -> bool {
        matches!(self, Phase::During(w) if w.mode_in_force().slo == SloMode::Exclude)
    }

    /// Whether a sample in this phase stays out of every gate.
    pub fn spoils_gate(&self) -> bool {
        self.is_maintenance() || matches!(self, Phase::Recovering(_))
    }

    /// What becomes of alerts: an overrun pages whatever its switch says.
    pub fn alert(&self) -> AlertMode {
        match self {
            Phase::During(window) => window.mode_in_force().alert,
            _ => AlertMode::Normal,
        }
    }

    /// How hard to look. An overrun is looked at as ever, or nobody would see it end.
    pub fn probe(&self) -> ProbeMode {
        match self {
            Phase::During(window) => window.mode_in_force().probe,
            _ => ProbeMode::Normal,
        }
    }

    /// Whether a probe's call to `service` is to be left undone now.
    pub fn holds_back(&self, service: Service) -> bool {
        !self.probe().allows(service)
    }
}
