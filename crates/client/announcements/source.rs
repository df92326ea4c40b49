//! One source of announcements, with its memory.

use super::fetch::{Fetched, Marks, Text, fetch};
use super::refers;
use super::section::{EVERY, Place, SourceKind};
use super::windows::{Shape, windows_of};
use crate::ask::Record;
use crate::clock::Clock;
use crate::profile::{NoticeFormat, NoticeSource};
use crate::transport::Pool;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use piaotan_notices::{Announced, Context, FeedStatus, Item, Listing, Reading, Zone, announced, decode};
use piaotan_record::calendar::Correction;
use piaotan_record::window::{Services, Status};
use piaotan_record::{Nanos, Observation, Operation, Span, Window};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// More notices than any platform shows at once.
const NOTICES: usize = 2_000;
/// A source that is asked more often than this is not called old before.
const STALE: TimeDelta = TimeDelta::hours(1);

/// One source of announcements.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub kind: SourceKind,
    place: Place,
    zone: Tz,
    services: Option<Services>,
    format: Option<NoticeFormat>,
    /// How often it is to be asked.
    pub every: Duration,
    marks: Marks,
    /// When it last answered well, also without anything new.
    pub last_good: Option<DateTime<Utc>>,
    /// What it said then.
    pub notices: Vec<Notice>,
    /// What it said before this program was started, until it answers.
    kept: Option<Kept>,
    /// Since when a status feed has said that there is maintenance, without a message about it.
    since: Option<DateTime<Utc>>,
    /// What could not be read in its last good answer.
    pub doubts: Vec<String>,
    /// Why the last attempt failed.
    pub trouble: Option<String>,
}

/// A notice with what was read in it.
#[derive(Debug, Clone, Default)]
pub struct Notice {
    pub title: String,
    pub published: Option<DateTime<Utc>>,
    /// Absent where the source is no prose.
    pub reading: Option<Reading>,
    pub announced: Vec<Announced>,
}

/// What of a source survives a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub windows: Vec<Window>,
    pub corrections: Vec<Correction>,
    pub last_good: Option<DateTime<Utc>>,
}

/// What is asked is no part of any count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unrecorded;

impl Record for Unrecorded {
    fn sent(&self, _operation: Operation, _due: Nanos) {}
    fn seen(&self, _observation: Observation) {}
    fn unsendable(&self, _operation: Operation, _reason: &str) {}
}

/// What one answer held.
#[derive(Debug, Default)]
struct Held {
    notices: Vec<Notice>,
    doubts: Vec<String>,
    status: Option<FeedStatus>,
}

impl Source {
    /// A page of notices of the platform itself.
    #[must_use]
    pub fn new(place: NoticeSource, zone: Tz) -> Self {
        let feed = place.format == NoticeFormat::Feed;
        let kind = if feed { SourceKind::Feed } else { SourceKind::Notices };
        let name = kind.of_window().to_string();
        let source = Self::at(name, kind, Place::Platform { path: place.path }, zone);
        source.with(None, EVERY, Some(place.format))
    }

    /// How often it is asked, where somebody said so.
    #[must_use]
    pub fn asked_every(self, poll: Option<Span>) -> Self {
        Self { every: poll.map_or(self.every, |poll| poll.0), ..self }
    }

    /// Whether it is asked by the platform's own connections.
    #[must_use]
    pub fn is_of_platform(&self) -> bool {
        matches!(self.place, Place::Platform { .. })
    }

    /// Whether an answer lists everything that holds, so that what is missing in it was withdrawn. Notices
    /// leave a page when they are old.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.kind != SourceKind::Notices
    }

    /// Whether its last good answer is so old that what it said may no longer hold.
    #[must_use]
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        let every = TimeDelta::from_std(self.every).unwrap_or(TimeDelta::days(1));
        let patience = (every * 3).max(STALE);
        self.last_good.is_none_or(|good| now - good > patience)
    }

    pub(super) fn at(name: String, kind: SourceKind, place: Place, zone: Tz) -> Self {
        Self {
            name,
            kind,
            place,
            zone,
            services: None,
            format: None,
            every: EVERY,
            marks: Marks::default(),
            last_good: None,
            notices: Vec::new(),
            kept: None,
            since: None,
            doubts: Vec::new(),
            trouble: None,
        }
    }

    pub(super) fn with(
        self,
        services: Option<Services>,
        every: Duration,
        format: Option<NoticeFormat>,
    ) -> Self {
        Self { services, every, format, ..self }
    }

    /// Begins with what was known before a restart.
    #[must_use]
    pub fn with_kept(self, kept: Kept) -> Self {
        Self { last_good: kept.last_good, kept: Some(kept), ..self }
    }

    /// Asks once, in at most twenty seconds; says whether anything new was read. A page of the platform is
    /// asked by `pool` and recorded as an ordinary request.
    pub async fn poll<R: Record>(&mut self, pool: &Pool, clock: Clock, record: &R) -> bool {
        self.poll_by(Some(pool), clock, record).await
    }

    /// The same, for a source that is not on the platform or where `pool` is at hand only sometimes.
    pub async fn poll_by<R: Record>(&mut self, pool: Option<&Pool>, clock: Clock, record: &R) -> bool {
        match fetch(&self.place, &self.marks, pool, clock, record).await {
            Fetched::Same => {
                (self.last_good, self.trouble) = (Some(clock.wall()), None);
                false
            }
            Fetched::Failed(why) => self.fail(&why),
            Fetched::New(texts, marks) => {
                let held = self.read_aside(texts).await;
                self.take(held, marks, clock.wall())
            }
        }
    }

    /// Long pages are read beside the other work.
    async fn read_aside(&self, texts: Vec<Text>) -> Result<Held, String> {
        let (kind, format, zone) = (self.kind, self.format, self.zone);
        if texts.iter().map(|text| text.bytes.len()).sum::<usize>() < 64 << 10 {
            return read_all(kind, format, zone, &texts);
        }
        let reading = tokio::task::spawn_blocking(move || read_all(kind, format, zone, &texts));
        reading.await.unwrap_or_else(|e| Err(e.to_string()))
    }

    fn take(&mut self, held: Result<Held, String>, marks: Marks, now: DateTime<Utc>) -> bool {
        let Held { notices, doubts, status } = match held {
            Ok(held) => held,
            Err(why) => return self.fail(&why),
        };
        (self.marks, self.last_good, self.trouble) = (marks, Some(now), None);
        (self.notices, self.doubts, self.kept) = (notices, doubts, None);
        self.since = match status {
            Some(FeedStatus::Maintenance) => self.since.or(Some(now)),
            _ => None,
        };
        true
    }

    fn fail(&mut self, why: &str) -> bool {
        self.trouble = Some(format!("{}: {why}", self.at_place()));
        false
    }

    /// Where it is, for people.
    #[must_use]
    pub fn at_place(&self) -> String {
        match &self.place {
            Place::Platform { path } => path.clone(),
            Place::Url { endpoint, path, .. } => {
                let scheme = if endpoint.tls { "https" } else { "http" };
                // A query may hold a key.
                format!("{scheme}://{}{}", endpoint.authority(), path.split('?').next().unwrap_or_default())
            }
            Place::Disk(path) => path.display().to_string(),
        }
    }

    /// The windows of everything that the source says now.
    #[must_use]
    pub fn windows(&self) -> Vec<Window> {
        self.told().0
    }

    /// The windows, and what is doubtful about them.
    #[must_use]
    pub fn told(&self) -> (Vec<Window>, Vec<String>) {
        if let Some(kept) = &self.kept {
            return (kept.windows.clone(), Vec::new());
        }
        let Some(now) = self.last_good else { return (Vec::new(), Vec::new()) };
        let shape = Shape {
            source: self.kind.of_window(),
            name: &self.name,
            services: self.services,
            from: now - TimeDelta::days(31),
            to: now + TimeDelta::days(400),
        };
        let (mut windows, mut doubts) = windows_of(&self.notices, &shape);
        doubts.extend(self.doubts.iter().cloned());
        if let Some(since) =
            self.since.filter(|since| !windows.iter().any(|window| window.meets(*since, now)))
        {
            windows.push(Window {
                status: Status::Proposed,
                source: self.kind.of_window(),
                services: self.services.unwrap_or(Services::ALL),
                text: "status: MAINTENANCE".to_owned(),
                ..Window::new(format!("{}-status-{}", self.name, since.format("%Y%m%dT%H%M%SZ")), since, None)
            });
        }
        (windows, doubts)
    }

    /// What its notices say of earlier windows, as corrections of those of `windows` that are meant; and
    /// what could not be referred to any.
    #[must_use]
    pub fn corrections(&self, windows: &[Window]) -> (Vec<Correction>, Vec<String>) {
        match &self.kept {
            Some(kept) => (kept.corrections.clone(), Vec::new()),
            None => refers::corrections(&self.notices, windows, self.last_good.unwrap_or_default()),
        }
    }
}

/// Reads all texts of an answer. A file of a folder that cannot be read is a doubt; a single text, a failure.
fn read_all(
    kind: SourceKind,
    format: Option<NoticeFormat>,
    zone: Tz,
    texts: &[Text],
) -> Result<Held, String> {
    let mut held = Held::default();
    for text in texts {
        match read_one(kind, format, zone, text) {
            Ok(one) => {
                held.notices.extend(one.notices);
                held.doubts.extend(one.doubts);
                held.status = one.status.or(held.status);
            }
            Err(why) if texts.len() == 1 => return Err(why),
            Err(why) => held.doubts.push(format!("{}: {why}", text.file)),
        }
    }
    if held.notices.len() > NOTICES {
        held.doubts.push(format!("{} notices; only the first {NOTICES} were read", held.notices.len()));
        held.notices.truncate(NOTICES);
    }
    Ok(held)
}

fn read_one(kind: SourceKind, format: Option<NoticeFormat>, zone: Tz, text: &Text) -> Result<Held, String> {
    let content_type = text.content_type.as_deref();
    let listing = |listing: Listing| {
        let doubts = listing.doubts.into_iter().map(|doubt| doubt.text).collect();
        Held {
            notices: vec![Notice { announced: listing.announced, ..Notice::default() }],
            doubts,
            status: None,
        }
    };
    let zoned = Some(Zone::Named(zone));
    match kind {
        SourceKind::Ical => piaotan_notices::ical(&decode(&text.bytes, content_type), zoned)
            .map(listing)
            .map_err(|e| e.to_string()),
        SourceKind::Silences => {
            piaotan_notices::silences(&text.bytes).map(listing).map_err(|e| e.to_string())
        }
        SourceKind::Statuspage => {
            piaotan_notices::statuspage(&text.bytes).map(listing).map_err(|e| e.to_string())
        }
        SourceKind::Feed => {
            let feed = piaotan_notices::feed(&text.bytes, zoned).map_err(|e| e.to_string())?;
            Ok(Held { status: feed.status, ..listing(feed.listing) })
        }
        SourceKind::Notices => {
            let format = format.unwrap_or_else(|| sniffed(text));
            let mut notices = read(format, &text.bytes, content_type, zone)?;
            if let (Some(day), NoticeFormat::Text) = (day_in(&text.file), format) {
                notices = vec![notice(plain(text, Some(day)), Zone::Named(zone))];
            }
            Ok(Held { notices, ..Held::default() })
        }
    }
}

/// How notices are written, by the name of the file, the header, or the first character.
fn sniffed(text: &Text) -> NoticeFormat {
    let extension = text.file.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    let said = text.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let head = String::from_utf8_lossy(&text.bytes[..text.bytes.len().min(512)]).to_ascii_lowercase();
    let head = head.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    let feed = ["<rss", "<feed", "<rdf"].iter().any(|tag| head.contains(tag));
    match extension.as_str() {
        "html" | "htm" => NoticeFormat::Html,
        "json" => NoticeFormat::Json,
        "rss" | "atom" => NoticeFormat::Rss,
        "txt" | "md" => NoticeFormat::Text,
        _ if feed || said.contains("rss") || said.contains("atom") => NoticeFormat::Rss,
        _ if said.contains("json") || head.starts_with(['{', '[']) => NoticeFormat::Json,
        _ if said.contains("html") || head.starts_with('<') => NoticeFormat::Html,
        _ => NoticeFormat::Text,
    }
}

/// The day of publication that a file's name begins with: `2026-11-20-ledger.txt`.
fn day_in(file: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(file.get(..10)?, "%Y-%m-%d").ok()
}

fn plain(text: &Text, published_on: Option<NaiveDate>) -> Item {
    let content_type = text.content_type.as_deref();
    Item { id: text.file.clone(), text: decode(&text.bytes, content_type), published_on, ..Item::default() }
}

/// Reads a page of notices.
///
/// # Errors
/// One line, when it is not what its format says.
pub fn read(
    format: NoticeFormat,
    body: &[u8],
    content_type: Option<&str>,
    zone: Tz,
) -> Result<Vec<Notice>, String> {
    let zone = Zone::Named(zone);
    let items = match format {
        NoticeFormat::Json => piaotan_notices::json(body, Some(zone)).map_err(|e| e.to_string())?,
        NoticeFormat::Rss => piaotan_notices::rss(&decode(body, content_type)).map_err(|e| e.to_string())?,
        NoticeFormat::Html => piaotan_notices::html(&decode(body, content_type)),
        NoticeFormat::Text => vec![Item { text: decode(body, content_type), ..Item::default() }],
        NoticeFormat::Feed => {
            let feed = piaotan_notices::feed(body, Some(zone)).map_err(|e| e.to_string())?;
            return Ok(vec![Notice { announced: feed.listing.announced, ..Notice::default() }]);
        }
    };
    Ok(items.into_iter().map(|item| notice(item, zone)).collect())
}

fn notice(item: Item, zone: Zone) -> Notice {
    let context = Context { published: item.day(Some(zone)), zone: Some(zone) };
    let reading = piaotan_notices::read(&item.whole(), &context);
    let published = item.published.map(|time| time.with_timezone(&Utc));
    let published =
        published.or_else(|| item.published_on.map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc()));
    Notice {
        announced: announced(&item, &reading, Some(zone)),
        published,
        title: item.title,
        reading: Some(reading),
    }
}
