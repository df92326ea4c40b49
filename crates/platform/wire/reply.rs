//! A reply, and the envelope that most replies carry.

use crate::Code;
use crate::storage::Ticket;
use bytes::Bytes;
use hyper::StatusCode;
use serde::Serialize;
use std::time::Duration;

/// How the server sends a reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manner {
    /// At once, whole.
    Whole,
    /// The body in small pieces, over so long.
    Slow(Duration),
    /// The body ends early and the connection closes.
    CutShort,
    /// Nothing is sent; the connection is reset.
    Reset,
}

/// A reply of the world: what to send, after how long, and how.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub content_type: &'static str,
    /// Further headers: name and value.
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    /// To be held back so long, counted from the arrival.
    pub delay: Duration,
    pub manner: Manner,
    /// The business code in the envelope, where there is one.
    pub code: Option<Code>,
    /// Not to be sent before this is on disk.
    pub(crate) ticket: Option<Ticket>,
}

pub(crate) const JSON: &str = "application/json; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";

impl Reply {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
        Reply {
            status,
            content_type,
            headers: Vec::new(),
            body: body.into(),
            delay: Duration::ZERO,
            manner: Manner::Whole,
            code: None,
            ticket: None,
        }
    }

    /// An envelope with this code around `data`, which is JSON already.
    pub(crate) fn envelope(code: Code, english: bool, data: &[u8]) -> Reply {
        let message = code.message(english);
        let mut body = Vec::with_capacity(48 + message.len() + data.len());
        for part in ["{\"code\":\"", code.digits(), "\",\"message\":\"", message, "\",\"data\":"] {
            body.extend_from_slice(part.as_bytes());
        }
        body.extend_from_slice(data);
        body.push(b'}');
        let mut reply = Reply::new(code.status(), JSON, body);
        reply.code = Some(code);
        reply
    }

    /// What is said when the database could not take what the reply would have acknowledged.
    pub(crate) fn unwritten() -> Reply {
        Reply::envelope(Code::ServerFault, false, b"null")
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a function of the platform answers: a code, `data` as JSON, and what must be on disk first.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) code: Code,
    pub(crate) data: Vec<u8>,
    pub(crate) ticket: Option<Ticket>,
    /// Further time that this answer costs.
    pub(crate) cost: i64,
}

/// Why a function refuses, with the fields at fault.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// Refusals are rare and may be large; a box keeps every `Result` small.
pub(crate) type Refused = Box<Refusal>;

impl Answered {
    pub(crate) fn with<T: Serialize>(code: Code, data: &T) -> Answered {
        Answered {
            code,
            data: serde_json::to_vec(data).expect("views hold nothing that JSON cannot"),
            ticket: None,
            cost: 0,
        }
    }

    /// Success, with `data` written as JSON already.
    pub(crate) fn raw(data: Vec<u8>) -> Answered {
        Answered { code: Code::Success, data, ticket: None, cost: 0 }
    }

    pub(crate) fn success<T: Serialize>(data: &T) -> Answered {
        Answered::with(Code::Success, data)
    }

    pub(crate) fn after(mut self, ticket: Option<Ticket>) -> Answered {
        self.ticket = ticket;
        self
    }
}

impl Refusal {
    pub(crate) fn field(code: Code, field: &'static str, reason: impl Into<String>) -> Refused {
        let fields = vec![(field, reason.into())];
        Box::new(Refusal { code, fields })
    }

    /// `data` of the envelope.
    pub(crate) fn data(&self) -> Vec<u8> {
        if self.fields.is_empty() {
            return b"null".to_vec();
        }
        #[derive(Serialize)]
        struct One<'a> {
            field: &'a str,
            reason: &'a str,
        }
        #[derive(Serialize)]
        struct All<'a> {
            fields: Vec<One<'a>>,
        }
        let fields = self.fields.iter().map(|(field, reason)| One { field, reason });
        let all = All { fields: fields.collect() };
        serde_json::to_vec(&all).expect("two strings are JSON")
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Refused {
        Box::new(Refusal { code, fields: Vec::new() })
    }
}
