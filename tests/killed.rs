//! A run that is interrupted, terminated or killed keeps what it recorded.

use crate::house::{Platform, piaotan, scenario, until};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::tempdir;

const TEXT: &str = "name = \"t\"\n[load]\nrate = 50\nduration = \"60s\"\n[sync]\ntrack = 0.0\n[[mix]]\njourney = \"probe\"\n";

fn start(dir: &Path, url: &str) -> Child {
    let path = scenario(dir, TEXT);
    let out = dir.join("run");
    let child = piaotan(&["run", path.to_str().unwrap(), "--target", url, "--out", out.to_str().unwrap()])
        .args(["--listen", "127.0.0.1:0", "--no-notices"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The first and the last of them may be half seconds: the epoch lies on a whole second of the wall clock.
    until("four seconds are in the folder", || seconds_in(&out.join("tally.ndjson")) >= 4);
    child
}

/// How many seconds of `health` a tally tells of.
fn seconds_in(tally: &Path) -> usize {
    let text = std::fs::read_to_string(tally).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let seconds: BTreeSet<u64> = lines
        .filter(|line| line["op"] == "health" && line["sent"].as_u64() > Some(0))
        .filter_map(|line| line["t"].as_u64())
        .collect();
    seconds.len()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn report(dir: &Path) -> (Option<i32>, Value) {
    let output =
        piaotan(&["report", dir.join("run").to_str().unwrap(), "--format", "json"]).output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

/// The promise is two seconds; a busy machine adds its own. The plans of these runs go on for a minute.
const PROMPT: Duration = Duration::from_secs(6);

#[test]
fn ctrl_c_and_term_end_within_two_seconds_with_a_report() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let dir = tempdir().unwrap();
        let platform = Platform::start(dir.path(), "");
        let mut child = start(dir.path(), &platform.url);
        let begun = Instant::now();
        signal(&child, name);
        let status = child.wait().unwrap();
        assert!(begun.elapsed() < PROMPT, "{name} took {:?}", begun.elapsed());
        assert_eq!(status.code(), Some(code), "{name}");
        let summary: Value =
            serde_json::from_slice(&std::fs::read(dir.path().join("run/summary.json")).unwrap()).unwrap();
        assert_eq!(
            (&summary["conserved"], &summary["verdict"]),
            (&Value::Bool(true), &Value::from("interrupted"))
        );
        assert!(dir.path().join("run/report.html").exists());
    }
}

#[test]
fn a_hanging_target_does_not_hold_up_the_end() {
    let dir = tempdir().unwrap();
    let platform =
        Platform::start(dir.path(), "[[fault]]\nat = 4\nfor = 60\nkind = \"freeze\"\nshare = 1.0\n");
    let mut child = start(dir.path(), &platform.url);
    std::thread::sleep(Duration::from_secs(3));
    let begun = Instant::now();
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
    let (_, summary) = report(dir.path());
    assert_eq!(summary["conserved"], true);
    assert!(summary["requests"]["cut_off"].as_u64().unwrap() > 0, "{}", summary["requests"]);
}

#[test]
fn a_killed_run_is_readable_up_to_its_last_second() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let mut child = start(dir.path(), &platform.url);
    child.kill().unwrap();
    child.wait().unwrap();
    // The last line as a kill in the middle of a write would leave it.
    let tally = dir.path().join("run/tally.ndjson");
    let mut bytes = std::fs::read(&tally).unwrap();
    bytes.extend_from_slice(b"{\"t\":99,\"op\":\"hea");
    std::fs::write(&tally, bytes).unwrap();
    let (code, summary) = report(dir.path());
    assert_eq!((code, &summary["verdict"]), (Some(3), &Value::from("inconclusive")));
    assert_eq!(summary["conserved"], true, "{summary}");
    assert!(summary["requests"]["ok"].as_u64().unwrap() >= 100, "{}", summary["requests"]);
    assert!(summary["cut_short"].as_str().unwrap().starts_with("killed"));
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let dir = tempdir().unwrap();
    let platform =
        Platform::start(dir.path(), "[[fault]]\nat = 4\nfor = 60\nkind = \"freeze\"\nshare = 1.0\n");
    let mut child = start(dir.path(), &platform.url);
    std::thread::sleep(Duration::from_secs(2));
    signal(&child, "-INT");
    std::thread::sleep(Duration::from_millis(50));
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let (_, summary) = report(dir.path());
    assert_eq!(summary["conserved"], true);
    // Nothing of it goes on at the platform: what it saw is what the folder tells.
    let seen = platform.arrivals();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(platform.arrivals(), seen);
}

#[test]
fn a_generator_that_stood_still_catches_up_within_bounds_and_says_so() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let text = "name = \"t\"\nlimits = [\"rate > 99%\"]\n[load]\nrate = 100\nduration = \"7s\"\ndrop_later_than = \"500ms\"\n[sync]\ntrack = 0.0\ndrain = \"0s\"\n[[mix]]\njourney = \"probe\"\n";
    let (path, out) = (scenario(dir.path(), text), dir.path().join("run"));
    let mut child =
        piaotan(&["run", path.to_str().unwrap(), "--target", &platform.url, "--out", out.to_str().unwrap()])
            .args(["--listen", "127.0.0.1:0", "--no-notices"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    until("two seconds are in the folder", || seconds_in(&out.join("tally.ndjson")) >= 2);
    let stopped = Instant::now();
    signal(&child, "-STOP");
    std::thread::sleep(Duration::from_millis(2_000));
    signal(&child, "-CONT");
    let stood_still = stopped.elapsed().as_secs_f64();
    // The rate was not reached: a failed limit, not a quiet gap.
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let (_, summary) = report(dir.path());
    let (arrivals, lateness) = (&summary["arrivals"], &summary["generator"]["lateness"]);
    let late = arrivals["dropped_by"]["late"].as_u64().unwrap_or(0);
    let expected = (stood_still - 0.5) * 100.0;
    assert!(
        (late as f64 - expected).abs() < 50.0,
        "{expected} arrivals were more than 500 ms late: {arrivals}"
    );
    assert!(lateness["max"].as_f64().unwrap() > 1.5, "{lateness}");
    // Those that were let in late are charged with it: response from the due instant, service from the send.
    let health = &summary["operations"]["health"];
    assert!(health["response"]["max"].as_f64().unwrap() > 0.3, "{health}");
    assert!(health["service"]["p99"].as_f64().unwrap() < 0.3, "{health}");
    assert_eq!((&arrivals["scheduled"], &summary["conserved"]), (&700.into(), &Value::Bool(true)));
}

#[test]
fn a_target_that_goes_away_in_the_middle_is_a_failed_run() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let text = TEXT.replace("60s", "6s").replace("[sync]", "[sync]\ndrain = \"0s\"") + "\n";
    let path = scenario(dir.path(), &format!("limits = [\"errors < 1%\"]\n{text}"));
    let out = dir.path().join("run");
    let mut child =
        piaotan(&["run", path.to_str().unwrap(), "--target", &platform.url, "--out", out.to_str().unwrap()])
            .args(["--listen", "127.0.0.1:0"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    std::thread::sleep(Duration::from_secs(3));
    drop(platform);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let (code, summary) = report(dir.path());
    assert_eq!(code, Some(1));
    assert!(summary["operations"]["health"]["outcomes"]["refused"].as_u64().unwrap() > 50, "{summary}");
}
