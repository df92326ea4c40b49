//! `report --last`: two weeks in a store, told as they were, and told anew when a window is corrected.

use crate::house::piaotan;
use crate::schema::{answer, check};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use piaotan_record::{Nanos, OutcomeKind};
use piaotan_store::{Health, Probed, Store};
use std::path::Path;
use tempfile::tempdir;

/// The end of a week that the store still has in full, and of the week before too.
fn until() -> DateTime<Utc> {
    (Utc::now() - TimeDelta::days(1)).duration_trunc(TimeDelta::hours(1)).unwrap()
}

fn row(probe: &str, at: DateTime<Utc>, outcome: OutcomeKind) -> Probed {
    Probed {
        probe: probe.into(),
        location: "here".into(),
        due: at,
        started: at,
        duration: Nanos::from_seconds(0.08),
        health: if outcome == OutcomeKind::Ok { Health::Healthy } else { Health::Unhealthy },
        outcome: Some(outcome),
        code: if outcome == OutcomeKind::Maintenance { "5003".into() } else { String::new() },
        detail: "<script>\u{202e}".into(),
        phases: None,
        evidence: None,
    }
}

/// Three probes every five minutes for a fortnight; from hour 30 of the second week on, maintenance for 165 minutes.
/// In the first week one answer bears a code that is markup.
fn fortnight(path: &Path, until: DateTime<Utc>) {
    let store = Store::open(path).unwrap();
    let week = until - TimeDelta::days(7);
    let mut rows = Vec::new();
    for minute in (-7 * 1440..7 * 1440).step_by(5) {
        let down = (1800..1965).contains(&minute);
        let outcome = if down { OutcomeKind::Maintenance } else { OutcomeKind::Ok };
        for probe in ["login", "query_number", "api_health"] {
            rows.push(row(probe, week + TimeDelta::minutes(minute), outcome));
        }
    }
    let hostile = row("login", week - TimeDelta::days(1), OutcomeKind::ServerError);
    rows.push(Probed { code: "<b>x\u{202e}".into(), ..hostile });
    store.probed(&rows).unwrap();
}

#[test]
fn a_week_is_told_as_known_now() {
    let dir = tempdir().unwrap();
    let until = until();
    fortnight(&dir.path().join("w.db"), until);
    let written = until.to_rfc3339();
    let ask = || answer(dir.path(), &["report", "--last", "7d", "--until", &written, "--store", "w.db"]);
    let told = |week: &serde_json::Value| -> Vec<String> {
        let all = week["findings"].as_array().unwrap().iter();
        all.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
    };
    let before = ask();
    check("week", &before);
    assert_eq!(
        (&before["availability"]["adjusted"]["bad"], told(&before)),
        (&99.into(), vec!["window_observed_unannounced".into()])
    );
    assert_eq!(before["codes"]["5003"]["count"], 99);

    // Somebody remembers the notice: two hours were announced, and the past is another.
    let start = (until - TimeDelta::days(7) + TimeDelta::hours(30)).to_rfc3339();
    let window = ["windows", "add", "--store", "w.db", "--start", &start, "--for", "2h"];
    assert!(piaotan(&window).current_dir(dir.path()).status().unwrap().success());
    let after = ask();
    assert_eq!(
        (&after["availability"]["raw"]["bad"], &after["availability"]["adjusted"]["bad"]),
        (&99.into(), &27.into())
    );
    assert_eq!(told(&after), ["window_overrun"]);

    let page = std::fs::read_to_string(dir.path().join("week.html")).unwrap();
    assert!(page.contains("&lt;b&gt;x") && !page.contains("<b>x"), "nothing that a platform said is markup");
    assert!(!page.contains('\u{202e}'), "nothing that a platform said turns the line");
}

/// Failures are kept ten times as long as successes.
#[test]
fn what_only_failures_are_left_of_is_not_counted() {
    let dir = tempdir().unwrap();
    let store = Store::open(&dir.path().join("w.db")).unwrap();
    let day = |ago: i64, outcome| row("login", Utc::now() - TimeDelta::days(ago), outcome);
    store.probed(&[day(50, OutcomeKind::ServerError), day(50, OutcomeKind::ServerError)]).unwrap();
    let well: Vec<Probed> = (2..=29).rev().map(|ago| day(ago, OutcomeKind::Ok)).collect();
    store.probed(&well).unwrap();
    for (last, good, good_before) in [("60d", 28, 0), ("30d", 28, 0), ("15d", 13, 15)] {
        let week = answer(dir.path(), &["report", "--last", last, "--store", "w.db"]);
        let raw = |of: &serde_json::Value| (of["raw"]["good"].as_u64(), of["raw"]["bad"].as_u64());
        assert_eq!(raw(&week["availability"]), (Some(good), Some(0)), "{last}");
        assert_eq!(raw(&week["before"]), (Some(good_before), Some(0)), "{last}");
        assert!(week["probes"]["login"]["before"]["failed"] == 0, "{last}");
    }
}

#[test]
fn an_empty_store_is_told_as_such() {
    let dir = tempdir().unwrap();
    drop(Store::open(&dir.path().join("w.db")).unwrap());
    let args = ["report", "--last", "1d", "--store", "w.db", "--out", "w.md", "--lang", "zh"];
    let output = piaotan(&args).current_dir(dir.path()).output().unwrap();
    assert!(output.status.success());
    let text = std::fs::read_to_string(dir.path().join("w.md")).unwrap();
    assert!(text.contains("没有探针的记录"), "{text}");
    assert_eq!(text, String::from_utf8(output.stdout).unwrap());
}
