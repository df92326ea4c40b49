//! Stories of speed: all well, slow after a deploy, a slower synchronisation.

use super::shape::{Shape, series};
use super::told::*;
use super::{Story, start, story};
use chrono::TimeDelta;
use piaotan_analysis::summary::*;
use piaotan_reports::Lang;

pub(super) fn healthy(_lang: Lang) -> Story {
    let series = Series {
        states: vec![
            lane(LaneName::Observed, &[(0.0, 240.0, LaneState::Normal)]),
            lane(LaneName::Run, &[(0.0, 20.0, LaneState::WarmUp), (20.0, 240.0, LaneState::Running)]),
        ],
        ..series(&Shape::default())
    };
    let mut summary = summary("healthy", Verdict::Pass, &series, 1.0);
    summary.limits = vec![
        limit("upload.response.p95 < 500ms", 0.211, Verdict::Pass),
        limit("query_number.response.p95 < 200ms", 0.074, Verdict::Pass),
        limit("errors < 1%", 0.0, Verdict::Pass),
    ];
    summary.sync.insert("number".into(), sync_summary(120, 4.0));
    story("healthy", summary, series)
}

pub(super) fn deploy(lang: Lang) -> Story {
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
        limit("upload.response.p95 < 500ms", 1.155, Verdict::Fail),
        limit("query_number.response.p95 < 200ms", 0.399, Verdict::Fail),
        limit("verify.response.p95 < 2s", 0.577, Verdict::Pass),
    ];
    summary.findings = vec![
        finding(FindingKind::LatencyRegression, Severity::Critical, lang.of("22:00:00 起响应时间变为之前的 4.2 倍：上传 p95 从 209 ms 升到 1.16 s。", "From 22:00:00 responses took 4.2 times as long: upload p95 rose from 209 ms to 1.16 s."), 120.0),
        finding(FindingKind::LimitBroken, Severity::Critical, lang.of("upload.response.p95 < 500ms 未满足：实测 1.16 s。", "upload.response.p95 < 500ms is broken: measured 1.16 s."), 120.0),
        finding(FindingKind::Errors, Severity::Warning, lang.of("22:00:30–22:00:50 有 30% 的请求返回服务器错误（SYS_BUSY）；没有维护公告能解释。", "22:00:30–22:00:50: 30 % of requests ended in server errors (SYS_BUSY); no maintenance explains it."), 150.0),
    ];
    summary.sync.insert("number".into(), sync_summary(120, 4.0));
    story("deploy", summary, series)
}

pub(super) fn sync(lang: Lang) -> Story {
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
