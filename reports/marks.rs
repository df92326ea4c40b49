//! Findings as numbered marks: the same numbers in the list and on the time axis.

use crate::charts::timeline::Mark;
use chrono::{DateTime, FixedOffset};
use piaotan_analysis::summary::{Finding, Series, Summary};

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
    // An overrun of a run begins where its window should have ended; that of a week says so as its start.
    let named = ["overrun_from", "at", "start", "paused"];
    let value = named.iter().find_map(|name| finding.evidence.get(*name)?.as_str());
    DateTime::parse_from_rfc3339(value?).ok()
}

#[cfg(test)]
mod tests {
    use super::moment;
    use piaotan_analysis::summary::{Finding, FindingKind, Severity};

    #[test]
    fn an_overrun_begins_where_its_window_should_have_ended() {
        let check = |evidence: &[(&str, &str)], expected: Option<&str>| {
            let evidence = evidence.iter().map(|(name, at)| ((*name).to_owned(), (*at).into())).collect();
            let (kind, severity) = (FindingKind::WindowOverrun, Severity::Critical);
            let found = moment(&Finding { kind, severity, text: String::new(), evidence });
            assert_eq!(found.map(|at| at.to_rfc3339()).as_deref(), expected);
        };
        let (start, end, restored) =
            ("2026-11-16T02:00:00+08:00", "2026-11-16T04:00:00+08:00", "2026-11-16T05:00:00+08:00");
        check(&[("start", start), ("end", end), ("overrun_from", end)], Some(end));
        check(&[("start", end), ("end", restored)], Some(end));
        check(&[("paused", start)], Some(start));
        check(&[("end", end)], None);
    }
}
