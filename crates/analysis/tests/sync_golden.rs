//! Our product-limit curve, its interval, the restricted mean and the log-rank test against
//! lifelines 0.30.3 to nine digits. `lifelines.py` beside this file makes the same data and printed
//! these values.

use piaotan_analysis::sync::{KaplanMeier, Timed, kaplan_meier, log_rank};

/// The two-sided 95 % point of the normal distribution.
const Z: f64 = 1.959963984540054;

/// Lehmer's generator (Park & Miller 1988), as in `lifelines.py`.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0 * 48271 % 2147483647;
        self.0 as f64 / 2147483647.0
    }
}

fn sample(seed: u64, n: usize, scale: f64, end: f64, tie: f64) -> Vec<Timed> {
    let mut dice = Dice(seed);
    let mut one = || {
        let delay = -scale * dice.next().ln();
        let watched = end * dice.next();
        Timed { seconds: (delay.min(watched) / tie).ceil() * tie, seen: delay <= watched }
    };
    (0..n).map(|_| one()).collect()
}

fn near(ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0), "{ours} is not {theirs}");
}

fn check_curve(km: &KaplanMeier, golden: &[[f64; 4]]) {
    for &[time, survival, lower, upper] in golden {
        let i = km.times.iter().position(|t| *t == time).expect("the time is a step of the curve");
        let (low, high) = km.band(i, Z);
        near(km.survival[i], survival);
        near(low, lower);
        near(high, upper);
    }
}

#[test]
fn with_ties() {
    let (a, b) = (sample(1, 200, 10.0, 40.0, 0.5), sample(2, 150, 14.0, 40.0, 0.5));
    let km = kaplan_meier(&a);
    check_curve(
        &km,
        &[
            [0.5, 0.9500000000000004, 0.9090660917760459, 0.9727805873024795],
            [5.5, 0.5764993570365184, 0.5022238593757743, 0.6437300803709108],
            [11.0, 0.35324306421775514, 0.280250407897621, 0.4268826861639482],
            [17.5, 0.14695098372550794, 0.09249760492259154, 0.21336378452364002],
            [28.0, 0.0, 0.0, 0.0],
        ],
    );
    assert_eq!(km.quantile(0.5), Some(7.5));
    near(km.restricted_mean(20.0), 8.985981466938554);
    near(log_rank(&a, &b).chi2, 6.064781776185857);
    near(log_rank(&a, &b).p, 0.013790379246157928);
}

#[test]
fn without_ties_and_much_censored() {
    let tick = 2.0_f64.powi(-20);
    let (a, b) = (sample(3, 57, 10.0, 15.0, tick), sample(4, 300, 10.0, 90.0, tick));
    let km = kaplan_meier(&a);
    check_curve(
        &km,
        &[
            [0.06816768646240234, 1.0, 1.0, 1.0],
            [2.1808414459228516, 0.8123791102514509, 0.6791729701079265, 0.8944015419005544],
            [3.5012102127075195, 0.6272287336784101, 0.4781905215415422, 0.7445972686842051],
            [6.033665657043457, 0.45001705045554347, 0.299779609850007, 0.5890649357026965],
            [14.135915756225586, 0.3236885877402511, 0.1701812261319672, 0.4874998671147476],
        ],
    );
    assert_eq!(km.quantile(0.5), Some(5.2112579345703125));
    near(km.restricted_mean(20.0), 9.125942009366122);
    near(log_rank(&a, &b).chi2, 0.005470590560892068);
    near(log_rank(&a, &b).p, 0.941039475640247);
}
