//! The closed list of metrics: name, type, labels, and what each says.

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    /// Classic, with the edges of [`super::LATENCY_EDGES`].
    Latency,
    /// Classic, with the edges of [`super::SYNC_EDGES`].
    SyncDelay,
    /// Classic, with the edges of [`super::LATENESS_EDGES`].
    Lateness,
}

/// Who exports a metric, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// From the first scrape on.
    Always,
    /// While a load test runs.
    Run,
    /// While `piaotan watch` runs.
    Watch,
    /// Only once something has happened: it needs an event.
    Event,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub id: MetricId,
    pub name: &'static str,
    pub kind: Kind,
    pub when: When,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

macro_rules! catalogue {
    ($($id:ident $name:literal $kind:ident $when:ident [$($label:literal),*] $help:literal;)+) => {
        /// A metric by what it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MetricId { $($id),+ }

        /// Every metric there is.
        pub const ALL: &[Metric] = &[$(Metric {
            id: MetricId::$id,
            name: $name,
            kind: Kind::$kind,
            when: When::$when,
            labels: &[$($label),*],
            help: $help,
        }),+];
    };
}

catalogue! {
    Build "piaotan_build_info" Gauge Always ["version"] "Always 1; the version of piaotan that exports this.";
    RunInfo "piaotan_run_info" Gauge Run ["scenario", "target", "profile"] "Always 1 while a load test is known; what is run against what.";
    RunActive "piaotan_run_active" Gauge Always [] "1 while a load test runs, else 0.";
    RunStarted "piaotan_run_start_timestamp_seconds" Gauge Run [] "When the load test started, in Unix time.";
    RunEnded "piaotan_run_end_timestamp_seconds" Gauge Event [] "When the load test ended, in Unix time; absent while it runs.";
    RunVerdict "piaotan_run_verdict" Gauge Event ["verdict"] "1 for the verdict of the load test, 0 for the others; absent until it is judged.";
    Findings "piaotan_findings" Gauge Always ["kind", "severity"] "Findings of the run or watch so far, by kind.";
    Requests "piaotan_requests_total" Counter Run ["operation", "outcome"] "Requests and journeys by what came of them.";
    Sent "piaotan_requests_sent_total" Counter Run ["operation"] "Requests handed to a connection, counted apart from their outcomes.";
    Codes "piaotan_codes_total" Counter Run ["operation", "code"] "The platform's own codes, those that its profile declares; all others are `other`.";
    Response "piaotan_response_seconds" Latency Run ["operation"] "Response time from the instant a request was due: what users feel. Failures are counted, not timed.";
    Service "piaotan_service_seconds" Latency Run ["operation"] "Service time from the send. Failures are counted, not timed.";
    Bytes "piaotan_bytes_total" Counter Run ["direction"] "Bytes of requests sent and of answers received.";
    InFlight "piaotan_in_flight" Gauge Run [] "Requests under way.";
    Users "piaotan_users" Gauge Run [] "Journeys under way (virtual users in the closed model).";
    Connections "piaotan_connections" Gauge Run [] "Connections open to the platform.";
    RateAsked "piaotan_rate_asked_per_second" Gauge Run [] "Journeys per second that the plan asks for now.";
    RateSent "piaotan_rate_sent_per_second" Gauge Run [] "Journeys per second that were started in the last whole second.";
    Scheduled "piaotan_arrivals_scheduled_total" Counter Run [] "Journeys that the plan wanted so far.";
    Started "piaotan_arrivals_started_total" Counter Run [] "Journeys that were started.";
    Dropped "piaotan_arrivals_dropped_total" Counter Run ["reason"] "Journeys that were due and never started.";
    Suppressed "piaotan_arrivals_suppressed_total" Counter Run [] "Journeys held back because of a maintenance window.";
    Lateness "piaotan_generator_lateness_seconds" Lateness Run [] "How much later than planned journeys were started.";
    Cpu "piaotan_generator_cpu_ratio" Gauge Run [] "Share of one core that the busiest worker uses, 0 to 1.";
    Saturated "piaotan_generator_saturated" Gauge Run [] "1 when the generator cannot keep its own pace: the run says nothing about the platform then.";
    MaintenanceActive "piaotan_maintenance_active" Gauge Always ["source", "service", "status"] "1 while a maintenance window is open for the service, by where it came from and how far it is believed.";
    MaintenancePhase "piaotan_maintenance_phase" Gauge Always ["service", "phase"] "1 for the phase in which the service is, 0 for the others, as known now.";
    MaintenanceStart "piaotan_maintenance_start_timestamp_seconds" Gauge Event ["source", "service", "status"] "Start of the current or else the next window, in Unix time; absent where none is known.";
    MaintenanceEnd "piaotan_maintenance_end_timestamp_seconds" Gauge Event ["source", "service", "status"] "Announced end of the same window, in Unix time; absent for one without an end.";
    MaintenanceOverrun "piaotan_maintenance_overrun_seconds" Gauge Always ["service"] "How long the service has been in maintenance past its announced end; 0 when it is not.";
    SourceUp "piaotan_announcement_source_up" Gauge Watch ["source"] "1 when the announcement source was read at the last attempt.";
    SourceRead "piaotan_announcement_source_read_timestamp_seconds" Gauge Event ["source"] "When the announcement source was last read, in Unix time.";
    NoticeDoubts "piaotan_notices_doubtful_total" Counter Watch ["source"] "Notices that could not be read without doubt.";
    SyncSubmitted "piaotan_sync_submitted_total" Counter Always [] "Synthetic invoices that the platform accepted and that are looked for.";
    SyncVisible "piaotan_sync_visible_total" Counter Always ["surface"] "Synthetic invoices that became visible on the surface.";
    SyncDelay "piaotan_sync_delay_seconds" SyncDelay Always ["surface"] "From acceptance until first seen, however late it was; invoices never seen are not in it (see pending).";
    SyncPending "piaotan_sync_pending" Gauge Always ["surface"] "Synthetic invoices that are not yet visible.";
    SyncOldest "piaotan_sync_oldest_pending_age_seconds" Gauge Always ["surface"] "Age of the oldest invoice that is not yet visible; 0 when none is pending.";
    SyncLate "piaotan_sync_late_total" Counter Always ["surface"] "Invoices that were not visible within the platform's promise, seen since or not.";
    SyncLost "piaotan_sync_lost_total" Counter Always ["surface"] "Invoices given up as lost.";
    SyncMismatched "piaotan_sync_mismatched_total" Counter Always ["surface"] "Invoices that are visible but not as they were uploaded.";
    SyncRegressed "piaotan_sync_regressed_total" Counter Always ["surface"] "Invoices that were not there although they had been.";
    SyncUnknown "piaotan_sync_unknown_total" Counter Always ["surface"] "Looks that failed, which say nothing about the invoice.";
    SyncLastVisible "piaotan_sync_last_visible_timestamp_seconds" Gauge Event ["surface"] "When an invoice last became visible, in Unix time.";
    Vanished "piaotan_sync_vanished_total" Counter Always [] "Invoices seen before a maintenance and not after it.";
    Changed "piaotan_sync_changed_total" Counter Always [] "Invoices whose content differs after a maintenance.";
    ProbeSuccess "probe_success" Gauge Watch ["probe"] "1 when the last run of the probe succeeded, else 0.";
    ProbeDuration "probe_duration_seconds" Gauge Watch ["probe"] "How long the last run of the probe took.";
    ProbeRuns "piaotan_probe_runs_total" Counter Watch ["probe", "result"] "Runs of the probe by result.";
    ProbeLastRun "piaotan_probe_last_run_timestamp_seconds" Gauge Event ["probe"] "When the probe last ran, in Unix time: a dead prober is seen by it.";
    ProbeTook "piaotan_probe_seconds" Latency Watch ["probe"] "How long runs of the probe took that were made, whatever they found.";
    ProbeLateness "piaotan_probe_lateness_seconds" Lateness Watch [] "How much later than their slot runs of probes were started.";
    ProbeMissed "piaotan_probe_missed_slots_total" Counter Watch ["probe"] "Slots that nobody kept: the machine slept, or the run before was still under way.";
    ProbePhase "probe_http_duration_seconds" Gauge Event ["probe", "phase"] "Where the time of the last run went; 0 for a phase that did not happen.";
    CertExpiry "probe_ssl_earliest_cert_expiry" Gauge Event ["probe"] "When the first certificate of the chain expires, in Unix time.";
    Availability "piaotan_availability_events_total" Counter Always ["view", "result"] "Good and bad events: `raw` counts all, `adjusted` leaves out windows that exclude, as known then.";
    ConfigLoaded "piaotan_config_last_reload_successful" Gauge Watch [] "1 when the configuration file was valid at the last attempt; 0 while an older one is still in use.";
    ConfigLoadedAt "piaotan_config_last_reload_success_timestamp_seconds" Gauge Watch [] "When a valid configuration was last taken up, in Unix time.";
    State "piaotan_state" Gauge Watch ["state"] "1 for the state in which the watch sees the platform, 0 for the others, as on its status page.";
    AlertsFiring "piaotan_alerts_firing" Gauge Watch [] "Alerts of which people have been told and which are not over.";
    AlertsHeld "piaotan_alerts_held" Gauge Watch [] "Alerts that a window holds back, to be told on leaving if they are then still true.";
    Notifications "piaotan_notifications_total" Counter Watch ["channel", "result"] "Messages to people by the way they took, and whether they were taken.";
    WatchTroubles "piaotan_watch_troubles_total" Counter Watch [] "Times that the watch itself could not do something, the platform apart.";
    StoreWaiting "piaotan_store_waiting_writes" Gauge Watch [] "Results that wait in memory because the store could not be written; 0 when it can.";
    StoreDropped "piaotan_store_dropped_writes_total" Counter Watch [] "Results that were given up because more waited for the store than are kept in memory.";
    ClockSteps "piaotan_clock_steps_total" Counter Watch ["direction"] "Times that the wall clock was set, or the machine slept; slots skipped by it are counted as missed.";
    ProcessCpu "process_cpu_seconds_total" Counter Always [] "Processor time of this process, user and system.";
    ProcessMemory "process_resident_memory_bytes" Gauge Always [] "Resident memory of this process.";
    ProcessStart "process_start_time_seconds" Gauge Always [] "When this process started, in Unix time.";
    LedgerErrors "piaotan_ledger_errors_total" Counter Always [] "Times that the ledger of synthetic invoices could not be written or read.";
}

impl MetricId {
    /// The metric of the catalogue.
    #[must_use]
    pub const fn metric(self) -> &'static Metric {
        &ALL[self as usize]
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        self.metric().name
    }
}

impl Kind {
    /// The edges of a histogram's buckets.
    #[must_use]
    pub const fn edges(self) -> Option<&'static [f64]> {
        match self {
            Self::Latency => Some(super::LATENCY_EDGES),
            Self::SyncDelay => Some(super::SYNC_EDGES),
            Self::Lateness => Some(super::LATENESS_EDGES),
            Self::Counter | Self::Gauge => None,
        }
    }

    /// The type as the text format names it.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Latency | Self::SyncDelay | Self::Lateness => "histogram",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_its_ids() {
        for (at, metric) in ALL.iter().enumerate() {
            assert_eq!(metric.id as usize, at);
        }
    }

    #[test]
    fn names_follow_the_conventions() {
        for metric in ALL {
            let counter = metric.kind == Kind::Counter;
            assert_eq!(metric.name.ends_with("_total"), counter, "{}", metric.name);
            // Names that start with `probe_` are those of blackbox_exporter, so that its dashboards work.
            // Those that start with `process_` are what every Prometheus client says of its own process.
            let known = ["piaotan_", "probe_", "process_"].iter().any(|start| metric.name.starts_with(start));
            assert!(known && metric.help.ends_with('.'), "{}", metric.name);
            assert!(!metric.name.contains("_ms") && !metric.name.contains("milli"), "{}", metric.name);
            if metric.kind.edges().is_some() {
                assert!(metric.name.ends_with("_seconds"), "{}", metric.name);
            }
        }
    }
}
