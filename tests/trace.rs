//! `trace` and `cleanup` from outside: causes that the platform's weather prepares.

use crate::house::{Platform, piaotan};
use serde_json::Value;
use std::path::Path;
use tempfile::tempdir;

const QUICK: &str = "[probes]\nreview_patience = '200ms'\nvisible_patience = '200ms'\n";

/// The answer and the exit code of a verb that answers JSON; each ledger name is a desk of its own.
fn ask(dir: &Path, args: &[&str]) -> (Value, Option<i32>) {
    let output = piaotan(args).args(["--format", "json"]).current_dir(dir).output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), output.status.code())
}

/// Puts one synthetic invoice through the platform and gives its number, by the list that `trace` answers.
fn made(dir: &Path, url: &str) -> String {
    std::fs::write(dir.join("piaotan.toml"), QUICK).unwrap();
    let check = ["check", "--target", url, "--probes", "invoice_roundtrip"];
    piaotan(&check).current_dir(dir).output().unwrap();
    let store = piaotan_store::Store::open(&dir.join("piaotan.db")).unwrap();
    store.to_void(url, 1).unwrap().pop().map(|issued| issued.number).expect("an invoice was made")
}

fn check(weather: &str, cause: &str, code: i32) {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), weather);
    let number = made(dir.path(), &platform.url);
    // Our own ledger knows of it; a stranger's knows nothing.
    for store in ["piaotan.db", "stranger.db"] {
        let asked = ["trace", &number, "--target", &platform.url, "--store", store];
        let (answer, exit) = ask(dir.path(), &asked);
        assert_eq!((answer["cause"].as_str(), exit), (Some(cause), Some(code)), "{store}: {answer}");
        assert_eq!((&answer["schema"], &answer["kind"]), (&1.into(), &"trace".into()));
    }
}

#[test]
fn the_cause_is_found() {
    check("", "visible", 0);
    check("[[review]]\ndelay = 3600\n", "review_pending", 1);
    check("[[sync]]\ndelay = 3600\n", "not_yet_synced", 1);
    check("[[sync]]\nsurfaces = ['number', 'keyword']\ndelay = 3600\n", "other_region", 1);
}

#[test]
fn a_list_is_answered_row_by_row() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let number = made(dir.path(), &platform.url);
    let list = format!("发票号码,开票日期,价税合计\n{number},,\n123,2026/11/20,\"1,409.50\"\n");
    std::fs::write(dir.path().join("list.csv"), list).unwrap();
    let (answer, exit) = ask(dir.path(), &["trace", "--file", "list.csv", "--target", &platform.url]);
    let causes: Vec<&str> =
        answer["items"].as_array().unwrap().iter().filter_map(|item| item["cause"].as_str()).collect();
    assert_eq!((causes, exit), (vec!["visible", "malformed_number"], Some(1)));
}

#[test]
fn what_was_made_is_voided_once() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let number = made(dir.path(), &platform.url);
    let cleanup = ["cleanup", "--target", &platform.url];
    let (dry, _) = ask(dir.path(), &[&cleanup[..], &["--dry-run"]].concat());
    assert_eq!((&dry["known"], &dry["voided"]), (&1.into(), &0.into()));
    let (answer, exit) = ask(dir.path(), &cleanup);
    assert_eq!((&answer["voided"], exit), (&1.into(), Some(0)), "{answer}");
    assert_eq!(ask(dir.path(), &cleanup).0["known"], 0);
    let (answer, _) = ask(dir.path(), &["trace", &number, "--target", &platform.url]);
    assert_eq!(answer["cause"], "voided");
}
