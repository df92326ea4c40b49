//! Bytes in and out: requests, replies, form data, the envelope.

mod multipart;
mod query_string;
mod reply;
mod request;

pub(crate) use multipart::{Form, multipart};
pub(crate) use query_string::{Params, decoded};
pub(crate) use reply::{Answered, HTML, JSON, Refusal, Refused};
pub use reply::{Manner, Reply};
pub use request::{Arrived, Request};

/// The web page, whole in one file, with nothing from elsewhere.
pub(crate) const PAGE: &str = include_str!("page.html");
