#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::{Calendar, CalendarOptions, PhaseName, Register};
use piaotan_record::window::{Service, Services, Status, Window};
use piaotan_record::{Field, Operation, Outcome};

use super::{Observed, Reconciliation, Recovery, RecoveryOptions, Reread, Round, StepVerdict, reconcile};
use crate::phases::{Fact, ObservedPhases, PhaseOptions, Signal, Subject};

const DOWN: Signal = Signal::Maintenance { retry_after: None };

/// Minutes of the night on which everything here happens.
fn at(minute: i64) -> DateTime<Utc> {
    "2026-11-24T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
}

fn window(id: &str, start: i64, end: i64) -> Window {
    Window::new(id, at(start), Some(at(end)))
}

/// Upload, query and verify asked once a minute from minute 0 on, up to `now`.
fn observed(now: i64, say: impl Fn(Operation, i64) -> Signal) -> Observed {
    let operations = [Operation::Upload, Operation::QueryNumber, Operation::Verify];
    let facts = (0..now).flat_map(|minute| {
        let say = &say;
        operations.into_iter().map(move |operation| {
            let (due, done) = (at(minute), at(minute) + TimeDelta::seconds(1));
            Fact { due, done, subject: Subject::Platform(operation), signal: say(operation, minute) }
        })
    });
    Observed::from(&ObservedPhases::over(facts, PhaseOptions::default()))
}

fn down(from: i64, to: i64, signal: Signal) -> impl Fn(Operation, i64) -> Signal {
    move |_, minute| if (from..to).contains(&minute) { signal } else { Signal::Good }
}

fn run(windows: &[Window], observed: &Observed, now: i64) -> Reconciliation {
    reconcile(&Calendar::of(windows.to_vec()), observed, at(now), Default::default())
}

/// Findings as `kind window services start..end` in minutes.
fn check(windows: &[Window], observed: &Observed, now: i64, expected: &[&str]) {
    let minute = |instant: DateTime<Utc>| (instant - at(0)).num_minutes().to_string();
    let findings = run(windows, observed, now).findings;
    let shown: Vec<String> = findings
        .iter()
        .map(|found| {
            let end = found.end.map_or(String::new(), minute);
            let window = found.window.as_deref().unwrap_or("-");
            format!("{} {window} {} {}..{end}", found.kind, found.services, minute(found.start))
        })
        .collect();
    assert_eq!(shown, expected);
}

const ALL: &str = "upload,query,verify";

#[test]
fn as_announced() {
    let seen = observed(240, down(60, 120, DOWN));
    check(&[window("w", 60, 120)], &seen, 240, &[&format!("announced_and_observed w {ALL} 60..120")]);
    let refused = observed(240, down(60, 120, Signal::Unreachable));
    check(&[window("w", 60, 120)], &refused, 240, &[&format!("announced_and_observed w {ALL} 60..120")]);
}

#[test]
fn announced_and_nothing_happened() {
    let seen = observed(240, |_, _| Signal::Good);
    check(&[window("w", 60, 120)], &seen, 240, &["announced_not_observed w all 60..120"]);
    check(&[window("w", 60, 120)], &seen, 100, &[]);
    let not_looked = observed(30, |_, _| Signal::Good);
    check(&[window("w", 60, 120)], &not_looked, 240, &[]);
}

#[test]
fn nothing_announced_and_maintenance_seen() {
    let seen = observed(240, down(60, 120, DOWN));
    check(&[], &seen, 240, &[&format!("observed_unannounced - {ALL} 60..120")]);
    check(
        &[window("w", 180, 200)],
        &observed(170, down(60, 120, DOWN)),
        170,
        &[&format!("observed_unannounced - {ALL} 60..120")],
    );
}

#[test]
fn an_outage_is_no_unannounced_maintenance() {
    check(&[], &observed(240, down(60, 120, Signal::Unreachable)), 240, &[]);
    check(&[], &observed(240, down(60, 120, Signal::Failing)), 240, &[]);
}

#[test]
fn overrun_is_known_live_and_afterwards() {
    let expected = |end: &str| {
        [format!("announced_and_observed w {ALL} 60..{end}"), format!("overrun w {ALL} 120..{end}")]
    };
    let live = observed(130, down(60, 150, DOWN));
    check(&[window("w", 60, 120)], &live, 130, &expected("").each_ref().map(String::as_str));
    let after = observed(240, down(60, 150, DOWN));
    check(&[window("w", 60, 120)], &after, 240, &expected("150").each_ref().map(String::as_str));
}

#[test]
fn an_announced_extension_is_no_overrun() {
    let seen = observed(240, down(60, 150, DOWN));
    let expected = ["a", "b"].map(|id| format!("announced_and_observed {id} {ALL} 60..150"));
    check(
        &[window("a", 60, 120), window("b", 120, 150)],
        &seen,
        240,
        &expected.each_ref().map(String::as_str),
    );
}

#[test]
fn early_end_is_the_time_saved() {
    let seen = observed(240, down(60, 90, DOWN));
    let expected = [format!("announced_and_observed w {ALL} 60..90"), format!("early_end w {ALL} 90..120")];
    check(&[window("w", 60, 120)], &seen, 240, &expected.each_ref().map(String::as_str));
}

#[test]
fn cancelled_and_yet_seen() {
    let mut cancelled = window("w", 60, 120);
    cancelled.status = Status::Cancelled;
    let seen = observed(240, down(60, 120, DOWN));
    check(&[cancelled.clone()], &seen, 240, &[&format!("cancelled_but_observed w {ALL} 60..120")]);
    check(&[cancelled], &observed(240, |_, _| Signal::Good), 240, &[]);
}

#[test]
fn services_and_time_beyond_the_announcement_are_unannounced() {
    let mut writes = window("w", 60, 120);
    writes.services = Services::WRITES;
    let seen = observed(240, down(40, 120, DOWN));
    let expected = [
        "announced_and_observed w upload 40..120",
        "observed_unannounced - query,verify 40..120",
        "observed_unannounced - upload 40..60",
    ];
    check(&[writes], &seen, 240, &expected);
}

/// One operation alone, asked at these seconds, says within `down` that it is in maintenance.
fn polled(seconds: impl Iterator<Item = i64>, down: std::ops::Range<i64>) -> Observed {
    let facts = seconds.map(|second| {
        let due = at(0) + TimeDelta::seconds(second);
        let signal = if down.contains(&second) { DOWN } else { Signal::Good };
        let subject = Subject::Platform(Operation::QueryNumber);
        Fact { due, done: due + TimeDelta::milliseconds(500), subject, signal }
    });
    Observed::from(&ObservedPhases::over(facts, PhaseOptions::default()))
}

#[test]
fn an_edge_within_one_poll_of_the_announced_one_is_the_announced_one() {
    let check = |seen: &Observed, now: i64, expected: &[&str]| {
        let announced = Calendar::of(vec![window("w", 60, 120)]);
        let told = reconcile(&announced, seen, at(0) + TimeDelta::seconds(now), Default::default()).findings;
        let kinds: Vec<&str> = told.iter().map(|finding| finding.kind.as_str()).collect();
        assert_eq!(kinds, expected, "now {now}");
    };
    // Asked a second before the start and answered in maintenance: also while it is young.
    for now in [3_605, 3_630, 3_659, 3_700] {
        check(&polled((1..now).step_by(2), 3_599..7_200), now, &["announced_and_observed"]);
    }
    // Asked every five minutes: a failure in the poll before the start may be the beginning of it.
    let slowly = || (0..7_100).step_by(300);
    check(&polled(slowly(), 3_300..7_200), 7_100, &["announced_and_observed"]);
    // Seen two polls before the start it was there before the start, as it is after a long silence.
    let early = ["announced_and_observed", "observed_unannounced"];
    check(&polled(slowly(), 3_000..7_200), 7_100, &early);
    check(&polled([0].into_iter().chain(slowly().skip(10)), 3_000..7_200), 7_100, &early);
    // Begun in the last seconds, and over by the first poll after the end.
    check(&polled((0..7_400).step_by(5), 7_195..7_230), 7_400, &["announced_and_observed"]);
}

#[test]
fn slow_answers_after_a_restore_are_a_backlog_rush() {
    let mut facts = Vec::new();
    for minute in 0..240 {
        let slow = if (120..150).contains(&minute) { 20 } else { 1 };
        let signal = if (60..120).contains(&minute) { DOWN } else { Signal::Good };
        let subject = Subject::Platform(Operation::QueryNumber);
        facts.push(Fact { due: at(minute), done: at(minute) + TimeDelta::seconds(slow), subject, signal });
    }
    let seen = Observed::from(&ObservedPhases::over(facts, PhaseOptions::default()));
    let expected = ["announced_and_observed w query 60..120", "backlog_rush - query 120..150"];
    check(&[window("w", 60, 120)], &seen, 240, &expected);
}

#[test]
fn a_proposed_window_is_confirmed_by_maintenance_answers_and_not_by_an_outage() {
    let mut proposed = window("w", 60, 120);
    proposed.status = Status::Proposed;
    let windows = [proposed];
    assert_eq!(run(&windows, &observed(240, down(60, 120, DOWN)), 240).corrections.len(), 1);
    assert!(run(&windows, &observed(240, down(60, 120, Signal::Unreachable)), 240).corrections.is_empty());
}

#[test]
fn sightings_make_the_calendar_tell_overrun_and_early_end() {
    let phases = |observed: &Observed, minutes: &[i64]| -> Vec<PhaseName> {
        let windows = vec![window("w", 60, 120)];
        let sightings = run(&windows, observed, 900).sightings;
        let register = Register { windows, sightings, ..Register::default() };
        let calendar = Calendar::new(&register, CalendarOptions::default());
        minutes.iter().map(|minute| calendar.phase_at(at(*minute), Service::Query).name()).collect()
    };
    let overrun = observed(900, down(60, 150, DOWN));
    assert_eq!(
        phases(&overrun, &[119, 121, 149, 151]),
        [PhaseName::During, PhaseName::Overrun, PhaseName::Overrun, PhaseName::Recovering]
    );
    let long = observed(900, down(60, 800, DOWN));
    assert_eq!(phases(&long, &[799, 801]), [PhaseName::Overrun, PhaseName::Recovering]);
    let early = observed(900, down(60, 90, DOWN));
    assert_eq!(
        phases(&early, &[89, 91, 110]),
        [PhaseName::During, PhaseName::Recovering, PhaseName::Outside]
    );
    let on_time = observed(900, down(60, 120, DOWN));
    assert_eq!(phases(&on_time, &[119, 121]), [PhaseName::During, PhaseName::Recovering]);
}

#[test]
fn recovery_is_the_first_round_as_fast_as_before() {
    let round = |minute: i64, outcome, seconds| Round {
        done: at(minute),
        steps: vec![(Operation::Upload, outcome, seconds)],
    };
    let before = BTreeMap::from([(Operation::Upload, 0.4)]);
    let rounds =
        [round(121, Outcome::ServerError, 0.1), round(122, Outcome::Ok, 5.0), round(124, Outcome::Ok, 0.5)];
    let judge = |rounds| Recovery::judge("w", at(120), rounds, &before, &[], RecoveryOptions::default());
    assert_eq!(judge(&rounds).seconds, Some(240.0));
    assert_eq!(judge(&rounds[..2]).steps[0].verdict, StepVerdict::Slower);
    assert_eq!(judge(&rounds[..1]).steps[0].verdict, StepVerdict::Failed);
    assert_eq!(judge(&[]).passed, None);
}

#[test]
fn only_a_proper_no_means_that_an_invoice_is_gone() {
    let read = |number: &str, outcome| Reread { number: number.into(), outcome };
    let reread = [
        read("1", Outcome::Ok),
        read("2", Outcome::BusinessNo),
        read("3", Outcome::Mismatched { field: Field::Total }),
        read("4", Outcome::Reset),
    ];
    let found = Recovery::judge("w", at(120), &[], &BTreeMap::new(), &reread, RecoveryOptions::default());
    assert_eq!((found.vanished, found.unread), (vec!["2".to_owned()], vec!["4".to_owned()]));
    assert_eq!((found.changed[0].number.as_str(), found.changed[0].field), ("3", Field::Total));
}
