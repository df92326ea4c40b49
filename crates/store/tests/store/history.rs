use crate::{at, fresh};
use chrono::TimeDelta;
use piaotan_record::{Evidence, Nanos, OutcomeKind, Phases};
use piaotan_store::rollup::Span;
use piaotan_store::{Health, Probed, Retention};

fn run(probe: &str, due: i64, health: Health, seconds: f64) -> Probed {
    let failed = health == Health::Unhealthy;
    Probed {
        probe: probe.into(),
        location: "bj".into(),
        due: at(due),
        started: at(due),
        duration: Nanos::from_seconds(seconds),
        health,
        outcome: Some(if failed { OutcomeKind::ServerError } else { OutcomeKind::Ok }),
        code: String::new(),
        detail: String::new(),
        phases: Some(Phases { connect: Some(Nanos(5)), ..Phases::default() }),
        evidence: failed.then(|| Evidence { status: Some(500), ..Evidence::default() }),
    }
}

#[test]
fn runs_come_back_as_they_were_written() {
    let fresh = fresh();
    let runs = [run("login", 0, Health::Healthy, 0.1), run("verify", 60, Health::Unhealthy, 0.2)];
    fresh.store.probed(&runs).unwrap();
    let store = fresh.again();
    assert_eq!(store.runs(None, at(0), at(61)).unwrap(), runs);
    assert_eq!(store.runs(Some("login"), at(0), at(61)).unwrap(), runs[..1]);
    assert_eq!(store.failures(at(100), 5).unwrap(), runs[1..]);
    assert_eq!(store.latest_runs().unwrap().len(), 2);
}

#[test]
fn hours_and_days_add_up_and_folding_again_changes_nothing() {
    let store = fresh().store;
    let keep = Retention::default();
    let minutes = |range: std::ops::Range<i64>| {
        range.map(|minute| run("login", minute * 60, Health::Healthy, 0.1)).collect::<Vec<_>>()
    };
    store.probed(&minutes(0..90)).unwrap();
    store.roll(at(0), at(90 * 60), &keep).unwrap();
    store.probed(&[run("login", 91 * 60, Health::Unhealthy, 0.4)]).unwrap();
    (0..2).for_each(|_| assert_eq!(store.roll(at(3_600), at(7_200), &keep).unwrap(), 0));
    let hours = store.rollups(Span::Hour, at(0), at(7_200)).unwrap();
    assert_eq!(hours.iter().map(|hour| hour.made()).collect::<Vec<_>>(), [60, 31]);
    let days = store.rollups(Span::Day, at(-86_400), at(86_400)).unwrap();
    assert_eq!(days.iter().map(|day| day.made()).collect::<Vec<_>>(), [91]);
    assert_eq!(days[0].start, at(-8 * 3_600), "the day begins at midnight in Beijing");
    assert_eq!((days[0].healths[&Health::Unhealthy], days[0].outcomes[&OutcomeKind::Ok]), (1, 90));
    assert!((days[0].latency.max() as f64 / 4e8 - 1.0).abs() < 0.001);
}

#[test]
fn failures_outlive_successes_and_rollups_outlive_both() {
    let store = fresh().store;
    let keep =
        Retention { successes: TimeDelta::days(1), failures: TimeDelta::days(3), ..Retention::default() };
    store.probed(&[run("a", 0, Health::Healthy, 0.1), run("a", 60, Health::Unhealthy, 0.1)]).unwrap();
    store.roll(at(0), at(3_600), &keep).unwrap();
    assert_eq!(store.roll(at(2 * 86_400), at(2 * 86_400), &keep).unwrap(), 1);
    assert_eq!(store.runs(None, at(0), at(120)).unwrap().len(), 1);
    assert_eq!(store.roll(at(4 * 86_400), at(4 * 86_400), &keep).unwrap(), 1);
    assert_eq!(store.rollups(Span::Hour, at(0), at(3_600)).unwrap()[0].made(), 2);
}

also_on_postgres!(
    runs_come_back_as_they_were_written,
    hours_and_days_add_up_and_folding_again_changes_nothing,
    failures_outlive_successes_and_rollups_outlive_both,
);
