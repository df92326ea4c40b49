//! The posterior over the rate at which violations cross the allowed share.
//!
//! logit v = logit Y + s ln(rate / limit), on a grid of limits and slopes, with capacity noise of 2 %
//! from trial to trial integrated out. Violations come in bursts, so counts are divided by one
//! overdispersion, pooled over all trials and shrunk to 8: a factor for each trial would trust the
//! lucky ones. The likelihood is tempered by 0.4, because bursts outlast slices; the interval then
//! covers what it says (both chosen on simulations; see `examples/capacity_truth.rs`).

use super::Settings;
use super::trial::{Purpose, Slice, Trial};
use crate::stats::normal_tail;

/// Median and 90 % interval of the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Posterior {
    pub lower: f64,
    pub median: f64,
    pub upper: f64,
}

const LIMITS: usize = 241;
const SLOPES: [f64; 8] = [4.0, 8.0, 14.0, 22.0, 32.0, 45.0, 60.0, 90.0];
/// Five-point Gauss–Hermite rule for the standard normal: nodes and weights.
const HERMITE: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_69),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (0.0, 0.533_333_333_333_333_3),
    (1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (2.856_970_013_872_806, 0.011_257_411_327_720_69),
];
const TRIAL_NOISE: f64 = 0.02;
const TEMPER: f64 = 0.4;
/// Prior of the overdispersion, its weight in slices, and the bounds it is kept in.
const DISPERSION: f64 = 8.0;
const DISPERSION_WEIGHT: f64 = 10.0;
const DISPERSION_BOUNDS: (f64, f64) = (3.0, 60.0);
/// A backlog grows above its limit and not below, give or take this much (log scale).
const BACKLOG_EDGE: f64 = 0.03;

impl Posterior {
    /// From search and confirming trials, with a flat prior over the bracket and a little more.
    pub fn of(trials: &[Trial], settings: &Settings, low: f64, high: f64) -> Self {
        let used: Vec<&Trial> = trials
            .iter()
            .filter(|t| matches!(t.purpose, Purpose::Search | Purpose::Confirm | Purpose::Ceiling))
            .collect();
        let dispersion = dispersion(&used, settings);
        let (from, to) = ((0.8 * low).ln(), (1.1 * high).ln());
        let grid: Vec<f64> =
            (0..LIMITS).map(|i| from + (to - from) * i as f64 / (LIMITS - 1) as f64).collect();
        let allowed = (settings.slo.share / (1.0 - settings.slo.share)).ln();
        let logs: Vec<[f64; SLOPES.len()]> = grid
            .iter()
            .map(|&limit| {
                SLOPES.map(|slope| {
                    let curve = Curve { limit, slope, allowed };
                    TEMPER * used.iter().map(|t| curve.log_likelihood(t, settings, dispersion)).sum::<f64>()
                })
            })
            .collect();
        let most = logs.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let masses: Vec<f64> = logs.iter().map(|row| row.iter().map(|l| (l - most).exp()).sum()).collect();
        let quantile = |q: f64| quantile(&grid, &masses, q).exp();
        Self { lower: quantile(0.05), median: quantile(0.5), upper: quantile(0.95) }
    }
}

/// One hypothesis: where the limit lies (log rate) and how steeply violations rise about it.
#[derive(Debug, Clone, Copy)]
struct Curve {
    limit: f64,
    slope: f64,
    allowed: f64,
}

impl Curve {
    fn log_likelihood(&self, trial: &Trial, settings: &Settings, dispersion: f64) -> f64 {
        let beyond = trial.rate.ln() - self.limit;
        if trial.backlog.is_some() {
            return normal_tail(-beyond / BACKLOG_EDGE).max(1e-12).ln();
        }
        let Slice { due, violations } = trial.totals(settings.settle);
        let (bad, good) = (violations / dispersion, (due - violations) / dispersion);
        let logs = HERMITE.map(|(node, weight)| {
            let logit = (self.allowed + self.slope * (beyond + TRIAL_NOISE * node)).clamp(-30.0, 30.0);
            weight.ln() - bad * (-logit).exp().ln_1p() - good * logit.exp().ln_1p()
        });
        let most = logs.into_iter().fold(f64::NEG_INFINITY, f64::max);
        most + logs.iter().map(|l| (l - most).exp()).sum::<f64>().ln()
    }
}

/// One overdispersion for all trials: the spread of violations between slices against what
/// independent requests would show.
fn dispersion(trials: &[&Trial], settings: &Settings) -> f64 {
    let (mut seen, mut expected, mut free, mut count) = (0.0, 0.0, 0.0, 0.0);
    for trial in trials.iter().filter(|t| t.backlog.is_none()) {
        let slices = trial.slices(settings.settle);
        let all = trial.totals(settings.settle);
        let share = ((all.violations + 0.5) / (all.due + 1.0)).clamp(1e-4, 0.5);
        seen += slices.iter().map(|s| (s.violations - s.due * share).powi(2)).sum::<f64>();
        expected += slices.iter().map(|s| s.due * share * (1.0 - share)).sum::<f64>();
        free += slices.len() as f64 - 1.0;
        count += slices.len() as f64;
    }
    if expected <= 0.0 {
        return DISPERSION;
    }
    let raw = seen / expected * count / f64::max(free, 1.0);
    let shrunk = (raw * free + DISPERSION * DISPERSION_WEIGHT) / (free + DISPERSION_WEIGHT);
    shrunk.clamp(DISPERSION_BOUNDS.0, DISPERSION_BOUNDS.1)
}

/// Where the cumulated masses reach `q`, straight between grid points.
fn quantile(grid: &[f64], masses: &[f64], q: f64) -> f64 {
    let wanted = q * masses.iter().sum::<f64>();
    let mut below = 0.0;
    for (at, mass) in masses.iter().enumerate() {
        if below + mass >= wanted && *mass > 0.0 {
            let from = grid[at.saturating_sub(1)];
            return from + (grid[at] - from) * (wanted - below) / mass;
        }
        below += mass;
    }
    grid[grid.len() - 1]
}
