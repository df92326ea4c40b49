//! Has the delay grown against a baseline? Pass, fail or inconclusive, with the factor and why.
//!
//! *Fail* needs both evidence (the permuted test) and size (the factor); *pass* needs the factor to
//! be below the tolerance with confidence, so that too few invoices never pass.

use super::cluster::{Basis, clusters};
use super::delay::Delay;
use super::permutation::{Later, Stratum, later};
use super::scale::{Arm, Ratio, compare};
use crate::summary::Verdict;
use serde::Serialize;

/// What counts as a regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// One-sided error probability of a false *fail*: a little under one in twenty, which leaves room
    /// for batches that are not recognised quite as they were.
    pub alpha: f64,
    /// A delay grown by less than this share is no failure, however certain.
    pub floor: f64,
    /// A pass excludes growth by more than this share.
    pub tolerance: f64,
    pub draws: usize,
    pub seed: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { alpha: 0.04, floor: 0.02, tolerance: 0.20, draws: 999, seed: 3 }
    }
}

/// The comparison of a candidate with its baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regression {
    pub verdict: Verdict,
    /// Candidate over baseline, of medians where both were reached, else as `factor`; `None` where
    /// nothing can be compared. 1.2 is a fifth slower.
    pub ratio: Option<f64>,
    /// 95 % limits of the ratio.
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    /// The stretch over all quantiles that both reached; the verdict rests on it and on `p`.
    pub factor: Option<Ratio>,
    /// One-sided: how often clusters dealt at random come out as late.
    pub p: Option<f64>,
    /// Studentised log-rank; positive is later.
    pub z: Option<f64>,
    /// Clusters of the baseline and of the candidate, and what made the candidate's.
    pub clusters: [usize; 2],
    pub basis: Basis,
    /// The smallest factor that such samples show four times in five.
    pub detectable: Option<f64>,
    pub reason: String,
    /// The factor that a pass has to exclude.
    #[serde(skip)]
    pub allowed: f64,
}

/// Fewer clusters an arm can prove nothing at one in twenty ...
pub const FEWEST: usize = 5;
/// ... and fewer than this leave the test weak, which is said.
const ENOUGH: usize = 20;
/// Standard normal points of one-sided 5 % and of 80 % power.
const DETECT: f64 = 1.645 + 0.842;

/// Compares the delays of a candidate with those of a baseline, on the clock that the caller chose.
pub fn regression(baseline: &[Delay], candidate: &[Delay], terms: &Terms) -> Regression {
    regression_stratified(&[(baseline, candidate)], terms)
}

/// The same where only delays of one stratum (a surface, a region) may be compared: pairs of
/// baseline and candidate. The factor is that of the strata pooled.
pub fn regression_stratified(pairs: &[(&[Delay], &[Delay])], terms: &Terms) -> Regression {
    let strata: Vec<Stratum<'_>> = pairs.iter().map(|(a, b)| Stratum::new(a, b)).collect();
    let count = |arm: usize| strata.iter().map(|s| s.clusters[arm].count).sum();
    let counts: [usize; 2] = [count(0), count(1)];
    let allowed = 1.0 + terms.tolerance;
    let basis = strata.first().map_or(Basis::UploadBlock, |s| s.clusters[1].basis);
    if counts[0].min(counts[1]) < FEWEST {
        return nothing(counts, basis, allowed);
    }
    let test = later(&strata, terms.draws, terms.seed);
    let first = arm(strata.iter().map(|s| s.first));
    let second = arm(strata.iter().map(|s| s.second));
    let compared = compare(&first, &second, terms.seed);
    let factor = compared.map(|c| c.factor);
    let shown = compared.and_then(|c| c.medians).or(factor);
    let (verdict, reason) = judge(test, factor, counts, terms);
    Regression {
        verdict,
        ratio: shown.map(|r| r.value),
        lower: shown.map(|r| r.lower),
        upper: shown.and_then(|r| r.upper),
        factor,
        p: Some(test.p),
        z: Some(test.z),
        clusters: counts,
        basis,
        detectable: factor.and_then(detectable),
        reason,
        allowed,
    }
}

fn arm<'a>(strata: impl Iterator<Item = &'a [Delay]>) -> Arm {
    let pooled: Vec<Delay> = strata.flatten().copied().collect();
    Arm::new(&pooled, &clusters(&pooled))
}

fn nothing(clusters: [usize; 2], basis: Basis, allowed: f64) -> Regression {
    Regression {
        verdict: Verdict::Inconclusive,
        ratio: None,
        lower: None,
        upper: None,
        factor: None,
        p: None,
        z: None,
        clusters,
        basis,
        detectable: None,
        reason: format!(
            "{} and {} independent clusters: at least {FEWEST} are needed in each",
            clusters[0], clusters[1]
        ),
        allowed,
    }
}

impl Regression {
    /// Whether there are so few clusters that the test is weak.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.clusters[0].min(self.clusters[1]) < ENOUGH
    }
}

fn judge(test: Later, factor: Option<Ratio>, clusters: [usize; 2], terms: &Terms) -> (Verdict, String) {
    let Some(factor) = factor else {
        return (Verdict::Inconclusive, "the baseline was not seen long enough to compare with".into());
    };
    let weak = match clusters[0].min(clusters[1]) < ENOUGH {
        true => format!("; only {} and {} independent clusters", clusters[0], clusters[1]),
        false => String::new(),
    };
    let evidence = test.p <= terms.alpha;
    if evidence && factor.value >= 1.0 + terms.floor {
        return (Verdict::Fail, format!("later by a factor of {:.2} (p {:.3}){weak}", factor.value, test.p));
    }
    let limit = 1.0 + terms.tolerance;
    if let Some(upper) = factor.upper.filter(|upper| *upper < limit) {
        return (Verdict::Pass, format!("at most {upper:.2} times the baseline, {limit:.2} allowed{weak}"));
    }
    let smallest =
        detectable(factor).map_or(String::new(), |d| format!(", a factor of {d:.2} is detectable"));
    (Verdict::Inconclusive, format!("the factor may be above {limit:.2} or not{smallest}{weak}"))
}

fn detectable(factor: Ratio) -> Option<f64> {
    let error = (factor.upper? / factor.lower).ln() / (2.0 * 1.96);
    Some((DETECT * error).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Exponential delays with the given mean, one upload a second, seen exactly, watched for 300 s
    /// after the last upload.
    fn arm(n: usize, mean: f64, seed: u64) -> Vec<Delay> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n).map(|i| Delay::exact(i as f64, -mean * rng.random::<f64>().max(1e-9).ln())).collect()
    }

    fn check(n: usize, factor: f64, expected: Verdict) {
        let found = regression(&arm(n, 30.0, 1), &arm(n, 30.0 * factor, 2), &Terms::default());
        assert_eq!(found.verdict, expected, "{found:?}");
    }

    #[test]
    fn growth_fails_and_sameness_passes() {
        check(1000, 1.5, Verdict::Fail);
        check(1000, 1.0, Verdict::Pass);
        check(1000, 0.5, Verdict::Pass);
    }

    #[test]
    fn too_few_are_never_a_pass() {
        check(40, 1.0, Verdict::Inconclusive);
        check(3, 1.0, Verdict::Inconclusive);
        check(0, 1.0, Verdict::Inconclusive);
    }

    #[test]
    fn a_candidate_never_seen_fails_with_a_bound() {
        let unseen: Vec<Delay> = arm(200, 30.0, 2)
            .into_iter()
            .map(|d| Delay { lower: 300.0, upper: f64::INFINITY, ..d })
            .collect();
        let found = regression(&arm(200, 30.0, 1), &unseen, &Terms::default());
        assert_eq!((found.verdict, found.upper), (Verdict::Fail, None), "{found:?}");
    }

    #[test]
    fn strata_are_compared_with_their_own() {
        let (fast, slow) = (arm(300, 10.0, 1), arm(300, 100.0, 2));
        let (fast_again, slow_again) = (arm(300, 10.0, 3), arm(300, 100.0, 4));
        let found = regression_stratified(&[(&fast, &fast_again), (&slow, &slow_again)], &Terms::default());
        assert_ne!(found.verdict, Verdict::Fail, "{found:?}");
    }
}
