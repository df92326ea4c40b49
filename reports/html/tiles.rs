//! The four things that other tools mix up, each with its own answer: slow, broken, in maintenance,
//! not yet synchronised. The answers are the findings'; nothing is judged here.

use crate::units;
use crate::words::{self, Lang};
use piaotan_analysis::limit::{Limit, Subject};
use piaotan_analysis::summary::{FindingKind, OperationSummary, Severity, Summary, SyncSummary};
use piaotan_record::OutcomeKind;
use serde::Serialize;

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tile {
    pub name: &'static str,
    /// In a word or two.
    pub state: String,
    /// With a number.
    pub detail: String,
    pub level: &'static str,
}

/// The class of a severity in the style sheet.
#[must_use]
pub const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "bad",
        Severity::Warning => "warn",
        Severity::Info => "calm",
    }
}

/// The four tiles.
#[must_use]
pub fn tiles(summary: &Summary, lang: Lang) -> Vec<Tile> {
    vec![slow(summary, lang), broken(summary, lang), maintenance(summary, lang), sync(summary, lang)]
}

/// The gravest finding of some kinds.
fn gravest(summary: &Summary, kinds: &[FindingKind]) -> Option<(FindingKind, Severity)> {
    let of = summary.findings.iter().filter(|finding| kinds.contains(&finding.kind));
    of.map(|finding| (finding.kind, finding.severity)).max_by_key(|(_, severity)| *severity)
}

fn slow(summary: &Summary, lang: Lang) -> Tile {
    let of_latency = |text: &str| {
        text.parse::<Limit>().is_ok_and(|limit| matches!(limit.subject, Subject::Latency { .. }))
    };
    let limits = summary.limits.iter().filter(|limit| of_latency(&limit.limit));
    let broken = limits.filter(|limit| limit.verdict == piaotan_analysis::summary::Verdict::Fail).count();
    let found = gravest(summary, &[FindingKind::LatencyRegression, FindingKind::CapacityExceeded]);
    let (state, level) = match (found, broken) {
        (Some((kind, severity)), _) => (words::finding(lang, kind).to_owned(), level(severity)),
        (None, 0) => unless_empty(summary, lang, lang.of("不慢", "no")),
        (None, 1) => (lang.of("超出限值 1 项", "1 limit broken").to_owned(), "bad"),
        (None, n) => (lang.of("超出限值 N 项", "N limits broken").replace('N', &n.to_string()), "bad"),
    };
    Tile { name: lang.of("慢吗？", "Slow?"), state, detail: worst_p95(summary, lang), level }
}

/// What is said where nothing was found: that nothing was, or that nothing was asked.
fn unless_empty(summary: &Summary, lang: Lang, state: &str) -> (String, &'static str) {
    if summary.requests.sent == 0 {
        (lang.of("没有数据", "no data").to_owned(), "calm")
    } else {
        (state.to_owned(), "good")
    }
}

fn worst_p95(summary: &Summary, lang: Lang) -> String {
    let own = summary
        .operations
        .iter()
        .filter(|(name, _)| !name.starts_with("journey_") && !name.starts_with("track_"));
    let timed = own.filter_map(|(name, one)| Some((name, one.response?.p95)));
    let Some((name, p95)) = timed.max_by(|a, b| a.1.total_cmp(&b.1)) else { return "–".to_owned() };
    let (p95, name) = (units::seconds(p95), super::view::operation_name(lang, name));
    match lang {
        Lang::Zh => format!("最慢的 p95：{p95}（{name}）"),
        Lang::En => format!("slowest p95: {p95} ({name})"),
    }
}

fn broken(summary: &Summary, lang: Lang) -> Tile {
    use FindingKind as Kind;
    let kinds =
        [Kind::Errors, Kind::Unreachable, Kind::Mismatched, Kind::Vanished, Kind::Changed, Kind::Throttled];
    let (state, level) = match gravest(summary, &kinds) {
        Some((kind, severity)) => (words::finding(lang, kind).to_owned(), level(severity)),
        None => unless_empty(summary, lang, lang.of("没有", "none")),
    };
    Tile { name: lang.of("有故障吗？", "Errors?"), state, detail: failures(summary, lang), level }
}

fn failures(summary: &Summary, lang: Lang) -> String {
    let requests = summary.operations.iter().filter(|(name, _)| !name.starts_with("journey_"));
    let (mut all, mut bad) = (0, 0);
    for (_, one) in requests {
        all += one.count;
        bad += failed(one);
    }
    if all == 0 {
        return "–".to_owned();
    }
    let share = units::percent(bad as f64 / all as f64);
    let (bad, all) = (units::count(bad), units::count(all));
    // The timeline may show many failures inside a window; these are the others.
    let outside =
        if summary.windows.is_empty() { "" } else { lang.of("，维护之外", ", outside maintenance") };
    match lang {
        Lang::Zh => format!("失败 {share}（{bad} / {all}{outside}）"),
        Lang::En => format!("failed {share} ({bad} of {all}{outside})"),
    }
}

/// How many of an operation's requests failed or timed out.
#[must_use]
pub fn failed(one: &OperationSummary) -> u64 {
    let error = |name: &str| name.parse::<OutcomeKind>().is_ok_and(OutcomeKind::is_error);
    one.outcomes.iter().filter(|(name, _)| error(name)).map(|(_, count)| count).sum()
}

fn maintenance(summary: &Summary, lang: Lang) -> Tile {
    use FindingKind as Kind;
    let kinds = [
        Kind::WindowOverrun,
        Kind::WindowObservedUnannounced,
        Kind::WindowAnnouncedNotObserved,
        Kind::WindowEarlyEnd,
        Kind::WindowPartial,
        Kind::WindowAnnouncedAndObserved,
    ];
    let (state, level) = match gravest(summary, &kinds) {
        Some((kind, severity)) => (words::finding(lang, kind).to_owned(), level(severity)),
        None if summary.windows.is_empty() => (lang.of("没有维护", "none").to_owned(), "good"),
        None => (lang.of("已公告", "announced").to_owned(), "calm"),
    };
    let held = units::count(summary.arrivals.suppressed);
    let detail = if summary.windows.is_empty() {
        lang.of("期间没有维护窗口", "no window during the run").to_owned()
    } else {
        let count = summary.windows.len();
        match (lang, count) {
            (Lang::Zh, _) => format!("{count} 个窗口 · 暂缓流程 {held}"),
            (Lang::En, 1) => format!("1 window · journeys held back: {held}"),
            (Lang::En, _) => format!("{count} windows · journeys held back: {held}"),
        }
    };
    Tile { name: lang.of("在维护吗？", "In maintenance?"), state, detail, level }
}

fn sync(summary: &Summary, lang: Lang) -> Tile {
    use FindingKind as Kind;
    let kinds = [Kind::SyncRegression, Kind::SyncLost, Kind::SyncLate, Kind::SyncImproved];
    let (state, level) = match gravest(summary, &kinds) {
        Some((kind, severity)) => (words::finding(lang, kind).to_owned(), level(severity)),
        None if summary.sync.is_empty() => (lang.of("未跟踪", "not tracked").to_owned(), "calm"),
        None => (lang.of("未见变慢", "no slower").to_owned(), "good"),
    };
    let slowest = summary.sync.values().max_by(|a, b| change(a).total_cmp(&change(b)));
    let detail = slowest.map_or_else(|| "–".to_owned(), |one| sync_detail(one, lang));
    Tile { name: lang.of("同步了吗？", "Synchronised?"), state, detail, level }
}

fn change(sync: &SyncSummary) -> f64 {
    sync.regression.as_ref().and_then(|r| r.ratio).filter(|r| r.is_finite()).unwrap_or(0.0)
}

fn sync_detail(sync: &SyncSummary, lang: Lang) -> String {
    let median = sync.quantiles.get("p50").map_or_else(|| "–".to_owned(), super::view::sync_quantile);
    let pending = units::count(sync.pending);
    let base = match lang {
        Lang::Zh => format!("中位数 {median} · 尚未查到：{pending}"),
        Lang::En => format!("median {median} · not yet visible: {pending}"),
    };
    match (change(sync), lang) {
        (ratio, Lang::Zh) if ratio > 0.0 => format!("{} 倍 · 全程{base}", units::number(ratio)),
        (ratio, Lang::En) if ratio > 0.0 => format!("{} times · whole run: {base}", units::number(ratio)),
        _ => base,
    }
}
