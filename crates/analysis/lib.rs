//! The judge: pure mathematics over what was recorded.
//!
//! Nothing here reads a clock, opens a socket or prints: facts go in, verdicts with their reasons
//! come out, so that every verdict can be derived again when a window is corrected afterwards.
//!
//! Reading order: [`summary`] folds a run folder; [`phases`] and [`reconcile`] tell maintenance from
//! outage; [`sync`] treats censored delays; [`gate`], [`capacity`] and [`history`] compare; [`week`] folds a stretch of the watch.

pub mod capacity;
pub mod cause;
mod error;
pub mod gate;
pub mod history;
pub mod hold;
pub mod limit;
pub mod numbers;
pub mod phases;
pub mod quantile;
pub mod reconcile;
pub mod stats;
pub mod summary;
pub mod sync;
pub mod week;

pub use error::Error;
