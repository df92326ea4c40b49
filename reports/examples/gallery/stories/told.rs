//! What a summary says: limits, windows, findings, curves, and the counts of a series.

use super::shape::{OPS, RATE, noise};
use super::start;
use chrono::TimeDelta;
use piaotan_analysis::summary::*;
use piaotan_record::OutcomeKind;
use piaotan_record::conservation::{ArrivalCounts, RequestCounts};
use std::collections::BTreeMap;

fn latency(base: f64, slow: f64, wait: f64) -> Latency {
    let at = |m: f64| base * slow * m + wait;
    Latency {
        p50: at(1.0),
        p90: at(1.6),
        p95: at(1.9),
        p99: at(2.9),
        p999: at(3.6),
        max: at(4.4),
        mean: at(1.1),
    }
}

pub(super) fn summary(name: &str, verdict: Verdict, series: &Series, slow: f64) -> Summary {
    let mut operations = BTreeMap::new();
    let mut in_windows = BTreeMap::new();
    let mut requests = RequestCounts::default();
    let mut arrivals = ArrivalCounts::default();
    for bin in &series.bins {
        arrivals.scheduled += bin.scheduled;
        arrivals.started += bin.started;
        arrivals.completed += bin.started;
        arrivals.suppressed += bin.suppressed;
        requests.sent += bin.sent;
        let into = if bin.inside.is_some() { &mut in_windows } else { &mut operations };
        for (op, cell) in &bin.operations {
            let sum: &mut OperationSummary = into.entry(op.as_str().to_owned()).or_default();
            sum.count += cell.count;
            for kind in OutcomeKind::ALL.iter().filter(|kind| cell.outcomes[kind.index()] > 0) {
                *sum.outcomes.entry(kind.as_str().into()).or_default() += cell.outcomes[kind.index()];
                match kind.class() {
                    piaotan_record::Class::Ok => requests.ok += cell.outcomes[kind.index()],
                    piaotan_record::Class::BusinessNo => requests.business_no += cell.outcomes[kind.index()],
                    _ => requests.failed += cell.outcomes[kind.index()],
                }
            }
            for (code, n) in &cell.codes {
                *sum.codes.entry(code.clone()).or_default() += n;
            }
        }
    }
    let seconds = series.seconds().max(1.0);
    for (op, base, _) in OPS {
        if let Some(sum) = operations.get_mut(op.as_str()) {
            sum.rate = sum.count as f64 / seconds;
            sum.response = Some(latency(base, slow, if slow > 2.0 { 0.6 * base * slow } else { 0.002 }));
            sum.service = Some(latency(base, slow, 0.0));
        }
    }
    Summary {
        schema: 1,
        kind: "summary".into(),
        run: format!("gallery-{name}"),
        target: "http://127.0.0.1:18080".into(),
        scenario: "roundtrip".into(),
        started: series.started,
        ended: series.wall(series.seconds()),
        verdict,
        exit: u8::from(verdict == Verdict::Fail),
        arrivals,
        requests,
        conserved: true,
        operations,
        in_windows,
        limits: vec![],
        windows: vec![],
        sync: BTreeMap::new(),
        generator: GeneratorSummary {
            rate_asked: Some(RATE as f64 / 10.0),
            rate_sent: Some(RATE as f64 / 10.0),
            lateness: Some(Lateness { p50: 0.000_08, p99: 0.0011, max: 0.006 }),
            cpu: Some(0.07),
            saturated: false,
        },
        findings: vec![],
        cut_short: None,
        warm_up: None,
    }
}

pub(super) fn limit(text: &str, value: f64, verdict: Verdict) -> LimitResult {
    LimitResult { limit: text.into(), value: Some(value), verdict, reason: String::new(), window: None }
}

pub(super) fn finding(kind: FindingKind, severity: Severity, text: &str, at: f64) -> Finding {
    let at = start() + TimeDelta::milliseconds((at * 1e3) as i64);
    let evidence = [("at".to_owned(), serde_json::Value::from(at.to_rfc3339()))];
    Finding { kind, severity, text: text.into(), evidence: evidence.into() }
}

pub(super) fn window(from: f64, to: f64, seen: Option<(f64, f64)>, finding: &str) -> WindowSummary {
    let at = |s: f64| start() + TimeDelta::milliseconds((s * 1e3) as i64);
    WindowSummary {
        id: "w1".into(),
        start: at(from),
        end: Some(at(to)),
        services: vec!["all".into()],
        source: "notice".into(),
        status: "confirmed".into(),
        finding: Some(finding.into()),
        observed_start: seen.map(|s| at(s.0)),
        observed_end: seen.map(|s| at(s.1)),
        text: "关于电子发票平台系统升级的公告（示例）".into(),
    }
}

pub(super) fn lane(name: LaneName, spans: &[(f64, f64, LaneState)]) -> Lane {
    Lane { name, spans: spans.iter().map(|&(t0, t1, state)| Span { t0, t1, state }).collect() }
}

pub(super) fn curve(scale: f64, n: usize, from: u64) -> Vec<[f64; 4]> {
    let mut delays: Vec<f64> = (0..n as u64)
        .map(|i| scale * (0.5 + noise(from + i * 3) + 0.6 * noise(from + i * 5).powi(3)))
        .collect();
    delays.sort_by(f64::total_cmp);
    let step = |(i, t): (usize, &f64)| {
        let s = 1.0 - (i + 1) as f64 / n as f64;
        let half = 1.96 * (s * (1.0 - s) / n as f64).sqrt();
        [*t, s, (s - half).max(0.0), (s + half).min(1.0)]
    };
    delays.iter().enumerate().map(step).collect()
}

pub(super) fn sync_summary(n: u64, p50: f64) -> SyncSummary {
    let q = |m: f64| SyncQuantile { value: p50 * m, reached: true };
    SyncSummary {
        tracked: n,
        seen: n - 2,
        pending: 2,
        quantiles: [("p50", 1.0), ("p90", 1.5), ("p95", 1.7), ("p99", 2.1)]
            .map(|(k, m)| (k.to_owned(), q(m)))
            .into(),
        curve: curve(p50, 100, 900),
        ..SyncSummary::default()
    }
}
