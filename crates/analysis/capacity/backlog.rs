//! Whether a pipeline behind the answers (review, synchronisation) keeps up with a rate.
//!
//! In a pipeline that falls behind, everybody waits longer than those who came before: with a rate of
//! (1 + x) times what it works off, each second of arrivals waits x seconds longer than the last. So the
//! wait is followed against the moment at which it began, in slices, because waits of neighbours are
//! alike; a published batch makes a saw-tooth, which has no slope. A pipeline that stands still, or falls
//! behind faster than the trial can show a slope, is known by waits far beyond the usual ones.

use super::trial::Growth;
use crate::stats::{mean, student_tail};

/// One invoice in a pipeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    /// When it entered, in seconds of the trial.
    pub began: f64,
    /// Seconds until it left; so far, where it has not.
    pub waited: f64,
    pub left: bool,
}

/// Fewest waits that anything is said about, and fewest in a slice.
const LEAST: usize = 20;
const LEAST_IN_SLICE: usize = 3;
const SLICES: usize = 10;
/// Part of the arrivals that stays behind before a pipeline is said to fall behind, in a trial of so many
/// seconds; more in a shorter one, because a queue that will level off climbs at first.
const BEHIND: (f64, f64) = (0.08, 30.0);
/// Error probability of one trial: a search has a score of them.
const ALPHA: f64 = 0.005;
/// Where so many wait so many times the usual and this part of the trial longer, it falls behind.
const MANY: f64 = 0.2;
const FAR: f64 = 2.0;
const PART: f64 = 0.15;
/// Share of unfinished waits above which nothing is said.
const UNFINISHED: f64 = 0.1;

impl Growth {
    /// Judges the waits of one trial of so many seconds. `usual` is the 90 % quantile of the waits at a
    /// rate that is carried, where one is known.
    #[must_use]
    pub fn of(waits: &[Wait], seconds: f64, usual: Option<f64>) -> Self {
        if waits.len() < LEAST {
            return Self::Unknown;
        }
        let share = |what: &dyn Fn(&Wait) -> bool| {
            waits.iter().filter(|w| what(w)).count() as f64 / waits.len() as f64
        };
        let far = usual.is_some_and(|usual| share(&|w| w.waited > FAR * usual + PART * seconds) > MANY);
        if far || climbs(waits, seconds) {
            return Self::Grows;
        }
        if share(&|w| !w.left) > UNFINISHED { Self::Unknown } else { Self::Steady }
    }
}

/// The 90 % quantile of waits; `None` for too few, or where too many have not ended.
#[must_use]
pub fn usual_wait(waits: &[Wait]) -> Option<f64> {
    let mut ended: Vec<f64> = waits.iter().map(|w| if w.left { w.waited } else { f64::INFINITY }).collect();
    ended.sort_by(f64::total_cmp);
    let at = (0.9 * ended.len() as f64) as usize;
    ended.get(at).copied().filter(|wait| waits.len() >= LEAST && wait.is_finite())
}

/// Whether waits become longer by more than the tolerated part, and not by chance.
fn climbs(waits: &[Wait], seconds: f64) -> bool {
    let behind = BEHIND.0 * BEHIND.1 / seconds;
    let first = waits.iter().map(|w| w.began).fold(f64::INFINITY, f64::min);
    let last = waits.iter().map(|w| w.began).fold(f64::NEG_INFINITY, f64::max);
    let count = SLICES.min(waits.len() / LEAST_IN_SLICE);
    let width = (last - first) / count as f64;
    if width <= 0.0 {
        return false;
    }
    let slices = (0..count).filter_map(|at| {
        let from = first + width * at as f64;
        let inside = waits.iter().filter(|w| w.began >= from && w.began < from + width);
        let of: Vec<f64> = inside.map(|w| w.waited).collect();
        (of.len() >= LEAST_IN_SLICE).then(|| (from + width / 2.0, mean(&of)))
    });
    let points: Vec<(f64, f64)> = slices.collect();
    let (times, means): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    if points.len() < 4 {
        return false;
    }
    let (t, m) = (mean(&times), mean(&means));
    let reach: f64 = times.iter().map(|x| (x - t).powi(2)).sum();
    let slope = points.iter().map(|p| (p.0 - t) * (p.1 - m)).sum::<f64>() / reach;
    let left: f64 = points.iter().map(|p| (p.1 - m - slope * (p.0 - t)).powi(2)).sum();
    let df = (points.len() - 2) as f64;
    let error = (left / df / reach).sqrt();
    slope > behind && (error == 0.0 || student_tail(slope / error, df) < ALPHA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    /// A trial of 30 s at five a second with noise of about two seconds.
    fn trial(seed: u64, extra: impl Fn(f64) -> f64) -> Vec<Wait> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let each = (0..150).map(|i| f64::from(i) / 5.0);
        each.map(|began| Wait { began, waited: 4.0 * rng.random::<f64>() + extra(began), left: true })
            .collect()
    }

    fn grows(extra: impl Fn(f64) -> f64 + Copy) -> usize {
        (0..100).filter(|seed| Growth::of(&trial(*seed, extra), 30.0, None) == Growth::Grows).count()
    }

    #[test]
    fn a_steady_pipeline_does_not_grow_and_one_that_falls_behind_does() {
        assert!(grows(|_| 0.0) <= 1, "{}", grows(|_| 0.0));
        assert!(grows(|t| 0.15 * t) >= 95, "{}", grows(|t| 0.15 * t));
    }

    #[test]
    fn batches_are_no_growth() {
        for phase in 0..10 {
            let saw = move |t: f64| 10.0 - (t + f64::from(phase)) % 10.0;
            assert!(grows(saw) <= 2, "phase {phase}: {}", grows(saw));
        }
    }

    #[test]
    fn a_pipeline_that_stands_still_is_seen_by_what_is_usual() {
        let stuck = |began: f64| Wait { began, waited: 45.0 - began, left: false };
        let waits: Vec<Wait> = (0..150).map(|i| stuck(f64::from(i) / 5.0)).collect();
        assert_eq!(Growth::of(&waits, 30.0, Some(3.0)), Growth::Grows);
        assert_eq!(Growth::of(&waits, 30.0, None), Growth::Unknown);
        assert_eq!(usual_wait(&waits), None);
    }

    #[test]
    fn too_few_say_nothing() {
        assert_eq!(Growth::of(&trial(1, |_| 0.0)[..10], 30.0, None), Growth::Unknown);
    }
}
