//! The tables of a week, also those of its Markdown.

use super::WeekReport;
use crate::html::tables::{
    Cell, Head, Table, count, number, number_head, row, said, sync_row_cells, table, text, windows,
    words_head,
};
use crate::units;
use crate::words::{self, Lang, Phrase};
use piaotan_analysis::week::{Code, Day, Events, LateInvoice, Probe};
use piaotan_record::Surface;

/// Every table that has a row.
#[must_use]
pub fn all(report: &WeekReport<'_>) -> Vec<Table> {
    let WeekReport { week, lang, .. } = *report;
    let tables = vec![
        days(&week.days, lang),
        windows(&week.windows, lang),
        probes(report),
        sync(report),
        late(&week.late, lang),
        codes(report),
    ];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn share(events: Events) -> Cell {
    let share = events.share();
    Cell {
        text: share.map_or_else(|| "–".to_owned(), units::availability),
        sort: Some(share.unwrap_or(-1.0)),
    }
}

fn days(days: &[Day], lang: Lang) -> Table {
    let heads = vec![
        words_head(Phrase::WeekDay, lang),
        number_head(Phrase::AvailabilityAdjusted.say(lang)),
        number_head(Phrase::AvailabilityRaw.say(lang)),
        number_head(Phrase::WeekFailed.say(lang)),
        number_head(Phrase::WeekAsked.say(lang)),
        number_head(Phrase::WeekExcluded.say(lang)),
    ];
    let one = |day: &Day| {
        let events = day.availability.raw;
        let cells = vec![
            text(day.day.format("%Y-%m-%d").to_string()),
            share(day.availability.adjusted),
            share(events),
            count(events.bad),
            count(events.good + events.bad),
            number(Some(day.excluded), units::seconds),
        ];
        row(if day.availability.adjusted.bad > 0 { "warn" } else { "" }, cells)
    };
    table("days", Phrase::WeekDays, lang, heads, days.iter().map(one).collect())
}

fn probes(report: &WeekReport<'_>) -> Table {
    let lang = report.lang;
    let mut heads = vec![words_head(Phrase::WeekProbe, lang)];
    let both = |phrase: Phrase| {
        let before = words::fill(lang, Phrase::WeekBefore, &[phrase.say(lang)]);
        [number_head(phrase.say(lang)), number_head(before)]
    };
    heads.extend(both(Phrase::WeekRuns));
    heads.extend(both(Phrase::WeekFailed));
    heads.push(number_head(Phrase::WeekExcused.say(lang)));
    heads.extend([number_head("p95"), number_head(words::fill(lang, Phrase::WeekBefore, &["p95"]))]);
    let one = |(name, probe): (&String, &Probe)| {
        let (now, before) = (&probe.now, &probe.before);
        let mut cells = vec![text(words::probe(lang, name))];
        cells.extend([now.runs, before.runs, now.failed, before.failed, now.excused].map(count));
        cells.extend([now.p95, before.p95].map(|p95| number(p95, units::seconds)));
        row(if now.failed > now.excused { "warn" } else { "" }, cells)
    };
    let rows = report.week.probes.iter().map(one).collect();
    Table { sortable: true, ..table("probes", Phrase::WeekProbes, lang, heads, rows) }
}

fn sync(report: &WeekReport<'_>) -> Table {
    let lang = report.lang;
    let mut heads = vec![words_head(Phrase::SurfaceColumn, lang)];
    let counts =
        [Phrase::Tracked, Phrase::Seen, Phrase::Pending, Phrase::Late, Phrase::Lost, Phrase::Mismatched];
    heads.extend(counts.map(|phrase| number_head(phrase.say(lang))));
    heads.extend(["p50", "p95", "p99"].map(number_head));
    heads.push(words_head(Phrase::WeekAgainst, lang));
    let rows = report.week.sync.iter().map(|(surface, one)| sync_row_cells(surface, one, lang));
    table("sync", Phrase::SyncTable, lang, heads, rows.collect())
}

fn late(late: &[LateInvoice], lang: Lang) -> Table {
    let heads: Vec<Head> = vec![
        words_head(Phrase::WeekInvoice, lang),
        words_head(Phrase::SurfaceColumn, lang),
        words_head(Phrase::WeekUploaded, lang),
        number_head(Phrase::WeekTook.say(lang)),
        words_head(Phrase::WeekState, lang),
    ];
    let one = |invoice: &LateInvoice| {
        let surface = invoice.surface.parse::<Surface>();
        let surface =
            surface.map_or_else(|_| invoice.surface.clone(), |s| words::surface(lang, s).to_owned());
        let state = match invoice.state.as_str() {
            "seen" => Phrase::Seen.say(lang),
            "pending" => Phrase::Pending.say(lang),
            "lost" => Phrase::Lost.say(lang),
            other => other,
        };
        let cells = vec![
            text(&invoice.number),
            text(format!("{surface} {}", invoice.region)),
            text(invoice.uploaded.format("%m-%d %H:%M:%S").to_string()),
            number(Some(invoice.delay), units::seconds),
            text(state),
        ];
        row(if invoice.state == "lost" { "bad" } else { "warn" }, cells)
    };
    Table { sortable: true, ..table("late", Phrase::WeekLate, lang, heads, late.iter().map(one).collect()) }
}

fn codes(report: &WeekReport<'_>) -> Table {
    let lang = report.lang;
    let known = |code: &str| report.codes.entries().iter().find(|entry| entry.code == code);
    let mut all: Vec<(&String, &Code)> = report.week.codes.iter().collect();
    all.sort_by_key(|(_, code)| std::cmp::Reverse(code.count.max(code.before)));
    let one = |(name, code): (&String, &Code)| {
        let (meaning, remedy) = known(name).map_or(("", ""), |entry| said(entry, lang));
        let meaning = if meaning.is_empty() { Phrase::NoMeaning.say(lang) } else { meaning };
        let counts = [code.count, code.before, code.inside].map(count);
        let cells = [vec![text(name)], counts.into(), vec![text(meaning), text(remedy)]].concat();
        row(if code.before == 0 && code.count > code.inside { "warn" } else { "" }, cells)
    };
    let heads = vec![
        words_head(Phrase::CodeColumn, lang),
        number_head(Phrase::Count.say(lang)),
        number_head(words::fill(lang, Phrase::WeekBefore, &[Phrase::Count.say(lang)])),
        number_head(Phrase::WeekInside.say(lang)),
        words_head(Phrase::Meaning, lang),
        words_head(Phrase::Remedy, lang),
    ];
    table("codes-table", Phrase::CodesTable, lang, heads, all.into_iter().map(one).collect())
}
