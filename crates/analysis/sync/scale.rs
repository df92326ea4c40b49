//! By what factor one censored sample is slower than another.
//!
//! Under an accelerated failure time every quantile is stretched by the same factor. It is estimated
//! as the mean distance between the two curves on a log scale over the quantiles that both reach
//! (compare Wei & Gail 1983, JASA 78:382, for such minimum-distance estimates under censoring); its
//! interval from resampling whole clusters of both samples (Field & Welsh 2007, JRSS B 69:369).

use super::cluster::Clusters;
use super::delay::{Delay, timed};
use super::kaplan_meier::kaplan_meier;
use super::resample::Fit;
use super::turnbull::Turnbull;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A factor, with a 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Ratio {
    /// Second over first: 2 is twice as slow. Where `reached` is false, a lower bound.
    pub value: f64,
    pub lower: f64,
    /// `None` where nothing bounds it.
    pub upper: Option<f64>,
    /// Whether enough of both samples was seen to compare them.
    pub reached: bool,
}

/// Quantiles outside these are not compared: the first lie within a look or two of the upload, the
/// last hang on a few.
const COMPARED: (f64, f64) = (0.10, 0.90);
const QUANTILES: usize = 33;
/// A curve is believed as far as so many were still watched.
const WATCHED: u64 = 10;
const DRAWS: usize = 120;

/// One sample: its estimate, and how far that is to be believed.
pub(super) struct Arm {
    fit: Fit,
    /// The share seen by the time at which enough were still watched, and that time.
    reach: (f64, f64),
}

impl Arm {
    pub fn new(delays: &[Delay], clusters: &Clusters) -> Self {
        let fit = Fit::new(delays, clusters);
        let reach = reach(delays, &fit.curve());
        Self { fit, reach }
    }
}

fn reach(delays: &[Delay], curve: &Turnbull) -> (f64, f64) {
    let km = kaplan_meier(&timed(delays));
    if delays.iter().all(Delay::seen) {
        return (1.0, km.times.last().copied().unwrap_or(0.0));
    }
    let watched = km.at_risk.partition_point(|n| *n >= WATCHED);
    match watched {
        0 => (0.0, 0.0),
        i => (1.0 - curve.survival_at(km.times[i - 1]), km.times[i - 1]),
    }
}

/// How two samples compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Comparison {
    /// The stretch over all quantiles that both reached.
    pub factor: Ratio,
    /// The ratio of medians, where both were reached.
    pub medians: Option<Ratio>,
}

/// From `first` to `second`. `None` where the first sample reached nothing to compare with.
pub(super) fn compare(first: &Arm, second: &Arm, seed: u64) -> Option<Comparison> {
    let high = COMPARED.1.min(first.reach.0).min(second.reach.0);
    if high < 0.05 {
        return bound(first, second).map(|factor| Comparison { factor, medians: None });
    }
    let low = COMPARED.0.min(high / 3.0);
    let levels = (0..QUANTILES).map(|i| low + (high - low) * (i as f64 + 0.5) / QUANTILES as f64);
    let levels: Vec<f64> = levels.collect();
    let distance = |a: &Turnbull, b: &Turnbull| [log_distance(a, b, &levels), log_distance(a, b, &[0.5])];
    let found = distance(&first.fit.curve(), &second.fit.curve());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut redrawn = || distance(&first.fit.redrawn(&mut rng), &second.fit.redrawn(&mut rng));
    let draws: Vec<[Option<f64>; 2]> = (0..DRAWS).map(|_| redrawn()).collect();
    let medians = found[1].filter(|_| first.reach.0.min(second.reach.0) > 0.5);
    Some(Comparison {
        factor: within(found[0]?, draws.iter().filter_map(|d| d[0])),
        medians: medians.map(|value| within(value, draws.iter().filter_map(|d| d[1]))),
    })
}

/// A log ratio with the interval that its resampled values give.
fn within(value: f64, draws: impl Iterator<Item = f64>) -> Ratio {
    let (n, squares) = draws.fold((0, 0.0), |(n, sum), d| (n + 1, sum + (d - value).powi(2)));
    let reach = 1.96 * (squares / f64::from(n.max(1))).sqrt();
    Ratio {
        value: value.exp(),
        lower: (value - reach).exp(),
        upper: (n > 0).then(|| (value + reach).exp()),
        reached: true,
    }
}

/// The second sample was hardly seen at all: it is slower by at least what its wait shows.
fn bound(first: &Arm, second: &Arm) -> Option<Ratio> {
    let q = second.reach.0.max(0.05);
    let usual = first.fit.curve().quantile(q).filter(|t| *t > 0.0 && q <= first.reach.0)?;
    let value = second.reach.1 / usual;
    Some(Ratio { value, lower: value, upper: None, reached: false })
}

fn log_distance(first: &Turnbull, second: &Turnbull, levels: &[f64]) -> Option<f64> {
    let distances: Vec<f64> = levels
        .iter()
        .filter_map(|q| Some((second.quantile(*q)? / first.quantile(*q)?).ln()))
        .filter(|d| d.is_finite())
        .collect();
    (!distances.is_empty()).then(|| distances.iter().sum::<f64>() / distances.len() as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::cluster::clusters;
    use super::*;

    fn arm(scale: f64, watched: f64) -> Arm {
        let delays: Vec<Delay> = (0..400)
            .map(|i| {
                let seconds = scale * (1.0 + 9.0 * ((i * 37 % 400) as f64 / 400.0));
                match seconds <= watched {
                    true => Delay::exact(i as f64, seconds),
                    false => Delay { uploaded: i as f64, lower: watched, upper: f64::INFINITY, batch: None },
                }
            })
            .collect();
        Arm::new(&delays, &clusters(&delays))
    }

    fn factor(first: &Arm, second: &Arm) -> Ratio {
        compare(first, second, 1).unwrap().factor
    }

    #[test]
    fn a_stretched_sample_shows_its_factor() {
        let found = factor(&arm(1.0, 100.0), &arm(3.0, 100.0));
        assert!((found.value - 3.0).abs() < 0.1, "{found:?}");
        assert!(found.lower < 3.0 && found.upper.unwrap() > 3.0);
    }

    #[test]
    fn censoring_does_not_shrink_it() {
        let found = factor(&arm(1.0, 12.0), &arm(3.0, 12.0));
        assert!(found.reached && (found.value - 3.0).abs() < 0.2, "{found:?}");
    }

    #[test]
    fn what_was_never_seen_gives_a_bound() {
        let found = factor(&arm(1.0, 50.0), &arm(100.0, 50.0));
        assert!(!found.reached && found.value > 10.0 && found.upper.is_none(), "{found:?}");
    }
}
