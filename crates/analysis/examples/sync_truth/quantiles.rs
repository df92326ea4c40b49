//! Bias of the quantiles, how often they are called reached, and how often the interval covers.

use crate::worlds::{Law, Poll, Run};
use piaotan_analysis::sync::Estimate;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const LEVELS: [f64; 3] = [0.5, 0.9, 0.95];

pub fn table(repetitions: u64) {
    println!("\nquantiles: bias of those reached, share reached, share of 95 % intervals that cover");
    println!("(must: a follow-up under 1.3 times the true quantile must say \"not reached\")");
    for law in Law::ALL {
        let truth = law.truth(LEVELS);
        println!("{law:?}: true p50 {:.1} p90 {:.1} p95 {:.1} s", truth[0], truth[1], truth[2]);
        for (seconds, drain, poll) in RUNS {
            row(Run { law, drain, poll, ..Run::new(1000, seconds) }, truth, repetitions);
        }
    }
}

const RUNS: [(f64, f64, Poll); 8] = [
    (600.0, 0.0, Poll::Every(5.0)),
    (300.0, 0.0, Poll::Every(5.0)),
    (190.0, 0.0, Poll::Every(5.0)),
    (95.0, 0.0, Poll::Every(5.0)),
    (95.0, 30.0, Poll::Every(5.0)),
    (600.0, 600.0, Poll::Every(1.0)),
    (600.0, 600.0, Poll::Every(30.0)),
    (600.0, 0.0, Poll::Geometric(1.0, 1.3)),
];

fn row(run: Run, truth: [f64; 3], repetitions: u64) {
    let mut columns = [Column::default(); 3];
    let mut censored = 0.0;
    for seed in 0..repetitions {
        let delays = run.draw(&mut ChaCha8Rng::seed_from_u64(1000 + seed));
        let estimate = Estimate::new(&delays).expect("the run has uploads");
        censored += estimate.censored as f64 / estimate.n as f64 / repetitions as f64;
        for ((column, q), truth) in columns.iter_mut().zip(LEVELS).zip(truth) {
            let found = estimate.quantile(q);
            if found.reached {
                let above = found.lower.is_none_or(|l| l <= truth);
                column.add(found.value / truth - 1.0, above && found.upper.is_none_or(|u| u >= truth));
            } else {
                column.bounds_hold += u64::from(found.value <= truth);
            }
        }
    }
    print!(
        "  {:3.0}+{:3.0} s, {:22} {:2.0} % censored ",
        run.seconds,
        run.drain,
        format!("{:?}", run.poll),
        100.0 * censored
    );
    for ((column, truth), q) in columns.iter().zip(truth).zip(LEVELS) {
        let must = if run.seconds + run.drain < 1.3 * truth { " must" } else { "" };
        print!(" | p{:2.0} {}{must}", 100.0 * q, column.text(repetitions));
    }
    println!();
}

#[derive(Clone, Copy, Default)]
struct Column {
    reached: u64,
    sum: f64,
    covered: u64,
    bounds_hold: u64,
}

impl Column {
    fn add(&mut self, error: f64, covered: bool) {
        self.reached += 1;
        self.sum += error;
        self.covered += u64::from(covered);
    }

    fn text(&self, repetitions: u64) -> String {
        let n = self.reached.max(1) as f64;
        let share = self.reached as f64 / repetitions as f64;
        match self.reached {
            0 => format!("not reached 1.000, bound true {:.3}", self.bounds_hold as f64 / repetitions as f64),
            _ => format!(
                "{:+.1} % reached {share:.3} covers {:.3}",
                100.0 * self.sum / n,
                self.covered as f64 / n
            ),
        }
    }
}
