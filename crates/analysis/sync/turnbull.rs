//! The non-parametric maximum likelihood estimate of the delay distribution under interval censoring.
//!
//! Turnbull 1976 (JRSS B 38:290) by expectation-maximisation. Between the looks the likelihood is
//! flat; started evenly and stopped once the curve stands still, the iteration leaves the mass spread
//! inside such a gap, and quantiles interpolate linearly.

use super::cells::Cells;
use super::delay::Delay;

/// Stops when no point of the curve moves by more than this in one round ...
const STILL: f64 = 2e-6;
/// ... or after so many rounds: the late ones only sharpen spikes.
pub(super) const ROUNDS: usize = 600;

/// The estimated distribution over cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Turnbull {
    edges: Vec<f64>,
    /// Share seen by each edge; the rest lies beyond the last.
    seen_by: Vec<f64>,
}

/// Estimates the distribution. `None` for no delays.
pub fn turnbull(delays: &[Delay]) -> Option<Turnbull> {
    if delays.is_empty() {
        return None;
    }
    let cells = Cells::new(delays);
    let counts = cells.counts();
    let mass = maximise(&cells, &counts, even(&cells), ROUNDS);
    Some(Turnbull::new(&cells, &mass))
}

pub(super) fn even(cells: &Cells) -> Vec<f64> {
    vec![1.0 / cells.edges.len() as f64; cells.edges.len()]
}

/// Expectation-maximisation from `mass` on the given weights of the distinct intervals.
pub(super) fn maximise(cells: &Cells, weights: &[f64], mut mass: Vec<f64>, rounds: usize) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    let mut cumulative = vec![0.0; mass.len() + 1];
    let mut density = vec![0.0; mass.len() + 1];
    for _ in 0..rounds {
        if step(cells, weights, total, &mut mass, &mut cumulative, &mut density) < STILL {
            break;
        }
    }
    mass
}

/// One round in place: each interval shares its weight over its cells in proportion to their mass.
/// Returns how far the curve moved.
fn step(
    cells: &Cells,
    weights: &[f64],
    total: f64,
    mass: &mut [f64],
    cumulative: &mut [f64],
    density: &mut [f64],
) -> f64 {
    for (j, m) in mass.iter().enumerate() {
        cumulative[j + 1] = cumulative[j] + m;
    }
    density.fill(0.0);
    for (&(a, b), weight) in cells.ranges.iter().zip(weights) {
        let (a, b) = (a as usize, b as usize);
        let share = weight / (cumulative[b] - cumulative[a]).max(1e-300);
        density[a] += share;
        density[b] -= share;
    }
    let (mut running, mut moved, mut farthest) = (0.0, 0.0, 0.0_f64);
    for (m, d) in mass.iter_mut().zip(density.iter()) {
        running += d;
        let next = *m * running.max(0.0) / total;
        moved += next - *m;
        farthest = farthest.max(f64::abs(moved));
        *m = next;
    }
    farthest
}

impl Turnbull {
    pub(super) fn new(cells: &Cells, mass: &[f64]) -> Self {
        let total: f64 = mass.iter().sum();
        let mut seen_by = vec![0.0];
        let mut sum = 0.0;
        for m in &mass[..mass.len() - 1] {
            sum += m / total;
            seen_by.push(sum.min(1.0));
        }
        Self { edges: cells.edges.clone(), seen_by }
    }

    /// The edges of the cells, in seconds, and the share still unseen at each.
    pub fn steps(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.edges.iter().zip(&self.seen_by).map(|(t, seen)| (*t, 1.0 - seen))
    }

    /// The share still unseen `t` seconds after the upload; level beyond the last look.
    pub fn survival_at(&self, t: f64) -> f64 {
        let i = self.edges.partition_point(|e| *e <= t);
        match (i, self.edges.get(i)) {
            (0, _) => 1.0,
            (_, None) => 1.0 - self.seen_by[i - 1],
            (_, Some(next)) => {
                let along = (t - self.edges[i - 1]) / (next - self.edges[i - 1]);
                1.0 - self.seen_by[i - 1] - along * (self.seen_by[i] - self.seen_by[i - 1])
            }
        }
    }

    /// When the share `q` had been seen, if the curve comes so far.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let q = q - 1e-12;
        let i = self.seen_by.partition_point(|seen| *seen < q);
        let upper = *self.edges.get(i)?;
        if i == 0 {
            return Some(upper);
        }
        let (lower, from, to) = (self.edges[i - 1], self.seen_by[i - 1], self.seen_by[i]);
        Some(lower + (upper - lower) * (q - from) / (to - from))
    }

    /// Restricted mean: the area under the curve up to `tau` seconds.
    pub fn restricted_mean(&self, tau: f64) -> f64 {
        let (mut area, mut from, mut height) = (0.0, 0.0, 1.0);
        for (t, s) in self.steps().take_while(|(t, _)| *t < tau) {
            area += 0.5 * (height + s) * (t - from);
            (from, height) = (t, s);
        }
        area + 0.5 * (height + self.survival_at(tau)) * (tau - from)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fit(intervals: &[(f64, f64)]) -> Turnbull {
        let delays: Vec<Delay> = intervals
            .iter()
            .map(|&(lower, upper)| Delay { uploaded: 0.0, lower, upper, batch: None })
            .collect();
        turnbull(&delays).unwrap()
    }

    #[test]
    fn disjoint_intervals_share_alike() {
        let t = fit(&[(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]);
        assert!((t.survival_at(2.0) - 0.5).abs() < 1e-9);
        assert!((t.quantile(0.5).unwrap() - 2.0).abs() < 1e-9);
        assert!((t.restricted_mean(4.0) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn overlap_moves_the_mass_where_it_explains_most() {
        // The innermost interval common to all three explains everything.
        let t = fit(&[(0.0, 3.0), (2.0, 5.0), (2.0, 3.0)]);
        assert!(t.survival_at(2.0) > 0.999 && t.survival_at(3.0) < 0.001);
    }

    #[test]
    fn the_never_seen_keep_the_curve_up() {
        let t = fit(&[(0.0, 1.0), (5.0, f64::INFINITY)]);
        assert!((t.survival_at(100.0) - 0.5).abs() < 1e-9);
        assert_eq!(t.quantile(0.75), None);
        assert_eq!(turnbull(&[]), None);
    }
}
