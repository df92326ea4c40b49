//! Windows that come again: cron or RRULE starts, each with a length, in the clocks of one zone.
//!
//! What is written is a [`Spec`]; what has been checked is a [`Recurrence`]. Starts are wall-clock
//! times; a length is either elapsed time or told by the wall clock, and says which. On the two odd
//! nights of the year [`zone`](crate::zone) decides. [`Recurrence::occurrences`] looks at the asked
//! stretch only, never from the beginning of time.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::zone;

pub(crate) use length::read as read_length;
pub use length::read_duration;
pub use recurring::Recurring;
pub(crate) use written::{one_or_many, wall_time};

use starts::Starts;

mod cron;
mod days;
mod length;
mod recurring;
mod rule;
mod starts;
mod written;

/// A recurrence as a file or a notice writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spec {
    /// Five cron fields, or several such lines: one a slot.
    #[serde(deserialize_with = "written::one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub cron: Vec<String>,
    /// An RFC 5545 rule such as `FREQ=MONTHLY;BYDAY=-1SU`; it needs a `start`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// Wall-clock start of the first occurrence: `2026-01-06T02:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Elapsed length: `2h`, `90m`, `PT2H`. It stays the same on odd nights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Length as the wall clock shows it: `32h` from 22:00 ends at 06:00 two days later, always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_duration: Option<String>,
    /// Wall-clock end, `06:00`: the next one after each start, so overnight where it is earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// IANA zone of all these times.
    pub zone: String,
    /// Starts left out, each a wall-clock time or a whole day: `2026-02-17`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Further starts: `2026-02-18T02:00`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// A checked recurrence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Spec", into = "Spec")]
pub struct Recurrence {
    spec: Spec,
    zone: Tz,
    starts: Starts,
    length: Length,
}

/// How long an occurrence lasts, and by which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Real time: an hour is an hour on every night.
    Elapsed(TimeDelta),
    /// The wall clock at the end shows the start plus this.
    Wall(TimeDelta),
    /// Until the wall clock next shows this.
    UntilClock(NaiveTime),
}

/// One occurrence, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

/// A recurrence that cannot be read: one line, naming the field and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {advice}")]
pub struct Refused {
    pub field: &'static str,
    pub advice: String,
}

/// No maintenance lies outside; what is asked beyond is answered as far as here.
const EARLIEST: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
const LATEST: DateTime<Utc> = DateTime::from_timestamp_secs(32_503_680_000).expect("the year 3000 exists");

impl Recurrence {
    /// Five-field cron lines, each start lasting an elapsed `duration` (`2h`).
    ///
    /// # Errors
    /// One line that says what to write instead.
    pub fn cron(lines: &[&str], duration: &str, zone: &str) -> Result<Self, Refused> {
        Recurrence::try_from(Spec {
            cron: lines.iter().map(|&line| line.to_owned()).collect(),
            duration: Some(duration.to_owned()),
            zone: zone.to_owned(),
            ..Spec::default()
        })
    }

    /// An RRULE from a wall-clock `start` on, each start lasting an elapsed `duration`.
    ///
    /// # Errors
    /// One line that says what to write instead.
    pub fn rrule(rule: &str, start: &str, duration: &str, zone: &str) -> Result<Self, Refused> {
        Recurrence::try_from(Spec {
            rrule: Some(rule.to_owned()),
            start: Some(start.to_owned()),
            duration: Some(duration.to_owned()),
            zone: zone.to_owned(),
            ..Spec::default()
        })
    }

    /// Occurrences that meet `[from, to)`, those begun before it among them, in wall-clock order.
    pub fn occurrences(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = Occurrence> {
        // A gap moves a start by up to a day and a fold hides an hour, hence two days of slack.
        let slack = TimeDelta::days(2);
        let first = zone::wall(self.zone, from.clamp(EARLIEST, LATEST)) - self.longest() - slack;
        let last = zone::wall(self.zone, to.clamp(EARLIEST, LATEST)) + slack;
        let starts = self.starts.between(first, last);
        let occurrences = starts.map(|wall| self.occurrence(wall));
        occurrences.filter(move |found| found.start < to && found.end > from)
    }

    pub fn zone(&self) -> Tz {
        self.zone
    }

    pub fn length(&self) -> Length {
        self.length
    }

    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The occurrence whose start is written `wall`.
    fn occurrence(&self, wall: NaiveDateTime) -> Occurrence {
        let start = zone::instant(self.zone, wall);
        Occurrence { start, end: self.length.end(self.zone, start, wall) }
    }

    fn longest(&self) -> TimeDelta {
        match self.length {
            Length::Elapsed(length) | Length::Wall(length) => length,
            Length::UntilClock(_) => TimeDelta::days(1),
        }
    }
}

impl Length {
    /// When what starts at `start`, written `wall` in `zone`, ends.
    ///
    /// Where a gap leaves no time between the two ends (both inside it, say), the length holds as if
    /// it were elapsed time: what was announced is never silently nothing.
    pub(crate) fn end(self, zone: Tz, start: DateTime<Utc>, wall: NaiveDateTime) -> DateTime<Utc> {
        let (end_wall, written) = match self {
            Length::Elapsed(length) => return start + length,
            Length::Wall(length) => (wall + length, length),
            Length::UntilClock(clock) => {
                let end = length::next_clock(wall, clock);
                (end, end - wall)
            }
        };
        let end = zone::instant(zone, end_wall);
        if end > start { end } else { start + written }
    }
}

impl Refused {
    pub(crate) fn new(field: &'static str, advice: impl Into<String>) -> Self {
        Refused { field, advice: advice.into() }
    }
}

impl TryFrom<Spec> for Recurrence {
    type Error = Refused;

    fn try_from(spec: Spec) -> Result<Self, Refused> {
        let zone = match spec.zone.is_empty() {
            true => return Err(Refused::new("zone", "write an IANA name such as `Asia/Shanghai`")),
            false => zone::named(&spec.zone).map_err(|advice| Refused::new("zone", advice))?,
        };
        let length = length::read(&spec)?;
        let starts = Starts::read(&spec, zone)?;
        Ok(Recurrence { spec, zone, starts, length })
    }
}

impl From<Recurrence> for Spec {
    fn from(recurrence: Recurrence) -> Spec {
        recurrence.spec
    }
}
