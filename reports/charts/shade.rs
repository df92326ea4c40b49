//! Maintenance windows as every chart shades them.

use piaotan_analysis::summary::{Series, WindowSummary};

/// A stretch to shade, in seconds since the run's start.
#[derive(Debug, Clone, PartialEq)]
pub struct Shade {
    pub t0: f64,
    pub t1: f64,
    /// From here on the maintenance was past its announced end.
    pub overrun_from: Option<f64>,
}

/// The shaded stretches of a run, in order of time, those that touch made one.
///
/// What was observed counts; where nothing was, what was announced. A cancelled window, and one
/// that was announced and never came, is not shaded: nothing happened in it.
#[must_use]
pub fn shades(windows: &[WindowSummary], series: &Series) -> Vec<Shade> {
    let end = series.seconds();
    let mut all: Vec<Shade> = windows.iter().filter_map(|window| shade(window, series, end)).collect();
    all.sort_by(|a, b| a.t0.total_cmp(&b.t0));
    all.into_iter().fold(Vec::new(), joined)
}

fn shade(window: &WindowSummary, series: &Series, end: f64) -> Option<Shade> {
    if window.status == "cancelled"
        || window.finding.as_deref().is_some_and(|f| f.ends_with("announced_not_observed"))
    {
        return None;
    }
    let start = series.moment(window.observed_start.unwrap_or(window.start));
    let announced_end = window.end.map(|at| series.moment(at));
    let stop = window.observed_end.map(|at| series.moment(at)).or(announced_end).unwrap_or(end);
    let overrun = window.finding.as_deref().is_some_and(|f| f.ends_with("overrun"));
    let stop = if overrun && window.observed_end.is_none() { end } else { stop };
    let (t0, t1) = (start.max(0.0), stop.min(end));
    let overrun_from = announced_end.filter(|at| overrun && *at < t1).map(|at| at.max(t0));
    (t1 > t0).then_some(Shade { t0, t1, overrun_from })
}

fn joined(mut all: Vec<Shade>, next: Shade) -> Vec<Shade> {
    match all.last_mut() {
        Some(last) if next.t0 <= last.t1 => {
            last.t1 = last.t1.max(next.t1);
            last.overrun_from = match (last.overrun_from, next.overrun_from) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        _ => all.push(next),
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::{DateTime, FixedOffset, TimeDelta};
    use piaotan_analysis::summary::Bin;

    fn start() -> DateTime<FixedOffset> {
        "2026-03-01T10:00:00+08:00".parse().unwrap()
    }

    fn window(from: i64, to: i64, seen: Option<(i64, i64)>, finding: &str) -> WindowSummary {
        let at = |s| start() + TimeDelta::seconds(s);
        WindowSummary {
            id: "w".into(),
            start: at(from),
            end: Some(at(to)),
            services: Vec::new(),
            source: "notice".into(),
            status: "confirmed".into(),
            finding: Some(finding.into()),
            observed_start: seen.map(|s| at(s.0)),
            observed_end: seen.map(|s| at(s.1)),
            text: String::new(),
        }
    }

    fn check(windows: &[WindowSummary], expected: &[(f64, f64, Option<f64>)]) {
        let bins = vec![Bin { t: 99.0, ..Bin::default() }];
        let series = Series { bins, ..Series::empty(start()) };
        let found: Vec<_> = shades(windows, &series).iter().map(|s| (s.t0, s.t1, s.overrun_from)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_was_observed_counts() {
        check(&[window(10, 20, Some((11, 18)), "early_end")], &[(11.0, 18.0, None)]);
        check(&[window(10, 20, Some((10, 40)), "overrun")], &[(10.0, 40.0, Some(20.0))]);
        check(&[window(10, 20, None, "announced_not_observed")], &[]);
    }

    #[test]
    fn touching_windows_are_one_and_ends_are_the_runs() {
        check(&[window(10, 20, None, ""), window(15, 500, None, "")], &[(10.0, 100.0, None)]);
        check(&[window(-50, -10, None, "")], &[]);
    }
}
