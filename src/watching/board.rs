//! What the watch has seen so far: written by its loop, read by `/metrics` and the status page.

use super::hush::Hush;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::phases::{Change, Condition, Transition};
use piaotan_analysis::reconcile::Finding;
use piaotan_analysis::summary::FindingKind;
use piaotan_probes::live::state::Alerts;
use piaotan_probes::{Health, ProbeKind, ProbeResult};
use piaotan_record::window::Source;
use piaotan_record::{OutcomeKind, Says, Service};
use piaotan_reports::metrics::{self, Availability, ProbeTotals, SeverityName, SourceTotals, WatchTotals};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Troubles of the watch itself that are shown.
const TROUBLES: usize = 20;

/// Shared between the loop and whoever shows it.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<Mutex<Posted>>);

/// Everything that is kept in memory; the rest is in the store.
#[derive(Debug, Default, Clone)]
pub struct Posted {
    pub probes: BTreeMap<&'static str, ProbeTotals>,
    /// The last result that was more than "not asked", and failures in a row up to it.
    pub latest: BTreeMap<ProbeKind, Latest>,
    pub raw: Availability,
    pub adjusted: Availability,
    pub own_network_down: bool,
    /// What the answers of the platform say of each service; healthy ones are left out.
    pub conditions: BTreeMap<Service, (Condition, DateTime<Utc>)>,
    pub sources: BTreeMap<Source, SourceTotals>,
    pub watch: WatchTotals,
    /// Why the configuration file is not in use.
    pub config_trouble: Option<String>,
    pub troubles: VecDeque<(DateTime<Utc>, String)>,
    /// Whom the last message did not reach, since when, and why.
    pub undelivered: BTreeMap<String, (DateTime<Utc>, String)>,
    pub ledger_errors: u64,
    /// What was said of a store that cannot be written or read.
    store: Hush,
    /// How announced and observed maintenance agreed so far.
    pub findings: BTreeMap<(FindingKind, SeverityName), u64>,
    pub vanished: u64,
    pub changed: u64,
    /// When the loop last went round, by a clock that nobody sets.
    pub beat: Option<Instant>,
}

/// One probe as it stands.
#[derive(Debug, Clone)]
pub struct Latest {
    pub started: DateTime<Utc>,
    pub health: Health,
    pub excused: bool,
    pub detail: String,
    pub seconds: f64,
    pub failures: u32,
}

impl Board {
    pub fn lock(&self) -> MutexGuard<'_, Posted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy, so that nobody holds the loop up while drawing.
    #[must_use]
    pub fn copy(&self) -> Posted {
        self.lock().clone()
    }
}

impl Posted {
    /// Every probe that will run is there from the start, at zero.
    pub fn expect(&mut self, kinds: &[ProbeKind]) {
        self.probes.retain(|name, _| kinds.iter().any(|kind| kind.as_str() == *name));
        self.latest.retain(|kind, _| kinds.contains(kind));
        kinds.iter().for_each(|kind| {
            self.probes.entry(kind.as_str()).or_default();
        });
    }

    pub fn probed(&mut self, result: &ProbeResult) {
        if result.probe == ProbeKind::OwnNetwork && result.health != Health::Skipped {
            self.own_network_down = result.health == Health::Unhealthy;
        }
        self.count(result);
        self.judge(result);
        if result.health == Health::Skipped {
            return;
        }
        let before = self.latest.get(&result.probe).map_or(0, |latest| latest.failures);
        let failures = if result.health == Health::Unhealthy { before + 1 } else { 0 };
        let latest = Latest {
            started: result.started,
            health: result.health,
            excused: result.excused,
            detail: result.detail.clone(),
            seconds: result.duration.as_seconds(),
            failures,
        };
        self.latest.insert(result.probe, latest);
    }

    fn count(&mut self, result: &ProbeResult) {
        let totals = self.probes.entry(result.probe.as_str()).or_default();
        let kind = ended(result);
        totals.runs[kind.index()] += 1;
        let late = (result.started - result.due).as_seconds_f64().max(0.0);
        self.watch.lateness.observe(late);
        if matches!(result.health, Health::Skipped) {
            return;
        }
        totals.success = !matches!(result.health, Health::Unhealthy);
        totals.duration = result.duration.as_seconds();
        totals.took.observe(result.duration.as_seconds());
        totals.last_run = Some(unix(result.started));
        totals.phases = result.phases.unwrap_or_default();
        totals.cert_expiry = result.expires.map(unix).or(totals.cert_expiry);
    }

    /// Good and bad events. What says nothing of the platform is neither.
    fn judge(&mut self, result: &ProbeResult) {
        let says = result.outcome.map_or(Says::Platform, OutcomeKind::says);
        let unknown = says == Says::Nothing
            || (says == Says::Path && self.own_network_down)
            || result.trouble.is_some();
        if !result.probe.is_of_platform() || result.health == Health::Skipped || unknown {
            return;
        }
        let bad = u64::from(result.health == Health::Unhealthy);
        let add = |events: &mut Availability| {
            events.bad += bad;
            events.good += 1 - bad;
        };
        add(&mut self.raw);
        if !result.excused {
            add(&mut self.adjusted);
        }
    }

    pub fn transition(&mut self, transition: &Transition) {
        let span = &transition.span;
        match transition.change {
            Change::Ended => {
                self.conditions.remove(&span.service);
            }
            Change::Began | Change::Reopened | Change::Reclassified => {
                self.conditions.insert(span.service, (span.condition, span.begin.at));
            }
        }
    }

    /// Counts what was found of a window, by the names that reports use.
    pub fn found(&mut self, finding: &Finding) {
        let (kind, severity) = finding.kind.told();
        *self.findings.entry((kind, severity.into())).or_default() += 1;
    }

    /// Counts a trouble of the watch itself; the line that the log and the page are to show, if any.
    #[must_use]
    pub fn trouble(&mut self, at: DateTime<Utc>, now: Instant, text: &str) -> Option<String> {
        self.watch.troubles += 1;
        if !text.starts_with("store ") {
            return Some(self.show(at, text.to_owned()));
        }
        self.ledger_errors += 1;
        let line = self.store.failed(now, text)?;
        Some(self.show(at, line))
    }

    /// A write to the store was tried; the line that says that it works again, if it does.
    #[must_use]
    pub fn stored(&mut self, at: DateTime<Utc>, waiting: usize, dropped: u64) -> Option<String> {
        (self.watch.store_waiting, self.watch.store_dropped) = (waiting as u64, dropped);
        if waiting > 0 {
            return None;
        }
        let line = self.store.recovered("the store is written again, and what waited is in it")?;
        Some(self.show(at, line))
    }

    /// The wall clock was set by so much.
    pub fn stepped(&mut self, at: DateTime<Utc>, step: TimeDelta) -> String {
        let steps = &mut self.watch.clock_steps;
        let (count, word) = match step < TimeDelta::zero() {
            true => (&mut steps.back, "back"),
            false => (&mut steps.forward, "forward"),
        };
        *count += 1;
        let seconds = step.num_seconds().abs();
        self.show(at, format!("the wall clock was set {word} by {seconds} s, or the machine slept; slots and windows follow it"))
    }

    fn show(&mut self, at: DateTime<Utc>, line: String) -> String {
        self.troubles.push_front((at, line.clone()));
        self.troubles.truncate(TROUBLES);
        line
    }

    pub fn alive(&mut self, now: Instant, alerts: Alerts) {
        self.beat = Some(now);
        self.watch.alerts_firing = alerts.firing as u64;
        self.watch.alerts_held = alerts.held as u64;
    }
}

/// How a run of a probe ended, as a label.
#[must_use]
pub fn ended(result: &ProbeResult) -> metrics::ProbeResult {
    match result.health {
        _ if result.trouble.is_some() => metrics::ProbeResult::Unknown,
        Health::Skipped => metrics::ProbeResult::Skipped,
        Health::Unhealthy if result.excused => metrics::ProbeResult::Maintenance,
        Health::Unhealthy => metrics::ProbeResult::Failure,
        Health::Healthy | Health::Degraded | Health::Pending => metrics::ProbeResult::Success,
    }
}

/// Unix time in seconds.
#[must_use]
pub fn unix(at: DateTime<Utc>) -> f64 {
    at.timestamp_micros() as f64 / 1e6
}
