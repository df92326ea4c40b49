//! By what factor one censored sample is slower than another.
//!
//! Under an accelerated failure time every quantile is stretched by the same factor. It is estimated
//! as the mean distance between the two curves on a log scale over the quantiles that both reach
//! (compare Wei & Gail 1983, JASA 78:382, for such minimum-distance estimates under censoring); its
//! interval from resampling whole clusters of both samples (Field & Welsh 2007, JRSS B 69:369).

use super::cells::Cells;
use super::cluster::Clusters;
use super::delay::{Delay, timed};
use super::kaplan_meier::kaplan_meier;
use super::turnbull::{Turnbull, even, maximise};
use rand::{RngExt, SeedableRng};
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
/// Resampled groups: clusters are dealt to at most so many, which keeps their variance.
const GROUPS: usize = 240;
const DRAWS: usize = 120;
const ROUNDS: usize = 40;

/// One sample made ready to be resampled by clusters.
pub(super) struct Arm {
    cells: Cells,
    mass: Vec<f64>,
    /// Weight of each distinct interval in each group of clusters.
    groups: Vec<Vec<(u32, f64)>>,
    /// The share seen by the time at which enough were still watched, and that time.
    reach: (f64, f64),
}

impl Arm {
    pub fn new(delays: &[Delay], clusters: &Clusters) -> Self {
        let cells = Cells::new(delays);
        let mass = maximise(&cells, &cells.counts(), even(&cells), 600);
        let reach = reach(delays, &Turnbull::new(&cells, &mass));
        let groups = grouped(&cells, clusters);
        Self { cells, mass, groups, reach }
    }

    pub fn curve(&self) -> Turnbull {
        Turnbull::new(&self.cells, &self.mass)
    }

    /// The curve of one bootstrap draw of the groups.
    pub fn redrawn(&self, rng: &mut ChaCha8Rng) -> Turnbull {
        let mut weights = vec![0.0; self.cells.ranges.len()];
        for _ in 0..self.groups.len() {
            for (range, weight) in &self.groups[rng.random_range(0..self.groups.len())] {
                weights[*range as usize] += weight;
            }
        }
        // A cell without mass could never win any back.
        let floor = 1e-3 / self.mass.len() as f64;
        let start = self.mass.iter().map(|m| m + floor).collect();
        Turnbull::new(&self.cells, &maximise(&self.cells, &weights, start, ROUNDS))
    }
}

fn grouped(cells: &Cells, clusters: &Clusters) -> Vec<Vec<(u32, f64)>> {
    let count = clusters.count.clamp(1, GROUPS);
    let mut groups = vec![std::collections::BTreeMap::new(); count];
    for (range, cluster) in cells.of.iter().zip(&clusters.of) {
        *groups[*cluster as usize % count].entry(*range).or_insert(0.0) += 1.0;
    }
    groups.into_iter().map(|group| group.into_iter().collect()).collect()
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

/// The factor from `first` to `second`. `None` where the first sample reached nothing to compare with.
pub(super) fn ratio(first: &Arm, second: &Arm, seed: u64) -> Option<Ratio> {
    let high = COMPARED.1.min(first.reach.0).min(second.reach.0);
    let low = COMPARED.0.min(high / 3.0);
    if high < 0.05 {
        return bound(first, second);
    }
    let value = log_distance(&first.curve(), &second.curve(), (low, high))?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draws: Vec<f64> = (0..DRAWS)
        .filter_map(|_| log_distance(&first.redrawn(&mut rng), &second.redrawn(&mut rng), (low, high)))
        .collect();
    let spread = draws.iter().map(|d| (d - value).powi(2)).sum::<f64>() / draws.len().max(1) as f64;
    let reach = 1.96 * spread.sqrt();
    Some(Ratio {
        value: value.exp(),
        lower: (value - reach).exp(),
        upper: (!draws.is_empty()).then(|| (value + reach).exp()),
        reached: true,
    })
}

/// The second sample was hardly seen at all: it is slower by at least what its wait shows.
fn bound(first: &Arm, second: &Arm) -> Option<Ratio> {
    let q = second.reach.0.max(0.05);
    let usual = first.curve().quantile(q).filter(|t| *t > 0.0 && q <= first.reach.0)?;
    let value = second.reach.1 / usual;
    Some(Ratio { value, lower: value, upper: None, reached: false })
}

fn log_distance(first: &Turnbull, second: &Turnbull, (low, high): (f64, f64)) -> Option<f64> {
    let levels = (0..QUANTILES).map(|i| low + (high - low) * (i as f64 + 0.5) / QUANTILES as f64);
    let distances: Vec<f64> = levels
        .filter_map(|q| Some((second.quantile(q)? / first.quantile(q)?).ln()))
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

    #[test]
    fn a_stretched_sample_shows_its_factor() {
        let found = ratio(&arm(1.0, 100.0), &arm(3.0, 100.0), 1).unwrap();
        assert!((found.value - 3.0).abs() < 0.1, "{found:?}");
        assert!(found.lower < 3.0 && found.upper.unwrap() > 3.0);
    }

    #[test]
    fn censoring_does_not_shrink_it() {
        let found = ratio(&arm(1.0, 12.0), &arm(3.0, 12.0), 1).unwrap();
        assert!(found.reached && (found.value - 3.0).abs() < 0.2, "{found:?}");
    }

    #[test]
    fn what_was_never_seen_gives_a_bound() {
        let found = ratio(&arm(1.0, 50.0), &arm(100.0, 50.0), 1).unwrap();
        assert!(!found.reached && found.value > 10.0 && found.upper.is_none(), "{found:?}");
    }
}
