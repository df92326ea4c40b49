//! The `[load]` section: how hard, in which shape, for how long.

use crate::engine::pace::{Curve, Shape, Spread};
use piaotan_record::Span;
use serde::{Deserialize, Serialize};

/// How the platform is pressed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    #[serde(default)]
    pub model: Model,
    /// Open model, one stage: arrivals per second, or `"max"` for raw throughput (never gated).
    pub rate: Option<Rate>,
    /// Length of the one stage (open), or of the whole run (closed).
    pub duration: Option<Span>,
    /// Open model: several stages, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stage: Vec<Stage>,
    /// A CSV `seconds,rate` that the stages are made of: a recorded day.
    pub replay: Option<String>,
    #[serde(default)]
    pub arrivals: ArrivalKind,
    /// Connections at most.
    #[serde(default = "default_connections")]
    pub connections: usize,
    /// Journeys under way at most; more wait in line.
    #[serde(default = "default_in_flight")]
    pub max_in_flight: usize,
    /// Arrivals that may wait for a journey slot; more are dropped and counted.
    #[serde(default = "default_queue")]
    pub queue: usize,
    /// An arrival that the generator itself finds this late is dropped, not sent in a burst.
    #[serde(default = "default_late")]
    pub drop_later_than: Span,
    /// Longest wait for one answer.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
    /// How long the run waits for what is under way when the plan is through.
    #[serde(default = "default_grace")]
    pub grace: Span,
    /// Generator threads; default one for every two cores.
    pub workers: Option<usize>,
    /// Closed model: virtual users, the time over which they start, and the pause after each journey.
    pub users: Option<usize>,
    pub ramp: Option<Span>,
    pub pause: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Arrivals at a rate, whatever the platform does.
    #[default]
    Open,
    /// A number of users, each waiting for the platform.
    Closed,
}

/// A rate, or as fast as the connections go.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a rate is a number of arrivals per second, or \"max\"")]
pub enum Rate {
    PerSecond(f64),
    Max(Max),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Max {
    #[serde(rename = "max")]
    Max,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalKind {
    #[default]
    Even,
    Poisson,
}

/// One stage of the open model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case", deny_unknown_fields)]
pub enum Stage {
    Constant {
        rate: f64,
        length: Span,
    },
    Ramp {
        from: f64,
        to: f64,
        length: Span,
    },
    /// `count` stages of `length` each, from `from` in steps of `by`.
    Steps {
        from: f64,
        by: f64,
        count: u32,
        length: Span,
    },
    /// From `base` to `peak` for `length` in the middle third, and back.
    Spike {
        base: f64,
        peak: f64,
        length: Span,
    },
    Sine {
        mean: f64,
        amplitude: f64,
        period: Span,
        length: Span,
    },
}

const fn default_connections() -> usize {
    64
}
const fn default_in_flight() -> usize {
    1_000
}
const fn default_queue() -> usize {
    100_000
}
const fn default_late() -> Span {
    Span::seconds(2)
}
const fn default_timeout() -> Span {
    Span::seconds(30)
}
const fn default_grace() -> Span {
    Span::seconds(5)
}

impl Load {
    /// The rate curve, where the model is open and has one.
    ///
    /// # Errors
    /// One line that names the field and what to write instead.
    pub fn curve(&self, replay: Option<&str>) -> Result<Curve, String> {
        let stages = match (self.rate, self.stage.is_empty(), replay) {
            (Some(Rate::PerSecond(rate)), true, None) => {
                let length =
                    self.duration.ok_or("load.duration is missing; write how long, such as \"60s\"")?;
                vec![(Shape::Constant { rate }, length.as_seconds())]
            }
            (None, false, None) => self.stage.iter().flat_map(pieces).collect(),
            (None, true, Some(text)) => replayed(text)?,
            (Some(Rate::Max(_)), ..) => return Err("load.rate = \"max\" has no curve".to_owned()),
            (None, true, None) => {
                return Err("load has no rate; write load.rate, [[load.stage]] or load.replay".to_owned());
            }
            _ => {
                return Err(
                    "load.rate, [[load.stage]] and load.replay exclude each other; keep one".to_owned()
                );
            }
        };
        stages.iter().try_for_each(check)?;
        Ok(Curve::new(&stages))
    }

    #[must_use]
    pub fn spread(&self) -> Spread {
        match self.arrivals {
            ArrivalKind::Even => Spread::Even,
            ArrivalKind::Poisson => Spread::Poisson,
        }
    }
}

fn pieces(stage: &Stage) -> Vec<(Shape, f64)> {
    match *stage {
        Stage::Constant { rate, length } => vec![(Shape::Constant { rate }, length.as_seconds())],
        Stage::Ramp { from, to, length } => vec![(Shape::Ramp { from, to }, length.as_seconds())],
        Stage::Steps { from, by, count, length } => (0..count)
            .map(|step| (Shape::Constant { rate: from + by * f64::from(step) }, length.as_seconds()))
            .collect(),
        Stage::Spike { base, peak, length } => {
            let third = length.as_seconds() / 3.0;
            [base, peak, base].map(|rate| (Shape::Constant { rate }, third)).to_vec()
        }
        Stage::Sine { mean, amplitude, period, length } => {
            vec![(Shape::Sine { mean, amplitude, period: period.as_seconds() }, length.as_seconds())]
        }
    }
}

fn check(&(shape, seconds): &(Shape, f64)) -> Result<(), String> {
    let length = seconds > 0.0 && seconds.is_finite();
    let rate = |rate: f64| rate.is_finite() && (0.0..=1e6).contains(&rate);
    let good = match shape {
        // A constant rate of zero is a pause; a ramp needs one end above zero.
        Shape::Constant { rate: r } => rate(r),
        Shape::Ramp { from, to } => rate(from) && rate(to) && from + to > 0.0,
        Shape::Sine { mean, amplitude, period } => {
            rate(mean) && (0.0..=mean).contains(&amplitude) && period > 0.0
        }
    };
    match (length, good) {
        (false, _) => {
            Err("a stage of load lasts no time; write a length above zero, such as \"30s\"".to_owned())
        }
        (_, false) => Err(format!(
            "{shape:?} is not a rate; write arrivals per second from 0 to 1000000 (and amplitude at most mean)"
        )),
        _ => Ok(()),
    }
}

/// A recorded rate as ramps from point to point.
fn replayed(text: &str) -> Result<Vec<(Shape, f64)>, String> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = || format!("load.replay, line {}: `{line}` is not `seconds,rate`", at + 1);
        let (t, rate) = line.split_once(',').ok_or_else(wrong)?;
        match (t.trim().parse(), rate.trim().parse()) {
            (Ok(t), Ok(rate)) => points.push((t, rate)),
            _ if at == 0 => {}
            _ => return Err(wrong()),
        }
    }
    if points.len() < 2 || points.windows(2).any(|two| two[0].0 >= two[1].0) {
        return Err("load.replay needs two points or more, with times that grow".to_owned());
    }
    let stage = |two: &[(f64, f64)]| {
        let ((t0, from), (t1, to)) = (two[0], two[1]);
        let shape = if from == to { Shape::Constant { rate: from } } else { Shape::Ramp { from, to } };
        (shape, t1 - t0)
    };
    Ok(points.windows(2).map(stage).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_recorded_rate_is_replayed_from_point_to_point() {
        let stages = replayed("seconds,rate\n0,10\n10,10\n20,30\n").unwrap();
        let curve = Curve::new(&stages);
        assert_eq!((curve.total().round(), curve.rate_at(15.0).round()), (300.0, 20.0));
        assert!(replayed("0,1\n0,2\n").is_err());
        assert_eq!(replayed("0,1\nx,2\n").unwrap_err(), "load.replay, line 2: `x,2` is not `seconds,rate`");
    }
}
