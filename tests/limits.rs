//! The example of `docs/load.md`, as it stands there: rolling limits, abort, and a warm-up that is found.

use crate::house::{Platform, run, scenario};
use serde_json::Value;
use std::path::Path;
use tempfile::tempdir;

/// The scenario between the marks of the page.
fn example() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/load.md");
    let text = std::fs::read_to_string(page).unwrap();
    let from = text.split_once("<!-- example -->\n```toml\n").expect("the page has its example").1;
    from.split_once("```").expect("it ends").0.to_owned()
}

/// Runs the example for so long while the platform does as `weather` says.
fn pressed(weather: &str, duration: &str) -> (Option<i32>, Value) {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), &format!("[rules]\ndaily_limit = 0\n{weather}"));
    let path = scenario(dir.path(), &example());
    let (output, summary) =
        run(dir.path(), &path, &platform.url, &["--set", &format!("load.duration={duration}")]);
    assert!(summary.is_object(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), summary)
}

#[test]
fn a_slow_start_is_left_out_and_the_rest_is_judged() {
    let weather = "[[latency]]\nat = 0\nfor = 7\noperations = [\"query\"]\ndelay = 0.7\n";
    let (code, summary) = pressed(weather, "20s");
    let found = &summary["warm_up"];
    // One slow second of the five that the limit looks at would break it: all of them were left out.
    assert_eq!(code, Some(0), "{:#} {:#}", summary["limits"], found);
    // How many the run saw depends on how long its preparation took; how many quick ones went with them, and
    // whether the rest is found to be settled, on how quiet the machine is.
    assert!(found["seconds"].as_f64().is_some_and(|seconds| (1.0..=15.0).contains(&seconds)), "{found}");
    assert_eq!(summary["limits"][2]["window"], 5);
}

#[test]
fn a_run_of_errors_ends_before_its_plan_is_through() {
    let weather = "[[fault]]\nat = 0\nfor = 100\noperations = [\"query\"]\nkind = \"error\"\nshare = 0.6\n";
    let (code, summary) = pressed(weather, "40s");
    assert_eq!(code, Some(1), "{:#}", summary["limits"]);
    let why = summary["cut_short"].as_str().unwrap_or_default();
    assert!(why.starts_with("ended by the limit errors < 20%"), "{why}");
    assert!(summary["arrivals"]["scheduled"].as_u64().unwrap() < 40 * 40, "{}", summary["arrivals"]);
    assert_eq!(summary["conserved"], true);
}
