//! How much error each look may spend, and which p value it may therefore act on.
//!
//! Looking several times and stopping at the first significant look inflates the error, so the error
//! is spent along a function of the share of pairs seen (Lan and DeMets 1983, Biometrika 70). Looks
//! share their pairs, so the nominal level of a later look is larger than its own increment: it is
//! found by integrating the Brownian path that has not crossed yet (Armitage, McPherson and Rowe 1969,
//! JRSS A 132), on the normal scale; the t quantile at that level makes the bound.

use crate::stats::{normal_quantile, normal_tail};

/// Share of the error spent when a share of the pairs has been seen: .10, .25, .45, .70 and 1 at
/// 6, 10, 14, 18 and 24 of 24 pairs, straight lines between.
const SPENT: [(f64, f64); 6] =
    [(0.0, 0.0), (0.25, 0.10), (10.0 / 24.0, 0.25), (14.0 / 24.0, 0.45), (0.75, 0.70), (1.0, 1.0)];
const GRID: usize = 64;
const REACH: f64 = 6.0;

/// Error probabilities at which the sequence is worked out; between them it is interpolated.
const ALPHAS: [f64; 15] =
    [1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 8e-3, 0.016, 0.032, 0.064, 0.128, 0.25];
/// Power at which a change is called detectable.
pub const POWER: f64 = 0.8;

/// What each look may act on and what the whole sequence detects, for any error probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Spending {
    looks: Vec<usize>,
    /// One line for each of `ALPHAS`.
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq)]
struct Line {
    levels: Vec<f64>,
    drift: f64,
}

impl Spending {
    /// `looks` are ascending numbers of pairs; the last is the most that will ever be run.
    pub fn new(looks: Vec<usize>) -> Self {
        let line = |alpha: f64| {
            let levels = nominal_levels(&looks, alpha);
            let drift = detectable_drift(&looks, &levels, POWER);
            Line { levels, drift }
        };
        Self { lines: ALPHAS.into_iter().map(line).collect(), looks }
    }

    pub fn looks(&self) -> &[usize] {
        &self.looks
    }

    /// The most pairs there can be.
    pub fn most(&self) -> usize {
        *self.looks.last().expect("a sequence has at least one look")
    }

    /// Nominal one-sided level of one look so that all looks together err with probability `alpha`.
    pub fn level(&self, alpha: f64, look: usize) -> f64 {
        self.between(alpha, |line| line.levels[look].ln()).exp()
    }

    /// Drift in standard errors at the last look that the sequence detects with probability 0.8.
    pub fn drift(&self, alpha: f64) -> f64 {
        self.between(alpha, |line| line.drift)
    }

    fn between(&self, alpha: f64, value: impl Fn(&Line) -> f64) -> f64 {
        let alpha = alpha.clamp(ALPHAS[0], ALPHAS[ALPHAS.len() - 1]);
        let above = ALPHAS.iter().position(|&a| alpha <= a).unwrap_or(ALPHAS.len() - 1).max(1);
        let share = (alpha / ALPHAS[above - 1]).ln() / (ALPHAS[above] / ALPHAS[above - 1]).ln();
        let (low, high) = (value(&self.lines[above - 1]), value(&self.lines[above]));
        low + (high - low) * share
    }
}

/// Nominal one-sided level at each look so that all looks together err with probability `alpha`.
fn nominal_levels(looks: &[usize], alpha: f64) -> Vec<f64> {
    let most = *looks.last().expect("a sequence has at least one look") as f64;
    let mut path = Path::start();
    let mut spent_before = 0.0;
    looks
        .iter()
        .map(|&look| {
            let seen = look as f64 / most;
            let spent = alpha * spent_share(seen);
            let level = path.cross(seen, spent - spent_before);
            spent_before = spent;
            level
        })
        .collect()
}

fn spent_share(seen: f64) -> f64 {
    let after = SPENT.iter().position(|&(t, _)| seen <= t).unwrap_or(SPENT.len() - 1).max(1);
    let ((t0, s0), (t1, s1)) = (SPENT[after - 1], SPENT[after]);
    s0 + (s1 - s0) * ((seen - t0) / (t1 - t0)).min(1.0)
}

/// Power of the whole sequence against a drift of `drift` standard errors at the last look.
fn power(looks: &[usize], levels: &[f64], drift: f64) -> f64 {
    let most = *looks.last().expect("a sequence has at least one look") as f64;
    let mut path = Path::start();
    for (&look, &level) in looks.iter().zip(levels) {
        let seen = look as f64 / most;
        path.advance(seen, -normal_quantile(level) * seen.sqrt() - drift * seen);
    }
    1.0 - path.points.iter().map(|p| p.1).sum::<f64>()
}

/// Drift, in standard errors at the last look, that the sequence detects with probability `wanted`.
fn detectable_drift(looks: &[usize], levels: &[f64], wanted: f64) -> f64 {
    let (mut low, mut high) = (0.0, 12.0);
    for _ in 0..20 {
        let middle = (low + high) / 2.0;
        if power(looks, levels, middle) < wanted { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Where a Brownian path that has crossed no bound so far may be, as weighted points.
struct Path {
    at: f64,
    points: Vec<(f64, f64)>,
}

impl Path {
    fn start() -> Self {
        Self { at: 0.0, points: vec![(0.0, 1.0)] }
    }

    /// Moves on to time `to`, places a bound there that takes `share` of all paths out, and returns
    /// the nominal level of that bound.
    fn cross(&mut self, to: f64, share: f64) -> f64 {
        let bound = self.bound(to, share);
        self.advance(to, bound);
        normal_tail(bound / to.sqrt())
    }

    /// Keeps the paths that are below `bound` at time `to`.
    fn advance(&mut self, to: f64, bound: f64) {
        let step = self.step(to);
        let low = -REACH * to.sqrt() + bound.min(0.0);
        let width = (bound - low).max(0.0) / GRID as f64;
        let next = (0..GRID)
            .map(|i| low + (i as f64 + 0.5) * width)
            .map(|x| (x, width * self.density(x, step)))
            .collect();
        (self.at, self.points) = (to, next);
    }

    fn bound(&self, to: f64, share: f64) -> f64 {
        let step = self.step(to);
        let (mut low, mut high) = (-REACH * to.sqrt(), 1.5 * REACH * to.sqrt());
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            let above: f64 = self.points.iter().map(|&(x, w)| w * normal_tail((middle - x) / step)).sum();
            if above > share { low = middle } else { high = middle }
        }
        high
    }

    fn step(&self, to: f64) -> f64 {
        (to - self.at).max(1e-9).sqrt()
    }

    fn density(&self, x: f64, step: f64) -> f64 {
        let scale = step * std::f64::consts::TAU.sqrt();
        self.points.iter().map(|&(from, w)| w * (-((x - from) / step).powi(2) / 2.0).exp() / scale).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_spends_everything() {
        let levels = nominal_levels(&[12], 0.05);
        assert!((levels[0] - 0.05).abs() < 1e-4, "{levels:?}");
    }

    #[test]
    fn five_looks_keep_the_level_and_beat_the_split() {
        let looks = [6, 10, 14, 18, 24];
        let levels = nominal_levels(&looks, 0.05);
        assert!((levels[0] - 0.005).abs() < 1e-4, "{levels:?}");
        assert!(levels[4] > 0.03, "the last look may use {levels:?}");
        assert!((power(&looks, &levels, 0.0) - 0.05).abs() < 2e-3);
    }

    #[test]
    fn between_the_worked_out_levels_it_interpolates() {
        let looks = vec![6, 10, 12];
        let exact = nominal_levels(&looks, 0.0123);
        let quick = Spending::new(looks).level(0.0123, 2);
        assert!((quick / exact[2] - 1.0).abs() < 0.01, "{quick} {exact:?}");
    }

    #[test]
    fn power_grows_with_the_drift() {
        let looks = [6, 12];
        let levels = nominal_levels(&looks, 0.05);
        assert!(power(&looks, &levels, 3.0) > power(&looks, &levels, 2.0) + 0.1);
    }
}
