#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::Operation;

use super::{Condition, Fact, ObservedPhases, PhaseOptions, Signal, Subject, episodes};

const UPLOAD: Operation = Operation::Upload;
const QUERY: Operation = Operation::QueryNumber;
const VERIFY: Operation = Operation::Verify;
const LOGIN: Operation = Operation::Login;
const DOWN: Signal = Signal::Maintenance { retry_after: None };

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn fact(operation: Operation, second: i64, signal: Signal) -> Fact {
    Fact { due: at(second), done: at(second + 1), subject: Subject::Platform(operation), signal }
}

fn own(second: i64, signal: Signal) -> Fact {
    Fact { due: at(second), done: at(second + 1), subject: Subject::OwnNetwork, signal }
}

/// Polls of several operations a minute, ten seconds apart: `signals[minute]` is given by `say`.
fn polls(operations: &[Operation], minutes: i64, say: impl Fn(Operation, i64) -> Signal) -> Vec<Fact> {
    let minute = |minute: i64| {
        let say = &say;
        let each = operations.iter().zip(0i64..);
        each.map(move |(operation, slot)| {
            let second = minute * 60 + slot * 10;
            fact(*operation, second, say(*operation, second))
        })
    };
    (0..minutes).flat_map(minute).collect()
}

/// Episodes as `condition services begin..end` in seconds.
fn check(facts: &[Fact], expected: &[&str]) {
    let observed = ObservedPhases::over(facts.iter().copied(), PhaseOptions::default());
    let second = |at: DateTime<Utc>| at.timestamp().to_string();
    let shown: Vec<String> = episodes(&observed.spans())
        .iter()
        .map(|episode| {
            let end = episode.end.map_or("".to_owned(), |end| second(end.at));
            format!("{} {} {}..{end}", episode.condition, episode.services, second(episode.begin.at))
        })
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn maintenance_answers_from_all_operations_are_maintenance() {
    let all = [UPLOAD, QUERY, VERIFY];
    check(
        &polls(&all, 30, |_, second| if (300..900).contains(&second) { DOWN } else { Signal::Good }),
        &["maintenance upload,query,verify 300..900"],
    );
}

#[test]
fn maintenance_of_the_writes_alone_leaves_the_reads_healthy() {
    let say = |operation, second: i64| {
        let writes = operation == UPLOAD || operation == LOGIN;
        if writes && (300..900).contains(&second) { DOWN } else { Signal::Good }
    };
    check(&polls(&[LOGIN, UPLOAD, QUERY, VERIFY], 30, say), &["maintenance login,upload 300..900"]);
}

#[test]
fn transport_errors_alone_are_never_maintenance() {
    let say = |_, second: i64| if (300..900).contains(&second) { Signal::Unreachable } else { Signal::Good };
    check(&polls(&[UPLOAD, QUERY, VERIFY], 30, say), &["outage upload,query,verify 300..900"]);
}

#[test]
fn one_operation_convinces_by_insisting() {
    let say = |operation, second: i64| {
        if operation == VERIFY && (300..900).contains(&second) { DOWN } else { Signal::Good }
    };
    check(&polls(&[UPLOAD, QUERY, VERIFY], 30, say), &["maintenance verify 320..920"]);
}

#[test]
fn shed_load_is_no_maintenance() {
    let facts: Vec<Fact> =
        (0..4000).map(|n| fact(QUERY, n / 100, if n % 3 == 0 { Signal::Good } else { DOWN })).collect();
    check(&facts, &[]);
}

#[test]
fn a_single_failure_is_nothing() {
    let say = |_, second: i64| if second % 300 == 60 { Signal::Failing } else { Signal::Good };
    check(&polls(&[UPLOAD, QUERY], 60, say), &[]);
}

#[test]
fn resets_amid_maintenance_answers_belong_to_it() {
    let say = |_, second: i64| match second {
        300..900 if second % 120 < 60 => DOWN,
        300..900 => Signal::Unreachable,
        _ => Signal::Good,
    };
    check(&polls(&[UPLOAD, QUERY, VERIFY], 30, say), &["maintenance upload,query,verify 300..900"]);
}

#[test]
fn maintenance_that_fades_into_failures_is_an_outage() {
    let say = |_, second: i64| match second {
        300..600 => DOWN,
        600..1500 => Signal::Unreachable,
        _ => Signal::Good,
    };
    check(
        &polls(&[UPLOAD, QUERY, VERIFY], 40, say),
        &["maintenance upload,query,verify 300..600", "outage upload,query,verify 600..1500"],
    );
}

#[test]
fn an_outage_that_puts_up_a_page_is_maintenance_from_there() {
    let say = |_, second: i64| match second {
        300..900 => Signal::Failing,
        900..1500 => DOWN,
        _ => Signal::Good,
    };
    check(
        &polls(&[UPLOAD, QUERY, VERIFY], 40, say),
        &["outage upload,query,verify 300..900", "maintenance upload,query,verify 900..1500"],
    );
}

#[test]
fn our_own_network_is_not_the_platform() {
    let say = |_, second: i64| if (305..900).contains(&second) { Signal::Unreachable } else { Signal::Good };
    let mut facts = polls(&[UPLOAD, QUERY, VERIFY], 30, say);
    facts.extend((0..30).map(|minute| own(minute * 60 + 50, say(UPLOAD, minute * 60 + 50))));
    facts.sort_by_key(|fact| fact.done);
    check(&facts, &["own_network upload,query,verify 310..900"]);
}

#[test]
fn an_outage_beside_a_working_network_is_an_outage() {
    let say = |_, second: i64| if (300..900).contains(&second) { Signal::Unreachable } else { Signal::Good };
    let mut facts = polls(&[UPLOAD, QUERY, VERIFY], 30, say);
    facts.extend((0..30).map(|minute| own(minute * 60 + 50, Signal::Good)));
    facts.sort_by_key(|fact| fact.done);
    check(&facts, &["outage upload,query,verify 300..900"]);
}

#[test]
fn late_answers_are_slow() {
    let facts: Vec<Fact> = (0..40)
        .map(|minute| {
            let mut fact = fact(QUERY, minute * 60, Signal::Good);
            if (10..20).contains(&minute) {
                fact.done = fact.due + TimeDelta::seconds(15);
            }
            fact
        })
        .collect();
    check(&facts, &["slow query 600..1200"]);
}

#[test]
fn a_relapse_during_the_restore_does_not_end_it() {
    let say = |_, second: i64| match second {
        300..600 | 620..900 => DOWN,
        _ => Signal::Good,
    };
    check(&polls(&[QUERY], 30, say), &["maintenance query 300..900"]);
}

#[test]
fn what_nobody_asks_ends_with_its_neighbours_and_is_taken_up_again() {
    let say = |_, second: i64| if (300..3000).contains(&second) { DOWN } else { Signal::Good };
    let mut facts = polls(&[UPLOAD, QUERY, VERIFY], 80, say);
    facts.retain(|fact| {
        fact.subject != Subject::Platform(UPLOAD) || !(480..4000).contains(&fact.due.timestamp())
    });
    check(&facts, &["maintenance upload,query,verify 300..3010"]);
    for fact in &mut facts {
        if fact.subject == Subject::Platform(UPLOAD)
            && fact.due.timestamp() < 4400
            && fact.due.timestamp() >= 300
        {
            fact.signal = DOWN;
        }
    }
    check(&facts, &["maintenance upload 300..4440", "maintenance query,verify 310..3010"]);
}

#[test]
fn edges_are_bracketed_by_the_polls() {
    let say = |_, second: i64| if (290..900).contains(&second) { DOWN } else { Signal::Good };
    let observed = ObservedPhases::over(polls(&[QUERY], 30, say), PhaseOptions::default());
    let span = &observed.spans()[0];
    assert_eq!((span.begin.after, span.begin.by), (Some(at(240)), at(301)));
    let end = span.end.unwrap();
    assert_eq!((end.after, end.by), (Some(at(840)), at(901)));
    assert_eq!(span.begin.width(), Some(61.0));
}

#[test]
fn it_is_known_within_two_polls_and_at_once_where_many_agree() {
    let say = |_, second: i64| if second >= 300 { DOWN } else { Signal::Good };
    let mut observed = ObservedPhases::default();
    let facts = polls(&[UPLOAD, QUERY, VERIFY], 10, say);
    let known = facts.iter().flat_map(|fact| observed.push(fact)).next().unwrap();
    assert_eq!(known.known, at(321));
    assert_eq!(observed.condition(piaotan_record::Service::All), Condition::Maintenance);
}

#[test]
fn unannounced_maintenance_is_a_window_of_capped_length_that_counts() {
    let say = |_, second: i64| if (300..3000).contains(&second) { DOWN } else { Signal::Good };
    let observed = ObservedPhases::over(polls(&[UPLOAD, QUERY], 80, say), PhaseOptions::default());
    let window = episodes(&observed.spans())[0].window("seen", TimeDelta::minutes(10));
    assert_eq!((window.start, window.end), (at(300), Some(at(900))));
    let calendar = piaotan_record::Calendar::of(vec![window]);
    assert_eq!(calendar.excluded_seconds(at(0), at(4800), piaotan_record::Service::Query), 0.0);
    assert!(calendar.phase_at(at(600), piaotan_record::Service::Query).spoils_gate());
}
