//! The machinery behind the probes: what they are given, how they ask, when they run, who is told.
//!
//! Reading order: [`config`] and [`setting`] (what a probe is given), [`port`] and [`result`] (how it asks
//! and what it answers), [`made`], [`known`] and [`look`] (synthetic invoices and looking for them), [`poll`]
//! (when; pure).

pub mod config;
pub mod known;
pub mod look;
pub mod made;
pub mod poll;
pub mod port;
pub mod result;
pub mod setting;
