//! Windows as announced and as observed, lanes for the timeline, and findings in sentences.

use super::Terms;
use crate::numbers::seconds;
use crate::phases::{Condition, Episode, episodes};
use crate::reconcile::{Finding as Told, FindingKind as Kind, Observed};
use crate::summary::{Finding, FindingKind, Lane, LaneName, LaneState, Severity, Span, WindowSummary};
use chrono::{DateTime, FixedOffset, Utc};
use piaotan_record::window::{Source, Status, Window};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The windows that touch the stretch, each with what was seen of it; then what nobody had announced.
pub(super) fn windows(terms: &Terms<'_>, told: &[Told]) -> Vec<WindowSummary> {
    let touching = terms.calendar.windows().iter().filter(|window| {
        window.source != Source::Observed && window.start < terms.to && window.held_until() > terms.from
    });
    let mut all: Vec<WindowSummary> = touching.map(|window| announced(terms, window, told)).collect();
    let alone = told.iter().filter(|told| told.kind == Kind::ObservedUnannounced);
    all.extend(alone.enumerate().map(|(i, told)| WindowSummary {
        id: format!("observed-{}", i + 1),
        start: local(terms, told.start),
        end: told.end.map(|end| local(terms, end)),
        services: names(told.services.names()),
        source: Source::Observed.as_str().to_owned(),
        status: Status::Confirmed.as_str().to_owned(),
        finding: Some(Kind::ObservedUnannounced.as_str().to_owned()),
        observed_start: Some(local(terms, told.start)),
        observed_end: told.end.map(|end| local(terms, end)),
        text: String::new(),
    }));
    all.sort_by_key(|window| window.start);
    all
}

fn announced(terms: &Terms<'_>, window: &Window, told: &[Told]) -> WindowSummary {
    let of = |kind: Kind| {
        told.iter().find(|told| told.kind == kind && told.window.as_deref() == Some(window.id.as_str()))
    };
    // The gravest says it.
    let order = [
        Kind::Overrun,
        Kind::CancelledButObserved,
        Kind::EarlyEnd,
        Kind::AnnouncedAndObserved,
        Kind::AnnouncedNotObserved,
    ];
    let finding = order.into_iter().find(|kind| of(*kind).is_some());
    let seen = of(Kind::AnnouncedAndObserved).or_else(|| of(Kind::CancelledButObserved));
    WindowSummary {
        id: window.id.clone(),
        start: local(terms, window.start),
        end: window.end.map(|end| local(terms, end)),
        services: names(window.services.names()),
        source: window.source.as_str().to_owned(),
        status: window.status.as_str().to_owned(),
        finding: finding.map(|kind| kind.as_str().to_owned()),
        observed_start: seen.map(|seen| local(terms, seen.start)),
        observed_end: seen.and_then(|seen| seen.end).map(|end| local(terms, end)),
        text: window.text.clone(),
    }
}

/// What was announced, and what the answers showed.
pub(super) fn lanes(terms: &Terms<'_>, observed: &Observed, windows: &[WindowSummary]) -> Vec<Lane> {
    let length = (terms.to - terms.from).as_seconds_f64();
    let at = |instant: DateTime<Utc>| (instant - terms.from).as_seconds_f64().clamp(0.0, length);
    let span =
        |from, to: Option<DateTime<Utc>>, state| Span { t0: at(from), t1: to.map_or(length, at), state };
    let told = windows.iter().filter(|window| window.source != "observed" && window.status != "cancelled");
    let announced = told.map(|window| {
        let reads = window.services.iter().any(|name| matches!(name.as_str(), "query" | "verify" | "all"));
        let state = if reads { LaneState::Maintenance } else { LaneState::WritesOnly };
        span(window.start.to_utc(), window.end.map(|end| end.to_utc()), state)
    });
    let announced = announced.collect();
    let mut seen = Vec::new();
    for episode in episodes(&observed.spans) {
        let (begin, end) = (episode.begin.at, episode.end.map(|end| end.at));
        let past = |window: &&WindowSummary| {
            let over = window.end.map(|end| end.to_utc()).filter(|over| begin < *over);
            window.finding.as_deref() == Some("overrun")
                && over.is_some_and(|over| end.is_none_or(|end| end > over))
        };
        match (episode.condition, windows.iter().find(past).and_then(|window| window.end)) {
            (Condition::Maintenance, Some(over)) => {
                seen.push(span(begin, Some(over.to_utc()), LaneState::Maintenance));
                seen.push(span(over.to_utc(), end, LaneState::Overrun));
            }
            (Condition::Maintenance, None) => seen.push(span(begin, end, LaneState::Maintenance)),
            (Condition::Outage, _) => seen.push(span(begin, end, LaneState::Down)),
            _ => {}
        }
    }
    seen.sort_by(|a, b| a.t0.total_cmp(&b.t0));
    vec![Lane { name: LaneName::Announced, spans: announced }, Lane { name: LaneName::Observed, spans: seen }]
}

/// Everything about maintenance and outages that a reader should know, in order of time.
pub(super) fn findings(
    terms: &Terms<'_>,
    observed: &Observed,
    windows: &[WindowSummary],
    told: &[Told],
) -> Vec<Finding> {
    let mut all: Vec<(DateTime<Utc>, Finding)> = Vec::new();
    for one in told.iter().filter(|one| one.end.is_none_or(|end| end > terms.from)) {
        all.extend(of_window(terms, windows, told, one).map(|finding| (one.start, finding)));
    }
    for episode in episodes(&observed.spans).iter().filter(|one| one.condition == Condition::Outage) {
        all.extend(outage(terms, episode).map(|finding| (episode.begin.at, finding)));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, finding)| finding).collect()
}

fn of_window(terms: &Terms<'_>, windows: &[WindowSummary], told: &[Told], one: &Told) -> Option<Finding> {
    let window = windows.iter().find(|window| Some(&window.id) == one.window.as_ref());
    let elsewhere = |kind: Kind| told.iter().any(|told| told.kind == kind && told.window == one.window);
    if one.kind == Kind::AnnouncedAndObserved && (elsewhere(Kind::Overrun) || elsewhere(Kind::EarlyEnd)) {
        return None;
    }
    let clock = |at: DateTime<FixedOffset>| at.format("%m-%d %H:%M").to_string();
    let seen = stretch(terms, one.start, one.end);
    let plan = window.map_or_else(
        || seen.clone(),
        |window| stretch(terms, window.start.to_utc(), window.end.map(|end| end.to_utc())),
    );
    let over = window.and_then(|window| window.end).map_or_else(|| "?".to_owned(), clock);
    let restored = one.end.map(|end| clock(local(terms, end)));
    let by = seconds(one.seconds);
    let services = one.services.names().join(", ");
    let zh = terms.chinese;
    let say = |chinese: String, english: String| if zh { chinese } else { english };
    let (kind, severity) = one.kind.told();
    let text = match one.kind {
        Kind::AnnouncedAndObserved => say(
            format!("公告的维护 {plan} 如期进行（观察到 {seen}）。"),
            format!("The announced maintenance {plan} went as announced (observed {seen})."),
        ),
        Kind::Overrun => say(
            format!(
                "维护超出公告时间 {by}：公告 {over} 结束，{}。",
                restored.as_ref().map_or_else(|| "仍未恢复".to_owned(), |at| format!("实际 {at} 才恢复"))
            ),
            format!(
                "A maintenance overran by {by}: announced to end {over}, {}.",
                restored.as_ref().map_or_else(|| "not over yet".to_owned(), |at| format!("restored {at}"))
            ),
        ),
        Kind::EarlyEnd => say(
            format!("公告的维护 {plan} 提前 {by} 结束。"),
            format!("The announced maintenance {plan} ended {by} early."),
        ),
        Kind::AnnouncedNotObserved => say(
            format!("公告的维护 {plan} 未观察到任何维护现象。"),
            format!("Maintenance was announced for {plan}, and none was observed."),
        ),
        Kind::ObservedUnannounced => say(
            format!("{seen} 出现未公告的维护（{by}；{services}），计入可用率。"),
            format!(
                "Maintenance that nobody had announced: {seen} ({by}; {services}). It counts against availability."
            ),
        ),
        Kind::CancelledButObserved => say(
            format!("已取消的维护仍然发生：{seen}（{by}）。"),
            format!("A cancelled maintenance took place all the same: {seen} ({by})."),
        ),
        Kind::BacklogRush => say(
            format!("恢复后 {seen} 应答变慢（{by}）。"),
            format!("After a restore answers were slow: {seen} ({by})."),
        ),
    };
    Some(finding(terms, kind, severity, text, one.start, one.end, one.window.as_deref()))
}

/// Something that failed again and again, and that no window explains.
fn outage(terms: &Terms<'_>, episode: &Episode) -> Option<Finding> {
    let (begin, end) = (episode.begin.at, episode.end.map_or(terms.to, |end| end.at));
    let excluded = episode
        .services
        .iter()
        .map(|service| if end > begin { terms.calendar.excluded_seconds(begin, end, service) } else { 0.0 });
    if excluded.fold(0.0, f64::max) * 2.0 > (end - begin).as_seconds_f64() {
        return None;
    }
    let unreachable: u32 = episode.spans.iter().map(|span| span.evidence.unreachable).sum();
    let failing: u32 = episode.spans.iter().map(|span| span.evidence.failing).sum();
    let kind = if unreachable > failing { FindingKind::Unreachable } else { FindingKind::Errors };
    let (when, by) =
        (stretch(terms, begin, episode.end.map(|end| end.at)), seconds(episode.seconds(terms.to)));
    let services = episode.services.names().join(", ");
    let text = if terms.chinese {
        let how = if kind == FindingKind::Unreachable { "无法连接" } else { "返回错误" };
        format!("故障 {when}（{by}）：{services} {how}，没有维护公告能解释。")
    } else {
        let how =
            if kind == FindingKind::Unreachable { "could not be reached" } else { "answered with errors" };
        format!("Outage {when} ({by}): {services} {how}; no maintenance explains it.")
    };
    Some(finding(terms, kind, Severity::Critical, text, begin, episode.end.map(|end| end.at), None))
}

fn finding(
    terms: &Terms<'_>,
    kind: FindingKind,
    severity: Severity,
    text: String,
    start: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
    window: Option<&str>,
) -> Finding {
    let time = |at: DateTime<Utc>| json!(local(terms, at).to_rfc3339());
    let evidence: BTreeMap<String, Value> = [
        ("start".to_owned(), time(start)),
        ("end".to_owned(), end.map_or(Value::Null, time)),
        ("window".to_owned(), json!(window)),
    ]
    .into();
    Finding { kind, severity, text, evidence }
}

fn stretch(terms: &Terms<'_>, from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> String {
    let (from, to) = (local(terms, from), to.map(|to| local(terms, to)));
    let begin = from.format("%m-%d %H:%M");
    match to {
        Some(to) if to.date_naive() == from.date_naive() => format!("{begin}–{}", to.format("%H:%M")),
        Some(to) => format!("{begin}–{}", to.format("%m-%d %H:%M")),
        None => format!("{begin}–{}", if terms.chinese { "未结束" } else { "not over" }),
    }
}

fn local(terms: &Terms<'_>, at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&terms.zone).fixed_offset()
}

fn names(names: Vec<&'static str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
