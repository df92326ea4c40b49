//! How the platform fares, in one word. Pure.

use crate::watching::board::{Latest, Posted};
use chrono::{DateTime, Utc};
use piaotan_analysis::phases::Condition;
use piaotan_probes::{Health, ProbeKind};
use piaotan_record::calendar::Phase;
use piaotan_record::window::Status;
use piaotan_record::{Calendar, Service, Window};
use piaotan_reports::metrics::PlatformState;

/// One failure is chance, as for alerts.
const NEWS: u32 = 2;

/// The word, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub state: PlatformState,
    /// The window that governs, for maintenance and overrun; the one just left, for recovering.
    pub window: Option<Window>,
    pub recovering: bool,
    /// Probes that failed twice in a row and that no window excuses.
    pub failing: Vec<ProbeKind>,
    pub degraded: Vec<ProbeKind>,
    /// The platform says that it is in maintenance, and nobody announced it.
    pub unannounced: bool,
    pub own_network: bool,
}

/// Judges what is posted by the calendar as it is known now.
///
/// An overrun comes before a failure, for it says more; a failure that no window excuses before an open
/// window, for the window may cover other services.
#[must_use]
pub fn standing(posted: &Posted, calendar: &Calendar, now: DateTime<Utc>) -> Standing {
    let phases: Vec<Phase<'_>> =
        Service::EACH.iter().map(|service| calendar.phase_at(now, *service)).collect();
    let window =
        |wanted: fn(&Phase<'_>) -> bool| phases.iter().find(|phase| wanted(phase)).and_then(Phase::window);
    let overrun = window(|phase| matches!(phase, Phase::Overrun(_)));
    let open = window(|phase| matches!(phase, Phase::During(w) if w.status == Status::Confirmed));
    let recovering = window(|phase| matches!(phase, Phase::Recovering(_)));
    let with = |wanted: &dyn Fn(ProbeKind, &Latest) -> bool| -> Vec<ProbeKind> {
        let each =
            posted.latest.iter().filter(|(kind, latest)| kind.is_of_platform() && wanted(**kind, latest));
        each.map(|(kind, _)| *kind).collect()
    };
    let excused = |kind: ProbeKind, latest: &Latest| {
        latest.excused || matches!(calendar.phase_at(now, kind.service()), phase if phase.excludes_slo())
    };
    let failing = with(&|kind, latest| {
        latest.health == Health::Unhealthy && latest.failures >= NEWS && !excused(kind, latest)
    });
    let degraded = with(&|kind, latest| match latest.health {
        Health::Degraded => true,
        Health::Unhealthy => latest.failures < NEWS && !excused(kind, latest),
        _ => false,
    });
    let unannounced = posted.conditions.values().any(|(condition, _)| *condition == Condition::Maintenance)
        && open.is_none()
        && overrun.is_none();
    let own_network = posted.own_network_down;
    let known = posted.latest.keys().any(|kind| kind.is_of_platform());
    let state = match () {
        () if overrun.is_some() => PlatformState::Overrun,
        () if own_network => PlatformState::Unknown,
        () if !failing.is_empty() => PlatformState::Down,
        () if open.is_some() => PlatformState::Maintenance,
        () if unannounced => PlatformState::Down,
        () if !degraded.is_empty() => PlatformState::Degraded,
        () if known => PlatformState::Ok,
        () => PlatformState::Unknown,
    };
    let recovers = state != PlatformState::Overrun && open.is_none() && recovering.is_some();
    let window = overrun.or(open).or(recovering).cloned();
    Standing { state, window, recovering: recovers, failing, degraded, unannounced, own_network }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use piaotan_record::calendar::{CalendarOptions, Register, Seen, Sighting};
    use piaotan_record::window::Services;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap()
    }

    fn latest(health: Health, failures: u32) -> Latest {
        Latest { started: at(0), health, excused: false, detail: String::new(), seconds: 0.1, failures }
    }

    /// A window on uploads in minutes [10, 20); what login and upload say last.
    fn check(minute: i64, still_down: &[i64], login: Latest, upload: Latest, expected: PlatformState) {
        let window =
            Window { services: Services::of(&[Service::Upload]), ..Window::new("w", at(10), Some(at(20))) };
        let sighting = |minute: &i64| Sighting { window: "w".into(), at: at(*minute), seen: Seen::StillDown };
        let register = Register {
            windows: vec![window],
            sightings: still_down.iter().map(sighting).collect(),
            ..Register::default()
        };
        let calendar = Calendar::new(&register, CalendarOptions::default());
        let mut posted = Posted::default();
        posted.latest.insert(ProbeKind::Login, login);
        posted.latest.insert(ProbeKind::UploadReview, upload);
        assert_eq!(standing(&posted, &calendar, at(minute)).state, expected, "minute {minute}");
    }

    #[test]
    fn each_state_has_its_reason() {
        let good = || latest(Health::Healthy, 0);
        let bad = || latest(Health::Unhealthy, 3);
        check(0, &[], good(), good(), PlatformState::Ok);
        check(0, &[], good(), latest(Health::Unhealthy, 1), PlatformState::Degraded);
        check(0, &[], good(), latest(Health::Degraded, 0), PlatformState::Degraded);
        check(0, &[], good(), bad(), PlatformState::Down);
        check(15, &[], good(), bad(), PlatformState::Maintenance);
        check(15, &[], bad(), bad(), PlatformState::Down);
        check(25, &[21], good(), bad(), PlatformState::Overrun);
    }

    #[test]
    fn without_network_or_results_nothing_is_known() {
        let calendar = Calendar::of(Vec::new());
        let mut posted = Posted::default();
        assert_eq!(standing(&posted, &calendar, at(0)).state, PlatformState::Unknown);
        posted.latest.insert(ProbeKind::Login, latest(Health::Unhealthy, 9));
        posted.own_network_down = true;
        assert_eq!(standing(&posted, &calendar, at(0)).state, PlatformState::Unknown);
    }
}
