//! The log-rank test between two right-censored samples, plain and stratified.
//!
//! Mantel 1966 (Cancer Chemother. Rep. 50:163), Peto & Peto 1972 (JRSS A 135:185). It takes every
//! invoice for independent; where batches share a fate it cries wolf (six times too often in
//! simulation), and `permutation` must be used instead.

use super::delay::Timed;
use statrs::function::erf::erfc;

/// Observed against expected in the second sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRank {
    /// Events seen in the second sample, and those expected were both alike.
    pub observed: f64,
    pub expected: f64,
    /// Hypergeometric variance of their difference.
    pub variance: f64,
    /// Positive where the second sample is *later*. Zero where nothing can be compared.
    pub z: f64,
    pub chi2: f64,
    /// Two-sided.
    pub p: f64,
}

/// Compares `second` with `first`.
pub fn log_rank(first: &[Timed], second: &[Timed]) -> LogRank {
    log_rank_stratified(&[(first, second)])
}

/// The same with the comparison made inside each stratum only and summed over them.
pub fn log_rank_stratified(strata: &[(&[Timed], &[Timed])]) -> LogRank {
    let (mut observed, mut expected, mut variance) = (0.0, 0.0, 0.0);
    for (first, second) in strata {
        let [o, e, v] = one_stratum(first, second);
        observed += o;
        expected += e;
        variance += v;
    }
    let z = if variance > 0.0 { (expected - observed) / variance.sqrt() } else { 0.0 };
    LogRank { observed, expected, variance, z, chi2: z * z, p: erfc(z.abs() / std::f64::consts::SQRT_2) }
}

fn one_stratum(first: &[Timed], second: &[Timed]) -> [f64; 3] {
    let arms = first.iter().map(|s| (*s, 0.0)).chain(second.iter().map(|s| (*s, 1.0)));
    let mut pooled: Vec<(Timed, f64)> = arms.collect();
    pooled.sort_unstable_by(|a, b| a.0.seconds.total_cmp(&b.0.seconds));
    let (mut at_risk, mut second_at_risk) = (pooled.len() as f64, second.len() as f64);
    let [mut observed, mut expected, mut variance] = [0.0; 3];
    for tied in pooled.chunk_by(|a, b| a.0.seconds == b.0.seconds) {
        let events = tied.iter().filter(|s| s.0.seen).count() as f64;
        let share = second_at_risk / at_risk;
        observed += tied.iter().filter(|s| s.0.seen).map(|s| s.1).sum::<f64>();
        expected += events * share;
        if at_risk > 1.0 {
            variance += events * share * (1.0 - share) * (at_risk - events) / (at_risk - 1.0);
        }
        at_risk -= tied.len() as f64;
        second_at_risk -= tied.iter().map(|s| s.1).sum::<f64>();
    }
    [observed, expected, variance]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(times: &[f64]) -> Vec<Timed> {
        times.iter().map(|&seconds| Timed { seconds, seen: true }).collect()
    }

    #[test]
    fn later_is_positive_and_equal_is_zero() {
        let (early, late) = (seen(&[1.0, 2.0, 3.0, 4.0, 5.0]), seen(&[11.0, 12.0, 13.0, 14.0]));
        assert!(log_rank(&early, &late).z > 2.0);
        assert!(log_rank(&late, &early).z < -2.0);
        assert_eq!(log_rank(&early, &early).z, 0.0);
    }

    #[test]
    fn nothing_to_compare_is_no_evidence() {
        let none = log_rank(&seen(&[1.0]), &[]);
        assert_eq!((none.z, none.p), (0.0, 1.0));
    }

    #[test]
    fn strata_are_compared_with_their_own() {
        let (fast, slow) = (seen(&[1.0, 2.0, 3.0]), seen(&[100.0, 200.0, 300.0]));
        let both = log_rank_stratified(&[(&fast, &fast), (&slow, &slow)]);
        assert_eq!(both.z, 0.0);
    }
}
