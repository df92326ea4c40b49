//! Capacity before and after a change: an upgrade, a new machine.

use serde::{Deserialize, Serialize};

/// The interval of a limit, arrivals per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub lower: f64,
    pub median: f64,
    pub upper: f64,
}

/// What became of the capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Lower,
    Higher,
    /// No difference that the two searches can tell from none.
    Alike,
    /// One of them has no interval.
    Unknown,
}

/// Two searches side by side; changes are ratios - 1 with a 90 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    pub before: Option<Interval>,
    pub after: Option<Interval>,
    pub change: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub verdict: Change,
}

/// A change smaller than this is none, however sure it is.
const FLOOR: f64 = 0.02;

impl Comparison {
    /// Half-widths add up as independent errors do, on the log scale.
    #[must_use]
    pub fn of(before: Option<Interval>, after: Option<Interval>) -> Self {
        let (Some(b), Some(a)) = (before, after) else {
            return Self { before, after, change: None, lower: None, upper: None, verdict: Change::Unknown };
        };
        let change = (a.median / b.median).ln();
        let lower = change - (a.median / a.lower).ln().hypot((b.upper / b.median).ln());
        let upper = change + (a.upper / a.median).ln().hypot((b.median / b.lower).ln());
        let verdict = match () {
            () if upper < 0.0 && change < -FLOOR => Change::Lower,
            () if lower > 0.0 && change > FLOOR => Change::Higher,
            () => Change::Alike,
        };
        let ratio = |log: f64| Some(log.exp_m1());
        Self { before, after, change: ratio(change), lower: ratio(lower), upper: ratio(upper), verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(median: f64) -> Option<Interval> {
        Some(Interval { lower: median / 1.05, median, upper: median * 1.05 })
    }

    #[test]
    fn a_change_beyond_both_intervals_is_one() {
        let verdict = |after| Comparison::of(about(100.0), about(after)).verdict;
        assert_eq!(verdict(90.0), Change::Lower);
        assert_eq!(verdict(96.0), Change::Alike);
        assert_eq!(verdict(112.0), Change::Higher);
        assert_eq!(Comparison::of(about(100.0), None).verdict, Change::Unknown);
    }

    #[test]
    fn the_interval_of_the_change_holds_both_errors() {
        let same = Comparison::of(about(100.0), about(100.0));
        let upper = same.upper.expect("both are known");
        assert!((upper - 0.0714).abs() < 0.001, "{upper}");
    }
}
