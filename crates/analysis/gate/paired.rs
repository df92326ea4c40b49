//! Rows of an interleaved or duet gate: differences within pairs.

use std::collections::BTreeSet;

use super::Settings;
use super::block::{Block, Metric, Sample};
use super::errors;
use super::judge::{Bench, Subject};
use super::pairing::Pair;
use super::spending::Spending;
use super::verdict::{Reason, Row};
use crate::stats::{Estimate, mean, median, sd};

/// Histograms tell values apart by about a thousandth; no smaller spread is believed.
pub(super) const RESOLUTION: f64 = 0.001;

/// Everything judged at the last look that the pairs reach.
pub(super) fn rows(settings: &Settings, pairs: &[Pair], spending: &Spending) -> Vec<Row> {
    let mut subjects = subjects(settings, pairs);
    let bench = Bench { settings, spending };
    let reached: Vec<usize> = spending.looks().iter().copied().filter(|&l| l <= pairs.len()).collect();
    for (index, &look) in reached.iter().enumerate() {
        subjects.iter_mut().for_each(|s| estimate(s, &pairs[..look]));
        compare_with_others(&mut subjects, &pairs[..look]);
        bench.judge(&mut subjects, index);
    }
    bench.rows(subjects, reached.len().saturating_sub(1))
}

fn subjects(settings: &Settings, pairs: &[Pair]) -> Vec<Subject> {
    let sides =
        |pick: fn(&Pair) -> Vec<String>| -> BTreeSet<String> { pairs.iter().flat_map(pick).collect() };
    let baseline = sides(|p| p.baseline.operations.keys().cloned().collect());
    let candidate = sides(|p| p.candidate.operations.keys().cloned().collect());
    let mut subjects = Vec::new();
    for operation in baseline.union(&candidate) {
        let both = baseline.contains(operation) && candidate.contains(operation);
        for &(metric, _) in &settings.tolerances {
            let blocks = pairs.iter().flat_map(|p| [p.baseline, p.candidate]);
            let unusable = if both { scarce(metric, blocks, operation) } else { Some(Reason::OneSideOnly) };
            subjects.push(Subject::new(operation, metric, settings, unusable));
        }
    }
    subjects
}

/// Whether the usual block holds too few requests for this metric.
fn scarce<'a>(metric: Metric, blocks: impl Iterator<Item = &'a Block>, operation: &str) -> Option<Reason> {
    let counts: Vec<f64> = blocks
        .map(|b| b.operations.get(operation))
        .map(|s| s.map_or(0, |s| if metric == Metric::ErrorRatio { s.requests } else { s.latencies }))
        .map(|count| count as f64)
        .collect();
    (median(&counts) < metric.least_requests() as f64).then_some(Reason::TooFewRequests)
}

fn estimate(subject: &mut Subject, pairs: &[Pair]) {
    if subject.metric == Metric::ErrorRatio {
        subject.estimate = errors::increase(pairs, &subject.operation);
        return;
    }
    let both: Vec<(&Sample, &Sample)> = pairs
        .iter()
        .filter_map(|p| {
            let baseline = p.baseline.operations.get(&subject.operation)?;
            Some((baseline, p.candidate.operations.get(&subject.operation)?))
        })
        .collect();
    let metric = subject.metric;
    let differences: Vec<f64> =
        pairs.iter().filter_map(|p| difference(p, &subject.operation, metric)).collect();
    subject.estimate = Estimate::of(&differences).map(floored);
    subject.baseline = geometric_mean(both.iter().filter_map(|(baseline, _)| baseline.log(metric)));
    let sampling: Vec<f64> = both
        .iter()
        .map(|(a, b)| a.sampling_error(metric).powi(2) + b.sampling_error(metric).powi(2))
        .collect();
    let share = mean(&sampling) / sd(&differences).max(RESOLUTION).powi(2);
    subject.sampling_share = share.is_finite().then(|| share.min(1.0));
}

/// Fewest other operations whose median stands for what all of them share.
const LEAST_OTHERS: usize = 3;

/// Takes off each latency what the median of the other operations did in the same pair.
///
/// A change of the others would be mistaken for one of this operation with the opposite sign, so
/// nothing is compared when they became faster by more than their own standard error.
fn compare_with_others(subjects: &mut [Subject], pairs: &[Pair]) {
    for at in 0..subjects.len() {
        let metric = subjects[at].metric;
        let others: Vec<&str> = subjects
            .iter()
            .filter(|s| s.metric == metric && metric != Metric::ErrorRatio && s.unusable.is_none())
            .filter(|s| s.operation != subjects[at].operation)
            .map(|s| s.operation.as_str())
            .collect();
        let has_others = others.len() >= LEAST_OTHERS && subjects[at].unusable.is_none();
        let relative = has_others.then(|| beyond(pairs, &subjects[at].operation, &others, metric));
        subjects[at].has_others = has_others;
        subjects[at].relative = relative.flatten();
    }
}

fn beyond(pairs: &[Pair], operation: &str, others: &[&str], metric: Metric) -> Option<Estimate> {
    let (mut own, mut shared) = (Vec::new(), Vec::new());
    for pair in pairs {
        let rest: Vec<f64> = others.iter().filter_map(|o| difference(pair, o, metric)).collect();
        let Some(here) = difference(pair, operation, metric) else { continue };
        if rest.len() >= LEAST_OTHERS {
            shared.push(median(&rest));
            own.push(here - median(&rest));
        }
    }
    let steady = Estimate::of(&shared).is_some_and(|e| e.mean >= -e.error);
    Estimate::of(&own).filter(|_| steady).map(floored)
}

/// Log ratio candidate / baseline of one pair.
fn difference(pair: &Pair, operation: &str, metric: Metric) -> Option<f64> {
    let baseline = pair.baseline.operations.get(operation)?.log(metric)?;
    Some(pair.candidate.operations.get(operation)?.log(metric)? - baseline)
}

/// Of levels given as logarithms.
pub(super) fn geometric_mean(logs: impl Iterator<Item = f64>) -> Option<f64> {
    let logs: Vec<f64> = logs.collect();
    (!logs.is_empty()).then(|| mean(&logs).exp()).filter(|level| level.is_finite() && *level > 0.0)
}

fn floored(estimate: Estimate) -> Estimate {
    estimate.at_least(RESOLUTION / (estimate.n as f64).sqrt())
}
