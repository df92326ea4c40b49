//! From values to pixels, and which values deserve a tick.

use chrono::{DateTime, FixedOffset, Timelike as _};

/// Maps values to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The values at the two ends.
    pub from: f64,
    pub to: f64,
    /// The pixels at the two ends.
    pub start: f64,
    pub end: f64,
    pub log: bool,
}

impl Scale {
    #[must_use]
    pub fn linear(from: f64, to: f64, start: f64, end: f64) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        Self { from, to, start, end, log: false }
    }

    /// A logarithmic scale; both ends must be above zero.
    #[must_use]
    pub fn log(from: f64, to: f64, start: f64, end: f64) -> Self {
        let from = if from > 0.0 && from.is_finite() { from } else { 1e-3 };
        let to = if to > from && to.is_finite() { to } else { from * 10.0 };
        Self { from, to, start, end, log: true }
    }

    /// The pixel of a value, kept within the ends.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let value = if value.is_nan() { self.from } else { value.clamp(self.from, self.to) };
        let share = if self.log {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.start + share * (self.end - self.start)
    }

    /// The values that get a tick: 1-2-5 steps, and no more than `most`.
    #[must_use]
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        if self.log { log_ticks(self.from, self.to, most) } else { linear_ticks(self.from, self.to, most) }
    }
}

/// A round upper end for values up to `most`.
#[must_use]
pub fn round_up(most: f64) -> f64 {
    if !(most.is_finite() && most > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(most.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.iter().map(|s| s * power).find(|&v| v >= most * 1.0001).unwrap_or(power * 12.0)
}

/// The 1-2-5 values at or below `low` and at or above `high`, at least a decade apart.
#[must_use]
pub fn log_ends(low: f64, high: f64) -> (f64, f64) {
    let usable = |v: f64| v.is_finite() && v > 0.0;
    let high = if usable(high) { high } else { 1.0 };
    let low = if usable(low) { low.min(high) } else { high / 10.0 };
    let from = series_125(low / 10.0, low).last().copied().unwrap_or(low);
    let to = series_125(high, high * 10.0).first().copied().unwrap_or(high);
    if to / from < 9.9 { (from / 2.0, from / 2.0 * 20.0) } else { (from, to) }
}

/// All 1, 2, 5 times powers of ten between two values.
fn series_125(from: f64, to: f64) -> Vec<f64> {
    let (low, high) = (from.log10().floor() as i32, to.log10().ceil() as i32);
    let all = (low..=high).flat_map(|power| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(power)));
    all.filter(|v| *v >= from * 0.999_999 && *v <= to * 1.000_001).collect()
}

fn log_ticks(from: f64, to: f64, most: usize) -> Vec<f64> {
    let all = series_125(from, to);
    if all.len() <= most {
        return all;
    }
    let decade = |v: &f64| (v.log10() - v.log10().round()).abs() < 1e-9;
    let decades: Vec<f64> = all.iter().copied().filter(decade).collect();
    if decades.len() < 2 {
        return all.iter().copied().step_by(all.len().div_ceil(most.max(1))).collect();
    }
    let step = decades.len().div_ceil(most.max(1));
    decades.into_iter().step_by(step).collect()
}

fn linear_ticks(from: f64, to: f64, most: usize) -> Vec<f64> {
    let rough = (to - from) / most.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough * 0.999).unwrap_or(power);
    let first = (from / step).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    (first..=last.min(first + 50)).map(|i| i as f64 * step).collect()
}

/// Wall-clock ticks for moments `0..seconds` after `started`: moment and label.
#[must_use]
pub fn wall_ticks(started: DateTime<FixedOffset>, seconds: f64, most: usize) -> Vec<(f64, String)> {
    let step = time_step(seconds / most.max(1) as f64);
    let since_midnight =
        f64::from(started.num_seconds_from_midnight()) + f64::from(started.nanosecond()) / 1e9;
    let first = (since_midnight / step).ceil() * step - since_midnight;
    let label = |t: f64| {
        let at = started + chrono::TimeDelta::milliseconds((t * 1e3).round() as i64);
        let pattern = match step {
            s if s < 60.0 => "%H:%M:%S",
            s if s < 86_400.0 => "%H:%M",
            _ => "%m-%d",
        };
        (t, at.format(pattern).to_string())
    };
    (0..60).map(|i| first + f64::from(i) * step).take_while(|t| *t <= seconds + 1e-6).map(label).collect()
}

fn time_step(rough: f64) -> f64 {
    const STEPS: [f64; 20] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0,
        10_800.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0, 604_800.0,
    ];
    STEPS.into_iter().find(|s| *s >= rough * 0.999).unwrap_or_else(|| (rough / 604_800.0).ceil() * 604_800.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ticks_are_round() {
        let scale = Scale::linear(0.0, 42.0, 0.0, 1.0);
        assert_eq!(scale.ticks(5), [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(Scale::log(0.01, 1.0, 0.0, 1.0).ticks(10), [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]);
        assert_eq!(Scale::log(0.01, 1.0, 0.0, 1.0).ticks(4), [0.01, 0.1, 1.0]);
    }

    #[test]
    fn the_ends_hold_the_values() {
        assert_eq!(log_ends(0.013, 0.7), (0.01, 1.0));
        let (low, high) = log_ends(0.3, 0.31);
        assert!(low <= 0.3 && high >= 0.31 && high / low > 9.0);
        assert_eq!(round_up(42.0), 50.0);
        assert_eq!(round_up(f64::NAN), 1.0);
    }

    #[test]
    fn time_is_wall_clock() {
        let started = "2026-03-01T09:59:50+08:00".parse().unwrap();
        let ticks = wall_ticks(started, 60.0, 4);
        assert_eq!(
            ticks.iter().map(|t| t.1.as_str()).collect::<Vec<_>>(),
            ["10:00:00", "10:00:15", "10:00:30", "10:00:45"]
        );
        assert_eq!(ticks[0].0, 10.0);
    }

    #[test]
    fn values_without_sense_stay_on_the_sheet() {
        let scale = Scale::log(0.001, 1.0, 100.0, 0.0);
        assert_eq!(scale.at(f64::NAN), 100.0);
        assert_eq!(scale.at(f64::INFINITY), 0.0);
        assert_eq!(scale.at(-4.0), 100.0);
    }
}
