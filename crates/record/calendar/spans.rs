//! One window and what was seen of it, turned into stretches of one phase each.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{CalendarOptions, PhaseName, Seen, Sighting};
use crate::window::{Status, Window};

/// A half-open stretch in which one window gives one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub name: PhaseName,
    /// Index of the window.
    pub window: usize,
}

/// The spans of all windows; cancelled and empty windows have none.
pub(super) fn of_all(windows: &[Window], sightings: &[Sighting], options: CalendarOptions) -> Vec<Span> {
    let mut seen: HashMap<&str, Vec<&Sighting>> = HashMap::new();
    for sighting in sightings {
        seen.entry(&sighting.window).or_default().push(sighting);
    }
    let mut spans = Vec::new();
    for (index, window) in windows.iter().enumerate() {
        let mut of_this = seen.get(window.id.as_str()).cloned().unwrap_or_default();
        of_this.sort_by_key(|sighting| sighting.at);
        Spans { window, index, options, out: &mut spans }.walk(&of_this);
    }
    spans
}

struct Spans<'a> {
    window: &'a Window,
    index: usize,
    options: CalendarOptions,
    out: &'a mut Vec<Span>,
}

impl Spans<'_> {
    fn walk(&mut self, sightings: &[&Sighting]) {
        let window = self.window;
        if window.status == Status::Cancelled || window.held_until() <= window.start {
            return;
        }
        self.push(back(window.start, self.options.approach), window.start, PhaseName::Approaching);
        let mut begin = Some(window.start);
        let mut rest = sightings;
        while let Some(start) = begin {
            let (end, after) = self.stretch(start, rest);
            self.down(start, end);
            let (recovered, reopened) = self.recovery(end, after);
            self.push(end, recovered, PhaseName::Recovering);
            rest = after;
            begin = reopened;
        }
    }

    /// Where maintenance that began at `start` ends, and the sightings from there on.
    ///
    /// It ends when it is seen to have ended; unseen, at the announced end; and past that only when
    /// it was seen to go on. An overrun that nobody has seen for `max_hold` is taken to be over.
    fn stretch<'s>(
        &self,
        start: DateTime<Utc>,
        sightings: &'s [&'s Sighting],
    ) -> (DateTime<Utc>, &'s [&'s Sighting]) {
        let mut end = self.unseen_end();
        if start >= self.window.held_until() {
            end = end.max(on(start, self.window.max_hold));
        }
        let first = sightings.partition_point(|sighting| sighting.at <= start);
        for (position, sighting) in sightings.iter().enumerate().skip(first) {
            let at = sighting.at;
            match sighting.seen {
                Seen::StillDown if at >= on(end, self.window.max_hold) => break,
                Seen::StillDown if at >= self.window.held_until() => {
                    end = end.max(on(at, self.window.max_hold))
                }
                Seen::StillDown => {}
                Seen::Recovered | Seen::Passed => return (at.min(end), &sightings[position..]),
            }
        }
        let past = sightings.partition_point(|sighting| sighting.at < end);
        (end, &sightings[past..])
    }

    /// When maintenance ends that nobody looked at. What was only proposed does not overrun unseen.
    fn unseen_end(&self) -> DateTime<Utc> {
        match (self.window.end, self.window.status) {
            (None, Status::Confirmed) => DateTime::<Utc>::MAX_UTC,
            _ => self.window.held_until(),
        }
    }

    /// Maintenance in force up to the announced end (or `max_hold`), an overrun from there.
    fn down(&mut self, start: DateTime<Utc>, end: DateTime<Utc>) {
        let held = self.window.held_until();
        self.push(start, end.min(held), PhaseName::During);
        self.push(start.max(held), end, PhaseName::Overrun);
    }

    /// The end of the recovery that began at `end`, and when maintenance was seen to be back.
    fn recovery(&self, end: DateTime<Utc>, after: &[&Sighting]) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
        let mut recovered = on(end, self.options.recover);
        for sighting in after.iter().filter(|sighting| sighting.at >= end) {
            let relapsed = sighting.at < recovered || sighting.at < self.window.held_until();
            match sighting.seen {
                Seen::Passed => recovered = recovered.min(sighting.at),
                Seen::StillDown if relapsed => return (recovered.min(sighting.at), Some(sighting.at)),
                Seen::StillDown | Seen::Recovered => {}
            }
        }
        (recovered, None)
    }

    fn push(&mut self, start: DateTime<Utc>, end: DateTime<Utc>, name: PhaseName) {
        if start < end {
            self.out.push(Span { start, end, name, window: self.index });
        }
    }
}

fn on(instant: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    instant.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn back(instant: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    instant.checked_sub_signed(by).unwrap_or(DateTime::<Utc>::MIN_UTC)
}
