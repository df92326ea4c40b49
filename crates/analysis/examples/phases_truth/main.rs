//! Findings against truth: 100 seeded days of each kind (36 hours, in fact), a minute between polls, noise in all of them.
//!
//! `cargo run --release -p piaotan-analysis --example phases_truth [DAYS]` prints the confusion table,
//! the worst edge, how soon an overrun was known, and whether any outage was excused.
#![allow(clippy::print_stdout, reason = "an example prints")]

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::phases::{Condition, ObservedPhases, PhaseOptions, episodes};
use piaotan_analysis::reconcile::{FindingKind, Observed, ReconcileOptions, reconcile};
use piaotan_record::calendar::{Calendar, CalendarOptions, Register};
use piaotan_record::window::{Service, Services, Window};

use day::{Day, Kind, POLL};

mod day;

/// What was found on one day.
struct Found {
    label: &'static str,
    begin: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    /// Seconds outside every window that the calendar would excuse, or that passed for maintenance.
    excused: f64,
}

fn main() {
    let days: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100);
    let (mut right, mut excused) = (0, 0);
    let mut worst = 0.0_f64;
    let mut known = Vec::new();
    println!("{:<22}{:>7}{:>7}  found instead", "truth", "days", "right");
    for kind in Kind::ALL {
        let mut wrong = std::collections::BTreeMap::new();
        for seed in 0..days {
            let day = Day::of(*kind, seed);
            let found = judge(&day);
            let off = edges_off(&day, &found);
            let fits = found.label == expected(*kind) && off.is_none_or(|off| off <= POLL as f64);
            if fits {
                right += 1;
            } else {
                *wrong
                    .entry(format!("{} (edge off by {:?} s, seed {seed})", found.label, off))
                    .or_insert(0) += 1;
            }
            worst = worst.max(off.unwrap_or(0.0));
            excused +=
                u32::from(matches!(kind, Kind::Outage | Kind::OutageBesideWindow) && found.excused > 0.0);
            if *kind == Kind::Overrun {
                known.extend(overrun_known_after(&day));
            }
        }
        let missed: u64 = wrong.values().sum();
        println!(
            "{:<22}{days:>7}{:>7}  {}",
            kind.as_str(),
            days - missed,
            wrong.into_keys().collect::<Vec<_>>().join("; ")
        );
    }
    let all = days * Kind::ALL.len() as u64;
    known.sort_unstable_by(f64::total_cmp);
    println!("right {right} of {all} = {:.4}", right as f64 / all as f64);
    println!("worst edge {worst:.0} s off, polls {POLL} s apart");
    println!("outages excused as maintenance: {excused}");
    println!(
        "overrun known after its start: median {:.0} s, worst {:.0} s",
        known.get(known.len() / 2).copied().unwrap_or(f64::NAN),
        known.last().copied().unwrap_or(f64::NAN)
    );
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Cancelled | Kind::Quiet => "nothing",
        Kind::CancelledButHeld => "cancelled_but_observed",
        Kind::Postponed => "announced_and_observed",
        Kind::Announced => "announced_and_observed",
        Kind::Unannounced => "observed_unannounced",
        Kind::FalseAlarm => "announced_not_observed",
        Kind::OutageBesideWindow => "announced_not_observed+outage",
        other => other.as_str(),
    }
}

fn judge(day: &Day) -> Found {
    let phases = ObservedPhases::over(day.facts.iter().copied(), PhaseOptions::default());
    let observed = Observed::from(&phases);
    let calendar = Calendar::of(day.windows.clone());
    let now = day.facts.last().map_or(DateTime::UNIX_EPOCH, |fact| fact.done);
    let reconciled = reconcile(&calendar, &observed, now, ReconcileOptions::default());
    let episodes = episodes(&observed.spans);
    let is = |condition| episodes.iter().any(|episode| episode.condition == condition);
    let mut kinds: Vec<FindingKind> = reconciled.findings.iter().map(|finding| finding.kind).collect();
    kinds.dedup();
    let partial = reconciled.findings.iter().any(|f| f.services.within(Services::WRITES));
    let label = match kinds.as_slice() {
        [] if is(Condition::OwnNetwork) && !is(Condition::Outage) => "own_network",
        [] if is(Condition::Outage) => "outage",
        [] => "nothing",
        [FindingKind::AnnouncedAndObserved] if partial => "partial",
        [FindingKind::AnnouncedNotObserved] if is(Condition::Outage) => "announced_not_observed+outage",
        [one] => one.as_str(),
        [FindingKind::AnnouncedAndObserved, FindingKind::Overrun] => "overrun",
        [FindingKind::AnnouncedAndObserved, FindingKind::EarlyEnd] => "early_end",
        _ => "several",
    };
    let episodes = episodes.iter().filter(|episode| episode.condition != Condition::Slow);
    let main = episodes.max_by_key(|episode| {
        (episode.services.iter().count(), episode.end.map(|end| end.at - episode.begin.at))
    });
    let maintenance = is(Condition::Maintenance);
    let register =
        Register { windows: day.windows.clone(), sightings: reconciled.sightings, ..Register::default() };
    let excused = excused(day, &Calendar::new(&register, CalendarOptions::default()), maintenance);
    Found { label, begin: main.map(|e| e.begin.at), end: main.and_then(|e| e.end).map(|end| end.at), excused }
}

/// Seconds of the true outage that the calendar excludes, or all of it where it passed for maintenance.
fn excused(day: &Day, calendar: &Calendar, seen_as_maintenance: bool) -> f64 {
    let Some((from, to)) = day.down else { return 0.0 };
    let maintenance = if seen_as_maintenance { (to - from).as_seconds_f64() } else { 0.0 };
    calendar.excluded_seconds(from, to, Service::Query) + maintenance
}

/// How far the worse of both edges is off, in seconds.
fn edges_off(day: &Day, found: &Found) -> Option<f64> {
    let (from, to) = day.down?;
    let off = |found: Option<DateTime<Utc>>, truth: DateTime<Utc>| {
        found.map_or(f64::INFINITY, |at| (at - truth).as_seconds_f64().abs())
    };
    Some(off(found.begin, from).max(off(found.end, to)))
}

/// Fed minute by minute: how long after the announced end the overrun was found.
fn overrun_known_after(day: &Day) -> Option<f64> {
    let announced: &Window = day.windows.first()?;
    let calendar = Calendar::of(day.windows.clone());
    let mut phases = ObservedPhases::default();
    let mut facts = day.facts.iter().peekable();
    let end = announced.end?;
    (1..30).map(|tens| end + TimeDelta::seconds(tens * 10)).find_map(|now| {
        while let Some(fact) = facts.next_if(|fact| fact.done <= now) {
            phases.push(fact);
        }
        let found = reconcile(&calendar, &Observed::from(&phases), now, ReconcileOptions::default()).findings;
        let overrun = found.iter().any(|finding| finding.kind == FindingKind::Overrun);
        overrun.then(|| (now - end).as_seconds_f64())
    })
}
