//! When the platform is warm: MSER-5 (White 1997, Simulation 69) on latency.

use super::trial::{Purpose, Trial};

/// Length of further warm-up trials, and the most of all of them, in parts of the first.
const FURTHER: f64 = 0.5;
const MOST: f64 = 3.0;
/// Seconds of one batch: MSER wants batches that average the noise of single requests.
const BATCH: usize = 2;

/// Seconds of warm-up still to be run, `None` when latency is flat or enough was spent. `first` is how
/// long the first warm-up trial lasts.
pub(super) fn needed(trials: &[Trial], first: f64) -> Option<f64> {
    let warm: Vec<&Trial> = trials.iter().take_while(|t| t.purpose == Purpose::WarmUp).collect();
    if warm.is_empty() {
        return Some(first);
    }
    let left_warm_up = warm.len() < trials.len();
    let spent: f64 = warm.iter().map(|t| t.seconds).sum();
    let latencies: Vec<f64> =
        warm.iter().flat_map(|t| &t.each_second).map(|s| s.mean).filter(|m| m.is_finite()).collect();
    let flat = settled_after(&latencies).is_some_and(|cut| 2 * cut < latencies.len());
    (!left_warm_up && !flat && spent < MOST * first).then_some(FURTHER * first)
}

/// Values to drop from the start so that the mean of the rest is known best. `None` for too few.
fn settled_after(values: &[f64]) -> Option<usize> {
    let batches: Vec<f64> =
        values.chunks_exact(BATCH).map(|c| c.iter().sum::<f64>() / BATCH as f64).collect();
    if batches.len() < 5 {
        return None;
    }
    let score = |cut: usize| {
        let rest = &batches[cut..];
        let n = rest.len() as f64;
        let mean = rest.iter().sum::<f64>() / n;
        rest.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (n * n)
    };
    let cuts = 0..=batches.len() * 3 / 4;
    cuts.min_by(|&a, &b| score(a).total_cmp(&score(b))).map(|cut| cut * BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(latency: fn(f64) -> f64, want: bool) {
        let values: Vec<f64> = (0..20).map(|s| latency(f64::from(s))).collect();
        let flat = settled_after(&values).is_some_and(|cut| 2 * cut < values.len());
        assert_eq!(flat, want, "{:?}", settled_after(&values));
    }

    #[test]
    fn a_short_start_is_settled_and_a_long_one_is_not() {
        check(|s| 1.0 + (-s).exp() + 0.01 * (s * 7.0).sin(), true);
        check(|s| 3.0 - 0.1 * s, false);
    }
}
