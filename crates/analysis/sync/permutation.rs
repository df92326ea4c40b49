//! Is the second arm later than the first, when invoices of one cluster share a fate?
//!
//! Censored rank scores are summed over clusters and the clusters dealt anew to the arms. The
//! statistic is studentised (Chung & Romano 2013, Ann. Stat. 41:484), so that arms of unequal spread
//! or follow-up do not pass for a difference; the larger of the log-rank and the Wilcoxon statistic
//! is taken, permuted jointly (Tarone 1981, Biometrics 68:357), so that a stretch of the middle and
//! a longer tail are both found.

use super::cluster::{Clusters, clusters};
use super::delay::Delay;
use super::score::{Lateness, lateness};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Two samples that may be compared, each with its clusters.
#[derive(Debug)]
pub(super) struct Stratum<'a> {
    pub first: &'a [Delay],
    pub second: &'a [Delay],
    pub clusters: [Clusters; 2],
}

impl<'a> Stratum<'a> {
    pub fn new(first: &'a [Delay], second: &'a [Delay]) -> Self {
        Self { first, second, clusters: [clusters(first), clusters(second)] }
    }
}

/// The one-sided result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Later {
    /// Studentised log-rank; positive where the second arm is later.
    pub z: f64,
    /// The share of permutations at least as late.
    pub p: f64,
}

/// Sums of scores by cluster, those of the first arm before those of the second.
struct Sums {
    sums: Vec<Lateness>,
    first: usize,
}

/// Permutes clusters within each stratum.
pub(super) fn later(strata: &[Stratum<'_>], draws: usize, seed: u64) -> Later {
    let mut all: Vec<Sums> = strata.iter().map(sums).collect();
    let observed = statistic(&all);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let as_late = (0..draws)
        .filter(|_| {
            all.iter_mut().for_each(|s| s.sums.shuffle(&mut rng));
            let dealt = statistic(&all);
            dealt.log_rank.max(dealt.wilcoxon) >= observed.log_rank.max(observed.wilcoxon) - 1e-9
        })
        .count();
    Later { z: observed.log_rank, p: (as_late + 1) as f64 / (draws + 1) as f64 }
}

fn sums(stratum: &Stratum<'_>) -> Sums {
    let scores = lateness(&[stratum.first, stratum.second].concat());
    let [first, second] = &stratum.clusters;
    let mut sums = vec![Lateness::default(); first.count + second.count];
    let places =
        first.of.iter().map(|c| *c as usize).chain(second.of.iter().map(|c| *c as usize + first.count));
    for (place, score) in places.zip(scores) {
        sums[place].log_rank += score.log_rank;
        sums[place].wilcoxon += score.wilcoxon;
    }
    Sums { sums, first: first.count }
}

fn statistic(strata: &[Sums]) -> Lateness {
    Lateness { log_rank: studentised(strata, |s| s.log_rank), wilcoxon: studentised(strata, |s| s.wilcoxon) }
}

fn studentised(strata: &[Sums], score: impl Fn(&Lateness) -> f64) -> f64 {
    let (mut difference, mut variance) = (0.0, 0.0);
    for Sums { sums, first } in strata {
        let (a, b) = sums.split_at(*first);
        let ((mean_a, var_a), (mean_b, var_b)) = (moments(a, &score), moments(b, &score));
        // Within a stratum the sums are comparable; across strata its size is its weight.
        let weight = (a.len() * b.len()) as f64 / (a.len() + b.len()).max(1) as f64;
        difference += weight * (mean_b - mean_a);
        variance += weight * weight * (var_a + var_b);
    }
    if variance > 0.0 { difference / variance.sqrt() } else { 0.0 }
}

/// The mean and the variance of the mean.
fn moments(sums: &[Lateness], score: impl Fn(&Lateness) -> f64) -> (f64, f64) {
    let n = sums.len() as f64;
    if sums.len() < 2 {
        return (sums.first().map_or(0.0, score), 0.0);
    }
    let mean = sums.iter().map(&score).sum::<f64>() / n;
    let squares: f64 = sums.iter().map(|s| (score(s) - mean).powi(2)).sum();
    (mean, squares / (n - 1.0) / n)
}
