//! How late each delay is against the pooled curve: the rank scores of which censored two-sample
//! tests are sums.
//!
//! Log-rank scores for interval-censored times: Finkelstein 1986 (Biometrics 42:845), where a
//! right-censored or exact time gives the familiar martingale residual. Generalised Wilcoxon scores:
//! Peto & Peto 1972. They sum to zero over the pooled sample, so a permutation of labels needs no new
//! estimate, and unlike midpoints they stay fair when one arm was polled more coarsely.

use super::delay::Delay;
use super::turnbull::Turnbull;

/// Both scores of one delay; positive is later than expected.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Lateness {
    /// Heeds the late differences; best where hazards are proportional.
    pub log_rank: f64,
    /// Heeds the early and middle differences; best where delays are stretched.
    pub wilcoxon: f64,
}

/// Scores against the curve of all delays pooled.
pub(super) fn lateness(pooled: &Turnbull, delays: &[Delay]) -> Vec<Lateness> {
    delays.iter().map(|delay| one(pooled, delay)).collect()
}

fn one(pooled: &Turnbull, delay: &Delay) -> Lateness {
    let from = pooled.survival_at(delay.lower);
    let to = if delay.seen() { pooled.survival_at(delay.upper) } else { 0.0 };
    Lateness { log_rank: -slope(from, to), wilcoxon: 1.0 - from - to }
}

/// The mean slope of `s ln s` between two heights of the curve.
fn slope(from: f64, to: f64) -> f64 {
    if from - to < 1e-9 {
        return 1.0 + from.max(1e-12).ln();
    }
    let bend = |s: f64| if s > 0.0 { s * s.ln() } else { 0.0 };
    (bend(from) - bend(to)) / (from - to)
}
