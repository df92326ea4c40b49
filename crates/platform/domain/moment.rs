//! Instants as nanoseconds since the Unix epoch, and how they are written (Beijing time).

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Serialize, Serializer};

/// Nanoseconds since the Unix epoch, or a length in nanoseconds.
pub(crate) type Nanos = i64;

pub(crate) const SECOND: Nanos = 1_000_000_000;

/// What never happens.
pub(crate) const NEVER: Nanos = Nanos::MAX;

const DAY: i64 = 86_400;
const BEIJING: i64 = 8 * 3600;

/// An instant that serialises as RFC 3339 with microseconds, +08:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(pub(crate) Nanos);

/// An instant that serialises as RFC 3339 with nanoseconds, for the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exact(pub(crate) Nanos);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&written(self.0, 6))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&written(self.0, 9))
    }
}

/// Seconds to nanoseconds, saturating: a length that is not a number counts as none.
pub(crate) fn seconds(s: f64) -> Nanos {
    (s * 1e9).round() as Nanos
}

pub(crate) fn in_seconds(n: Nanos) -> f64 {
    n as f64 / 1e9
}

/// The instant as nanoseconds; instants beyond the years 1677 to 2262 saturate.
pub(crate) fn nanos(at: DateTime<Utc>) -> Nanos {
    at.timestamp_nanos_opt().unwrap_or(NEVER)
}

pub(crate) fn instant(at: Nanos) -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(at)
}

/// The calendar day in Beijing.
pub(crate) fn day(at: Nanos) -> NaiveDate {
    let days = (at.div_euclid(SECOND) + BEIJING).div_euclid(DAY);
    date_of(days)
}

/// The same day, counted from the epoch.
pub(crate) fn beijing_day_number(at: Nanos) -> u64 {
    (at.div_euclid(SECOND) + BEIJING).div_euclid(DAY).max(0) as u64
}

/// Parses `YYYY-MM-DD`, strictly.
pub(crate) fn parse_day(text: &str) -> Option<NaiveDate> {
    let b = text.as_bytes();
    let shaped = b.len() == 10 && b[4] == b'-' && b[7] == b'-';
    let digits = || (0..10).all(|i| i == 4 || i == 7 || b[i].is_ascii_digit());
    if !shaped || !digits() {
        return None;
    }
    let part = |a: usize, z: usize| text[a..z].parse::<u32>().ok();
    NaiveDate::from_ymd_opt(part(0, 4)? as i32, part(5, 7)?, part(8, 10)?)
}

fn date_of(days: i64) -> NaiveDate {
    // 719,163 days lie between 0001-01-01 and the epoch.
    NaiveDate::from_num_days_from_ce_opt(days as i32 + 719_163)
        .expect("64-bit nanoseconds stay within chrono's years")
}

fn written(at: Nanos, places: u32) -> String {
    let local = at.div_euclid(SECOND) + BEIJING;
    let date = date_of(local.div_euclid(DAY));
    let second = local.rem_euclid(DAY);
    let mut out = Vec::with_capacity(36);
    push(&mut out, date.year() as u64, 4);
    for (mark, part) in [(b'-', date.month()), (b'-', date.day())] {
        out.push(mark);
        push(&mut out, part as u64, 2);
    }
    for (mark, part) in [(b'T', second / 3600), (b':', second / 60 % 60), (b':', second % 60)] {
        out.push(mark);
        push(&mut out, part as u64, 2);
    }
    out.push(b'.');
    let fraction = at.rem_euclid(SECOND) as u64 / 10u64.pow(9 - places);
    push(&mut out, fraction, places);
    out.extend_from_slice(b"+08:00");
    String::from_utf8(out).expect("only ASCII was pushed")
}

fn push(out: &mut Vec<u8>, value: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(b'0' + (value / 10u64.pow(place) % 10) as u8);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn written_as_chrono_would() {
        for at in [0, 1, -1, 1_795_495_923_123_456_789, 951_782_399_999_999_999] {
            let zone = chrono::FixedOffset::east_opt(8 * 3600).unwrap();
            let expected =
                instant(at).with_timezone(&zone).to_rfc3339_opts(chrono::SecondsFormat::Nanos, false);
            assert_eq!(written(at, 9), expected);
            assert_eq!(day(at), instant(at).with_timezone(&zone).date_naive());
        }
    }

    #[test]
    fn days_are_read_strictly() {
        assert!(parse_day("2026-11-24").is_some());
        for text in ["2026-2-29", "2026-02-30", "20261124", "2026-11-24 ", "２０２６-11-24", "+026-11-24"]
        {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }
}
