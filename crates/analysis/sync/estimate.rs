//! The delay of many invoices: the curve with its band, quantiles that were reached or a bound, the
//! restricted mean, and by when a pending invoice should be visible.
//!
//! The curve is Turnbull's; its band resamples clusters on the complementary log-log scale and is
//! never narrower than Greenwood's. Quantile intervals invert the band (Brookmeyer & Crowley 1982,
//! Biometrics 38:29).

use super::cluster::{Basis, clusters};
use super::delay::{Delay, follow_up, timed};
use super::kaplan_meier::{KaplanMeier, kaplan_meier, log_log_band};
use super::resample::Fit;
use super::turnbull::Turnbull;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A quantile of the delay, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Quantile {
    /// Where `reached` is false the quantile is only known to be above this.
    pub value: f64,
    pub reached: bool,
    /// 95 % limits, `None` where the band does not come so far.
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

/// The share still unseen `t` seconds after the upload, with its 95 % band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub t: f64,
    pub survival: f64,
    pub lower: f64,
    pub upper: f64,
}

/// What is known of the delays of one surface.
#[derive(Debug, Clone)]
pub struct Estimate {
    pub n: usize,
    pub censored: usize,
    /// How long the longest-watched could have been followed, in seconds.
    pub follow_up: f64,
    /// How many clusters they formed, and what made them.
    pub clusters: usize,
    pub basis: Basis,
    /// At most 500 points, ascending, from (0, 1) on.
    pub curve: Vec<Point>,
    exact: Turnbull,
    at_risk: KaplanMeier,
}

/// A quantile is believed when the follow-up is so many times its upper limit: shorter ones catch
/// the fast invoices only, and the quantile then comes out a fifth to a third too small.
const FOLLOW_UP: f64 = 1.3;
/// ... and when so many were still watched at it.
const AT_RISK: u64 = 20;
const POINTS: usize = 500;
const DRAWS: usize = 100;
const Z: f64 = 1.959963984540054;
const SEED: u64 = 2;

impl Estimate {
    /// Estimates from all delays of one surface. `None` for none.
    pub fn new(delays: &[Delay]) -> Option<Self> {
        if delays.is_empty() {
            return None;
        }
        let found = clusters(delays);
        let fit = Fit::new(delays, &found);
        let at_risk = kaplan_meier(&timed(delays));
        let exact = fit.curve();
        Some(Self {
            n: delays.len(),
            censored: delays.iter().filter(|d| !d.seen()).count(),
            follow_up: follow_up(delays),
            clusters: found.count,
            basis: found.basis,
            curve: band(&fit, &exact, &at_risk),
            exact,
            at_risk,
        })
    }

    /// The share still unseen `t` seconds after the upload.
    pub fn survival_at(&self, t: f64) -> f64 {
        self.exact.survival_at(t)
    }

    /// The product-limit curve on the midpoints of the same intervals.
    pub fn midpoints(&self) -> &KaplanMeier {
        &self.at_risk
    }

    /// When the share `q` is visible, or a bound where the follow-up is too short to tell.
    pub fn quantile(&self, q: f64) -> Quantile {
        let lower = self.crossing(1.0 - q, |p| p.lower, f64::min);
        let upper = self.crossing(1.0 - q, |p| p.upper, f64::max);
        let value = self.exact.quantile(q);
        match value.filter(|value| self.believed(*value, upper)) {
            Some(value) => Quantile { value, reached: true, lower, upper },
            None => {
                let bound = lower.unwrap_or(f64::INFINITY).min(self.supported());
                Quantile { value: value.map_or(bound, |v| v.min(bound)), reached: false, lower, upper: None }
            }
        }
    }

    fn believed(&self, value: f64, upper: Option<f64>) -> bool {
        let followed = upper.is_some_and(|upper| self.follow_up >= FOLLOW_UP * upper);
        self.censored == 0 || (followed && self.at_risk.at_risk_at(value) >= AT_RISK)
    }

    /// The last time at which enough were still watched, in seconds since the upload.
    pub fn supported(&self) -> f64 {
        let enough = AT_RISK.min(self.n as u64);
        let i = self.at_risk.at_risk.partition_point(|n| *n >= enough);
        i.checked_sub(1).map_or(0.0, |i| self.at_risk.times[i])
    }

    /// The first time at which a line of the curve falls to `height`. Where in the very first gap it
    /// fell cannot be known: there `first_gap` picks the end that claims less.
    fn crossing(
        &self,
        height: f64,
        line: impl Fn(&Point) -> f64,
        first_gap: fn(f64, f64) -> f64,
    ) -> Option<f64> {
        let i = self.curve.iter().position(|p| line(p) <= height)?;
        let (before, after) = (&self.curve[i.checked_sub(1)?], &self.curve[i]);
        if line(before) >= 1.0 {
            return Some(first_gap(before.t, after.t));
        }
        let along = (line(before) - height) / (line(before) - line(after));
        Some(before.t + along * (after.t - before.t))
    }

    /// Restricted mean: the mean of min(delay, tau), in seconds. Choose a tau that was followed.
    pub fn restricted_mean(&self, tau: f64) -> f64 {
        self.exact.restricted_mean(tau)
    }

    /// The delay by which a share of those still pending at `age` will have become visible, both in
    /// seconds since the upload; `None` where the curve does not reach so far: then it is not known.
    pub fn expected_by(&self, age: f64, share: f64) -> Option<f64> {
        let pending = self.exact.survival_at(age);
        let q = 1.0 - pending * (1.0 - share);
        let reached = self.quantile(q);
        (pending > 0.0 && reached.reached).then_some(reached.value.max(age))
    }
}

fn band(fit: &Fit, curve: &Turnbull, greenwood: &KaplanMeier) -> Vec<Point> {
    let times = times(curve);
    let mut spread = vec![Spread::default(); times.len()];
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    for _ in 0..DRAWS {
        let drawn = fit.redrawn(&mut rng);
        spread.iter_mut().zip(&times).for_each(|(s, t)| s.add(drawn.survival_at(*t)));
    }
    let points = times.iter().zip(&spread).map(|(t, s)| point(*t, curve.survival_at(*t), s, greenwood));
    monotone(points.collect())
}

/// The edges of the curve's cells, every second or third where there are too many.
fn times(curve: &Turnbull) -> Vec<f64> {
    let all: Vec<f64> = curve.steps().map(|(t, _)| t).collect();
    let every = all.len().div_ceil(POINTS - 1);
    let mut times: Vec<f64> = all.iter().copied().step_by(every).collect();
    if times.last() != all.last() {
        times.extend(all.last());
    }
    times
}

/// Running moments of a resampled height.
#[derive(Clone, Copy, Default)]
struct Spread {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, x: f64) {
        self.n += 1.0;
        self.sum += x;
        self.squares += x * x;
    }

    fn sd(&self) -> f64 {
        let mean = self.sum / self.n;
        (self.squares / self.n - mean * mean).max(0.0).sqrt()
    }
}

fn point(t: f64, survival: f64, spread: &Spread, km: &KaplanMeier) -> Point {
    let i = km.times.partition_point(|x| *x <= t);
    let greenwood = i.checked_sub(1).map_or(0.0, |i| km.greenwood[i].sqrt());
    let relative = (spread.sd() / survival.max(1e-12)).max(greenwood);
    let (mut lower, mut upper) = log_log_band(survival, relative, Z);
    if survival > 1.0 - 1e-9 {
        // Nothing seen yet proves little when few were looked for (Clopper & Pearson 1934).
        lower = 0.025_f64.powf(1.0 / km.at_risk_at(t).max(1) as f64);
        lower = if t == 0.0 { 1.0 } else { lower };
    }
    if survival <= 0.0 {
        // All seen so far does not mean that all ever will be: keep the band of the point before.
        upper = 1.0;
    }
    Point { t, survival, lower, upper }
}

/// A survival curve cannot rise, so a bound that holds at one time holds for all on its side.
fn monotone(mut points: Vec<Point>) -> Vec<Point> {
    for i in 1..points.len() {
        points[i].upper = points[i].upper.min(points[i - 1].upper);
    }
    for i in (1..points.len()).rev() {
        points[i - 1].lower = points[i - 1].lower.max(points[i].lower);
    }
    points
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 400 uploads, one a second, with delays 0.5, 1.0 ... 200 s in mixed order, seen to the half
    /// second and watched until `end`.
    fn run(end: f64) -> Estimate {
        let delays: Vec<Delay> = (0..400)
            .map(|i| {
                let (uploaded, delay) = (i as f64, 0.5 * (1 + i * 171 % 400) as f64);
                let watched = (end - uploaded).max(0.0);
                match delay <= watched {
                    true => Delay { uploaded, lower: delay - 0.5, upper: delay, batch: None },
                    false => Delay { uploaded, lower: watched, upper: f64::INFINITY, batch: None },
                }
            })
            .collect();
        Estimate::new(&delays).unwrap()
    }

    #[test]
    fn quantiles_come_with_their_limits() {
        let p50 = run(600.0).quantile(0.5);
        assert!(p50.reached && (p50.value - 100.0).abs() < 1.0, "{p50:?}");
        assert!(p50.lower.unwrap() < 97.0 && p50.upper.unwrap() > 103.0, "{p50:?}");
    }

    #[test]
    fn a_quantile_beyond_the_follow_up_is_a_bound() {
        let short = run(150.0);
        let p95 = short.quantile(0.95);
        assert!(!p95.reached && p95.value <= 150.0 && p95.value > 80.0 && p95.upper.is_none(), "{p95:?}");
        assert!(short.quantile(0.25).reached);
    }

    #[test]
    fn all_seen_is_reached_to_the_last() {
        assert!(run(900.0).quantile(0.99).reached);
    }

    #[test]
    fn one_invoice_never_seen_proves_nothing() {
        let one = Estimate::new(&[Delay { uploaded: 0.0, lower: 30.0, upper: f64::INFINITY, batch: None }])
            .unwrap();
        let p50 = one.quantile(0.5);
        assert!(!p50.reached && p50.value < 30.0, "{p50:?}");
        assert!(Estimate::new(&[]).is_none());
    }

    #[test]
    fn who_has_waited_waits_on() {
        let run = run(600.0);
        let (fresh, old) = (run.expected_by(0.0, 0.9).unwrap(), run.expected_by(150.0, 0.9).unwrap());
        assert!((fresh - 180.0).abs() < 4.0 && (old - 195.0).abs() < 4.0, "{fresh} {old}");
        assert_eq!(run.expected_by(1000.0, 0.9), None);
    }
}
