//! Reads `time,value` files.

use crate::Error;

/// A series of one metric, one value a run, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    times: Vec<String>,
    values: Vec<f64>,
    rows: Vec<usize>,
    gaps: usize,
}

/// Kind of times a file uses; one kind a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Seconds,
    Rfc3339,
}

impl Series {
    /// Reads CSV text with the columns `time,value`, in any order and among others; times are RFC 3339
    /// or seconds, one kind a file, ascending. An empty value is a gap. Errors name the line.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim_start_matches('\u{feff}');
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, header) = lines.next().ok_or_else(|| {
            Error::new("the file is empty: write a header line `time,value` and one line a run")
        })?;
        let columns: Vec<&str> = header.split(',').map(clean).collect();
        let place = |name: &str| {
            columns.iter().position(|c| c.eq_ignore_ascii_case(name)).ok_or_else(|| {
                Error::new(format!("line 1: no column `{name}`: the first line must be `time,value`"))
            })
        };
        let (time, value) = (place("time")?, place("value")?);
        let mut series = Self::default();
        let mut last: Option<(Clock, f64)> = None;
        for (row, (line, text)) in lines.enumerate() {
            let fields: Vec<&str> = text.split(',').map(clean).collect();
            let field = |at: usize| fields.get(at).copied().unwrap_or("");
            let now = instant(field(time)).ok_or_else(|| bad(line, "time", field(time)))?;
            ordered(last, now, line)?;
            last = Some(now);
            series.push(row, field(time), number(field(value), line)?);
        }
        Ok(series)
    }

    /// A series of values whose times are their indices, without those that are not finite.
    pub fn of_values(values: &[f64]) -> Self {
        let mut series = Self::default();
        for (row, &value) in values.iter().enumerate() {
            series.push(row, &row.to_string(), Some(value).filter(|v| v.is_finite()));
        }
        series
    }

    /// One value a run, oldest first; a run without it is a gap.
    pub fn of_runs(times: &[String], values: &[Option<f64>]) -> Self {
        let mut series = Self::default();
        for (row, (time, value)) in times.iter().zip(values).enumerate() {
            series.push(row, time, value.filter(|v| v.is_finite()));
        }
        series
    }

    fn push(&mut self, row: usize, time: &str, value: Option<f64>) {
        let Some(value) = value else {
            self.gaps += 1;
            return;
        };
        self.rows.push(row);
        self.times.push(time.to_owned());
        self.values.push(value);
    }

    /// Values without gaps.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Time of each value as the file wrote it.
    pub fn times(&self) -> &[String] {
        &self.times
    }

    /// Row of each value in the file, counted from 0 below the header, gaps included.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Rows without a value.
    pub fn gaps(&self) -> usize {
        self.gaps
    }
}

fn clean(field: &str) -> &str {
    field.trim().trim_matches('"').trim()
}

fn instant(text: &str) -> Option<(Clock, f64)> {
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds.is_finite().then_some((Clock::Seconds, seconds));
    }
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some((Clock::Rfc3339, time.timestamp_micros() as f64 / 1e6))
}

fn ordered(last: Option<(Clock, f64)>, now: (Clock, f64), line: usize) -> Result<(), Error> {
    let line = line + 1;
    match last {
        Some((clock, _)) if clock != now.0 => {
            Err(Error::new(format!("line {line}: times are RFC 3339 or seconds, one kind a file")))
        }
        Some((_, before)) if now.1 < before => Err(Error::new(format!(
            "line {line}: the time lies before that of the line above: sort the file by time"
        ))),
        _ => Ok(()),
    }
}

fn number(text: &str, line: usize) -> Result<Option<f64>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        _ => Err(bad(line, "value", text)),
    }
}

fn bad(line: usize, column: &str, text: &str) -> Error {
    let line = line + 1;
    let wanted = match column {
        "time" => "RFC 3339 such as 2026-03-01T08:00:00+08:00, or seconds",
        _ => "a number, or nothing for a gap",
    };
    Error::new(format!("line {line}: {column} `{text}` is not {wanted}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check_error(text: &str, want: &str) {
        assert_eq!(Series::parse(text).unwrap_err().to_string(), want);
    }

    #[test]
    fn reads_seconds_and_gaps() {
        let series = Series::parse("time,value\n1,2.5\n2,\n3,4\n").unwrap();
        assert_eq!(series.values(), [2.5, 4.0]);
        assert_eq!((series.rows(), series.gaps()), ([0, 2].as_slice(), 1));
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let series = Series::parse("commit,value,time\r\nabc,7,2026-03-01T08:00:00+08:00\r\n").unwrap();
        assert_eq!(series.values(), [7.0]);
        assert_eq!(series.times(), ["2026-03-01T08:00:00+08:00"]);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        check_error("", "the file is empty: write a header line `time,value` and one line a run");
        check_error("time,p95\n1,2\n", "line 1: no column `value`: the first line must be `time,value`");
        check_error(
            "time,value\n1,2\n0,2\n",
            "line 3: the time lies before that of the line above: sort the file by time",
        );
        check_error("time,value\n1,2\n2,NaN\n", "line 3: value `NaN` is not a number, or nothing for a gap");
        check_error(
            "time,value\n1,2\n2026-03-01T08:00:00Z,2\n",
            "line 3: times are RFC 3339 or seconds, one kind a file",
        );
        check_error(
            "time,value\nyesterday,2\n",
            "line 2: time `yesterday` is not RFC 3339 such as 2026-03-01T08:00:00+08:00, or seconds",
        );
    }
}
