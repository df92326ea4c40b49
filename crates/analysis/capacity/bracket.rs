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
/// Seconds of a probe that are dropped.
const SETTLE: f64 = 1.0;
/// A probe should see this many requests, if half a minute suffices for them.
const LEAST_REQUESTS: f64 = 60.0;
const LONGEST: f64 = 30.0;
/// Share of violations that shows, within seconds, that a rate is too much; twice the allowed one at least.
const TOO_MUCH: f64 = 0.10;
/// A probe this near below a rate that a longer trial found too much says nothing.
const DOUBT: f64 = 1.25;
/// The search downwards gives up at this part of the first rate.
const LOWEST: f64 = 1.0 / 60.0;

impl Bracket {
    pub fn of(trials: &[Trial], settings: &Settings) -> Self {
        // A longer trial that collapsed, or in which a backlog grew, corrects what short probes said.
        let tells = |t: &&Trial| {
            let broke = t.collapsed || t.backlog().is_some();
            t.purpose == Purpose::Bracket || (broke && t.purpose != Purpose::WarmUp)
        };
        let shown = TOO_MUCH.max(2.0 * settings.slo.share);
        let (bad, good): (Vec<&Trial>, Vec<&Trial>) =
            trials.iter().filter(tells).partition(|t| too_much(t, SETTLE, shown));
        let high = bad.iter().map(|t| t.rate).min_by(f64::total_cmp);
        // Where a longer trial was needed to see it, the probes just below saw as little.
        let longer = bad.iter().filter(|t| t.purpose != Purpose::Bracket);
        let unseen = longer.map(|t| t.rate / DOUBT).min_by(f64::total_cmp);
        let bound = high.into_iter().chain(unseen).min_by(f64::total_cmp);
        let below = good.iter().map(|t| t.rate).filter(|rate| bound.is_none_or(|bound| *rate < bound));
        let low = below.max_by(f64::total_cmp);
        let ceiling = trials.iter().find(|t| t.purpose == Purpose::Ceiling);
        match (low, high) {
            (None, None) => Self::probe(settings.from, settings),
            (Some(low), Some(high)) => Self::Between { low, high },
            (None, Some(high)) if high > settings.from * LOWEST => Self::probe(high / FACTOR, settings),
            (None, Some(_)) => Self::Never,
            (Some(low), None) if low < settings.ceiling => {
                Self::probe((low * FACTOR).min(settings.ceiling), settings)
            }
            (Some(low), None) => match ceiling {
                None => Self::Ceiling,
                Some(trial) if holds(trial, settings) => Self::Always,
                Some(_) => Self::Between { low: low / FACTOR, high: low },
            },
        }
    }

    fn probe(rate: f64, settings: &Settings) -> Self {
        let longest = LONGEST.max(settings.probe);
        Self::Probe { rate, seconds: (LEAST_REQUESTS / rate).clamp(settings.probe, longest) }
    }
}

/// Whether a trial shows that its rate is too much: it collapsed, a backlog grew, or more than
/// `share` of its requests violated the SLO. Nothing due at all counts as too much.
fn too_much(trial: &Trial, settle: f64, share: f64) -> bool {
    let seen = trial.totals(settle);
    let broke = trial.collapsed || trial.backlog().is_some();
    broke || seen.violations > share * seen.due || seen.due == 0.0
}

pub(super) fn holds(trial: &Trial, settings: &Settings) -> bool {
    !too_much(trial, settings.settle, settings.slo.share)
}
