//! What the platform says about its maintenance: fetched conditionally, read, made into windows.
//!
//! A source that fails keeps its last good answer and grows old; its age is a fact for whoever asks.

use crate::ask::Record;
use crate::clock::Clock;
use crate::profile::{NoticeFormat, NoticeSource};
use crate::transport::{Answer, Exchange, Pool};
use bytes::Bytes;
use chrono::Utc;
use chrono_tz::Tz;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, ETAG, HOST, HeaderValue, IF_NONE_MATCH};
use piaotan_notices::{
    Announced, Context, Item, Kind, Reading, SourceKind, Status as Told, Zone, announced, decode,
};
use piaotan_record::window::{self, Kind as WindowKind, Services, Source as From, Status};
use piaotan_record::{Nanos, Observation, Operation, Outcome, Window};

/// One source of announcements, with its memory.
#[derive(Debug)]
pub struct Source {
    place: NoticeSource,
    zone: Tz,
    etag: Option<HeaderValue>,
    /// When it last answered well.
    pub last_good: Option<Nanos>,
    /// What it said then.
    pub notices: Vec<Notice>,
    /// Why the last attempt failed.
    pub trouble: Option<String>,
}

/// A notice with what was read in it.
#[derive(Debug, Clone, Default)]
pub struct Notice {
    pub title: String,
    /// Absent where the source is no prose.
    pub reading: Option<Reading>,
    pub announced: Vec<Announced>,
}

impl Source {
    #[must_use]
    pub fn new(place: NoticeSource, zone: Tz) -> Self {
        Self { place, zone, etag: None, last_good: None, notices: Vec::new(), trouble: None }
    }

    /// Asks once; says whether anything new was read. Recorded as an ordinary request.
    pub async fn poll<R: Record>(&mut self, pool: &Pool, clock: Clock, record: &R) -> bool {
        let due = clock.now();
        let Some(lease) = pool.lease().await else { return false };
        record.sent(Operation::Notices, due);
        let exchange = lease.exchange(self.request(pool)).await;
        let outcome = outcome(&exchange);
        let seen = observation(due, &exchange, outcome);
        let changed = match exchange.result {
            Ok(answer) if outcome == Outcome::Ok => self.take(&answer, clock.now()),
            Ok(answer) => self.fail(format!("status {}", answer.status)),
            Err(failure) => self.fail(failure.text()),
        };
        record.seen(seen);
        changed
    }

    /// The windows of everything that the source says now.
    #[must_use]
    pub fn windows(&self) -> Vec<Window> {
        self.notices.iter().flat_map(windows_of).collect()
    }

    fn request(&self, pool: &Pool) -> Request<Full<Bytes>> {
        let endpoint = pool.endpoint();
        let mut request = Request::new(Full::default());
        *request.uri_mut() = format!("{}{}", endpoint.prefix, self.place.path).parse().unwrap_or_default();
        if let Ok(host) = HeaderValue::from_str(&endpoint.authority()) {
            request.headers_mut().insert(HOST, host);
        }
        if let Some(etag) = &self.etag {
            request.headers_mut().insert(IF_NONE_MATCH, etag.clone());
        }
        request
    }

    fn take(&mut self, answer: &Answer, now: Nanos) -> bool {
        self.last_good = Some(now);
        self.trouble = None;
        if answer.status == 304 {
            return false;
        }
        let content_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match read(self.place.format, &answer.body, content_type, self.zone) {
            Ok(notices) => {
                self.etag = answer.headers.get(ETAG).cloned();
                self.notices = notices;
                true
            }
            Err(reason) => self.fail(reason),
        }
    }

    fn fail(&mut self, reason: String) -> bool {
        self.trouble = Some(format!("{}: {reason}", self.place.path));
        false
    }
}

fn outcome(exchange: &Exchange) -> Outcome {
    match &exchange.result {
        Ok(answer) => match answer.status {
            200 | 304 => Outcome::Ok,
            503 => Outcome::Maintenance { retry_after: None },
            500..=599 => Outcome::ServerError,
            _ => Outcome::ClientError,
        },
        Err(failure) => failure.outcome(),
    }
}

fn observation(due: Nanos, exchange: &Exchange, outcome: Outcome) -> Observation {
    Observation {
        operation: Operation::Notices,
        due,
        sent: exchange.sent,
        first_byte: exchange.first_byte,
        done: exchange.done,
        bytes_sent: exchange.bytes_sent,
        bytes_received: exchange.bytes_received,
        outcome,
        code: None,
        mark: None,
        evidence: None,
    }
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
    Notice { announced: announced(&item, &reading, Some(zone)), title: item.title, reading: Some(reading) }
}

/// The windows of a notice, one for each that it announces. Cancelled ones stay, as cancelled.
///
/// A rule that recurs is left to the calendar's recurrences; only its first time is taken here.
#[must_use]
pub fn windows_of(notice: &Notice) -> Vec<Window> {
    let kind = match notice.reading.as_ref().map(|reading| reading.notice) {
        Some(Kind::Emergency) => WindowKind::Emergency,
        _ => WindowKind::Planned,
    };
    notice.announced.iter().map(|told| window(told, kind)).collect()
}

fn window(told: &Announced, kind: WindowKind) -> Window {
    let services = told.services.iter().filter_map(|name| Services::in_text(name)).reduce(Services::union);
    let (start, end) = (told.start.with_timezone(&Utc), told.end.map(|end| end.with_timezone(&Utc)));
    let source = match told.source {
        SourceKind::Notice => From::Notice,
        SourceKind::Ical => From::Ical,
        SourceKind::Silences => From::Silence,
        SourceKind::Statuspage => From::Statuspage,
        SourceKind::Feed => From::Feed,
    };
    Window {
        services: services.unwrap_or(Services::ALL),
        source,
        kind,
        status: match told.status {
            Told::Proposed => Status::Proposed,
            Told::Confirmed => Status::Confirmed,
            Told::Cancelled => Status::Cancelled,
        },
        text: if told.title.is_empty() { told.text.clone() } else { told.title.clone() },
        mode: window::Mode::ANNOUNCED,
        ..Window::new(format!("{}-{}", source, told.id), start, end)
    }
}

/// Joins what several sources say: the same stretch and services are one window, the surest counts.
#[must_use]
pub fn joined<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for window in sources.into_iter().flat_map(Source::windows) {
        let same = |known: &&mut Window| {
            (known.start, known.end, known.services) == (window.start, window.end, window.services)
        };
        match windows.iter_mut().find(same) {
            // Cancelled after confirmed after proposed, in the order of the set.
            Some(known) => known.status = known.status.max(window.status),
            None => windows.push(window),
        }
    }
    windows
}
