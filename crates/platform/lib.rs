//! The reference electronic-invoice platform: a small real service whose weather is known.
//!
//! It is what the rest of the house is proven against. It is *not* a mock: every function works on
//! real records, with real checks. It is *not* part of the tool either: it uses none of our crates,
//! so that it can catch their mistakes.
//!
//! Time is an argument everywhere but in [`serve_stream`] and its kin: [`World::handle`] takes the
//! instant and a request, and gives a reply and how long to hold it back. A simulated week passes in
//! seconds. What happens later (review, visibility) is computed when its cause happens and read as a
//! pure function of the instant, so the world has no background task.
//!
//! Reading order: `codes`, `operation` (the contract of `docs/platform.md`), `world` (one request
//! from arrival to reply), then a function a file (`accounts`, `upload`, `review`, `query`, `verify`,
//! `batches`, `issue`, `ledger`, `notices`, `warnings`); `weather/` (what goes wrong, and the truth
//! about it); `domain/` (money, words, tax ids, dates); `storage/` (records, keyword index, SQLite);
//! `wire/` and `server/` (bytes and sockets).

mod accounts;
mod batches;
mod codes;
mod control;
mod counts;
mod dispatch;
mod domain;
mod invoice;
mod issue;
mod ledger;
mod notices;
mod openapi;
mod operation;
mod query;
mod review;
mod server;
mod storage;
mod upload;
mod verify;
mod warnings;
mod weather;
mod wire;
mod world;

pub use codes::Code;
pub use counts::Logged;
pub use domain::{money, tax_id, words};
pub use ledger::{leaf_hash, link_hash, root_from_path};
pub use operation::Operation;
pub use server::{Clock, ServeOptions, Tls, run, serve, serve_stream};
pub use weather::{Distribution, Weather, sustainable_rate};
pub use wire::{Arrived, Manner, Reply, Request};
pub use world::{Storage, World, WorldOptions};

/// Why the platform could not start or go on. A refused request is never an error: it is a [`Reply`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The weather file is wrong; the text names the line, the field and what to write instead.
    #[error("weather: {0}")]
    Weather(String),
    /// The database under `--data` cannot be used.
    #[error("data {path}: {cause}")]
    Storage { path: String, cause: String },
    /// A row of the stored hash chain does not follow from the one before it.
    #[error("data {path}: ledger row {row} (invoice {number}) is damaged: {what}")]
    Damaged { path: String, row: u64, number: String, what: String },
    /// The address cannot be listened on.
    #[error("listen {address}: {cause}")]
    Listen { address: String, cause: std::io::Error },
    /// Certificate or key cannot be made or read.
    #[error("tls: {0}")]
    Tls(String),
    /// The truth file cannot be written.
    #[error("truth_file {path}: {cause}")]
    Truth { path: String, cause: std::io::Error },
}
