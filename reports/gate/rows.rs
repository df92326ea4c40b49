//! Judged things as lines of cells.

use super::{because, surface_name};
use crate::html::operation_name;
use crate::units::{change, percent, seconds};
use crate::words::{self, Lang};
use piaotan_analysis::gate::{Judgement, Metric, Reason, Row, SyncJudgement, Verdict};

/// One judged thing, ready to be shown.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// For machines, the same in every language: `upload.p95`, `sync.number`.
    pub key: String,
    pub name: String,
    pub change: String,
    interval: String,
    tolerance: String,
    detectable: String,
    pub verdict: Judgement,
    reason: Option<Reason>,
    note: String,
}

/// The heads of the table.
pub(super) fn heads(lang: Lang) -> [&'static str; 7] {
    match lang {
        Lang::Zh => ["", "结论", "变化", "区间", "容许", "可测出", "原因"],
        Lang::En => ["", "verdict", "change", "interval", "tolerated", "detectable", "reason"],
    }
}

impl Line {
    pub fn cells(&self, lang: Lang) -> [String; 7] {
        let verdict = words::verdict(lang, super::word(self.verdict)).to_owned();
        [
            self.name.clone(),
            verdict,
            self.change.clone(),
            self.interval.clone(),
            self.tolerance.clone(),
            self.detectable.clone(),
            self.why(lang),
        ]
    }

    /// Too few requests a block for this quantile.
    pub fn is_too_fine(&self) -> bool {
        self.reason == Some(Reason::TooFewRequests)
    }

    fn why(&self, lang: Lang) -> String {
        match self.verdict {
            Judgement::Inconclusive if self.note.is_empty() => because(self.reason, lang).to_owned(),
            Judgement::Inconclusive => format!("{} {}", because(self.reason, lang), self.note),
            _ => self.note.clone(),
        }
    }

    /// One sentence for a machine's report.
    pub fn said(&self, lang: Lang) -> String {
        let why = self.why(lang);
        let tolerated = lang.of("容许", "tolerated");
        format!("{} {} [{}] {tolerated} {} {why}", self.name, self.change, self.interval, self.tolerance)
            .trim_end()
            .to_owned()
    }
}

/// Everything that was judged, metrics first.
pub(super) fn lines(verdict: &Verdict, lang: Lang) -> Vec<Line> {
    let metrics = verdict.metrics.iter().map(|row| of_metric(row, lang));
    metrics.chain(verdict.sync.iter().map(|row| of_sync(row, lang))).collect()
}

pub(super) fn name(row: &Row, lang: Lang) -> String {
    format!("{} {}", operation_name(lang, &row.operation), metric(row.metric, lang))
}

pub(super) fn sync_name(surface: &str, lang: Lang) -> String {
    format!("{} {}", lang.of("同步延迟", "sync delay"), surface_name(surface, lang))
}

const fn metric(of: Metric, lang: Lang) -> &'static str {
    match of {
        Metric::Typical => lang.of("典型", "typical"),
        Metric::P50 => "p50",
        Metric::P95 => "p95",
        Metric::P99 => "p99",
        Metric::ErrorRatio => lang.of("失败率", "errors"),
    }
}

fn of_metric(row: &Row, lang: Lang) -> Line {
    let write = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), change);
    Line {
        key: format!("{}.{}", row.operation, row.metric),
        name: name(row, lang),
        change: write(row.change),
        interval: interval(row.lower, row.upper),
        tolerance: row.slack.map_or_else(|| percent(row.tolerance), |slack| format!("+{}", seconds(slack))),
        detectable: row.detectable.map_or_else(|| "–".to_owned(), percent),
        verdict: row.verdict,
        reason: row.reason,
        note: row.pairs_needed.map_or_else(String::new, |pairs| needed(pairs, row.sampling_share, lang)),
    }
}

/// Nobody runs more pairs than this.
const MOST_PAIRS: u64 = 96;

/// What would have shown it. Beyond a number of pairs that anybody runs, what makes each pair sharper: more
/// requests where their number explains most of the spread, longer blocks where it does not.
fn needed(pairs: u64, sampling_share: Option<f64>, lang: Lang) -> String {
    if pairs <= MOST_PAIRS {
        return lang.of("（需约 {0} 对）", "(about {0} pairs needed)").replace("{0}", &pairs.to_string());
    }
    let scarce = sampling_share.is_some_and(|share| share > 0.5);
    let text = match scarce {
        true => lang.of("（需超过 {0} 对：请加大负载）", "(more than {0} pairs: press harder)"),
        false => lang.of("（需超过 {0} 对：请加长时间段）", "(more than {0} pairs: take longer blocks)"),
    };
    text.replace("{0}", &MOST_PAIRS.to_string())
}

fn of_sync(row: &SyncJudgement, lang: Lang) -> Line {
    let less = |ratio: Option<f64>| ratio.map(|ratio| ratio - 1.0);
    let times = |ratio: Option<f64>| less(ratio).map_or_else(|| "–".to_owned(), change);
    Line {
        key: format!("sync.{}", row.surface),
        name: sync_name(&row.surface, lang),
        change: times(row.ratio),
        interval: interval(less(row.lower), less(row.upper)),
        tolerance: percent(row.tolerance),
        detectable: less(row.detectable).map_or_else(|| "–".to_owned(), percent),
        verdict: row.verdict,
        reason: match row.verdict {
            Judgement::Pass => None,
            Judgement::Fail => Some(Reason::Regression),
            Judgement::Inconclusive => Some(Reason::TooFewPairs),
        },
        note: String::new(),
    }
}

fn interval(lower: Option<f64>, upper: Option<f64>) -> String {
    match (lower, upper) {
        (None, None) => "–".to_owned(),
        (lower, upper) => {
            let write = |end: Option<f64>| end.map_or_else(|| "–".to_owned(), change);
            format!("{} … {}", write(lower), write(upper))
        }
    }
}
