//! `report --last`: two weeks in a store, told as they were, and told anew when a window is corrected.

use crate::house::piaotan;
use crate::schema::{answer, check};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::{Nanos, OutcomeKind};
use piaotan_store::{Health, Probed, Store};
use std::path::Path;
use tempfile::tempdir;

/// The end of the week, in the zone of the reference profile.
const UNTIL: &str = "2026-11-02T00:00:00+08:00";

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
fn fortnight(path: &Path) {
    let store = Store::open(path).unwrap();
    let week: DateTime<Utc> = DateTime::parse_from_rfc3339(UNTIL).unwrap().to_utc() - TimeDelta::days(7);
    let mut rows = Vec::new();
    for minute in (-7 * 1440..7 * 1440).step_by(5) {
        let down = (1800..1965).contains(&minute);
        let outcome = if down { OutcomeKind::Maintenance } else { OutcomeKind::Ok };
        for probe in ["login", "query_number", "api_health"] {
            rows.push(row(probe, week + TimeDelta::minutes(minute), outcome));
        }
    }
    store.probed(&rows).unwrap();
}

#[test]
fn a_week_is_told_as_known_now() {
    let dir = tempdir().unwrap();
    fortnight(&dir.path().join("w.db"));
    let ask = || answer(dir.path(), &["report", "--last", "7d", "--until", UNTIL, "--store", "w.db"]);
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
    let window = ["windows", "add", "--store", "w.db", "--start", "2026-10-27T06:00:00+00:00", "--for", "2h"];
    let start =
        DateTime::parse_from_rfc3339(UNTIL).unwrap().to_utc() - TimeDelta::days(7) + TimeDelta::hours(30);
    let mut window = window.map(str::to_owned);
    window[5] = start.to_rfc3339();
    let window: Vec<&str> = window.iter().map(String::as_str).collect();
    assert!(piaotan(&window).current_dir(dir.path()).status().unwrap().success());
    let after = ask();
    assert_eq!(
        (&after["availability"]["raw"]["bad"], &after["availability"]["adjusted"]["bad"]),
        (&99.into(), &27.into())
    );
    assert_eq!(told(&after), ["window_overrun"]);

    let page = std::fs::read_to_string(dir.path().join("week.html")).unwrap();
    assert!(page.contains("http") && !page.contains("<script>\u{202e}"), "nothing that a platform said runs");
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
