//! The resident watch around the loop of the probes: what it has seen, for pages and metrics; its life
//! as a service; and why it begins anew.

pub mod board;
pub mod hush;
pub mod life;
pub mod outlet;
pub mod process;
pub mod sources;
pub mod systemd;
