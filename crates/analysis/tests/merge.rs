//! Segments merged in any order are the run that one generator would have recorded.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::summary::{Terms, fold};
use piaotan_record::folder::{
    Event, Host, Manifest, MergeError, RunFolder, RunWriter, SCHEMA, Segment, joined, merge,
};
use piaotan_record::{CodeBook, Nanos, Observation, Operation, Outcome, Surface, Tally, Token};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

const OF: u32 = 4;
const REQUESTS: u64 = 4_000;

fn manifest(segment: Segment, later: u32) -> Manifest {
    let started: DateTime<Utc> = "2026-11-24T02:00:00Z".parse().unwrap();
    Manifest {
        schema: SCHEMA,
        version: "1".to_owned(),
        run: "all".to_owned(),
        scenario: "steady_day".to_owned(),
        scenario_text: String::new(),
        target: "http://127.0.0.1:1".to_owned(),
        profile: "reference".to_owned(),
        started: started + TimeDelta::seconds(later.into()),
        planned: 40.0,
        seed: 7,
        host: Host::default(),
        segment,
        codes: CodeBook::default(),
        calendar: Vec::new(),
        zone: None,
        commit: None,
    }
}

/// The `n`-th request of the run, on a clock that began `later` seconds after the run's.
fn request(n: u64, later: u32) -> Observation {
    let operation = if n.is_multiple_of(3) { Operation::QueryNumber } else { Operation::Upload };
    let due = Nanos(100 * Nanos::SECOND + n * 9_876_543 - u64::from(later) * Nanos::SECOND);
    let took = 1_000_000 + n * n % 77_000_000;
    Observation {
        operation,
        due,
        sent: Nanos(due.0 + 50_000),
        first_byte: None,
        done: Nanos(due.0 + took),
        bytes_sent: 100,
        bytes_received: 200 + n,
        outcome: if n % 50 == 7 { Outcome::Reset } else { Outcome::Ok },
        code: None,
        mark: None,
        evidence: None,
    }
}

/// Writes those requests for which `mine` holds, as a generator would.
fn write(path: &Path, manifest: Manifest, later: u32, mine: impl Fn(u64) -> bool) {
    let mut writer = RunWriter::create(path, manifest).unwrap();
    let (mut tally, mut events) = (Tally::default(), Vec::new());
    for n in (0..REQUESTS).filter(|n| mine(*n)) {
        let seen = request(n, later);
        tally.sent(seen.operation, seen.due);
        tally.add(&seen);
        let arrivals = tally.arrivals_at(seen.due);
        arrivals.scheduled += 1;
        arrivals.suppressed += 1;
        if n.is_multiple_of(10) {
            let (at, asked, token) =
                (Nanos(seen.done.0 + 2_000_000_000 + n % 90 * 7_000_000), seen.done, Token(n));
            events.push(Event::Issued { at: seen.done, token, number: n.to_string() });
            events.push(Event::NotYet {
                at: seen.done,
                asked,
                token,
                surface: Surface::Number,
                region: String::new(),
            });
            events.push(Event::Seen {
                at,
                asked: at,
                token,
                surface: Surface::Number,
                region: String::new(),
            });
        }
    }
    writer.append_tally(&tally).unwrap();
    let at = Nanos(u64::from(150 - later) * Nanos::SECOND);
    events.push(Event::Ended { at, reason: "complete".to_owned(), cut_off: 0 });
    writer.append_events(&events).unwrap();
}

/// The four segments' folders, each with an epoch of its own.
fn segments(dir: &Path) -> Vec<PathBuf> {
    let each = (0..OF).map(|index| {
        let (path, later) = (dir.join(format!("part-{index}")), index * 7 % 5);
        write(&path, manifest(Segment { index, of: OF }, later), later, |n| {
            n % u64::from(OF) == u64::from(index)
        });
        path
    });
    each.collect()
}

fn open(paths: &[PathBuf]) -> Vec<RunFolder> {
    paths.iter().map(|path| RunFolder::open(path).unwrap()).collect()
}

/// Every histogram of a folder, joined by its key.
fn histograms(folder: &RunFolder) -> BTreeMap<(u32, Operation, bool), hdrhistogram::Histogram<u64>> {
    let mut all = BTreeMap::new();
    let torn = folder.latencies(|interval| {
        let key = (interval.second, interval.operation, interval.service);
        let known = all.entry(key).or_insert_with(|| hdrhistogram::Histogram::new_from(&interval.histogram));
        known.add(&interval.histogram).unwrap();
    });
    assert_eq!(torn.unwrap(), 0);
    all
}

#[test]
fn segments_in_any_order_are_the_run_of_one_generator() {
    let dir = tempdir().unwrap();
    let mut paths = segments(dir.path());
    let one = dir.path().join("one");
    write(&one, manifest(Segment::default(), 0), 0, |_| true);
    let one = RunFolder::open(&one).unwrap();
    for turn in 0..4 {
        paths.rotate_left(1);
        paths.swap(turn % 3, 3);
        let folders = open(&paths);
        let (manifest, missing) = joined(&folders, false).unwrap();
        assert!(missing.is_empty());
        let out = dir.path().join(format!("whole-{turn}"));
        merge(&folders, manifest, &missing, &out).unwrap();
        let whole = RunFolder::open(&out).unwrap();
        assert_eq!(whole.manifest(), one.manifest());
        assert_eq!(histograms(&whole), histograms(&one));
        let summary = |folder: &RunFolder| {
            serde_json::to_value(fold(folder, &Terms::default()).unwrap().summary).unwrap()
        };
        assert_eq!(summary(&whole), summary(&one));
    }
}

#[test]
fn what_is_no_whole_run_is_refused_by_name() {
    let dir = tempdir().unwrap();
    let paths = segments(dir.path());
    let refused = |paths: &[PathBuf]| joined(&open(paths), false).unwrap_err().to_string();
    assert!(refused(&paths[..3]).contains("segment 4/4 is missing"), "{}", refused(&paths[..3]));
    let twice = [paths.clone(), paths[1..2].to_vec()].concat();
    assert!(refused(&twice).contains("segment 2/4 is there twice"), "{}", refused(&twice));
    let other = dir.path().join("other");
    write(&other, Manifest { seed: 8, ..manifest(Segment { index: 3, of: OF }, 0) }, 0, |_| false);
    let mixed = [paths[..3].to_vec(), vec![other]].concat();
    assert!(refused(&mixed).contains("differ in their seed"), "{}", refused(&mixed));
}

#[test]
fn a_run_with_a_segment_missing_cannot_pass() {
    let dir = tempdir().unwrap();
    let folders = open(&segments(dir.path())[..3]);
    let (manifest, missing) = joined(&folders, true).unwrap();
    assert_eq!(missing, ["4/4"]);
    let out = dir.path().join("whole");
    merge(&folders, manifest, &missing, &out).unwrap();
    let summary = fold(&RunFolder::open(&out).unwrap(), &Terms::default()).unwrap().summary;
    assert_eq!(summary.cut_short.as_deref(), Some("segments missing: 4/4"));
    assert_eq!(summary.exit, 3);
}

#[test]
fn a_segment_that_was_killed_is_refused() {
    let dir = tempdir().unwrap();
    let paths = segments(dir.path());
    let events = paths[2].join("events.ndjson");
    let text = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, &text[..text.len() - 5]).unwrap();
    let folders = open(&paths);
    let (manifest, missing) = joined(&folders, false).unwrap();
    let out = dir.path().join("whole");
    assert!(matches!(merge(&folders, manifest, &missing, &out), Err(MergeError::Torn(_))));
    assert!(!out.exists());
}
