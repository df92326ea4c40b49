//! The machinery behind the probes: what they are given, how they ask, when they run, who is told.
//!
//! Reading order: [`config`] and [`setting`] (what a probe is given), [`port`] and [`result`] (how it asks
//! and what it answers), [`made`], [`known`] and [`look`] (synthetic invoices and looking for them),
//! [`poll`] and [`schedule`] (when; pure), [`watch`], [`state`], [`writes`] and [`holder`] (the loop, its memory,
//! what it writes, its lease),
//! [`agree`] (announced against observed), [`recovery`] (after a window), [`trace`] (one invoice), [`notify`] (what people are sent).

pub mod agree;
mod before;
pub mod config;
pub mod delays;
pub mod holder;
pub mod known;
mod lease;
pub mod look;
pub mod made;
pub mod notify;
pub mod poll;
pub mod port;
pub mod recovery;
pub mod result;
pub mod schedule;
pub mod setting;
pub mod state;
pub mod trace;
pub mod watch;
pub mod writes;
