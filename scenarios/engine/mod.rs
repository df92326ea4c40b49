//! The machinery: from a plan to a run folder.
//!
//! A worker is a thread with a runtime of its own. It keeps the pace, runs journeys through its port,
//! and folds what it sees into a tally that no other thread touches; once a second [`collect`] takes
//! the tallies, writes the folder and merges the totals. [`herald`] asks the sources of announcements,
//! [`lookout`] watches for windows, and `track` follows invoices, all on a thread of their own.
//!
//! Reading order: [`pace`] and [`segment`] (pure), [`recorder`], [`port`], [`open`], [`closed`],
//! [`holds`], [`herald`], [`lookout`], [`collect`], [`totals`], `abort`, [`stretch`], [`waits`], [`session`].

mod abort;
pub mod closed;
pub mod collect;
pub mod follow;
pub mod herald;
pub mod holds;
pub mod host;
pub mod lookout;
pub mod made;
pub mod material;
#[cfg(test)]
mod mute;
pub mod open;
pub mod pace;
pub mod port;
pub mod recorder;
pub mod segment;
pub mod session;
pub mod stop;
pub mod stretch;
pub mod timer;
pub mod totals;
pub mod waits;
pub mod witness;
