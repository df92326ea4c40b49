//! Synthetic runs, each with one thing to see. Seeded by arithmetic: the same bytes every time.

use chrono::{DateTime, FixedOffset, TimeDelta};
use piaotan_analysis::summary::*;
use piaotan_record::code::{CodeBook, CodeEntry};
use piaotan_record::conservation::{ArrivalCounts, RequestCounts};
use piaotan_record::folder::{Host, Manifest, Segment};
use piaotan_record::{Operation, OutcomeKind, Surface};
use piaotan_reports::Lang;
use std::collections::BTreeMap;

/// A run as its report sees it.
pub struct Story {
    pub name: &'static str,
    pub summary: Summary,
    pub series: Series,
    pub manifest: Manifest,
}

fn story(name: &'static str, summary: Summary, series: Series) -> Story {
    let entry = |code: &str, en: [&str; 2], zh: [&str; 2]| CodeEntry {
        code: code.into(),
        meaning: en[0].into(),
        meaning_zh: zh[0].into(),
        remedy: en[1].into(),
        remedy_zh: zh[1].into(),
    };
    let manifest = Manifest {
        schema: 1,
        version: "0.1.0".into(),
        run: summary.run.clone(),
        scenario: summary.scenario.clone(),
        scenario_text: "name = \"roundtrip\"\n[load]\nrate = 4\nseconds = 240\n".into(),
        target: summary.target.clone(),
        profile: "reference".into(),
        started: series.started.to_utc(),
        planned: 240.0,
        seed: 7,
        host: Host { cpu: "x86_64".into(), cores: 2, memory_bytes: 24 << 30, system: "Linux".into() },
        segment: Segment::default(),
        codes: CodeBook::new(vec![
            entry(
                "SYS_MAINTENANCE",
                ["the platform is being maintained", "wait until the announced end"],
                ["系统维护中", "等到公告的结束时间再试"],
            ),
            entry(
                "SYS_BUSY",
                ["the platform is overloaded", "retry later, send more slowly"],
                ["系统繁忙", "稍后重试，降低速率"],
            ),
        ]),
        calendar: Vec::new(),
        zone: None,
    };
    Story { name, summary, series, manifest }
}

const RATE: u64 = 40;

pub fn start() -> DateTime<FixedOffset> {
    "2026-03-02T21:58:00+08:00".parse().expect("a constant")
}

/// All stories in a language: findings are sentences.
pub fn all(lang: Lang) -> Vec<Story> {
    vec![
        healthy(lang),
        deploy(lang),
        maintenance(lang),
        overrun(lang),
        sync(lang),
        empty(lang),
        one_sample(lang),
        day(lang),
    ]
}

/// Deterministic noise in 0..1.
fn noise(seed: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x >> 11) as f64 / (1u64 << 53) as f64
}

struct Shape<'a> {
    seconds: usize,
    bin: f64,
    /// How many times as slow as ever, at a moment.
    slow: &'a dyn Fn(f64) -> f64,
    /// What the platform is doing at a moment.
    state: &'a dyn Fn(f64) -> LaneState,
    /// Sync delay in seconds by upload moment.
    delay: &'a dyn Fn(f64) -> f64,
}

impl Default for Shape<'_> {
    fn default() -> Self {
        Shape { seconds: 240, bin: 1.0, slow: &|_| 1.0, state: &|_| LaneState::Normal, delay: &|_| 4.0 }
    }
}

const OPS: [(Operation, f64, u64); 4] = [
    (Operation::Upload, 0.110, 4),
    (Operation::Review, 0.030, 6),
    (Operation::QueryNumber, 0.038, 5),
    (Operation::Verify, 0.055, 3),
];

fn op_bin(base: f64, per_second: u64, shape: &Shape<'_>, t: f64, seed: u64) -> OpBin {
    let state = (shape.state)(t);
    let count = (per_second as f64 * shape.bin * (0.8 + 0.4 * noise(seed))).round() as u64;
    let mut cell = OpBin { count, ..OpBin::default() };
    let mut put = |kind: OutcomeKind, n: u64| cell.outcomes[kind.index()] += n;
    match state {
        LaneState::Maintenance | LaneState::Overrun => {
            cell.count = shape.bin as u64;
            put(OutcomeKind::Maintenance, cell.count);
            cell.codes.insert("SYS_MAINTENANCE".into(), cell.count);
            return cell;
        }
        LaneState::Down => {
            let failed = count * 3 / 10;
            put(OutcomeKind::ServerError, failed);
            put(OutcomeKind::Ok, count - failed);
            cell.codes.insert("SYS_BUSY".into(), failed);
        }
        _ => {
            let no = u64::from(noise(seed + 7) > 0.93).min(count);
            put(OutcomeKind::NotYetVisible, no);
            put(OutcomeKind::Ok, count - no);
        }
    }
    let slow = (shape.slow)(t);
    let q = |m: f64, s: u64| base * slow * m * (0.9 + 0.2 * noise(seed + s));
    let service =
        Quantiles { p50: q(1.0, 1), p90: q(1.6, 2), p95: q(1.9, 3), p99: q(2.9, 4), max: q(4.0, 5) };
    let wait = if slow > 2.0 { 0.6 * base * slow } else { 0.002 };
    let add = |v: f64| v + wait;
    let Quantiles { p50, p90, p95, p99, max } = service;
    cell.response =
        Some(Quantiles { p50: add(p50), p90: add(p90), p95: add(p95), p99: add(p99), max: add(max) });
    cell.service = Some(service);
    cell
}

fn bin(i: usize, shape: &Shape<'_>) -> Bin {
    let t = i as f64 * shape.bin;
    let mut bin = Bin { t, scheduled: (RATE as f64 / 10.0 * shape.bin) as u64, ..Bin::default() };
    let stopped = matches!((shape.state)(t), LaneState::Maintenance | LaneState::Overrun);
    let writes_stopped = (shape.state)(t) == LaneState::WritesOnly;
    if stopped || writes_stopped {
        bin.suppressed = bin.scheduled;
        bin.inside = Some("w1".into());
    } else {
        bin.started = bin.scheduled;
    }
    bin.users = Some(bin.started * 2);
    bin.connections = Some(8);
    for (k, (op, base, per_second)) in OPS.iter().enumerate() {
        let only = stopped && *op != Operation::QueryNumber || writes_stopped && op.writes();
        if !only {
            let per_second = if writes_stopped { 1 } else { *per_second };
            bin.operations.insert(*op, op_bin(*base, per_second, shape, t, (i * 31 + k * 7) as u64));
        }
    }
    bin.sent = bin.operations.values().map(|cell| cell.count).sum();
    bin
}

fn series(shape: &Shape<'_>) -> Series {
    let count = (shape.seconds as f64 / shape.bin) as usize;
    let bins: Vec<Bin> = (0..count).map(|i| bin(i, shape)).collect();
    let curve = |base: f64| {
        let point = |q: f64| {
            let service = base * (1.0 + 1.1 * (1.0 / (1.0 - q)).ln() / 2.0);
            QuantilePoint { q, response: service * (1.0 + (1.0 / (1.0 - q)).log10() * 0.12), service }
        };
        [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999].map(point).to_vec()
    };
    Series {
        bin_seconds: shape.bin,
        quantile_curve: OPS.iter().map(|(op, base, _)| (*op, curve(*base))).collect(),
        heat: Some(heat(shape)),
        sync_points: points(shape),
        bins,
        ..Series::empty(start())
    }
}

fn heat(shape: &Shape<'_>) -> Heat {
    let edges: Vec<f64> = (0..=24).map(|i| 0.005 * 10f64.powf(f64::from(i) / 8.0)).collect();
    let columns = 80;
    let width = shape.seconds as f64 / f64::from(columns);
    let column = |c: u32| {
        let t = f64::from(c) * width;
        let quiet = matches!((shape.state)(t), LaneState::Maintenance | LaneState::Overrun);
        let middle = (0.05 * (shape.slow)(t)).ln();
        let row = |i: usize| {
            let at = f64::midpoint(edges[i].ln(), edges[i + 1].ln());
            let spread = (-(at - middle).powi(2) / 0.5).exp();
            if quiet { 0 } else { (60.0 * spread * (0.7 + 0.6 * noise(u64::from(c) * 40 + i as u64))) as u64 }
        };
        (0..24).map(row).collect()
    };
    Heat { start: 0.0, column_seconds: width, counts: (0..columns).map(column).collect(), edges }
}

fn points(shape: &Shape<'_>) -> Vec<SyncPoint> {
    let every = shape.seconds as f64 / 120.0;
    let mut all = Vec::new();
    for i in 0..120u64 {
        let t = i as f64 * every;
        if !matches!((shape.state)(t), LaneState::Normal | LaneState::Down) {
            continue;
        }
        let delay = (shape.delay)(t) * (0.5 + noise(i * 3 + 1) + 0.6 * noise(i * 5 + 2).powi(3));
        let seen = t + delay < shape.seconds as f64;
        let delay_upper = seen.then_some(delay * 1.15);
        let delay_lower = if seen { delay * 0.9 } else { shape.seconds as f64 - t };
        all.push(SyncPoint { uploaded: t, delay_lower, delay_upper, surface: Surface::Number });
    }
    all
}

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

fn summary(name: &str, verdict: Verdict, series: &Series, slow: f64) -> Summary {
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
    }
}

fn limit(text: &str, value: f64, verdict: Verdict) -> LimitResult {
    LimitResult { limit: text.into(), value: Some(value), verdict, reason: String::new() }
}

fn finding(kind: FindingKind, severity: Severity, text: &str, at: f64) -> Finding {
    let at = start() + TimeDelta::milliseconds((at * 1e3) as i64);
    let evidence = [("at".to_owned(), serde_json::Value::from(at.to_rfc3339()))];
    Finding { kind, severity, text: text.into(), evidence: evidence.into() }
}

fn window(from: f64, to: f64, seen: Option<(f64, f64)>, finding: &str) -> WindowSummary {
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

fn lane(name: LaneName, spans: &[(f64, f64, LaneState)]) -> Lane {
    Lane { name, spans: spans.iter().map(|&(t0, t1, state)| Span { t0, t1, state }).collect() }
}

fn curve(scale: f64, n: usize, from: u64) -> Vec<[f64; 4]> {
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

fn sync_summary(n: u64, p50: f64) -> SyncSummary {
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

pub fn healthy(lang: Lang) -> Story {
    let series = Series {
        states: vec![
            lane(LaneName::Observed, &[(0.0, 240.0, LaneState::Normal)]),
            lane(LaneName::Run, &[(0.0, 20.0, LaneState::WarmUp), (20.0, 240.0, LaneState::Running)]),
        ],
        ..series(&Shape::default())
    };
    let mut summary = summary("healthy", Verdict::Pass, &series, 1.0);
    summary.limits = vec![
        limit("upload.response.p95 < 0.5", 0.211, Verdict::Pass),
        limit("query_number.response.p95 < 0.2", 0.074, Verdict::Pass),
        limit("errors < 0.01", 0.0, Verdict::Pass),
    ];
    summary.sync.insert("number".into(), sync_summary(120, 4.0));
    let _ = lang;
    story("healthy", summary, series)
}

pub fn deploy(lang: Lang) -> Story {
    let slow = |t: f64| if t < 120.0 { 1.0 } else { 4.2 };
    let state = |t: f64| if (150.0..170.0).contains(&t) { LaneState::Down } else { LaneState::Normal };
    let shape = Shape { slow: &slow, state: &state, ..Shape::default() };
    let series = Series {
        states: vec![
            lane(
                LaneName::Observed,
                &[
                    (0.0, 150.0, LaneState::Normal),
                    (150.0, 170.0, LaneState::Down),
                    (170.0, 240.0, LaneState::Normal),
                ],
            ),
            lane(LaneName::Run, &[(0.0, 20.0, LaneState::WarmUp), (20.0, 240.0, LaneState::Running)]),
        ],
        ..series(&shape)
    };
    let mut summary = summary("deploy", Verdict::Fail, &series, 4.2);
    summary.limits = vec![
        limit("upload.response.p95 < 0.5", 1.155, Verdict::Fail),
        limit("query_number.response.p95 < 0.2", 0.399, Verdict::Fail),
        limit("verify.response.p95 < 2", 0.577, Verdict::Pass),
    ];
    summary.findings = vec![
        finding(FindingKind::LatencyRegression, Severity::Critical, lang.of("22:00:00 起响应时间变为之前的 4.2 倍：上传 p95 从 209 ms 升到 1.16 s。", "From 22:00:00 responses took 4.2 times as long: upload p95 rose from 209 ms to 1.16 s."), 120.0),
        finding(FindingKind::LimitBroken, Severity::Critical, lang.of("upload.response.p95 < 0.5 未满足：实测 1.16 s。", "upload.response.p95 < 0.5 is broken: measured 1.16 s."), 120.0),
        finding(FindingKind::Errors, Severity::Warning, lang.of("22:00:30–22:00:50 有 30% 的请求返回服务器错误（SYS_BUSY）；没有维护公告能解释。", "22:00:30–22:00:50: 30 % of requests ended in server errors (SYS_BUSY); no maintenance explains it."), 150.0),
    ];
    summary.sync.insert("number".into(), sync_summary(120, 4.0));
    story("deploy", summary, series)
}

pub fn maintenance(lang: Lang) -> Story {
    let state = |t: f64| match t {
        t if (120.0..150.0).contains(&t) => LaneState::WritesOnly,
        t if (150.0..190.0).contains(&t) => LaneState::Maintenance,
        _ => LaneState::Normal,
    };
    let series = Series {
        states: vec![
            lane(
                LaneName::Announced,
                &[(120.0, 150.0, LaneState::WritesOnly), (150.0, 190.0, LaneState::Maintenance)],
            ),
            lane(
                LaneName::Observed,
                &[
                    (0.0, 150.0, LaneState::Normal),
                    (150.5, 189.0, LaneState::Maintenance),
                    (189.0, 240.0, LaneState::Normal),
                ],
            ),
            lane(
                LaneName::Run,
                &[
                    (0.0, 20.0, LaneState::WarmUp),
                    (20.0, 120.0, LaneState::Running),
                    (120.0, 190.0, LaneState::Paused),
                    (190.0, 240.0, LaneState::Running),
                ],
            ),
        ],
        ..series(&Shape { state: &state, ..Shape::default() })
    };
    let mut summary = summary("maintenance", Verdict::Pass, &series, 1.0);
    summary.windows = vec![window(120.0, 190.0, Some((120.0, 189.0)), "announced_and_observed")];
    summary.limits = vec![
        limit("upload.response.p95 < 0.5", 0.211, Verdict::Pass),
        limit("errors < 0.01", 0.0, Verdict::Pass),
    ];
    summary.findings = vec![
        finding(
            FindingKind::WindowAnnouncedAndObserved,
            Severity::Info,
            lang.of(
                "维护按公告进行：公告 22:00:00–22:01:10，观测 22:00:00–22:01:09。",
                "Maintenance went as announced: announced 22:00:00–22:01:10, observed 22:00:00–22:01:09.",
            ),
            120.0,
        ),
        finding(
            FindingKind::Suppressed,
            Severity::Info,
            lang.of(
                "维护期间暂缓了 280 个业务流程，没有对维护中的平台施压。",
                "280 journeys were held back during the window; a platform in maintenance was not pressed.",
            ),
            130.0,
        ),
        finding(
            FindingKind::Recovered,
            Severity::Info,
            lang.of(
                "22:01:10 恢复，登录、上传、查询、查验均正常。",
                "Recovered at 22:01:10: login, upload, query and verification work.",
            ),
            190.0,
        ),
    ];
    summary.sync.insert("number".into(), sync_summary(80, 4.0));
    story("maintenance", summary, series)
}

pub fn overrun(lang: Lang) -> Story {
    let state = |t: f64| match t {
        t if (60.0..110.0).contains(&t) => LaneState::Maintenance,
        t if (110.0..195.0).contains(&t) => LaneState::Overrun,
        _ => LaneState::Normal,
    };
    let series = Series {
        states: vec![
            lane(LaneName::Announced, &[(60.0, 110.0, LaneState::Maintenance)]),
            lane(
                LaneName::Observed,
                &[
                    (0.0, 60.0, LaneState::Normal),
                    (60.0, 110.0, LaneState::Maintenance),
                    (110.0, 195.0, LaneState::Overrun),
                    (195.0, 240.0, LaneState::Normal),
                ],
            ),
            lane(
                LaneName::Run,
                &[
                    (0.0, 20.0, LaneState::WarmUp),
                    (20.0, 60.0, LaneState::Running),
                    (60.0, 195.0, LaneState::Paused),
                    (195.0, 240.0, LaneState::Running),
                ],
            ),
        ],
        ..series(&Shape { state: &state, ..Shape::default() })
    };
    let mut summary = summary("overrun", Verdict::Fail, &series, 1.0);
    summary.windows = vec![window(60.0, 110.0, Some((60.0, 195.0)), "overrun")];
    summary.findings = vec![
        finding(
            FindingKind::WindowOverrun,
            Severity::Critical,
            lang.of(
                "维护超时 85 秒：公告 21:59:50 结束，实际 22:01:15 才恢复。",
                "The maintenance overran by 85 s: announced to end at 21:59:50, it ended at 22:01:15.",
            ),
            110.0,
        ),
        finding(
            FindingKind::Suppressed,
            Severity::Info,
            lang.of("暂缓了 540 个业务流程。", "540 journeys were held back."),
            60.0,
        ),
    ];
    summary.sync.insert("number".into(), sync_summary(60, 4.0));
    story("overrun", summary, series)
}

pub fn sync(lang: Lang) -> Story {
    let delay = |t: f64| if t < 130.0 { 4.0 } else { 12.4 };
    let series = Series {
        states: vec![
            lane(LaneName::Observed, &[(0.0, 240.0, LaneState::Normal)]),
            lane(LaneName::Run, &[(0.0, 20.0, LaneState::WarmUp), (20.0, 240.0, LaneState::Running)]),
        ],
        ..series(&Shape { delay: &delay, ..Shape::default() })
    };
    let mut summary = summary("sync", Verdict::Fail, &series, 1.0);
    let at = start() + TimeDelta::seconds(130);
    let mut number = sync_summary(120, 6.0);
    number.curve_before = curve(4.0, 65, 10);
    number.curve_after = curve(12.4, 55, 70);
    number.regression = Some(SyncRegression {
        verdict: Verdict::Fail,
        ratio: Some(3.08),
        ratio_lower: Some(2.7),
        ratio_upper: Some(3.5),
        p: Some(1e-9),
        at: Some(at),
        reason: String::new(),
    });
    summary.sync.insert("number".into(), number);
    summary.findings = vec![finding(FindingKind::SyncRegression, Severity::Critical, lang.of("22:00:10 起上传的发票，要 3.1 倍的时间才能按号码查到：中位数从 4.0 秒变为 12.4 秒。", "Invoices uploaded from 22:00:10 take 3.1 times as long to be found by number: the median went from 4.0 s to 12.4 s."), 130.0)];
    story("sync", summary, series)
}

pub fn empty(_lang: Lang) -> Story {
    let series = Series::empty(start());
    let mut summary = summary("empty", Verdict::Inconclusive, &series, 1.0);
    summary.exit = 3;
    story("empty", summary, series)
}

pub fn one_sample(_lang: Lang) -> Story {
    let mut cell = OpBin { count: 1, ..OpBin::default() };
    cell.outcomes[OutcomeKind::Ok.index()] = 1;
    let q = Quantiles { p50: 0.05, p90: 0.05, p95: 0.05, p99: 0.05, max: 0.05 };
    (cell.response, cell.service) = (Some(q), Some(q));
    let bin = Bin {
        scheduled: 1,
        started: 1,
        sent: 1,
        operations: [(Operation::Verify, cell)].into(),
        ..Bin::default()
    };
    let series = Series { bins: vec![bin], ..Series::empty(start()) };
    let mut summary = summary("one-sample", Verdict::Inconclusive, &series, 1.0);
    summary.exit = 3;
    story("one-sample", summary, series)
}

pub fn day(lang: Lang) -> Story {
    let h = 3_600.0;
    let slow = move |t: f64| 1.0 + 0.8 * (t / (24.0 * h) * std::f64::consts::TAU).sin().max(0.0);
    let state = move |t: f64| match t {
        t if (4.0 * h..6.5 * h).contains(&t) => LaneState::Maintenance,
        _ => LaneState::Normal,
    };
    let delay = move |t: f64| 1_800.0 * (1.0 + (t / (3.0 * h)).sin().abs());
    let shape = Shape { seconds: 86_400, bin: 60.0, slow: &slow, state: &state, delay: &delay };
    let series = Series {
        states: vec![
            lane(LaneName::Announced, &[(4.0 * h, 6.5 * h, LaneState::Maintenance)]),
            lane(
                LaneName::Observed,
                &[
                    (0.0, 4.0 * h, LaneState::Normal),
                    (4.0 * h, 6.5 * h, LaneState::Maintenance),
                    (6.5 * h, 24.0 * h, LaneState::Normal),
                ],
            ),
            lane(
                LaneName::Run,
                &[
                    (0.0, 4.0 * h, LaneState::Running),
                    (4.0 * h, 6.5 * h, LaneState::Paused),
                    (6.5 * h, 24.0 * h, LaneState::Running),
                ],
            ),
        ],
        ..series(&shape)
    };
    let mut summary = summary("day", Verdict::Pass, &series, 1.4);
    summary.windows = vec![window(4.0 * h, 6.5 * h, Some((4.0 * h, 6.5 * h)), "announced_and_observed")];
    summary.findings = vec![finding(
        FindingKind::WindowAnnouncedAndObserved,
        Severity::Info,
        lang.of("维护按公告进行：01:58–04:28。", "Maintenance went as announced: 01:58–04:28."),
        4.0 * h,
    )];
    summary.sync.insert("number".into(), sync_summary(120, 1_800.0));
    story("day", summary, series)
}
