//! The `Collector`: totals in, metric families out.

use super::catalogue::{ALL, MetricId as Id};
use super::sheet::Sheet;
use super::totals::{
    Availability, PlatformState, ProbeResult, RunTotals, SeverityName, SurfaceTotals, SyncTotals, Totals,
    WatchTotals, WindowState,
};
use crate::Error;
use piaotan_analysis::summary::Verdict;
use piaotan_record::calendar::PhaseName;
use piaotan_record::tally::Dropped;
use piaotan_record::window::{Service, Source, Status};
use piaotan_record::{OutcomeKind, Surface};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Encoder as _, Registry, TextEncoder};
use std::collections::{BTreeMap, HashMap};

/// Asks somebody for the totals whenever Prometheus asks for the metrics.
pub struct Totaller<F> {
    descs: Vec<Desc>,
    totals: F,
}

impl<F> std::fmt::Debug for Totaller<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Totaller").finish_non_exhaustive()
    }
}

impl<F: Fn() -> Totals + Send + Sync> Totaller<F> {
    /// A collector over a snapshot function.
    #[must_use]
    pub fn new(totals: F) -> Self {
        let desc = |metric: &super::Metric| {
            let labels = metric.labels.iter().map(|label| (*label).to_owned()).collect();
            Desc::new(metric.name.to_owned(), metric.help.to_owned(), labels, HashMap::new())
                .expect("a test checks every name and label of the catalogue")
        };
        Self { descs: ALL.iter().map(desc).collect(), totals }
    }
}

impl<F: Fn() -> Totals + Send + Sync> Collector for Totaller<F> {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        families(&(self.totals)())
    }
}

/// A registry of our own (never the global one) with the collector in it.
///
/// # Errors
/// Never for the catalogue as it is; the registry says so.
pub fn register(totals: impl Fn() -> Totals + Send + Sync + 'static) -> Result<Registry, Error> {
    let registry = Registry::new();
    registry.register(Box::new(Totaller::new(totals)))?;
    Ok(registry)
}

/// The text format 0.0.4 of everything in a registry.
///
/// # Errors
/// When a family is malformed, which a test would have found.
pub fn exposition(registry: &Registry) -> Result<String, Error> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn families(totals: &Totals) -> Vec<MetricFamily> {
    let mut sheet = Sheet::default();
    sheet.flag(Id::Build, &[&totals.version], true);
    sheet.flag(Id::RunActive, &[], totals.run.as_ref().is_some_and(|run| run.active));
    if let Some(run) = &totals.run {
        fill_run(&mut sheet, run);
        fill_arrivals(&mut sheet, totals);
    }
    fill_operations(&mut sheet, totals);
    fill_maintenance(&mut sheet, totals);
    fill_sources(&mut sheet, totals);
    fill_sync(&mut sheet, &totals.sync);
    fill_probes(&mut sheet, totals);
    fill_findings(&mut sheet, totals);
    for (view, events) in [("raw", totals.raw), ("adjusted", totals.adjusted)] {
        fill_availability(&mut sheet, view, events);
    }
    sheet.count(Id::LedgerErrors, &[], totals.ledger_errors);
    if let Some(watch) = &totals.watch {
        fill_watch(&mut sheet, watch);
    }
    sheet.put(Id::ProcessCpu, &[], totals.process.cpu_seconds);
    sheet.put(Id::ProcessMemory, &[], totals.process.resident_bytes);
    sheet.put(Id::ProcessStart, &[], totals.process.started);
    sheet.families()
}

fn fill_run(sheet: &mut Sheet, run: &RunTotals) {
    sheet.flag(Id::RunInfo, &[&run.scenario, &run.target, &run.profile], true);
    sheet.put(Id::RunStarted, &[], run.started);
    if let Some(ended) = run.ended {
        sheet.put(Id::RunEnded, &[], ended);
    }
    if let Some(verdict) = run.verdict {
        let all = [
            (Verdict::Pass, "pass"),
            (Verdict::Fail, "fail"),
            (Verdict::Inconclusive, "inconclusive"),
            (Verdict::Refused, "refused"),
            (Verdict::Interrupted, "interrupted"),
        ];
        all.into_iter().for_each(|(one, name)| sheet.flag(Id::RunVerdict, &[name], one == verdict));
    }
    sheet.count(Id::InFlight, &[], run.in_flight);
    sheet.count(Id::Users, &[], run.users);
    sheet.count(Id::Connections, &[], run.connections);
    sheet.put(Id::RateAsked, &[], run.rate_asked);
    sheet.put(Id::RateSent, &[], run.rate_sent);
}

fn fill_arrivals(sheet: &mut Sheet, totals: &Totals) {
    let arrivals = &totals.arrivals;
    sheet.count(Id::Scheduled, &[], arrivals.scheduled);
    sheet.count(Id::Started, &[], arrivals.started);
    sheet.count(Id::Suppressed, &[], arrivals.suppressed);
    for (reason, count) in Dropped::ALL.iter().zip(arrivals.dropped) {
        sheet.count(Id::Dropped, &[reason.as_str()], count);
    }
    sheet.classic(Id::Lateness, &[], &totals.generator.lateness);
    sheet.put(Id::Cpu, &[], totals.generator.cpu);
    sheet.flag(Id::Saturated, &[], totals.generator.saturated);
    sheet.count(Id::Bytes, &["sent"], totals.bytes_sent);
    sheet.count(Id::Bytes, &["received"], totals.bytes_received);
}

fn fill_operations(sheet: &mut Sheet, totals: &Totals) {
    for (operation, one) in &totals.operations {
        let name = operation.as_str();
        sheet.count(Id::Sent, &[name], one.sent);
        for kind in OutcomeKind::ALL {
            sheet.count(Id::Requests, &[name, kind.as_str()], one.outcomes[kind.index()]);
        }
        for (code, count) in &one.codes {
            sheet.count(Id::Codes, &[name, code], *count);
        }
        sheet.classic(Id::Response, &[name], &one.response);
        sheet.classic(Id::Service, &[name], &one.service);
    }
}

/// Every source, service and status is there from the start, so that a rule need not ask whether it is.
fn fill_maintenance(sheet: &mut Sheet, totals: &Totals) {
    let mut all: BTreeMap<(Source, Service, Status), Vec<&WindowState>> = BTreeMap::new();
    for source in Source::ALL {
        for service in Service::EACH {
            for status in [Status::Proposed, Status::Confirmed] {
                all.insert((*source, *service, status), Vec::new());
            }
        }
    }
    for window in &totals.maintenance.windows {
        let services = if window.services.contains(&Service::All) { Service::EACH } else { &window.services };
        for service in services {
            if let Some(known) = all.get_mut(&(window.source, *service, window.status)) {
                known.push(window);
            }
        }
    }
    for ((source, service, status), windows) in &all {
        fill_window(sheet, &[source.as_str(), service.as_str(), status.as_str()], windows);
    }
    for service in Service::EACH {
        let overrun = totals.maintenance.overrun.get(service).copied().unwrap_or(0.0);
        sheet.put(Id::MaintenanceOverrun, &[service.as_str()], overrun);
        let now = totals.maintenance.phases.get(service).copied().unwrap_or(PhaseName::Outside);
        for phase in PhaseName::ALL {
            sheet.flag(Id::MaintenancePhase, &[service.as_str(), phase.as_str()], *phase == now);
        }
    }
}

/// The open window, or else the next one.
fn fill_window(sheet: &mut Sheet, labels: &[&str], windows: &[&WindowState]) {
    let first = windows.iter().min_by(|a, b| b.active.cmp(&a.active).then(a.start.total_cmp(&b.start)));
    sheet.flag(Id::MaintenanceActive, labels, first.is_some_and(|window| window.active));
    if let Some(window) = first {
        sheet.put(Id::MaintenanceStart, labels, window.start);
        if let Some(end) = window.end {
            sheet.put(Id::MaintenanceEnd, labels, end);
        }
    }
}

fn fill_sources(sheet: &mut Sheet, totals: &Totals) {
    for (source, one) in &totals.sources {
        sheet.flag(Id::SourceUp, &[source.as_str()], one.up);
        sheet.count(Id::NoticeDoubts, &[source.as_str()], one.doubtful);
        if let Some(read) = one.last_read {
            sheet.put(Id::SourceRead, &[source.as_str()], read);
        }
    }
}

fn fill_sync(sheet: &mut Sheet, sync: &SyncTotals) {
    sheet.count(Id::SyncSubmitted, &[], sync.submitted);
    sheet.count(Id::Vanished, &[], sync.vanished);
    sheet.count(Id::Changed, &[], sync.changed);
    let none = SurfaceTotals::default();
    for surface in Surface::ALL {
        let one = sync.surfaces.get(surface).unwrap_or(&none);
        let labels = [surface.as_str()];
        sheet.count(Id::SyncVisible, &labels, one.visible);
        sheet.classic(Id::SyncDelay, &labels, &one.delay);
        sheet.count(Id::SyncPending, &labels, one.pending);
        sheet.put(Id::SyncOldest, &labels, one.oldest_pending);
        sheet.count(Id::SyncLate, &labels, one.late);
        sheet.count(Id::SyncLost, &labels, one.lost);
        sheet.count(Id::SyncMismatched, &labels, one.mismatched);
        sheet.count(Id::SyncRegressed, &labels, one.regressed);
        sheet.count(Id::SyncUnknown, &labels, one.unknown);
        if let Some(seen) = one.last_visible {
            sheet.put(Id::SyncLastVisible, &labels, seen);
        }
    }
}

fn fill_probes(sheet: &mut Sheet, totals: &Totals) {
    for (name, probe) in &totals.probes {
        for (result, count) in ProbeResult::ALL.iter().zip(probe.runs) {
            sheet.count(Id::ProbeRuns, &[name, result.as_str()], count);
        }
        sheet.classic(Id::ProbeTook, &[name], &probe.took);
        sheet.count(Id::ProbeMissed, &[name], probe.missed);
        let Some(last_run) = probe.last_run else { continue };
        sheet.flag(Id::ProbeSuccess, &[name], probe.success);
        sheet.put(Id::ProbeDuration, &[name], probe.duration);
        sheet.put(Id::ProbeLastRun, &[name], last_run);
        if let Some(expiry) = probe.cert_expiry {
            sheet.put(Id::CertExpiry, &[name], expiry);
        }
        let phases = &probe.phases;
        let named = [
            ("resolve", phases.resolve),
            ("connect", phases.connect),
            ("tls", phases.tls),
            ("processing", phases.processing),
            ("transfer", phases.transfer),
        ];
        for (phase, took) in named {
            sheet.put(Id::ProbePhase, &[name, phase], took.map_or(0.0, |took| took.as_seconds()));
        }
    }
}

fn fill_watch(sheet: &mut Sheet, watch: &WatchTotals) {
    sheet.flag(Id::ConfigLoaded, &[], watch.config_loaded);
    sheet.put(Id::ConfigLoadedAt, &[], watch.config_loaded_at);
    for state in PlatformState::ALL {
        sheet.flag(Id::State, &[state.as_str()], *state == watch.state);
    }
    sheet.count(Id::AlertsFiring, &[], watch.alerts_firing);
    sheet.count(Id::AlertsHeld, &[], watch.alerts_held);
    for (channel, (taken, refused)) in &watch.notifications {
        sheet.count(Id::Notifications, &[channel, "taken"], *taken);
        sheet.count(Id::Notifications, &[channel, "failed"], *refused);
    }
    sheet.count(Id::WatchTroubles, &[], watch.troubles);
    sheet.count(Id::StoreWaiting, &[], watch.store_waiting);
    sheet.count(Id::StoreDropped, &[], watch.store_dropped);
    sheet.count(Id::ClockSteps, &["forward"], watch.clock_steps.forward);
    sheet.count(Id::ClockSteps, &["back"], watch.clock_steps.back);
    sheet.classic(Id::ProbeLateness, &[], &watch.lateness);
}

fn fill_findings(sheet: &mut Sheet, totals: &Totals) {
    use piaotan_analysis::summary::FindingKind;
    for kind in FindingKind::ALL {
        for severity in SeverityName::ALL {
            let count = totals.findings.get(&(*kind, *severity)).copied().unwrap_or(0);
            sheet.count(Id::Findings, &[kind.as_str(), severity.as_str()], count);
        }
    }
}

fn fill_availability(sheet: &mut Sheet, view: &str, events: Availability) {
    sheet.count(Id::Availability, &[view, "good"], events.good);
    sheet.count(Id::Availability, &[view, "bad"], events.bad);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::metrics::ProbeTotals;
    use piaotan_record::{Code, CodeBook, Nanos, Observation, Operation, Outcome, Tally};

    fn scraped(totals: Totals) -> String {
        exposition(&register(move || totals.clone()).unwrap()).unwrap()
    }

    fn check(text: &str, series: &str, expected: f64) {
        let line =
            text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        let value = line.unwrap_or_else(|| panic!("no series {series}")).rsplit(' ').next().unwrap();
        assert_eq!(value.parse::<f64>().unwrap(), expected, "{series}");
    }

    fn seen(took_ms: u64, outcome: Outcome) -> Observation {
        Observation {
            operation: Operation::Upload,
            due: Nanos(0),
            sent: Nanos(2_000_000),
            first_byte: None,
            done: Nanos(took_ms * 1_000_000),
            bytes_sent: 10,
            bytes_received: 20,
            outcome,
            code: Some(Code(0)),
            mark: None,
            evidence: None,
        }
    }

    #[test]
    fn a_tally_is_exported_by_value() {
        let mut tally = Tally::default();
        tally.add(&seen(30, Outcome::Ok));
        tally.add(&seen(700, Outcome::Ok));
        tally.add(&seen(5, Outcome::ServerError));
        tally.arrivals_at(Nanos(0)).scheduled = 7;
        let mut totals = Totals::new("1.2.3", &[Operation::Verify]);
        totals.run = Some(RunTotals { active: true, started: 5.0, ..RunTotals::default() });
        totals.add_tally(&tally, &CodeBook::default());
        let text = scraped(totals);
        check(&text, "piaotan_requests_total{operation=\"upload\",outcome=\"ok\"}", 2.0);
        check(&text, "piaotan_requests_total{operation=\"upload\",outcome=\"server_error\"}", 1.0);
        check(&text, "piaotan_requests_total{operation=\"verify\",outcome=\"ok\"}", 0.0);
        check(&text, "piaotan_codes_total{operation=\"upload\",code=\"other\"}", 3.0);
        check(&text, "piaotan_response_seconds_bucket{operation=\"upload\",le=\"0.05\"}", 1.0);
        check(&text, "piaotan_response_seconds_bucket{operation=\"upload\",le=\"+Inf\"}", 2.0);
        check(&text, "piaotan_response_seconds_count{operation=\"upload\"}", 2.0);
        check(&text, "piaotan_bytes_total{direction=\"received\"}", 60.0);
        check(&text, "piaotan_arrivals_scheduled_total", 7.0);
        check(&text, "piaotan_run_active", 1.0);
        check(&text, "piaotan_build_info{version=\"1.2.3\"}", 1.0);
    }

    #[test]
    fn an_open_window_is_a_state_set_and_the_rest_is_zero() {
        let mut totals = Totals::default();
        totals.maintenance.windows.push(WindowState {
            source: Source::Notice,
            services: vec![Service::Upload],
            status: Status::Confirmed,
            active: true,
            start: 100.0,
            end: Some(200.0),
        });
        totals.maintenance.phases.insert(Service::Upload, PhaseName::During);
        let text = scraped(totals);
        let of = |name: &str, service: &str| {
            format!(
                "piaotan_maintenance_{name}{{source=\"notice\",service=\"{service}\",status=\"confirmed\"}}"
            )
        };
        check(&text, &of("active", "upload"), 1.0);
        check(&text, &of("active", "query"), 0.0);
        check(&text, &of("end_timestamp_seconds", "upload"), 200.0);
        assert!(!text.contains(&of("end_timestamp_seconds", "query")));
        check(&text, "piaotan_maintenance_phase{service=\"upload\",phase=\"during\"}", 1.0);
        check(&text, "piaotan_maintenance_phase{service=\"upload\",phase=\"outside\"}", 0.0);
        check(&text, "piaotan_maintenance_phase{service=\"query\",phase=\"outside\"}", 1.0);
    }

    #[test]
    fn a_pending_invoice_shows_its_age_and_a_late_one_its_delay() {
        let mut totals = Totals::default();
        let one = totals.sync.surfaces.entry(Surface::Number).or_default();
        one.delay.observe(100_000.0);
        (one.pending, one.oldest_pending) = (2, 3_600.0);
        let text = scraped(totals);
        check(&text, "piaotan_sync_delay_seconds_bucket{surface=\"number\",le=\"86400\"}", 0.0);
        check(&text, "piaotan_sync_delay_seconds_bucket{surface=\"number\",le=\"129600\"}", 1.0);
        check(&text, "piaotan_sync_oldest_pending_age_seconds{surface=\"number\"}", 3600.0);
        check(&text, "piaotan_sync_pending{surface=\"keyword\"}", 0.0);
    }

    #[test]
    fn a_probe_that_never_ran_claims_no_success() {
        let mut totals = Totals::default();
        totals.probes.insert("login", ProbeTotals::default());
        let text = scraped(totals);
        check(&text, "piaotan_probe_runs_total{probe=\"login\",result=\"success\"}", 0.0);
        assert!(!text.contains("probe_success"));
    }

    #[test]
    fn foreign_text_in_a_label_is_escaped_and_nan_is_absent() {
        let run = RunTotals { scenario: "a\"b\n\\".into(), rate_asked: f64::NAN, ..RunTotals::default() };
        let text = scraped(Totals { run: Some(run), ..Totals::default() });
        assert!(text.contains("scenario=\"a\\\"b\\n\\\\\""));
        assert!(!text.contains("NaN") && !text.contains("piaotan_rate_asked_per_second"));
    }
}
