//! The manifests of `deploy/kubernetes`: decoded by kubectl, their commands run, their scenario checked.

use crate::house::piaotan;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// Whether kubectl is here; no package manager of a plain machine has it, so that a machine without is no failure.
fn kubectl() -> bool {
    let found = Command::new("kubectl").args(["version", "--client"]).output().is_ok();
    if !found {
        eprintln!("SKIPPED: kubectl is not installed");
    }
    found
}

/// Every object of the manifest, as kubectl decodes it; no cluster is asked.
fn objects() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kubernetes/press.yaml");
    let args = ["label", "--local", "-o", "json", "checked=yes", "-f"];
    let output = Command::new("kubectl").args(args).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::Deserializer::from_slice(&output.stdout).into_iter().map(Result::unwrap).collect()
}

fn named<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects.iter().find(|each| each["kind"] == kind && each["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn segments(container: &Value) -> &str {
    let env = container["env"].as_array().unwrap();
    env.iter().find(|each| each["name"] == "SEGMENTS").unwrap()["value"].as_str().unwrap()
}

#[test]
fn every_index_presses_its_segment_and_the_merge_judges() {
    if !kubectl() {
        return;
    }
    let objects = objects();
    let press = &named(&objects, "Job", "piaotan-press")["spec"];
    assert_eq!(press["completionMode"], "Indexed");
    assert_eq!((&press["completions"], &press["parallelism"]), (&4.into(), &4.into()));
    assert_eq!(press["backoffLimit"], 0);
    let pod = &press["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never");
    let container = &pod["containers"][0];
    let merge = &named(&objects, "Job", "piaotan-merge")["spec"]["template"]["spec"];
    let waits = &merge["initContainers"][0];
    assert_eq!((segments(container), segments(waits)), ("4", "4"));
    let (said, code) = ran(container, 0);
    assert!(said.contains("--segment 1/4 ") && said.contains("--start-at 2026-11-24T10:00:00Z"), "{said}");
    // A part that broke its limits was pressed all the same: the whole is judged, not the part.
    assert_eq!([code, ran(container, 1).1, ran(container, 3).1, ran(container, 2).1], [0, 0, 0, 2]);
    let (said, code) = ran(&merge["containers"][0], 1);
    assert!(said.starts_with("merge /runs/part-") && said.contains("--out /runs/whole"), "{said}");
    assert_eq!(code, 1, "the merge's verdict is the job's");
}

/// Runs a container's command with a `piaotan` that tells its arguments and ends with `code`.
fn ran(container: &Value, code: i32) -> (String, i32) {
    let dir = tempdir().unwrap();
    let fake = dir.path().join("piaotan");
    std::fs::write(&fake, format!("#!/bin/sh\necho \"$@\"\nexit {code}\n")).unwrap();
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let words = [&container["command"], &container["args"]].into_iter().flat_map(|v| v.as_array().unwrap());
    let words: Vec<String> = words.map(text).collect();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new(&words[0])
        .args(&words[1..])
        .env("PATH", path)
        .env("JOB_COMPLETION_INDEX", "0")
        .env("SEGMENTS", container["env"].as_array().map_or("4", |_| segments(container)))
        .env("START_AT", "2026-11-24T10:00:00Z")
        .output()
        .unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap())
}

#[test]
fn the_scenario_and_the_configuration_of_the_manifest_are_right() {
    if !kubectl() {
        return;
    }
    let objects = objects();
    let files = &named(&objects, "ConfigMap", "piaotan-scenario")["data"];
    let dir = tempdir().unwrap();
    for name in ["scenario.toml", "piaotan.toml"] {
        std::fs::write(dir.path().join(name), files[name].as_str().unwrap()).unwrap();
    }
    for args in [&["run", "scenario.toml", "--dry-run"][..], &["config", "check"]] {
        let output =
            piaotan(args).current_dir(dir.path()).env("PIAOTAN_PASSWORD", "Synthetic2026x").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
