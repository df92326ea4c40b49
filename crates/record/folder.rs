//! The run folder: open formats, append-only, readable after `kill -9` up to its last second.
//!
//! ```text
//! manifest.json   what was run, against what, on what, and when its epoch was
//! tally.ndjson    one line a second and operation; lines are increments, a key may recur
//! latency.hlog    HdrHistogram interval log in nanoseconds, Tag = operation/metric
//! events.ndjson   failures with evidence (bounded), sync marks, windows, findings
//! summary.json    written last; recomputed when absent
//! ```

mod event;
mod line;
mod manifest;
mod merge;
mod read;
mod write;

pub use event::{Event, Seen};
pub use line::{ArrivalLine, CellLine, TallyLine};
pub use manifest::{Host, Manifest, SCHEMA, Segment};
pub use merge::{MergeError, joined, merge};
pub use read::{Interval, RunFolder};
pub use write::{RunWriter, write_json};

use std::path::{Path, PathBuf};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const TALLY: &str = "tally.ndjson";
pub(crate) const LATENCY: &str = "latency.hlog";
pub(crate) const EVENTS: &str = "events.ndjson";
/// The summary's file name; its content belongs to `analysis`.
pub const SUMMARY: &str = "summary.json";

/// Why a run folder could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("cannot {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} is not a run folder: it has no manifest.json", .0.display())]
    NotARun(PathBuf),
    #[error("{}: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("{} was written by a newer version (schema {found}, this one reads up to {}); update piaotan", path.display(), SCHEMA)]
    Newer { path: PathBuf, found: u32 },
}

impl FolderError {
    /// Whether the disk refused, rather than the content.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}

pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { doing, path, source }
}
