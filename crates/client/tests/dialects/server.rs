//! A tiny HTTP server for one dialect, with a clock and moods that the test sets.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// One request, taken apart.
pub struct Call {
    pub method: String,
    pub path: String,
    pub raw_query: String,
    pub query: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub now: i64,
}

/// What the server says.
pub struct Says {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// What the test does to the server.
#[derive(Default)]
pub struct Mood {
    /// Seconds since 1970, as the server sees them.
    pub now: i64,
    pub maintenance: bool,
    pub busy: bool,
    /// A gateway answers with a page of its own.
    pub page: bool,
}

pub trait Dialect: Send + 'static {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says;
}

impl Call {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    pub fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }
}

impl Says {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, headers: vec![("content-type", "application/json".into())], body: body.to_string() }
    }
}

/// Nonces that were used before are refused.
#[derive(Default)]
pub struct Nonces(BTreeSet<String>);

impl Nonces {
    pub fn fresh(&mut self, nonce: &str) -> bool {
        !nonce.is_empty() && self.0.insert(nonce.to_owned())
    }
}

/// Whether a time in seconds is within five minutes of the server's.
pub fn timely(text: &str, per_second: i64, now: i64) -> bool {
    text.parse::<i64>().is_ok_and(|time| (time / per_second - now).abs() <= 300)
}

pub async fn serve(dialect: impl Dialect, mood: Arc<Mutex<Mood>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let dialect = Arc::new(Mutex::new(dialect));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (dialect, mood) = (Arc::clone(&dialect), Arc::clone(&mood));
            let service = service_fn(move |request| answer(request, Arc::clone(&dialect), Arc::clone(&mood)));
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    address
}

async fn answer<D: Dialect>(
    request: Request<Incoming>,
    dialect: Arc<Mutex<D>>,
    mood: Arc<Mutex<Mood>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|all| all.to_bytes()).unwrap_or_default();
    let raw_query = head.uri.query().unwrap_or("").to_owned();
    let mood = mood.lock().unwrap();
    let call = Call {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: pairs(&raw_query),
        raw_query,
        headers: head.headers,
        body,
        now: mood.now,
    };
    let says = if mood.page {
        let headers = vec![("content-type", "text/html".into())];
        Says { status: 200, headers, body: "<html><h1>系统升级维护中</h1></html>".into() }
    } else {
        dialect.lock().unwrap().answer(&call, &mood)
    };
    let mut response = Response::builder().status(says.status);
    for (name, value) in says.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(says.body))).unwrap())
}

/// `a=b&c=d`, decoded.
pub fn pairs(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Lower-case hex, written here anew.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
