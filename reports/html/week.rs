//! The report of a stretch of the watch: availability first, then findings, charts, tables.

mod tables;

pub use tables::all as tables;

use super::tiles::{Tile, level};
use super::view::{FindingView, View, figure_view, finding_view, more, say, sync_quantile};
use crate::Error;
use crate::charts::{
    Style, Theme, Width, availability, codes, delay, latency, outcomes, shades, survival, timeline,
};
use crate::figures::Figure;
use crate::marks;
use crate::units;
use crate::words::{self, Lang, Phrase};
use piaotan_analysis::summary::{FindingKind, Severity};
use piaotan_analysis::week::{Events, Week};
use piaotan_record::code::CodeBook;

/// What the report is made of.
#[derive(Debug, Clone, Copy)]
pub struct WeekReport<'a> {
    pub week: &'a Week,
    /// What the profile says of its codes.
    pub codes: &'a CodeBook,
    pub lang: Lang,
    pub version: &'a str,
}

/// Makes the report as one page.
///
/// # Errors
/// When the template does not fit the view, which a test would have found.
pub fn html(report: &WeekReport<'_>) -> Result<String, Error> {
    super::page(&view(report))
}

fn view(report: &WeekReport<'_>) -> View {
    let WeekReport { week, lang, .. } = *report;
    let draw = |width| figures(report, &Style { lang, theme: Theme::Light, width, titled: false });
    let mut all = draw(Width::Wide).into_iter().zip(draw(Width::Phone)).map(figure_view);
    let first = all.next().expect("the timeline is always drawn");
    let (kind, mark) = standing(week);
    View {
        lang: lang.tag(),
        title: Phrase::WeekTitle.say(lang).to_owned(),
        target: units::clean(&week.target, 120),
        when: span(week),
        verdict: heading(week, lang),
        verdict_kind: kind,
        verdict_mark: mark,
        sentence: sentence(week, lang),
        cut_short: reach(week, lang),
        tiles: tiles(week, lang),
        findings: findings(week, lang),
        more_findings: more(week.findings.len(), lang),
        first,
        figures: all.collect(),
        tables: tables(report),
        conservation_title: "",
        conservation: Vec::new(),
        facts: facts(week, lang),
        scenario_text: String::new(),
        made_by: format!("票探 Piaotan {}", units::clean(report.version, 60)),
        say: say(lang),
    }
}

/// Availability outside windows, as the big word.
#[must_use]
pub fn heading(week: &Week, lang: Lang) -> String {
    match week.availability.adjusted.share() {
        Some(share) => words::fill(lang, Phrase::WeekAvailable, &[&units::availability(share)]),
        None => Phrase::NoData.say(lang).to_owned(),
    }
}

fn standing(week: &Week) -> (&'static str, &'static str) {
    let gravest = week.findings.iter().map(|finding| finding.severity).max();
    match (week.availability.raw.share(), gravest) {
        (None, _) => ("inconclusive", "?"),
        (_, Some(Severity::Critical)) => ("fail", "!"),
        (_, Some(Severity::Warning)) => ("but", "!"),
        _ => ("pass", "✓"),
    }
}

/// The other availabilities in one sentence, and the gravest finding.
#[must_use]
pub fn sentence(week: &Week, lang: Lang) -> String {
    let said = |events: Events| events.share().map_or_else(|| "–".to_owned(), units::availability);
    if week.availability.raw.share().is_none() {
        return Phrase::WeekEmpty.say(lang).to_owned();
    }
    let values = [said(week.availability.raw), said(week.before.adjusted)];
    let base = words::fill(lang, Phrase::WeekSentence, &[&values[0], &values[1]]);
    let grave: Vec<_> = week.findings.iter().filter(|one| one.severity == Severity::Critical).collect();
    match grave.as_slice() {
        [] => base,
        [one] => format!("{base}{}{}", lang.of("", " "), units::clean(&one.text, 300)),
        [one, rest @ ..] => {
            let more = words::fill(lang, Phrase::WeekMore, &[&rest.len().to_string()]);
            let space = lang.of("", " ");
            format!("{base}{space}{}{space}{more}", units::clean(&one.text, 300))
        }
    }
}

fn span(week: &Week) -> String {
    format!("{} – {} · {}", week.from.format("%Y-%m-%d %H:%M"), week.to.format("%Y-%m-%d %H:%M"), week.zone)
}

/// Says where the history begins, when that is later than the stretch before does.
fn reach(week: &Week, lang: Lang) -> String {
    let since = week.from - (week.to - week.from);
    let late = week.reaches.filter(|first| *first > since + chrono::TimeDelta::hours(1));
    late.map_or_else(String::new, |first| {
        words::fill(lang, Phrase::WeekReaches, &[&first.format("%Y-%m-%d %H:%M").to_string()])
    })
}

/// The four answers, and each beside the stretch before.
#[must_use]
pub fn tiles(week: &Week, lang: Lang) -> Vec<Tile> {
    vec![slow(week, lang), broken(week, lang), maintenance(week, lang), sync(week, lang)]
}

fn slow(week: &Week, lang: Lang) -> Tile {
    let each = week.probes.iter().filter_map(|(name, probe)| {
        let (now, before) = (probe.now.p95?, probe.before.p95?);
        (before > 0.0).then_some((name, now, before))
    });
    let worst = each.max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
    let (state, detail, level) = match worst {
        Some((name, now, before)) => {
            let by = now / before;
            let state = words::fill(lang, Phrase::Times, &[&units::number(by)]);
            let detail = format!(
                "{} p95 {} → {}",
                words::probe(lang, name),
                units::seconds(before),
                units::seconds(now)
            );
            (state, detail, if by > 1.5 { "warn" } else { "good" })
        }
        None => (lang.of("无可比较", "nothing to compare").to_owned(), "–".to_owned(), "calm"),
    };
    Tile { name: lang.of("比之前慢吗？", "Slower than before?"), state, detail, level }
}

fn count(week: &Week, kinds: &[FindingKind]) -> usize {
    week.findings.iter().filter(|finding| kinds.contains(&finding.kind)).count()
}

fn broken(week: &Week, lang: Lang) -> Tile {
    let outages = count(week, &[FindingKind::Errors, FindingKind::Unreachable]);
    let failed: u64 = week.probes.values().map(|probe| probe.now.failed - probe.now.excused).sum();
    let before: u64 = week.probes.values().map(|probe| probe.before.failed - probe.before.excused).sum();
    let state = match (outages, lang) {
        (0, _) => lang.of("没有故障", "no outage").to_owned(),
        (n, Lang::Zh) => format!("{n} 次故障"),
        (1, Lang::En) => "1 outage".to_owned(),
        (n, Lang::En) => format!("{n} outages"),
    };
    let detail = match lang {
        Lang::Zh => {
            format!("探测失败 {} 次，之前 {} 次（维护除外）", units::count(failed), units::count(before))
        }
        Lang::En => {
            format!(
                "{} looks failed, {} before (maintenance left out)",
                units::count(failed),
                units::count(before)
            )
        }
    };
    Tile {
        name: lang.of("有故障吗？", "Errors?"),
        state,
        detail,
        level: if outages > 0 { "bad" } else { "good" },
    }
}

fn maintenance(week: &Week, lang: Lang) -> Tile {
    let overruns = count(week, &[FindingKind::WindowOverrun]);
    let unannounced = count(week, &[FindingKind::WindowObservedUnannounced]);
    let planned = week.windows.iter().filter(|window| window.status != "cancelled").count();
    let unseen = count(week, &[FindingKind::WindowAnnouncedNotObserved]);
    let excluded: f64 = week.days.iter().map(|day| day.excluded).sum();
    let (state, level) = match (overruns, unannounced) {
        (0, 0) if planned == 0 => (lang.of("没有", "none").to_owned(), "good"),
        (0, 0) if unseen > 0 => {
            (lang.of("N 个窗口未观察到", "N not observed").replace('N', &unseen.to_string()), "warn")
        }
        (0, 0) => (lang.of("如公告进行", "as announced").to_owned(), "calm"),
        (0, n) => (lang.of("N 次未公告", "N unannounced").replace('N', &n.to_string()), "bad"),
        (n, _) => (
            lang.of("N 次超期", if n == 1 { "N overrun" } else { "N overruns" }).replace('N', &n.to_string()),
            "bad",
        ),
    };
    let detail = match lang {
        Lang::Zh => format!("{} 个窗口，不计入可用率的时间 {}", planned, units::seconds(excluded)),
        Lang::En => {
            let plural = if planned == 1 { "" } else { "s" };
            format!("{planned} window{plural}, {} left out of availability", units::seconds(excluded))
        }
    };
    Tile { name: lang.of("维护", "Maintenance"), state, detail, level }
}

fn sync(week: &Week, lang: Lang) -> Tile {
    let late: u64 = week.sync.values().map(|one| one.late).max().unwrap_or(0);
    let lost: u64 = week.sync.values().map(|one| one.lost).max().unwrap_or(0);
    let (state, grave) = match (lost, late) {
        _ if week.sync.is_empty() => (lang.of("未跟踪", "not tracked").to_owned(), "calm"),
        (0, 0) => (lang.of("都在承诺时间内", "all in time").to_owned(), "good"),
        (0, n) => (lang.of("N 张逾期", "N late").replace('N', &n.to_string()), level(Severity::Warning)),
        (n, _) => (lang.of("N 张丢失", "N lost").replace('N', &n.to_string()), level(Severity::Critical)),
    };
    let most = week.sync.values().max_by_key(|one| one.tracked);
    let detail = most.map_or_else(
        || "–".to_owned(),
        |one| {
            let median = one.quantiles.get("p50").map_or_else(|| "–".to_owned(), sync_quantile);
            let (tracked, pending) = (units::count(one.tracked), units::count(one.pending));
            match lang {
                Lang::Zh => format!("{tracked} 张，中位数 {median}，尚未查到 {pending}"),
                Lang::En => format!("{tracked} invoices, median {median}, {pending} pending"),
            }
        },
    );
    Tile { name: lang.of("同步了吗？", "Synchronised?"), state, detail, level: grave }
}

fn findings(week: &Week, lang: Lang) -> Vec<FindingView> {
    let shown = week.findings.iter().take(super::view::MOST_FINDINGS).enumerate();
    shown.map(|(i, finding)| finding_view(i + 1, finding, lang)).collect()
}

/// All charts for which there is something to draw, the one that tells the story first.
#[must_use]
pub fn figures(report: &WeekReport<'_>, style: &Style) -> Vec<Figure> {
    let WeekReport { week, .. } = *report;
    let series = &week.series;
    let shades = &shades(&week.windows, series)[..];
    let marks = &marks::of(&week.findings, series);
    let mut all = vec![(
        "timeline",
        Phrase::Timeline,
        timeline::draw(&timeline::Input { series, shades, marks }, style),
    )];
    let stretches: Vec<availability::Stretch> = week.days.iter().map(stretch).collect();
    let drawn = availability::draw(&availability::Input { stretches: &stretches, objective: None }, style);
    all.push(("availability", Phrase::Availability, drawn));
    all.push((
        "latency",
        Phrase::Latency,
        latency::draw(&latency::Input { series, shades, limits: &[] }, style),
    ));
    if !week.sync.is_empty() {
        let input = survival::Input { sync: &week.sync, baseline: true };
        all.push(("survival", Phrase::Survival, survival::draw(&input, style)));
    }
    if !series.sync_points.is_empty() {
        let input = delay::Input { series, shades, sync: &week.sync };
        all.push(("delay", Phrase::Delay, delay::draw(&input, style)));
    }
    all.push(("outcomes", Phrase::Outcomes, outcomes::draw(&outcomes::Input { series, shades }, style)));
    if codes::any(series) {
        all.push(("codes", Phrase::Codes, codes::draw(&codes::Input { series, shades }, style)));
    }
    all.into_iter().map(|(id, title, svg)| Figure { id, title: title.say(style.lang), svg }).collect()
}

fn stretch(day: &piaotan_analysis::week::Day) -> availability::Stretch {
    availability::Stretch {
        name: day.day.format("%m-%d").to_string(),
        raw: day.availability.raw.share(),
        adjusted: day.availability.adjusted.share(),
        maintenance: day.excluded,
    }
}

fn facts(week: &Week, lang: Lang) -> Vec<(&'static str, String)> {
    let reaches = week.reaches.map_or_else(|| "–".to_owned(), |first| first.to_rfc3339());
    vec![
        (Phrase::Target.say(lang), units::clean(&week.target, 200)),
        (Phrase::StartedAt.say(lang), week.from.to_rfc3339()),
        (Phrase::EndedAt.say(lang), week.to.to_rfc3339()),
        (Phrase::WeekHistory.say(lang), reaches),
    ]
}
