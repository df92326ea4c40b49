//! The state timeline: stretches of equal length, each with the worst that was seen in it.

use super::Sight;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_probes::{Health, ProbeKind};
use piaotan_record::Calendar;
use piaotan_record::calendar::Phase;
use piaotan_reports::{Lang, words};
use piaotan_store::Error;
use piaotan_store::rollup::Span;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a stretch is drawn as, from harmless to grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    None,
    Ok,
    Maintenance,
    Degraded,
    Down,
    Overrun,
}

/// One row of the timeline.
#[derive(Debug, Clone, Serialize)]
pub struct Lane {
    pub name: String,
    pub cells: Vec<Mark>,
}

/// A timeline of some length.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub from: DateTime<Utc>,
    pub cell: TimeDelta,
    pub cells: usize,
}

impl Frame {
    /// The last 24 hours in stretches of a quarter of an hour.
    #[must_use]
    pub fn day(now: DateTime<Utc>) -> Self {
        Self { from: now - TimeDelta::hours(24), cell: TimeDelta::minutes(15), cells: 96 }
    }

    /// The last 30 days in stretches of eight hours.
    #[must_use]
    pub fn month(now: DateTime<Utc>) -> Self {
        Self { from: now - TimeDelta::days(30), cell: TimeDelta::hours(8), cells: 90 }
    }

    fn index(&self, at: DateTime<Utc>) -> Option<usize> {
        let since = (at - self.from).num_milliseconds();
        let at = usize::try_from(since / self.cell.num_milliseconds()).ok()?;
        (since >= 0 && at < self.cells).then_some(at)
    }
}

/// The lanes of a day, from the runs themselves.
///
/// # Errors
/// When the store cannot be read.
pub fn day(sight: &Sight, lang: Lang) -> Result<Vec<Lane>, Error> {
    let frame = Frame::day(sight.now);
    let mut lanes: BTreeMap<ProbeKind, Vec<Mark>> = BTreeMap::new();
    for (probe, at, health) in sight.shown.store.healths(frame.from, sight.now)? {
        let (Ok(kind), Some(cell)) = (probe.parse::<ProbeKind>(), frame.index(at)) else { continue };
        let mark = mark(&sight.calendar, kind, health, at, at);
        let cells = lanes.entry(kind).or_insert_with(|| vec![Mark::None; frame.cells]);
        cells[cell] = cells[cell].max(mark);
    }
    Ok(whole(lanes, frame.cells, lang))
}

/// The lanes of a month, from the hours that were folded.
///
/// # Errors
/// When the store cannot be read.
pub fn month(sight: &Sight, lang: Lang) -> Result<Vec<Lane>, Error> {
    let frame = Frame::month(sight.now);
    let mut lanes: BTreeMap<ProbeKind, Vec<Mark>> = BTreeMap::new();
    for hour in sight.shown.store.rollups(Span::Hour, frame.from, sight.now)? {
        let (Ok(kind), Some(cell)) = (hour.probe.parse::<ProbeKind>(), frame.index(hour.start)) else {
            continue;
        };
        let cells = lanes.entry(kind).or_insert_with(|| vec![Mark::None; frame.cells]);
        for (health, count) in &hour.healths {
            // One failure in an hour is chance, as it is for alerts.
            let health = if *health == Health::Unhealthy && *count < 2 { Health::Degraded } else { *health };
            let end = hour.start + TimeDelta::hours(1);
            cells[cell] = cells[cell].max(mark(&sight.calendar, kind, health, hour.start, end));
        }
    }
    Ok(whole(lanes, frame.cells, lang))
}

/// The platform as a whole first, then each probe.
fn whole(lanes: BTreeMap<ProbeKind, Vec<Mark>>, cells: usize, lang: Lang) -> Vec<Lane> {
    let mut all = vec![Mark::None; cells];
    for (_, lane) in lanes.iter().filter(|(kind, _)| kind.is_of_platform()) {
        all.iter_mut().zip(lane).for_each(|(all, one)| *all = (*all).max(*one));
    }
    let platform = Lane { name: "*".to_owned(), cells: all };
    let each = lanes.into_iter().map(|(kind, cells)| Lane { name: words::probe(lang, kind.as_str()), cells });
    std::iter::once(platform).chain(each).collect()
}

/// A window corrected afterwards corrects the past: the calendar is the one of now.
fn mark(
    calendar: &Calendar,
    kind: ProbeKind,
    health: Health,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Mark {
    let phase = calendar.phase_over(from, to, kind.service());
    match (health, phase) {
        (Health::Unhealthy, Phase::Overrun(_)) => Mark::Overrun,
        (Health::Unhealthy | Health::Skipped, phase) if phase.excludes_slo() => Mark::Maintenance,
        (Health::Unhealthy, _) => Mark::Down,
        (Health::Degraded, _) => Mark::Degraded,
        (Health::Healthy | Health::Pending, _) => Mark::Ok,
        (Health::Skipped, _) => Mark::None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use piaotan_record::Window;

    #[test]
    fn what_a_window_excuses_is_drawn_as_maintenance() {
        let at = |minute: i64| DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap();
        let calendar = Calendar::of(vec![Window::new("w", at(10), Some(at(20)))]);
        let check = |minute, health, expected| {
            assert_eq!(mark(&calendar, ProbeKind::Login, health, at(minute), at(minute)), expected);
        };
        check(5, Health::Unhealthy, Mark::Down);
        check(15, Health::Unhealthy, Mark::Maintenance);
        check(15, Health::Skipped, Mark::Maintenance);
        check(5, Health::Skipped, Mark::None);
        check(15, Health::Healthy, Mark::Ok);
    }

    #[test]
    fn stretches_have_an_index() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let frame = Frame::day(now);
        assert_eq!(frame.index(now - TimeDelta::seconds(1)), Some(95));
        assert_eq!(frame.index(frame.from), Some(0));
        assert_eq!(frame.index(frame.from - TimeDelta::seconds(1)), None);
    }
}
