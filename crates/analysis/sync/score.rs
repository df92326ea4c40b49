//! How late each delay is against the pooled curve: the rank scores of which censored two-sample
//! tests are sums.
//!
//! Log-rank scores for interval-censored times: Finkelstein 1986 (Biometrics 42:845), where a
//! right-censored or exact time gives the familiar martingale residual. Generalised Wilcoxon scores:
//! Peto & Peto 1972. They sum to zero over the pooled sample, so a permutation of labels needs no new
//! estimate, and unlike midpoints they stay fair when one arm was polled more coarsely.

use super::cells::Cells;
use super::delay::Delay;
use super::turnbull::{ROUNDS, even, maximise};

/// Both scores of one delay; positive is later than expected.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Lateness {
    /// Heeds the late differences; best where hazards are proportional.
    pub log_rank: f64,
    /// Heeds the early and middle differences; best where delays are stretched.
    pub wilcoxon: f64,
}

/// Scores of all delays against the curve of all of them.
pub(super) fn lateness(pooled: &[Delay]) -> Vec<Lateness> {
    let cells = Cells::new(pooled);
    let mass = maximise(&cells, &cells.counts(), even(&cells), ROUNDS);
    let mut survival = vec![1.0];
    survival.extend(mass.iter().scan(1.0, |left, m| {
        *left = f64::max(*left - m, 0.0);
        Some(*left)
    }));
    let by_range: Vec<Lateness> =
        cells.ranges.iter().map(|&(a, b)| one(survival[a as usize], survival[b as usize])).collect();
    cells.of.iter().map(|range| by_range[*range as usize]).collect()
}

/// The score of a delay that lies between two heights of the curve.
fn one(from: f64, to: f64) -> Lateness {
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

#[cfg(test)]
mod tests {
    use super::super::delay::timed;
    use super::super::log_rank::log_rank;
    use super::*;

    fn delays() -> Vec<Delay> {
        let one = |i: usize| {
            let seconds = (1 + i * 37 % 101) as f64;
            match i % 4 {
                0 => Delay { uploaded: 0.0, lower: seconds, upper: f64::INFINITY, batch: None },
                _ => Delay::exact(0.0, seconds),
            }
        };
        (0..101).map(one).collect()
    }

    #[test]
    fn scores_sum_to_zero() {
        let scores = lateness(&delays());
        let (log_rank, wilcoxon) =
            scores.iter().fold((0.0, 0.0), |(a, b), s| (a + s.log_rank, b + s.wilcoxon));
        assert!(f64::abs(log_rank) < 1e-2 && f64::abs(wilcoxon) < 1e-2, "{log_rank} {wilcoxon}");
    }

    #[test]
    fn of_right_censored_times_they_are_the_log_rank() {
        let (first, second): (Vec<Delay>, Vec<Delay>) = delays().into_iter().partition(|d| d.lower < 60.0);
        let scores = lateness(&[first.clone(), second.clone()].concat());
        let ours: f64 = scores[first.len()..].iter().map(|s| s.log_rank).sum();
        let test = log_rank(&timed(&first), &timed(&second));
        assert!((ours / (test.expected - test.observed) - 1.0).abs() < 0.05, "{ours} {test:?}");
    }
}
