//! What the platform says about its maintenance: fetched conditionally, read, made into windows.
//!
//! A source that fails keeps its last good answer and grows old; its age is a fact for whoever asks.

use crate::ask::Record;
use crate::clock::Clock;
use crate::profile::{NoticeFormat, NoticeSource};
use crate::transport::{Answer, Exchange, Pool};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{ETAG, HOST, HeaderValue, IF_NONE_MATCH};
use piaotan_notices::{Context, Kind, Reading, Status as Told, Zone};
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
#[derive(Debug, Clone)]
pub struct Notice {
    pub id: String,
    pub title: String,
    pub text: String,
    pub published: Option<NaiveDate>,
    pub reading: Reading,
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
        match read(self.place.format, &answer.body, self.zone) {
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
pub fn read(format: NoticeFormat, body: &[u8], zone: Tz) -> Result<Vec<Notice>, String> {
    match format {
        NoticeFormat::Json => json(body, zone),
        _ => {
            let text = String::from_utf8_lossy(body).into_owned();
            Ok(vec![notice("page".to_owned(), String::new(), text, None, zone)])
        }
    }
}

fn json(body: &[u8], zone: Tz) -> Result<Vec<Notice>, String> {
    let value: serde_json::Value = serde_json::from_slice(body).map_err(|e| format!("not JSON: {e}"))?;
    let items = value.pointer("/data/notices").or_else(|| value.get("notices")).unwrap_or(&value);
    let items = items.as_array().ok_or("no list of notices in it")?;
    let text = |item: &serde_json::Value, name: &str| {
        item.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let each = items.iter().map(|item| {
        let published = DateTime::parse_from_rfc3339(&text(item, "published")).ok();
        let published = published.map(|at| at.with_timezone(&zone).date_naive());
        notice(text(item, "id"), text(item, "title"), text(item, "text"), published, zone)
    });
    Ok(each.collect())
}

fn notice(id: String, title: String, text: String, published: Option<NaiveDate>, zone: Tz) -> Notice {
    let context = Context { published, zone: Some(Zone::Named(zone)) };
    let reading = piaotan_notices::read(&format!("{title}\n{text}"), &context);
    Notice { id, title, text, published, reading }
}

/// The windows that one notice announces. Cancelled ones stay, as cancelled.
#[must_use]
pub fn windows_of(notice: &Notice) -> Vec<Window> {
    let kind = match notice.reading.notice {
        Kind::Emergency => WindowKind::Emergency,
        _ => WindowKind::Planned,
    };
    let each = notice.reading.windows.iter().enumerate().map(|(at, told)| {
        let services = told.services.iter().filter_map(|name| Services::in_text(name)).reduce(Services::union);
        let status = match told.status {
            Told::Proposed => Status::Proposed,
            Told::Confirmed => Status::Confirmed,
            Told::Cancelled => Status::Cancelled,
        };
        let (start, end) = (told.start.with_timezone(&Utc), told.end.map(|end| end.with_timezone(&Utc)));
        Window {
            services: services.unwrap_or(Services::ALL),
            source: From::Notice,
            kind,
            status,
            text: told.evidence.excerpt.clone(),
            mode: window::Mode::ANNOUNCED,
            ..Window::new(format!("notice-{}-{}", notice.id, at + 1), start, end)
        }
    });
    each.collect()
}
