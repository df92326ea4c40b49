//! Recurring windows as people write them: what they mean, and what is refused with which words.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::Calendar;
use piaotan_record::recurrence::{Recurrence, Recurring, Spec};
use piaotan_record::window::{Service, Window};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The occurrences of a year as `MM-DDTHH:MM+hours` in the zone's own clock.
fn check(spec: &Spec, year: i32, expected: &[&str]) {
    let recurrence = Recurrence::try_from(spec.clone()).unwrap();
    let from = at(&format!("{year}-01-01T00:00:00Z"));
    let found = recurrence.occurrences(from, from + TimeDelta::days(365)).take(expected.len());
    let shown: Vec<String> = found
        .map(|occurrence| {
            let hours = (occurrence.end - occurrence.start).num_minutes() as f64 / 60.0;
            format!("{}+{hours}", occurrence.start.with_timezone(&recurrence.zone()).format("%m-%dT%H:%M"))
        })
        .collect();
    assert_eq!(shown, expected, "{spec:?}");
}

fn cron(line: &str, zone: &str) -> Spec {
    Spec { cron: vec![line.into()], duration: Some("2h".into()), zone: zone.into(), ..Spec::default() }
}

fn rule(rule: &str) -> Spec {
    Spec {
        rrule: Some(rule.into()),
        start: Some("2026-01-06T02:00".into()),
        duration: Some("2h".into()),
        zone: "Asia/Shanghai".into(),
        ..Spec::default()
    }
}

fn refused(spec: Spec) -> String {
    Recurrence::try_from(spec).unwrap_err().to_string()
}

#[test]
fn cron_speaks_of_the_wall_clock() {
    check(&cron("0 2 * * 0", "Asia/Shanghai"), 2026, &["01-04T02:00+2", "01-11T02:00+2"]);
    check(&cron("30 22 L * *", "Asia/Shanghai"), 2026, &["01-31T22:30+2", "02-28T22:30+2"]);
    check(&cron("0 1 * * THU#3", "Europe/Berlin"), 2026, &["01-15T01:00+2", "02-19T01:00+2"]);
}

#[test]
fn several_slots_are_one_recurrence() {
    let mut spec = cron("0 2 * * 0", "Asia/Shanghai");
    spec.cron.push("0 14 * * 3".into());
    check(&spec, 2026, &["01-04T02:00+2", "01-07T14:00+2", "01-11T02:00+2"]);
}

#[test]
fn rules_name_days_as_calendars_do() {
    check(&rule("FREQ=MONTHLY;BYDAY=-1SU"), 2026, &["01-25T02:00+2", "02-22T02:00+2", "03-29T02:00+2"]);
    check(&rule("RRULE:FREQ=DAILY;INTERVAL=10"), 2026, &["01-06T02:00+2", "01-16T02:00+2", "01-26T02:00+2"]);
    check(&rule("FREQ=MONTHLY;BYMONTHDAY=-1"), 2026, &["01-31T02:00+2", "02-28T02:00+2"]);
    check(&rule("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"), 2026, &["01-30T02:00+2", "02-27T02:00+2"]);
    check(&rule("FREQ=WEEKLY;COUNT=2"), 2026, &["01-06T02:00+2", "01-13T02:00+2"]);
    check(&rule("FREQ=WEEKLY;UNTIL=20260112T180000Z"), 2026, &["01-06T02:00+2", "01-13T02:00+2"]);
    check(&rule("FREQ=YEARLY;BYMONTH=10;BYDAY=2TU"), 2026, &["10-13T02:00+2"]);
}

#[test]
fn counted_rules_end_for_every_question() {
    let counted =
        Recurrence::rrule("FREQ=WEEKLY;COUNT=2", "2026-01-06T02:00", "2h", "Asia/Shanghai").unwrap();
    assert_eq!(counted.occurrences(at("2026-01-14T00:00:00Z"), at("2030-01-01T00:00:00Z")).count(), 0);
    assert_eq!(counted.occurrences(at("2026-01-12T19:00:00Z"), at("2030-01-01T00:00:00Z")).count(), 1);
}

#[test]
fn exceptions_and_additions() {
    let mut spec = rule("FREQ=WEEKLY");
    spec.except = vec!["2026-01-13".into(), "2026-01-20T02:00".into(), "2026-01-27T03:00".into()];
    spec.also = vec!["2026-01-15T02:00".into()];
    check(&spec, 2026, &["01-06T02:00+2", "01-15T02:00+2", "01-27T02:00+2"]);
}

#[test]
fn a_length_says_by_which_clock() {
    let overnight = |duration: Option<&str>, wall: Option<&str>, end: Option<&str>| Spec {
        cron: vec!["0 23 * * *".into()],
        duration: duration.map(Into::into),
        wall_duration: wall.map(Into::into),
        end: end.map(Into::into),
        zone: "Europe/Berlin".into(),
        start: Some("2026-03-28T00:00".into()),
        ..Spec::default()
    };
    check(&overnight(Some("7h"), None, None), 2026, &["03-28T23:00+7"]);
    check(&overnight(None, Some("7h"), None), 2026, &["03-28T23:00+6", "03-29T23:00+7"]);
    check(&overnight(None, None, Some("06:00")), 2026, &["03-28T23:00+6", "03-29T23:00+7"]);
    check(&overnight(None, None, Some("23:00")), 2026, &["03-28T23:00+23"]);
    check(&overnight(None, None, Some("24:00")), 2026, &["03-28T23:00+1"]);
}

#[test]
fn odd_nights_are_defined() {
    let berlin = |line: &str, duration: &str, start: &str| Spec {
        cron: vec![line.into()],
        duration: Some(duration.into()),
        start: Some(start.into()),
        zone: "Europe/Berlin".into(),
        ..Spec::default()
    };
    check(&berlin("30 2 * * *", "1h", "2026-03-28T12:00"), 2026, &["03-29T03:30+1", "03-30T02:30+1"]);
    check(&berlin("30 2 * * *", "2h", "2026-10-24T12:00"), 2026, &["10-25T02:30+2", "10-26T02:30+2"]);
    let whole_gap =
        Spec { end: Some("03:00".into()), duration: None, ..berlin("30 2 * * *", "1h", "2026-03-28T12:00") };
    check(&whole_gap, 2026, &["03-29T03:30+0.5", "03-30T02:30+0.5"]);
}

#[test]
fn windows_of_a_rule_can_be_named_one_by_one() {
    let recurrence = Recurrence::cron(&["0 2 * * 0"], "2h", "Asia/Shanghai").unwrap();
    let rule = Recurring { window: Window::new("weekly", at("2026-01-01T00:00:00Z"), None), recurrence };
    let windows: Vec<Window> = rule.windows(at("2026-11-20T00:00:00Z"), at("2026-12-01T00:00:00Z")).collect();
    let ids: Vec<&str> = windows.iter().map(|window| window.id.as_str()).collect();
    assert_eq!(ids, ["weekly@20261121T180000Z", "weekly@20261128T180000Z"]);
    assert_eq!(windows[0].rule.as_deref(), Some("weekly"));
    let calendar = Calendar::of(windows);
    assert!(calendar.phase_at(at("2026-11-21T19:00:00Z"), Service::Query).is_maintenance());
}

#[test]
fn what_was_read_is_written_down_and_read_again() {
    let spec = Spec { end: Some("06:00".into()), duration: None, ..rule("FREQ=MONTHLY;BYDAY=-1SU") };
    let recurrence = Recurrence::try_from(spec).unwrap();
    let written = serde_json::to_string(&recurrence).unwrap();
    assert_eq!(serde_json::from_str::<Recurrence>(&written).unwrap(), recurrence);
    let one = serde_json::from_str::<Recurrence>(r#"{"cron":"0 2 * * 0","duration":"2h","zone":"UTC"}"#);
    assert_eq!(one.unwrap().spec().cron, ["0 2 * * 0"]);
}

#[test]
fn refusals_name_the_field_and_what_to_write() {
    let check = |spec: Spec, expected: &str| assert_eq!(refused(spec), expected);
    check(
        rule("FREQ=SECONDLY"),
        "rrule: FREQ=SECONDLY leaves no time outside: write FREQ=DAILY with a longer duration",
    );
    check(rule("FREQ=HOURLY"), "rrule: FREQ=HOURLY is not read: write FREQ=DAILY;BYHOUR=0,6,12,18 instead");
    check(rule("BYDAY=MO"), "rrule: it has no FREQ: write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY");
    check(rule("FREQ=WEEKLY;BYDAY=XX"), "rrule: unknown weekday `XX`: write MO, TU, WE, TH, FR, SA or SU");
    check(rule("FREQ=WEEKLY;BYDAY=日"), "rrule: unknown weekday `日`: write MO, TU, WE, TH, FR, SA or SU");
    check(rule("FREQ=WEEKLY;BYDAY=2MO"), "rrule: an nth weekday needs FREQ=MONTHLY or FREQ=YEARLY");
    check(rule("FREQ=DAILY;INTERVAL=0"), "rrule: INTERVAL=0: write a number from 1 to 10000");
    check(rule("FREQ=DAILY;UNTIL=tomorrow"), "rrule: UNTIL=TOMORROW: write `20261231` or `20261231T160000Z`");
    check(rule("FREQ=DAILY;COUNT=3;UNTIL=20261231"), "rrule: write COUNT or UNTIL, not both");
    check(
        rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        "rrule: `FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30` never happens: write days that exist",
    );
    check(rule("FREQ=YEARLY;BYWEEKNO=20"), "rrule: BYWEEKNO is not read: write BYMONTH and BYDAY instead");
    check(
        rule("FREQ=DAILY;BYMONTHDAY=1,40"),
        "rrule: BYMONTHDAY=1,40: write numbers from 1 to 31, or from the end with a minus",
    );
    check(
        cron("* * * * *", "UTC"),
        "cron: `* * * * *` starts too often: write at most one start in 15 minutes",
    );
    check(cron("0 0 30 2 *", "UTC"), "cron: `0 0 30 2 *` never happens: write a day that exists");
    check(
        cron("0 2 * * 0", "Asia/Shangai"),
        "zone: unknown zone `Asia/Shangai`: did you mean `Asia/Shanghai`?",
    );
    check(cron("0 2 * * 0", ""), "zone: write an IANA name such as `Asia/Shanghai`");
    let spec = Spec { duration: None, ..cron("0 2 * * 0", "UTC") };
    check(spec, "duration: write how long it lasts, such as `2h`, or `end`");
    let spec = Spec { duration: Some("40d".into()), ..cron("0 2 * * 0", "UTC") };
    check(spec, "duration: `40d` is over 31 days: write one-off windows instead");
    let spec = Spec { start: None, ..rule("FREQ=DAILY") };
    check(spec, "start: write the wall-clock start of the first occurrence, such as `2026-01-06T02:00`");
    let spec = Spec { end: Some("06:00".into()), ..rule("FREQ=DAILY") };
    check(spec, "duration: write one of `duration`, `wall_duration` and `end`, not several");
    assert!(
        refused(cron("0 2 * *", "UTC")).ends_with("write minute hour day month weekday, such as `0 2 * * 0`")
    );
}

#[test]
fn any_stretch_of_time_may_be_asked_about() {
    let daily = Recurrence::rrule("FREQ=DAILY", "1970-01-01T02:00", "2h", "Asia/Shanghai").unwrap();
    for year in (2000..2900).step_by(50) {
        let from = at(&format!("{year}-06-01T00:00:00Z"));
        assert_eq!(daily.occurrences(from, from + TimeDelta::days(7)).count(), 7);
    }
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    assert_eq!(daily.occurrences(first, last).take(3).count(), 3);
    assert_eq!(daily.occurrences(last, first).count(), 0);
}
