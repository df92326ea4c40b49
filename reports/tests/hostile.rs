//! Runs that no report was made for: empty, one sample, a day, hostile names, numbers without sense.

#![allow(clippy::unwrap_used)]

use chrono::{DateTime, FixedOffset, TimeDelta};
use piaotan_analysis::summary::*;
use piaotan_record::{Operation, OutcomeKind, Surface};
use piaotan_reports::charts::{Style, Theme, Width};
use piaotan_reports::text::{Terminal, terminal};
use piaotan_reports::{Lang, Report, csv, figures, html, json, junit, markdown, pictures, png};
use std::collections::BTreeMap;

const SCRIPT: &str = "\"><script>alert('x')</script>\u{202E}ة|`*&";

fn start() -> DateTime<FixedOffset> {
    "2026-03-01T10:00:00+08:00".parse().unwrap()
}

fn summary() -> Summary {
    Summary {
        schema: 1,
        kind: "summary".into(),
        run: "r".into(),
        target: "http://127.0.0.1:1".into(),
        scenario: "s".into(),
        started: start(),
        ended: start(),
        verdict: Verdict::Inconclusive,
        exit: 3,
        arrivals: Default::default(),
        requests: Default::default(),
        conserved: true,
        operations: BTreeMap::new(),
        in_windows: BTreeMap::new(),
        limits: vec![],
        windows: vec![],
        sync: BTreeMap::new(),
        generator: GeneratorSummary::default(),
        findings: vec![],
        cut_short: None,
        warm_up: None,
    }
}

fn cell(seed: u64) -> OpBin {
    let at = |m: f64| m * (0.05 + (seed * 7919 % 97) as f64 / 500.0);
    let q = Quantiles { p50: at(1.0), p90: at(2.0), p95: at(3.0), p99: at(5.0), max: at(9.0) };
    let mut cell = OpBin { count: 50, response: Some(q), service: Some(q), ..OpBin::default() };
    cell.outcomes[OutcomeKind::Ok.index()] = 48;
    cell.outcomes[(seed % 17) as usize] += 2;
    cell.codes.insert(format!("E{}", seed % 40), 2);
    cell
}

/// A day of seconds with every operation there is.
fn day() -> Series {
    let bin = |i: u64| {
        let operations = Operation::ALL.iter().map(|op| (*op, cell(i + op.index() as u64))).collect();
        Bin { t: (i * 30) as f64, operations, scheduled: 100, started: 100, sent: 2_000, ..Bin::default() }
    };
    let point = |i: u64| SyncPoint {
        uploaded: (i * 8) as f64,
        delay_lower: 60.0 + (i % 77) as f64,
        delay_upper: (!i.is_multiple_of(9)).then_some(90.0 + (i % 77) as f64),
        surface: Surface::ALL[(i % 4) as usize],
    };
    let curve = |op: &Operation| {
        let points = (0..200).map(|i| QuantilePoint { q: f64::from(i) / 200.0, response: 0.1, service: 0.1 });
        (*op, points.collect())
    };
    Series {
        bin_seconds: 30.0,
        bins: (0..2_880).map(bin).collect(),
        quantile_curve: Operation::ALL.iter().map(curve).collect(),
        heat: Some(Heat {
            start: 0.0,
            column_seconds: 60.0,
            edges: (0..=60).map(|i| 0.001 * 1.2f64.powi(i)).collect(),
            counts: (0..1_440u64).map(|c| (0..60u64).map(|r| c * r % 97).collect()).collect(),
        }),
        sync_points: (0..10_000).map(point).collect(),
        ..Series::empty(start())
    }
}

fn report<'a>(summary: &'a Summary, series: &'a Series, lang: Lang) -> Report<'a> {
    Report { summary, series, manifest: None, lang }
}

/// Every kind of report of a run; each picture is drawn.
fn all(summary: &Summary, series: &Series) -> String {
    let mut out = String::new();
    for lang in [Lang::Zh, Lang::En] {
        let report = report(summary, series, lang);
        out += &html(&report).unwrap();
        out += &markdown::markdown(&report);
        out += &terminal(&report, Terminal { columns: 80, colour: false });
        out += &junit::junit(summary, lang).unwrap();
        for figure in pictures(summary, series, lang) {
            assert!(png::draw(&figure.svg, 0.5).unwrap().len() > 100, "{}", figure.id);
        }
    }
    out += &csv::csv(series);
    out + &json::json(summary).unwrap()
}

fn hostile() -> (Summary, Series) {
    let mut summary = summary();
    let at = |s| start() + TimeDelta::seconds(s);
    for text in [&mut summary.run, &mut summary.target, &mut summary.scenario] {
        *text = SCRIPT.into();
    }
    for i in 0..200 {
        let codes = BTreeMap::from([(format!("{SCRIPT}{}", "x".repeat(2_048)), 1)]);
        let one = OperationSummary { count: i, rate: f64::NAN, codes, ..OperationSummary::default() };
        summary.operations.insert(format!("{SCRIPT}{i}"), one);
    }
    summary.limits.push(LimitResult {
        limit: SCRIPT.into(),
        value: Some(f64::NAN),
        verdict: Verdict::Fail,
        reason: SCRIPT.into(),
        window: Some(9),
    });
    summary.windows.push(WindowSummary {
        id: SCRIPT.into(),
        start: at(50),
        end: Some(at(-5)),
        services: vec![SCRIPT.into()],
        source: SCRIPT.into(),
        status: SCRIPT.into(),
        finding: Some(SCRIPT.into()),
        observed_start: Some(at(9_999_999)),
        observed_end: Some(at(1)),
        text: SCRIPT.into(),
    });
    summary.findings.push(Finding {
        kind: FindingKind::Errors,
        severity: Severity::Critical,
        text: SCRIPT.repeat(200),
        evidence: BTreeMap::from([(SCRIPT.to_owned(), SCRIPT.into()), ("at".to_owned(), SCRIPT.into())]),
    });
    let bad = [f64::NAN, f64::INFINITY, -1.0, 0.0];
    summary.sync.insert(
        SCRIPT.into(),
        SyncSummary { curve: vec![[bad[0], bad[1], bad[2], bad[3]]], ..SyncSummary::default() },
    );
    let q = Quantiles { p50: f64::NAN, p90: 0.0, p95: f64::INFINITY, p99: -3.0, max: 0.0 };
    let weird = |t: f64| {
        let cell = OpBin {
            response: Some(q),
            service: Some(q),
            codes: BTreeMap::from([(SCRIPT.repeat(60), 3)]),
            ..cell(3)
        };
        Bin { t, operations: BTreeMap::from([(Operation::Upload, cell)]), ..Bin::default() }
    };
    // The clock went back, then far ahead.
    let bins = [0.0, 5.0, 2.0, 1e9, f64::NAN].map(weird).into();
    let nan = SyncPoint {
        uploaded: f64::NAN,
        delay_lower: f64::NAN,
        delay_upper: Some(-1.0),
        surface: Surface::Number,
    };
    let span = Span { t0: 9.0, t1: f64::NAN, state: LaneState::Down };
    let states = vec![Lane { name: LaneName::Observed, spans: vec![span] }];
    (
        summary,
        Series {
            bins,
            sync_points: vec![nan],
            states,
            heat: Some(Heat::default()),
            ..Series::empty(start())
        },
    )
}

#[test]
fn an_empty_run_is_readable() {
    let text = all(&summary(), &Series::empty(start()));
    assert!(text.contains("没有记录到任何请求") && text.contains("No request was recorded"));
}

#[test]
fn hostile_text_is_escaped_and_bounded() {
    let (summary, series) = hostile();
    for lang in [Lang::Zh, Lang::En] {
        let page = html(&report(&summary, &series, lang)).unwrap();
        assert_eq!(page.matches("<script").count(), 1, "only our own");
        assert!(
            !page.contains('\u{202E}') && !page.contains("NaN") && page.len() < 600_000,
            "{}",
            page.len()
        );
        assert!(!markdown::markdown(&report(&summary, &series, lang)).contains("<script"));
        for figure in pictures(&summary, &series, lang) {
            assert!(!figure.svg.contains("<script") && !figure.svg.contains("NaN"), "{}", figure.id);
            png::draw(&figure.svg, 0.5).unwrap();
        }
    }
}

#[test]
fn a_day_of_every_operation_fits() {
    let (summary, series) = (summary(), day());
    let page = html(&report(&summary, &series, Lang::Zh)).unwrap();
    assert!(page.len() <= 5_000_000, "{} bytes", page.len());
}

#[test]
fn a_clock_that_jumps_back_makes_no_nonsense() {
    let mut series = Series { bins: day().bins[..200].to_vec(), ..Series::empty(start()) };
    for (i, bin) in series.bins.iter_mut().enumerate() {
        bin.t = if (80..120).contains(&i) { bin.t - 4_000.0 } else { bin.t };
    }
    let mut summary = Summary { ended: start() - TimeDelta::hours(1), ..summary() };
    summary.windows.push(WindowSummary {
        id: "w".into(),
        start: start() + TimeDelta::hours(2),
        end: Some(start() + TimeDelta::hours(1)),
        services: vec!["all".into()],
        source: "notice".into(),
        status: "confirmed".into(),
        finding: Some("overrun".into()),
        observed_start: Some(start() + TimeDelta::days(4_000)),
        observed_end: None,
        text: String::new(),
    });
    let text = all(&summary, &series);
    assert!(!text.contains("NaN") && ["inf\"", "inf,", "inf "].iter().all(|word| !text.contains(word)));
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let (summary, series) = (summary(), day());
    for width in [Width::Wide, Width::Phone] {
        let style = Style { lang: Lang::Zh, theme: Theme::Dark, width, titled: true };
        let draw = || figures(&summary, &series, &style).into_iter().map(|f| f.svg).collect::<Vec<_>>();
        assert!(draw() == draw());
    }
}

#[test]
fn nothing_in_the_page_is_loaded_from_anywhere() {
    let page = html(&report(&summary(), &Series::empty(start()), Lang::En)).unwrap();
    for word in ["src=", "href=\"http", "@import", "url(", "<link", "<img", "<iframe"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_glyph_of_every_chart_text_is_in_the_font() {
    // A letter without a glyph is drawn as an empty box: the picture of 维 must differ from one of U+E000.
    let svg = |text: &str| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"40\"><text x=\"4\" y=\"30\" font-size=\"28\" font-family=\"sans-serif\">{text}</text></svg>"
        )
    };
    let missing = png::draw(&svg("\u{E000}"), 1.0).unwrap();
    let phrases = piaotan_reports::words::Phrase::ALL.iter().map(|phrase| phrase.say(Lang::Zh));
    let letters: std::collections::BTreeSet<char> =
        phrases.flat_map(str::chars).filter(|c| !c.is_whitespace() && !"<&".contains(*c)).collect();
    for letter in letters {
        assert!(png::draw(&svg(&letter.to_string()), 1.0).unwrap() != missing, "no glyph for {letter}");
    }
}
