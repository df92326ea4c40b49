//! The report as Markdown, for pull requests and job summaries.

use crate::html::week::{self, WeekReport};
use crate::html::{Report, Table, heading, sentence, tables, tiles};
use crate::units::clean;
use crate::words::{self, Lang, Phrase};
use piaotan_analysis::summary::Finding;
use std::fmt::Write as _;

/// How many findings are listed.
const MOST: usize = 50;

/// Makes the report.
#[must_use]
pub fn markdown(report: &Report<'_>) -> String {
    let (summary, lang) = (report.summary, report.lang);
    let title = words::fill(lang, Phrase::ReportTitle, &[&clean(&summary.scenario, 80)]);
    let mut out = format!("# {} · {}\n\n", heading(summary, lang), escaped(&title));
    let _ = write!(out, "**{}**\n\n| | | |\n|---|---|---|\n", escaped(&sentence(summary, lang)));
    for tile in tiles(summary, lang) {
        let _ = writeln!(out, "| {} | **{}** | {} |", tile.name, escaped(&tile.state), escaped(&tile.detail));
    }
    push_findings(&mut out, &summary.findings, lang);
    for table in tables(report) {
        push_table(&mut out, &table);
    }
    let _ = write!(out, "\n```text\n{}\n{}\n```\n", summary.arrivals, summary.requests);
    out
}

/// The same for a stretch of a watch.
#[must_use]
pub fn week(report: &WeekReport<'_>) -> String {
    let (week, lang) = (report.week, report.lang);
    let mut out = format!("# {} · {}\n\n", week::heading(week, lang), Phrase::WeekTitle.say(lang));
    let _ = write!(out, "**{}**\n\n| | | |\n|---|---|---|\n", escaped(&week::sentence(week, lang)));
    for tile in week::tiles(week, lang) {
        let _ = writeln!(out, "| {} | **{}** | {} |", tile.name, escaped(&tile.state), escaped(&tile.detail));
    }
    push_findings(&mut out, &week.findings, lang);
    for table in week::tables(report) {
        push_table(&mut out, &table);
    }
    out
}

fn push_findings(out: &mut String, findings: &[Finding], lang: Lang) {
    let _ = write!(out, "\n## {}\n\n", Phrase::FindingsHeading.say(lang));
    for (i, finding) in findings.iter().take(MOST).enumerate() {
        let (severity, name) = (words::severity(lang, finding.severity), words::finding(lang, finding.kind));
        let _ = writeln!(out, "{}. {severity} · **{name}** — {}", i + 1, escaped(&clean(&finding.text, 600)));
    }
    if findings.is_empty() {
        let _ = writeln!(out, "{}", Phrase::NoFindings.say(lang));
    }
}

fn push_table(out: &mut String, table: &Table) {
    let heads: Vec<String> = table.heads.iter().map(|head| escaped(&head.text)).collect();
    let rules: Vec<&str> = table.heads.iter().map(|head| if head.number { "---:" } else { "---" }).collect();
    let _ = write!(out, "\n## {}\n\n| {} |\n| {} |\n", table.title, heads.join(" | "), rules.join(" | "));
    for row in &table.rows {
        let cells: Vec<String> = row.cells.iter().map(|cell| escaped(&cell.text)).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    if !table.note.is_empty() {
        let _ = writeln!(out, "\n{}", table.note);
    }
}

/// Foreign text can neither end a cell nor become markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_becomes_no_markup() {
        assert_eq!(escaped("a|b <script>`x`"), "a\\|b &lt;script&gt;\\`x\\`");
    }
}
