//! The gate: has this build become slower, or does it fail more often?
//!
//! The unit of replication is the block or the run, never the request. Blocks of baseline (A) and
//! candidate (B) alternate as A B B A (or run at once: duet), each pair yields one difference of log
//! quantiles, and a t bound on their mean is looked at a few planned times. Noise that both blocks of
//! a pair share cancels; noise that they do not share is in the spread of the differences, so nothing
//! need be known about it. Methods and figures: `docs/methods-gate.md`.
//!
//! [`Gate::next`] is a pure function of the blocks seen so far: the caller runs what it asks for,
//! appends the blocks and asks again. Reading order: [`block`](Block), `pairing`, `spending`, `judge`,
//! `errors`, `verdict`; `plan` and `stored` stand beside.
//!
//! It is not a load generator, and it knows no clock: a time budget becomes a number of pairs in
//! [`plan`], and [`Gate::finish`] judges what there is when time is up.

mod block;
mod delays;
mod errors;
mod judge;
mod paired;
mod pairing;
mod plan;
mod spending;
mod stored;
#[cfg(test)]
mod tests;
mod verdict;

pub use block::{Arm, Block, Metric, Sample};
pub use delays::stored_delays;
pub use plan::{Plan, plan};
pub use stored::{LEAST_RUNS, Run, stored};
pub use verdict::{Generator, Judgement, Maintenance, Mode, Reason, Row, SyncJudgement, Verdict};

use crate::Error;
use pairing::{Next, Pairing};
use spending::Spending;

/// What the gate judges, how strictly, and within which bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Interleaved or duet; stored baselines are judged by [`stored`].
    pub mode: Mode,
    /// Arrival rate of a block, per second; handed back in each step.
    pub rate: f64,
    /// Measured length of a block in seconds, after what the caller drops to settle.
    pub seconds: f64,
    /// The most valid pairs that will be run.
    pub max_pairs: usize,
    /// One-sided probability of a false FAIL, over all metrics, operations and looks together.
    pub alpha: f64,
    /// Probability of a false PASS at a change as large as the tolerance, for each metric.
    pub beta: f64,
    /// Metrics judged and the largest tolerated change of each as a ratio - 1. For the error ratio
    /// it is the largest tolerated increase of the share of failed requests.
    pub tolerances: Vec<(Metric, f64)>,
    /// Smallest change that may FAIL, as a ratio - 1.
    pub floor: f64,
    /// Growth in seconds that nobody feels: a typical latency or a median that grows by less passes,
    /// whatever the ratio, and one that grows by less than half of it never fails. Twice as much for
    /// p95 and four times for p99, as their relative tolerances are. Zero: ratios alone count.
    pub slack: f64,
    /// Seconds that one unit of the latencies stands for.
    pub unit: f64,
    /// Smallest increase of the share of failed requests that may FAIL.
    pub error_floor: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Interleaved,
            rate: 50.0,
            seconds: 60.0,
            max_pairs: 24,
            alpha: 0.05,
            beta: 0.10,
            tolerances: vec![
                (Metric::Typical, 0.05),
                (Metric::P50, 0.05),
                (Metric::P95, 0.10),
                (Metric::P99, 0.20),
                (Metric::ErrorRatio, 0.01),
            ],
            floor: 0.02,
            slack: 0.001,
            unit: 1e-9,
            error_floor: 0.002,
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Drive these arms at this rate (per second) for this long (seconds, measured part).
    Run { arm: Arm, rate: f64, seconds: f64 },
    /// The verdict stands.
    Done(Box<Verdict>),
}

/// A gate between two deployments, as a step machine without state.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    settings: Settings,
    spending: Spending,
}

/// A gate is invalid when more than this share of its blocks is void.
const MOST_VOID: f64 = 0.3;

impl Gate {
    /// Fails on settings that no gate can work with, naming the one to change.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        check(&settings)?;
        let spending = Spending::new(plan::looks(settings.max_pairs));
        Ok(Self { settings, spending })
    }

    /// The next step after these blocks, in the order in which they were run.
    pub fn next(&self, blocks: &[Block]) -> Step {
        let pairing = Pairing::of(self.settings.mode, blocks);
        if let Some(reason) = pairing.collapse(blocks) {
            return self.done(&pairing, reason);
        }
        if pairing.void_blocks() as f64 > MOST_VOID * self.most_blocks() as f64 {
            return self.done(&pairing, pairing.void_reason());
        }
        let exhausted = blocks.len() >= self.most_blocks() || pairing.pairs.len() >= self.settings.max_pairs;
        if pairing.between_pairs() && (exhausted || self.spending.looks().contains(&pairing.pairs.len())) {
            let verdict = self.judged(&pairing, &self.spending);
            if exhausted || verdict.decided() {
                return Step::Done(Box::new(verdict));
            }
        }
        self.run(pairing.next)
    }

    /// Judges what there is, between the planned looks: for a caller whose time is up.
    pub fn finish(&self, blocks: &[Block]) -> Verdict {
        let pairing = Pairing::of(self.settings.mode, blocks);
        let pairs = pairing.pairs.len();
        let mut looks = self.spending.looks().to_vec();
        if pairs < 3 || looks.contains(&pairs) {
            return self.judged(&pairing, &self.spending);
        }
        looks.push(pairs);
        looks.sort_unstable();
        self.judged(&pairing, &Spending::new(looks))
    }

    /// Valid pairs among these blocks, and the most that will be run.
    pub fn pairs(&self, blocks: &[Block]) -> usize {
        Pairing::of(self.settings.mode, blocks).pairs.len()
    }

    pub fn most_pairs(&self) -> usize {
        self.settings.max_pairs
    }

    fn run(&self, next: Next) -> Step {
        let arm = match (self.settings.mode, next) {
            (Mode::Duet, _) => Arm::Both,
            (_, Next::Baseline) => Arm::A,
            (_, Next::Candidate) => Arm::B,
        };
        Step::Run { arm, rate: self.settings.rate, seconds: self.settings.seconds }
    }

    fn most_blocks(&self) -> usize {
        (2.0 * self.settings.max_pairs as f64 / (1.0 - MOST_VOID)).ceil() as usize
    }

    fn done(&self, pairing: &Pairing, reason: Reason) -> Step {
        Step::Done(Box::new(self.judged(pairing, &self.spending).because(reason)))
    }

    fn judged(&self, pairing: &Pairing, spending: &Spending) -> Verdict {
        let rows = paired::rows(&self.settings, &pairing.pairs, spending);
        let looks = spending.looks().to_vec();
        let verdict = Verdict::new(self.settings.mode, pairing, rows, looks);
        if pairing.void_blocks() as f64 > MOST_VOID * pairing.blocks as f64 {
            return verdict.because(pairing.void_reason());
        }
        verdict
    }
}

fn check(settings: &Settings) -> Result<(), Error> {
    let wrong = |line: &str| Err(Error::new(line));
    let sound = |value: f64| value.is_finite() && value > 0.0;
    if settings.max_pairs < 3 {
        return wrong("max_pairs must be 3 or more: fewer pairs show no spread");
    }
    if !sound(settings.rate) || !sound(settings.seconds) {
        return wrong("rate and seconds of a block must be above 0");
    }
    if !(settings.alpha > 0.0 && settings.alpha < 0.5 && settings.beta > 0.0 && settings.beta < 0.5) {
        return wrong("alpha and beta must lie between 0 and 0.5");
    }
    if settings.tolerances.is_empty() || !settings.tolerances.iter().all(|t| sound(t.1)) {
        return wrong("every metric needs a tolerance above 0, for example p95 = 0.10");
    }
    if !sound(settings.unit) || !settings.slack.is_finite() || settings.slack < 0.0 {
        return wrong("slack must be 0 or more seconds, for example 0.001");
    }
    Ok(())
}
