//! How often a regression is told of: where there is none, where batches share a fate, where a window
//! and its backlog lie in the run, and where the delay has really grown.

use crate::worlds::{Law, Poll, Run, batch, with_window};
use piaotan_analysis::sync::{
    Delay, Estimate, Regression, Terms, Verdict, business, log_rank, part, recovery, regression, timed,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

type Dice = ChaCha8Rng;

pub fn power(repetitions: u64) {
    println!("\nindependent invoices, 500 an arm: share of each verdict");
    for law in Law::ALL {
        for seconds in [300.0, 95.0] {
            for scale in [1.0, 1.1, 1.2, 1.5] {
                let arm =
                    |scale| move |dice: &mut Dice| Run { law, scale, ..Run::new(500, seconds) }.draw(dice);
                row(
                    &format!("{law:?} {seconds} s, x{scale}"),
                    Some(scale),
                    repetitions,
                    arm(1.0),
                    arm(scale),
                );
            }
        }
    }
    println!("candidate polled every 20 s, baseline every 5 s");
    for law in Law::ALL {
        let arm = |poll| move |dice: &mut Dice| Run { law, poll, ..Run::new(500, 300.0) }.draw(dice);
        row(&format!("{law:?} x1"), Some(1.0), repetitions, arm(Poll::Every(5.0)), arm(Poll::Every(20.0)));
    }
    println!("candidate cut short at 95 s, baseline 600 s");
    for law in Law::ALL {
        let arm = |seconds| move |dice: &mut Dice| Run { law, ..Run::new(500, seconds) }.draw(dice);
        row(&format!("{law:?} x1"), Some(1.0), repetitions, arm(600.0), arm(95.0));
    }
}

pub fn batches(repetitions: u64) {
    println!("\nbatches every 60 s, 500 invoices an arm in 1800 s");
    for known in [true, false] {
        for (spread, scale) in [(0.0, 1.0), (0.0, 1.5), (0.0, 2.0), (15.0, 1.0), (15.0, 2.0)] {
            let arm = |scale| move |dice: &mut Dice| batch(scale, spread, known, dice);
            let name =
                format!("batches {}, spread {spread} s, x{scale}", if known { "known" } else { "found" });
            // A stretched batch does not stretch the wait for it: only "the same" has a known ratio.
            row(&name, (scale == 1.0).then_some(1.0), repetitions, arm(1.0), arm(scale));
        }
    }
}

pub fn windows(repetitions: u64) {
    clocks(repetitions);
    println!("\na 600-s window in the candidate's 1800 s, none in the baseline; 500 an arm");
    let base = |dice: &mut Dice| Run { drain: 600.0, ..Run::new(500, 1800.0) }.draw(dice);
    for backlog in [0.0, 300.0] {
        for scale in [1.0, 1.2, 1.5] {
            let name = |clock: &str| format!("backlog {backlog} s, x{scale}, {clock}");
            let wall = move |dice: &mut Dice| with_window(backlog, scale, dice);
            let cut = move |dice: &mut Dice| part(&wall(dice), &[(800.0, 1400.0)], backlog).steady;
            let measured = move |dice: &mut Dice| {
                let delays = wall(dice);
                let until =
                    recovery(&delays, 1400.0, f64::INFINITY, 149.1 * scale).map_or(900.0, |r| r.seconds);
                part(&delays, &[(800.0, 1400.0)], until.max(300.0)).steady
            };
            row(&name("wall"), Some(scale), repetitions, base, wall);
            row(&name("steady, recovery known"), Some(scale), repetitions, base, cut);
            row(&name("steady, recovery measured"), Some(scale), repetitions, base, measured);
        }
    }
}

/// The 95th percentile on both clocks, true 149 s.
fn clocks(repetitions: u64) {
    let (mut wall, mut inside) = (0.0, 0.0);
    for seed in 0..repetitions {
        let delays = with_window(0.0, 1.0, &mut Dice::seed_from_u64(5000 + seed));
        let p95 = |delays: &[Delay]| Estimate::new(delays).map_or(f64::NAN, |e| e.quantile(0.95).value);
        wall += p95(&delays) / repetitions as f64;
        inside += p95(&business(&delays, &[(800.0, 1400.0)])) / repetitions as f64;
    }
    println!("\na 600-s window: p95 {wall:.1} s on the wall clock, {inside:.1} s on the business clock");
}

fn row<A, B>(name: &str, truth: Option<f64>, repetitions: u64, first: A, second: B)
where
    A: Fn(&mut Dice) -> Vec<Delay>,
    B: Fn(&mut Dice) -> Vec<Delay>,
{
    let mut count = Counts::default();
    for seed in 0..repetitions {
        let mut dice = Dice::seed_from_u64(5000 + seed);
        let (a, b) = (first(&mut dice), second(&mut dice));
        let found = regression(&a, &b, &Terms { seed, ..Terms::default() });
        count.add(&found, log_rank(&timed(&a), &timed(&b)).z, truth);
    }
    println!("  {name:44} {}", count.text(repetitions as f64));
}

#[derive(Default)]
struct Counts {
    fail: f64,
    pass: f64,
    naive: f64,
    ratio: f64,
    compared: f64,
    covered: f64,
    detectable: f64,
}

impl Counts {
    fn add(&mut self, found: &Regression, plain_z: f64, truth: Option<f64>) {
        let one = |yes: bool| f64::from(u8::from(yes));
        self.fail += one(found.verdict == Verdict::Fail);
        self.pass += one(found.verdict == Verdict::Pass);
        self.naive += one(plain_z > 1.645);
        if let (Some(ratio), Some(lower), Some(upper)) = (found.ratio, found.lower, found.upper) {
            self.compared += 1.0;
            self.ratio += ratio.ln();
            self.covered += one(truth.is_none_or(|truth| lower <= truth && truth <= upper));
        }
        self.detectable += found.detectable.unwrap_or(f64::NAN);
    }

    fn text(&self, n: f64) -> String {
        format!(
            "FAIL {:.3} PASS {:.3} (plain log-rank {:.3}) ratio {:.3} covers {:.3} detectable {:.2}",
            self.fail / n,
            self.pass / n,
            self.naive / n,
            (self.ratio / self.compared).exp(),
            self.covered / self.compared,
            self.detectable / n,
        )
    }
}
