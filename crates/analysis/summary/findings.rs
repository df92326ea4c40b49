//! What a reader should know, in sentences with when and how much; most urgent first within the run's order.

use super::fold::Scene;
use super::slower::slower;
use super::words::{self, limit_spoken};
use super::{Finding, FindingKind, Severity, Summary, Verdict, WindowSummary};
use crate::numbers::seconds;
use chrono::{DateTime, FixedOffset};
use piaotan_record::{Nanos, OutcomeKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Everything worth telling, in the order in which it happened; then what holds for the whole run.
pub(super) fn findings(scene: &Scene<'_>, summary: &Summary) -> Vec<Finding> {
    let say = Say { chinese: scene.terms.chinese };
    let mut timed: Vec<(DateTime<FixedOffset>, Finding)> = Vec::new();
    timed.extend(
        summary.windows.iter().filter_map(|window| Some((window.start, window_finding(&say, window)?))),
    );
    timed.extend(suppressed(scene, &say, summary));
    timed.extend(sync(&say, summary));
    timed.extend(slower(scene, summary));
    timed.sort_by_key(|(at, _)| *at);
    let mut all: Vec<Finding> = timed.into_iter().map(|(_, finding)| finding).collect();
    all.extend(trouble(scene, &say, summary));
    all.extend(limits(&say, summary));
    all
}

/// Picks the language.
struct Say {
    chinese: bool,
}

impl Say {
    fn of(&self, zh: String, en: String) -> String {
        if self.chinese { zh } else { en }
    }
}

fn clock(at: DateTime<FixedOffset>) -> String {
    at.format("%H:%M:%S").to_string()
}

fn finding(kind: FindingKind, severity: Severity, text: String, evidence: &[(&str, Value)]) -> Finding {
    let evidence: BTreeMap<String, Value> =
        evidence.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    Finding { kind, severity, text, evidence }
}

fn window_finding(say: &Say, window: &WindowSummary) -> Option<Finding> {
    let told = window.finding.as_deref()?;
    let end = window.end.map_or_else(|| say.of("恢复为止".into(), "until restored".into()), clock);
    let announced = format!("{}–{end}", clock(window.start));
    let seen_end = window.observed_end.map_or_else(|| say.of("尚未结束".into(), "not over".into()), clock);
    let seen = window.observed_start.map(|start| format!("{}–{seen_end}", clock(start))).unwrap_or_default();
    let by = window.end.zip(window.observed_end).map(|(end, seen)| (seen - end).as_seconds_f64().abs());
    let by = by.map(seconds);
    let late = by.as_ref().map_or_else(
        || say.of("尚未恢复".into(), "it is not over yet".into()),
        |by| say.of(format!("晚了 {by} 才结束"), format!("it ended {by} late")),
    );
    let early = by.unwrap_or_else(|| "?".to_owned());
    let (kind, severity, text) = match told {
        "announced_and_observed" => (
            FindingKind::WindowAnnouncedAndObserved,
            Severity::Info,
            say.of(
                format!("公告的维护窗口 {announced} 已如期观察到（{seen}），窗口内的数据不参与判定。"),
                format!("The announced maintenance {announced} was observed ({seen}); what fell into it is not judged."),
            ),
        ),
        "announced_not_observed" => (
            FindingKind::WindowAnnouncedNotObserved,
            Severity::Warning,
            say.of(
                format!("公告的维护窗口 {announced} 未观察到任何维护现象。"),
                format!("Maintenance was announced for {announced}, but none was observed."),
            ),
        ),
        "observed_unannounced" => (
            FindingKind::WindowObservedUnannounced,
            Severity::Critical,
            say.of(
                format!("{seen} 观察到未公告的维护，计入可用性。"),
                format!("Maintenance was observed {seen} that nobody had announced; it counts against availability."),
            ),
        ),
        "overrun" => (
            FindingKind::WindowOverrun,
            Severity::Critical,
            say.of(
                format!("维护超出公告时间：公告 {announced}，实际 {seen}，{late}。"),
                format!("Maintenance overran: announced {announced}, observed {seen}; {late}."),
            ),
        ),
        "early_end" => (
            FindingKind::WindowEarlyEnd,
            Severity::Info,
            say.of(
                format!("维护提前结束：公告 {announced}，实际 {seen}，提前 {early}。"),
                format!("Maintenance ended early: announced {announced}, observed {seen}, {early} sooner."),
            ),
        ),
        _ => (
            FindingKind::WindowObservedUnannounced,
            Severity::Critical,
            say.of(
                format!("已取消的维护窗口 {announced} 仍观察到维护（{seen}）。"),
                format!("Maintenance was observed {seen} although {announced} had been cancelled."),
            ),
        ),
    };
    let time = |at: Option<DateTime<FixedOffset>>| at.map_or(Value::Null, |at| json!(at.to_rfc3339()));
    let mut evidence = vec![
        ("window", json!(window.id)),
        ("start", time(Some(window.start))),
        ("end", time(window.end)),
        ("observed_start", time(window.observed_start)),
        ("observed_end", time(window.observed_end)),
        ("text", json!(window.text)),
    ];
    if told == "overrun" {
        evidence.push(("overrun_from", time(window.end)));
    }
    Some(finding(kind, severity, text, &evidence))
}

fn suppressed(scene: &Scene<'_>, say: &Say, summary: &Summary) -> Option<(DateTime<FixedOffset>, Finding)> {
    let held = summary.arrivals.suppressed;
    let (paused, resumed, ..) = scene.story.pauses.first()?;
    let last =
        scene.story.pauses.last().and_then(|pause| pause.1).or(*resumed).unwrap_or_else(|| scene.end());
    let (from, to) = (scene.at(*paused), scene.at(last));
    let text = say.of(
        format!("压测在 {} 暂停，{} 恢复：{held} 个流程因维护没有发出。", clock(from), clock(to)),
        format!(
            "The run paused at {} and went on at {}: {held} journeys were not started because of the maintenance.",
            clock(from),
            clock(to)
        ),
    );
    let evidence = [
        ("suppressed", json!(held)),
        ("paused", json!(from.to_rfc3339())),
        ("resumed", json!(to.to_rfc3339())),
    ];
    (held > 0).then(|| (from, finding(FindingKind::Suppressed, Severity::Info, text, &evidence)))
}

/// The change of the sync delay: told once, for the surface where it is surest.
fn sync(say: &Say, summary: &Summary) -> Vec<(DateTime<FixedOffset>, Finding)> {
    let changed = summary.sync.iter().filter_map(|(surface, sync)| {
        let regression = sync.regression.as_ref()?;
        Some((surface, sync, regression, regression.at?, regression.ratio?))
    });
    // The surface whose factor is known best speaks for all.
    let width =
        |r: &super::SyncRegression| r.ratio_upper.unwrap_or(f64::INFINITY) / r.ratio_lower.unwrap_or(1e-9);
    let strongest = changed.min_by(|a, b| width(a.2).total_cmp(&width(b.2)).then(a.0.cmp(b.0)));
    let mut told = Vec::new();
    if let Some((surface, sync, regression, at, ratio)) = strongest {
        let (kind, severity) = match regression.verdict {
            Verdict::Fail => (FindingKind::SyncRegression, Severity::Critical),
            _ => (FindingKind::SyncImproved, Severity::Info),
        };
        let each: Vec<String> = summary
            .sync
            .iter()
            .filter_map(|(name, sync)| factor(say, name, sync.regression.as_ref()?))
            .collect();
        let slower = kind == FindingKind::SyncRegression;
        let (zh, en) = if slower { ("更久", "longer") } else { ("更短时间", "less time") };
        let text = say.of(
            format!("自 {} 起，发票要{zh}才查得到：{}。", clock(at), each.join("，")),
            format!("From {} on invoices took {en} to become visible: {}.", clock(at), each.join(", ")),
        );
        let evidence = [
            ("at", json!(at.to_rfc3339())),
            ("surface", json!(surface)),
            ("ratio", json!(ratio)),
            ("ratio_lower", json!(regression.ratio_lower)),
            ("ratio_upper", json!(regression.ratio_upper)),
            ("p", json!(regression.p)),
            ("pending", json!(sync.pending)),
        ];
        told.push((at, finding(kind, severity, text, &evidence)));
    }
    told
}

fn limits(say: &Say, summary: &Summary) -> Vec<Finding> {
    let broken = summary.limits.iter().filter(|limit| limit.verdict == Verdict::Fail);
    let tell = |limit: &super::LimitResult| {
        let spoken = limit_spoken(&limit.limit, limit.value, say.chinese);
        let text = say.of(format!("超出限值：{spoken}。"), format!("A limit was broken: {spoken}."));
        let evidence = [("limit", json!(limit.limit)), ("value", json!(limit.value))];
        finding(FindingKind::LimitBroken, Severity::Critical, text, &evidence)
    };
    broken.map(tell).collect()
}

/// How many times as long on one surface: `5.6 times as long by number (4.9 to 6.5)`.
fn factor(say: &Say, surface: &str, regression: &super::SyncRegression) -> Option<String> {
    let ratio = regression.ratio?;
    let name = surface.parse().map_or(surface, |of| words::surface(of, say.chinese));
    let interval = match (regression.ratio_lower, regression.ratio_upper) {
        (Some(lower), Some(upper)) => {
            say.of(format!("（{lower:.1} 到 {upper:.1}）"), format!(" ({lower:.1} to {upper:.1})"))
        }
        _ => String::new(),
    };
    Some(
        say.of(
            format!("{name} {ratio:.1} 倍{interval}"),
            format!("{ratio:.1} times as long {name}{interval}"),
        ),
    )
}

/// What keeps a run from saying anything: counts that do not add up, a saturated generator, ...
fn trouble(scene: &Scene<'_>, say: &Say, summary: &Summary) -> Vec<Finding> {
    let mut told = Vec::new();
    if let Err(e) = summary.arrivals.check().and_then(|()| summary.requests.check()) {
        let text = say.of(
            format!("计数不守恒：{e}；本次运行不给出结论。"),
            format!("Counts do not add up: {e}. No verdict is given."),
        );
        told.push(finding(
            FindingKind::NotConserved,
            Severity::Critical,
            text,
            &[("law", json!(e.to_string()))],
        ));
    }
    let requests = &summary.requests;
    if requests.sent > 0 && requests.ok + requests.business_no == 0 {
        let text = say.of(
            format!("{} 从未应答：{} 次请求全部失败。", summary.target, requests.sent),
            format!("{} never answered: all {} requests failed.", summary.target, requests.sent),
        );
        told.push(finding(
            FindingKind::Unreachable,
            Severity::Critical,
            text,
            &[("sent", json!(requests.sent))],
        ));
    }
    told.extend(mismatched(scene, say));
    told.extend(checks(scene, say));
    told.extend(unsettled(say, summary));
    if summary.generator.saturated {
        let text = say.of(
            "压测机自身已饱和，结果不作结论。".into(),
            "The generator itself was saturated; the run is inconclusive.".into(),
        );
        told.push(finding(
            FindingKind::GeneratorSaturated,
            Severity::Critical,
            text,
            &[("cpu", json!(summary.generator.cpu))],
        ));
    }
    if let Some(reason) = &summary.cut_short {
        let text = say.of(format!("运行提前结束：{reason}。"), format!("The run was cut short: {reason}."));
        told.push(finding(FindingKind::CutShort, Severity::Warning, text, &[("reason", json!(reason))]));
    }
    told
}

fn mismatched(scene: &Scene<'_>, say: &Say) -> Option<Finding> {
    let different = scene.story.failures.iter().filter(|seen| seen.outcome == OutcomeKind::Mismatched);
    let fields: BTreeMap<&str, usize> = different.fold(BTreeMap::new(), |mut fields, seen| {
        *fields.entry(seen.field.map_or("other", |field| field.as_str())).or_default() += 1;
        fields
    });
    let list: Vec<String> = fields.iter().map(|(field, count)| format!("{field} ({count})")).collect();
    (!fields.is_empty()).then(|| {
        let text = say.of(
            format!("查询到的记录与上传内容不一致：{}。", list.join("、")),
            format!("Records read back differ from what was uploaded: {}.", list.join(", ")),
        );
        finding(FindingKind::Mismatched, Severity::Critical, text, &[("fields", json!(fields))])
    })
}

fn checks(scene: &Scene<'_>, say: &Say) -> Vec<Finding> {
    // What goose counted is for cross-checking, not for readers.
    let telling = scene.story.checks.iter().filter(|(_, kind, _)| kind != "goose_counted");
    let each = telling.map(|(at, kind, text)| {
        if kind == "source_failed" {
            return source_failed(scene, say, *at, text);
        }
        let which =
            if kind == "journey_panicked" { FindingKind::JourneyPanicked } else { FindingKind::Errors };
        let at = scene.at(Nanos(at.0));
        let said =
            say.of(format!("{} 自检：{text}。", clock(at)), format!("Self-check at {}: {text}.", clock(at)));
        finding(which, Severity::Critical, said, &[("check", json!(kind)), ("at", json!(at.to_rfc3339()))])
    });
    each.collect()
}

/// A source of announcements that could not be read: windows may be missing.
fn source_failed(scene: &Scene<'_>, say: &Say, at: Nanos, text: &str) -> Finding {
    let at = scene.at(at);
    let said = say.of(
        format!("{} 公告来源读取失败（{text}），可能有未知的维护窗口。", clock(at)),
        format!(
            "A source of announcements could not be read at {} ({text}): windows may be missing.",
            clock(at)
        ),
    );
    let evidence = [("source", json!(text)), ("at", json!(at.to_rfc3339()))];
    finding(FindingKind::SourceStale, Severity::Warning, said, &evidence)
}

fn unsettled(say: &Say, summary: &Summary) -> Option<Finding> {
    let found = summary.warm_up.filter(|found| found.settled != Some(true))?;
    let text = match found.settled {
        None => say.of(
            "运行太短，无法判断响应时间何时稳定；没有剔除预热段。".into(),
            "The run is too short to tell when the response time settles; no warm-up was left out.".into(),
        ),
        Some(_) => say.of(
            format!("响应时间在最长预热时间（{}）内没有稳定下来。", seconds(found.seconds)),
            format!(
                "The response time had not settled by the longest warm-up allowed ({}).",
                seconds(found.seconds)
            ),
        ),
    };
    let evidence = [("left_out", json!(found.seconds)), ("settled", json!(found.settled))];
    Some(finding(FindingKind::NotSteady, Severity::Warning, text, &evidence))
}
