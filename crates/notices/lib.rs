//! From bytes to proposed maintenance windows: the texts of notices in Chinese and English, and the
//! machine-readable sources beside them.
//!
//! This crate is *not* a fetcher (no socket), knows no present (no clock: the day of publication is an
//! argument), and gives no verdict: a window that it reads is a proposal, with its evidence and its doubts.
//!
//! Reading order: `reading` (what a notice says), `context` (what is known besides), `contract` (the JSON
//! answer), then `reader` (the machinery, from plain text to windows).

mod context;
mod contract;
mod error;
mod reader;
mod reading;

pub use context::{Context, Zone};
pub use contract::SCHEMA;
pub use error::Error;
pub use reader::read;
pub use reading::{
    Doubt, DoubtKind, Evidence, Kind, Proposed, Reading, Recurring, Reference, Relation, Status,
};
