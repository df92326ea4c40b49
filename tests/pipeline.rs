//! From a scenario to a summary: counts from three places agree, in both models.

use crate::house::{Platform, piaotan, run, scenario};
use tempfile::tempdir;

const MIX: &str = "[[mix]]\njourney = \"roundtrip\"\n[[mix]]\njourney = \"query_number\"\nweight = 2\n[[mix]]\njourney = \"verify\"\n";
const WEATHER: &str = "[rules]\ndaily_limit = 0\n[[review]]\ndelay = 0.05\n[[sync]]\ndelay = 0.1\n";

#[test]
fn an_open_run_counts_what_the_platform_counts() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), WEATHER);
    let text = format!(
        "name = \"t\"\n[load]\nrate = 40\nduration = \"3s\"\n[data]\nprepare = 10\nverify_quota = 0\n[sync]\ndrain = \"1s\"\n{MIX}"
    );
    let commit = ["--commit", "615e3c3<b>"];
    let (output, summary) = run(dir.path(), &scenario(dir.path(), &text), &platform.url, &commit);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(summary["conserved"], true);
    crate::schema::junit(&dir.path().join("run/junit.xml"), "conservation");
    let kept = |name: &str| std::fs::read_to_string(dir.path().join("run").join(name)).unwrap();
    assert!(kept("report.html").contains("615e3c3&lt;b&gt;") && kept("manifest.json").contains("615e3c3<b>"));
    assert!(kept("report.md").starts_with("# ") && kept("series.csv").lines().count() > 3);
    // The pacer's plan: 120 arrivals, and 10 of the preparation.
    assert_eq!(summary["arrivals"]["scheduled"], 130);
    assert_eq!(summary["arrivals"]["completed"], 130);
    assert_eq!(summary["requests"]["sent"].as_u64(), Some(platform.arrivals()));
}

#[test]
fn for_a_closed_run_the_platform_we_and_goose_agree() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), WEATHER);
    let text = format!(
        "name = \"t\"\n[load]\nmodel = \"closed\"\nusers = 8\nduration = \"3s\"\npause = \"50ms\"\n[data]\nprepare = 10\nverify_quota = 0\n[sync]\ndrain = \"1s\"\n{MIX}"
    );
    let (output, summary) = run(dir.path(), &scenario(dir.path(), &text), &platform.url, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    // What was cut off at the end may not have left the machine.
    let count = |name: &str| summary["requests"][name].as_u64().unwrap();
    let (sent, least) = (count("sent"), count("sent") - count("cut_off"));
    assert!(
        (least..=sent).contains(&platform.arrivals()),
        "{} of {}",
        platform.arrivals(),
        summary["requests"]
    );
    let events = std::fs::read_to_string(dir.path().join("run/events.ndjson")).unwrap();
    let goose = events.lines().find(|line| line.contains("goose_counted")).expect("goose's count is kept");
    let journeys = summary["arrivals"]["started"].as_u64().unwrap() - 10;
    assert!(goose.contains(&format!("{journeys} transactions")), "{journeys} journeys, but {goose}");
}

#[test]
fn a_lost_observation_is_refused() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), WEATHER);
    let text = "name = \"t\"\n[load]\nrate = 20\nduration = \"2s\"\n[sync]\ntrack = 0.0\ndrain = \"0s\"\n[[mix]]\njourney = \"probe\"\n";
    let (output, _) = run(dir.path(), &scenario(dir.path(), text), &platform.url, &[]);
    assert_eq!(output.status.code(), Some(0));
    let tally = dir.path().join("run/tally.ndjson");
    let lines = std::fs::read_to_string(&tally).unwrap();
    // A line may tell only that something was sent: its answer stands in a later one.
    let line = lines.lines().find(|line| line.contains("\"health\"") && line.contains("\"ok\"")).unwrap();
    let mut one_less: serde_json::Value = serde_json::from_str(line).unwrap();
    one_less["outcomes"]["ok"] = (one_less["outcomes"]["ok"].as_u64().unwrap() - 1).into();
    let lost = lines.replacen(line, &one_less.to_string(), 1);
    std::fs::write(&tally, lost).unwrap();
    let again =
        piaotan(&["report", dir.path().join("run").to_str().unwrap(), "--format", "json"]).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    let text = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(text.contains("\"refused\"") && text.contains("1 lost among"), "{text}");
}

#[test]
fn nothing_that_writes_is_sent_inside_an_announced_window() {
    let dir = tempdir().unwrap();
    let weather = format!(
        "{WEATHER}[[maintenance]]\nat = 5\nfor = 3\noperations = [\"all\"]\nannounce = {{at = 0, phrase = \"zh1\"}}\n"
    );
    let platform = Platform::start(dir.path(), &weather);
    let text = format!(
        "name = \"t\"\n[load]\nrate = 20\nduration = \"9s\"\n[data]\nprepare = 5\nverify_quota = 0\n[sync]\ndrain = \"1s\"\n[maintenance]\nlook_every = \"500ms\"\n{MIX}"
    );
    let (output, summary) =
        run(dir.path(), &scenario(dir.path(), &text), &platform.url, &["--during-maintenance", "pause"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let arrivals = &summary["arrivals"];
    let number = |name: &str| arrivals[name].as_u64().unwrap();
    assert!((50..80).contains(&number("suppressed")), "{arrivals}");
    assert_eq!(number("suppressed") + number("started") + number("dropped"), number("scheduled"));
    let truth = platform.get("/_weather/truth");
    let truth = truth.get("data").unwrap_or(&truth);
    let window = &truth["maintenance"][0];
    // What was refused are the looks: read-only, a few a second.
    assert!(window["refused"].as_u64().unwrap() <= 16, "{window}");
    assert_eq!(summary["windows"][0]["finding"], "announced_and_observed");
}

#[test]
fn a_run_that_meets_an_announced_window_is_refused() {
    let dir = tempdir().unwrap();
    let weather =
        "[[maintenance]]\nat = 30\nfor = 5\noperations = [\"all\"]\nannounce = {at = 0, phrase = \"zh1\"}\n";
    let platform = Platform::start(dir.path(), weather);
    let text = format!("name = \"t\"\n[load]\nrate = 5\nduration = \"60s\"\n{MIX}");
    let (output, _) = run(dir.path(), &scenario(dir.path(), &text), &platform.url, &[]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(
        told.contains("falls into this run; start it later, or give --during-maintenance pause"),
        "{told}"
    );
}

#[test]
fn segments_merge_into_the_whole_plan() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), WEATHER);
    let text = "name = \"t\"\n[load]\nrate = 30\nduration = \"2s\"\narrivals = \"poisson\"\n[sync]\ntrack = 0.0\ndrain = \"0s\"\n[[mix]]\njourney = \"probe\"\n";
    let path = scenario(dir.path(), text);
    let scheduled = |name: &str, more: &[&str]| {
        let own = dir.path().join(name);
        std::fs::create_dir_all(&own).unwrap();
        run(&own, &path, &platform.url, more).1["arrivals"]["scheduled"].as_u64().unwrap()
    };
    let whole = scheduled("whole", &[]);
    let parts: u64 =
        ["1/3", "2/3", "3/3"].iter().map(|k| scheduled(&k.replace('/', "-"), &["--segment", k])).sum();
    assert_eq!(whole, parts);
}
