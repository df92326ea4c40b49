//! Counting, in one pass over the runs in order of their slots.

use super::{Availability, Code, Counts, Day, Health, Probe, Run, Terms, Week, told};
use crate::phases::{Fact, ObservedPhases, PhaseOptions, Signal, Subject};
use crate::reconcile::{Observed, ReconcileOptions, reconcile};
use crate::summary::{Bin, OpBin, Quantiles, Series};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hdrhistogram::Histogram;
use piaotan_record::tally::{LOWEST, latency_histogram};
use piaotan_record::{Operation, OutcomeKind, Says, Service};
use std::collections::BTreeMap;

/// Bins of the charts at most.
const BINS: i64 = 672;

/// Runs that come one by one, the stretch before first.
#[derive(Debug)]
pub struct Fold<'a> {
    terms: Terms<'a>,
    own_network_down: bool,
    reaches: Option<DateTime<Utc>>,
    phases: ObservedPhases,
    availability: Availability,
    before: Availability,
    days: BTreeMap<NaiveDate, Availability>,
    probes: BTreeMap<String, Counting>,
    codes: BTreeMap<String, Code>,
    bins: BTreeMap<i64, BTreeMap<Operation, Binned>>,
}

/// One probe, being counted.
#[derive(Debug, Default)]
struct Counting {
    probe: Probe,
    now: Option<Histogram<u64>>,
    before: Option<Histogram<u64>>,
}

#[derive(Debug)]
struct Binned {
    counted: OpBin,
    took: Histogram<u64>,
    /// Failures that a window excuses.
    inside: bool,
}

impl<'a> Fold<'a> {
    #[must_use]
    pub fn new(terms: Terms<'a>) -> Self {
        Self {
            terms,
            own_network_down: false,
            reaches: None,
            phases: ObservedPhases::new(PhaseOptions::default()),
            availability: Availability::default(),
            before: Availability::default(),
            days: BTreeMap::new(),
            probes: BTreeMap::new(),
            codes: BTreeMap::new(),
            bins: BTreeMap::new(),
        }
    }

    /// From when on runs are wanted: the stretch before is as long as the stretch.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.terms.from - (self.terms.to - self.terms.from)
    }

    /// Takes one run; they must come in order of time.
    pub fn take(&mut self, run: &Run) {
        self.reaches = self.reaches.or(Some(run.started));
        if !run.of_platform {
            self.own_network(run);
            return;
        }
        let done = run.started + TimeDelta::milliseconds((run.took * 1e3).clamp(0.0, 1e12) as i64);
        let phase = self.terms.calendar.phase_over(run.started, done, run.service);
        let (inside, excludes) = (phase.is_maintenance(), phase.excludes_slo());
        let now = run.started >= self.terms.from;
        self.count(run, now, excludes);
        if run.complains() {
            let code = self.codes.entry(run.code.clone()).or_default();
            *(if now { &mut code.count } else { &mut code.before }) += 1;
            code.inside += u64::from(now && inside);
        }
        if now {
            self.hear(run, done);
            self.bin(run, inside);
        }
        self.judge(run, now, excludes);
    }

    fn own_network(&mut self, run: &Run) {
        if run.health == Health::Skipped {
            return;
        }
        self.own_network_down = run.health == Health::Bad;
        if run.started >= self.terms.from {
            let signal = if self.own_network_down { Signal::Unreachable } else { Signal::Good };
            let (due, done) = (run.started, run.started);
            self.phases.push(&Fact { due, done, subject: Subject::OwnNetwork, signal });
        }
    }

    fn count(&mut self, run: &Run, now: bool, excused: bool) {
        let counting = self.probes.entry(run.probe.clone()).or_default();
        let (counts, took) = if now {
            (&mut counting.probe.now, &mut counting.now)
        } else {
            (&mut counting.probe.before, &mut counting.before)
        };
        if run.health == Health::Skipped {
            counts.skipped += 1;
            return;
        }
        counts.runs += 1;
        counts.degraded += u64::from(run.health == Health::Degraded);
        if run.health == Health::Bad {
            counts.failed += 1;
            counts.excused += u64::from(excused);
        } else if run.timed {
            took.get_or_insert_with(latency_histogram).saturating_record(nanos(run.took));
        }
    }

    /// What the run says of the platform's state.
    fn hear(&mut self, run: &Run, done: DateTime<Utc>) {
        let Some(operation) = run.operation.filter(|_| run.health != Health::Skipped) else { return };
        let signal = match (run.health, run.outcome) {
            (Health::Bad, Some(kind)) => Signal::from(kind),
            (Health::Bad, None) => Signal::Nothing,
            _ => Signal::Good,
        };
        self.phases.push(&Fact { due: run.started, done, subject: Subject::Platform(operation), signal });
    }

    fn bin(&mut self, run: &Run, inside: bool) {
        let Some(operation) = run.operation.filter(|_| run.health != Health::Skipped) else { return };
        let at = (run.started - self.terms.from).num_seconds() / self.width();
        let bin = self.bins.entry(at).or_default().entry(operation).or_insert_with(|| Binned {
            counted: OpBin::default(),
            took: latency_histogram(),
            inside: false,
        });
        bin.counted.count += 1;
        bin.inside |= inside;
        let kind = if run.health == Health::Bad { run.outcome } else { Some(OutcomeKind::Ok) };
        bin.counted.outcomes[kind.unwrap_or(OutcomeKind::Unreadable).index()] += 1;
        if run.complains() {
            *bin.counted.codes.entry(run.code.clone()).or_default() += 1;
        }
        if run.timed && run.health != Health::Bad {
            bin.took.saturating_record(nanos(run.took));
        }
    }

    /// Good and bad events. What says nothing of the platform is neither.
    fn judge(&mut self, run: &Run, now: bool, excluded: bool) {
        let says = run.outcome.map_or(Says::Platform, OutcomeKind::says);
        let unknown = says == Says::Nothing || (says == Says::Path && self.own_network_down);
        if run.health == Health::Skipped || unknown {
            return;
        }
        let bad = run.health == Health::Bad;
        let day = run.started.with_timezone(&self.terms.zone).date_naive();
        let whole = if now { &mut self.availability } else { &mut self.before };
        let day = now.then(|| self.days.entry(day).or_default());
        for availability in [Some(whole), day].into_iter().flatten() {
            availability.raw.add(bad);
            if !excluded {
                availability.adjusted.add(bad);
            }
        }
    }

    /// Seconds in a bin: a quarter of an hour for a week.
    fn width(&self) -> i64 {
        ((self.terms.to - self.terms.from).num_seconds() / BINS).max(1)
    }

    /// Everything that the runs and the calendar say. Invoices are the caller's to add.
    #[must_use]
    pub fn finish(self) -> Week {
        let observed = Observed::from(&self.phases);
        let Terms { from, to, zone, calendar, .. } = self.terms;
        let reconciled = reconcile(calendar, &observed, to, ReconcileOptions::default());
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).fixed_offset();
        let windows = told::windows(&self.terms, &reconciled.findings);
        let mut series = self.series();
        series.states = told::lanes(&self.terms, &observed, &windows);
        Week {
            schema: 1,
            kind: "week",
            target: String::new(),
            from: local(from),
            to: local(to),
            zone: zone.to_string(),
            reaches: self.reaches.map(local),
            availability: self.availability,
            before: self.before,
            days: self.each_day(),
            findings: told::findings(&self.terms, &observed, &windows, &reconciled.findings),
            windows,
            probes: self.probes.into_iter().map(|(name, counting)| (name, counting.done())).collect(),
            codes: self.codes,
            sync: BTreeMap::new(),
            late: Vec::new(),
            series,
        }
    }

    /// Every day of the stretch, those too on which nothing was asked.
    fn each_day(&self) -> Vec<Day> {
        let day = |at: DateTime<Utc>| at.with_timezone(&self.terms.zone).date_naive();
        let last = day((self.terms.to - TimeDelta::nanoseconds(1)).max(self.terms.from));
        let days = day(self.terms.from).iter_days().take_while(|day| *day <= last);
        days.map(|day| self.day(day, self.days.get(&day).copied().unwrap_or_default())).collect()
    }

    fn day(&self, day: NaiveDate, availability: Availability) -> Day {
        let midnight = |day: NaiveDate| {
            let naive = day.and_hms_opt(0, 0, 0).expect("midnight is a time");
            // Where clocks were put forward over midnight, the day begins with the first hour there is.
            let begin = naive.and_local_timezone(self.terms.zone).earliest();
            begin.map_or_else(|| naive.and_utc(), |at| at.to_utc())
        };
        let next = day.succ_opt().unwrap_or(day);
        let (from, to) = (midnight(day).max(self.terms.from), midnight(next).min(self.terms.to));
        let excluded = Service::EACH.iter().map(|service| {
            if to > from { self.terms.calendar.excluded_seconds(from, to, *service) } else { 0.0 }
        });
        Day { day, availability, excluded: excluded.fold(0.0, f64::max) }
    }

    fn series(&self) -> Series {
        let width = self.width();
        let bin = |(at, operations): (&i64, &BTreeMap<Operation, Binned>)| Bin {
            t: (at * width) as f64,
            sent: operations.values().map(|binned| binned.counted.count).sum(),
            inside: operations.values().any(|binned| binned.inside).then(|| "window".to_owned()),
            operations: operations.iter().map(|(op, binned)| (*op, binned.done())).collect(),
            ..Bin::default()
        };
        let started = self.terms.from.with_timezone(&self.terms.zone).fixed_offset();
        let bins = self.bins.iter().map(bin).collect();
        Series { bin_seconds: width as f64, bins, ..Series::empty(started) }
    }
}

impl Counting {
    fn done(self) -> Probe {
        let at = |took: &Option<Histogram<u64>>, q| {
            took.as_ref().map(|took| took.value_at_quantile(q) as f64 / 1e9)
        };
        let with = |counts: Counts, took: &Option<Histogram<u64>>| Counts {
            p50: at(took, 0.5),
            p95: at(took, 0.95),
            ..counts
        };
        Probe { now: with(self.probe.now, &self.now), before: with(self.probe.before, &self.before) }
    }
}

impl Binned {
    fn done(&self) -> OpBin {
        let at = |q| self.took.value_at_quantile(q) as f64 / 1e9;
        let quantiles =
            || Quantiles { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: at(1.0) };
        OpBin { response: (!self.took.is_empty()).then(quantiles), ..self.counted.clone() }
    }
}

fn nanos(seconds: f64) -> u64 {
    ((seconds * 1e9).clamp(0.0, 1e18) as u64).max(LOWEST)
}
