//! The summary for a terminal: verdict, findings, one line an operation with its course.

use crate::html::{Report, failed, heading, mark, operation_name, sentence, tiles};
use crate::units;
use crate::words::{self, Lang, Phrase};
use piaotan_analysis::summary::{Finding, OperationSummary, Series, Severity, Summary, Verdict};
use piaotan_record::Operation;
use std::fmt::Write as _;

/// How wide the terminal is, and whether it shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    pub columns: usize,
    pub colour: bool,
}

/// How many operations and findings are listed.
const MOST_ROWS: usize = 16;

/// The summary as lines of text, each ending in a newline.
#[must_use]
pub fn terminal(report: &Report<'_>, on: Terminal) -> String {
    let Report { summary, series, lang, .. } = *report;
    let columns = on.columns.clamp(40, 160);
    let mut out = String::new();
    let word = format!("{} {}", mark(summary), heading(summary, lang));
    let head = format!("{}  {}", on.paint(&word, verdict_colour(summary), true), sentence(summary, lang));
    out += &wrapped(&head, columns, 0);
    for tile in tiles(summary, lang) {
        let line = format!(
            "  {} {} {}",
            padded(tile.name, 16),
            on.paint(&tile.state, level_colour(tile.level), false),
            tile.detail
        );
        out += &wrapped(&line, columns, 4);
    }
    out += "\n";
    out += &findings(summary, lang, on, columns);
    out += &operations(summary, series, lang, columns);
    for line in [summary.arrivals.to_string(), summary.requests.to_string()] {
        out += &wrapped(&on.paint(&line, if summary.conserved { DIM } else { RED }, false), columns, 2);
    }
    out
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BLUE: &str = "34";
const DIM: &str = "2";

impl Terminal {
    /// A verdict's mark and word in its colour.
    pub(crate) fn verdict(self, verdict: Verdict, word: &str) -> String {
        let (mark, colour) = match verdict {
            Verdict::Pass => ("✓", GREEN),
            Verdict::Fail => ("✗", RED),
            _ => ("?", YELLOW),
        };
        self.paint(&format!("{mark} {word}"), colour, true)
    }

    fn paint(self, text: &str, colour: &str, bold: bool) -> String {
        match (self.colour, bold) {
            (false, _) => text.to_owned(),
            (true, true) => format!("\u{1b}[1;{colour}m{text}\u{1b}[0m"),
            (true, false) => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
        }
    }
}

fn verdict_colour(summary: &Summary) -> &'static str {
    match summary.verdict {
        Verdict::Pass if mark(summary) == "✓" => GREEN,
        Verdict::Fail => RED,
        _ => YELLOW,
    }
}

fn level_colour(level: &str) -> &'static str {
    match level {
        "good" => GREEN,
        "bad" => RED,
        "warn" => YELLOW,
        _ => BLUE,
    }
}

fn findings(summary: &Summary, lang: Lang, on: Terminal, columns: usize) -> String {
    let mut out = String::new();
    for (i, finding) in summary.findings.iter().take(MOST_ROWS).enumerate() {
        out += &wrapped(&finding_line(i + 1, finding, lang, on), columns, 5);
    }
    let left = summary.findings.len().saturating_sub(MOST_ROWS);
    if left > 0 {
        out += &words::fill(lang, Phrase::MoreFindings, &[&left.to_string()]);
        out += "\n";
    }
    if out.is_empty() { out } else { out + "\n" }
}

fn finding_line(number: usize, finding: &Finding, lang: Lang, on: Terminal) -> String {
    let colour = match finding.severity {
        Severity::Critical => RED,
        Severity::Warning => YELLOW,
        Severity::Info => BLUE,
    };
    let name = on.paint(words::finding(lang, finding.kind), colour, true);
    format!("  {number:>2} {name}  {}", units::clean(&finding.text, 400))
}

fn operations(summary: &Summary, series: &Series, lang: Lang, columns: usize) -> String {
    let mut rows: Vec<(&String, &OperationSummary)> = summary.operations.iter().collect();
    if rows.is_empty() {
        return String::new();
    }
    rows.sort_by_key(|(name, one)| {
        (name.starts_with("journey_"), name.starts_with("track_"), std::cmp::Reverse(one.count))
    });
    let response = Phrase::ResponseTime.say(lang);
    let mut heads = vec![String::new(), Phrase::Count.say(lang).into(), Phrase::NotOk.say(lang).into()];
    heads.extend(["p50", "p95", "p99"].map(|q| format!("{response} {q}")));
    heads.push(format!("{} p95", Phrase::ServiceTime.say(lang)));
    heads.push("p95".into());
    let mut table = vec![heads];
    table.extend(rows.iter().take(MOST_ROWS).map(|(name, one)| operation_row(name, one, series, lang)));
    let mut out = laid_out(&table, columns);
    let left = rows.len().saturating_sub(MOST_ROWS);
    if left > 0 {
        let _ = writeln!(out, "  {}", words::fill(lang, Phrase::MoreRows, &[&left.to_string()]));
    }
    out + "\n"
}

fn operation_row(name: &str, one: &OperationSummary, series: &Series, lang: Lang) -> Vec<String> {
    let time = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), units::seconds);
    let mut row =
        vec![fitted(&operation_name(lang, name), 24), units::count(one.count), units::count(failed(one))];
    row.extend(
        [one.response.map(|l| l.p50), one.response.map(|l| l.p95), one.response.map(|l| l.p99)].map(time),
    );
    row.push(time(one.service.map(|l| l.p95)));
    row.push(name.parse().map_or_else(|_| String::new(), |op| course(series, op, 24)));
    row
}

/// The p95 over time as a line of bars, on a logarithmic scale; a gap where nothing was timed.
fn course(series: &Series, operation: Operation, width: usize) -> String {
    let value =
        |bin: &piaotan_analysis::summary::Bin| bin.operations.get(&operation)?.response.map(|q| q.p95);
    let step = series.bins.len().div_ceil(width).max(1);
    let greatest = |bins: &[piaotan_analysis::summary::Bin]| {
        bins.iter().filter_map(value).filter(|v| v.is_finite()).max_by(f64::total_cmp)
    };
    let values: Vec<Option<f64>> = series.bins.chunks(step).map(greatest).collect();
    sparkline(&values)
}

/// One bar a value, on a logarithmic scale; a space where there is none.
#[must_use]
pub fn sparkline(values: &[Option<f64>]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let logs: Vec<Option<f64>> = values.iter().map(|v| v.filter(|v| *v > 0.0).map(f64::ln)).collect();
    let known = || logs.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    // Noise must not look like a mountain: the scale spans at least a factor of four.
    let span = (high - low).max(4f64.ln());
    let bar = |log: f64| BARS[(((log - low) / span * 7.0).round() as usize).min(7)];
    logs.iter().map(|log| log.map_or(' ', bar)).collect()
}

/// Columns, the first and last to the left, numbers to the right; what does not fit is left out.
pub(crate) fn laid_out(table: &[Vec<String>], columns: usize) -> String {
    let count = table[0].len();
    let width = |at: usize| table.iter().map(|row| shown_width(&row[at])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut used = 2;
    let fits: Vec<usize> = (0..count)
        .filter(|at| {
            let fits = used + widths[*at] + 2 <= columns;
            used += if fits { widths[*at] + 2 } else { 0 };
            fits
        })
        .collect();
    let mut out = String::new();
    for row in table {
        let cells = fits.iter().map(|&at| match at {
            0 => padded(&row[at], widths[at]),
            _ if at + 1 == count => row[at].clone(),
            _ => " ".repeat(widths[at].saturating_sub(shown_width(&row[at]))) + &row[at],
        });
        out += format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end();
        out.push('\n');
    }
    out
}

/// All columns to the left, two spaces apart; nothing is left out. Each line ends in a newline.
#[must_use]
pub fn left_aligned(table: &[Vec<String>]) -> String {
    let count = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| table.iter().filter_map(|row| row.get(at)).map(|cell| shown_width(cell)).max();
    let widths: Vec<usize> = (0..count).map(|at| width(at).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width)).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    table.iter().map(line).collect()
}

fn padded(text: &str, width: usize) -> String {
    text.to_owned() + &" ".repeat(width.saturating_sub(shown_width(text)))
}

fn fitted(text: &str, width: usize) -> String {
    if shown_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if shown_width(&kept) + cell_width(c) + 1 > width {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// Columns that a text takes, escape sequences taking none.
#[must_use]
pub fn shown_width(text: &str) -> usize {
    let mut escaped = false;
    let mut width = 0;
    for c in text.chars() {
        match c {
            '\u{1b}' => escaped = true,
            'm' if escaped => escaped = false,
            _ if escaped => {}
            _ => width += cell_width(c),
        }
    }
    width
}

/// Ideographs and full-width signs take two columns.
const fn cell_width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' => 2,
        '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}' => 2,
        _ => 1,
    }
}

/// Breaks a line where it may be broken; what follows is set in by `indent`.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_inclusive(|c: char| c == ' ' || cell_width(c) == 2) {
        if width > indent && width + shown_width(word.trim_end()) > columns {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out += &" ".repeat(indent);
            width = indent;
        }
        out += word;
        width += shown_width(word);
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ideograph_takes_two_columns_and_a_colour_none() {
        assert_eq!(shown_width("票探ok"), 6);
        assert_eq!(shown_width("\u{1b}[31mred\u{1b}[0m"), 3);
    }

    #[test]
    fn a_sparkline_keeps_gaps_and_flattens_noise() {
        assert_eq!(sparkline(&[Some(0.1), None, Some(0.8)]), "▁ █");
        assert_eq!(sparkline(&[Some(0.10), Some(0.11)]), "▁▁");
        assert_eq!(sparkline(&[Some(f64::NAN), Some(1.0)]), " ▁");
    }

    #[test]
    fn long_lines_break_between_words() {
        assert_eq!(wrapped("one two three", 8, 2), "one two\n  three\n");
        assert_eq!(wrapped("维护维护", 6, 0), "维护维\n护\n");
    }
}
