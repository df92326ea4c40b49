//! A scenario checked and made ready to run.

use super::{LimitEntry, LimitTable, Model, Scenario};
use crate::engine::pace::{Curve, Spread};
use crate::journeys::Journey;
use piaotan_analysis::limit::{Demand, Limit};
use piaotan_client::config::ConfigError;
use piaotan_record::{Span, Surface, names::UnknownName};
use std::time::Duration;

/// What a run does, with nothing left to be refused.
#[derive(Debug, Clone)]
pub struct Plan {
    pub scenario: Scenario,
    /// Absent for `rate = "max"` and for the closed model.
    pub curve: Option<Curve>,
    pub spread: Spread,
    pub mix: Vec<PlannedMix>,
    pub limits: Vec<PlannedLimit>,
    pub surfaces: Vec<Surface>,
    /// Seconds from the first arrival to the last.
    pub seconds: f64,
}

/// A journey and the upper end of its share of the unit interval.
#[derive(Debug, Clone, Copy)]
pub struct PlannedMix {
    pub journey: Journey,
    pub until: f64,
}

/// A limit with its circumstances.
#[derive(Debug, Clone)]
pub struct PlannedLimit {
    pub limit: Limit,
    /// Judge only the last stretch of this length.
    pub window: Option<Duration>,
    pub abort: bool,
    pub delay: Duration,
}

impl PlannedLimit {
    /// What must hold in the end.
    #[must_use]
    pub fn demand(&self) -> Demand {
        let seconds = |length: Duration| u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
        Demand { limit: self.limit.clone(), window: self.window.map(seconds), delay: seconds(self.delay) }
    }
}

impl Plan {
    /// Checks a scenario. `replay` is the text of `load.replay`, read by the caller.
    ///
    /// # Errors
    /// One line that names the field and what to write instead.
    pub fn new(scenario: Scenario, origin: &str, replay: Option<&str>) -> Result<Self, ConfigError> {
        let wrong = |message: String| ConfigError::new(origin, message);
        let mix = mix(&scenario).map_err(wrong)?;
        let limits = scenario.limits.iter().map(limit).collect::<Result<_, String>>().map_err(wrong)?;
        let surfaces = surfaces(&scenario).map_err(|e| wrong(format!("sync.surfaces: {e}")))?;
        check(&scenario).map_err(wrong)?;
        let (curve, seconds) = length(&scenario, replay).map_err(wrong)?;
        Ok(Self { spread: scenario.load.spread(), curve, mix, limits, surfaces, seconds, scenario })
    }

    /// The limits of a scenario alone, for judging a folder again.
    ///
    /// # Errors
    /// One line that names the limit and what to write instead.
    pub fn limits(scenario: &Scenario) -> Result<Vec<Demand>, String> {
        scenario.limits.iter().map(|entry| limit(entry).map(|planned| planned.demand())).collect()
    }

    /// Whether the tracker uses up verifications of the invoices that it follows.
    #[must_use]
    pub fn tracker_verifies(&self) -> bool {
        self.scenario.sync.track > 0.0 && self.surfaces.contains(&Surface::Verify)
    }

    /// The journey of an arrival: the same for the same seed and index, whoever asks.
    #[must_use]
    pub fn journey(&self, index: u64) -> Journey {
        let share = unit(self.scenario.seed ^ 0x6d69_7865_6421, index);
        self.mix
            .iter()
            .find(|mix| share < mix.until)
            .map_or(self.mix[self.mix.len() - 1].journey, |mix| mix.journey)
    }
}

/// A number in [0, 1) that depends on nothing but seed and index (SplitMix64, Steele et al., OOPSLA 2014).
#[must_use]
pub fn unit(seed: u64, index: u64) -> f64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn mix(scenario: &Scenario) -> Result<Vec<PlannedMix>, String> {
    let total: f64 = scenario.mix.iter().map(|mix| mix.weight).sum();
    let good = |weight: f64| weight.is_finite() && weight > 0.0;
    if scenario.mix.is_empty() || scenario.mix.iter().any(|mix| !good(mix.weight)) {
        return Err("mix needs a journey or more, each with a weight above zero".to_owned());
    }
    let mut until = 0.0;
    let planned = scenario.mix.iter().map(|mix| {
        let journey = Journey::named(&mix.journey).ok_or_else(|| {
            format!(
                "mix.journey: {}",
                UnknownName::new(&mix.journey, Journey::ALL.iter().map(|each| each.as_str()))
            )
        })?;
        until += mix.weight / total;
        Ok(PlannedMix { journey, until })
    });
    planned.collect()
}

fn limit(entry: &LimitEntry) -> Result<PlannedLimit, String> {
    let table = match entry {
        LimitEntry::Text(text) => LimitTable { limit: text.clone(), window: None, abort: false, delay: None },
        LimitEntry::Table(table) => table.clone(),
    };
    let limit = table.limit.parse::<Limit>().map_err(|e| e.to_string())?;
    let delay = table.delay.map_or(Duration::ZERO, |span| span.0);
    let whole = |span: &Span| span.0.as_secs() >= 1 && span.0.subsec_nanos() == 0;
    if let Some(window) = table.window.filter(|window| !whole(window)) {
        return Err(format!(
            "limit `{}`: window {window} is not whole seconds; write one such as \"60s\"",
            limit.text
        ));
    }
    Ok(PlannedLimit { limit, window: table.window.map(|span| span.0), abort: table.abort, delay })
}

fn surfaces(scenario: &Scenario) -> Result<Vec<Surface>, UnknownName> {
    if scenario.sync.surfaces.is_empty() {
        return Ok(vec![Surface::Number, Surface::Keyword, Surface::Verify]);
    }
    scenario.sync.surfaces.iter().map(|name| name.parse()).collect()
}

fn check(scenario: &Scenario) -> Result<(), String> {
    let Scenario { load, sync, data, warmup, .. } = scenario;
    let rules = [
        (load.connections > 0, "load.connections must be 1 or more"),
        (load.max_in_flight > 0, "load.max_in_flight must be 1 or more"),
        (load.workers != Some(0), "load.workers must be 1 or more"),
        ((0.0..=1.0).contains(&sync.track), "sync.track is a share; write a number from 0 to 1"),
        (sync.factor > 1.0, "sync.factor must be above 1, or looks would never become rarer"),
        (!sync.first.0.is_zero(), "sync.first must be above zero"),
        (sync.max_rate > 0.0, "sync.max_rate must be above zero"),
        (
            warmup.detect.is_none() || warmup.length.0.is_zero(),
            "warmup.length and warmup.detect exclude each other; keep one",
        ),
        (
            data.file_bytes >= 1_000 || data.file_bytes == 0,
            "data.file_bytes must be 1000 or more: a real file needs that",
        ),
        (
            ["pdf", "jpg", "png", "mixed"].contains(&data.file_kind.as_str()),
            "data.file_kind is one of pdf, jpg, png, mixed",
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, message)) => Err((*message).to_owned()),
        None => Ok(()),
    }
}

fn length(scenario: &Scenario, replay: Option<&str>) -> Result<(Option<Curve>, f64), String> {
    let load = &scenario.load;
    let stated = || load.duration.map(|span| span.as_seconds()).filter(|seconds| *seconds > 0.0);
    match (load.model, load.rate) {
        (Model::Closed, _) if load.rate.is_some() || !load.stage.is_empty() => {
            Err("a closed model has users, not a rate; write load.users, or model = \"open\"".to_owned())
        }
        (Model::Closed, _) => {
            load.users
                .filter(|users| *users > 0)
                .ok_or("load.users is missing; write how many virtual users")?;
            Ok((None, stated().ok_or("load.duration is missing; write how long, such as \"60s\"")?))
        }
        (Model::Open, Some(super::Rate::Max(_))) => {
            Ok((None, stated().ok_or("load.duration is missing; write how long, such as \"60s\"")?))
        }
        (Model::Open, _) if load.users.is_some() => {
            Err("an open model has a rate, not users; write load.rate, or model = \"closed\"".to_owned())
        }
        (Model::Open, _) => {
            let curve = load.curve(replay)?;
            let seconds = curve.seconds();
            Ok((Some(curve), seconds))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn plan(load: &str, rest: &str) -> Result<Plan, ConfigError> {
        let text = format!(
            "name = \"t\"\n{rest}\n[[mix]]\njourney = \"verify\"\nweight = 3\n[[mix]]\njourney = \"roundtrip\"\n[load]\n{load}\n"
        );
        Plan::new(Scenario::parse(&text, "t", &[]).unwrap(), "t", None)
    }

    #[test]
    fn journeys_come_by_weight_and_always_the_same() {
        let plan = plan("rate = 1\nduration = \"1s\"", "").unwrap();
        let verify = (0..10_000).filter(|index| plan.journey(*index) == Journey::Verify).count();
        assert!((7_300..7_700).contains(&verify), "{verify}");
        assert_eq!(plan.journey(77), plan.journey(77));
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_what_to_write() {
        let check = |load: &str, message: &str| assert_eq!(plan(load, "").unwrap_err().message, message);
        check("rate = 1", "load.duration is missing; write how long, such as \"60s\"");
        check("duration = \"1s\"", "load has no rate; write load.rate, [[load.stage]] or load.replay");
        check(
            "rate = 1\nduration = \"0s\"",
            "a stage of load lasts no time; write a length above zero, such as \"30s\"",
        );
        check("model = \"closed\"\nduration = \"1s\"", "load.users is missing; write how many virtual users");
        check(
            "rate = 1\nusers = 3\nduration = \"1s\"",
            "an open model has a rate, not users; write load.rate, or model = \"closed\"",
        );
    }
}
