//! A candidate against stored runs of a baseline, where there is no second deployment to run.
//!
//! The run is the unit: Welch's t on run-level log quantiles. Between runs lies everything that
//! changes from hour to hour, so five runs of either side on different hours are the least.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Settings;
use super::block::{Metric, Sample};
use super::errors::binomial_error;
use super::judge::{Bench, Subject};
use super::paired::{RESOLUTION, geometric_mean};
use super::spending::Spending;
use super::verdict::{Mode, Reason, Verdict};
use crate::quantile::LogSample;
use crate::stats::{Estimate, median};
use crate::summary::SplitCells;
use piaotan_record::{Class, Operation};

/// Fewest runs of either side.
pub const LEAST_RUNS: usize = 5;

/// One whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub operations: BTreeMap<String, Sample>,
    /// So much of it met a window that what is left is no run.
    pub spoilt_by_window: bool,
}

impl Run {
    /// From what a run saw outside windows, warm-up excluded; journeys and the looks of the tracker
    /// are left out, and so is what the scenario itself does not send (`judged`).
    pub fn of_cells(cells: &SplitCells, judged: &[Operation], spoilt_by_window: bool) -> Self {
        let judged = |op: &Operation| op.is_of_users() && judged.contains(op);
        let each = Operation::ALL.iter().zip(cells).filter(|(op, _)| judged(op));
        let samples = each.filter_map(|(op, cell)| {
            let cell = cell.as_ref().filter(|cell| cell.count() > 0)?;
            let errors = cell.of(Class::Failed) + cell.of(Class::TimedOut);
            let latencies = LogSample::from_histogram(&cell.response);
            Some((op.as_str().to_owned(), Sample::new(&latencies, cell.count(), errors)))
        });
        Self { operations: samples.collect(), spoilt_by_window }
    }
}

/// Judges candidate runs against baseline runs, in one look.
pub fn stored(baseline: &[Run], candidate: &[Run], settings: &Settings) -> Verdict {
    let usable =
        |runs: &[Run]| -> Vec<Run> { runs.iter().filter(|r| !r.spoilt_by_window).cloned().collect() };
    let (before, after) = (usable(baseline), usable(candidate));
    let runs = before.len().min(after.len());
    let dropped = baseline.len() + candidate.len() - before.len() - after.len();
    let enough = runs >= LEAST_RUNS;
    let mut subjects = subjects(settings, &before, &after);
    let spending = Spending::new(vec![runs.max(2)]);
    let bench = Bench { settings, spending: &spending };
    if enough {
        bench.judge(&mut subjects, 0);
    }
    let mut verdict = Verdict::of_rows(Mode::Stored, runs, bench.rows(subjects, 0));
    verdict.looks = spending.looks().to_vec();
    verdict.maintenance.blocks_dropped = dropped;
    match enough {
        true => verdict,
        false if dropped > 0 => verdict.because(Reason::Maintenance),
        false => verdict.because(Reason::TooFewPairs),
    }
}

fn subjects(settings: &Settings, before: &[Run], after: &[Run]) -> Vec<Subject> {
    let names = |runs: &[Run]| -> BTreeSet<String> {
        runs.iter().flat_map(|r| r.operations.keys().cloned()).collect()
    };
    let (left, right) = (names(before), names(after));
    let mut subjects = Vec::new();
    for operation in left.union(&right) {
        let both = left.contains(operation) && right.contains(operation);
        for &(metric, _) in &settings.tolerances {
            let unusable = match both {
                true => scarce(metric, before.iter().chain(after), operation),
                false => Some(Reason::OneSideOnly),
            };
            let mut subject = Subject::new(operation, metric, settings, unusable);
            subject.baseline = geometric_mean(of(before, operation).iter().filter_map(|s| s.log(metric)));
            subject.estimate = estimate(metric, &of(before, operation), &of(after, operation));
            subjects.push(subject);
        }
    }
    subjects
}

/// Whether the usual run holds too few requests for this metric.
fn scarce<'a>(metric: Metric, runs: impl Iterator<Item = &'a Run>, operation: &str) -> Option<Reason> {
    let count = |s: &Sample| if metric == Metric::ErrorRatio { s.requests } else { s.latencies };
    let counts: Vec<f64> = runs.map(|r| r.operations.get(operation).map_or(0, count) as f64).collect();
    (median(&counts) < metric.least_requests() as f64).then_some(Reason::TooFewRequests)
}

fn of<'a>(runs: &'a [Run], operation: &str) -> Vec<&'a Sample> {
    runs.iter().filter_map(|r| r.operations.get(operation)).collect()
}

fn estimate(metric: Metric, before: &[&Sample], after: &[&Sample]) -> Option<Estimate> {
    let level = |s: &&Sample| {
        if metric == Metric::ErrorRatio { Some(s.error_ratio()) } else { s.log(metric) }
    };
    let levels = |side: &[&Sample]| -> Vec<f64> { side.iter().filter_map(level).collect() };
    let estimate = Estimate::difference(&levels(before), &levels(after))?;
    let least = if metric == Metric::ErrorRatio {
        let count = |side: &[&Sample], pick: fn(&Sample) -> u64| side.iter().map(|s| pick(s)).sum();
        let sent = (count(before, |s| s.requests), count(after, |s| s.requests));
        let failed = (count(before, |s| s.errors), count(after, |s| s.errors));
        if sent.0 == 0 || sent.1 == 0 {
            return None;
        }
        binomial_error(sent, failed)
    } else {
        RESOLUTION / (estimate.n as f64).sqrt()
    };
    Some(estimate.at_least(least))
}
