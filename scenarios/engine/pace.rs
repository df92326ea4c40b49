//! When arrivals are due: a pure function of the rate curve, the seed and the index.
//!
//! The curve is a list of stages with a rate at every moment; `N(t)` is the area under it up to `t`.
//! The i-th even arrival is due where `N(t) = i`. A Poisson arrival is due where `N(t)` equals the sum
//! of i unit exponentials (time rescaling: Çinlar, *Introduction to Stochastic Processes*, 1975), which
//! makes one inverse serve both kinds and every shape.

use crate::engine::segment::Stripe;
use piaotan_record::Nanos;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A rate over time: stages one after the other, arrivals per second.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    stages: Vec<Piece>,
}

/// How the rate goes within one stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    Constant {
        rate: f64,
    },
    /// From one rate to another, evenly.
    Ramp {
        from: f64,
        to: f64,
    },
    /// `mean + amplitude × sin(2π t / period)`, never below zero since amplitude ≤ mean.
    Sine {
        mean: f64,
        amplitude: f64,
        period: f64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    shape: Shape,
    seconds: f64,
    /// Seconds and arrivals before this stage.
    begins: f64,
    before: f64,
}

impl Shape {
    /// Arrivals per second, `t` seconds into the stage that lasts `seconds`.
    #[must_use]
    pub fn rate(self, t: f64, seconds: f64) -> f64 {
        match self {
            Self::Constant { rate } => rate,
            Self::Ramp { from, to } => from + (to - from) * t / seconds,
            Self::Sine { mean, amplitude, period } => {
                mean + amplitude * (std::f64::consts::TAU * t / period).sin()
            }
        }
    }

    /// Arrivals in the first `t` seconds.
    fn area(self, t: f64, seconds: f64) -> f64 {
        match self {
            Self::Constant { rate } => rate * t,
            Self::Ramp { from, to } => from * t + (to - from) * t * t / (2.0 * seconds),
            Self::Sine { mean, amplitude, period } => {
                let turn = std::f64::consts::TAU / period;
                mean * t + amplitude / turn * (1.0 - (turn * t).cos())
            }
        }
    }

    /// The moment at which `area` arrivals have been due.
    fn moment(self, area: f64, seconds: f64) -> f64 {
        match self {
            Self::Constant { rate } => area / rate,
            Self::Ramp { from, to } => {
                let slope = (to - from) / seconds;
                // The stable root of slope/2·t² + from·t = area.
                2.0 * area / (from + (from * from + 2.0 * slope * area).max(0.0).sqrt())
            }
            Self::Sine { .. } => self.bisect(area, seconds),
        }
    }

    fn bisect(self, area: f64, seconds: f64) -> f64 {
        let (mut low, mut high) = (0.0, seconds);
        for _ in 0..64 {
            let middle = 0.5 * (low + high);
            if self.area(middle, seconds) < area { low = middle } else { high = middle }
        }
        high
    }
}

impl Curve {
    /// Stages in order, each with its length in seconds. Lengths and rates are checked by the scenario.
    #[must_use]
    pub fn new(stages: &[(Shape, f64)]) -> Self {
        let (mut begins, mut before) = (0.0, 0.0);
        let stages = stages.iter().map(|&(shape, seconds)| {
            let piece = Piece { shape, seconds, begins, before };
            begins += seconds;
            before += shape.area(seconds, seconds);
            piece
        });
        Self { stages: stages.collect() }
    }

    /// Length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.stages.last().map_or(0.0, |last| last.begins + last.seconds)
    }

    /// Arrivals in the whole curve, as an area; even arrivals are the whole numbers below it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.stages.last().map_or(0.0, |last| last.before + last.shape.area(last.seconds, last.seconds))
    }

    /// Arrivals per second at a moment; zero outside.
    #[must_use]
    pub fn rate_at(&self, t: f64) -> f64 {
        let inside =
            self.stages.iter().rev().find(|piece| t >= piece.begins && t < piece.begins + piece.seconds);
        inside.map_or(0.0, |piece| piece.shape.rate(t - piece.begins, piece.seconds))
    }

    /// The highest rate anywhere.
    #[must_use]
    pub fn peak(&self) -> f64 {
        let highest = |piece: &Piece| match piece.shape {
            Shape::Constant { rate } => rate,
            Shape::Ramp { from, to } => from.max(to),
            Shape::Sine { mean, amplitude, .. } => mean + amplitude,
        };
        self.stages.iter().map(highest).fold(0.0, f64::max)
    }

    /// The moment, in seconds, at which `area` arrivals have been due; `None` past the end.
    #[must_use]
    pub fn moment(&self, area: f64) -> Option<f64> {
        let at = self.stages.partition_point(|piece| piece.before <= area).checked_sub(1)?;
        let piece = self.stages[at];
        let inside = area - piece.before;
        if at + 1 == self.stages.len() && area >= self.total() {
            return None;
        }
        Some(piece.begins + piece.shape.moment(inside, piece.seconds).clamp(0.0, piece.seconds))
    }
}

/// How arrivals are spread under the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    Even,
    Poisson,
}

/// One arrival of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Position in the whole plan, all segments and workers together.
    pub index: u64,
    /// Nanoseconds after the plan begins.
    pub due: Nanos,
}

/// The arrivals of one stripe, in order.
///
/// Every stripe walks the whole sequence and keeps its own, so stripes of one seed together are
/// exactly the arrivals of the whole, without talking to each other.
#[derive(Debug, Clone)]
pub struct Arrivals {
    curve: Curve,
    stripe: Stripe,
    spread: Spread,
    draws: ChaCha8Rng,
    next: u64,
    /// Sum of the exponentials so far (Poisson only).
    area: f64,
}

impl Arrivals {
    #[must_use]
    pub fn new(curve: Curve, spread: Spread, seed: u64, stripe: Stripe) -> Self {
        Self { curve, stripe, spread, draws: ChaCha8Rng::seed_from_u64(seed), next: 0, area: 0.0 }
    }

    /// The area at which the next arrival is due. Called once for every index, in order.
    fn next_area(&mut self) -> f64 {
        match self.spread {
            Spread::Even => self.next as f64,
            Spread::Poisson => {
                self.area += exponential(&mut self.draws);
                self.area
            }
        }
    }
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        loop {
            if self.spread == Spread::Even {
                // Even arrivals need no walking: jump to the next index of the stripe.
                self.next = self.stripe.first_from(self.next);
            }
            let area = self.next_area();
            let index = self.next;
            let due = self.curve.moment(area)?;
            self.next += 1;
            if self.stripe.holds(index) {
                return Some(Arrival { index, due: Nanos::from_seconds(due) });
            }
        }
    }
}

/// A unit exponential from 53 random bits.
fn exponential(draws: &mut ChaCha8Rng) -> f64 {
    let uniform = ((draws.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -uniform.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(curve: &Curve, spread: Spread, stripe: Stripe) -> Vec<Arrival> {
        Arrivals::new(curve.clone(), spread, 7, stripe).collect()
    }

    fn shape() -> impl Strategy<Value = (Shape, f64)> {
        let rate = 0.5f64..300.0;
        let shape = prop_oneof![
            rate.clone().prop_map(|rate| Shape::Constant { rate }),
            (0.0f64..300.0, 0.5f64..300.0).prop_map(|(from, to)| Shape::Ramp { from, to }),
            (1.0f64..200.0, 0.0f64..1.0, 0.5f64..20.0).prop_map(|(mean, part, period)| Shape::Sine {
                mean,
                amplitude: mean * part,
                period
            }),
        ];
        (shape, 0.1f64..8.0)
    }

    #[test]
    fn constant_arrivals_are_due_at_whole_multiples() {
        let curve = Curve::new(&[(Shape::Constant { rate: 4.0 }, 1.0)]);
        let due: Vec<u64> =
            plan(&curve, Spread::Even, Stripe::WHOLE).iter().map(|a| a.due.0 / 1_000_000).collect();
        assert_eq!(due, [0, 250, 500, 750]);
    }

    #[test]
    fn a_poisson_plan_has_the_mean_and_the_spread_of_one() {
        let curve = Curve::new(&[(Shape::Constant { rate: 100.0 }, 200.0)]);
        let due: Vec<f64> =
            plan(&curve, Spread::Poisson, Stripe::WHOLE).iter().map(|a| a.due.as_seconds()).collect();
        let gaps: Vec<f64> = due.windows(2).map(|two| two[1] - two[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let sd = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        assert!((mean * 100.0 - 1.0).abs() < 0.03 && (sd / mean - 1.0).abs() < 0.03, "mean {mean}, sd {sd}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// About 2,500 arrivals a case: a million in all.
        #[test]
        fn arrivals_follow_the_area_under_the_curve(stages in proptest::collection::vec(shape(), 1..6)) {
            let curve = Curve::new(&stages);
            let due = plan(&curve, Spread::Even, Stripe::WHOLE);
            prop_assert_eq!(due.len() as u64, curve.total().ceil() as u64);
            for pair in due.windows(2) {
                prop_assert!(pair[0].due <= pair[1].due && pair[0].index + 1 == pair[1].index);
            }
            for each in due.iter().step_by(17) {
                let t = each.due.as_seconds();
                let area: f64 = stages.iter().scan(0.0, |begins, &(shape, seconds)| {
                    let inside = (t - *begins).clamp(0.0, seconds);
                    *begins += seconds;
                    Some(shape.area(inside, seconds))
                }).sum();
                prop_assert!((area - each.index as f64).abs() < 1e-3, "area {area} at arrival {}", each.index);
            }
        }

        #[test]
        fn stripes_together_are_the_whole(stages in proptest::collection::vec(shape(), 1..4), of in 1u32..6, poisson: bool) {
            let curve = Curve::new(&stages);
            let spread = if poisson { Spread::Poisson } else { Spread::Even };
            let mut joined: Vec<Arrival> = (0..of).flat_map(|k| plan(&curve, spread, Stripe::segment(k, of))).collect();
            joined.sort_by_key(|each| each.index);
            prop_assert_eq!(joined, plan(&curve, spread, Stripe::WHOLE));
        }
    }
}
