//! The answer of a capacity search, as people and machines read it.

use serde::Serialize;

use super::bracket::holds;
use super::headroom::{Headroom, HeadroomVerdict};
use super::posterior::Posterior;
use super::trial::{Growth, Purpose, Second, Symptom, Trial};
use super::{Settings, Slo};

/// Verdict of the machine-readable contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CapacityVerdict {
    Pass,
    Fail,
    Inconclusive,
}

impl From<CapacityVerdict> for crate::summary::Verdict {
    fn from(verdict: CapacityVerdict) -> Self {
        match verdict {
            CapacityVerdict::Pass => Self::Pass,
            CapacityVerdict::Fail => Self::Fail,
            CapacityVerdict::Inconclusive => Self::Inconclusive,
        }
    }
}

/// What keeps an answer from being whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The SLO held up to the ceiling: `lower` is the ceiling.
    MetAtEveryRate,
    /// The SLO did not hold at the lowest rate tried: `upper` is that rate.
    NeverMet,
    /// The generator itself could not send faster: `lower` is what it could send and the platform carried.
    Generator,
    /// No confirming trial at the lower bound kept the SLO.
    Unconfirmed,
    /// Stopped before the limit was bracketed, or before it was confirmed.
    CutShort,
}

/// One trial as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownTrial {
    pub purpose: Purpose,
    pub rate: f64,
    /// Requests of all operations, per second.
    pub requests: f64,
    pub seconds: f64,
    pub violations: u64,
    pub samples: u64,
    /// What the violations were.
    pub slow: u64,
    pub failed: u64,
    pub unsent: u64,
    pub review: Growth,
    pub sync: Growth,
    pub symptom: Option<Symptom>,
    pub collapsed: bool,
    pub drain: f64,
}

/// Serialises as the `capacity` answer of the machine-readable contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapacityAnswer {
    pub schema: u32,
    pub kind: &'static str,
    pub verdict: CapacityVerdict,
    /// 0 carried or GO, 1 never met or NO-GO, 3 marginal or cut short.
    pub exit: u8,
    pub slo: Slo,
    /// 90 % interval and median of the limit, arrivals per second.
    pub lower: Option<f64>,
    pub median: Option<f64>,
    pub upper: Option<f64>,
    pub limit: Option<Limit>,
    /// What most violations near the limit were.
    pub symptom: Option<Symptom>,
    /// Whether the last confirming trial at the lower bound kept the SLO.
    pub confirmed: Option<bool>,
    pub trials: Vec<ShownTrial>,
    /// Load and drain time of all trials.
    pub seconds: f64,
    pub headroom: Option<Headroom>,
}

impl CapacityAnswer {
    pub(super) fn found(settings: &Settings, trials: &[Trial], posterior: &Posterior) -> Self {
        let mut this = Self::empty(settings, trials);
        let bounds = (Some(posterior.lower), Some(posterior.median), Some(posterior.upper));
        (this.lower, this.median, this.upper) = bounds;
        this.symptom = limiting(trials, posterior.lower);
        let last = trials.iter().rfind(|t| t.purpose == Purpose::Confirm);
        this.confirmed = last.map(|t| holds(t, settings));
        (this.verdict, this.limit) = match this.confirmed {
            Some(true) => (CapacityVerdict::Pass, None),
            Some(false) => (CapacityVerdict::Inconclusive, Some(Limit::Unconfirmed)),
            None => (CapacityVerdict::Inconclusive, Some(Limit::CutShort)),
        };
        this.with_need(settings.need)
    }

    /// The same answer of a search whose ceiling was what the generator could send.
    #[must_use]
    pub fn at_the_generators_limit(mut self) -> Self {
        if matches!(self.limit, Some(Limit::MetAtEveryRate | Limit::CutShort)) && self.median.is_none() {
            (self.limit, self.verdict) = (Some(Limit::Generator), CapacityVerdict::Inconclusive);
        }
        let need = self.headroom.as_ref().map(|h| h.need);
        self.with_need(need)
    }

    pub(super) fn bounded(settings: &Settings, trials: &[Trial], limit: Limit) -> Self {
        let mut this = Self::empty(settings, trials);
        match limit {
            Limit::MetAtEveryRate => {
                this.lower = Some(settings.ceiling);
                this.verdict = CapacityVerdict::Pass;
            }
            Limit::NeverMet => {
                let probes = trials.iter().filter(|t| t.purpose != Purpose::WarmUp);
                let violated = probes.filter(|t| t.symptom().is_some()).map(|t| t.rate);
                this.upper = violated.min_by(f64::total_cmp);
                this.verdict = CapacityVerdict::Fail;
                this.symptom = limiting(trials, 0.0);
            }
            // A rate that a longer trial carried; short probes prove nothing.
            _ => {
                let longer = |t: &&Trial| matches!(t.purpose, Purpose::Search | Purpose::Ceiling);
                let held = trials.iter().filter(longer).filter(|t| holds(t, settings)).map(|t| t.rate);
                this.lower = held.max_by(f64::total_cmp);
            }
        }
        this.limit = Some(limit);
        this.with_need(settings.need)
    }

    fn empty(settings: &Settings, trials: &[Trial]) -> Self {
        Self {
            schema: 1,
            kind: "capacity",
            verdict: CapacityVerdict::Inconclusive,
            exit: 3,
            slo: settings.slo,
            lower: None,
            median: None,
            upper: None,
            limit: None,
            symptom: None,
            confirmed: None,
            trials: trials.iter().map(ShownTrial::from).collect(),
            seconds: trials.iter().map(|t| t.seconds + t.drain).sum(),
            headroom: None,
        }
    }

    /// Adds whether a rate that must be carried is carried; its verdict becomes the answer's.
    pub fn with_need(mut self, need: Option<f64>) -> Self {
        if let Some(need) = need {
            // The lower end of an interval that no longer trial kept promises nothing.
            let carried = self.lower.filter(|_| self.median.is_none() || self.confirmed == Some(true));
            let headroom = Headroom::of(need, carried, self.upper);
            self.verdict = match headroom.verdict {
                HeadroomVerdict::Go => CapacityVerdict::Pass,
                HeadroomVerdict::NoGo => CapacityVerdict::Fail,
                HeadroomVerdict::Marginal => CapacityVerdict::Inconclusive,
            };
            self.headroom = Some(headroom);
        }
        self.exit = match self.verdict {
            CapacityVerdict::Pass => 0,
            CapacityVerdict::Fail => 1,
            CapacityVerdict::Inconclusive => 3,
        };
        self
    }

    pub(super) fn is_marginal(&self) -> bool {
        self.headroom.as_ref().is_some_and(|h| h.verdict == HeadroomVerdict::Marginal)
    }
}

impl From<&Trial> for ShownTrial {
    fn from(trial: &Trial) -> Self {
        let all = trial.totals(0.0);
        let sum = |pick: fn(&Second) -> u64| trial.each_second.iter().map(pick).sum();
        Self {
            purpose: trial.purpose,
            rate: trial.rate,
            requests: trial.requests,
            seconds: trial.seconds,
            violations: all.violations as u64,
            samples: all.due as u64,
            slow: sum(|s| s.slow),
            failed: sum(|s| s.failed),
            unsent: sum(|s| s.unsent),
            review: trial.review,
            sync: trial.sync,
            symptom: trial.symptom(),
            collapsed: trial.collapsed,
            drain: trial.drain,
        }
    }
}

/// The symptom that trials at or above a rate show most often, each counted by its violations.
fn limiting(trials: &[Trial], above: f64) -> Option<Symptom> {
    let mut counts: Vec<(Symptom, f64)> = Vec::new();
    for trial in trials.iter().filter(|t| t.rate >= above && t.purpose != Purpose::WarmUp) {
        let Some(symptom) = trial.symptom() else { continue };
        let all = trial.totals(0.0);
        let weight = if trial.backlog().is_some() { all.due } else { all.violations };
        match counts.iter_mut().find(|c| c.0 == symptom) {
            Some(count) => count.1 += weight,
            None => counts.push((symptom, weight)),
        }
    }
    counts.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|c| c.0)
}
