//! What `/metrics` and a gateway say of a run, while it lasts and after it was judged.

use super::Setup;
use crate::serve::{self, Served};
use anyhow::Result;
use chrono::{DateTime, Utc};
use piaotan_analysis::summary::Summary;
use piaotan_client::clock::Clock;
use piaotan_record::calendar::{Calendar, Phase};
use piaotan_record::{CodeBook, Operation, Service};
use piaotan_reports::metrics::{MaintenanceTotals, RunTotals, SeverityName, Totals, WindowState};
use piaotan_scenarios::engine::holds::Holds;
use piaotan_scenarios::engine::session::Running;
use piaotan_scenarios::engine::totals::Live;
use piaotan_scenarios::scenario::Plan;
use std::net::SocketAddr;
use std::sync::Arc;

/// What metrics say of the run besides its totals.
#[derive(Debug, Clone)]
pub struct Facts {
    pub scenario: String,
    target: String,
    profile: String,
    codes: CodeBook,
    operations: Vec<Operation>,
    plan: Arc<Plan>,
}

impl Facts {
    pub fn of(setup: &Setup) -> Self {
        Self {
            scenario: setup.plan.scenario.name.clone(),
            target: setup.url.clone(),
            profile: setup.profile.name().to_owned(),
            codes: setup.profile.codes().clone(),
            operations: setup.plan.scenario.operations(),
            plan: setup.plan.clone(),
        }
    }
}

/// A run as others see it.
#[derive(Debug, Clone)]
pub struct Exported {
    live: Live,
    holds: Arc<Holds>,
    clock: Clock,
    /// When the plan begins, in nanoseconds of the run's clock.
    begin: piaotan_record::Nanos,
    facts: Facts,
}

impl Exported {
    pub fn of(running: &Running, facts: Facts) -> Self {
        let (live, holds) = (running.live.clone(), running.holds.clone());
        Self { live, holds, clock: running.clock, begin: running.begin, facts }
    }

    /// Serves them until dropped.
    ///
    /// # Errors
    /// One line that names the flag, when the port is in use.
    pub fn listen(&self, listen: Option<SocketAddr>) -> Result<Served> {
        let totals = || {
            let this = self.clone();
            move || this.totals()
        };
        match listen {
            Some(address) => serve::metrics(address, totals()),
            // The usual port may be somebody's; then any will do, and the line on standard error says which.
            None => serve::metrics(SocketAddr::from(([127, 0, 0, 1], 9464)), totals())
                .or_else(|_| serve::metrics(SocketAddr::from(([127, 0, 0, 1], 0)), totals())),
        }
    }

    fn totals(&self) -> Totals {
        let now = self.clock.now();
        let mut totals = Totals::new(env!("CARGO_PKG_VERSION"), &self.facts.operations);
        let mut run = RunTotals {
            scenario: self.facts.scenario.clone(),
            target: self.facts.target.clone(),
            profile: self.facts.profile.clone(),
            active: true,
            started: seconds(self.clock.wall_at(self.begin)),
            ..RunTotals::default()
        };
        {
            let seen = self.live.lock();
            totals.add_cells(&seen.counted.cells, &self.facts.codes);
            totals.arrivals = seen.counted.arrivals;
            totals.generator.lateness.add_nanos(&seen.lateness);
            totals.generator.cpu = seen.cpu;
            totals.generator.saturated = seen.saturated_seconds > 2;
            (run.in_flight, run.users) = (seen.counted.in_flight(), seen.counted.users());
            run.connections = seen.connections() as u64;
            // Batches of the second before may still be on their way.
            run.rate_sent = seen.started_in(now.second().saturating_sub(2)) as f64;
        }
        let into = now.0.checked_sub(self.begin.0).map(|passed| passed as f64 / 1e9);
        run.rate_asked = self.facts.plan.curve.as_ref().zip(into).map_or(0.0, |(curve, t)| curve.rate_at(t));
        totals.run = Some(run);
        totals.maintenance = maintenance(&self.holds.calendar(), self.clock.wall_at(now));
        totals
    }

    /// What it came to. Without a summary nothing could be judged.
    pub fn at_the_end(&self, summary: Option<&Summary>) -> Totals {
        let mut totals = self.totals();
        if let Some(run) = &mut totals.run {
            (run.active, run.rate_asked, run.rate_sent) = (false, 0.0, 0.0);
            run.verdict = summary.map(|summary| summary.verdict);
            run.ended = summary.map(|summary| seconds(summary.ended.to_utc()));
        }
        for finding in summary.iter().flat_map(|summary| &summary.findings) {
            let severity = SeverityName::from(finding.severity);
            *totals.findings.entry((finding.kind, severity)).or_default() += 1;
        }
        totals
    }
}

fn maintenance(calendar: &Calendar, now: DateTime<Utc>) -> MaintenanceTotals {
    let mut all = MaintenanceTotals::default();
    for service in Service::ALL {
        let phase = calendar.phase_at(now, *service);
        all.phases.insert(*service, phase.name());
        if let Phase::Overrun(window) = phase
            && let Some(end) = window.end
        {
            all.overrun.insert(*service, (seconds(now) - seconds(end)).max(0.0));
        }
    }
    let state = |window: &piaotan_record::window::Window| WindowState {
        source: window.source,
        services: window.services.iter().collect(),
        status: window.status,
        active: window.meets(now, now),
        start: seconds(window.start),
        end: window.end.map(seconds),
    };
    all.windows = calendar.windows().iter().map(state).collect();
    all
}

fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1e3
}
