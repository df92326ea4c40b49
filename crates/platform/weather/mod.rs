//! The weather: everything that may go wrong, written in TOML, seeded, and recorded in the truth.
//!
//! `form` is what a file may say; `sky` is the same with every time resolved to an instant;
//! `distribution`, `worktime`, `sync`, `capacity`, `throttle`, `announce` each hold one idea;
//! `truth` tells what was really applied.

mod announce;
mod capacity;
mod chance;
mod distribution;
mod form;
mod reading;
mod sky;
mod sync;
mod throttle;
mod truth;
mod when;
mod worktime;

pub(crate) use announce::Notice;
pub use capacity::sustainable_rate;
pub(crate) use chance::Chance;
pub use distribution::Distribution;
pub use form::Weather;
pub(crate) use form::{Answer, Fault, FaultKind, Per};
pub(crate) use sky::{Harm, Sky, Window};
pub(crate) use sync::Surface;
pub(crate) use throttle::Verdict;
pub(crate) use truth::{Era, era};
