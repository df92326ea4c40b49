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
    /// The slot that was kept last.
    last: Option<DateTime<Utc>>,
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
            Entry { kind: *kind, slots, next: slots.after(now), last: None }
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
            (entry.next, entry.last) = (entry.slots.after(now), Some(slot));
        }
        due.sort_by_key(|(_, slot, _)| *slot);
        due
    }

    /// Follows a wall clock that was set from one moment to another. Returns how many slots of each probe
    /// were skipped by it: they are counted and not made up for, since all at once would be a burst.
    ///
    /// After a step back the same times of day pass again, and are probed again: a watch that waited for
    /// them to be over would be blind meanwhile. But no slot lies within half an interval of the run before
    /// it, so that a step of seconds does not keep one slot twice.
    pub fn stepped(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(ProbeKind, u64)> {
        let least = TimeDelta::milliseconds(1);
        let mut skipped = Vec::new();
        for entry in &mut self.entries {
            let missed = entry.slots.between(entry.next - least, to);
            if missed > 0 {
                skipped.push((entry.kind, missed));
            }
            entry.last = entry.last.map(|last| last + (to - from));
            let earliest = entry.last.map_or(to, |last| last + entry.slots.interval / 2 - least);
            entry.next = entry.slots.after(to.max(earliest));
        }
        skipped
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
    /// Kept for an hour, then the clock is set by so many seconds; what is skipped by it, and how long
    /// after the last run the next one comes.
    fn check_step(step: i64, skipped: u64, wait: (i64, i64)) {
        let probe = [(ProbeKind::Page, minute())];
        for begun in [0, 17, 59, 1_234] {
            let mut schedule = Schedule::new(&probe, "bj", 1.0, at(begun));
            let first = schedule.next().unwrap();
            let (mut last, mut runs) = (first, 0);
            while last < first + TimeDelta::hours(1) {
                last = schedule.next().unwrap();
                runs += schedule.due(last).len();
            }
            assert_eq!(runs, 61);
            // Two seconds after the run somebody sets the clock.
            let from = last + TimeDelta::seconds(2);
            let to = from + TimeDelta::seconds(step);
            let told = schedule.stepped(from, to);
            assert_eq!(told.first().map_or(0, |(_, slots)| *slots), skipped, "step {step}");
            assert_eq!(schedule.due(to), [], "no burst, step {step}");
            let waited = (schedule.next().unwrap() - to).num_seconds() + 2;
            assert!((wait.0..=wait.1).contains(&waited), "step {step}: after {waited} s");
        }
    }

    #[test]
    fn a_clock_that_is_set_forward_skips_slots_and_counts_them() {
        check_step(3_600, 60, (60, 60));
        check_step(3_615, 60, (45, 45));
        check_step(70, 1, (50, 50));
        check_step(3, 0, (57, 57));
    }

    #[test]
    fn a_clock_that_is_set_back_repeats_no_run_and_holds_none_up() {
        check_step(-3_600, 0, (60, 60));
        check_step(-3_630, 0, (30, 90));
        check_step(-5, 0, (65, 65));
        check_step(-40, 0, (40, 40));
    }
}
