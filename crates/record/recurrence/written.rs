//! Wall-clock times and lists as files and calendars write them.

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Deserializer};

use super::Refused;

/// A field that may be one string or a list of them.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Written::deserialize(from)? {
        Written::One(line) => vec![line],
        Written::Many(lines) => lines,
    })
}

/// Reads `2026-01-06T02:00`, `2026-01-06 02:00:00` or iCalendar's `20260106T020000`.
pub(crate) fn wall_time(field: &'static str, text: &str) -> Result<NaiveDateTime, Refused> {
    const FORMS: [&str; 5] =
        ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y%m%dT%H%M%S"];
    let read = |form| NaiveDateTime::parse_from_str(text.trim(), form).ok();
    let refuse = || {
        let advice = "write a wall-clock time such as `2026-01-06T02:00`";
        Refused::new(field, format!("cannot read `{text}`: {advice}"))
    };
    let plausible = |found: &NaiveDateTime| (1970..3000).contains(&found.year());
    FORMS.into_iter().find_map(read).filter(plausible).ok_or_else(refuse)
}

/// Reads `2026-01-06` or `20260106`.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let read = |form| NaiveDate::parse_from_str(text.trim(), form).ok();
    // The length tells them apart: chrono would read `202` as a year of its own.
    match text.trim().len() {
        10 => read("%Y-%m-%d"),
        8 => read("%Y%m%d"),
        _ => None,
    }
}
