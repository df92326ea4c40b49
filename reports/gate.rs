//! The verdict of a gate for people: on a terminal, as Markdown, as a page, as JUnit.
//!
//! It tells and does not judge: rows, bounds and reasons come from `analysis::gate`.

mod annotations;
mod page;
mod rows;

pub use annotations::annotations;
pub use page::html;

use crate::Error;
use crate::charts::{Style, forest};
use crate::text::{Terminal, laid_out, wrapped};
use crate::units::{self, clean};
use crate::words::{self, Lang, surface};
use piaotan_analysis::gate::{Judgement, Mode, Reason, Verdict};
use piaotan_analysis::summary::Verdict as Word;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use rows::{Line, lines};
use std::fmt::Write as _;

/// A verdict and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct GateReport<'a> {
    pub verdict: &'a Verdict,
    pub scenario: &'a str,
    /// URL, file, or the number of folders of each side.
    pub baseline: &'a str,
    pub candidate: &'a str,
    /// Ended by a signal: what is told is what there was by then.
    pub interrupted: bool,
    /// What happened on the way: windows waited for, a side that died.
    pub notes: &'a [String],
    pub lang: Lang,
}

impl GateReport<'_> {
    fn word(&self) -> Word {
        if self.interrupted { Word::Interrupted } else { word(self.verdict.verdict) }
    }
}

const fn word(judged: Judgement) -> Word {
    match judged {
        Judgement::Pass => Word::Pass,
        Judgement::Fail => Word::Fail,
        Judgement::Inconclusive => Word::Inconclusive,
    }
}

/// How many failing rows the sentence names.
const NAMED: usize = 3;

/// One sentence: what is worse and by how much, or why nothing can be said.
#[must_use]
pub fn sentence(report: &GateReport<'_>) -> String {
    let (verdict, lang) = (report.verdict, report.lang);
    let of = |zh: &str, en: &str| lang.of(zh, en).to_owned();
    if report.interrupted {
        return of("被中断；以下是中断之前的比较。", "Interrupted; this is how far the comparison had come.");
    }
    match (verdict.verdict, verdict.reason) {
        (Judgement::Pass, _) => format!(
            "{} {}",
            of("候选版本没有变差。", "The candidate is no worse."),
            judged_on(verdict.mode, verdict.pairs, lang)
        ),
        (Judgement::Fail, Some(Reason::CandidateFailed)) => {
            of("候选版本不再应答。", "The candidate stopped answering.")
        }
        (Judgement::Fail, _) => {
            let worse: Vec<String> = lines(verdict, lang)
                .into_iter()
                .filter(|line| line.verdict == Judgement::Fail)
                .map(|line| format!("{} {}", line.name, line.change))
                .collect();
            let more = worse.len().saturating_sub(NAMED);
            let named = units::list(lang, &worse[..worse.len() - more]);
            let rest = match more {
                0 => String::new(),
                n => lang.of("，另有 {0} 项", ", and {0} more").replace("{0}", &n.to_string()),
            };
            format!("{} {named}{rest}", of("候选版本变差：", "The candidate is worse:"))
        }
        (Judgement::Inconclusive, reason) => {
            format!("{} {}", of("无法下结论：", "No conclusion:"), because(reason, lang))
        }
    }
}

fn judged_on(mode: Mode, pairs: usize, lang: Lang) -> String {
    let text = match mode {
        Mode::Stored => lang.of("（每侧至少 {0} 次运行）", "({0} runs a side)"),
        Mode::Interleaved => lang.of("（{0} 对交替的时间段）", "({0} interleaved pairs of blocks)"),
        Mode::Duet => lang.of("（{0} 对同时的时间段）", "({0} simultaneous pairs of blocks)"),
    };
    text.replace("{0}", &pairs.to_string())
}

/// A reason in the reader's words.
#[must_use]
pub fn because(reason: Option<Reason>, lang: Lang) -> &'static str {
    match reason {
        None => lang.of("—", "–"),
        Some(Reason::Regression) => lang.of("变差", "worse"),
        Some(Reason::TooFewPairs) => lang.of(
            "样本太少，差异可能超过容许值，也可能没有",
            "too few pairs: the change may be above the tolerance or not",
        ),
        Some(Reason::TooFewRequests) => {
            lang.of("每段请求太少，此分位数不可判", "too few requests a block for this quantile")
        }
        Some(Reason::OneSideOnly) => lang.of("只在一侧出现", "seen on one side only"),
        Some(Reason::Maintenance) => lang.of("维护窗口使太多时间段作废", "maintenance took too many blocks"),
        Some(Reason::Generator) => {
            lang.of("压测机跟不上，测到的是它自己", "the generator fell behind and measured itself")
        }
        Some(Reason::BaselineFailed) => lang.of("基准不再应答，无从比较", "the baseline stopped answering"),
        Some(Reason::CandidateFailed) => lang.of("候选版本不再应答", "the candidate stopped answering"),
    }
}

/// The rows as the chart takes them.
#[must_use]
pub fn forest_rows(report: &GateReport<'_>) -> Vec<forest::Row> {
    let metrics = report.verdict.metrics.iter().map(|row| forest::Row {
        name: rows::name(row, report.lang),
        change: row.change,
        lower: row.lower,
        upper: row.upper,
        tolerance: row.tolerance,
        verdict: word(row.verdict),
    });
    let sync = report.verdict.sync.iter().map(|row| forest::Row {
        name: rows::sync_name(&row.surface, report.lang),
        change: row.ratio.map(|ratio| ratio - 1.0),
        lower: row.lower.map(|ratio| ratio - 1.0),
        upper: row.upper.map(|ratio| ratio - 1.0),
        tolerance: row.tolerance,
        verdict: word(row.verdict),
    });
    metrics.chain(sync).collect()
}

/// The forest plot of the verdict.
#[must_use]
pub fn chart(report: &GateReport<'_>, style: &Style) -> String {
    forest::draw(&forest::Input { rows: &forest_rows(report) }, style)
}

/// For a terminal: the verdict, then one line a judged thing, the gravest first.
#[must_use]
pub fn terminal(report: &GateReport<'_>, on: Terminal) -> String {
    let (lang, word) = (report.lang, report.word());
    let columns = on.columns.clamp(40, 160);
    let head = on.verdict(word, words::verdict(lang, word));
    let mut out = wrapped(&format!("{head}  {}", sentence(report)), columns, 0);
    for note in report.notes {
        out += &wrapped(&format!("  · {}", clean(note, 400)), columns, 4);
    }
    let mut table = vec![rows::heads(lang).map(str::to_owned).to_vec()];
    table.extend(sorted(report).into_iter().map(|line| line.cells(lang).to_vec()));
    out += &laid_out(&table, columns);
    out += &wrapped(&format!("  {}", footnote(report)), columns, 2);
    out
}

/// What the gate could have seen, and how much was left out.
#[must_use]
pub fn footnote(report: &GateReport<'_>) -> String {
    let (verdict, lang) = (report.verdict, report.lang);
    let mut parts = vec![
        judged_on(verdict.mode, verdict.pairs, lang).trim_matches(['(', ')', '（', '）']).to_owned(),
        lang.of("“可测出”：以 80% 的概率会被发现的变化", "detectable: a change found with probability 0.8")
            .to_owned(),
    ];
    let dropped = verdict.maintenance.blocks_dropped;
    if dropped > 0 {
        parts.push(
            lang.of("因维护弃去 {0} 段", "{0} blocks dropped for maintenance")
                .replace("{0}", &dropped.to_string()),
        );
    }
    if verdict.generator.blocks_void > 0 {
        let void = verdict.generator.blocks_void.to_string();
        parts.push(lang.of("因压测机弃去 {0} 段", "{0} blocks void for the generator").replace("{0}", &void));
    }
    parts.join(lang.of("；", "; "))
}

/// As Markdown: for a comment at a merge request, a job summary. `picture` is the chart's file.
#[must_use]
pub fn markdown(report: &GateReport<'_>, picture: Option<&str>) -> String {
    let (lang, word) = (report.lang, report.word());
    let mark = match word {
        Word::Pass => "✅",
        Word::Fail => "❌",
        _ => "❔",
    };
    let mut out = format!("### {mark} piaotan gate · {}\n\n", words::verdict(lang, word));
    let _ = write!(out, "**{}**\n\n", escaped(&sentence(report)));
    let (from, to) = (escaped(&clean(report.baseline, 120)), escaped(&clean(report.candidate, 120)));
    let _ = write!(out, "{} · {from} → {to}\n\n", escaped(&clean(report.scenario, 80)));
    for note in report.notes {
        let _ = writeln!(out, "- {}", escaped(&clean(note, 400)));
    }
    if let Some(picture) = picture {
        let _ = write!(out, "\n![{}]({picture})\n", lang.of("变化与容许值", "changes and tolerances"));
    }
    let heads = rows::heads(lang);
    let _ = write!(out, "\n| {} |\n|---|---|---:|---:|---:|---:|---|\n", heads.join(" | "));
    for line in sorted(report) {
        let cells: Vec<String> = line.cells(lang).iter().map(|cell| escaped(cell)).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    let _ = write!(out, "\n<sub>{}</sub>\n", escaped(&footnote(report)));
    out
}

fn sorted(report: &GateReport<'_>) -> Vec<Line> {
    let mut all = lines(report.verdict, report.lang);
    let grave = |line: &Line| match line.verdict {
        Judgement::Fail => 0,
        // What blocks of this size cannot show takes part in no verdict.
        Judgement::Inconclusive if line.is_too_fine() => 3,
        Judgement::Inconclusive => 1,
        Judgement::Pass => 2,
    };
    all.sort_by_key(grave);
    all
}

/// One test case a judged thing, and one for the whole; what could not be judged is skipped.
///
/// # Errors
/// When it cannot be written as XML.
pub fn junit(report: &GateReport<'_>) -> Result<String, Error> {
    let mut document = Document::new("piaotan");
    let mut suite = TestSuite::new(format!("gate {}", clean(report.scenario, 120)));
    suite.add_test_case(case("gate", report.word(), &sentence(report)));
    for line in lines(report.verdict, report.lang) {
        suite.add_test_case(case(&line.key, word(line.verdict), &line.said(report.lang)));
    }
    document.add_test_suite(suite);
    crate::junit::written(&document)
}

fn case(name: &str, verdict: Word, text: &str) -> TestCase {
    let mut status = match verdict {
        Word::Pass => TestCaseStatus::success(),
        Word::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::skipped(),
    };
    if verdict != Word::Pass {
        status.set_message(text);
    }
    let mut case = TestCase::new(name, status);
    case.set_classname("piaotan.gate");
    case
}

/// Figures as GitLab's metrics report takes them (OpenMetrics text): one line a judged thing.
#[must_use]
pub fn metrics(verdict: &Verdict) -> String {
    let mut out = String::from(
        "# HELP piaotan_gate_change Candidate over baseline, minus 1.\n# TYPE piaotan_gate_change gauge\n",
    );
    for row in &verdict.metrics {
        if let Some(change) = row.change {
            let metric = row.metric;
            let _ = writeln!(
                out,
                "piaotan_gate_change{{operation=\"{}\",metric=\"{metric}\"}} {change:.4}",
                label(&row.operation)
            );
        }
    }
    for row in &verdict.sync {
        if let Some(ratio) = row.ratio {
            let surface = label(&row.surface);
            let _ = writeln!(
                out,
                "piaotan_gate_change{{operation=\"sync\",metric=\"{surface}\"}} {:.4}",
                ratio - 1.0
            );
        }
    }
    out + "# EOF\n"
}

fn label(text: &str) -> String {
    clean(text, 80).replace('\\', "\\\\").replace('"', "\\\"")
}

/// Foreign text can neither end a cell nor become markup.
fn escaped(text: &str) -> String {
    crate::markdown::escaped(text)
}

/// A surface as people call it.
fn surface_name(name: &str, lang: Lang) -> String {
    name.parse().map_or_else(|_| clean(name, 60), |known| surface(lang, known).to_owned())
}
