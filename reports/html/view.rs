//! What the template is filled with: every text in its final wording, nothing left to compute.

use super::Report;
use super::tables::{self, Table};
use super::tiles::{self, Tile, tiles};
use crate::charts::{Style, Theme, Width};
use crate::figures::{Figure, figures, shows};
use crate::units;
use crate::words::{self, Lang, Phrase};
use piaotan_analysis::summary::words::limit_spoken;
use piaotan_analysis::summary::{
    Finding, FindingKind, LimitResult, Severity, Summary, SyncQuantile, Verdict,
};
use piaotan_record::{Manifest, Operation};
use serde::Serialize;
use serde_json::Value;

/// The view of a report.
#[derive(Debug, Serialize)]
pub struct View {
    pub(super) lang: &'static str,
    pub(super) title: String,
    pub(super) target: String,
    pub(super) when: String,
    pub(super) verdict: String,
    pub(super) verdict_kind: &'static str,
    pub(super) verdict_mark: &'static str,
    pub(super) sentence: String,
    pub(super) cut_short: String,
    pub(super) tiles: Vec<Tile>,
    pub(super) findings: Vec<FindingView>,
    pub(super) more_findings: String,
    pub(super) first: FigureView,
    pub(super) figures: Vec<FigureView>,
    pub(super) tables: Vec<Table>,
    pub(super) conservation_title: &'static str,
    pub(super) conservation: Vec<String>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) scenario_text: String,
    pub(super) made_by: String,
    pub(super) say: Say,
}

/// Headings and small words of the template itself.
#[derive(Debug, Serialize)]
pub(super) struct Say {
    skip: &'static str,
    findings: &'static str,
    none: &'static str,
    see: &'static str,
    evidence: &'static str,
    charts: &'static str,
    windows: &'static str,
    reading: &'static str,
    tables: &'static str,
    facts: &'static str,
    scenario: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingView {
    number: usize,
    level: &'static str,
    severity: &'static str,
    name: &'static str,
    text: String,
    chart: &'static str,
    evidence: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
pub(super) struct FigureView {
    id: &'static str,
    title: &'static str,
    wide: String,
    phone: String,
}

/// How many findings are listed.
pub(super) const MOST_FINDINGS: usize = 100;

/// Builds the view.
#[must_use]
pub fn view(report: &Report<'_>) -> View {
    let Report { summary, lang, .. } = *report;
    let (first, figures) = figure_views(report);
    View {
        lang: lang.tag(),
        title: words::fill(lang, Phrase::ReportTitle, &[&units::clean(&summary.scenario, 80)]),
        target: units::clean(&summary.target, 120),
        when: when(summary),
        verdict: heading(summary, lang).to_owned(),
        verdict_kind: if but(summary).is_some() { "but" } else { verdict_kind(summary.verdict) },
        verdict_mark: mark(summary),
        sentence: sentence(summary, lang),
        cut_short: summary
            .cut_short
            .as_ref()
            .map(|why| words::fill(lang, Phrase::CutShort, &[&units::clean(why, 300)]))
            .unwrap_or_default(),
        tiles: tiles(summary, lang),
        findings: summary
            .findings
            .iter()
            .take(MOST_FINDINGS)
            .enumerate()
            .map(|(i, f)| finding_view(i + 1, f, lang))
            .collect(),
        more_findings: more(summary.findings.len(), lang),
        first,
        figures,
        tables: tables::all(report),
        conservation_title: if summary.conserved {
            Phrase::ConservationTable
        } else {
            Phrase::ConservationBroken
        }
        .say(lang),
        conservation: vec![summary.arrivals.to_string(), summary.requests.to_string()],
        facts: facts(report),
        scenario_text: report
            .manifest
            .map(|m| m.scenario_text.chars().take(20_000).collect())
            .unwrap_or_default(),
        made_by: made_by(report.manifest),
        say: say(lang),
    }
}

/// The name of an operation by its wire name; a name that is none of ours stands for itself.
#[must_use]
pub fn operation_name(lang: Lang, name: &str) -> String {
    name.parse::<Operation>()
        .map_or_else(|_| units::clean(name, 80), |known| words::operation(lang, known).to_owned())
}

/// A quantile of a delay; a lower bound where it was not reached.
#[must_use]
pub fn sync_quantile(quantile: &SyncQuantile) -> String {
    let value = units::seconds(quantile.value);
    if quantile.reached { value } else { words::fill(Lang::En, Phrase::AtLeast, &[&value]) }
}

/// One sentence for the whole: what is gravest, or that all is well.
#[must_use]
pub fn sentence(summary: &Summary, lang: Lang) -> String {
    let grave = || summary.findings.iter().filter(|f| f.severity > Severity::Info);
    let gravest = grave().map(|f| f.severity).max();
    let first = grave().find(|f| Some(f.severity) == gravest);
    let requests = units::count(summary.requests.sent);
    match (summary.verdict, first) {
        (Verdict::Refused, None) => Phrase::SentenceRefused.say(lang).to_owned(),
        (_, Some(finding)) if summary.verdict != Verdict::Pass => headline(finding, summary, lang),
        _ if summary.requests.sent == 0 => Phrase::SentenceEmpty.say(lang).to_owned(),
        (Verdict::Pass, _) => pass_sentence(summary, lang, &requests),
        (Verdict::Fail, _) => {
            let broken = summary.limits.iter().filter(|limit| limit.verdict == Verdict::Fail).count();
            words::fill(lang, Phrase::SentenceFail, &[&broken.max(1).to_string()])
        }
        (Verdict::Interrupted, _) => Phrase::SentenceInterrupted.say(lang).to_owned(),
        (Verdict::Inconclusive, _) if summary.exit == 4 => {
            Phrase::SentenceInconclusiveMaintenance.say(lang).to_owned()
        }
        _ => Phrase::SentenceInconclusive.say(lang).to_owned(),
    }
}

/// The big word. A run that passed although something is wrong with the platform must not look all good.
#[must_use]
pub fn heading(summary: &Summary, lang: Lang) -> &'static str {
    if but(summary).is_some() { Phrase::PassBut.say(lang) } else { words::verdict(lang, summary.verdict) }
}

/// The gravest finding, and every limit that was broken: nobody must scroll to learn of the second.
fn headline(finding: &Finding, summary: &Summary, lang: Lang) -> String {
    let broken: Vec<String> = summary
        .limits
        .iter()
        .filter(|limit| limit.verdict == Verdict::Fail)
        .map(|limit| broken_limit(limit, lang))
        .collect();
    let told = units::clean(&finding.text, 400);
    let alone = finding.kind == FindingKind::LimitBroken;
    if broken.is_empty() || (alone && broken.len() == 1) {
        return told;
    }
    let shown = broken[..broken.len().min(4)].join(lang.of("；", "; "));
    let more = if broken.len() > 4 { " …" } else { "" };
    let limits =
        words::fill(lang, Phrase::BrokenLimits, &[&broken.len().to_string(), &format!("{shown}{more}")]);
    if alone { limits } else { format!("{told}{}{limits}", lang.of("", " ")) }
}

fn broken_limit(limit: &LimitResult, lang: Lang) -> String {
    units::clean(&limit_spoken(&limit.limit, limit.value, lang == Lang::Zh), 160)
}

/// A finding that a stranger must not overlook, although no limit was broken: the gravest.
fn but(summary: &Summary) -> Option<&Finding> {
    let passed = summary.verdict == Verdict::Pass;
    let grave = summary.findings.iter().filter(|finding| passed && finding.severity > Severity::Info);
    // The first of equals: findings are in the order in which things happened.
    grave.rev().max_by_key(|finding| finding.severity)
}

fn pass_sentence(summary: &Summary, lang: Lang, requests: &str) -> String {
    if let Some(finding) = but(summary) {
        let judged = !summary.limits.is_empty();
        let phrase = if judged { Phrase::SentencePassBut } else { Phrase::SentencePassButUnjudged };
        return words::fill(lang, phrase, &[&units::clean(&finding.text, 400)]);
    }
    let seen = summary.windows.iter().find(|w| w.status != "cancelled" && w.observed_start.is_some());
    if let Some(window) = seen {
        return words::fill(lang, Phrase::SentencePassMaintenance, &[&tables::observed(window, lang)]);
    }
    let phrase = if summary.limits.is_empty() { Phrase::SentencePassUnjudged } else { Phrase::SentencePass };
    words::fill(lang, phrase, &[requests])
}

const fn verdict_kind(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Refused => "refused",
        Verdict::Interrupted => "interrupted",
    }
}

/// The sign before the big word.
#[must_use]
pub fn mark(summary: &Summary) -> &'static str {
    match summary.verdict {
        Verdict::Pass if but(summary).is_some() => "!",
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        _ => "?",
    }
}

fn when(summary: &Summary) -> String {
    let length = (summary.ended - summary.started).as_seconds_f64().max(0.0);
    format!("{} · {}", summary.started.format("%Y-%m-%d %H:%M:%S %:z"), units::seconds(length))
}

pub(super) fn more(count: usize, lang: Lang) -> String {
    let left = count.saturating_sub(MOST_FINDINGS);
    if left == 0 { String::new() } else { words::fill(lang, Phrase::MoreFindings, &[&left.to_string()]) }
}

pub(super) fn finding_view(number: usize, finding: &Finding, lang: Lang) -> FindingView {
    let shown = finding.evidence.iter().take(30).map(|(name, value)| (units::clean(name, 60), plain(value)));
    FindingView {
        number,
        level: tiles::level(finding.severity),
        severity: words::severity(lang, finding.severity),
        name: words::finding(lang, finding.kind),
        text: units::clean(&finding.text, 600),
        chart: shows(finding.kind),
        evidence: shown.collect(),
    }
}

fn plain(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    };
    units::clean(&text, 300)
}

fn figure_views(report: &Report<'_>) -> (FigureView, Vec<FigureView>) {
    let draw = |width| {
        let style = Style { lang: report.lang, theme: Theme::Light, width, titled: false };
        figures(report.summary, report.series, &style)
    };
    let mut all = draw(Width::Wide).into_iter().zip(draw(Width::Phone)).map(figure_view);
    let first = all.next().expect("the timeline is always drawn");
    (first, all.collect())
}

/// One chart, drawn for a desk and for a phone.
pub(super) fn figure_view((wide, phone): (Figure, Figure)) -> FigureView {
    FigureView { id: wide.id, title: wide.title, wide: wide.svg, phone: phone.svg }
}

fn facts(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let Report { summary, lang, .. } = *report;
    let mut all = vec![
        (Phrase::Run.say(lang), units::clean(&summary.run, 120)),
        (Phrase::Target.say(lang), units::clean(&summary.target, 200)),
        (Phrase::Scenario.say(lang), units::clean(&summary.scenario, 120)),
        (Phrase::StartedAt.say(lang), summary.started.to_rfc3339()),
        (Phrase::EndedAt.say(lang), summary.ended.to_rfc3339()),
    ];
    if let Some(manifest) = report.manifest {
        all.extend(manifest_facts(manifest, lang));
    }
    all
}

fn manifest_facts(manifest: &Manifest, lang: Lang) -> Vec<(&'static str, String)> {
    let host = &manifest.host;
    let memory = units::number(host.memory_bytes as f64 / f64::from(1u32 << 30));
    let commit =
        manifest.commit.as_deref().map(|commit| (Phrase::Commit.say(lang), units::clean(commit, 64)));
    let facts = [
        (Phrase::Profile.say(lang), units::clean(&manifest.profile, 120)),
        (Phrase::Planned.say(lang), units::seconds(manifest.planned)),
        (Phrase::Seed.say(lang), manifest.seed.to_string()),
        (Phrase::Segment.say(lang), format!("{} / {}", manifest.segment.index + 1, manifest.segment.of)),
        (
            Phrase::Host.say(lang),
            units::clean(&format!("{} × {}, {memory} GiB, {}", host.cores, host.cpu, host.system), 200),
        ),
        (Phrase::Version.say(lang), units::clean(&manifest.version, 60)),
    ];
    commit.into_iter().chain(facts).collect()
}

fn made_by(manifest: Option<&Manifest>) -> String {
    format!("票探 Piaotan {}", manifest.map(|m| units::clean(&m.version, 60)).unwrap_or_default())
}

pub(super) fn say(lang: Lang) -> Say {
    Say {
        skip: Phrase::SkipToFindings.say(lang),
        findings: Phrase::FindingsHeading.say(lang),
        none: Phrase::NoFindings.say(lang),
        see: Phrase::SeeChart.say(lang),
        evidence: Phrase::Evidence.say(lang),
        charts: Phrase::ChartsHeading.say(lang),
        windows: Phrase::OutOfWindows.say(lang),
        reading: Phrase::HowToRead.say(lang),
        tables: Phrase::TablesHeading.say(lang),
        facts: Phrase::FactsTable.say(lang),
        scenario: Phrase::ScenarioText.say(lang),
    }
}
