//! What was seen of each window, in the calendar's terms.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::{Change, Correction, Seen, Sighting};
use piaotan_record::window::Status;

use super::announced::Compared;
use super::{ReconcileOptions, Reconciliation};

/// Sightings of all windows and confirmations of proposed ones; findings are left empty.
pub(super) fn of(compared: &[Compared<'_>], now: DateTime<Utc>, options: ReconcileOptions) -> Reconciliation {
    let active = || compared.iter().filter(|one| !one.is_cancelled());
    let sightings = active().flat_map(|one| seen(one, now, options)).collect();
    let agreed = active().filter(|one| one.window.status == Status::Proposed);
    let corrections = agreed.filter_map(confirmation).collect();
    Reconciliation { findings: Vec::new(), sightings, corrections }
}

fn confirmation(one: &Compared<'_>) -> Option<Correction> {
    let first = one.met.first()?;
    let window = one.window.id.clone();
    Some(Correction { window, made: first.begin.by, by: "observed".into(), change: Change::Confirm })
}

/// Every stretch in which it was down: that it was back down, that it still was at the end, and that
/// it recovered.
fn seen(one: &Compared<'_>, now: DateTime<Utc>, options: ReconcileOptions) -> Vec<Sighting> {
    let mut sightings = Vec::new();
    let mut add = |at: DateTime<Utc>, seen: Seen| {
        sightings.push(Sighting { window: one.window.id.clone(), at, seen });
    };
    let end = one.window.held_until();
    for down in stretches(one, now) {
        if down.start > one.window.start {
            add(down.start, Seen::StillDown);
        }
        if one.overran(options) && down.last_seen >= end {
            for at in every(down.start.max(end), down.last_seen, one.window.max_hold / 2) {
                add(at, Seen::StillDown);
            }
        }
        if let Some(at) = down.end.filter(|at| *at > one.window.start) {
            add(at, Seen::Recovered);
        }
    }
    sightings
}

struct Stretch {
    start: DateTime<Utc>,
    /// `None` while it lasts.
    end: Option<DateTime<Utc>>,
    last_seen: DateTime<Utc>,
}

/// The time in which any service of the window was down, overlapping episodes joined.
fn stretches(one: &Compared<'_>, now: DateTime<Utc>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for episode in &one.met {
        let last_seen = episode.spans.iter().map(|span| span.last_seen).max().unwrap_or(episode.begin.at);
        let end = episode.end.map(|end| end.at);
        match stretches.last_mut() {
            Some(last) if last.end.is_none_or(|end| episode.begin.at <= end) => {
                last.end = last.end.zip(end).map(|(a, b)| a.max(b));
                last.last_seen = last.last_seen.max(last_seen);
            }
            _ => stretches.push(Stretch { start: episode.begin.at.min(now), end, last_seen }),
        }
    }
    stretches
}

/// `from`, `to`, and what lies between at most `step` apart.
fn every(from: DateTime<Utc>, to: DateTime<Utc>, step: TimeDelta) -> impl Iterator<Item = DateTime<Utc>> {
    let step = step.max(TimeDelta::seconds(1));
    let between = (0..10_000).map(move |n| from + step * n).take_while(move |at| *at < to);
    between.chain([to])
}
