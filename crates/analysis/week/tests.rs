#![allow(clippy::unwrap_used)]
use super::*;
use chrono::TimeDelta;
use piaotan_record::Window;

const WEEK: i64 = 7 * 86_400;

fn start() -> DateTime<Utc> {
    "2026-11-16T16:00:00Z".parse().unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

/// A login every minute from the week before on; what `outcome` says of a moment of this week, else well.
fn week(windows: Vec<Window>, outcome: impl Fn(i64) -> OutcomeKind) -> Week {
    let calendar = Calendar::of(windows);
    let terms = Terms {
        from: start(),
        to: at(WEEK),
        zone: chrono_tz::Asia::Shanghai,
        calendar: &calendar,
        chinese: false,
    };
    let mut fold = Fold::new(terms);
    for second in (-WEEK..WEEK).step_by(60) {
        let kind = outcome(second);
        fold.take(&Run {
            probe: "login".into(),
            started: at(second),
            took: 0.1,
            service: Service::Login,
            operation: Some(Operation::Login),
            of_platform: true,
            health: if kind == OutcomeKind::Ok { Health::Good } else { Health::Bad },
            outcome: Some(kind),
            code: if kind == OutcomeKind::Ok { String::new() } else { "SYS".into() },
            timed: true,
        });
    }
    fold.finish()
}

fn between(from: i64, to: i64, kind: OutcomeKind) -> impl Fn(i64) -> OutcomeKind {
    move |second| if (from..to).contains(&second) { kind } else { OutcomeKind::Ok }
}

#[test]
fn a_window_is_left_out_of_the_adjusted_availability_alone() {
    let window = Window::new("w", at(36_000), Some(at(43_200)));
    let week = week(vec![window], between(36_000, 43_200, OutcomeKind::Maintenance));
    assert_eq!((week.availability.raw.bad, week.availability.adjusted.bad), (120, 0));
    assert_eq!((week.before.raw.bad, week.before.raw.good), (0, 10_080));
    assert_eq!(week.codes["SYS"], Code { count: 120, before: 0, inside: 120 });
    assert_eq!(
        week.findings.iter().map(|f| f.kind).collect::<Vec<_>>(),
        [FindingKind::WindowAnnouncedAndObserved]
    );
    assert_eq!((week.days.len(), week.days[0].excluded), (7, 7_200.0));
    assert_eq!((week.probes["login"].now.failed, week.probes["login"].now.excused), (120, 120));
}

use crate::summary::FindingKind;

#[test]
fn an_overrun_counts_and_is_told() {
    let window = Window::new("w", at(36_000), Some(at(39_600)));
    let week = week(vec![window], between(36_000, 42_300, OutcomeKind::Maintenance));
    assert_eq!(week.availability.adjusted.bad, 45);
    assert_eq!(week.windows[0].finding.as_deref(), Some("overrun"));
    assert!(week.findings[0].text.contains("overran by 45 min"), "{:?}", week.findings);
}

#[test]
fn an_outage_and_what_nobody_announced_are_told_apart() {
    let down = week(Vec::new(), between(36_000, 37_200, OutcomeKind::ServerError));
    assert_eq!(down.findings.iter().map(|f| f.kind).collect::<Vec<_>>(), [FindingKind::Errors]);
    let silent = week(Vec::new(), between(36_000, 37_200, OutcomeKind::Maintenance));
    let told: Vec<_> = silent.findings.iter().map(|f| f.kind).collect();
    assert_eq!(told, [FindingKind::WindowObservedUnannounced]);
    assert_eq!(silent.windows[0].source, "observed");
}

#[test]
fn what_our_own_network_kept_from_answering_says_nothing() {
    let check = |kind: OutcomeKind, bad: u64| {
        let calendar = Calendar::of(Vec::new());
        let (from, to, zone) = (start(), at(WEEK), chrono_tz::UTC);
        let mut fold = Fold::new(Terms { from, to, zone, calendar: &calendar, chinese: false });
        let run = |second, of_platform, outcome| Run {
            probe: if of_platform { "login" } else { "own_network" }.into(),
            started: at(second),
            took: 0.1,
            service: Service::Login,
            operation: of_platform.then_some(Operation::Login),
            of_platform,
            health: Health::Bad,
            outcome: Some(outcome),
            code: String::new(),
            timed: true,
        };
        fold.take(&run(0, false, OutcomeKind::TimedOut));
        fold.take(&run(60, true, kind));
        let week = fold.finish();
        assert_eq!((week.availability.raw.bad, week.availability.raw.good), (bad, 0), "{kind}");
    };
    check(OutcomeKind::Refused, 0);
    check(OutcomeKind::TimedOut, 0);
    check(OutcomeKind::Tls, 1);
    check(OutcomeKind::ServerError, 1);
    check(OutcomeKind::ClientError, 0);
}

#[test]
fn nothing_at_all_is_no_hundred_per_cent() {
    let calendar = Calendar::of(Vec::new());
    let terms =
        Terms { from: start(), to: at(WEEK), zone: chrono_tz::UTC, calendar: &calendar, chinese: true };
    let week = Fold::new(terms).finish();
    assert_eq!((week.availability.raw.share(), week.reaches), (None, None));
}
