//! Will it carry month-end times one and a half? Peaks of the past against the capacity of today.
//!
//! The peak to plan for is the upper 90 % prediction bound of the next month's peak: on the log scale,
//! with Student's t, and with the growth from month to month where there is evidence of one.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike};
use serde::Serialize;

use crate::Error;
use crate::stats::{mean, student_quantile, student_tail};

/// Whether the needed rate is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadroomVerdict {
    Go,
    NoGo,
    Marginal,
}

/// A needed rate against the interval of the capacity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Headroom {
    /// Arrivals per second that must be carried.
    pub need: f64,
    pub verdict: HeadroomVerdict,
}

impl Headroom {
    /// GO where even the lower bound carries the need, NO-GO where the upper does not; else the
    /// interval must become narrower first.
    pub fn of(need: f64, lower: Option<f64>, upper: Option<f64>) -> Self {
        let verdict = match (lower, upper) {
            (Some(lower), _) if lower >= need => HeadroomVerdict::Go,
            (_, Some(upper)) if upper < need => HeadroomVerdict::NoGo,
            _ => HeadroomVerdict::Marginal,
        };
        Self { need, verdict }
    }
}

/// The busiest minute of one month, arrivals per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Peak {
    /// Months since year 0: 12 x year + month - 1.
    pub month: i32,
    pub rate: f64,
}

/// Peaks of past months, ascending, with what was missing.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Peaks {
    pub months: Vec<Peak>,
    /// Months between the first and the last that the file does not have.
    pub missing: Vec<i32>,
    /// Rows without a value.
    pub gaps: usize,
}

/// Fewest months that a prediction may rest on.
const LEAST_MONTHS: usize = 6;
/// Probability that the next peak stays below the bound.
const PREDICTION: f64 = 0.90;
/// One-sided p value at which growth is believed.
const GROWTH: f64 = 0.05;

impl Peaks {
    /// Reads CSV with the columns `time,rate`: RFC 3339 times (or dates), arrivals per second; any
    /// number of rows a month, of which the highest counts. Empty rates are gaps. Errors name the line.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
        let header = lines.next().map_or("", |(_, line)| line);
        let columns: Vec<String> = header.split(',').map(|c| c.trim().to_lowercase()).collect();
        let place = |name: &str| columns.iter().position(|c| c == name);
        let (Some(time), Some(rate)) = (place("time"), place("rate").or_else(|| place("value"))) else {
            return Err(Error::new("line 1: the first line must be `time,rate`"));
        };
        let (mut highest, mut gaps) = (BTreeMap::<i32, f64>::new(), 0);
        for (line, text) in lines.filter(|(_, l)| !l.trim().is_empty()) {
            let fields: Vec<&str> = text.split(',').map(str::trim).collect();
            let field = |at: usize| fields.get(at).copied().unwrap_or("");
            let month = month(field(time)).ok_or_else(|| bad(line, "time", field(time)))?;
            if field(rate).is_empty() {
                gaps += 1;
                continue;
            }
            let rate = field(rate).parse::<f64>().ok().filter(|r| r.is_finite() && *r >= 0.0);
            let rate = rate.ok_or_else(|| bad(line, "rate", text))?;
            let peak = highest.entry(month).or_insert(rate);
            *peak = peak.max(rate);
        }
        Ok(Self::of(highest, gaps))
    }

    fn of(highest: BTreeMap<i32, f64>, gaps: usize) -> Self {
        let months: Vec<Peak> = highest
            .iter()
            .filter(|(_, rate)| **rate > 0.0)
            .map(|(&month, &rate)| Peak { month, rate })
            .collect();
        let ends = months.first().map(|p| p.month).zip(months.last().map(|p| p.month));
        let missing = ends.map_or_else(Vec::new, |(first, last)| {
            (first..=last).filter(|m| !months.iter().any(|p| p.month == *m)).collect()
        });
        Self { months, missing, gaps }
    }

    /// Upper 90 % prediction bound of the next month's peak, arrivals per second. Fails with fewer
    /// than six months: then name the peak yourself.
    pub fn next_peak(&self) -> Result<f64, Error> {
        let n = self.months.len();
        if n < LEAST_MONTHS {
            return Err(Error::new(format!(
                "{n} months of peaks are too few to predict from: give {LEAST_MONTHS}, or the peak itself with --peak"
            )));
        }
        let points: Vec<(f64, f64)> = self.months.iter().map(|p| (f64::from(p.month), p.rate.ln())).collect();
        let next = points[n - 1].0 + 1.0;
        let level = Fit::level(&points);
        let bound = match Fit::growth(&points).filter(|f| f.grows()) {
            Some(growth) => growth.bound(next).max(level.bound(next)),
            None => level.bound(next),
        };
        Ok(bound.exp())
    }
}

/// A level or a straight line through log peaks.
#[derive(Debug, Clone, Copy)]
struct Fit {
    centre: f64,
    level: f64,
    slope: f64,
    /// Residual standard deviation and its degrees of freedom.
    sd: f64,
    df: f64,
    n: f64,
    /// Sum of squared distances from the centre; infinite for a level.
    reach: f64,
}

impl Fit {
    fn level(points: &[(f64, f64)]) -> Self {
        Self::with(points, 0.0, f64::INFINITY)
    }

    fn growth(points: &[(f64, f64)]) -> Option<Self> {
        let (times, logs): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (t, l) = (mean(&times), mean(&logs));
        let reach: f64 = times.iter().map(|x| (x - t).powi(2)).sum();
        let along: f64 = points.iter().map(|p| (p.0 - t) * (p.1 - l)).sum();
        (reach > 0.0).then(|| Self::with(points, along / reach, reach))
    }

    fn with(points: &[(f64, f64)], slope: f64, reach: f64) -> Self {
        let (times, logs): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (centre, level) = (mean(&times), mean(&logs));
        let squares: f64 = points.iter().map(|p| (p.1 - level - slope * (p.0 - centre)).powi(2)).sum();
        let n = points.len() as f64;
        let df = n - if reach.is_finite() { 2.0 } else { 1.0 };
        Self { centre, level, slope, sd: (squares / df).sqrt(), df, n, reach }
    }

    fn grows(&self) -> bool {
        let t = self.slope / (self.sd / self.reach.sqrt());
        t.is_finite() && student_tail(t, self.df) < GROWTH || t == f64::INFINITY
    }

    fn bound(&self, at: f64) -> f64 {
        let away = at - self.centre;
        let spread = self.sd * (1.0 + 1.0 / self.n + away * away / self.reach).sqrt();
        self.level + self.slope * away + student_quantile(PREDICTION, self.df) * spread
    }
}

fn month(text: &str) -> Option<i32> {
    let date = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.date_naive(),
        Err(_) => text.get(..10)?.parse::<chrono::NaiveDate>().ok()?,
    };
    Some(12 * date.year() + date.month0() as i32)
}

fn bad(line: usize, column: &str, text: &str) -> Error {
    let wanted = match column {
        "time" => "RFC 3339 such as 2026-03-31T10:00:00+08:00, or a date",
        _ => "a rate of 0 or more per second, or nothing for a gap",
    };
    Error::new(format!("line {}: {column} `{text}` is not {wanted}", line + 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(rates: &[&str]) -> String {
        let rows = rates.iter().enumerate().map(|(i, r)| format!("2026-{:02}-28,{r}\n", i + 1));
        ["time,rate\n".to_owned()].into_iter().chain(rows).collect()
    }

    #[test]
    fn a_steady_peak_is_bounded_a_little_above() {
        let peaks = Peaks::parse(&file(&["100", "104", "97", "101", "99", "103", "96", "100"])).unwrap();
        let next = peaks.next_peak().unwrap();
        assert!((103.0..106.0).contains(&next), "{next}");
    }

    #[test]
    fn growth_goes_on() {
        let peaks = Peaks::parse(&file(&["100", "111", "119", "134", "146", "160", "178"])).unwrap();
        let next = peaks.next_peak().unwrap();
        assert!((190.0..200.0).contains(&next), "{next}");
    }

    #[test]
    fn the_highest_minute_of_a_month_counts_and_gaps_are_kept() {
        let text = "time,rate\n2026-01-01,5\n2026-01-31T23:59:00+08:00,9\n2026-03-01,\n2026-04-01,7\n";
        let peaks = Peaks::parse(text).unwrap();
        assert_eq!(peaks.months.iter().map(|p| p.rate).collect::<Vec<_>>(), [9.0, 7.0]);
        assert_eq!((peaks.missing.len(), peaks.gaps), (2, 1));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let few = Peaks::parse(&file(&["1", "2"])).unwrap().next_peak().unwrap_err();
        assert!(few.to_string().starts_with("2 months of peaks are too few"), "{few}");
        let bad = Peaks::parse("time,rate\n2026-01-01,fast\n").unwrap_err();
        assert!(bad.to_string().starts_with("line 2: rate"), "{bad}");
    }

    #[test]
    fn a_need_between_the_bounds_is_marginal() {
        let verdict = |need| Headroom::of(need, Some(90.0), Some(100.0)).verdict;
        assert_eq!(verdict(85.0), HeadroomVerdict::Go);
        assert_eq!(verdict(95.0), HeadroomVerdict::Marginal);
        assert_eq!(verdict(101.0), HeadroomVerdict::NoGo);
    }
}
