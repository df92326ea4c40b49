//! Where the limit lies, to a factor of one and a half: short probes upwards, or downwards when even
//! the first rate is too much.

use super::Settings;
use super::trial::{Purpose, Trial};

/// What the probes so far have shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bracket {
    Probe {
        rate: f64,
        seconds: f64,
    },
    /// No probe was too much up to the ceiling; a longer trial there decides.
    Ceiling,
    Between {
        low: f64,
        high: f64,
    },
    Always,
    Never,
}

const FACTOR: f64 = 1.5;
const SECONDS: f64 = 8.0;
/// Seconds of a probe that are dropped.
const SETTLE: f64 = 1.0;
/// A probe should see this many requests, if half a minute suffices for them.
const LEAST_REQUESTS: f64 = 60.0;
const LONGEST: f64 = 30.0;
/// Share of violations that shows, within seconds, that a rate is too much.
const TOO_MUCH: f64 = 0.10;
/// The search downwards gives up at this part of the first rate.
const LOWEST: f64 = 1.0 / 60.0;

impl Bracket {
    pub fn of(trials: &[Trial], settings: &Settings) -> Self {
        let probes = trials.iter().filter(|t| t.purpose == Purpose::Bracket);
        let (mut low, mut high): (Option<f64>, Option<f64>) = (None, None);
        for probe in probes {
            match too_much(probe, SETTLE, TOO_MUCH) {
                true => high = Some(high.map_or(probe.rate, |h| h.min(probe.rate))),
                false => low = Some(low.map_or(probe.rate, |l| l.max(probe.rate))),
            }
        }
        let ceiling = trials.iter().find(|t| t.purpose == Purpose::Ceiling);
        match (low, high) {
            (None, None) => Self::probe(settings.from),
            (Some(low), Some(high)) => Self::Between { low: low.min(high), high },
            (None, Some(high)) if high > settings.from * LOWEST => Self::probe(high / FACTOR),
            (None, Some(_)) => Self::Never,
            (Some(low), None) if low < settings.ceiling => Self::probe((low * FACTOR).min(settings.ceiling)),
            (Some(low), None) => match ceiling {
                None => Self::Ceiling,
                Some(trial) if holds(trial, settings) => Self::Always,
                Some(_) => Self::Between { low: low / FACTOR, high: low },
            },
        }
    }

    fn probe(rate: f64) -> Self {
        Self::Probe { rate, seconds: (LEAST_REQUESTS / rate).clamp(SECONDS, LONGEST) }
    }
}

/// Whether a trial shows that its rate is too much: it collapsed, a backlog grew, or more than
/// `share` of its requests violated the SLO. Nothing due at all counts as too much.
fn too_much(trial: &Trial, settle: f64, share: f64) -> bool {
    let seen = trial.totals(settle);
    trial.collapsed || trial.backlog.is_some() || seen.violations > share * seen.due || seen.due == 0.0
}

fn holds(trial: &Trial, settings: &Settings) -> bool {
    !too_much(trial, settings.settle, settings.slo.share)
}
