//! One file a verb.

pub mod capacity;
pub mod check;
pub mod cleanup;
pub mod completions;
pub mod config;
pub mod demo;
pub mod gate;
pub mod grafana;
pub mod history;
pub mod man;
pub mod merge;
pub mod platform;
pub mod profile;
pub mod report;
pub mod run;
pub mod sync;
pub mod trace;
pub mod watch;
pub mod windows;
