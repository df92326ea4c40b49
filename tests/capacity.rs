//! The capacity search from outside: a short one, and one that a window forbids.

use crate::house::{Platform, piaotan, scenario};
use crate::schema::check;
use serde_json::Value;
use std::process::Output;
use tempfile::{TempDir, tempdir};

/// One server that takes 20 ms: 50 a second and not one more.
const QUEUE: &str = "[[capacity]]\noperations = [\"health\"]\nservers = 1\nservice = 0.02\n";
const SCENARIO: &str = "name = \"t\"\n[load]\nrate = 80\nduration = \"10s\"\n[sync]\ntrack = 0.0\n[[mix]]\njourney = \"probe\"\n";

fn search(dir: &TempDir, platform: &Platform, more: &[&str]) -> Output {
    let text = scenario(dir.path(), SCENARIO);
    piaotan(&[
        "capacity",
        text.to_str().unwrap(),
        "--target",
        &platform.url,
        "--format",
        "json",
        "--out",
        "found",
    ])
    .args(["--slo", "p95 < 100ms", "--trial", "1s"])
    .args(more)
    .current_dir(dir.path())
    .output()
    .unwrap()
}

#[test]
fn a_known_limit_is_found_and_compared() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), QUEUE);
    let output =
        search(&dir, &platform, &["--start", "45", "--max-time", "17s", "--peak", "200", "--factor", "2"]);
    let told = String::from_utf8_lossy(&output.stderr);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {told}"));
    check("capacity", &answer);
    // Trials of a second on a busy machine: it is the machinery that is tested, not its precision.
    let median = answer["median"].as_f64().unwrap_or_else(|| panic!("{answer}"));
    assert!((20.0..90.0).contains(&median), "{answer}");
    assert_eq!(output.status.code(), Some(1), "400/s is beyond any bound: {answer}");
    assert_eq!(answer["headroom"]["verdict"], "no_go");
    assert!(answer["trials"].as_array().unwrap().iter().any(|t| t["purpose"] == "confirm"), "{answer}");
    for name in ["capacity.json", "capacity.txt", "charts/capacity.svg", "charts/capacity.png", "report.html"]
    {
        let made = std::fs::metadata(dir.path().join("found").join(name));
        assert!(made.is_ok_and(|made| made.len() > 50), "{name}");
    }
    crate::schema::junit(&dir.path().join("found/junit.xml"), "<failure");
    let text = std::fs::read_to_string(dir.path().join("found/capacity.txt")).unwrap();
    assert!(text.contains("NO-GO: the 400 journeys/s needed"), "{text}");
}

#[test]
fn a_search_does_not_begin_in_a_window() {
    let dir = tempdir().unwrap();
    let window =
        "[[maintenance]]\nat = 5\nfor = 60\noperations = [\"all\"]\nannounce = {at = 0, phrase = \"zh1\"}\n";
    let platform = Platform::start(dir.path(), &format!("{QUEUE}{window}"));
    let output = search(&dir, &platform, &["--max-time", "15s"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{told}");
    // Nothing was pressed, whichever of the two looks found the window.
    assert!(platform.arrivals() < 20, "{} arrivals", platform.arrivals());
}
