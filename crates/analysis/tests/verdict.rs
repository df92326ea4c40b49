//! What a run's verdict sees: every stretch where a limit has a window, nothing of warm-up or windows.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::limit::Demand;
use piaotan_analysis::summary::{FindingKind, LimitResult, Summary, Terms, Verdict, fold};
use piaotan_record::code::CodeEntry;
use piaotan_record::folder::{Event, Host, Manifest, RunFolder, RunWriter, SCHEMA, Segment};
use piaotan_record::{CodeBook, Nanos, Observation, Operation, Outcome, Surface, Tally, Token, Window};
use tempfile::tempdir;

/// What the platform did in a second: how long answers took, in milliseconds, and what they were.
type Weather<'a> = &'a dyn Fn(u32) -> (u64, Outcome);

const RATE: u64 = 20;

fn manifest(windows: Vec<Window>) -> Manifest {
    Manifest {
        schema: SCHEMA,
        version: "1".to_owned(),
        run: "r".to_owned(),
        scenario: "s".to_owned(),
        scenario_text: String::new(),
        target: "http://127.0.0.1:1".to_owned(),
        profile: "reference".to_owned(),
        started: epoch(),
        planned: 60.0,
        seed: 7,
        host: Host::default(),
        segment: Segment::default(),
        codes: codes(),
        calendar: windows,
        zone: None,
        commit: None,
    }
}

fn codes() -> CodeBook {
    let text = |text: &str| text.to_owned();
    let maintained = CodeEntry {
        code: text("5003"),
        meaning: text("maintenance"),
        meaning_zh: text("维护"),
        remedy: String::new(),
        remedy_zh: String::new(),
    };
    CodeBook::new(vec![maintained])
}

fn epoch() -> DateTime<Utc> {
    "2026-11-24T02:00:00Z".parse().unwrap()
}

fn moment(second: u32, nanos: u64) -> Nanos {
    Nanos(u64::from(second) * Nanos::SECOND + nanos)
}

/// A run of so many seconds whose plan begins at second 2, folded.
fn folded(
    seconds: u32,
    weather: Weather<'_>,
    windows: Vec<Window>,
    more: Vec<Event>,
    terms: &Terms,
) -> Summary {
    let dir = tempdir().unwrap();
    let path = dir.path().join("run");
    let mut writer = RunWriter::create(&path, manifest(windows)).unwrap();
    let mut tally = Tally::default();
    for (second, n) in (2..2 + seconds).flat_map(|second| (0..RATE).map(move |n| (second, n))) {
        let (millis, outcome) = weather(second - 2);
        let due = moment(second, n * Nanos::SECOND / RATE);
        let done = Nanos(due.0 + (millis + n % 3) * 1_000_000);
        let step = Observation {
            operation: Operation::QueryNumber,
            due,
            sent: due,
            first_byte: None,
            done,
            bytes_sent: 1,
            bytes_received: 1,
            outcome,
            code: (outcome != Outcome::Ok).then(|| codes().code("5003")),
            mark: None,
            evidence: None,
        };
        let arrivals = tally.arrivals_at(due);
        (arrivals.scheduled, arrivals.started) = (arrivals.scheduled + 1, arrivals.started + 1);
        for operation in [Operation::QueryNumber, Operation::JourneyQueryNumber] {
            tally.sent(operation, due);
            tally.add(&Observation { operation, ..step.clone() });
        }
    }
    writer.append_tally(&tally).unwrap();
    let end = moment(2 + seconds + 5, 0);
    let mut events = vec![Event::WarmedUp { at: moment(2, 0) }];
    events.extend(more);
    events.push(Event::Ended { at: end, reason: "complete".to_owned(), cut_off: 0 });
    writer.append_events(&events).unwrap();
    fold(&RunFolder::open(&path).unwrap(), terms).unwrap().summary
}

fn demanding(limit: &str, window: Option<u32>) -> Terms {
    let demand = Demand { limit: limit.parse().unwrap(), window, delay: 0 };
    Terms { limits: vec![demand], ..Terms::default() }
}

fn judged(limit: &str, window: Option<u32>, weather: Weather<'_>) -> LimitResult {
    folded(60, weather, Vec::new(), Vec::new(), &demanding(limit, window)).limits.remove(0)
}

/// Two bad seconds of sixty: nothing for the whole run, much for a stretch of ten.
fn hiccup(second: u32) -> (u64, Outcome) {
    if (30..32).contains(&second) { (900, Outcome::ServerError) } else { (20, Outcome::Ok) }
}

fn slow(second: u32) -> (u64, Outcome) {
    (if (30..32).contains(&second) { 900 } else { 20 }, Outcome::Ok)
}

#[test]
fn a_stretch_can_break_what_the_whole_run_keeps() {
    let check = |limit: &str, weather: Weather<'_>, value: f64| {
        assert_eq!(judged(limit, None, weather).verdict, Verdict::Pass, "{limit} over the run");
        let stretch = judged(limit, Some(10), weather);
        assert_eq!((stretch.verdict, stretch.window), (Verdict::Fail, Some(10)), "{limit} in every 10 s");
        assert!((stretch.value.unwrap() / value - 1.0).abs() < 0.01, "{limit}: {stretch:?}");
    };
    check("query_number.response.p95 < 500ms", &slow, 0.902);
    check("query_number.service.p95 < 500ms", &slow, 0.902);
    check("query_number.response.mean < 100ms", &slow, 0.197);
    check("errors < 10%", &hiccup, 0.2);
    check("query_number.errors < 10%", &hiccup, 0.2);
    check("code.5003 < 10%", &hiccup, 0.2);
    check("outcome.server_error < 10%", &hiccup, 0.2);
}

#[test]
fn the_worst_stretch_is_named() {
    let found = judged("query_number.response.p95 < 500ms", Some(10), &slow);
    // Second 30 of the plan is second 32 of the run, and stretches are judged as they end.
    assert!(found.reason.starts_with("worst of every 10 s, the one before 02:00:3"), "{}", found.reason);
}

#[test]
fn a_limit_without_samples_fails_in_any_form() {
    let quick: Weather<'_> = &|_| (20, Outcome::Ok);
    for window in [None, Some(10)] {
        for limit in ["upload.response.p95 < 1s", "upload.errors < 1%", "sync.number.p95 < 60s"] {
            let found = judged(limit, window, quick);
            assert_eq!((found.verdict, found.value), (Verdict::Fail, None), "{limit} {window:?}");
        }
    }
}

#[test]
fn nothing_inside_a_window_reaches_a_limit() {
    let at = |second: i64| epoch() + TimeDelta::seconds(second);
    for window in [None, Some(10)] {
        let windows = vec![Window::new("w", at(30), Some(at(36)))];
        let terms = demanding("errors < 1%", window);
        let summary = folded(60, &hiccup, windows, Vec::new(), &terms);
        assert_eq!(summary.limits[0].verdict, Verdict::Pass, "{:?}", summary.limits);
        assert_eq!(summary.exit, 0);
    }
}

/// Slow for the first 16 seconds.
fn cold(second: u32) -> (u64, Outcome) {
    (if second < 16 { 400 } else { 20 }, Outcome::Ok)
}

#[test]
fn a_warm_up_that_is_detected_is_left_out() {
    let limit = demanding("query_number.response.p95 < 100ms", None);
    let all = folded(60, &cold, Vec::new(), Vec::new(), &limit);
    assert_eq!((all.exit, all.warm_up), (1, None));
    let terms = Terms { detect: Some(30.0), ..limit };
    let warm = folded(60, &cold, Vec::new(), Vec::new(), &terms);
    let found = warm.warm_up.unwrap();
    assert_eq!((warm.exit, found.settled), (0, Some(true)), "{found:?}");
    assert!((15.0..=20.0).contains(&found.seconds), "{found:?}");
    let counted = warm.operations["query_number"].count as f64;
    assert_eq!(counted, (60.0 - found.seconds) * RATE as f64);
    // What is left out of quantiles is still in the law of conservation.
    assert_eq!(warm.requests.sent, 60 * RATE);
}

#[test]
fn a_run_that_does_not_settle_says_so() {
    let worse: Weather<'_> = &|second| ((2_000.0 * (-0.05 * f64::from(second)).exp()) as u64, Outcome::Ok);
    let terms = Terms { detect: Some(10.0), ..Terms::default() };
    let summary = folded(60, worse, Vec::new(), Vec::new(), &terms);
    assert_eq!(summary.warm_up.unwrap().settled, Some(false));
    assert!(summary.findings.iter().any(|finding| finding.kind == FindingKind::NotSteady));
}

#[test]
fn a_panic_in_a_journey_takes_the_verdict_away() {
    let quick: Weather<'_> = &|_| (20, Outcome::Ok);
    let told = "verify: no such row".to_owned();
    let panic = Event::SelfCheck { at: moment(9, 0), kind: "journey_panicked".to_owned(), text: told };
    let summary = folded(60, quick, Vec::new(), vec![panic], &Terms::default());
    assert_eq!((summary.verdict, summary.exit), (Verdict::Inconclusive, 3));
    let finding = summary.findings.iter().find(|each| each.kind == FindingKind::JourneyPanicked).unwrap();
    assert!(finding.text.contains("no such row"), "{}", finding.text);
}

#[test]
fn a_pass_that_rests_on_requests_cut_off_is_refused() {
    // The last second never answers: its requests stand at 300 ms when the run ends, and would go on.
    let hangs: Weather<'_> = &|second| if second < 57 { (20, Outcome::Ok) } else { (300, Outcome::CutOff) };
    for window in [None, Some(10)] {
        let found = judged("query_number.response.p99 < 500ms", window, hangs);
        assert_eq!(found.verdict, Verdict::Inconclusive, "{found:?}");
        assert!(found.reason.contains("cut off"), "{found:?}");
        assert_eq!(judged("query_number.response.p50 < 500ms", window, hangs).verdict, Verdict::Pass);
    }
}

#[test]
fn requests_cut_off_keep_a_limit_open_though_another_stretch_measured_worse() {
    let hangs: Weather<'_> = &|second| match second {
        10..12 => (100, Outcome::Ok),
        59.. => (5, Outcome::CutOff),
        _ => (20, Outcome::Ok),
    };
    let found = judged("query_number.response.p95 < 500ms", Some(10), hangs);
    assert_eq!(found.verdict, Verdict::Inconclusive, "{found:?}");
    assert!((found.value.unwrap() / 0.102 - 1.0).abs() < 0.01, "{found:?}");
    assert_eq!(judged("query_number.response.p50 < 500ms", Some(10), hangs).verdict, Verdict::Pass);
}

/// One invoice a second, each visible after `delay` of its second.
fn marks(delay: impl Fn(u32) -> u32) -> Vec<Event> {
    let (surface, region) = (Surface::Number, String::new());
    let one = |second: u32| {
        let token = Token(second.into());
        let seen = moment(2 + second + delay(second), 0);
        let vain = Nanos(seen.0.saturating_sub(100_000_000));
        [
            Event::Issued { at: moment(2 + second, 0), token, number: second.to_string() },
            Event::NotYet { at: vain, asked: vain, token, surface, region: region.clone() },
            Event::Seen { at: seen, asked: seen, token, surface, region: region.clone() },
        ]
    };
    (0..60).flat_map(one).collect()
}

#[test]
fn a_stretch_of_uploads_can_break_a_sync_limit_that_the_whole_run_keeps() {
    let quick: Weather<'_> = &|_| (20, Outcome::Ok);
    let late = |second| if (30..34).contains(&second) { 5 } else { 1 };
    let check = |window: Option<u32>, expected: Verdict| {
        let terms = Terms { tolerance: 100.0, ..demanding("sync.number.p90 < 3s", window) };
        let found = folded(60, quick, Vec::new(), marks(late), &terms).limits.remove(0);
        assert_eq!(found.verdict, expected, "{found:?}");
    };
    check(None, Verdict::Pass);
    check(Some(10), Verdict::Fail);
}
