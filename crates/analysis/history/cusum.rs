//! The rank CUSUM of an interval and the critical value it is held against.

use crate::stats::{average_ranks, normal_quantile};

/// A trend looks like a correlation of one; no threshold could be met then.
const MOST_CORRELATION: f64 = 0.9;

/// Largest standardised rank CUSUM over all splits that leave `least` points on either side, and the
/// first point after that split. Zero where all values are equal or no split is allowed.
pub(super) fn best_split(values: &[f64], least: usize) -> (f64, usize) {
    let n = values.len();
    if n < 2 * least {
        return (0.0, 0);
    }
    let ranks = average_ranks(values);
    let centre = (n as f64 + 1.0) / 2.0;
    let variance = ranks.iter().map(|r| (r - centre).powi(2)).sum::<f64>() / (n as f64 - 1.0);
    if variance == 0.0 {
        return (0.0, 0);
    }
    let (mut sum, mut best) = (0.0, (0.0, 0));
    for (before, rank) in ranks.iter().enumerate().map(|(i, r)| (i + 1, r)) {
        sum += rank - centre;
        if before < least || n - before < least {
            continue;
        }
        let share = before as f64 * (n - before) as f64 / n as f64;
        let z = sum.abs() / (variance * share).sqrt();
        if z > best.0 {
            best = (z, before);
        }
    }
    best
}

/// Critical value for the largest of all splits of all seeded intervals of a series of `n` points: as
/// many effective tests as points.
pub(super) fn critical(n: usize, alpha: f64) -> f64 {
    -normal_quantile(alpha / (2.0 * n.max(10) as f64))
}

/// The changes with both ends of the series.
pub(super) fn edges(changes: &[usize], n: usize) -> Vec<usize> {
    [0].into_iter().chain(changes.iter().copied()).chain([n]).collect()
}

/// By how much autocorrelation inflates the variance of a sum: (1 + rho) / (1 - rho), with the lag-one
/// correlation of ranks within segments, corrected for the downward bias of short ones.
pub(super) fn inflation(values: &[f64], changes: &[usize]) -> f64 {
    let (mut lagged, mut squares, mut n) = (0.0, 0.0, 0usize);
    let edges: Vec<usize> = [0].into_iter().chain(changes.iter().copied()).chain([values.len()]).collect();
    for window in edges.windows(2).filter(|w| w[1] - w[0] >= 6) {
        let ranks = average_ranks(&values[window[0]..window[1]]);
        let centre = (ranks.len() as f64 + 1.0) / 2.0;
        let apart: Vec<f64> = ranks.iter().map(|r| r - centre).collect();
        lagged += apart.windows(2).map(|p| p[0] * p[1]).sum::<f64>();
        squares += apart.iter().map(|r| r * r).sum::<f64>();
        n += apart.len();
    }
    if squares == 0.0 {
        return 1.0;
    }
    let raw: f64 = lagged / squares;
    let rho = (raw + (1.0 + 3.0 * raw.max(0.0)) / n.max(8) as f64).clamp(0.0, MOST_CORRELATION);
    (1.0 + rho) / (1.0 - rho)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_step_is_split_where_it_is() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i % 5) + if i < 20 { 0.0 } else { 9.0 }).collect();
        let (z, at) = best_split(&values, 3);
        assert_eq!(at, 20);
        assert!(z > critical(40, 0.001), "{z}");
    }

    #[test]
    fn equal_values_have_no_split() {
        assert_eq!(best_split(&[7.0; 30], 3), (0.0, 0));
        assert_eq!(best_split(&[1.0, 2.0], 3), (0.0, 0));
    }

    #[test]
    fn a_slow_wave_inflates_and_noise_does_not() {
        let wave: Vec<f64> = (0..100).map(|i| (f64::from(i) / 6.0).sin()).collect();
        let zigzag: Vec<f64> = (0..100).map(|i| f64::from((i * 37) % 101)).collect();
        assert!(inflation(&wave, &[]) > 5.0);
        assert!(inflation(&zigzag, &[]) < 1.6);
    }
}
