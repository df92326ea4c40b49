//! What was counted so far: a plain snapshot, handed over at scrape time.

use super::classic::{Classic, LATENCY_EDGES, LATENESS_EDGES, SYNC_EDGES};
use piaotan_analysis::summary::{FindingKind, Severity, Verdict};
use piaotan_record::calendar::PhaseName;
use piaotan_record::tally::{Arrivals, Cell, Tally};
use piaotan_record::window::{Service, Source, Status};
use piaotan_record::{CodeBook, Operation, OutcomeKind, Phases, Surface, closed_enum};
use std::collections::BTreeMap;

/// Everything that the catalogue shows. Times are Unix seconds, durations seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    pub version: String,
    /// Absent in a watch that runs no load test.
    pub run: Option<RunTotals>,
    /// Operations that may occur are there from the start, so that their series begin at zero.
    pub operations: BTreeMap<Operation, OperationTotals>,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub arrivals: Arrivals,
    pub maintenance: MaintenanceTotals,
    pub sync: SyncTotals,
    pub generator: GeneratorTotals,
    pub probes: BTreeMap<&'static str, ProbeTotals>,
    pub sources: BTreeMap<Source, SourceTotals>,
    pub findings: BTreeMap<(FindingKind, SeverityName), u64>,
    pub raw: Availability,
    pub adjusted: Availability,
    pub ledger_errors: u64,
    /// What only a watch has.
    pub watch: Option<WatchTotals>,
    pub process: ProcessTotals,
}

closed_enum! {
    /// How a platform fares, in one word: what the status page says in large letters.
    #[derive(Default)]
    pub enum PlatformState {
        Ok = "ok",
        Degraded = "degraded",
        Maintenance = "maintenance",
        Overrun = "overrun",
        Down = "down",
        /// Nothing is known: no probe has run, or one's own network does not work.
        #[default]
        Unknown = "unknown",
    }
}

/// The watch about itself and about what it concludes.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchTotals {
    /// Whether the configuration file was valid at the last attempt.
    pub config_loaded: bool,
    pub config_loaded_at: f64,
    pub state: PlatformState,
    pub alerts_firing: u64,
    pub alerts_held: u64,
    /// By channel: taken, not taken.
    pub notifications: BTreeMap<&'static str, (u64, u64)>,
    pub troubles: u64,
    /// Results that wait for a store that cannot be written, and those that were given up.
    pub store_waiting: u64,
    pub store_dropped: u64,
    pub clock_steps: ClockSteps,
    pub lateness: Classic,
}

/// How often the wall clock was set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockSteps {
    pub forward: u64,
    pub back: u64,
}

impl Default for WatchTotals {
    fn default() -> Self {
        Self {
            config_loaded: true,
            config_loaded_at: f64::NAN,
            state: PlatformState::default(),
            alerts_firing: 0,
            alerts_held: 0,
            notifications: BTreeMap::new(),
            troubles: 0,
            store_waiting: 0,
            store_dropped: 0,
            clock_steps: ClockSteps::default(),
            lateness: Classic::new(LATENESS_EDGES),
        }
    }
}

/// What this process uses; not a number where the system does not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessTotals {
    pub cpu_seconds: f64,
    pub resident_bytes: f64,
    pub started: f64,
}

impl Default for ProcessTotals {
    fn default() -> Self {
        Self { cpu_seconds: f64::NAN, resident_bytes: f64::NAN, started: f64::NAN }
    }
}

closed_enum! {
    /// A severity as a label.
    pub enum SeverityName { Info = "info", Warning = "warning", Critical = "critical" }
}

impl From<Severity> for SeverityName {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Critical => Self::Critical,
        }
    }
}

/// The load test that runs, or ran last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunTotals {
    pub scenario: String,
    pub target: String,
    pub profile: String,
    pub active: bool,
    pub started: f64,
    pub ended: Option<f64>,
    pub verdict: Option<Verdict>,
    pub in_flight: u64,
    pub users: u64,
    pub connections: u64,
    pub rate_asked: f64,
    pub rate_sent: f64,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationTotals {
    pub sent: u64,
    pub outcomes: [u64; OutcomeKind::COUNT],
    /// By the platform's own codes, those of its profile.
    pub codes: BTreeMap<String, u64>,
    pub response: Classic,
    pub service: Classic,
}

impl Default for OperationTotals {
    fn default() -> Self {
        Self {
            sent: 0,
            outcomes: [0; OutcomeKind::COUNT],
            codes: BTreeMap::new(),
            response: Classic::new(LATENCY_EDGES),
            service: Classic::new(LATENCY_EDGES),
        }
    }
}

/// What is known of maintenance now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MaintenanceTotals {
    /// Windows that are open or to come.
    pub windows: Vec<WindowState>,
    /// The phase of each service; `outside` where none is named.
    pub phases: BTreeMap<Service, PhaseName>,
    /// Seconds past the announced end, by service; 0 where none is named.
    pub overrun: BTreeMap<Service, f64>,
}

/// One window as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowState {
    pub source: Source,
    pub services: Vec<Service>,
    pub status: Status,
    pub active: bool,
    pub start: f64,
    pub end: Option<f64>,
}

/// Synthetic invoices on their way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SyncTotals {
    pub submitted: u64,
    pub surfaces: BTreeMap<Surface, SurfaceTotals>,
    pub vanished: u64,
    pub changed: u64,
}

/// One surface on which they become visible.
#[derive(Debug, Clone, PartialEq)]
pub struct SurfaceTotals {
    pub visible: u64,
    pub delay: Classic,
    pub pending: u64,
    /// Age of the oldest pending one; 0 when none is.
    pub oldest_pending: f64,
    pub late: u64,
    pub lost: u64,
    pub mismatched: u64,
    pub regressed: u64,
    pub unknown: u64,
    pub last_visible: Option<f64>,
}

impl Default for SurfaceTotals {
    fn default() -> Self {
        Self {
            visible: 0,
            delay: Classic::new(SYNC_EDGES),
            pending: 0,
            oldest_pending: 0.0,
            late: 0,
            lost: 0,
            mismatched: 0,
            regressed: 0,
            unknown: 0,
            last_visible: None,
        }
    }
}

/// The generator about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratorTotals {
    pub lateness: Classic,
    pub cpu: f64,
    pub saturated: bool,
}

impl Default for GeneratorTotals {
    fn default() -> Self {
        Self { lateness: Classic::new(LATENESS_EDGES), cpu: 0.0, saturated: false }
    }
}

closed_enum! {
    /// How a run of a probe ended.
    pub enum ProbeResult {
        Success = "success",
        Failure = "failure",
        Maintenance = "maintenance",
        Skipped = "skipped",
        Unknown = "unknown",
    }
}

/// One probe.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeTotals {
    pub success: bool,
    /// Seconds that its last run took.
    pub duration: f64,
    pub last_run: Option<f64>,
    pub phases: Phases,
    /// When the first certificate of the chain expires.
    pub cert_expiry: Option<f64>,
    /// In the order of [`ProbeResult::ALL`].
    pub runs: [u64; ProbeResult::ALL.len()],
    /// How long runs took that were made.
    pub took: Classic,
    pub missed: u64,
}

impl Default for ProbeTotals {
    fn default() -> Self {
        Self {
            success: false,
            duration: 0.0,
            last_run: None,
            phases: Phases::default(),
            cert_expiry: None,
            runs: [0; ProbeResult::ALL.len()],
            took: Classic::new(LATENCY_EDGES),
            missed: 0,
        }
    }
}

/// One source of announcements.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SourceTotals {
    pub up: bool,
    pub last_read: Option<f64>,
    pub doubtful: u64,
}

/// Good and bad events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Availability {
    pub good: u64,
    pub bad: u64,
}

impl Totals {
    /// Empty totals of a version, with every operation given at zero.
    #[must_use]
    pub fn new(version: &str, operations: &[Operation]) -> Self {
        let operations = operations.iter().map(|op| (*op, OperationTotals::default())).collect();
        Self { version: version.to_owned(), operations, ..Self::default() }
    }

    /// Adds cells by [`Operation::index`].
    pub fn add_cells(&mut self, cells: &[Option<Box<Cell>>], codes: &CodeBook) {
        for (operation, cell) in Operation::ALL.iter().zip(cells) {
            let Some(cell) = cell else { continue };
            self.operations.entry(*operation).or_default().add(cell, codes);
            self.bytes_sent += cell.bytes_sent;
            self.bytes_received += cell.bytes_received;
        }
    }

    /// Adds what a tally counted since the last one.
    pub fn add_tally(&mut self, tally: &Tally, codes: &CodeBook) {
        for (_, operation, cell) in tally.cells() {
            self.operations.entry(operation).or_default().add(cell, codes);
            self.bytes_sent += cell.bytes_sent;
            self.bytes_received += cell.bytes_received;
        }
        for arrivals in tally.arrivals.values() {
            self.arrivals.merge(arrivals);
        }
    }
}

impl OperationTotals {
    fn add(&mut self, cell: &Cell, codes: &CodeBook) {
        self.sent += cell.sent;
        for (mine, theirs) in self.outcomes.iter_mut().zip(cell.outcomes) {
            *mine += theirs;
        }
        for (code, count) in &cell.codes {
            *self.codes.entry(codes.name(*code).to_owned()).or_default() += count;
        }
        self.response.add_nanos(&cell.response);
        self.service.add_nanos(&cell.service);
    }
}
