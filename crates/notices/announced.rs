//! What any source announces, in one form, for the calendar to take up.

use chrono::{DateTime, FixedOffset};

use crate::context::Zone;
use crate::reading::{Doubt, Reading, Status};

/// One announced window. A source is evidence, never the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Announced {
    /// Stable across polls of the same source; a later `sequence` of the same id supersedes an earlier one.
    pub id: String,
    pub source: SourceKind,
    pub start: DateTime<FixedOffset>,
    /// None: until restored.
    pub end: Option<DateTime<FixedOffset>>,
    /// The zone that the source names; what repeats does so by this zone's clock.
    pub zone: Option<Zone>,
    pub repeats: Option<Repeats>,
    /// Empty: all services.
    pub services: Vec<String>,
    pub title: String,
    pub text: String,
    pub published: Option<DateTime<FixedOffset>>,
    pub status: Status,
    pub sequence: u64,
    /// The occurrence of the rule of that id which this stands instead of.
    pub occurrence: Option<(String, DateTime<FixedOffset>)>,
}

/// How a window comes again. It is not expanded here: an unbounded rule costs nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Repeats {
    /// RFC 5545, without DTSTART; empty where there are only extra dates.
    pub rrule: String,
    pub extra: Vec<DateTime<FixedOffset>>,
    pub except: Vec<DateTime<FixedOffset>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    Notice,
    Ical,
    Silences,
    Statuspage,
    Feed,
}

impl SourceKind {
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::Notice => "notice",
            SourceKind::Ical => "ical",
            SourceKind::Silences => "silences",
            SourceKind::Statuspage => "statuspage",
            SourceKind::Feed => "feed",
        }
    }
}

/// What a readable source held, and which of its entries had to be left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    pub announced: Vec<Announced>,
    pub doubts: Vec<Doubt>,
}

/// A notice found in a container (a page, a feed, a list), still to be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// The container's own id or link, else a digest of the text.
    pub id: String,
    pub title: String,
    /// Plain text with lines, table cells apart by `|`.
    pub text: String,
    pub published: Option<DateTime<FixedOffset>>,
    /// Where only a day is shown.
    pub published_on: Option<chrono::NaiveDate>,
}

impl Item {
    /// Title and text, as the reader wants them.
    pub fn whole(&self) -> String {
        if self.title.is_empty() || self.text.starts_with(&self.title) {
            return self.text.clone();
        }
        format!("{}\n{}", self.title, self.text)
    }

    /// The day of publication in `zone`.
    pub fn day(&self, zone: Option<Zone>) -> Option<chrono::NaiveDate> {
        let local = |time: DateTime<FixedOffset>| match zone {
            Some(Zone::Named(tz)) => time.with_timezone(&tz).date_naive(),
            Some(Zone::Fixed(offset)) => time.with_timezone(&offset).date_naive(),
            None => time.date_naive(),
        };
        self.published.map(local).or(self.published_on)
    }
}

/// The windows of a notice that was read; rules that recur are included where their first time is known.
pub fn announced(item: &Item, reading: &Reading, zone: Option<Zone>) -> Vec<Announced> {
    let base = |n: usize, start, end, services: &[String], status, repeats| Announced {
        id: format!("{}#{n}", item.id),
        source: SourceKind::Notice,
        start,
        end,
        zone,
        repeats,
        services: services.to_vec(),
        title: item.title.clone(),
        text: item.text.clone(),
        published: item.published,
        status,
        sequence: item.published.map_or(0, |time| u64::try_from(time.timestamp()).unwrap_or(0)),
        occurrence: None,
    };
    let windows =
        reading.windows.iter().enumerate().map(|(n, w)| base(n, w.start, w.end, &w.services, w.status, None));
    let count = reading.windows.len();
    let rules = reading.recurring.iter().enumerate().filter_map(|(n, rule)| {
        let start = rule.start?;
        let end =
            rule.duration.and_then(|seconds| start.checked_add_signed(chrono::Duration::seconds(seconds)));
        let repeats = Repeats { rrule: rule.rrule.clone(), ..Repeats::default() };
        end.map(|end| base(count + n, start, Some(end), &rule.services, Status::Proposed, Some(repeats)))
    });
    windows.chain(rules).collect()
}

/// A stable name for a text that has none of its own (FNV-1a).
pub(crate) fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
