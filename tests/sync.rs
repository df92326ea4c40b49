//! `sync` from outside: odd files, ledgers, damaged ledgers, charts.

use crate::house::piaotan;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::{Issued, Look, Surface, Token};
use piaotan_store::{LookAt, Store};
use serde_json::Value;
use std::path::Path;
use tempfile::tempdir;

const HEAD: &str = "id,uploaded,last_not_seen,first_seen\n";

fn ask(dir: &Path, args: &[&str]) -> (Value, Option<i32>, String) {
    let output =
        piaotan(&[&["sync"], args].concat()).args(["--format", "json"]).current_dir(dir).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), output.status.code(), told)
}

/// The answer to a file of these rows.
fn of(rows: &str) -> Value {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), format!("{HEAD}{rows}")).unwrap();
    let (answer, exit, told) = ask(dir.path(), &["rows.csv"]);
    assert_eq!(exit, Some(0), "{told}");
    answer
}

/// Forty invoices, each looked for every 5 s and found `wait` s after its upload.
fn forty(wait: impl Fn(u32) -> Option<f64>) -> Vec<String> {
    let row = |i: u32| {
        let uploaded = f64::from(i) * 10.0;
        let cells = wait(i).map_or_else(
            || (uploaded + 300.0, String::new()),
            |wait| (uploaded + wait - 5.0, (uploaded + wait).to_string()),
        );
        format!("{i},{uploaded},{},{}", cells.0, cells.1)
    };
    (0..40).map(row).collect()
}

#[test]
fn rows_that_contradict_themselves_are_counted_and_left_out() {
    let mut rows = forty(|i| Some(20.0 + f64::from(i % 7)));
    let clean = of(&rows.join("\n"));
    // A clock that was stepped back, an id that comes twice, a look in vain after the find.
    rows.insert(3, "stepped,1000,,400".to_owned());
    rows.push("5,50,60,65".to_owned());
    rows.push("again,50,90,65".to_owned());
    let found = of(&rows.join("\n"));
    assert_eq!((&found["n"], &found["quantiles"]), (&clean["n"], &clean["quantiles"]));
    let excluded = &found["excluded"];
    let counts = ["seen_before_upload", "duplicate_id", "lost_after_seen", "first_line"]
        .map(|name| excluded[name].as_u64());
    assert_eq!(counts, [Some(1), Some(1), Some(1), Some(5)]);
    // The order of rows is no matter, but that of two rows of one id: the first counts.
    let mut reversed = forty(|i| Some(20.0 + f64::from(i % 7)));
    reversed.reverse();
    assert_eq!(of(&reversed.join("\n"))["quantiles"], clean["quantiles"]);
}

#[test]
fn all_none_or_one_seen() {
    let never = of(&forty(|_| None).join("\n"));
    assert_eq!((&never["censored"], &never["quantiles"]["p50"]["reached"]), (&40.into(), &false.into()));
    assert!(never["quantiles"]["p50"]["value"].as_f64().unwrap() > 0.0, "a lower bound: {never}");
    let all = of(&forty(|_| Some(20.0)).join("\n"));
    assert_eq!((&all["censored"], &all["quantiles"]["p99"]["reached"]), (&0.into(), &true.into()));
    let one = of("1,0,10,15");
    assert_eq!((&one["n"], &one["quantiles"]["p50"]["reached"]), (&1.into(), &true.into()));
    let unseen = of("1,0,10,");
    assert_eq!((&unseen["n"], &unseen["quantiles"]["p50"]["reached"]), (&1.into(), &false.into()));
}

/// A ledger of forty invoices on the surface `number`, ten seconds apart.
fn ledger(path: &Path, start: DateTime<Utc>) {
    let store = Store::open(path).unwrap().with_surfaces(vec![(Surface::Number, String::new())]);
    let at = |seconds: u64| start + TimeDelta::seconds(seconds as i64);
    let issued = |i: u64| Issued {
        token: Token(i),
        run: "r".into(),
        target: "http://127.0.0.1:1".into(),
        number: format!("2611200000000000{i:04}"),
        issue_date: start.date_naive(),
        total: "113.00".into(),
        owner: "13800000001".into(),
        uploaded: at(i * 10),
        accepted: None,
    };
    store.issue_all(&(0..40).map(issued).collect::<Vec<_>>()).unwrap();
    let look = |i: u64, after: u64, look| LookAt {
        run: "r".into(),
        token: Token(i),
        surface: Surface::Number,
        region: String::new(),
        asked: at(i * 10 + after),
        look,
    };
    let looks = |i: u64| [look(i, 15 + i % 7, Look::NotYet), look(i, 20 + i % 7, Look::Seen)];
    store.look_all(&(0..40).flat_map(looks).collect::<Vec<_>>()).unwrap();
}

#[test]
fn a_ledger_says_what_its_rows_say_in_a_file() {
    let dir = tempdir().unwrap();
    let start = "2026-11-20T00:00:00Z".parse().unwrap();
    ledger(&dir.path().join("p.db"), start);
    let (found, exit, told) = ask(dir.path(), &["--store", "p.db", "--chart", "curve.svg"]);
    assert_eq!(exit, Some(0), "{told}");
    let file = of(&forty(|i| Some(20.0 + f64::from(i % 7))).join("\n"));
    assert_eq!((&found["n"], &found["quantiles"]), (&file["n"], &file["quantiles"]));
    let picture = std::fs::read_to_string(dir.path().join("curve.svg")).unwrap();
    assert!(picture.starts_with("<svg"), "{picture:.80}");
    let (_, exit, told) = ask(dir.path(), &["--store", "p.db", "--surface", "keyword"]);
    assert!(exit == Some(2) && told.contains("it has --surface number"), "{told}");
    let (_, exit, told) = ask(dir.path(), &["--store", "p.db", "--last", "1d"]);
    assert!(exit == Some(2) && told.contains("no invoice on `number`"), "{told}");
}

#[test]
fn windows_are_taken_out_on_the_clock_of_the_file() {
    let dir = tempdir().unwrap();
    let rows = forty(|i| Some(if i < 20 { 320.0 } else { 20.0 })).join("\n");
    std::fs::write(dir.path().join("rows.csv"), format!("{HEAD}{rows}")).unwrap();
    let (found, exit, told) = ask(dir.path(), &["rows.csv", "--window", "0/300"]);
    assert_eq!(exit, Some(0), "{told}");
    let p50 = |clock: &Value| clock["p50"]["value"].as_f64().unwrap();
    assert!(p50(&found["business"]) < p50(&found["quantiles"]), "{found}");
}

#[test]
fn a_ledger_that_cannot_be_used_is_named() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("p.db");
    ledger(&path, "2026-11-20T00:00:00Z".parse().unwrap());
    let whole = std::fs::read(&path).unwrap();
    let check = |bytes: &[u8], expected: &str| {
        std::fs::write(&path, bytes).unwrap();
        let (_, exit, told) = ask(dir.path(), &["--store", "p.db"]);
        assert!(
            exit == Some(2) && told.contains("--store p.db") && told.contains(expected),
            "{expected}: {told}"
        );
        assert_eq!(told.lines().filter(|line| line.starts_with("piaotan: ")).count(), 1, "{told}");
    };
    // The format number of SQLite's header.
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    check(&newer, "newer version (format 99");
    check(&whole[..whole.len() / 2], "damaged or cut short");
    check(b"no store at all, but a text of some length", "not a store of Piaotan");
}
