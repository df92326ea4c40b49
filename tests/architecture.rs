//! The plan of the house, held against its manifests and sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Room, folder, and the rooms that it may know.
const ARROWS: &[(&str, &str, &[&str])] = &[
    ("record", "crates/record", &[]),
    ("notices", "crates/notices", &["record"]),
    ("analysis", "crates/analysis", &["record"]),
    ("store", "crates/store", &["record"]),
    ("client", "crates/client", &["record", "notices"]),
    ("scenarios", "scenarios", &["record", "client", "analysis"]),
    ("probes", "probes", &["record", "client", "analysis", "store"]),
    ("reports", "reports", &["record", "analysis"]),
    ("platform", "crates/platform", &[]),
];

#[test]
fn every_arrow_is_one_of_the_plan() {
    for (room, folder, allowed) in ARROWS {
        let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        let known: BTreeSet<&str> =
            dependencies.keys().filter_map(|name| name.strip_prefix("piaotan-")).collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(known.is_subset(&allowed), "{room} knows {known:?}, allowed are {allowed:?}");
    }
}

#[test]
fn the_pure_rooms_have_no_runtime_and_no_sockets() {
    for room in ["crates/record", "crates/notices", "crates/analysis", "reports"] {
        let text = std::fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let has = |name: &str| manifest["dependencies"].get(name).is_some();
        assert!(
            !["tokio", "hyper", "goose", "rusqlite"].iter().any(|name| has(name)),
            "{room} has a runtime"
        );
        for source in sources(&root().join(room)) {
            let text = std::fs::read_to_string(&source).unwrap();
            let excused =
                text.contains("clippy::disallowed_methods") || text.contains("clippy::disallowed_types");
            assert!(!excused || is_outside_the_library(&source), "{} excuses itself", source.display());
        }
    }
}

/// Tests, examples and benches are programs of their own.
fn is_outside_the_library(path: &Path) -> bool {
    path.components()
        .any(|part| ["tests", "examples", "benches"].iter().any(|name| part.as_os_str() == *name))
        || path.ends_with("tests.rs")
}

/// The rooms whose modules may read a clock or open a socket, each by an attribute of its own.
const MAY_EXCUSE: &[&str] = &[
    "src/",
    "tests/",
    "crates/platform/",
    "crates/client/",
    "crates/store/",
    "scenarios/engine/",
    "probes/",
];

#[test]
fn only_the_rooms_named_read_a_clock_or_open_a_socket() {
    for source in sources(root()).into_iter().filter(|path| !is_outside_the_library(path)) {
        let text = std::fs::read_to_string(&source).unwrap();
        let name = source.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let excused =
            text.contains("clippy::disallowed_methods") || text.contains("clippy::disallowed_types");
        assert!(!excused || MAY_EXCUSE.iter().any(|room| name.starts_with(room)), "{name} excuses itself");
    }
}

#[test]
fn nothing_is_left_unfinished() {
    for source in sources(root()) {
        let text = std::fs::read_to_string(&source).unwrap();
        let marks = [
            concat!("to", "do!("),
            concat!("unimple", "mented!("),
            concat!("TO", "DO"),
            concat!("FIX", "ME"),
        ];
        for mark in marks {
            assert!(!text.contains(mark), "{} says {mark}", source.display());
        }
    }
}

#[test]
fn one_provider_of_tls_and_no_openssl() {
    // The lock also names what features that are off would bring; the graph is what is built.
    let tree = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--workspace",
            "--locked",
            "--offline",
            "--edges",
            "all",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let graph = String::from_utf8_lossy(&tree.stdout).into_owned();
    let names: BTreeSet<&str> = graph.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("aws-lc-rs"));
    for banned in ["openssl-sys", "native-tls", "ring", "ttf-parser", "serde_yaml", "serde_yml"] {
        assert!(!names.contains(banned), "{banned} is built");
    }
}

fn sources(from: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(sources(&entry));
        } else if name.ends_with(".rs") {
            found.push(entry);
        }
    }
    found
}
