//! What Prometheus sees: one catalogue of metrics, the totals they show, and a `Collector` over them.
//!
//! The exporter, the dashboards, the alert rules and `docs/metrics.md` all take their names from
//! [`catalogue`], so none of them can drift. Workers never touch the registry: whoever owns the
//! totals hands over a snapshot at scrape time.

pub mod catalogue;
mod classic;
mod collector;
mod document;
mod sheet;
mod totals;

pub use catalogue::{Kind, Metric, MetricId};
pub use classic::{Classic, LATENCY_EDGES, LATENESS_EDGES, SYNC_EDGES};
pub use collector::{Totaller, exposition, register};
pub use document::document;
pub use prometheus::Registry;
pub use totals::{
    Availability, ClockSteps, GeneratorTotals, MaintenanceTotals, OperationTotals, PlatformState,
    ProbeResult, ProbeTotals, ProcessTotals, RunTotals, SeverityName, SourceTotals, SurfaceTotals,
    SyncTotals, Totals, WatchTotals, WindowState,
};
