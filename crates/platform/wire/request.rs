//! A request as the server hands it to the world.

use bytes::Bytes;
use hyper::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request::Parts;
use std::net::IpAddr;

/// What became of a request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// All of it came.
    Whole(Bytes),
    /// It was larger than anything the platform takes; the rest was not read.
    TooLarge,
    /// It did not come within the time allowed.
    TooSlow,
    /// The connection or its framing broke.
    Broken,
}

/// A request: its head, its body, who sent it.
#[derive(Debug)]
pub struct Request {
    pub parts: Parts,
    pub body: Arrived,
    pub peer: Option<IpAddr>,
}

impl Request {
    /// A request without headers, for callers that need no sockets.
    pub fn new(method: hyper::Method, uri: &str, body: impl Into<Bytes>) -> Request {
        let built = hyper::Request::builder().method(method).uri(uri).body(());
        let (parts, ()) = built.expect("the caller gives a valid URI").into_parts();
        Request { parts, body: Arrived::Whole(body.into()), peer: None }
    }

    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: &str) -> Request {
        let value = value.parse().expect("the caller gives a valid header value");
        self.parts.headers.insert(name, value);
        self
    }

    pub(crate) fn english(&self) -> bool {
        let wanted = self.parts.headers.get(ACCEPT_LANGUAGE);
        wanted.is_some_and(|v| v.as_bytes().starts_with(b"en"))
    }

    pub(crate) fn token(&self) -> Option<&str> {
        let value = self.parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    pub(crate) fn content_type(&self) -> &str {
        let value = self.parts.headers.get(CONTENT_TYPE);
        value.and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or("")
    }
}
