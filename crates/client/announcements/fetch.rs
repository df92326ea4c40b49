//! Asking a source once: conditionally, in bounded time, and never led to a private address.

use super::section::{Place, dialer, parsed};
use crate::ask::Record;
use crate::clock::Clock;
use crate::target::Endpoint;
use crate::transport::{Answer, Dialer, Exchange, Failure, Guard, Pool, PoolOptions};
use crate::under_way::UnderWay;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{
    ACCEPT, ETAG, HOST, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use piaotan_record::{Nanos, Observation, Operation, Outcome};
use std::path::Path;
use std::time::{Duration, SystemTime};

const REDIRECTS: usize = 5;
/// A source may take so long, with all that it leads to.
const PATIENCE: Duration = Duration::from_secs(20);
/// Calendars of years and pages full of pictures' names are read; what is longer is no announcement.
const LONGEST: usize = 32 << 20;
const FILES: usize = 2_000;

/// By what a source's answer is known to be the same as before.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Marks {
    etag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
    files: Vec<(String, u64, Option<SystemTime>)>,
}

/// One text of a source: the answer of a URL, or one file of a folder.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// The file's name; empty where it is not a file.
    pub file: String,
    pub content_type: Option<String>,
    pub bytes: Bytes,
}

/// What came of asking.
#[derive(Debug)]
pub(super) enum Fetched {
    Same,
    New(Vec<Text>, Marks),
    Failed(String),
}

pub(super) async fn fetch<R: Record>(
    place: &Place,
    marks: &Marks,
    pool: Option<&Pool>,
    clock: Clock,
    record: &R,
) -> Fetched {
    match (place, pool) {
        (Place::Platform { path }, Some(pool)) => of_platform(pool, path, marks, clock, record).await,
        (Place::Platform { path }, None) => Fetched::Failed(format!("{path}: no connection to the platform")),
        (Place::Url { endpoint, path, dialer }, _) => {
            let asked = by_url(endpoint, path, dialer, marks, clock);
            let late = |_| Fetched::Failed(format!("no answer within {} seconds", PATIENCE.as_secs()));
            tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(late)
        }
        (Place::Disk(path), _) => {
            let (path, marks) = (path.clone(), marks.clone());
            let read = tokio::task::spawn_blocking(move || of_disk(&path, &marks)).await;
            read.unwrap_or_else(|e| Fetched::Failed(e.to_string()))
        }
    }
}

/// The platform's own page: recorded as an ordinary request.
async fn of_platform<R: Record>(pool: &Pool, path: &str, marks: &Marks, clock: Clock, record: &R) -> Fetched {
    let due = clock.now();
    let Some(lease) = pool.lease().await else { return Fetched::Failed("the run is over".to_owned()) };
    let under_way = UnderWay::begin(Operation::Notices, due, clock, record);
    let path = format!("{}{path}", pool.endpoint().prefix);
    let exchange = lease.exchange(request(pool.endpoint(), &path, marks)).await;
    under_way.end(observation(due, &exchange));
    match exchange.result {
        Ok(answer) => taken(answer),
        Err(failure) => Fetched::Failed(failure.text()),
    }
}

async fn by_url(endpoint: &Endpoint, path: &str, own: &Dialer, marks: &Marks, clock: Clock) -> Fetched {
    let (mut at, mut path, mut dial) = (endpoint.clone(), path.to_owned(), own.clone());
    for _ in 0..=REDIRECTS {
        let answer = match ask(&at, &path, dial, marks, clock).await {
            Ok(answer) => answer,
            Err(failure) => return Fetched::Failed(failure.text()),
        };
        let Some(location) = redirect(&answer) else { return taken(answer) };
        let next = match target(&at, &path, &location) {
            Ok(next) => next,
            Err(why) => return Fetched::Failed(why),
        };
        // The host that was configured may be anywhere; where a stranger sends us must be public.
        let guard = if next.0.host == endpoint.host { Guard::Any } else { Guard::Public };
        dial = match (own, dialer(&next.0, guard)) {
            (Dialer::Handed(_), _) => own.clone(),
            (_, Ok(dialer)) => dialer,
            (_, Err(why)) => return Fetched::Failed(why),
        };
        (at, path) = next;
    }
    Fetched::Failed(format!("more than {REDIRECTS} redirects"))
}

async fn ask(
    at: &Endpoint,
    path: &str,
    dialer: Dialer,
    marks: &Marks,
    clock: Clock,
) -> Result<Answer, Failure> {
    let options =
        PoolOptions { connections: 1, timeout: PATIENCE, max_body: LONGEST, ..PoolOptions::default() };
    let pool = Pool::new(at.clone(), dialer, clock, options);
    let lease = pool.lease().await.ok_or(Failure::CutOff)?;
    let exchange = lease.exchange(request(at, path, marks)).await;
    pool.stop();
    exchange.result
}

fn request(at: &Endpoint, path: &str, marks: &Marks) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = path.parse().unwrap_or_default();
    let headers = request.headers_mut();
    if let Ok(host) = HeaderValue::from_str(&at.authority()) {
        headers.insert(HOST, host);
    }
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    let conditions = [(IF_NONE_MATCH, &marks.etag), (IF_MODIFIED_SINCE, &marks.modified)];
    for (name, mark) in conditions {
        mark.iter().for_each(|mark| drop(headers.insert(name.clone(), mark.clone())));
    }
    request
}

fn redirect(answer: &Answer) -> Option<String> {
    let moved = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    let location = answer.headers.get(LOCATION).filter(|_| moved)?;
    location.to_str().ok().map(str::to_owned)
}

/// Where a redirect leads, which may be written without a host, or without a path in front.
fn target(at: &Endpoint, path: &str, location: &str) -> Result<(Endpoint, String), String> {
    let scheme = if at.tls { "https" } else { "http" };
    // A path or a query may hold an address of its own.
    let slash = location.find(['/', '?', '#']);
    let absolute = location.find("://").is_some_and(|at| slash == Some(at + 1));
    let whole = if absolute {
        location.to_owned()
    } else if let Some(other) = location.strip_prefix("//") {
        format!("{scheme}://{other}")
    } else if location.starts_with('/') {
        format!("{scheme}://{}{location}", at.authority())
    } else {
        let folder =
            path.split('?').next().and_then(|path| path.rsplit_once('/')).map_or("", |(folder, _)| folder);
        format!("{scheme}://{}{folder}/{location}", at.authority())
    };
    parsed(&whole).map_err(|_| {
        format!("a redirect to `{}`, which is no URL", location.chars().take(80).collect::<String>())
    })
}

fn taken(answer: Answer) -> Fetched {
    match answer.status {
        304 => Fetched::Same,
        200 => {
            let content_type = header(&answer.headers, &hyper::header::CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok().map(str::to_owned));
            let (etag, modified) = (header(&answer.headers, &ETAG), header(&answer.headers, &LAST_MODIFIED));
            let marks = Marks { etag, modified, files: Vec::new() };
            Fetched::New(vec![Text { file: String::new(), content_type, bytes: answer.body }], marks)
        }
        status => Fetched::Failed(format!("status {status}")),
    }
}

fn header(headers: &HeaderMap, name: &hyper::header::HeaderName) -> Option<HeaderValue> {
    headers.get(name).cloned()
}

/// A file, or the files of a folder by name; hidden ones and folders in it are left alone.
fn of_disk(path: &Path, marks: &Marks) -> Fetched {
    let listed = match list(path) {
        Ok(listed) => listed,
        Err(e) => return Fetched::Failed(e.to_string()),
    };
    let look = |file: &std::path::PathBuf| {
        let meta = std::fs::metadata(file).ok();
        let length = meta.as_ref().map_or(0, std::fs::Metadata::len);
        (file.display().to_string(), length, meta.and_then(|meta| meta.modified().ok()))
    };
    let files: Vec<_> = listed.iter().map(look).collect();
    if !marks.files.is_empty() && marks.files == files {
        return Fetched::Same;
    }
    if let Some((name, length, _)) = files.iter().find(|(_, length, _)| *length > LONGEST as u64) {
        return Fetched::Failed(format!("{name}: {length} bytes are too many for an announcement"));
    }
    let mut texts = Vec::new();
    for file in &listed {
        match std::fs::read(file) {
            Ok(bytes) => texts.push(Text {
                file: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                content_type: None,
                bytes: bytes.into(),
            }),
            Err(e) => return Fetched::Failed(format!("{}: {e}", file.display())),
        }
    }
    Fetched::New(texts, Marks { files, ..Marks::default() })
}

fn list(path: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        let hidden = file.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    // The latest by name, as notices are usually numbered or dated.
    Ok(files.split_off(files.len().saturating_sub(FILES)))
}

fn observation(due: Nanos, exchange: &Exchange) -> Observation {
    let Exchange { sent, first_byte, done, bytes_sent, bytes_received, .. } = *exchange;
    Observation {
        first_byte,
        bytes_sent,
        bytes_received,
        ..Observation::new(Operation::Notices, due, sent, done, outcome(exchange))
    }
}

fn outcome(exchange: &Exchange) -> Outcome {
    match &exchange.result {
        Ok(answer) => match answer.status {
            200 | 304 => Outcome::Ok,
            429 => Outcome::Throttled { retry_after: None },
            503 => Outcome::Maintenance { retry_after: None },
            500..=599 => Outcome::ServerError,
            _ => Outcome::ClientError,
        },
        Err(failure) => failure.outcome(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::cell::RefCell;
    use tokio::io::AsyncWriteExt as _;

    #[derive(Default)]
    struct Counted(RefCell<(u32, Vec<Outcome>)>);
    impl Record for Counted {
        fn sent(&self, _: Operation, _: Nanos) {
            self.0.borrow_mut().0 += 1;
        }
        fn seen(&self, observation: Observation) {
            self.0.borrow_mut().1.push(observation.outcome);
        }
        fn unsendable(&self, _: Operation, _: &str) {}
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_nobody_waits_for_any_more_is_counted_all_the_same() {
        // Nobody ever connects.
        let dialer = Dialer::Handed(std::sync::Arc::new(|_| Box::pin(std::future::pending())));
        let (at, clock) = (parsed("http://a.example/x").unwrap().0, Clock::start());
        let pool = Pool::new(at, dialer, clock, PoolOptions::default());
        let (marks, record) = (Marks::default(), Counted::default());
        let asking = of_platform(&pool, "/notices", &marks, clock, &record);
        assert!(tokio::time::timeout(Duration::from_secs(1), asking).await.is_err());
        assert_eq!(record.0.into_inner(), (1, vec![Outcome::CutOff]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_leads_from_one_slow_place_to_the_next_is_given_up() {
        // Every place takes its time, and leads to another.
        let dialer = Dialer::Handed(std::sync::Arc::new(|_| {
            let (ours, mut theirs) = tokio::io::duplex(1 << 12);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(9)).await;
                let answer = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
                theirs.write_all(answer.as_bytes()).await.unwrap();
                theirs
            });
            Box::pin(async move { Ok(Box::new(ours) as crate::transport::BoxIo) })
        }));
        let (endpoint, path) = parsed("http://a.example/x").unwrap();
        let (place, clock) = (Place::Url { endpoint, path, dialer }, Clock::start());
        let fetched = fetch(&place, &Marks::default(), None, clock, &Counted::default()).await;
        assert!(matches!(fetched, Fetched::Failed(_)), "{fetched:?}");
        assert_eq!(clock.now().0, PATIENCE.as_nanos() as u64);
    }

    #[test]
    fn a_redirect_leads_where_it_says() {
        let check = |location: &str, host: &str, path: &str| {
            let at = parsed("https://a.example/x/y?z").unwrap();
            let (endpoint, to) = target(&at.0, &at.1, location).unwrap();
            assert_eq!((endpoint.host.as_str(), to.as_str()), (host, path), "{location}");
        };
        check("https://b.example/c", "b.example", "/c");
        check("//b.example/c", "b.example", "/c");
        check("/c?d", "a.example", "/c?d");
        check("c", "a.example", "/x/c");
        check("/login?next=https://b.example/c", "a.example", "/login?next=https://b.example/c");
        check("login?next=https://b.example/c", "a.example", "/x/login?next=https://b.example/c");
    }
}
