//! A window as a configuration file writes it: once, or coming again.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{AlertMode, Kind, Mode, ProbeMode, Services, SloMode, Source, Status, Window};
use crate::recurrence::{self, Length, Recurrence, Recurring, Refused, Spec, wall_time};
use crate::zone;

/// One `[[maintenance.window]]`. With `cron` or `rrule` it comes again; otherwise it is there once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// The name by which it is corrected; the place in the file where none is given.
    pub id: Option<String>,
    pub text: String,
    pub services: Services,
    pub kind: Kind,
    pub status: Status,
    /// `2026-11-24T22:00:00+08:00`, or the wall clock of `zone` without an offset.
    pub start: Option<String>,
    /// Likewise; or a clock time, `06:00`, that comes next. Without any end it lasts until restored.
    pub end: Option<String>,
    pub duration: Option<String>,
    pub wall_duration: Option<String>,
    #[serde(deserialize_with = "recurrence::one_or_many")]
    pub cron: Vec<String>,
    pub rrule: Option<String>,
    /// IANA name; needed wherever a time has no offset.
    pub zone: Option<String>,
    pub except: Vec<String>,
    pub also: Vec<String>,
    pub probe: Option<ProbeMode>,
    pub alert: Option<AlertMode>,
    pub slo: Option<SloMode>,
    /// How long an open end may excuse anything: `4h`.
    pub max_hold: Option<String>,
}

/// An entry that has been checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Planned {
    Once(Box<Window>),
    Again(Box<Recurring>),
}

/// All windows of `entries` that meet `[from, to)`, one-off ones whatever their time.
///
/// # Errors
/// The first entry that cannot be read: its id, the field, and what to write instead.
pub fn windows_of(entries: &[Entry], from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Window>, Refused> {
    let mut windows = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        match entry.read(place)? {
            Planned::Once(window) => windows.push(*window),
            Planned::Again(rule) => windows.extend(rule.windows(from, to)),
        }
    }
    Ok(windows)
}

impl Entry {
    /// Checks the entry at `place` of its file, counted from 0.
    ///
    /// # Errors
    /// One line: its id, the field, and what to write instead.
    pub fn read(&self, place: usize) -> Result<Planned, Refused> {
        let id = self.id.clone().unwrap_or_else(|| format!("window-{}", place + 1));
        if id.trim().is_empty() {
            let advice = format!("it is empty: write a name, or leave it out (window {})", place + 1);
            return Err(Refused { field: "id", advice });
        }
        self.planned(&id)
            .map_err(|refused| Refused { advice: format!("{} (window {id})", refused.advice), ..refused })
    }

    fn planned(&self, id: &str) -> Result<Planned, Refused> {
        if self.cron.is_empty() && self.rrule.is_none() {
            return self.once(id).map(|window| Planned::Once(Box::new(window)));
        }
        let recurrence = Recurrence::try_from(Spec {
            cron: self.cron.clone(),
            rrule: self.rrule.clone(),
            start: self.start.clone(),
            duration: self.duration.clone(),
            wall_duration: self.wall_duration.clone(),
            end: self.end.clone(),
            zone: self.zone.clone().unwrap_or_default(),
            except: self.except.clone(),
            also: self.also.clone(),
        })?;
        let window = self.window(id, DateTime::UNIX_EPOCH, None)?;
        Ok(Planned::Again(Box::new(Recurring { window, recurrence })))
    }

    fn once(&self, id: &str) -> Result<Window, Refused> {
        let advice = "write when it starts, such as `2026-11-24T22:00:00+08:00`, or `cron` or `rrule`";
        let start = self.start.as_deref().ok_or_else(|| Refused::new("start", advice))?;
        let start = self.instant("start", start)?;
        let end = self.end_after(start)?;
        if end.is_some_and(|end| end <= start) {
            return Err(Refused::new("end", "it is not after the start: write a later one"));
        }
        self.window(id, start, end)
    }

    fn end_after(&self, start: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Refused> {
        match (&self.end, &self.duration, &self.wall_duration) {
            (None, None, None) => return Ok(None),
            (Some(end), None, None) if end.contains('-') => return self.instant("end", end).map(Some),
            _ => {}
        }
        let spec = Spec {
            duration: self.duration.clone(),
            wall_duration: self.wall_duration.clone(),
            end: self.end.clone(),
            ..Spec::default()
        };
        let length = recurrence::read_length(&spec)?;
        if let Length::Elapsed(length) = length {
            return Ok(Some(start + length));
        }
        let zone = self.zone("end")?;
        Ok(Some(length.end(zone, start, zone::wall(zone, start))))
    }

    fn window(&self, id: &str, start: DateTime<Utc>, end: Option<DateTime<Utc>>) -> Result<Window, Refused> {
        let hold = |text: &String| {
            recurrence::read_duration(text).map_err(|advice| Refused::new("max_hold", advice))
        };
        let max_hold: Option<TimeDelta> = self.max_hold.as_ref().map(hold).transpose()?;
        let usual = Mode::default();
        Ok(Window {
            zone: self.zone.as_deref().map(|_| self.zone("zone")).transpose()?,
            services: self.services,
            source: Source::Config,
            kind: self.kind,
            status: self.status,
            text: self.text.clone(),
            mode: Mode {
                probe: self.probe.unwrap_or(usual.probe),
                alert: self.alert.unwrap_or(usual.alert),
                slo: self.slo.unwrap_or(usual.slo),
            },
            max_hold: max_hold.unwrap_or_else(Window::default_max_hold),
            ..Window::new(id, start, end)
        })
    }

    fn instant(&self, field: &'static str, text: &str) -> Result<DateTime<Utc>, Refused> {
        if let Ok(instant) = DateTime::parse_from_rfc3339(text.trim()) {
            return Ok(instant.with_timezone(&Utc));
        }
        let wall: NaiveDateTime = wall_time(field, text)?;
        Ok(zone::instant(self.zone(field)?, wall))
    }

    fn zone(&self, field: &'static str) -> Result<Tz, Refused> {
        let advice = "write an offset, `2026-11-24T22:00:00+08:00`, or `zone = \"Asia/Shanghai\"` beside it";
        let name = self.zone.as_deref().ok_or_else(|| Refused::new(field, advice))?;
        zone::named(name).map_err(|advice| Refused::new("zone", advice))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Entry, windows_of};

    fn entry(json: &str) -> Entry {
        serde_json::from_str(json).unwrap()
    }

    /// The windows of the first week of 2026 as `id start..end` in UTC.
    fn check(json: &str, expected: &[&str]) {
        let from: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let windows = windows_of(&[entry(json)], from, from + TimeDelta::days(7)).unwrap();
        let clock = |at: DateTime<Utc>| at.format("%m-%dT%H:%M").to_string();
        let shown: Vec<String> = windows
            .iter()
            .map(|w| format!("{} {}..{}", w.id, clock(w.start), w.end.map_or(String::new(), clock)))
            .collect();
        assert_eq!(shown, expected, "{json}");
    }

    #[test]
    fn a_window_once_is_written_in_any_clock() {
        check(
            r#"{"start":"2026-01-02T22:00:00+08:00","duration":"2h"}"#,
            &["window-1 01-02T14:00..01-02T16:00"],
        );
        check(
            r#"{"id":"w","start":"2026-01-02T22:00","end":"06:00","zone":"Asia/Shanghai"}"#,
            &["w 01-02T14:00..01-02T22:00"],
        );
        check(
            r#"{"id":"w","start":"2026-01-02 22:00","end":"2026-01-03 02:00","zone":"Asia/Shanghai"}"#,
            &["w 01-02T14:00..01-02T18:00"],
        );
        check(r#"{"id":"w","start":"2026-01-02T22:00:00Z"}"#, &["w 01-02T22:00.."]);
    }

    #[test]
    fn a_window_that_comes_again_is_cut_one_by_one() {
        check(
            r#"{"id":"w","cron":["0 2 * * 0","0 2 * * 3"],"duration":"1h","zone":"UTC","slo":"count"}"#,
            &["w@20260104T020000Z 01-04T02:00..01-04T03:00", "w@20260107T020000Z 01-07T02:00..01-07T03:00"],
        );
    }

    #[test]
    fn what_is_wrong_names_the_window_and_the_field() {
        let check =
            |json: &str, expected: &str| assert_eq!(entry(json).read(2).unwrap_err().to_string(), expected);
        check(
            "{}",
            "start: write when it starts, such as `2026-11-24T22:00:00+08:00`, or `cron` or `rrule` (window window-3)",
        );
        check(
            r#"{"id":"w","start":"2026-01-02T22:00"}"#,
            "start: write an offset, `2026-11-24T22:00:00+08:00`, or `zone = \"Asia/Shanghai\"` beside it (window w)",
        );
        check(
            r#"{"id":"w","start":"2026-01-02T22:00:00Z","end":"2026-01-02T21:00:00Z"}"#,
            "end: it is not after the start: write a later one (window w)",
        );
        check(
            r#"{"id":"w","start":"2026-01-02T22:00:00Z","max_hold":"long"}"#,
            "max_hold: cannot read `long`: write a duration such as `2h`, `90m` or `1h30m` (window w)",
        );
        let unknown = serde_json::from_str::<Entry>(r#"{"form":"x"}"#).unwrap_err().to_string();
        assert!(unknown.starts_with("unknown field `form`"), "{unknown}");
    }
}
