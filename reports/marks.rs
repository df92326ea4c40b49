//! Findings as numbered marks: the same numbers in the list and on the time axis.

use crate::charts::timeline::Mark;
use chrono::{DateTime, FixedOffset};
use piaotan_analysis::summary::{Finding, FindingKind, Series, Summary};

/// At most this many marks fit under a chart.
const MOST: usize = 20;

/// The findings that have a moment, in order of time, numbered as the findings are listed.
#[must_use]
pub fn marks(summary: &Summary, series: &Series) -> Vec<Mark> {
    of(&summary.findings, series)
}

/// The same of findings alone.
pub(crate) fn of(findings: &[Finding], series: &Series) -> Vec<Mark> {
    let mark = |(i, finding): (usize, &Finding)| {
        let t = series.moment(moment(finding)?);
        Some(Mark { number: i + 1, t, severity: finding.severity, text: finding.text.clone() })
    };
    let mut all: Vec<Mark> = findings.iter().enumerate().filter_map(mark).take(MOST).collect();
    all.sort_by(|a, b| a.t.total_cmp(&b.t));
    all
}

/// When a finding begins, as its evidence says.
fn moment(finding: &Finding) -> Option<DateTime<FixedOffset>> {
    // An overrun begins where the window should have ended.
    let overran = finding.kind == FindingKind::WindowOverrun;
    let first = if overran { "end" } else { "at" };
    let named = [first, "at", "start", "from", "since", "observed_start", "overrun_from", "first", "paused"];
    let value = named.iter().find_map(|name| finding.evidence.get(*name)?.as_str());
    DateTime::parse_from_rfc3339(value?).ok()
}
