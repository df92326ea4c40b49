//! From bytes to proposed maintenance windows: the texts of notices in Chinese and English, and the
//! machine-readable sources beside them.
//!
//! This crate is *not* a fetcher (no socket), knows no present (no clock: the day of publication is an
//! argument), and gives no verdict: a window that it reads is a proposal, with its evidence and its doubts.
//!
//! Reading order: `reading` (what a notice says), `context` (what is known besides), `contract` (the JSON
//! answer), `announced`
//! (what every source comes to), one file a container (`html`, `rss`, `json`, `ical`, `statuspage`,
//! `silences`, `feed`, with `charset` before them), then `reader` (the machinery, from plain text to windows).

mod announced;
mod charset;
mod context;
mod contract;
mod error;
mod feed;
mod html;
mod ical;
mod json;
mod reader;
mod reading;
mod rss;
mod silences;
mod statuspage;
mod times;

pub use announced::{Announced, Item, Listing, Repeats, SourceKind, announced};
pub use charset::decode;
pub use context::{Context, Zone};
pub use contract::SCHEMA;
pub use error::Error;
pub use feed::{Feed, FeedStatus, feed};
pub use html::{html, html_text};
pub use ical::ical;
pub use json::json;
pub use reader::read;
pub use reader::rules::{RULES, Row};
pub use reading::{
    Doubt, DoubtKind, Evidence, Kind, Proposed, Reading, Recurring, Reference, Relation, Status,
};
pub use rss::rss;
pub use silences::silences;
pub use statuspage::statuspage;
