//! Charts of verdicts that are no run: gate, history, capacity, availability.

use piaotan_analysis::history::{Change, Status};
use piaotan_analysis::summary::Verdict;
use piaotan_reports::charts::availability::Stretch;
use piaotan_reports::charts::capacity::Trial;
use piaotan_reports::charts::forest::Row;
use piaotan_reports::charts::{Style, availability, capacity, forest, history};
use piaotan_reports::{units, words};

/// All of them, by file name.
pub fn all(style: &Style) -> Vec<(&'static str, String)> {
    vec![
        ("forest", gate(style)),
        ("history", nights(style)),
        ("capacity", knee(style)),
        ("availability", week(style)),
    ]
}

fn gate(style: &Style) -> String {
    use piaotan_record::Operation::{QueryNumber, Upload, Verify};
    let row = |op, metric: &str, change: f64, half: f64, verdict| Row {
        name: format!("{} {metric}", words::operation(style.lang, op)),
        change: Some(change),
        lower: Some(change - half),
        upper: Some(change + half),
        tolerance: 0.05,
        verdict,
    };
    let rows = [
        row(Upload, "p95", 0.21, 0.04, Verdict::Fail),
        row(Upload, "p50", 0.12, 0.03, Verdict::Fail),
        row(QueryNumber, "p95", 0.01, 0.02, Verdict::Pass),
        row(QueryNumber, "p50", -0.02, 0.015, Verdict::Pass),
        row(Verify, "p95", 0.03, 0.09, Verdict::Inconclusive),
    ];
    forest::draw(&forest::Input { rows: &rows }, style)
}

fn nights(style: &Style) -> String {
    let value = |i: usize| {
        0.2 * (if i < 34 { 1.0 } else { 1.18 }) * (1.0 + 0.06 * ((i * 7919 % 101) as f64 / 101.0 - 0.5))
    };
    let values: Vec<Option<f64>> = (0..60).map(|i| (i % 17 != 9).then(|| value(i))).collect();
    let times: Vec<String> = (0..60).map(|i| format!("2026-{:02}-{:02}", 1 + i / 30, 1 + i % 30)).collect();
    let changes = [Change {
        index: 34,
        time: "2026-02-05".into(),
        before: 0.2,
        after: 0.236,
        change: Some(0.18),
        status: Status::Confirmed,
    }];
    let input = history::Input {
        name: "upload.response.p95",
        values: &values,
        times: &times,
        changes: &changes,
        format: units::seconds,
    };
    history::draw(&input, style)
}

fn knee(style: &Style) -> String {
    let share = |rate: f64| 1.0 / (1.0 + (-(rate - 240.0) / 14.0).exp());
    let rates = [50.0, 100.0, 150.0, 180.0, 190.0, 195.0, 200.0, 205.0, 190.0, 185.0, 188.0, 250.0];
    let trial =
        |rate: &f64| Trial { rate: *rate, violations: (share(*rate) * 4_000.0) as u64, samples: 4_000 };
    let trials: Vec<Trial> = rates.iter().map(trial).collect();
    let input = capacity::Input {
        trials: &trials,
        allowed: 0.01,
        lower: Some(172.0),
        median: Some(179.0),
        upper: Some(187.0),
        need: Some(150.0),
    };
    capacity::draw(&input, style)
}

fn week(style: &Style) -> String {
    let names = ["03-02", "03-03", "03-04", "03-05", "03-06", "03-07", "03-08"];
    let raw = [1.0, 0.9991, 0.9062, 1.0, 0.9987, 1.0, 0.972];
    let adjusted = [1.0, 0.9991, 0.9995, 1.0, 0.9987, 1.0, 0.9998];
    let one = |i: usize| Stretch {
        name: names[i].into(),
        raw: Some(raw[i]),
        adjusted: Some(adjusted[i]),
        maintenance: 0.0,
    };
    let stretches: Vec<Stretch> = (0..7).map(one).collect();
    availability::draw(&availability::Input { stretches: &stretches, objective: Some(0.995) }, style)
}
