//! The error ratio, paired like the latencies but on the linear scale.
//!
//! Errors are rare and come in bursts: the spread between pairs is the honest one, but with no error
//! or one in every pair it is zero, so it never falls below what independent requests would show
//! (binomial, with half an error added to either arm).

use super::pairing::Pair;
use crate::stats::Estimate;

/// Increase of the share of failed requests, candidate minus baseline. `None` for fewer than two
/// pairs or where nothing was sent.
pub(super) fn increase(pairs: &[Pair], operation: &str) -> Option<Estimate> {
    let samples: Vec<_> = pairs
        .iter()
        .filter_map(|p| Some((p.baseline.operations.get(operation)?, p.candidate.operations.get(operation)?)))
        .collect();
    let differences: Vec<f64> = samples.iter().map(|(a, b)| b.error_ratio() - a.error_ratio()).collect();
    let sum = |pick: fn(&super::Sample) -> u64| {
        samples.iter().fold((0, 0), |(a, b), (x, y)| (a + pick(x), b + pick(y)))
    };
    let (sent, failed) = (sum(|s| s.requests), sum(|s| s.errors));
    if sent.0 == 0 || sent.1 == 0 {
        return None;
    }
    Some(Estimate::of(&differences)?.at_least(binomial_error(sent, failed)))
}

/// Standard error of the difference of two shares if every request were independent and both arms
/// alike.
pub(super) fn binomial_error(sent: (u64, u64), failed: (u64, u64)) -> f64 {
    let (a, b) = (sent.0 as f64, sent.1 as f64);
    let share = ((failed.0 + failed.1) as f64 + 1.0) / (a + b + 2.0);
    (share * (1.0 - share) * (1.0 / a + 1.0 / b)).sqrt()
}
