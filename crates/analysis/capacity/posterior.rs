//! The posterior over the rate at which violations cross the allowed share.
//!
//! logit v = logit Y + s ln(rate / limit), on a grid of limits and slopes, with capacity noise of 3 %
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

const LIMITS: usize = 161;
const SLOPES: [f64; 8] = [4.0, 8.0, 14.0, 22.0, 32.0, 45.0, 60.0, 90.0];
/// Five-point Gauss–Hermite rule for the standard normal: nodes and weights.
const HERMITE: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_69),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (0.0, 0.533_333_333_333_333_3),
    (1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (2.856_970_013_872_806, 0.011_257_411_327_720_69),
];
/// Prior of the slope: log-normal about this, with this standard deviation of the log.
const SLOPE: (f64, f64) = (25.0, 0.6);
/// The bracket may err, because its probes are short: outside it the log prior falls by one in each
/// step of this much (log scale).
const EDGE: f64 = 0.05;
const TRIAL_NOISE: f64 = 0.03;
const TEMPER: f64 = 0.4;
/// Prior of the overdispersion, its weight in slices, and the bounds it is kept in.
const DISPERSION: f64 = 8.0;
const DISPERSION_WEIGHT: f64 = 10.0;
const DISPERSION_BOUNDS: (f64, f64) = (3.0, 60.0);
/// A backlog grows above its limit and not below, give or take this much (log scale).
const BACKLOG_EDGE: f64 = 0.03;
/// A queue that will level off may climb through a short trial: so often a backlog seems to grow below
/// its limit.
const CHANCE: f64 = 0.02;

impl Posterior {
    /// From search and confirming trials, with a prior that is flat over the bracket.
    pub fn of(trials: &[Trial], settings: &Settings, low: f64, high: f64) -> Self {
        let used: Vec<Seen> = trials
            .iter()
            .filter(|t| matches!(t.purpose, Purpose::Search | Purpose::Confirm | Purpose::Ceiling))
            .map(|t| Seen::of(t, settings))
            .collect();
        let dispersion = (1..=2).map(|n| dispersion(&used, n)).fold(0.0, f64::max);
        let (from, to) = ((low / 1.9).ln(), (1.3 * high).ln());
        let grid: Vec<f64> =
            (0..LIMITS).map(|i| from + (to - from) * i as f64 / (LIMITS - 1) as f64).collect();
        let allowed = (settings.slo.share / (1.0 - settings.slo.share)).ln();
        let log = |limit: f64, slope: f64| {
            let curve = Curve { limit, slope, allowed };
            let likelihood: f64 = used.iter().map(|t| curve.log_likelihood(t, dispersion)).sum();
            prior(limit, slope, low, high) + TEMPER * likelihood
        };
        let logs: Vec<[f64; SLOPES.len()]> =
            grid.iter().map(|&limit| SLOPES.map(|slope| log(limit, slope))).collect();
        let most = logs.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let masses: Vec<f64> = logs.iter().map(|row| row.iter().map(|l| (l - most).exp()).sum()).collect();
        let quantile = |q: f64| quantile(&grid, &masses, q).exp();
        Self { lower: quantile(0.05), median: quantile(0.5), upper: quantile(0.95) }
    }
}

/// Log prior of a limit (log rate) and a slope.
fn prior(limit: f64, slope: f64, low: f64, high: f64) -> f64 {
    let below = (0.8 * low).ln() - limit;
    let above = limit - (1.1 * high).ln();
    let steep = (slope / SLOPE.0).ln() / SLOPE.1;
    -below.max(above).max(0.0) / EDGE - steep * steep / 2.0
}

/// What the posterior keeps of a trial.
#[derive(Debug)]
struct Seen {
    log_rate: f64,
    backlog: bool,
    slices: Vec<Slice>,
    all: Slice,
}

impl Seen {
    fn of(trial: &Trial, settings: &Settings) -> Self {
        Self {
            log_rate: trial.rate.ln(),
            backlog: trial.backlog().is_some(),
            slices: trial.slices(settings.settle),
            all: trial.totals(settings.settle),
        }
    }

    /// Slices of `n` times five seconds; a shorter rest is left out.
    fn longer_slices(&self, n: usize) -> Vec<Slice> {
        self.slices.chunks_exact(n).map(Slice::sum).collect()
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
    fn log_likelihood(&self, trial: &Seen, dispersion: f64) -> f64 {
        let beyond = trial.log_rate - self.limit;
        if trial.backlog {
            return (CHANCE + (1.0 - CHANCE) * normal_tail(-beyond / BACKLOG_EDGE)).ln();
        }
        let bad = trial.all.violations / dispersion;
        let all = trial.all.due / dispersion;
        // -bad ln(1 + e^-x) - good ln(1 + e^x), written with one exponential.
        let likelihood = HERMITE.map(|(node, weight)| {
            let logit = (self.allowed + self.slope * (beyond + TRIAL_NOISE * node)).clamp(-30.0, 30.0);
            (weight, bad * logit - all * logit.exp().ln_1p())
        });
        let most = likelihood.iter().fold(f64::NEG_INFINITY, |most, l| most.max(l.1));
        most + likelihood.iter().map(|(weight, l)| weight * (l - most).exp()).sum::<f64>().ln()
    }
}

/// One overdispersion for all trials: the spread of violations between slices of `n` times five
/// seconds, against what independent requests would show. Pauses and queues make bursts longer than
/// one slice, so it is taken at two lengths and the larger one believed.
fn dispersion(trials: &[Seen], n: usize) -> f64 {
    let (mut seen, mut expected, mut free, mut count) = (0.0, 0.0, 0.0, 0.0);
    for trial in trials.iter().filter(|t| !t.backlog) {
        let slices = trial.longer_slices(n);
        let share = ((trial.all.violations + 0.5) / (trial.all.due + 1.0)).clamp(1e-4, 0.5);
        seen += slices.iter().map(|s| (s.violations - s.due * share).powi(2)).sum::<f64>();
        expected += slices.iter().map(|s| s.due * share * (1.0 - share)).sum::<f64>();
        free += slices.len().saturating_sub(1) as f64;
        count += slices.len() as f64;
    }
    if expected <= 0.0 || free < 1.0 {
        return DISPERSION;
    }
    let raw = seen / expected * count / free;
    let weight = DISPERSION_WEIGHT / n as f64;
    let shrunk = (raw * free + DISPERSION * weight) / (free + weight);
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
