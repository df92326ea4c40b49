//! Quantiles on the log scale, where latency differences are ratios.
//!
//! The estimator is Harrell and Davis' (1982, Biometrika 69): a weighted mean of all order statistics,
//! which varies less from block to block than any single one, most of all in small blocks. A log
//! quantile has no unit: whoever compares two of them must have recorded both in the same one.

use hdrhistogram::{Counter, Histogram};
use statrs::function::beta::beta_reg;

use crate::stats::normal_tail;

/// From this variance of a rank on, the beta weights are normal for every purpose.
const LARGE: f64 = 25.0;

/// A sample of latencies as ascending natural logarithms with their counts.
#[derive(Debug, Clone, PartialEq)]
pub struct LogSample {
    points: Vec<(f64, u64)>,
    count: u64,
}

impl LogSample {
    /// From a histogram in any unit; a recorded zero counts as one unit, the least it can tell.
    pub fn from_histogram<C: Counter>(histogram: &Histogram<C>) -> Self {
        let points = histogram
            .iter_recorded()
            .map(|step| {
                let value = histogram.median_equivalent(step.value_iterated_to()).max(1);
                ((value as f64).ln(), step.count_at_value().as_u64())
            })
            .collect();
        Self::from_points(points)
    }

    /// From latencies in any order. `None` where one is not a positive finite number.
    pub fn from_values(values: &[f64]) -> Option<Self> {
        let mut logs: Vec<f64> = values.iter().map(|v| v.ln()).collect();
        if logs.iter().any(|l| !l.is_finite()) {
            return None;
        }
        logs.sort_by(f64::total_cmp);
        Some(Self::from_points(logs.into_iter().map(|l| (l, 1)).collect()))
    }

    fn from_points(points: Vec<(f64, u64)>) -> Self {
        let count = points.iter().map(|p| p.1).sum();
        Self { points, count }
    }

    /// How many latencies it holds.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Harrell–Davis estimate of the log of quantile `q` in (0, 1). `None` when empty.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let n = self.count as f64;
        let (a, b) = (q * (n + 1.0), (1.0 - q) * (n + 1.0));
        let sd = (q * (1.0 - q) / (n + 2.0)).sqrt();
        if n * q * (1.0 - q) >= LARGE {
            return self.weighted(|share| normal_tail((q - share) / sd));
        }
        self.weighted(|share| beta_reg(a, b, share.clamp(0.0, 1.0)))
    }

    /// Mean log of the middle four fifths: the geometric mean of the typical request, which sees a
    /// shift of everything in fewer requests than the median does. `None` when empty.
    pub fn typical(&self) -> Option<f64> {
        self.weighted(|share| ((share - 0.1) / 0.8).clamp(0.0, 1.0))
    }

    /// Standard error of the log quantile from the sample alone, by the distance of the order
    /// statistics one binomial standard deviation to either side. `None` when empty.
    pub fn sampling_error(&self, q: f64) -> Option<f64> {
        let step = (q * (1.0 - q) / self.count.max(1) as f64).sqrt();
        let (low, high) = (self.order(q - step)?, self.order(q + step)?);
        Some((high - low) / 2.0)
    }

    /// Sum of the log values, each weighted by what a distribution function gives to its ranks.
    fn weighted(&self, distribution: impl Fn(f64) -> f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let (mut seen, mut below, mut sum) = (0u64, 0.0, 0.0);
        for &(log, count) in &self.points {
            seen += count;
            let here = distribution(seen as f64 / self.count as f64);
            sum += (here - below) * log;
            below = here;
        }
        Some(sum)
    }

    fn order(&self, q: f64) -> Option<f64> {
        let rank = (q.clamp(0.0, 1.0) * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.points.iter().find_map(|&(log, count)| {
            seen += count;
            (seen >= rank).then_some(log)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ladder(n: u64) -> Histogram<u64> {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=n).for_each(|v| histogram.record(v * 100).unwrap());
        histogram
    }

    fn check(got: Option<f64>, want: f64) {
        let got = got.unwrap().exp();
        assert!((got / want - 1.0).abs() < 0.01, "{got} is not {want}");
    }

    #[test]
    fn a_histogram_and_its_values_agree() {
        let values: Vec<f64> = (1..=1000).map(|v| f64::from(v) * 100.0).collect();
        let exact = LogSample::from_values(&values).unwrap();
        let binned = LogSample::from_histogram(&ladder(1000));
        for q in [0.5, 0.95, 0.99] {
            check(binned.quantile(q), exact.quantile(q).unwrap().exp());
        }
    }

    #[test]
    fn quantiles_of_a_ladder_are_its_rungs() {
        let sample = LogSample::from_histogram(&ladder(10_000));
        check(sample.quantile(0.5), 500_000.0);
        check(sample.quantile(0.99), 990_000.0);
    }

    #[test]
    fn a_few_values_still_have_a_median() {
        check(LogSample::from_values(&[4.0, 1.0, 2.0]).unwrap().quantile(0.5), 2.0);
    }

    #[test]
    fn the_typical_latency_ignores_the_tenth_at_either_end() {
        let values = [1e-9, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 1e9];
        check(LogSample::from_values(&values).unwrap().typical(), 5.0);
    }

    #[test]
    fn sampling_error_shrinks_with_the_sample() {
        let few = LogSample::from_histogram(&ladder(100)).sampling_error(0.5).unwrap();
        let many = LogSample::from_histogram(&ladder(10_000)).sampling_error(0.5).unwrap();
        assert!((few / many / 10.0 - 1.0).abs() < 0.2, "{few} {many}");
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(LogSample::from_values(&[]).unwrap().quantile(0.5), None);
        assert_eq!(LogSample::from_values(&[0.0]), None);
        assert_eq!(LogSample::from_values(&[f64::NAN]), None);
    }
}
