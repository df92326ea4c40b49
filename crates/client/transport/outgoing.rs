//! A request as the bytes that go over the wire.

use bytes::{BufMut as _, Bytes};
use http_body_util::Full;
use hyper::body::Body as _;
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{Method, Request};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Bodies up to this many bytes are sent in one piece with their head; longer ones are not copied.
const JOINED: usize = 16 << 10;

/// A request, ready to be written.
pub struct Outgoing {
    /// The head, and a short body.
    pub(super) first: Vec<u8>,
    /// A long body.
    pub(super) rest: Bytes,
    /// Bytes of the body.
    pub(super) length: usize,
    /// The answer to it has a head alone.
    pub(super) head_only: bool,
}

impl Outgoing {
    /// `headers` in the order in which they are sent; the length of the body is added to them.
    #[must_use]
    pub fn new<'a>(
        method: &Method,
        target: &str,
        headers: impl IntoIterator<Item = (&'a HeaderName, &'a [u8])>,
        body: Bytes,
    ) -> Self {
        let joined = if body.len() <= JOINED { body.len() } else { 0 };
        let mut first = Vec::with_capacity(320 + target.len() + joined);
        let target = if target.is_empty() { "/" } else { target };
        for part in [method.as_str(), " ", target, " HTTP/1.1\r\n"] {
            first.put_slice(part.as_bytes());
        }
        // The transport knows the length best.
        for (name, value) in
            headers.into_iter().filter(|(n, _)| **n != CONTENT_LENGTH && **n != TRANSFER_ENCODING)
        {
            for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
                first.put_slice(part);
            }
        }
        if !body.is_empty() || matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
            first.put_slice(b"content-length: ");
            first.put_slice(body.len().to_string().as_bytes());
            first.put_slice(b"\r\n");
        }
        first.put_slice(b"\r\n");
        let length = body.len();
        first.put_slice(&body[..joined]);
        let rest = if joined == length { Bytes::new() } else { body };
        Self { first, rest, length, head_only: *method == Method::HEAD }
    }
}

impl From<Request<Full<Bytes>>> for Outgoing {
    fn from(request: Request<Full<Bytes>>) -> Self {
        let (head, mut body) = request.into_parts();
        let mut context = Context::from_waker(Waker::noop());
        // The whole body is there at once.
        let body = match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            _ => Bytes::new(),
        };
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        Self::new(
            &head.method,
            target,
            head.headers.iter().map(|(n, v): (_, &HeaderValue)| (n, v.as_bytes())),
            body,
        )
    }
}

/// Shows how large it is, never what it says: headers and bodies hold secrets.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({} bytes)", self.first.len() + self.rest.len())
    }
}
