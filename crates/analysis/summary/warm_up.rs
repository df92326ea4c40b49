//! When the run was warm: MSER-5 on the response time.
//!
//! Of all beginnings that could be left out, that one is whose rest has the smallest standard error
//! of its mean (White 1997, Simulation 69:323). Its observations here are seconds, each the mean
//! logarithm of the response times, so that one stall late in a run does not outweigh its beginning.

use chrono::TimeDelta;
use piaotan_record::Nanos;
use piaotan_record::calendar::Calendar;
use piaotan_record::folder::{FolderError, RunFolder};
use std::collections::BTreeMap;

/// Seconds averaged into one batch, as White has it; fewer where the run is short.
const BATCH: usize = 5;
/// Fewer batches than this tell nothing.
const FEWEST: usize = 8;

/// From which second on the run was steady.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    From(u32),
    /// It had not settled by this second, the last that may be left out.
    NotBefore(u32),
    /// Too short to tell.
    Unknown,
}

/// The sum of logarithms and their count, a second of the run.
#[derive(Debug, Default)]
pub(super) struct WarmUp {
    seconds: BTreeMap<u32, (f64, u64)>,
}

impl WarmUp {
    /// Reads the response times of users after `from`, outside windows.
    pub fn watch(folder: &RunFolder, calendar: &Calendar, from: Nanos) -> Result<Self, FolderError> {
        let mut seen = Self::default();
        folder.latencies(|interval| {
            let second = interval.second;
            let wall = folder.manifest().started + TimeDelta::seconds(second.into());
            let judged = u64::from(second) * Nanos::SECOND >= from.0
                && !interval.service
                && interval.operation.is_of_users()
                && calendar
                    .inside(wall, wall + TimeDelta::seconds(1), interval.operation.service())
                    .is_none();
            if judged {
                let (sum, count) = seen.seconds.entry(second).or_default();
                for bucket in interval.histogram.iter_recorded() {
                    let times = bucket.count_at_value();
                    *sum += (bucket.value_iterated_to().max(1) as f64).ln() * times as f64;
                    *count += times;
                }
            }
        })?;
        Ok(seen)
    }

    /// The end of the warm-up, at most `most` seconds after its beginning.
    pub fn settled(&self, most: f64) -> Settled {
        let Some(first) = self.seconds.keys().next().copied() else { return Settled::Unknown };
        let (seconds, means): (Vec<u32>, Vec<f64>) =
            self.seconds.iter().map(|(second, (sum, count))| (*second, sum / *count as f64)).unzip();
        let Some(cut) = cut(&means) else { return Settled::Unknown };
        let longest = first + most.round().max(0.0) as u32;
        match seconds.get(cut) {
            Some(second) if *second <= longest => Settled::From(*second),
            _ => Settled::NotBefore(longest),
        }
    }
}

/// How many values to leave out. `None` for too few of them.
fn cut(values: &[f64]) -> Option<usize> {
    let batch = (values.len() / (2 * FEWEST)).clamp(1, BATCH);
    let batches: Vec<f64> =
        values.chunks_exact(batch).map(|each| each.iter().sum::<f64>() / batch as f64).collect();
    if batches.len() < FEWEST {
        return None;
    }
    let error = |cut: usize| {
        let rest = &batches[cut..];
        let n = rest.len() as f64;
        let mean = rest.iter().sum::<f64>() / n;
        rest.iter().map(|each| (each - mean).powi(2)).sum::<f64>() / (n * n)
    };
    // A best cut in the second half says that the series has no steady part long enough to tell.
    let best = (0..=batches.len() / 2).min_by(|a, b| error(*a).total_cmp(&error(*b)))?;
    Some(best * batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: u32, most: f64, mean: impl Fn(f64) -> f64, expected: Settled) {
        let noise = |t: f64| 0.02 * (t * 12.9898).sin();
        let at = |t: u32| (t, ((mean(t.into()) + noise(t.into())) * 100.0, 100));
        let seen = WarmUp { seconds: (10..10 + seconds).map(at).collect() };
        assert_eq!(seen.settled(most), expected);
    }

    #[test]
    fn a_slow_start_is_left_out() {
        check(120, 60.0, |t| if t < 30.0 { 3.0 } else { 1.0 }, Settled::From(30));
        check(30, 20.0, |t| if t < 14.0 { 3.0 } else { 1.0 }, Settled::From(14));
    }

    #[test]
    fn a_steady_run_loses_nothing_to_speak_of() {
        let WarmUp { seconds } = WarmUp { seconds: (0..100).map(|t| (t, (f64::from(t % 7), 1))).collect() };
        let Settled::From(second) = (WarmUp { seconds }).settled(60.0) else { panic!("steady") };
        assert!(second <= 10, "{second}");
    }

    #[test]
    fn a_run_that_never_settles_is_cut_at_the_longest_warm_up() {
        check(120, 20.0, |t| 5.0 - 0.04 * t, Settled::NotBefore(30));
        check(5, 60.0, |_| 1.0, Settled::Unknown);
    }

    #[test]
    fn a_stall_late_in_the_run_moves_nothing() {
        check(120, 60.0, |t| if (110.0..112.0).contains(&t) { 6.0 } else { 1.0 }, Settled::From(10));
    }
}
