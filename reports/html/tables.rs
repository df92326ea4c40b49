//! The tables of a report, also those of its Markdown.

use super::Report;
use super::tiles::failed;
use super::view::{operation_name, sync_quantile};
use crate::units;
use crate::words::{self, Lang, Phrase};
use chrono::{DateTime, FixedOffset};
use piaotan_analysis::summary::{
    LimitResult, OperationSummary, Summary, SyncSummary, Verdict, WindowSummary,
};
use piaotan_record::Surface;
use piaotan_record::code::CodeEntry;
use serde::Serialize;
use std::collections::BTreeMap;

/// One table in its final wording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    pub id: &'static str,
    pub title: &'static str,
    pub heads: Vec<Head>,
    pub rows: Vec<Row>,
    pub note: String,
    pub sortable: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    pub text: String,
    pub number: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// `bad`, `warn` or nothing.
    pub level: &'static str,
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    pub text: String,
    /// What a number is sorted by.
    pub sort: Option<f64>,
}

/// How many rows a table shows.
const MOST_ROWS: usize = 250;

/// Every table that has a row.
#[must_use]
pub fn all(report: &Report<'_>) -> Vec<Table> {
    let Report { summary, lang, .. } = *report;
    let tables = vec![
        limits(&summary.limits, lang),
        operations("operations", Phrase::OperationsTable, &summary.operations, lang),
        operations("in-windows", Phrase::InWindowsTable, &summary.in_windows, lang),
        windows(&summary.windows, lang),
        sync(&summary.sync, lang),
        codes(report),
        generator(summary, lang),
    ];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

/// When a window was observed, or else announced: `22:00:00–22:01:10`.
#[must_use]
pub fn observed(window: &WindowSummary, lang: Lang) -> String {
    match window.observed_start {
        Some(start) => stretch(start, window.observed_end, lang),
        None => stretch(window.start, window.end, lang),
    }
}

fn stretch(start: DateTime<FixedOffset>, end: Option<DateTime<FixedOffset>>, lang: Lang) -> String {
    let from = start.format("%m-%d %H:%M:%S");
    match end {
        Some(end) if end.date_naive() == start.date_naive() => format!("{from}–{}", end.format("%H:%M:%S")),
        Some(end) => format!("{from}–{}", end.format("%m-%d %H:%M:%S")),
        None => format!("{from}–{}", Phrase::Ongoing.say(lang)),
    }
}

pub(super) fn table(
    id: &'static str,
    title: Phrase,
    lang: Lang,
    heads: Vec<Head>,
    mut rows: Vec<Row>,
) -> Table {
    let left = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    let note =
        if left > 0 { words::fill(lang, Phrase::MoreRows, &[&left.to_string()]) } else { String::new() };
    Table { id, title: title.say(lang), heads, rows, note, sortable: false }
}

pub(super) fn words_head(phrase: Phrase, lang: Lang) -> Head {
    Head { text: phrase.say(lang).to_owned(), number: false }
}

pub(super) fn number_head(text: impl Into<String>) -> Head {
    Head { text: text.into(), number: true }
}

pub(super) fn text(text: impl AsRef<str>) -> Cell {
    Cell { text: units::clean(text.as_ref(), 200), sort: None }
}

pub(super) fn number(value: Option<f64>, say: impl Fn(f64) -> String) -> Cell {
    let value = value.filter(|v| v.is_finite());
    Cell { text: value.map_or_else(|| "–".to_owned(), say), sort: Some(value.unwrap_or(-1.0)) }
}

pub(super) fn count(value: u64) -> Cell {
    Cell { text: units::count(value), sort: Some(value as f64) }
}

pub(super) fn row(level: &'static str, cells: Vec<Cell>) -> Row {
    Row { level, cells }
}

const fn verdict_level(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "",
        Verdict::Fail => "bad",
        _ => "warn",
    }
}

fn limits(limits: &[LimitResult], lang: Lang) -> Table {
    let heads = vec![
        words_head(Phrase::LimitColumn, lang),
        number_head(Phrase::Value.say(lang)),
        words_head(Phrase::VerdictColumn, lang),
        words_head(Phrase::Reason, lang),
    ];
    let one = |limit: &LimitResult| {
        let cells = vec![
            text(&limit.limit),
            number(limit.value, |_| limit.measured().unwrap_or_default()),
            text(words::verdict(lang, limit.verdict)),
            text(&limit.reason),
        ];
        row(verdict_level(limit.verdict), cells)
    };
    table("limits", Phrase::LimitsTable, lang, heads, limits.iter().map(one).collect())
}

fn operations(
    id: &'static str,
    title: Phrase,
    all: &BTreeMap<String, OperationSummary>,
    lang: Lang,
) -> Table {
    let mut heads = vec![words_head(Phrase::Operation, lang)];
    heads.extend(
        [Phrase::Count, Phrase::PerSecond, Phrase::NotOk].map(|phrase| number_head(phrase.say(lang))),
    );
    for (phrase, quantiles) in [
        (Phrase::ResponseTime, ["p50", "p95", "p99"].as_slice()),
        (Phrase::ServiceTime, &["p50", "p95", "p99"]),
    ] {
        heads.extend(quantiles.iter().map(|q| number_head(format!("{} {q}", phrase.say(lang)))));
    }
    let mut rows: Vec<(&String, &OperationSummary)> = all.iter().collect();
    rows.sort_by_key(|(name, one)| {
        (name.starts_with("journey_"), name.starts_with("track_"), std::cmp::Reverse(one.count))
    });
    let rows = rows.into_iter().map(|(name, one)| operation_row(name, one, lang)).collect();
    Table { sortable: true, ..table(id, title, lang, heads, rows) }
}

fn operation_row(name: &str, one: &OperationSummary, lang: Lang) -> Row {
    let bad = failed(one);
    let mut cells = vec![
        text(operation_name(lang, name)),
        count(one.count),
        number(Some(one.rate), units::number),
        count(bad),
    ];
    for latency in [one.response, one.service] {
        cells.extend(
            [latency.map(|l| l.p50), latency.map(|l| l.p95), latency.map(|l| l.p99)]
                .map(|v| number(v, units::seconds)),
        );
    }
    row("", cells)
}

pub(super) fn windows(windows: &[WindowSummary], lang: Lang) -> Table {
    let heads = [
        Phrase::WindowColumn,
        Phrase::AnnouncedColumn,
        Phrase::ObservedColumn,
        Phrase::Services,
        Phrase::SourceColumn,
        Phrase::FindingColumn,
    ];
    let one = |window: &WindowSummary| {
        let seen = window
            .observed_start
            .map_or_else(|| "–".to_owned(), |start| stretch(start, window.observed_end, lang));
        let finding = window.finding.as_deref().unwrap_or(&window.status);
        let grave = finding.ends_with("overrun") || finding.ends_with("unannounced");
        let name = if window.text.is_empty() {
            window.id.clone()
        } else {
            format!("{} · {}", window.id, window.text)
        };
        let announced = if window.source == "observed" {
            "–".to_owned()
        } else {
            stretch(window.start, window.end, lang)
        };
        let services = window.services.join(", ");
        let cells = [name, announced, seen, services, window.source.clone(), finding_name(finding, lang)];
        row(if grave { "bad" } else { "" }, cells.iter().map(text).collect())
    };
    table(
        "windows",
        Phrase::WindowsTable,
        lang,
        heads.map(|p| words_head(p, lang)).into(),
        windows.iter().map(one).collect(),
    )
}

/// A window's finding in words, with or without the prefix of the finding's own name.
fn finding_name(finding: &str, lang: Lang) -> String {
    let known = finding.parse().or_else(|_| format!("window_{finding}").parse());
    known.map_or_else(|_| finding.to_owned(), |kind| words::finding(lang, kind).to_owned())
}

fn sync(sync: &BTreeMap<String, SyncSummary>, lang: Lang) -> Table {
    let mut heads = vec![words_head(Phrase::SurfaceColumn, lang)];
    let counts =
        [Phrase::Tracked, Phrase::Seen, Phrase::Pending, Phrase::Late, Phrase::Lost, Phrase::Mismatched];
    heads.extend(counts.map(|phrase| number_head(phrase.say(lang))));
    heads.extend(["p50", "p95", "p99"].map(number_head));
    heads.push(words_head(Phrase::ChangeColumn, lang));
    let rows = sync.iter().map(|(surface, one)| sync_row_cells(surface, one, lang));
    table("sync", Phrase::SyncTable, lang, heads, rows.collect())
}

/// One surface: counts, quantiles, and by how much the delay changed.
pub(super) fn sync_row_cells(surface: &str, one: &SyncSummary, lang: Lang) -> Row {
    let name = surface
        .parse::<Surface>()
        .map_or_else(|_| surface.to_owned(), |s| words::surface(lang, s).to_owned());
    let mut cells = vec![text(name)];
    cells.extend([one.tracked, one.seen, one.pending, one.late, one.lost, one.mismatched].map(count));
    cells.extend(["p50", "p95", "p99"].map(|q| {
        let found = one.quantiles.get(q);
        Cell {
            text: found.map_or_else(|| "–".to_owned(), sync_quantile),
            sort: Some(found.map_or(-1.0, |q| q.value)),
        }
    }));
    let regression = one.regression.as_ref();
    let ratio = regression.and_then(|r| r.ratio).filter(|r| r.is_finite());
    cells.push(text(
        ratio.map_or_else(|| "–".to_owned(), |r| words::fill(lang, Phrase::Times, &[&units::number(r)])),
    ));
    row(regression.map_or("", |r| verdict_level(r.verdict)), cells)
}

/// Every code that came, with what the profile says of it.
fn codes(report: &Report<'_>) -> Table {
    let lang = report.lang;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let operations = report.summary.operations.iter().chain(&report.summary.in_windows);
    for (code, n) in
        operations.filter(|(name, _)| !name.starts_with("journey_")).flat_map(|(_, one)| &one.codes)
    {
        *counts.entry(code).or_default() += n;
    }
    let known = |code: &str| report.manifest?.codes.entries().iter().find(|entry| entry.code == code);
    let mut all: Vec<(&str, u64)> = counts.into_iter().collect();
    all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let one = |(code, n): (&str, u64)| {
        let (meaning, remedy) = known(code).map_or(("", ""), |entry| said(entry, lang));
        let meaning = if meaning.is_empty() { Phrase::NoMeaning.say(lang) } else { meaning };
        row("", vec![text(code), count(n), text(meaning), text(remedy)])
    };
    let heads = vec![
        words_head(Phrase::CodeColumn, lang),
        number_head(Phrase::Count.say(lang)),
        words_head(Phrase::Meaning, lang),
        words_head(Phrase::Remedy, lang),
    ];
    table("codes-table", Phrase::CodesTable, lang, heads, all.into_iter().map(one).collect())
}

/// Meaning and remedy in the reader's language, or in the other one where only that is given.
pub(super) fn said(entry: &CodeEntry, lang: Lang) -> (&str, &str) {
    match lang {
        Lang::Zh => (or(&entry.meaning_zh, &entry.meaning), or(&entry.remedy_zh, &entry.remedy)),
        Lang::En => (or(&entry.meaning, &entry.meaning_zh), or(&entry.remedy, &entry.remedy_zh)),
    }
}

fn or<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

fn generator(summary: &Summary, lang: Lang) -> Table {
    let own = &summary.generator;
    let heads = vec![words_head(Phrase::GeneratorTable, lang), number_head(Phrase::Value.say(lang))];
    let per_second = |v: f64| format!("{} /s", units::number(v));
    let mut rows = vec![
        row("", vec![text(Phrase::RateAsked.say(lang)), number(own.rate_asked, per_second)]),
        row("", vec![text(Phrase::RateSent.say(lang)), number(own.rate_sent, per_second)]),
    ];
    if let Some(late) = own.lateness {
        let each = [("p50", late.p50), ("p99", late.p99), ("max", late.max)];
        rows.extend(each.map(|(q, v)| {
            row(
                "",
                vec![text(format!("{} {q}", Phrase::Lateness.say(lang))), number(Some(v), units::seconds)],
            )
        }));
    }
    rows.push(row("", vec![text(Phrase::Cpu.say(lang)), number(own.cpu, units::percent)]));
    let saturated = if own.saturated { Phrase::Yes } else { Phrase::No }.say(lang);
    rows.push(row(
        if own.saturated { "bad" } else { "" },
        vec![text(Phrase::Saturated.say(lang)), text(saturated)],
    ));
    table("generator", Phrase::GeneratorTable, lang, heads, rows)
}
