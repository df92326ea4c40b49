//! What the watch remembers: the ledger of synthetic invoices, real invoices that people asked about,
//! probe history, windows and their corrections, notices read, alerts held.
//!
//! One SQLite file, or one PostgreSQL database that several watchers share: the same tables, and the same
//! statements (`db`). Two connections write to it: the ledger's, for which every call is on disk when it
//! returns, and the history's, which may lose its last second in a power cut and never tears.
//! A PostgreSQL server keeps both.
//!
//! No clock in this crate: every instant is an argument. No verdicts: rows go in, rows come out.
//!
//! Reading order: [`Store`] and [`schema`]; [`ledger`] with [`sample`], the reason for all of it;
//! [`asked`] for real invoices, which cleanup cannot reach; [`history`] and [`rollup`]; then the small
//! ones, [`register`], [`notice`] and [`memory`].

pub mod asked;
mod db;
pub mod error;
pub mod history;
pub mod ledger;
pub mod memory;
pub mod notice;
mod place;
mod postgres;
pub mod register;
pub mod rollup;
pub mod sample;
pub mod schema;
mod store;

pub use asked::{Asked, Attempt};
pub use error::Error;
pub use history::{BriefRun, Health, Probed};
pub use ledger::sight::{Sight, SightState};
pub use ledger::{Known, LookAt};
pub use notice::NoticeRead;
pub use place::Place;
pub use register::RegisterMark;
pub use rollup::{Retention, Rollup};
pub use sample::{Sample, SyncCounts, Which};
pub use store::Store;
