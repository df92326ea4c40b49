//! The rules of the calendar, one table each.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::{
    Calendar, CalendarOptions, Change, Correction, Phase, PhaseName, Register, Seen, Sighting,
};
use piaotan_record::window::{AlertMode, ProbeMode, Service, Services, SloMode, Source, Status, Window};

/// An instant of the day on which all these windows lie.
fn at(clock: &str) -> DateTime<Utc> {
    let (clock, seconds) = if clock.len() == 5 { (clock, ":00") } else { (clock, "") };
    format!("2026-11-24T{clock}{seconds}Z").parse().unwrap()
}

fn window(id: &str, start: &str, end: &str) -> Window {
    let end = if end.is_empty() { None } else { Some(at(end)) };
    Window::new(id, at(start), end)
}

fn sighting(window: &str, clock: &str, seen: Seen) -> Sighting {
    Sighting { window: window.into(), at: at(clock), seen }
}

fn correction(window: &str, made: &str, change: Change) -> Correction {
    Correction { window: window.into(), made: at(made), by: "ops".into(), change }
}

fn calendar(windows: &[Window], corrections: &[Correction], sightings: &[Sighting]) -> Calendar {
    let register = Register {
        windows: windows.to_vec(),
        corrections: corrections.to_vec(),
        sightings: sightings.to_vec(),
    };
    Calendar::new(&register, CalendarOptions::default())
}

/// The phases of the day as `HH:MM:SS name window`, one a change, the time outside left out.
fn day(calendar: &Calendar, service: Service) -> Vec<String> {
    let segments = calendar.segments(at("00:00"), at("23:59:59"), service);
    let inside = segments.iter().filter_map(|segment| Some((segment, segment.phase.window()?)));
    inside.map(|(s, w)| format!("{} {} {}", s.start.format("%H:%M"), s.phase.name(), w.id)).collect()
}

fn check(calendar: &Calendar, expected: &[&str]) {
    assert_eq!(day(calendar, Service::Query), expected);
}

#[test]
fn a_window_is_half_open_with_approach_and_recovery_around_it() {
    let calendar = calendar(&[window("w", "02:00", "04:00")], &[], &[]);
    check(&calendar, &["01:30 approaching w", "02:00 during w", "04:00 recovering w"]);
    let name = |clock: &str| calendar.phase_at(at(clock), Service::Query).name();
    assert_eq!(name("01:29:59"), PhaseName::Outside);
    assert_eq!(name("02:00"), PhaseName::During);
    assert_eq!(name("03:59:59"), PhaseName::During);
    assert_eq!(name("04:00"), PhaseName::Recovering);
    assert_eq!(name("04:15"), PhaseName::Outside);
}

#[test]
fn overlapping_windows_join() {
    let calendar = calendar(&[window("a", "02:00", "04:00"), window("b", "03:00", "05:00")], &[], &[]);
    check(&calendar, &["01:30 approaching a", "02:00 during a", "04:00 during b", "05:00 recovering b"]);
    assert_eq!(calendar.excluded_seconds(at("00:00"), at("12:00"), Service::Upload), 3.0 * 3600.0);
}

#[test]
fn a_window_touches_its_services_only() {
    let mut writes = window("w", "02:00", "04:00");
    writes.services = Services::WRITES;
    let calendar = calendar(&[writes], &[], &[]);
    assert!(day(&calendar, Service::Query).is_empty());
    assert_eq!(day(&calendar, Service::Login), day(&calendar, Service::All));
    assert!(calendar.windows()[0].writes_only());
    assert_eq!(calendar.excluded_seconds(at("00:00"), at("12:00"), Service::Query), 0.0);
}

#[test]
fn a_cancelled_window_never_counts() {
    let mut cancelled = window("w", "02:00", "04:00");
    cancelled.status = Status::Cancelled;
    let calendar = calendar(&[cancelled], &[], &[sighting("w", "03:00", Seen::StillDown)]);
    check(&calendar, &[]);
    assert_eq!(calendar.next(at("00:00"), Service::All), None);
    assert_eq!(calendar.windows().len(), 1);
}

#[test]
fn a_proposed_window_holds_back_writes_and_excuses_nothing() {
    let mut proposed = window("w", "02:00", "04:00");
    proposed.status = Status::Proposed;
    let calendar = calendar(&[proposed], &[], &[]);
    let phase = calendar.phase_at(at("03:00"), Service::Upload);
    assert!(matches!(phase, Phase::During(_)) && !phase.excludes_slo() && phase.spoils_gate());
    assert!(phase.holds_back(Service::Upload) && phase.holds_back(Service::Login));
    assert!(!phase.holds_back(Service::Query) && phase.alert() == AlertMode::Normal);
}

#[test]
fn the_three_switches_are_independent() {
    let mut quiet = window("w", "02:00", "04:00");
    quiet.mode.probe = ProbeMode::Off;
    quiet.mode.alert = AlertMode::Drop;
    quiet.mode.slo = SloMode::Count;
    let calendar = calendar(&[quiet], &[], &[]);
    let phase = calendar.phase_at(at("03:00"), Service::Query);
    assert!(phase.holds_back(Service::Query) && phase.alert() == AlertMode::Drop && !phase.excludes_slo());
}

#[test]
fn an_overrun_is_known_by_observation_and_pages() {
    let seen = [
        sighting("w", "03:59", Seen::StillDown),
        sighting("w", "04:01", Seen::StillDown),
        sighting("w", "04:40", Seen::Recovered),
        sighting("w", "04:45", Seen::Passed),
    ];
    let calendar = calendar(&[window("w", "02:00", "04:00")], &[], &seen);
    check(&calendar, &["01:30 approaching w", "02:00 during w", "04:00 overrun w", "04:40 recovering w"]);
    let phase = calendar.phase_at(at("04:10"), Service::Query);
    assert!(phase.alert() == AlertMode::Normal && !phase.excludes_slo() && phase.spoils_gate());
    assert_eq!(calendar.phase_at(at("04:45"), Service::Query), Phase::Outside);
    assert_eq!(calendar.excluded_seconds(at("00:00"), at("12:00"), Service::Query), 2.0 * 3600.0);
}

#[test]
fn a_late_look_at_a_restored_platform_is_no_overrun() {
    let seen = [sighting("w", "03:59", Seen::StillDown), sighting("w", "04:02", Seen::Recovered)];
    let calendar = calendar(&[window("w", "02:00", "04:00")], &[], &seen);
    check(&calendar, &["01:30 approaching w", "02:00 during w", "04:00 recovering w"]);
}

#[test]
fn an_overrun_that_nobody_sees_any_more_ends_after_max_hold() {
    let mut short = window("w", "02:00", "04:00");
    short.max_hold = TimeDelta::hours(1);
    let seen = [sighting("w", "04:30", Seen::StillDown), sighting("w", "08:00", Seen::StillDown)];
    let calendar = calendar(&[short], &[], &seen);
    check(&calendar, &["01:30 approaching w", "02:00 during w", "04:00 overrun w", "05:30 recovering w"]);
}

#[test]
fn an_early_end_resumes_normal_probing() {
    let seen = [sighting("w", "03:00", Seen::Recovered), sighting("w", "03:05", Seen::Passed)];
    let calendar = calendar(&[window("w", "02:00", "04:00")], &[], &seen);
    check(&calendar, &["01:30 approaching w", "02:00 during w", "03:00 recovering w"]);
    assert_eq!(calendar.phase_at(at("03:05"), Service::Query), Phase::Outside);
}

#[test]
fn a_relapse_inside_the_window_is_the_window_again() {
    let seen = [
        sighting("w", "02:30", Seen::Recovered),
        sighting("w", "03:10", Seen::StillDown),
        sighting("w", "03:40", Seen::Recovered),
    ];
    let calendar = calendar(&[window("w", "02:00", "04:00")], &[], &seen);
    check(
        &calendar,
        &[
            "01:30 approaching w",
            "02:00 during w",
            "02:30 recovering w",
            "03:10 during w",
            "03:40 recovering w",
        ],
    );
}

#[test]
fn a_relapse_while_recovering_is_an_overrun() {
    let seen = [
        sighting("w", "03:59", Seen::Recovered),
        sighting("w", "04:05", Seen::StillDown),
        sighting("w", "04:20", Seen::Recovered),
        sighting("w", "09:00", Seen::StillDown),
    ];
    let calendar = calendar(&[window("w", "02:00", "04:00")], &[], &seen);
    check(
        &calendar,
        &[
            "01:30 approaching w",
            "02:00 during w",
            "03:59 recovering w",
            "04:05 overrun w",
            "04:20 recovering w",
        ],
    );
}

#[test]
fn an_open_ended_window_overruns_when_held_too_long() {
    let seen = [sighting("w", "09:00", Seen::Recovered)];
    let calendar = calendar(&[window("w", "02:00", "")], &[], &seen);
    check(&calendar, &["01:30 approaching w", "02:00 during w", "06:00 overrun w", "09:00 recovering w"]);
}

#[test]
fn an_open_ended_window_that_was_only_proposed_expires() {
    let mut proposed = window("w", "02:00", "");
    proposed.status = Status::Proposed;
    let calendar = calendar(&[proposed], &[], &[]);
    check(&calendar, &["01:30 approaching w", "02:00 during w", "06:00 recovering w"]);
}

#[test]
fn corrections_apply_to_the_past_in_the_order_in_which_they_were_made() {
    let corrections = [
        correction("w", "09:00", Change::Shorten { end: at("03:30") }),
        correction("w", "08:00", Change::Extend { end: at("05:00") }),
    ];
    let register = Register {
        windows: vec![window("w", "02:00", "04:00")],
        corrections: corrections.to_vec(),
        sightings: vec![],
    };
    let end = |known: &str| {
        Calendar::new(&register.known_at(at(known)), CalendarOptions::default()).windows()[0].end.unwrap()
    };
    assert_eq!([end("07:00"), end("08:30"), end("10:00")], [at("04:00"), at("05:00"), at("03:30")]);
}

#[test]
fn confirm_and_cancel_change_the_status() {
    let mut proposed = window("w", "02:00", "04:00");
    proposed.status = Status::Proposed;
    let excluded = |change| {
        let calendar = calendar(&[proposed.clone()], &[correction("w", "06:00", change)], &[]);
        calendar.excluded_seconds(at("00:00"), at("12:00"), Service::Query)
    };
    assert_eq!([excluded(Change::Confirm), excluded(Change::Cancel)], [7200.0, 0.0]);
}

#[test]
fn corrections_that_fit_nothing_are_shown_and_say_what_to_write() {
    let wrong = [
        correction("x", "06:00", Change::Cancel),
        correction("w", "07:00", Change::Extend { end: at("03:00") }),
    ];
    let calendar = calendar(&[window("w", "02:00", "04:00")], &wrong, &[]);
    assert_eq!(calendar.unapplied(), wrong);
    let refused = wrong[1].change.applied_to(&calendar.windows()[0]).unwrap_err();
    assert_eq!(refused, "2026-11-24 03:00:00 UTC is before the end of w: write shorten instead");
}

#[test]
fn a_one_off_governs_before_a_recurring_window_and_before_an_observed_one() {
    let mut weekly = window("weekly@1", "02:00", "04:00");
    weekly.rule = Some("weekly".into());
    let mut counted = window("once", "03:00", "05:00");
    counted.mode.slo = SloMode::Count;
    let observed = Window::observed("seen", at("02:30"), Some(at("05:30")), Services::ALL);
    let calendar = calendar(&[weekly, counted, observed], &[], &[]);
    check(
        &calendar,
        &[
            "01:30 approaching weekly@1",
            "02:00 during weekly@1",
            "03:00 during once",
            "05:00 during seen",
            "05:30 recovering seen",
        ],
    );
    assert_eq!(calendar.excluded_seconds(at("00:00"), at("12:00"), Service::Query), 3600.0);
    assert_eq!(calendar.overlapping(at("03:10"), at("03:20"), Service::Query).len(), 3);
}

#[test]
fn a_one_off_of_the_same_id_replaces_an_occurrence() {
    let mut weekly = window("weekly@1", "02:00", "04:00");
    weekly.rule = Some("weekly".into());
    let moved = window("weekly@1", "06:00", "07:00");
    let calendar = calendar(&[weekly, moved], &[], &[]);
    check(&calendar, &["05:30 approaching weekly@1", "06:00 during weekly@1", "07:00 recovering weekly@1"]);
}

#[test]
fn a_rule_is_cancelled_as_a_whole_and_extended_one_by_one() {
    let mut weekly = window("weekly@1", "02:00", "04:00");
    weekly.rule = Some("weekly".into());
    let cancel = correction("weekly", "00:00", Change::Cancel);
    check(&calendar(&[weekly.clone()], &[cancel], &[]), &[]);
    let extensions = [correction("weekly", "00:00", Change::Extend { end: at("05:00") })];
    assert_eq!(calendar(&[weekly], &extensions, &[]).unapplied(), extensions);
}

#[test]
fn an_announced_extension_ends_an_overrun_and_a_mere_proposal_does_not() {
    let seen = [sighting("a", "04:30", Seen::StillDown), sighting("a", "05:30", Seen::Recovered)];
    let mut extension = window("b", "04:10", "05:00");
    let names =
        |b: &Window| day(&calendar(&[window("a", "02:00", "04:00"), b.clone()], &[], &seen), Service::Query);
    assert!(names(&extension).contains(&"04:10 during b".to_owned()));
    extension.status = Status::Proposed;
    assert!(!names(&extension).contains(&"04:10 during b".to_owned()));
}

#[test]
fn a_sample_is_inside_when_it_meets_the_window() {
    let calendar = calendar(&[window("w", "02:00", "04:00")], &[], &[]);
    let inside = |due, done| calendar.inside(at(due), at(done), Service::Query).is_some();
    assert!(!inside("01:59:50", "01:59:59") && inside("01:59:50", "02:00"));
    assert!(inside("03:59:59", "04:00:30") && !inside("04:00", "04:00:30"));
    assert!(inside("01:00", "05:00"));
    let phase = calendar.phase_over(at("04:00"), at("04:20"), Service::Query);
    assert_eq!(phase.name(), PhaseName::Recovering);
}

#[test]
fn next_is_the_first_window_that_starts_later() {
    let calendar = calendar(&[window("b", "05:00", "06:00"), window("a", "02:00", "04:00")], &[], &[]);
    let next = |clock| calendar.next(at(clock), Service::All).map(|window| window.id.as_str());
    assert_eq!([next("01:00"), next("02:00"), next("05:00")], [Some("a"), Some("b"), None]);
}

#[test]
fn a_register_survives_being_written_down() {
    let mut proposed = window("w", "02:00", "");
    proposed.source = Source::Notice;
    proposed.zone = Some(chrono_tz::Asia::Shanghai);
    let register = Register {
        windows: vec![proposed],
        corrections: vec![correction("w", "06:00", Change::Extend { end: at("03:00") })],
        sightings: vec![sighting("w", "03:00", Seen::StillDown)],
    };
    let written = serde_json::to_string(&register).unwrap();
    assert_eq!(serde_json::from_str::<Register>(&written).unwrap(), register);
    assert!(
        written.contains(
            r#""start":"2026-11-24T02:00:00Z","end":null,"zone":"Asia/Shanghai","services":["all"]"#
        )
    );
    assert!(written.contains(r#""change":"extend","end":"2026-11-24T03:00:00Z""#));
}

#[test]
fn a_window_stands_where_its_phase_says() {
    let cancelled = Window { status: Status::Cancelled, ..window("c", "10:00", "11:00") };
    let all = [window("w", "10:00", "11:00"), cancelled];
    let seen = [
        sighting("w", "11:05", Seen::StillDown),
        sighting("w", "11:10", Seen::Recovered),
        sighting("w", "11:15", Seen::Passed),
    ];
    let calendar = calendar(&all, &[], &seen);
    let check = |clock: &str, expected: &str| {
        let standing = calendar.standing(calendar.window("w").unwrap(), at(clock));
        assert_eq!(standing.as_str(), expected, "{clock}");
    };
    check("08:00", "ahead");
    check("09:45", "approaching");
    check("10:30", "during");
    check("11:07", "overrun");
    check("11:12", "recovering");
    check("12:00", "over");
    assert_eq!(calendar.standing(calendar.window("c").unwrap(), at("10:30")).as_str(), "cancelled");
}
