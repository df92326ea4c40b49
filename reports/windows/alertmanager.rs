//! Windows for an Alertmanager: silences, as its API and `amtool silence import` take them, and time
//! intervals for `mute_time_intervals`.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Timelike as _, Utc};
use chrono_tz::Tz;
use piaotan_record::window::Window;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Which alerts are silenced: `label=value`, `label=~pattern`, `label!=value`, `label!~pattern`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    pub name: String,
    pub value: String,
    pub is_regex: bool,
    pub is_equal: bool,
}

impl std::str::FromStr for Matcher {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no matcher; write LABEL=VALUE or LABEL=~PATTERN");
        let at = text.find(['=', '!']).ok_or_else(wrong)?;
        let (name, rest) = text.split_at(at);
        let signs = [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];
        let (sign, is_regex, is_equal) =
            signs.into_iter().find(|(sign, ..)| rest.starts_with(sign)).ok_or_else(wrong)?;
        let value = rest[sign.len()..].trim_matches('"').to_owned();
        let label = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && name.chars().next().is_some_and(|c| !c.is_ascii_digit());
        if !label || value.is_empty() {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), value, is_regex, is_equal })
    }
}

/// One silence a window, from its start until its end; without an end, as long as it may be held.
#[must_use]
pub fn silences(windows: &[Window], matchers: &[Matcher]) -> Value {
    let matchers: Vec<Value> = matchers
        .iter()
        .map(|m| json!({"name": m.name, "value": m.value, "isRegex": m.is_regex, "isEqual": m.is_equal}))
        .collect();
    let each = windows.iter().map(|window| {
        let about = if window.text.is_empty() {
            window.id.clone()
        } else {
            format!("{} ({})", window.text, window.id)
        };
        json!({
            "matchers": matchers,
            "startsAt": window.start.to_rfc3339(),
            "endsAt": window.held_until().to_rfc3339(),
            "createdBy": "piaotan",
            "comment": about,
        })
    });
    Value::Array(each.collect())
}

/// A time interval of Alertmanager's configuration with one entry a day and zone, in whole minutes: a
/// window that begins within a minute mutes all of it.
#[must_use]
pub fn mute_times(windows: &[Window], name: &str, zone: Tz) -> String {
    let mut days: BTreeMap<NaiveDate, Vec<(u32, u32)>> = BTreeMap::new();
    for window in windows {
        for (day, from, to) in by_day(window.start, window.held_until(), zone) {
            days.entry(day).or_default().push((from, to));
        }
    }
    let mut out = format!("time_intervals:\n  - name: {}\n    time_intervals:", quoted(name));
    if days.is_empty() {
        out += " []";
    }
    out.push('\n');
    for (day, times) in days {
        let _ = writeln!(out, "      - years: ['{}']", day.format("%Y"));
        let _ = writeln!(out, "        months: ['{}']", day.format("%-m"));
        let _ = writeln!(out, "        days_of_month: ['{}']", day.format("%-d"));
        let _ = writeln!(out, "        location: {}", quoted(zone.name()));
        let _ = writeln!(out, "        times:");
        for (from, to) in times {
            let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
            let _ = writeln!(out, "          - start_time: '{}'", clock(from));
            let _ = writeln!(out, "            end_time: '{}'", clock(to));
        }
    }
    out
}

/// The parts of `[start, end)` that lie on each day of a zone, in minutes of its clock. A part of a day on
/// which clocks go back may be too long, never too short.
fn by_day(start: DateTime<Utc>, end: DateTime<Utc>, zone: Tz) -> Vec<(NaiveDate, u32, u32)> {
    let (first, last) = (start.with_timezone(&zone).naive_local(), end.with_timezone(&zone).naive_local());
    let mut parts = Vec::new();
    let mut day = first.date();
    // A window of years would be a mistake somewhere; its mute times stop after one.
    while day <= last.date() && parts.len() < 366 {
        let minute =
            |time: NaiveTime, up: bool| time.hour() * 60 + time.minute() + u32::from(up && time.second() > 0);
        let from = if day == first.date() { minute(first.time(), false) } else { 0 };
        let to = if day == last.date() { minute(last.time(), true) } else { 24 * 60 };
        if from < to {
            parts.push((day, from, to));
        }
        let Some(next) = day.checked_add_days(Days::new(1)) else { break };
        day = next;
    }
    parts
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_matcher_is_read_as_prometheus_writes_it() {
        let check = |text: &str, expected: Option<(&str, &str, bool, bool)>| {
            let read = text.parse::<Matcher>().ok();
            let read = read.as_ref().map(|m| (m.name.as_str(), m.value.as_str(), m.is_regex, m.is_equal));
            assert_eq!(read, expected, "{text}");
        };
        check("job=piaotan", Some(("job", "piaotan", false, true)));
        check("service=~\"upload|login\"", Some(("service", "upload|login", true, true)));
        check("severity!=page", Some(("severity", "page", false, false)));
        check("severity!~page", Some(("severity", "page", true, false)));
        for wrong in ["job", "=x", "1a=x", "job=", "a b=c"] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_night_is_muted_on_both_its_days() {
        let start: DateTime<Utc> = "2026-11-24T14:00:30Z".parse().unwrap();
        let window = Window::new("w", start, Some("2026-11-24T17:00:30Z".parse().unwrap()));
        let text = mute_times(&[window], "it's", chrono_tz::Asia::Shanghai);
        let expected = ["- name: 'it''s'", "['24']", "'22:00'", "'24:00'", "['25']", "'00:00'", "'01:01'"];
        let mut rest = text.as_str();
        for word in expected {
            rest = rest.split_once(word).unwrap_or_else(|| panic!("{word} in {text}")).1;
        }
    }
}
