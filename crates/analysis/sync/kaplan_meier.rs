//! The product-limit estimator of the survival curve under right censoring.
//!
//! Kaplan & Meier 1958 (JASA 53:457); variance: Greenwood 1926; the complementary log-log interval:
//! Kalbfleisch & Prentice 2002, section 1.4; cluster-robust variance from the influence function:
//! Ying & Wei 1994 (J. Multivar. Anal. 50:17).

use super::delay::Timed;

/// The curve at each time at which something was seen or given up. `survival[i]` holds from
/// `times[i]` on, until the next time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KaplanMeier {
    /// Distinct times in seconds, ascending.
    pub times: Vec<f64>,
    /// How many were still pending and watched just before each time.
    pub at_risk: Vec<u64>,
    /// How many were seen at each time.
    pub events: Vec<u64>,
    pub survival: Vec<f64>,
    /// Greenwood's sum of d / (n (n - d)); the variance of the curve is this times the square of
    /// the curve. A last term with n = d, which is infinite, is left out.
    pub greenwood: Vec<f64>,
}

/// Estimates the curve. Times need no order; ties are fine.
pub fn kaplan_meier(samples: &[Timed]) -> KaplanMeier {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let mut km = KaplanMeier::default();
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let mut passed = 0;
    for tied in sorted.chunk_by(|a, b| a.seconds == b.seconds) {
        let at_risk = (sorted.len() - passed) as f64;
        let events = tied.iter().filter(|s| s.seen).count();
        let d = events as f64;
        survival *= 1.0 - d / at_risk;
        if d < at_risk {
            greenwood += d / (at_risk * (at_risk - d));
        }
        km.times.push(tied[0].seconds);
        km.at_risk.push(at_risk as u64);
        km.events.push(events as u64);
        km.survival.push(survival);
        km.greenwood.push(greenwood);
        passed += tied.len();
    }
    km
}

impl KaplanMeier {
    /// The share still unseen just after `t` seconds. Beyond the last time the curve is not known;
    /// this then returns its last value.
    pub fn survival_at(&self, t: f64) -> f64 {
        match self.times.partition_point(|x| *x <= t) {
            0 => 1.0,
            i => self.survival[i - 1],
        }
    }

    /// How many were still watched at `t` seconds.
    pub fn at_risk_at(&self, t: f64) -> u64 {
        let i = self.times.partition_point(|x| *x < t);
        self.at_risk.get(i).copied().unwrap_or(0)
    }

    /// The first time by which at least the share `q` had been seen, if the curve comes so low.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        // The slack forgives the rounding of a long product, as in `1 - 0.9 < 0.1`.
        let i = self.survival.partition_point(|s| *s > 1.0 - q + 1e-12);
        self.times.get(i).copied()
    }

    /// The complementary log-log interval at the i-th time, at `z` standard errors.
    pub fn band(&self, i: usize, z: f64) -> (f64, f64) {
        log_log_band(self.survival[i], self.greenwood[i].sqrt(), z)
    }

    /// Restricted mean: the area under the curve up to `tau` seconds, the mean of min(delay, tau).
    pub fn restricted_mean(&self, tau: f64) -> f64 {
        let (mut area, mut from, mut height) = (0.0, 0.0, 1.0);
        for (t, s) in self.times.iter().zip(&self.survival) {
            if *t >= tau {
                break;
            }
            area += height * (t - from);
            (from, height) = (*t, *s);
        }
        area + height * (tau - from)
    }
}

/// The interval for a survival value whose *relative* standard error is `error`, symmetric on the
/// scale log(-log S), so that it never leaves 0..1. Degenerate where the curve is 0 or 1.
pub fn log_log_band(survival: f64, error: f64, z: f64) -> (f64, f64) {
    if survival <= 0.0 || survival >= 1.0 {
        return (survival, survival);
    }
    let log = survival.ln();
    let spread = z * error / log.abs();
    ((log * spread.exp()).exp(), (log * (-spread).exp()).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(samples: &[(f64, bool)]) -> KaplanMeier {
        let samples: Vec<Timed> = samples.iter().map(|&(seconds, seen)| Timed { seconds, seen }).collect();
        kaplan_meier(&samples)
    }

    #[test]
    fn without_censoring_it_is_the_empirical_share() {
        let km = curve(&[(3.0, true), (1.0, true), (2.0, true), (4.0, true)]);
        assert_eq!(km.survival, [0.75, 0.5, 0.25, 0.0]);
        assert_eq!(km.quantile(0.5), Some(2.0));
        assert_eq!(km.restricted_mean(10.0), 2.5);
    }

    #[test]
    fn the_censored_leave_the_risk_set_only() {
        let km = curve(&[(1.0, true), (2.0, false), (3.0, true), (4.0, false)]);
        assert_eq!(km.survival, [0.75, 0.75, 0.375, 0.375]);
        assert_eq!((km.quantile(0.6), km.quantile(0.7)), (Some(3.0), None));
        assert_eq!(km.at_risk_at(2.5), 2);
    }

    #[test]
    fn nothing_seen_leaves_the_curve_at_one() {
        let km = curve(&[(1.0, false), (2.0, false)]);
        assert_eq!((km.quantile(0.01), km.survival_at(9.0)), (None, 1.0));
        assert_eq!(curve(&[]).quantile(0.5), None);
    }

    #[test]
    fn the_band_stays_inside_zero_and_one() {
        let (low, high) = log_log_band(0.98, 0.02, 1.96);
        assert!(low > 0.0 && high < 1.0 && low < 0.98 && high > 0.98);
    }
}
