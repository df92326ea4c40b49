//! What a scrape is told of a watch.

use super::Sight;
use super::ledger::Rows;
use crate::watching::board::unix;
use crate::watching::process;
use piaotan_analysis::phases::Condition;
use piaotan_record::Surface;
use piaotan_record::calendar::Phase;
use piaotan_record::window::{Service, Source, Status, Window};
use piaotan_reports::metrics::{
    Classic, MaintenanceTotals, SYNC_EDGES, SurfaceTotals, SyncTotals, Totals, WatchTotals, WindowState,
};
use piaotan_store::SyncCounts;

/// Everything but what costs a walk over the ledger.
#[must_use]
pub fn totals(sight: &Sight, sync: SyncTotals) -> Totals {
    let posted = &sight.posted;
    Totals {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        maintenance: maintenance(sight),
        sync: SyncTotals { vanished: posted.vanished, changed: posted.changed, ..sync },
        probes: posted.probes.clone(),
        sources: posted.sources.clone(),
        findings: posted.findings.clone(),
        raw: posted.raw,
        adjusted: posted.adjusted,
        ledger_errors: posted.ledger_errors,
        watch: Some(WatchTotals { state: sight.standing.state, ..posted.watch.clone() }),
        process: process::process(),
        ..Totals::default()
    }
}

fn maintenance(sight: &Sight) -> MaintenanceTotals {
    let mut totals = MaintenanceTotals::default();
    for service in Service::EACH {
        let phase = sight.calendar.phase_at(sight.now, *service);
        totals.phases.insert(*service, phase.name());
        if let Phase::Overrun(window) = phase {
            let past = (sight.now - window.held_until()).as_seconds_f64();
            totals.overrun.insert(*service, past.max(f64::MIN_POSITIVE));
        }
    }
    let current = |window: &&Window| window.status != Status::Cancelled && window.held_until() > sight.now;
    totals.windows =
        sight.calendar.windows().iter().filter(current).map(|window| state(window, sight)).collect();
    totals.windows.extend(unannounced(sight));
    totals
}

/// Maintenance that is seen where no window is open: it counts, and it wakes people.
fn unannounced(sight: &Sight) -> impl Iterator<Item = WindowState> + '_ {
    let seen = sight.posted.conditions.iter().filter(|(service, (condition, _))| {
        *condition == Condition::Maintenance
            && !sight.calendar.phase_at(sight.now, **service).is_maintenance()
    });
    seen.map(|(service, (_, since))| WindowState {
        source: Source::Observed,
        services: vec![*service],
        status: Status::Confirmed,
        active: true,
        start: unix(*since),
        end: None,
    })
}

fn state(window: &Window, sight: &Sight) -> WindowState {
    let services: Vec<Service> = window.services.iter().collect();
    // Seen to be over before its announced end, a window is open no more.
    let governs = |service: &Service| {
        let phase = sight.calendar.phase_at(sight.now, *service);
        phase.is_maintenance() && phase.window().is_some_and(|open| open.id == window.id)
    };
    let within = window.start <= sight.now && services.iter().any(governs);
    WindowState {
        source: window.source,
        status: window.status,
        active: within,
        start: unix(window.start),
        end: window.end.map(unix),
        services,
    }
}

/// The invoices of the ledger, from its beginning: counters that a restart does not set back.
#[must_use]
pub fn sync(rows: &Rows) -> SyncTotals {
    let mut totals = SyncTotals::default();
    for surface in Surface::ALL {
        let of_it = rows.iter().filter(|((its, _), _)| its == surface).map(|(_, row)| row);
        let mut delay = Classic::new(SYNC_EDGES);
        let counts = of_it.fold(SyncCounts::default(), |sum, row| {
            delay.merge(&row.delay);
            sum.and(row.counts)
        });
        if *surface == Surface::Number {
            totals.submitted = counts.tracked;
        }
        let one = SurfaceTotals {
            visible: counts.seen,
            delay,
            pending: counts.pending,
            oldest_pending: counts.oldest_pending.as_seconds_f64(),
            late: counts.late,
            lost: counts.lost,
            mismatched: counts.mismatched,
            regressed: counts.regressed,
            unknown: counts.unknown,
            last_visible: counts.last_seen.map(unix),
        };
        totals.surfaces.insert(*surface, one);
    }
    totals
}
