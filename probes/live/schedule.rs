//! When which probe is due: slots of the wall clock, the same after a restart. Pure.
//!
//! Each probe has an offset of its own within its interval, drawn from its name and the watcher's place,
//! so that probes spread over the interval and several watchers do not ask at the same moment.

use crate::ProbeKind;
use chrono::{DateTime, TimeDelta, Utc};

/// The slots of one probe: every whole interval since 1970, moved by the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    interval: TimeDelta,
    offset: TimeDelta,
}

/// The plan of all probes.
#[derive(Debug, Clone)]
pub struct Schedule {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    kind: ProbeKind,
    slots: Slots,
    next: DateTime<Utc>,
}

impl Slots {
    /// `spread` is the share of the interval within which the offset lies.
    #[must_use]
    pub fn new(kind: ProbeKind, location: &str, interval: TimeDelta, spread: f64) -> Self {
        let interval = interval.max(TimeDelta::milliseconds(1));
        let share = hash(kind.as_str(), location) as f64 / 2_f64.powi(64) * spread;
        let offset = TimeDelta::milliseconds((interval.num_milliseconds() as f64 * share) as i64);
        Self { interval, offset }
    }

    /// The first slot after an instant.
    #[must_use]
    pub fn after(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let length = self.interval.num_milliseconds();
        let since = at.timestamp_millis() - self.offset.num_milliseconds();
        let next = (since.div_euclid(length) + 1) * length + self.offset.num_milliseconds();
        DateTime::from_timestamp_millis(next).unwrap_or(at + self.interval)
    }

    /// How many slots lie in `(from, to]`.
    #[must_use]
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
        let index = |at: DateTime<Utc>| {
            (at.timestamp_millis() - self.offset.num_milliseconds())
                .div_euclid(self.interval.num_milliseconds())
        };
        u64::try_from(index(to) - index(from)).unwrap_or(0)
    }
}

impl Schedule {
    /// A plan that begins after `now`.
    #[must_use]
    pub fn new(probes: &[(ProbeKind, TimeDelta)], location: &str, spread: f64, now: DateTime<Utc>) -> Self {
        let entries = probes.iter().map(|(kind, interval)| {
            let slots = Slots::new(*kind, location, *interval, spread);
            Entry { kind: *kind, slots, next: slots.after(now) }
        });
        Self { entries: entries.collect() }
    }

    /// When the next probe is due; `None` when nothing is planned.
    #[must_use]
    pub fn next(&self) -> Option<DateTime<Utc>> {
        self.entries.iter().map(|entry| entry.next).min()
    }

    /// The probes that are due by `now`, each with its latest slot and the number of slots before it that
    /// nobody kept: after a long sleep a probe runs once, not once for every slot slept through.
    pub fn due(&mut self, now: DateTime<Utc>) -> Vec<(ProbeKind, DateTime<Utc>, u64)> {
        let mut due = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| entry.next <= now) {
            let missed = entry.slots.between(entry.next, now);
            let slot = entry.next + entry.slots.interval * i32::try_from(missed).unwrap_or(i32::MAX);
            due.push((entry.kind, slot, missed));
            entry.next = entry.slots.after(now);
        }
        due.sort_by_key(|(_, slot, _)| *slot);
        due
    }
}

/// FNV-1a: small, and the same on every machine and release.
fn hash(name: &str, location: &str) -> u64 {
    let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let sum = name.bytes().chain([0]).chain(location.bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    // Short names differ in the low bits only; the finaliser of MurmurHash3 spreads them.
    let sum = (sum ^ (sum >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    sum ^ (sum >> 33)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Schedule, Slots};
    use crate::ProbeKind;
    use chrono::{DateTime, TimeDelta, Utc};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    fn minute() -> TimeDelta {
        TimeDelta::seconds(60)
    }

    #[test]
    fn a_restart_keeps_the_slots() {
        let slots = Slots::new(ProbeKind::Login, "bj", minute(), 1.0);
        let first = slots.after(at(0));
        assert!((0..59).all(|second| slots.after(first + TimeDelta::seconds(second)) == first + minute()));
        assert_eq!(
            Slots::new(ProbeKind::Login, "bj", minute(), 1.0).after(at(7200)) - first,
            TimeDelta::seconds(7200)
        );
        assert_eq!(Slots::new(ProbeKind::Login, "bj", minute(), 0.0).after(at(20)).timestamp() % 60, 0);
    }

    #[test]
    fn probes_and_places_spread_over_the_interval() {
        let offset = |kind, place| Slots::new(kind, place, minute(), 1.0).after(at(0));
        let mut seconds: Vec<i64> =
            ProbeKind::ALL.iter().map(|kind| (offset(*kind, "bj") - at(0)).num_seconds()).collect();
        seconds.sort_unstable();
        seconds.dedup();
        assert!(seconds.len() >= 13, "{seconds:?}");
        assert_ne!(offset(ProbeKind::Login, "bj"), offset(ProbeKind::Login, "sh"));
    }

    #[test]
    fn slots_slept_through_are_counted_and_not_made_up_for() {
        let mut schedule = Schedule::new(&[(ProbeKind::Page, minute())], "bj", 1.0, at(0));
        let first = schedule.next().unwrap();
        assert_eq!(schedule.due(first), [(ProbeKind::Page, first, 0)]);
        assert_eq!(schedule.due(first), []);
        let late = first + TimeDelta::seconds(310);
        assert_eq!(schedule.due(late), [(ProbeKind::Page, first + minute() * 5, 4)]);
        assert_eq!(schedule.next(), Some(first + minute() * 6));
    }
}
