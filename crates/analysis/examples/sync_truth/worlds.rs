//! Platforms whose true delay is known, and watchers that see it only through their looks.

use piaotan_analysis::sync::Delay;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Weibull};

/// The law of one invoice's delay, in seconds.
#[derive(Debug, Clone, Copy)]
pub enum Law {
    /// Median 40 s, sigma 0.8: p95 149.1 s.
    LogNormal,
    /// Shape 1.5, median 40 s: a lighter tail.
    Weibull,
    /// Three in four around 30 s, one in four around 120 s: two paths through the platform.
    Mixture,
}

impl Law {
    pub const ALL: [Law; 3] = [Law::LogNormal, Law::Weibull, Law::Mixture];

    pub fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        let log_normal =
            |median: f64, sigma: f64| LogNormal::new(median.ln(), sigma).expect("sigma is positive");
        match self {
            Law::LogNormal => log_normal(40.0, 0.8).sample(rng),
            Law::Weibull => {
                let scale = 40.0 / 2.0_f64.ln().powf(1.0 / 1.5);
                Weibull::new(scale, 1.5).expect("both are positive").sample(rng)
            }
            Law::Mixture if rng.random::<f64>() < 0.75 => log_normal(30.0, 0.4).sample(rng),
            Law::Mixture => log_normal(120.0, 0.3).sample(rng),
        }
    }

    /// The true quantiles, from two million draws (a thousandth of their size is their error).
    pub fn truth(self, levels: [f64; 3]) -> [f64; 3] {
        let mut rng = ChaCha8Rng::seed_from_u64(99);
        let mut draws: Vec<f64> = (0..2_000_000).map(|_| self.draw(&mut rng)).collect();
        draws.sort_unstable_by(f64::total_cmp);
        levels.map(|q| draws[(q * draws.len() as f64) as usize])
    }
}

/// How a pending invoice is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Poll {
    /// Every so many seconds, with a random phase.
    Every(f64),
    /// First after about so many seconds, then each time that much later again.
    Geometric(f64, f64),
}

impl Poll {
    /// What the looks until `watched` seconds after the upload say of a delay.
    pub fn look(self, uploaded: f64, delay: f64, watched: f64, rng: &mut ChaCha8Rng) -> Delay {
        let (mut at, mut lower) = (self.first(rng), 0.0);
        while at <= watched {
            if at >= delay {
                return Delay { uploaded, lower, upper: at, batch: None };
            }
            lower = at;
            at = match self {
                Poll::Every(seconds) => at + seconds,
                Poll::Geometric(_, factor) => at * factor,
            };
        }
        Delay { uploaded, lower, upper: f64::INFINITY, batch: None }
    }

    fn first(self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Poll::Every(seconds) => seconds * rng.random::<f64>(),
            Poll::Geometric(first, factor) => first * factor.powf(rng.random()),
        }
    }
}

/// A run: uploads evenly at random over `seconds`, looked for until `drain` seconds later.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub law: Law,
    pub n: usize,
    pub seconds: f64,
    pub drain: f64,
    pub poll: Poll,
    /// Delays are stretched by this factor.
    pub scale: f64,
}

impl Run {
    pub fn new(n: usize, seconds: f64) -> Self {
        Self { law: Law::LogNormal, n, seconds, drain: 0.0, poll: Poll::Every(5.0), scale: 1.0 }
    }

    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Vec<Delay> {
        let mut uploads: Vec<f64> = (0..self.n).map(|_| self.seconds * rng.random::<f64>()).collect();
        uploads.sort_unstable_by(f64::total_cmp);
        let end = self.seconds + self.drain;
        uploads
            .into_iter()
            .map(|uploaded| {
                let delay = self.scale * self.law.draw(rng);
                self.poll.look(uploaded, delay, end - uploaded, rng)
            })
            .collect()
    }
}

/// 500 uploads in 1800 s that become visible with the next batch: one starts every 60 s and takes 15 s
/// (times `scale`, sigma 0.5), all of a batch alike but for `spread` seconds.
pub fn batch(scale: f64, spread: f64, known: bool, rng: &mut ChaCha8Rng) -> Vec<Delay> {
    let took = LogNormal::new((15.0 * scale).ln(), 0.5).expect("sigma is positive");
    let offset = 60.0 * rng.random::<f64>();
    let mut done: Vec<f64> = (0..110).map(|i| offset + 60.0 * f64::from(i) + took.sample(rng)).collect();
    // A batch waits for the one before.
    (1..done.len()).for_each(|i| done[i] = done[i].max(done[i - 1]));
    let mut uploads: Vec<f64> = (0..500).map(|_| 1800.0 * rng.random::<f64>()).collect();
    uploads.sort_unstable_by(f64::total_cmp);
    let one = |uploaded: f64| {
        let number = ((uploaded - offset) / 60.0).floor() + 1.0;
        let delay = done[number as usize] + spread * rng.random::<f64>() - uploaded;
        let seen = Poll::Every(5.0).look(uploaded, delay, 2100.0 - uploaded, rng);
        Delay { batch: known.then_some(number as u32), ..seen }
    };
    uploads.into_iter().map(one).collect()
}

/// 500 uploads in 1800 s, refused from 800 to 1400 s, when synchronisation stands still; delays of
/// uploads within `backlog` seconds of its end are stretched, from twice to once.
pub fn with_window(backlog: f64, scale: f64, rng: &mut ChaCha8Rng) -> Vec<Delay> {
    let uploads: Vec<f64> = (0..500).map(|_| 1800.0 * rng.random::<f64>()).collect();
    let offered = uploads.into_iter().filter(|u| !(800.0..1400.0).contains(u));
    let mut one = |uploaded: f64| {
        let into = (uploaded - 1400.0) / backlog.max(1.0);
        let stretch = if (0.0..1.0).contains(&into) && backlog > 0.0 { 2.0 - into } else { 1.0 };
        let mut delay = scale * stretch * Law::LogNormal.draw(rng);
        if uploaded < 800.0 && uploaded + delay > 800.0 {
            delay += 600.0;
        }
        Poll::Every(5.0).look(uploaded, delay, 2400.0 - uploaded, rng)
    };
    offered.map(&mut one).collect()
}

/// 500 uploads in 1800 s that become visible at the first multiple of 60 s after a log-normal delay of
/// the given median (sigma 0.8, times `scale`), one multiple in five coming 60 s late as a whole. A wide
/// delay mixes the uploads of several batches.
#[allow(dead_code, reason = "the generator behind a figure of docs/methods-sync.md, for whoever repeats it")]
pub fn ticks(median: f64, scale: f64, rng: &mut ChaCha8Rng) -> Vec<Delay> {
    let late: Vec<bool> = (0..200).map(|_| rng.random::<f64>() < 0.2).collect();
    let uploads: Vec<f64> = (0..500).map(|_| 1800.0 * rng.random::<f64>()).collect();
    let mut one = |uploaded: f64| {
        let ready = uploaded + scale * median / 40.0 * Law::LogNormal.draw(rng);
        let tick = (ready / 60.0).ceil();
        let by = if late.get(tick as usize).copied().unwrap_or(false) { 60.0 } else { 0.0 };
        Poll::Every(5.0).look(uploaded, 60.0 * tick + by - uploaded, 2400.0 - uploaded, rng)
    };
    uploads.into_iter().map(&mut one).collect()
}
