//! HTTP of our own, off the worker threads: `/metrics` while a run lasts; metrics and status of a watch.
//!
//! Only GET and HEAD are answered, and nothing can be changed by them; a page with a form also takes its POST,
//! from itself only.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the front door opens a port")]

use anyhow::{Result, anyhow};
use base64::Engine as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use piaotan_reports::metrics::{self, Registry, Totals};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// A reader that is slower than this to say what it wants is sent away.
const PATIENCE: Duration = Duration::from_secs(10);
/// A form holds a few short lines.
const FORM: usize = 16 << 10;
/// Readers at a time; more wait.
const READERS: usize = 64;

/// A port that answers until it is dropped.
#[derive(Debug)]
pub struct Served {
    pub address: SocketAddr,
    end: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What a reader asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub query: String,
    pub accept_language: String,
    /// The body of a form, where one was sent.
    pub posted: Option<String>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub status: u16,
    pub kind: &'static str,
    pub body: String,
}

impl Page {
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", body: body.into() }
    }

    #[must_use]
    pub fn html(body: String) -> Self {
        Self { status: 200, kind: "text/html; charset=utf-8", body }
    }

    /// The metrics of a registry.
    #[must_use]
    pub fn metrics(registry: &Registry) -> Self {
        match metrics::exposition(registry) {
            Ok(body) => Self { status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", body },
            Err(e) => Self::text(500, e.to_string()),
        }
    }
}

/// Serves `/metrics` from totals that are taken at each scrape.
///
/// # Errors
/// One line that names the flag, when the port is in use.
pub fn metrics(listen: SocketAddr, totals: impl Fn() -> Totals + Send + Sync + 'static) -> Result<Served> {
    let registry = metrics::register(totals)?;
    pages(listen, None, &[], move |asked| match asked.path.as_str() {
        "/metrics" => Page::metrics(&registry),
        "/" => Page::html("<a href=\"/metrics\">/metrics</a>".to_owned()),
        _ => Page::text(404, "not here; see /metrics\n"),
    })
}

/// Serves pages; with a token, only to those who show it. `forms` are the paths that also take a form.
///
/// An answer may take its time: it is made on a thread where it holds up nobody else.
///
/// # Errors
/// One line that names the flag, when the port is in use.
pub fn pages(
    listen: SocketAddr,
    token: Option<String>,
    forms: &'static [&'static str],
    answer: impl Fn(&Asked) -> Page + Send + Sync + 'static,
) -> Result<Served> {
    let listener = TcpListener::bind(listen)
        .map_err(|e| anyhow!("--listen {listen}: {e}; give another port, or 127.0.0.1:0 for a free one"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let desk = Arc::new(Desk { token, forms, answer: Box::new(answer) });
    let (end, ended) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serving = async move {
        tokio::select! {
            () = serve(listener, desk) => {}
            _ = ended => {}
        }
    };
    let thread = std::thread::Builder::new().name("piaotan-serve".to_owned()).spawn(move || {
        runtime.block_on(serving);
        runtime.shutdown_background();
    })?;
    Ok(Served { address, end: Some(end), thread: Some(thread) })
}

struct Desk {
    token: Option<String>,
    forms: &'static [&'static str],
    answer: Box<dyn Fn(&Asked) -> Page + Send + Sync>,
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let room = Arc::new(tokio::sync::Semaphore::new(READERS));
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, mostly: some come back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let desk = desk.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let desk = desk.clone();
                async move { Ok::<_, std::convert::Infallible>(desk.respond(request).await) }
            });
            // A scraper that goes away is its own affair.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(permit);
        });
    }
}

impl Desk {
    async fn respond(self: Arc<Self>, request: Request<hyper::body::Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let mut asked = match self.admit(&parts) {
            Ok(asked) => asked,
            Err(refused) => return *refused,
        };
        if parts.method == Method::POST {
            // A body that trickles in must not keep others from reading.
            let Ok(form) = tokio::time::timeout(PATIENCE, Limited::new(body, FORM).collect()).await else {
                return response(Page::text(408, "the form did not come in time\n"), &[]);
            };
            let Ok(form) = form else {
                return response(Page::text(413, "a form of this page is shorter\n"), &[]);
            };
            asked.posted = Some(String::from_utf8_lossy(&form.to_bytes()).into_owned());
        }
        let page = tokio::task::spawn_blocking(move || (self.answer)(&asked)).await;
        response(page.unwrap_or_else(|_| Page::text(500, "this page could not be made\n")), &[])
    }

    /// Whether it may be asked at all; a refusal is the whole answer.
    fn admit(&self, parts: &Parts) -> Result<Asked, Box<Response<Full<Bytes>>>> {
        let path = parts.uri.path();
        let may_post = self.forms.contains(&path);
        let refused = |page: Page, more: &[(&'static str, &'static str)]| Err(Box::new(response(page, more)));
        match parts.method {
            Method::GET | Method::HEAD => {}
            Method::POST if may_post && is_from_here(&parts.headers) => {}
            Method::POST if may_post => {
                return refused(Page::text(403, "send the form from its own page\n"), &[]);
            }
            _ if may_post => {
                return refused(Page::text(405, "GET, HEAD and POST\n"), &[("allow", "GET, HEAD, POST")]);
            }
            _ => return refused(Page::text(405, "read-only: GET and HEAD\n"), &[("allow", "GET, HEAD")]),
        }
        // Whether it lives is no secret, and a load balancer has no token.
        if path != "/healthz" && !self.may_read(&parts.headers) {
            let ask = [("www-authenticate", "Basic realm=\"piaotan\", charset=\"UTF-8\"")];
            return refused(Page::text(401, "show the token of [watch]\n"), &ask);
        }
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Asked {
            path: path.to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            accept_language: accepted.unwrap_or_default().to_owned(),
            posted: None,
        })
    }

    /// The token as a bearer's, or as the password of anybody.
    fn may_read(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let Some(shown) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        match shown.split_once(' ') {
            Some((scheme, bearer)) if scheme.eq_ignore_ascii_case("bearer") => same(bearer.trim(), token),
            Some((scheme, basic)) if scheme.eq_ignore_ascii_case("basic") => {
                let decoded =
                    base64::engine::general_purpose::STANDARD.decode(basic.trim()).unwrap_or_default();
                let text = String::from_utf8_lossy(&decoded).into_owned();
                text.split_once(':').is_some_and(|(_, password)| same(password, token))
            }
            _ => false,
        }
    }
}

/// Another site must not make a browser that can reach us send our forms.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(ORIGIN), text(HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        // No browser leaves both out.
        (None, _) => true,
        (Some(_), None) => false,
    }
}

/// Compares without telling by its time how much was right.
fn same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && differ == 0
}

fn response(page: Page, more: &[(&'static str, &'static str)]) -> Response<Full<Bytes>> {
    // What platforms said stands on these pages: nothing of it may ever run or load anything.
    const ALWAYS: &[(&str, &str)] = &[
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ];
    let mut response = Response::new(Full::new(Bytes::from(page.body)));
    *response.status_mut() = hyper::StatusCode::from_u16(page.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static(page.kind));
    for (name, value) in ALWAYS.iter().chain(more) {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Desk, Page};
    use hyper::Request;

    fn status(desk: &Desk, request: hyper::http::request::Builder) -> u16 {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        desk.admit(&parts).map_or_else(|refused| refused.status().as_u16(), |_| 200)
    }

    fn desk(token: Option<&str>) -> Desk {
        let answer = Box::new(|_: &super::Asked| Page::text(200, "here"));
        Desk { token: token.map(str::to_owned), forms: &["/trace"], answer }
    }

    fn check(token: Option<&str>, method: &str, path: &str, shown: &str, expected: u16) {
        let mut request = Request::builder().method(method).uri(path);
        if !shown.is_empty() {
            request = request.header("authorization", shown);
        }
        assert_eq!(status(&desk(token), request), expected, "{method} {path} {shown}");
    }

    #[test]
    fn a_form_is_taken_from_its_own_page_only() {
        let check = |path: &str, headers: &[(&str, &str)], expected: u16| {
            let request = Request::builder().method("POST").uri(path);
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            assert_eq!(status(&desk(None), request), expected, "{path} {headers:?}");
        };
        check("/", &[], 405);
        check("/trace", &[], 200);
        check("/trace", &[("sec-fetch-site", "same-origin")], 200);
        check("/trace", &[("sec-fetch-site", "cross-site")], 403);
        check("/trace", &[("origin", "http://h:1"), ("host", "h:1")], 200);
        check("/trace", &[("origin", "http://evil"), ("host", "h:1")], 403);
    }

    #[test]
    fn only_those_who_show_the_token_read_and_nobody_writes() {
        check(None, "GET", "/", "", 200);
        check(None, "POST", "/", "", 405);
        check(Some("s3"), "POST", "/trace", "", 401);
        check(Some("s3"), "GET", "/", "", 401);
        check(Some("s3"), "GET", "/healthz", "", 200);
        check(Some("s3"), "GET", "/metrics", "Bearer s3", 200);
        check(Some("s3"), "GET", "/metrics", "Bearer s33", 401);
        check(Some("s3"), "GET", "/", "Basic b3BzOnMz", 200);
        check(Some("s3"), "GET", "/", "Basic b3BzOnM0", 401);
        check(Some("s3"), "GET", "/", "nonsense", 401);
    }
}
