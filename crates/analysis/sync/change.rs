//! From when on did the delay grow within one run, and by what factor?
//!
//! The maximally selected rank statistic over splits in upload order (Lausen & Schumacher 1992,
//! Biometrics 48:73) on censored scores summed over clusters; its p value from permutations of the
//! clusters, which pays for the search and for batches that share a fate.

use super::cluster::{Clusters, clusters};
use super::delay::Delay;
use super::kaplan_meier::kaplan_meier;
use super::scale::{Arm, Ratio, compare};
use super::score::lateness;
use super::turnbull::turnbull;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// A change of the delay.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Change {
    /// Upload time of the first invoice that belongs to the new regime.
    pub at: f64,
    /// Median delay of uploads before and after, in seconds; `None` where not reached.
    pub before: Option<f64>,
    pub after: Option<f64>,
    /// After over before: 3 is three times as slow, below one is an improvement.
    pub ratio: Ratio,
    /// Of finding so strong a change anywhere, were there none.
    pub p: f64,
    /// How many clusters the uploads formed.
    pub clusters: usize,
}

/// How sure to be, and how the dice fall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// A change is told of when its p is at most this.
    pub alpha: f64,
    pub draws: usize,
    pub seed: u64,
}

impl Default for Search {
    fn default() -> Self {
        Self { alpha: 0.01, draws: 999, seed: 1 }
    }
}

/// Fewer clusters than this on either side of a split prove nothing.
const SIDE: usize = 4;

/// Looks for one change of the delay in the order of uploads. `None` where there is no evidence of
/// one, or too few clusters to have any.
pub fn change_in_time(delays: &[Delay], search: &Search) -> Option<Change> {
    let mut ordered = delays.to_vec();
    ordered.sort_by(|a, b| a.uploaded.total_cmp(&b.uploaded));
    if ordered.is_empty() {
        return None;
    }
    let found = clusters(&ordered);
    let scores: Vec<f64> = lateness(&ordered).iter().map(|s| s.log_rank).collect();
    let mut sums = vec![0.0; found.count];
    for (cluster, score) in found.of.iter().zip(&scores) {
        sums[*cluster as usize] += score;
    }
    let (split, strength) = best_split(&sums, SIDE)?;
    let p = p_value(&sums, strength / inflation(&sums, split), search);
    if p > search.alpha {
        return None;
    }
    let at = refine(&scores, &found, split);
    let (before, after) = ordered.split_at(at);
    Some(Change {
        at: after[0].uploaded,
        before: median(before),
        after: median(after),
        ratio: factor(before, after, search.seed)?,
        p,
        clusters: found.count,
    })
}

/// The split with the largest standardised sum before it: its place and square strength.
fn best_split(sums: &[f64], side: usize) -> Option<(usize, f64)> {
    let n = sums.len();
    let mean = sums.iter().sum::<f64>() / n.max(1) as f64;
    let mut before: f64 = sums.iter().take(side.saturating_sub(1)).map(|s| s - mean).sum();
    let mut best: Option<(usize, f64)> = None;
    for k in side..=n.saturating_sub(side) {
        before += sums[k - 1] - mean;
        let strength = before * before / (k * (n - k)) as f64;
        if best.is_none_or(|(_, most)| strength > most) {
            best = Some((k, strength));
        }
    }
    best.filter(|(_, strength)| *strength > 0.0)
}

/// How much more a sum of neighbours varies than one of clusters drawn at random: (1 + r) / (1 - r)
/// for a correlation r from one to the next (Bartlett 1946). A late batch reaches into the next.
fn inflation(sums: &[f64], split: usize) -> f64 {
    let level = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    let (before, after) = sums.split_at(split);
    let (low, high) = (level(before), level(after));
    let left: Vec<f64> = before.iter().map(|s| s - low).chain(after.iter().map(|s| s - high)).collect();
    let square: f64 = left.iter().map(|x| x * x).sum();
    let product: f64 = left.windows(2).map(|pair| pair[0] * pair[1]).sum();
    // A correlation within one standard error of none is noise.
    let noise = 1.0 / (sums.len() as f64).sqrt();
    let r = if square > 0.0 { (product / square - noise).clamp(0.0, 0.8) } else { 0.0 };
    (1.0 + r) / (1.0 - r)
}

fn p_value(sums: &[f64], strength: f64, search: &Search) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(search.seed);
    let mut dealt = sums.to_vec();
    let as_strong = (0..search.draws)
        .filter(|_| {
            dealt.shuffle(&mut rng);
            best_split(&dealt, SIDE).is_some_and(|(_, s)| s >= strength * (1.0 - 1e-9))
        })
        .count();
    (as_strong + 1) as f64 / (search.draws + 1) as f64
}

/// The invoice at which the new regime begins, sought among those of the clusters around the split.
fn refine(scores: &[f64], clusters: &Clusters, split: usize) -> usize {
    let near = |i: &usize| (split - 1..=split).contains(&(clusters.of[*i] as usize));
    let n = scores.len();
    let mean = scores.iter().sum::<f64>() / n as f64;
    let mut before = 0.0;
    let mut best = (0, -1.0);
    for (i, score) in scores.iter().enumerate().take(n - 1) {
        before += score - mean;
        let strength = before * before / ((i + 1) * (n - i - 1)) as f64;
        if near(&i) && strength > best.1 {
            best = (i + 1, strength);
        }
    }
    best.0.max(1)
}

fn median(delays: &[Delay]) -> Option<f64> {
    let km = kaplan_meier(&super::delay::timed(delays));
    turnbull(delays)?.quantile(0.5).filter(|t| delays.iter().all(Delay::seen) || km.at_risk_at(*t) >= 10)
}

fn factor(before: &[Delay], after: &[Delay], seed: u64) -> Option<Ratio> {
    let arm = |delays: &[Delay]| Arm::new(delays, &clusters(delays));
    compare(&arm(before), &arm(after), seed).map(|c| c.factor)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rand::RngExt;

    /// One upload every 0.1 s for 50 s, exponential delays of mean 1.5 s up to 30 s and `factor`
    /// times that afterwards, looked for every 0.25 s until second 60.
    fn run(factor: f64, seed: u64) -> Vec<Delay> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..500)
            .map(|i| {
                let uploaded = 0.1 * i as f64;
                let scale = if uploaded < 30.0 { 1.0 } else { factor };
                let delay = -1.5 * scale * rng.random::<f64>().max(1e-9).ln();
                let upper = (delay / 0.25).ceil().max(1.0) * 0.25;
                let end = 60.0 - uploaded;
                match upper <= end {
                    true => Delay { uploaded, lower: upper - 0.25, upper, batch: None },
                    false => Delay {
                        uploaded,
                        lower: (end / 0.25).floor() * 0.25,
                        upper: f64::INFINITY,
                        batch: None,
                    },
                }
            })
            .collect()
    }

    #[test]
    fn a_tripled_delay_is_dated_and_measured() {
        let found = change_in_time(&run(3.0, 5), &Search::default()).unwrap();
        assert!((found.at - 30.0).abs() < 2.0, "{found:?}");
        assert!((found.ratio.value / 3.0 - 1.0).abs() < 0.25, "{found:?}");
        assert!(found.p <= 0.01 && found.after > found.before);
    }

    #[test]
    fn an_improvement_has_a_ratio_below_one() {
        assert!(change_in_time(&run(0.3, 5), &Search::default()).unwrap().ratio.value < 0.5);
    }

    #[test]
    fn a_steady_run_has_no_change() {
        assert_eq!(change_in_time(&run(1.0, 5), &Search::default()), None);
        assert_eq!(change_in_time(&[], &Search::default()), None);
        assert_eq!(change_in_time(&run(3.0, 5)[..6], &Search::default()), None);
    }
}
