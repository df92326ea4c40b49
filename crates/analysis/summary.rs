//! The summary of a run: a fold over its folder, joined with what is known of windows *now*.
//!
//! Samples inside windows are set apart here and nowhere else, so a window corrected afterwards
//! corrects every report. Tallies know seconds, not single samples: a cell counts as inside when any
//! of its samples may have met the window, that is when `[second, second + 1 s + longest response]`
//! meets it.

mod bins;
mod drawn;
mod findings;
mod fold;
mod judge;
mod rolling;
pub mod series;
mod slower;
mod sync_fold;
mod warm_up;
mod windows;
pub mod words;

pub use bins::{Bins, SplitCells};
pub use fold::{Folded, Terms, fold, latency};
pub use judge::{Ground, judge};
pub use rolling::Worst;
pub use series::{
    Bin, Heat, Lane, LaneName, LaneState, MOST_BINS, OpBin, QuantilePoint, Quantiles, Series, Span, SyncPoint,
};
pub use sync_fold::{Delays, SyncFold};
pub use words::spoken;

use chrono::{DateTime, FixedOffset};
use piaotan_record::conservation::{ArrivalCounts, RequestCounts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What `run`, `merge` and `report` answer. Latencies in seconds, rates per second, unknown is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub schema: u32,
    /// Always `summary`.
    pub kind: String,
    pub run: String,
    pub target: String,
    pub scenario: String,
    pub started: DateTime<FixedOffset>,
    pub ended: DateTime<FixedOffset>,
    pub verdict: Verdict,
    pub exit: u8,
    pub arrivals: ArrivalCounts,
    pub requests: RequestCounts,
    /// Whether both lines of the law hold.
    pub conserved: bool,
    /// Outside windows, warm-up excluded. Keys are operation names.
    pub operations: BTreeMap<String, OperationSummary>,
    /// Inside windows.
    pub in_windows: BTreeMap<String, OperationSummary>,
    pub limits: Vec<LimitResult>,
    pub windows: Vec<WindowSummary>,
    pub sync: BTreeMap<String, SyncSummary>,
    pub generator: GeneratorSummary,
    pub findings: Vec<Finding>,
    /// Why the run ended before its plan was through, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
    /// Where the scenario has the end of the warm-up detected: what was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUpSummary>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
    Inconclusive,
    Refused,
    Interrupted,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OperationSummary {
    pub count: u64,
    /// Requests per second over the time outside (or inside) windows.
    pub rate: f64,
    /// From the due instant: what users would have felt. Null where nothing was timed.
    pub response: Option<Latency>,
    /// From the send.
    pub service: Option<Latency>,
    pub outcomes: BTreeMap<String, u64>,
    pub codes: BTreeMap<String, u64>,
}

/// Quantiles in seconds, from a histogram with buckets at most 0.1 % wide.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub mean: f64,
}

/// The warm-up that MSER-5 found; what was due in it is in no quantile, count or limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WarmUpSummary {
    /// Left out, from the beginning of the plan.
    pub seconds: f64,
    /// False where it had not settled by the longest warm-up allowed; null where the run was too short to tell.
    pub settled: Option<bool>,
}

/// One limit of the scenario, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitResult {
    /// In the scenario's own words: `upload.response.p95 < 0.5`.
    pub limit: String,
    /// What was measured; null where there were no samples, which fails.
    pub value: Option<f64>,
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Length in seconds of the stretches of which the worst was judged; absent for the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
}

/// A window as announced and as observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowSummary {
    pub id: String,
    pub start: DateTime<FixedOffset>,
    pub end: Option<DateTime<FixedOffset>>,
    pub services: Vec<String>,
    pub source: String,
    pub status: String,
    /// `announced_and_observed`, `announced_not_observed`, `observed_unannounced`, `overrun`, `early_end` …
    pub finding: Option<String>,
    /// What was observed of it, where anything was.
    pub observed_start: Option<DateTime<FixedOffset>>,
    pub observed_end: Option<DateTime<FixedOffset>>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncSummary {
    pub tracked: u64,
    pub seen: u64,
    pub pending: u64,
    pub late: u64,
    pub lost: u64,
    pub mismatched: u64,
    /// `p50`, `p90`, `p95`, `p99` in seconds; `value` is a lower bound where `reached` is false.
    pub quantiles: BTreeMap<String, SyncQuantile>,
    pub regression: Option<SyncRegression>,
    /// `[t, survival, lower, upper]`, for charts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<[f64; 4]>,
    /// The same before and after the change, where one was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve_before: Vec<[f64; 4]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve_after: Vec<[f64; 4]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SyncQuantile {
    pub value: f64,
    pub reached: bool,
}

/// A change of the delay: within the run (with `at`), or against a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncRegression {
    pub verdict: Verdict,
    /// How many times as long the delay became.
    pub ratio: Option<f64>,
    pub ratio_lower: Option<f64>,
    pub ratio_upper: Option<f64>,
    pub p: Option<f64>,
    pub at: Option<DateTime<FixedOffset>>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// The generator about itself: a saturated one makes the run inconclusive.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratorSummary {
    pub rate_asked: Option<f64>,
    pub rate_sent: Option<f64>,
    /// How late arrivals were started, in seconds.
    pub lateness: Option<Lateness>,
    /// Share of one core used by the busiest worker, 0 to 1.
    pub cpu: Option<f64>,
    pub saturated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lateness {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// Something a reader should know, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: FindingKind,
    pub severity: Severity,
    /// One sentence with when and how much, in the reader's language.
    pub text: String,
    /// Facts by name, machine-readable: times RFC 3339, durations in seconds.
    pub evidence: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

piaotan_record::closed_enum! {
    /// What a finding is about; also its anchor in reports and its label in metrics.
    pub enum FindingKind {
        WindowAnnouncedAndObserved = "window_announced_and_observed",
        WindowAnnouncedNotObserved = "window_announced_not_observed",
        WindowObservedUnannounced = "window_observed_unannounced",
        WindowOverrun = "window_overrun",
        WindowEarlyEnd = "window_early_end",
        WindowPartial = "window_partial",
        Suppressed = "suppressed",
        BacklogRush = "backlog_rush",
        Recovered = "recovered",
        SyncRegression = "sync_regression",
        SyncImproved = "sync_improved",
        SyncLost = "sync_lost",
        SyncLate = "sync_late",
        Mismatched = "mismatched",
        Vanished = "vanished",
        Changed = "changed",
        LimitBroken = "limit_broken",
        Errors = "errors",
        Throttled = "throttled",
        Unreachable = "unreachable",
        GeneratorSaturated = "generator_saturated",
        NotConserved = "not_conserved",
        CutShort = "cut_short",
        JourneyPanicked = "journey_panicked",
        NotSteady = "not_steady",
        SourceStale = "source_stale",
        NoticeDoubt = "notice_doubt",
        LatencyRegression = "latency_regression",
        CapacityExceeded = "capacity_exceeded",
    }
}
