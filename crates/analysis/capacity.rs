//! Capacity: the highest arrival rate at which the platform still keeps its promise, with an interval.
//!
//! Short trials at one rate tell little and err to the bright side, because violations come in bursts;
//! so all trials together feed one posterior over the rate at which the share of violations crosses
//! what the SLO allows, with one overdispersion for all of them. Trials go where the posterior's
//! median is, and the search ends when its interval is narrow. Figures: `docs/methods-gate.md`.
//!
//! [`Capacity::next`] is a pure function of the trials so far. A rate at which answers are quick while
//! the review or sync backlog grows does not hold: such a trial counts as violated, and the backlog is
//! named. It is not a model of the platform, and says nothing beyond the rates that were tried: an SLO
//! that is never met, or met at every allowed rate, is answered by one bound and no number.
//!
//! Reading order: `trial`, `backlog`, `bracket`, `posterior`, `answer`; `warmup`, `headroom` and `compare` stand beside.

mod answer;
mod backlog;
mod bracket;
mod compare;
mod headroom;
mod posterior;
#[cfg(test)]
mod tests;
mod trial;
mod warmup;

pub use answer::{CapacityAnswer, CapacityVerdict, Limit, ShownTrial};
pub use backlog::{Wait, usual_wait};
pub use compare::{Change, Comparison, Interval};
pub use headroom::{Headroom, HeadroomVerdict, Peak, Peaks};
pub use trial::{Backlog, Growth, Purpose, Second, Symptom, Trial};

use serde::Serialize;

use crate::Error;
use bracket::Bracket;
use posterior::Posterior;

/// What a rate must keep to count as carried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Slo {
    /// Latency in seconds, from the intended send time, that a request may take.
    pub latency: f64,
    /// Share of requests that may exceed it, fail, or not be sent on schedule: 0.01 for a p99.
    pub share: f64,
}

/// Bounds and pace of a search. Rates are arrivals per second, times are seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub slo: Slo,
    /// Where the search starts; well below what is expected.
    pub from: f64,
    /// Never exceeded.
    pub ceiling: f64,
    /// Lengths of the first warm-up, of a probe for the bracket, of a search trial, of a confirming one.
    pub warm_up: f64,
    pub probe: f64,
    pub trial: f64,
    pub confirm: f64,
    /// Seconds at the start of each search trial that are not counted.
    pub settle: f64,
    /// Wanted width of the 90 % interval, upper / lower - 1.
    pub goal: f64,
    /// Load time after which no further search trial is started.
    pub budget: f64,
    /// The rate that must be carried, if known: a marginal answer then gets a few trials more.
    pub need: Option<f64>,
}

impl Settings {
    /// The usual search below `ceiling`: 30-s trials, a 13 % interval, ten minutes of load.
    pub fn new(slo: Slo, from: f64, ceiling: f64) -> Self {
        let (trial, confirm, settle, goal, budget) = (30.0, 60.0, 5.0, 0.13, 600.0);
        let (warm_up, probe) = (20.0, 8.0);
        Self { slo, from, ceiling, warm_up, probe, trial, confirm, settle, goal, budget, need: None }
    }

    /// The thorough one: 60-s trials, an 11 % interval, a quarter of an hour of load.
    pub fn thorough(slo: Slo, from: f64, ceiling: f64) -> Self {
        let (trial, settle, goal, budget) = (60.0, 10.0, 0.11, 900.0);
        Self { trial, settle, goal, budget, ..Self::new(slo, from, ceiling) }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Load at this rate (per second) for this long (seconds), drain, and hand back the trial with
    /// the same purpose.
    Run {
        purpose: Purpose,
        rate: f64,
        seconds: f64,
    },
    Done(Box<CapacityAnswer>),
}

/// A capacity search, as a step machine without state.
#[derive(Debug, Clone, PartialEq)]
pub struct Capacity {
    settings: Settings,
}

/// Fewest search trials before the interval is believed.
const LEAST_TRIALS: usize = 4;
/// Confirming trials at most: one that fails moves the lower bound, which is then tried again.
const CONFIRMS: usize = 2;
/// Trials that a marginal headroom is given beyond the end of the search.
const EXTRA_TRIALS: usize = 4;
/// The rates tried lie around the median, more often above it: that is where violations are.
const AROUND: [f64; 3] = [1.00, 1.03, 0.99];

impl Capacity {
    /// Fails on settings that no search can work with, naming the one to change.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        check(&settings)?;
        Ok(Self { settings })
    }

    /// The next step after these trials, in the order in which they were run.
    pub fn next(&self, trials: &[Trial]) -> Step {
        if let Some(seconds) = warmup::needed(trials, self.settings.warm_up) {
            return self.run(Purpose::WarmUp, 1.5 * self.settings.from, seconds);
        }
        match Bracket::of(trials, &self.settings) {
            Bracket::Probe { rate, seconds } => self.run(Purpose::Bracket, rate, seconds),
            Bracket::Ceiling => self.run(Purpose::Ceiling, self.settings.ceiling, self.settings.confirm),
            Bracket::Between { low, high } => self.search(trials, low, high),
            Bracket::Always => self.bound(trials, Limit::MetAtEveryRate),
            Bracket::Never => self.bound(trials, Limit::NeverMet),
        }
    }

    /// Judges what there is, for a caller whose time is up or who had to stop.
    pub fn finish(&self, trials: &[Trial]) -> CapacityAnswer {
        match Bracket::of(trials, &self.settings) {
            Bracket::Between { low, high } => {
                CapacityAnswer::found(&self.settings, trials, &self.posterior(trials, low, high))
            }
            Bracket::Always => CapacityAnswer::bounded(&self.settings, trials, Limit::MetAtEveryRate),
            Bracket::Never => CapacityAnswer::bounded(&self.settings, trials, Limit::NeverMet),
            _ => CapacityAnswer::bounded(&self.settings, trials, Limit::CutShort),
        }
    }

    /// The confirming trial, for a caller who has time for nothing else; then the answer.
    pub fn conclude(&self, trials: &[Trial]) -> Step {
        match Bracket::of(trials, &self.settings) {
            Bracket::Between { low, high } if trials.iter().all(|t| t.purpose != Purpose::Confirm) => {
                let lower = self.posterior(trials, low, high).lower;
                self.run(Purpose::Confirm, lower, self.settings.confirm)
            }
            Bracket::Ceiling => self.run(Purpose::Ceiling, self.settings.ceiling, self.settings.confirm),
            _ => Step::Done(Box::new(self.finish(trials))),
        }
    }

    fn search(&self, trials: &[Trial], low: f64, high: f64) -> Step {
        let count = |purpose| trials.iter().filter(|t| t.purpose == purpose).count();
        let searched = count(Purpose::Search);
        let confirms: Vec<usize> =
            (0..trials.len()).filter(|&at| trials[at].purpose == Purpose::Confirm).collect();
        if searched == 0 {
            return self.try_at((low * high).sqrt(), 0);
        }
        let posterior = self.posterior(trials, low, high);
        if let Some(&last) = confirms.last() {
            if !bracket::holds(&trials[last], &self.settings) && confirms.len() < CONFIRMS {
                return self.run(Purpose::Confirm, posterior.lower, self.settings.confirm);
            }
            let extra = trials.len() - last - 1;
            let answer = CapacityAnswer::found(&self.settings, trials, &posterior);
            if answer.is_marginal() && extra < EXTRA_TRIALS {
                return self.try_at(posterior.median, searched);
            }
            return Step::Done(Box::new(answer));
        }
        let spent: f64 = trials.iter().map(|t| t.seconds).sum();
        let narrow =
            searched >= LEAST_TRIALS && posterior.upper / posterior.lower - 1.0 <= self.settings.goal;
        if narrow || spent >= self.settings.budget {
            return self.run(Purpose::Confirm, posterior.lower, self.settings.confirm);
        }
        self.try_at(posterior.median, searched)
    }

    fn posterior(&self, trials: &[Trial], low: f64, high: f64) -> Posterior {
        Posterior::of(trials, &self.settings, low, high)
    }

    fn try_at(&self, median: f64, searched: usize) -> Step {
        self.run(Purpose::Search, median * AROUND[searched % AROUND.len()], self.settings.trial)
    }

    fn run(&self, purpose: Purpose, rate: f64, seconds: f64) -> Step {
        Step::Run { purpose, rate: rate.min(self.settings.ceiling), seconds }
    }

    fn bound(&self, trials: &[Trial], limit: Limit) -> Step {
        Step::Done(Box::new(CapacityAnswer::bounded(&self.settings, trials, limit)))
    }
}

fn check(settings: &Settings) -> Result<(), Error> {
    let sound = |value: f64| value.is_finite() && value > 0.0;
    if !(sound(settings.slo.latency) && sound(settings.slo.share) && settings.slo.share <= 0.2) {
        return Err(Error::new("the SLO needs a latency above 0 and a share between 0 and 0.2"));
    }
    if !(sound(settings.from) && sound(settings.ceiling) && settings.from < settings.ceiling) {
        return Err(Error::new("rates must be above 0, and `from` below the ceiling"));
    }
    if !(sound(settings.trial) && sound(settings.confirm) && settings.settle < settings.trial) {
        return Err(Error::new("trials must be longer than what is dropped at their start"));
    }
    if settings.need.is_some_and(|n| !sound(n)) {
        return Err(Error::new("the rate needed must be above 0"));
    }
    Ok(())
}
