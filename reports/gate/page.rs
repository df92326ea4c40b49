//! The verdict of a gate as one page: offline, nothing loaded from anywhere.

use super::{GateReport, chart, footnote, rows, sentence, sorted};
use crate::Error;
use crate::charts::style::dark_rules;
use crate::charts::{Style, Width};
use crate::words;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use piaotan_analysis::summary::Verdict as Word;

/// Makes the page. The reports of both sides lie in `a/` and `b/` beside it where it has them.
///
/// # Errors
/// When the template does not fit, which a test would have found.
pub fn html(report: &GateReport<'_>, sides: bool) -> Result<String, Error> {
    let lang = report.lang;
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("gate.html", include_str!("gate.html"))?;
    let word = report.word();
    let (kind, mark) = match word {
        Word::Pass => ("pass", "✓"),
        Word::Fail => ("fail", "✗"),
        _ => ("inconclusive", "?"),
    };
    let lines: Vec<_> = sorted(report)
        .iter()
        .map(|line| context! { kind => word_kind(super::word(line.verdict)), cells => Serde(line.cells(lang)) })
        .collect();
    let drawn = |width| chart(report, &Style { lang, width, ..Style::default() });
    Ok(environment.get_template("gate.html")?.render(context! {
        lang => lang.tag(), word => words::verdict(lang, word), kind, mark,
        title => format!("{} · {}", lang.of("性能门禁", "gate"), report.scenario),
        sentence => sentence(report), notes => Serde(report.notes), sides,
        baseline => report.baseline, candidate => report.candidate,
        baseline_word => lang.of("基准", "baseline"), candidate_word => lang.of("候选", "candidate"),
        chart_title => lang.of("变化与容许值", "Changes and tolerances"),
        table_title => lang.of("逐项", "Item by item"),
        wide => drawn(Width::Wide), phone => drawn(Width::Phone),
        heads => Serde(rows::heads(lang)), lines, footnote => footnote(report),
        style => include_str!("../html/report.css"), dark => dark_rules(),
    })?)
}

const fn word_kind(word: Word) -> &'static str {
    match word {
        Word::Pass => "good",
        Word::Fail => "bad",
        _ => "warn",
    }
}
