//! History: since when is this metric different, over a series of runs?
//!
//! Change points by seeded binary segmentation (Kovács, Bühlmann, Li and Munk 2023, Biometrika 110) on
//! the rank CUSUM (Pettitt 1979, JRSS C 28), narrowest interval over the threshold first (Baranowski,
//! Chen and Fryzlewicz 2019, JRSS B 81), then merged from the weakest up and placed again. Ranks make
//! it indifferent to spikes and to the unit; the threshold grows with the autocorrelation that is left
//! within segments, because nightly runs are not independent. Figures: `docs/methods-gate.md`.
//!
//! It is not a gate: it alerts late and cheaply, on what no pair of runs shows. Reading order:
//! `series` reads a file, `segment` finds the changes, `cusum` is the statistic.

mod cusum;
mod segment;
mod series;

use serde::Serialize;

pub use series::Series;

use cusum::edges;

use crate::Error;
use crate::stats::{median, superiority};

/// How strict the search is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Probability of any change being found in a series without one.
    pub alpha: f64,
    /// Fewest points between two changes.
    pub least_segment: usize,
    /// Smallest change of the median, as a ratio - 1 in absolute value.
    pub least_change: f64,
    /// Smallest probability that a point after the change lies beyond one before it. Noise that
    /// jumps between two levels makes medians lie; this it does not fool.
    pub least_superiority: f64,
    /// Points after the last change below which it is a candidate only.
    pub confirmed_after: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { alpha: 0.05, least_segment: 3, least_change: 0.0, least_superiority: 0.7, confirmed_after: 3 }
    }
}

/// Whether a change has been seen for long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Confirmed,
    /// Too few points lie after it.
    Candidate,
}

/// One lasting change of level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// First point of the new level, counted from 0.
    pub index: usize,
    /// Its time as the file wrote it.
    pub time: String,
    /// Medians of the segments before and after.
    pub before: f64,
    pub after: f64,
    /// `after / before - 1`; null where `before` is 0.
    pub change: Option<f64>,
    pub status: Status,
}

/// The answer of `history`, serialising as the machine-readable contract has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryAnswer {
    pub schema: u32,
    pub kind: &'static str,
    pub points: usize,
    /// Rows of the file without a value; they are left out, not taken for zero.
    pub gaps: usize,
    pub changes: Vec<Change>,
}

impl HistoryAnswer {
    /// All changes of a series, oldest first. Fails on a series that is not one, naming what to mend.
    pub fn of(series: &Series, options: &Options) -> Result<Self, Error> {
        let values = series.values();
        let mut changes = Vec::new();
        let found = detect(values, options);
        let edges = edges(&found, values.len());
        for window in edges.windows(3) {
            let (before, after) = (&values[window[0]..window[1]], &values[window[1]..window[2]]);
            let seen = values.len() - window[1];
            changes.push(Change {
                index: series.rows()[window[1]],
                time: series.times()[window[1]].clone(),
                before: median(before),
                after: median(after),
                change: Some(median(after) / median(before) - 1.0).filter(|c| c.is_finite()),
                status: if seen < options.confirmed_after { Status::Candidate } else { Status::Confirmed },
            });
        }
        Ok(Self { schema: 1, kind: "history", points: values.len(), gaps: series.gaps(), changes })
    }
}

/// Indices of the first points of all new levels, ascending. Values must be finite.
pub fn detect(values: &[f64], options: &Options) -> Vec<usize> {
    let mut found = segment::changes(values, options);
    loop {
        let edges = edges(&found, values.len());
        let weakest = edges
            .windows(3)
            .enumerate()
            .map(|(i, w)| (i, separation(&values[w[0]..w[1]], &values[w[1]..w[2]])))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        match weakest {
            Some((index, apart)) if apart < options.least_superiority => found.remove(index),
            _ => return found,
        };
    }
}

/// Points on either side of a change whose order is compared: further away other things have happened.
const NEAR: usize = 30;

fn separation(before: &[f64], after: &[f64]) -> f64 {
    let before = &before[before.len().saturating_sub(NEAR)..];
    let up = superiority(before, &after[..after.len().min(NEAR)]);
    up.max(1.0 - up)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Noise without a pattern, from a multiplicative sequence: no generator, the same everywhere.
    fn noise(index: usize) -> f64 {
        let scattered = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        scattered as f64 / f64::from(1 << 24) - 0.5
    }

    fn check(level: fn(usize) -> f64, points: usize, want: &[usize]) {
        let values: Vec<f64> = (0..points).map(|i| level(i) * (1.0 + 0.06 * noise(i))).collect();
        assert_eq!(detect(&values, &Options::default()), want);
    }

    #[test]
    fn a_steady_series_has_no_change() {
        check(|_| 100.0, 100, &[]);
    }

    #[test]
    fn a_step_up_and_back_is_two_changes() {
        check(|i| if (40..70).contains(&i) { 110.0 } else { 100.0 }, 100, &[40, 70]);
    }

    #[test]
    fn single_spikes_are_not_changes() {
        check(|i| if i % 23 == 5 { 300.0 } else { 100.0 }, 100, &[]);
    }

    #[test]
    fn a_series_too_short_to_judge_has_no_change() {
        assert!(detect(&[1.0, 2.0, 3.0], &Options::default()).is_empty());
        assert!(detect(&[], &Options::default()).is_empty());
    }

    #[test]
    fn small_changes_can_be_ruled_out() {
        let values: Vec<f64> = (0..80).map(|i| if i < 40 { 100.0 } else { 103.0 } + noise(i)).collect();
        let options = Options { least_change: 0.05, ..Options::default() };
        assert_eq!(detect(&values, &Options::default()), [40]);
        assert!(detect(&values, &options).is_empty());
    }

    #[test]
    fn an_index_counts_the_rows_of_the_file() {
        let rows = (0..60).map(|i| match i {
            3 => "3,\n".to_owned(),
            _ => format!("{i},{}\n", if i < 30 { 100.0 } else { 120.0 } + noise(i)),
        });
        let text: String = ["time,value\n".to_owned()].into_iter().chain(rows).collect();
        let answer = HistoryAnswer::of(&Series::parse(&text).unwrap(), &Options::default()).unwrap();
        assert_eq!((answer.changes[0].index, answer.changes[0].time.as_str()), (30, "30"));
        assert_eq!((answer.changes[0].status, answer.gaps), (Status::Confirmed, 1));
    }

    #[test]
    fn the_last_points_make_a_candidate() {
        let values: Vec<f64> = (0..60).map(|i| if i < 57 { 100.0 } else { 130.0 } + noise(i)).collect();
        let options = Options { confirmed_after: 4, alpha: 0.25, ..Options::default() };
        let answer = HistoryAnswer::of(&Series::of_values(&values), &options).unwrap();
        assert!(answer.changes.iter().all(|c| c.status == Status::Candidate), "{answer:?}");
    }
}
