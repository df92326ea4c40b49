//! Times as containers write them: RFC 3339, RFC 2822, local with or without seconds, Unix seconds.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};
use serde_json::Value;

use crate::context::Zone;

/// RFC 3339 or RFC 2822: an instant without further knowledge.
pub(crate) fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)).ok().or_else(|| {
        // +0000 without a colon.
        DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok()
    })
}

/// A local time without offset.
pub(crate) fn local(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d %H:%M",
    ]
    .iter()
    .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

/// The day that begins a text: 2026-11-20, 2026/11/20, 2026.11.20, 2026年11月20日.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let (year, month, day) = (numbers.next()?, numbers.next()?, numbers.next()?);
    if year.len() != 4 || month.len() > 2 || day.len() > 2 || !text.starts_with(year) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// An instant from a JSON value: text, or Unix seconds or milliseconds.
pub(crate) fn json_instant(value: &Value, zone: Option<Zone>) -> Option<DateTime<FixedOffset>> {
    match value {
        Value::String(text) => instant(text).or_else(|| in_zone(local(text)?, zone?)),
        Value::Number(number) => {
            let n = number.as_i64()?;
            let seconds = if n.abs() > 100_000_000_000 { n / 1000 } else { n };
            Utc.timestamp_opt(seconds, 0).single().map(|time| time.fixed_offset())
        }
        _ => None,
    }
}

/// A local time in a zone; in a gap it shifts forward, in a fold the first is meant.
pub(crate) fn in_zone(time: NaiveDateTime, zone: Zone) -> Option<DateTime<FixedOffset>> {
    crate::reader::place(time, zone)
}
