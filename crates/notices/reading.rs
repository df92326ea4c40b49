//! The nouns: what a notice says, and what the reader could not be sure of.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, FixedOffset, NaiveTime};
use serde::Serialize;

/// All that was read in one notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub notice: Kind,
    /// In the order of the text; no two have the same start and end.
    pub windows: Vec<Proposed>,
    pub recurring: Vec<Recurring>,
    /// What stays up, in the words of the notice.
    pub unaffected: Vec<String>,
    pub doubts: Vec<Doubt>,
    /// What the notice says of windows announced earlier.
    pub refers: Vec<Reference>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    PlannedMaintenance,
    Emergency,
    Resumed,
    Postponed,
    Cancelled,
    NotMaintenance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something is missing or doubtful: for people, or for observation, to confirm.
    Proposed,
    /// Date, start, end and zone are all known, and there is no doubt.
    Confirmed,
    Cancelled,
}

/// One window that the notice announces, half-open.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    pub start: DateTime<FixedOffset>,
    /// None: until restored.
    pub end: Option<DateTime<FixedOffset>>,
    /// Names of what stops, in the words of the notice; empty where it names none.
    pub services: Vec<String>,
    pub status: Status,
    pub evidence: Evidence,
    /// The rules of the table (`RULES`) that read it.
    pub rules: Vec<&'static str>,
}

/// Where the notice says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Bytes of the text that was given to the reader.
    pub bytes: Range<usize>,
    pub excerpt: String,
}

/// A rule that announces windows again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurring {
    /// RFC 5545, without DTSTART.
    pub rrule: String,
    /// Local time of day; None where the notice gives none.
    pub time: Option<NaiveTime>,
    /// The first occurrence on or after the day of publication, where that and the zone are known.
    pub start: Option<DateTime<FixedOffset>>,
    /// Seconds.
    pub duration: Option<i64>,
    pub services: Vec<String>,
    pub evidence: Evidence,
}

/// What was not certain, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub kind: DoubtKind,
    /// One sentence for people.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtKind {
    /// The text is in a language that the reader does not know.
    Language,
    /// Neither the notice nor the context tells the year.
    YearUnknown,
    /// A day is named by the day of publication, which is not known.
    PublicationUnknown,
    DayUnknown,
    /// The day of the week that stands beside a date is not that date's.
    WeekdayDisagrees,
    /// The date does not exist, or the end comes before the start.
    Impossible,
    /// 08/12 is either of two days.
    DayOrMonth,
    ZoneUnknown,
    ZoneAmbiguous,
    /// The clock skips or repeats this time.
    ClockChange,
    EndUnknown,
    StartUnknown,
    /// Only days are named, no times.
    DateOnly,
    /// The notice itself calls the time provisional.
    Tentative,
    /// Longer than a month.
    Long,
    /// A time whose meaning is not clear; it was left out.
    Unclear,
    /// An entry of a list that could not be read; it was left out.
    Entry,
    /// More windows than a notice can mean; the rest were left out.
    TooMany,
}

/// What becomes of a window that an earlier notice announced.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub relation: Relation,
    pub start: Option<DateTime<FixedOffset>>,
    pub end: Option<DateTime<FixedOffset>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    Cancelled,
    /// The old window; the new one stands among the windows.
    Postponed,
    /// `end` is when it really ended, where the notice says.
    EndedEarly,
    /// `end` is the new end.
    Extended,
}

impl Kind {
    /// The word of the machine-readable contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::PlannedMaintenance => "planned_maintenance",
            Kind::Emergency => "emergency",
            Kind::Resumed => "resumed",
            Kind::Postponed => "postponed",
            Kind::Cancelled => "cancelled",
            Kind::NotMaintenance => "not_maintenance",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
