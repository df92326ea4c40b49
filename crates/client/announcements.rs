//! What is said about maintenance: fetched conditionally, read, made into windows.
//!
//! A source that fails keeps its last good answer and grows old; its age is a fact for whoever asks. A
//! source is evidence, never the verdict: what it says becomes windows, and what it says of earlier
//! windows becomes corrections.
//!
//! Reading order: [`section`] (how people write a source down), [`source`] (one source and its memory),
//! `fetch` (asking, with redirects under guard), `windows` (what was read, as windows), `refers` (what a
//! notice says of an earlier one).

mod fetch;
mod refers;
mod section;
mod source;
mod windows;

pub use refers::corrections;
pub use section::{SourceEntry, SourceKind};
pub use source::{Kept, Notice, Source, Unrecorded, read};
pub use windows::windows_of;

use piaotan_record::Window;

/// Joins what several sources say: the same stretch and services are one window, the surest counts.
#[must_use]
pub fn joined<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<Window> {
    union(sources.into_iter().flat_map(Source::windows))
}

/// The same, of windows.
#[must_use]
pub fn union(all: impl IntoIterator<Item = Window>) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for window in all {
        let same = |known: &&mut Window| {
            (known.start, known.end, known.services) == (window.start, window.end, window.services)
        };
        match windows.iter_mut().find(same) {
            // Cancelled after confirmed after proposed, in the order of the set.
            Some(known) => known.status = known.status.max(window.status),
            None => windows.push(window),
        }
    }
    windows
}
