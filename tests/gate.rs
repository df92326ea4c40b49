//! The gate from outside: two deployments, stored runs, a baseline file, and what cannot be judged.

use crate::house::{Platform, piaotan, scenario};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::folder::{Event, Host, Manifest, RunWriter, SCHEMA, Segment};
use piaotan_record::{CodeBook, Nanos, Observation, Operation, Outcome, Tally};
use serde_json::Value;
use std::path::Path;
use std::process::Output;
use tempfile::tempdir;

fn weather(dir: &Path, seconds: f64) -> Platform {
    std::fs::create_dir_all(dir).unwrap();
    Platform::start(
        dir,
        &format!("[rules]\ndaily_limit = 0\n[[latency]]\noperations = [\"query\"]\ndelay = {seconds}\n"),
    )
}

/// Forty queries a second, and nothing that must be waited for.
const QUERY: &str = "name = \"t\"\n[load]\nrate = 40\nduration = \"9s\"\n[data]\nprepare = 5\n[sync]\ntrack = 0.0\ndrain = \"0s\"\n[[mix]]\njourney = \"query_number\"\n";

/// A gate of [`QUERY`], and its answer.
fn asked(dir: &Path, before: &str, after: &str, more: &[&str]) -> (Output, Value) {
    let path = scenario(dir, QUERY);
    let output = piaotan(&["gate", path.to_str().unwrap(), "--baseline", before, "--candidate", after])
        .args(["--settle", "0s", "--max-pairs", "3", "--format", "json"])
        .args(more)
        .current_dir(dir)
        .output()
        .unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, answer)
}

/// A duet of the least length: three pairs of one-second blocks.
fn duet(dir: &Path, before: &str, after: &str, more: &[&str]) -> (Output, Value) {
    let terms = ["--tolerance", "p95=50%", "--tolerance", "typical=50%", "--tolerance", "p50=50%"];
    asked(dir, before, after, &[&["--duet", "--block", "1s"], &terms[..], more].concat())
}

#[test]
fn twice_as_slow_fails_and_the_same_does_not() {
    let dir = tempdir().unwrap();
    let (before, after) = (weather(&dir.path().join("a"), 0.03), weather(&dir.path().join("b"), 0.06));
    let (same, answer) = duet(dir.path(), &before.url, &before.url, &["--out", "same"]);
    assert!(matches!(same.status.code(), Some(0 | 3)), "{answer}");
    let (worse, answer) = duet(dir.path(), &before.url, &after.url, &["--out", "worse"]);
    crate::schema::check("gate", &answer);
    assert_eq!(worse.status.code(), Some(1), "{answer}");
    assert_eq!((&answer["verdict"], &answer["mode"]), (&"fail".into(), &"duet".into()));
    let slower = answer["metrics"].as_array().unwrap().iter().find(|row| row["verdict"] == "fail").unwrap();
    assert_eq!(slower["operation"], "query_number", "{answer}");
    for name in
        ["gate.json", "forest.svg", "forest.png", "report.md", "report.html", "junit.xml", "metrics.txt"]
    {
        assert!(dir.path().join("worse").join(name).exists(), "{name}");
    }
    let junit = crate::schema::junit(&dir.path().join("worse/junit.xml"), "<failure");
    assert!(junit.contains("query_number.typical"), "{junit}");
}

#[test]
fn a_candidate_that_does_not_answer_fails_with_a_line() {
    let dir = tempdir().unwrap();
    let before = weather(dir.path(), 0.01);
    let (dead, answer) = duet(dir.path(), &before.url, "http://127.0.0.1:9", &[]);
    assert_eq!(dead.status.code(), Some(1), "{answer}");
    assert_eq!(answer["reason"], "candidate_failed");
    assert!(answer["notes"][0].as_str().unwrap().contains("http://127.0.0.1:9 does not answer"), "{answer}");
    let (dead, answer) = duet(dir.path(), "http://127.0.0.1:9", &before.url, &["--out", "other"]);
    assert_eq!((dead.status.code(), &answer["reason"]), (Some(3), &"baseline_failed".into()));
}

#[test]
fn a_deployment_that_ends_before_it_answers_is_named() {
    let dir = tempdir().unwrap();
    let before = weather(dir.path(), 0.01);
    let (output, _) = duet(dir.path(), &before.url, "http://127.0.0.1:9", &["--candidate-start", "exit 7"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("--candidate-start") && told.contains("before it answered"), "{told}");
}

fn manifest(run: &str, hour: i64) -> Manifest {
    let started: DateTime<Utc> = "2026-11-20T00:00:00Z".parse().unwrap();
    Manifest {
        schema: SCHEMA,
        version: "1".to_owned(),
        run: run.to_owned(),
        scenario: "night".to_owned(),
        scenario_text:
            "name = \"night\"\n[load]\nrate = 5\nduration = \"60s\"\n[[mix]]\njourney = \"query_number\"\n"
                .to_owned(),
        target: "http://127.0.0.1:1".to_owned(),
        profile: "reference".to_owned(),
        started: started + TimeDelta::hours(hour),
        planned: 60.0,
        seed: 7,
        host: Host::default(),
        segment: Segment::default(),
        codes: CodeBook::default(),
        calendar: Vec::new(),
        zone: None,
        commit: None,
    }
}

/// A run of 300 queries that took about `millis`, with a level of its own.
fn write(path: &Path, manifest: Manifest, millis: f64, reason: Option<&str>) {
    let mut writer = RunWriter::create(path, manifest).unwrap();
    let mut tally = Tally::default();
    for n in 0..300_u64 {
        let due = Nanos(n * Nanos::SECOND / 5);
        let took = millis * (1.0 + 0.4 * ((n * 7_919 % 101) as f64 / 101.0 - 0.5));
        let done = Nanos(due.0 + (took * 1e6) as u64);
        let seen = Observation {
            operation: Operation::QueryNumber,
            due,
            sent: due,
            first_byte: None,
            done,
            bytes_sent: 1,
            bytes_received: 1,
            outcome: Outcome::Ok,
            code: None,
            mark: None,
            evidence: None,
        };
        tally.sent(seen.operation, due);
        tally.add(&seen);
    }
    writer.append_tally(&tally).unwrap();
    let at = Nanos(60 * Nanos::SECOND);
    let ended = reason.map(|reason| Event::Ended { at, reason: reason.to_owned(), cut_off: 0 });
    writer.append_events(&ended.into_iter().collect::<Vec<_>>()).unwrap();
}

/// Runs at `level` milliseconds, a hundredth apart, two hours apart; named `NAME-0` and so on.
fn runs(dir: &Path, name: &str, count: i64, level: f64) -> Vec<String> {
    let each = (0..count).map(|i| {
        let path = dir.join(format!("{name}-{i}"));
        let millis = level * (1.0 + 0.01 * (i * 3 % 5) as f64);
        write(&path, manifest(&format!("{name}-{i}"), 2 * i), millis, Some("complete"));
        path.to_string_lossy().into_owned()
    });
    each.collect()
}

fn judged(dir: &Path, args: &[&str]) -> (Option<i32>, Value, String) {
    let output = piaotan(&["gate"]).args(args).args(["--format", "json"]).current_dir(dir).output().unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), answer, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn against(dir: &Path, before: &[String], after: &[String]) -> (Option<i32>, Value, String) {
    let mut args = vec!["--baseline"];
    args.extend(before.iter().map(String::as_str));
    args.push("--candidate");
    args.extend(after.iter().map(String::as_str));
    judged(dir, &args)
}

#[test]
fn stored_runs_are_judged_by_runs() {
    let dir = tempdir().unwrap();
    let (before, same) = (runs(dir.path(), "a", 6, 20.0), runs(dir.path(), "b", 5, 20.1));
    let worse = runs(dir.path(), "c", 5, 24.0);
    let (code, answer, told) = against(dir.path(), &before, &same);
    assert_eq!((code, &answer["mode"]), (Some(0), &"stored".into()), "{answer} {told}");
    assert_eq!(answer["pairs"], 5);
    let (code, answer, _) = against(dir.path(), &before, &worse);
    assert_eq!(code, Some(1), "{answer}");
    let (code, answer, _) = against(dir.path(), &before[..4], &worse);
    assert_eq!((code, &answer["reason"]), (Some(3), &"too_few_pairs".into()), "{answer}");
    assert!(answer["notes"].to_string().contains("4 of the baseline"), "{answer}");
}

#[test]
fn a_saved_baseline_judges_like_its_folders_and_refuses_what_is_not_like_it() {
    let dir = tempdir().unwrap();
    let (before, after) = (runs(dir.path(), "a", 5, 20.0), runs(dir.path(), "b", 5, 20.1));
    let mut save = vec!["--save", "baseline.json", "--baseline"];
    save.extend(before.iter().map(String::as_str));
    assert_eq!(judged(dir.path(), &save).0, Some(0));
    let size = std::fs::metadata(dir.path().join("baseline.json")).unwrap().len();
    assert!(size < 20_000, "{size} bytes");
    let (code, saved, told) = against(dir.path(), &["baseline.json".to_owned()], &after);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(saved["metrics"], against(dir.path(), &before, &after).1["metrics"]);

    let text = std::fs::read_to_string(dir.path().join("baseline.json")).unwrap();
    let other = text.replacen("\"cores\": 0", "\"cores\": 64", 1);
    assert_ne!(other, text);
    std::fs::write(dir.path().join("other.json"), other).unwrap();
    let (code, _, told) = against(dir.path(), &["other.json".to_owned()], &after);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("cores `64` against `0`") && told.contains("--allow-mismatch"), "{told}");
    let mut allowed = vec!["--allow-mismatch", "--baseline", "other.json", "--candidate"];
    allowed.extend(after.iter().map(String::as_str));
    assert_eq!(judged(dir.path(), &allowed).0, Some(0));
}

#[test]
fn runs_that_prove_nothing_are_named() {
    let dir = tempdir().unwrap();
    let mut before = runs(dir.path(), "a", 5, 20.0);
    let after = runs(dir.path(), "b", 5, 20.0);
    let check = |before: &[String], words: &str| {
        let (code, _, told) = against(dir.path(), before, &after);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(words), "{told}");
    };
    let named = |name: &str| dir.path().join(name);
    write(&named("killed"), manifest("killed", 30), 20.0, None);
    before.push(named("killed").to_string_lossy().into_owned());
    check(&before, "killed was cut short");
    before.pop();
    let other = Manifest { scenario: "other".to_owned(), ..manifest("other", 30) };
    write(&named("other"), other, 20.0, Some("complete"));
    before.push(named("other").to_string_lossy().into_owned());
    check(&before, "scenario `night` against `other`");
    before.pop();
    let part = Manifest { segment: Segment { index: 0, of: 3 }, ..manifest("part", 30) };
    write(&named("part"), part, 20.0, Some("complete"));
    before.push(named("part").to_string_lossy().into_owned());
    check(&before, "join them with piaotan merge first");
}

#[test]
fn a_history_of_folders_names_the_run_since_which() {
    let dir = tempdir().unwrap();
    let series = dir.path().join("runs");
    for i in 0..24_i64 {
        let level = if i < 14 { 20.0 } else { 25.0 };
        let millis = level * (1.0 + 0.01 * (i * 7 % 11) as f64);
        // Half of them were written before runs knew their commit.
        let commit = (i >= 12).then(|| format!("{i:02}5e3c3f0a1b2c3d4"));
        let manifest = Manifest { commit, ..manifest(&i.to_string(), i) };
        write(&series.join(format!("commit-{i:02}")), manifest, millis, Some("complete"));
    }
    let output = piaotan(&["history", "runs", "--charts", "charts", "--format", "json"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    crate::schema::check("history_runs", &answer);
    let p95 = answer["series"].as_array().unwrap().iter().find(|s| s["metric"] == "p95").unwrap();
    assert_eq!(
        (&p95["changes"][0]["run"], &p95["changes"][0]["status"]),
        (&"commit-14".into(), &"confirmed".into())
    );
    assert_eq!(
        (&answer["runs"][0]["commit"], &answer["runs"][14]["commit"]),
        (&Value::Null, &"145e3c3f0a1b2c3d4".into())
    );
    assert!(dir.path().join("charts/query_number.p95.png").exists());
    let chart = std::fs::read_to_string(dir.path().join("charts/query_number.p95.svg")).unwrap();
    assert!(
        chart.contains("145e3c3f0a") && !chart.contains("145e3c3f0a1"),
        "the tick is the commit, shortened"
    );
    let output = piaotan(&["history", "runs"]).current_dir(dir.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("since 145e3c3f0a"), "{output:?}");
}

#[test]
fn the_ci_job_runs_in_a_clean_folder() {
    let dir = tempdir().unwrap();
    let job = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci/job.sh");
    let text = "name = \"t\"\n[load]\nrate = 20\nduration = \"9s\"\n[data]\nprepare = 3\n[sync]\ntrack = 0.0\ndrain = \"0s\"\n[[mix]]\njourney = \"query_number\"\n";
    let path = scenario(dir.path(), text);
    let output = std::process::Command::new("bash")
        .arg(job)
        .args(["--duet", "--settle", "0s"])
        .current_dir(dir.path())
        .env("PIAOTAN", crate::house::PROGRAM)
        .env("PIAOTAN_LANG", "en")
        .env("SCENARIO", &path)
        .env("BLOCK", "1s")
        .env("MAX_PAIRS", "3")
        .env("BASELINE_PORT", crate::house::free_port().to_string())
        .env("CANDIDATE_PORT", crate::house::free_port().to_string())
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", dir.path().join("summary.md"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{told}");
    assert!(told.contains("title=gate"), "{told}");
    let summary = std::fs::read_to_string(dir.path().join("summary.md")).unwrap();
    assert!(summary.contains("piaotan gate") && summary.contains("query by number"), "{summary}");
    for name in ["junit.xml", "metrics.txt", "report.md", "a/summary.json", "b/summary.json"] {
        assert!(dir.path().join("gate").join(name).exists(), "{name}");
    }
}

/// Three interleaved pairs of two-second blocks, judged by the typical latency alone.
fn interleaved(dir: &Path, before: &str, after: &str) -> (Output, Value) {
    let off = ["--tolerance", "p50=off", "--tolerance", "p95=off", "--tolerance", "p99=off"];
    let terms = ["--block", "2s", "--floor", "0.5", "--tolerance", "typical=60%"];
    asked(dir, before, after, &[&terms[..], &off].concat())
}

#[test]
fn a_signal_ends_the_wait_for_a_deployment() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let nobody = format!("http://127.0.0.1:{}", crate::house::free_port());
    let path = scenario(dir.path(), QUERY);
    let mut child =
        piaotan(&["gate", path.to_str().unwrap(), "--baseline", &platform.url, "--candidate", &nobody])
            .args(["--candidate-start", "echo up; sleep 60", "--out", "out"])
            .current_dir(dir.path())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
    let log = dir.path().join("out/b-start.log");
    crate::house::until("it was started", || std::fs::read(&log).is_ok_and(|said| !said.is_empty()));
    let begun = std::time::Instant::now();
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(begun.elapsed().as_secs() < 10, "ended by the signal, not by --start-timeout");
}

#[test]
fn interleaved_blocks_find_a_doubling_and_name_it() {
    let dir = tempdir().unwrap();
    let (before, after) = (weather(&dir.path().join("a"), 0.03), weather(&dir.path().join("b"), 0.06));
    let (output, answer) = interleaved(dir.path(), &before.url, &after.url);
    crate::schema::check("gate", &answer);
    assert_eq!(output.status.code(), Some(1), "{answer}");
    assert_eq!((&answer["mode"], &answer["pairs"]), (&"interleaved".into(), &3.into()));
    let failed: Vec<&Value> =
        answer["metrics"].as_array().unwrap().iter().filter(|row| row["verdict"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{answer}");
    assert_eq!((&failed[0]["operation"], &failed[0]["metric"]), (&"query_number".into(), &"typical".into()));
    let baseline = failed[0]["baseline"].as_f64().unwrap();
    assert!((0.03..0.06).contains(&baseline), "the baseline took {baseline} s");
}

#[test]
fn interleaved_blocks_of_the_same_never_fail() {
    let dir = tempdir().unwrap();
    let (before, after) = (weather(&dir.path().join("a"), 0.03), weather(&dir.path().join("b"), 0.03));
    let (output, answer) = interleaved(dir.path(), &before.url, &after.url);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{answer}");
    assert_eq!(answer["pairs"], 3, "{answer}");
}

#[test]
fn a_window_in_the_middle_drops_its_pair_and_is_waited_for() {
    let dir = tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let before = weather(&a, 0.03);
    std::fs::create_dir_all(&b).unwrap();
    // Not announced, so that it is met in a block.
    let after = Platform::start(
        &b,
        "[rules]\ndaily_limit = 0\n[[latency]]\noperations = [\"query\"]\ndelay = 0.03\n[[maintenance]]\nat = 10\nfor = 5\noperations = [\"all\"]\n",
    );
    let (output, answer) = interleaved(dir.path(), &before.url, &after.url);
    assert!(matches!(output.status.code(), Some(0 | 3 | 4)), "{answer}");
    let (pairs, dropped) = (&answer["pairs"], answer["maintenance"]["blocks_dropped"].as_u64().unwrap());
    assert!((1..=4).contains(&dropped), "{answer}");
    assert_eq!(pairs, 3, "{answer}");
    let notes = answer["notes"].to_string();
    assert!(notes.contains("went on after maintenance"), "{notes}");
}

#[test]
fn a_candidate_that_dies_in_the_middle_fails() {
    let dir = tempdir().unwrap();
    let (before, after) = (weather(&dir.path().join("a"), 0.03), weather(&dir.path().join("b"), 0.03));
    let url = after.url.clone();
    let killer = std::thread::spawn(move || {
        let begun = std::time::Instant::now();
        while after.arrivals() < 150 && begun.elapsed().as_secs() < 40 {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        drop(after);
    });
    let (output, answer) = interleaved(dir.path(), &before.url, &url);
    killer.join().unwrap();
    assert_eq!(output.status.code(), Some(1), "{answer}");
    assert_eq!(answer["reason"], "candidate_failed", "{answer}");
    assert!(answer["notes"].to_string().contains("does not answer"), "{answer}");
}
