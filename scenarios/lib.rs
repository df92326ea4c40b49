//! Press: journeys, load models, engines.
//!
//! Beside this file lie the scenarios themselves, one TOML each. [`journeys`] are written once
//! against `client::port`; [`engine`] runs them as an open model (arrivals at a rate, on hyper) or a
//! closed one (virtual users, on goose) and folds what comes back into a run folder.
//!
//! Reading order: [`scenario`], [`engine::pace`], [`journeys`], [`engine::open`], [`engine::collect`].
//!
//! Not here: probes, reports, verdicts on runs (limits are judged by `analysis`).

pub mod engine;
pub mod journeys;
pub mod scenario;

mod embedded;

pub use embedded::{SCENARIOS, find};
