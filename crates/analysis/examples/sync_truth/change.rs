//! A change of the delay within one run, at a known time.

use crate::worlds::{Law, Poll};
use piaotan_analysis::sync::{Delay, Search, change_in_time};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A short demonstration: uploads over 45 s, the change at 20 s, looked at until second 60.
struct Demo {
    law: Law,
    n: usize,
    /// The median before, in seconds.
    median: f64,
    factor: f64,
    poll: Poll,
    /// Invoices become visible at the next multiple of this, zero for at once.
    batch: f64,
}

pub fn table(repetitions: u64) {
    println!("\na change within a run of 45 s (watched to 60 s), at 20 s: found, |date error|, factor");
    for law in Law::ALL {
        for n in [300, 2000] {
            for factor in [1.0, 1.5, 3.0] {
                for (poll, batch) in
                    [(Poll::Every(0.25), 0.0), (Poll::Geometric(0.2, 1.4), 0.0), (Poll::Every(0.25), 1.0)]
                {
                    row(&Demo { law, n, median: 2.0, factor, poll, batch }, repetitions);
                }
            }
        }
    }
}

fn row(demo: &Demo, repetitions: u64) {
    let (mut found, mut late, mut right) = (0.0, Vec::new(), 0.0);
    let mut ratios = Vec::new();
    for seed in 0..repetitions {
        let delays = draw(demo, &mut ChaCha8Rng::seed_from_u64(9000 + seed));
        if let Some(change) = change_in_time(&delays, &Search { seed, ..Search::default() }) {
            found += 1.0 / repetitions as f64;
            late.push((change.at - 20.0).abs());
            ratios.push(change.ratio.value);
            right += f64::from(u8::from((change.ratio.value / demo.factor - 1.0).abs() <= 0.25));
        }
    }
    late.sort_by(f64::total_cmp);
    ratios.sort_by(f64::total_cmp);
    let at =
        |sorted: &[f64], q: f64| sorted.get((q * sorted.len() as f64) as usize).copied().unwrap_or(f64::NAN);
    println!(
        "  {:?} n {:4} x{} {:?} batch {} s: found {found:.3} date p50 {:.1} p95 {:.1} s, factor p5 {:.2} p50 {:.2} p95 {:.2}, within 25 % {:.3}",
        demo.law,
        demo.n,
        demo.factor,
        demo.poll,
        demo.batch,
        at(&late, 0.5),
        at(&late, 0.95),
        at(&ratios, 0.05),
        at(&ratios, 0.5),
        at(&ratios, 0.95),
        right / late.len().max(1) as f64,
    );
}

fn draw(demo: &Demo, dice: &mut ChaCha8Rng) -> Vec<Delay> {
    let one = |i: usize, dice: &mut ChaCha8Rng| {
        let uploaded = 45.0 * (i as f64 + dice.random::<f64>()) / demo.n as f64;
        let factor = if uploaded < 20.0 { 1.0 } else { demo.factor };
        let mut delay = demo.law.draw(dice) * demo.median / 40.0 * factor;
        if demo.batch > 0.0 {
            delay = ((uploaded + delay) / demo.batch).ceil() * demo.batch - uploaded;
        }
        demo.poll.look(uploaded, delay, 60.0 - uploaded, dice)
    };
    (0..demo.n).map(|i| one(i, dice)).collect()
}
