//! The whole suite from outside, in one binary: each module is a promise of the design.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::disallowed_methods, clippy::disallowed_types)]

#[path = "architecture.rs"]
mod architecture;
#[path = "bad.rs"]
mod bad;
#[path = "browser.rs"]
mod browser;
#[path = "capacity.rs"]
mod capacity;
#[path = "dashboards.rs"]
mod dashboards;
#[path = "fields.rs"]
mod fields;
#[path = "gate.rs"]
mod gate;
#[path = "house/mod.rs"]
mod house;
#[path = "killed.rs"]
mod killed;
#[path = "kubernetes.rs"]
mod kubernetes;
#[path = "limits.rs"]
mod limits;
#[path = "made.rs"]
mod made;
#[path = "pipeline.rs"]
mod pipeline;
#[path = "prometheus.rs"]
mod prometheus;
#[path = "schema.rs"]
mod schema;
#[path = "secrets.rs"]
mod secrets;
#[path = "stall.rs"]
mod stall;
#[path = "sync.rs"]
mod sync;
#[path = "target.rs"]
mod target;
#[path = "trace.rs"]
mod trace;
#[path = "watch.rs"]
mod watch;
#[path = "week.rs"]
mod week;
#[path = "windows.rs"]
mod windows;
