//! Work time: what review and synchronisation have had time for.
//!
//! It runs with the clock, stands still in windows that stop the pipelines, and afterwards runs `catch_up`
//! times as fast until the backlog is gone. Whatever is due is due in work time, so a later window,
//! even one that nobody knew of at upload, holds up what is already under way.

use crate::domain::moment::{NEVER, Nanos};

/// A stretch in which the pipelines stand still, and their speed after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pause {
    pub(crate) begin: Nanos,
    pub(crate) end: Nanos,
    pub(crate) catch_up: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Segment {
    from: Nanos,
    worked: Nanos,
    speed: f64,
    /// The speed at which a backlog of this stretch is to be worked off.
    catch_up: f64,
}

/// A piecewise linear clock; before its first segment it equals the wall clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkTime {
    segments: Vec<Segment>,
}

impl WorkTime {
    /// The work time at an instant.
    pub(crate) fn worked(&self, at: Nanos) -> Nanos {
        let next = self.segments.partition_point(|s| s.from <= at);
        match next.checked_sub(1) {
            None => at,
            Some(i) => self.segments[i].worked_at(at),
        }
    }

    /// The first instant at which so much has been worked; `None` if it never is, as things stand.
    pub(crate) fn instant(&self, worked: Nanos) -> Option<Nanos> {
        if worked == NEVER {
            return None;
        }
        let next = self.segments.partition_point(|s| s.worked < worked);
        let Some(i) = next.checked_sub(1) else {
            return Some(self.segments.first().map_or(worked, |s| s.from.min(worked)));
        };
        let s = self.segments[i];
        let reached = s.from.saturating_add(((worked - s.worked) as f64 / s.speed).ceil() as Nanos);
        match self.segments.get(next) {
            Some(later) if s.speed == 0.0 || reached > later.from => Some(later.from),
            None if s.speed == 0.0 => None,
            _ => Some(reached),
        }
    }

    /// The first instant from `at` on at which the backlog is gone: work time is the clock's again.
    pub(crate) fn even_after(&self, at: Nanos) -> Option<Nanos> {
        let later = self.segments.iter().filter(|s| s.from >= at);
        let mut even = later.filter(|s| s.speed == 1.0 && s.worked == s.from);
        even.next().map(|s| s.from)
    }

    /// The same past up to `now`, and these pauses after it (sorted by their begin).
    pub(crate) fn amended(&self, now: Nanos, pauses: &[Pause]) -> WorkTime {
        let mut segments: Vec<Segment> = self.segments.iter().copied().filter(|s| s.from < now).collect();
        let open = pauses.iter().rfind(|p| p.begin <= now);
        let last = segments.last().map_or(1.0, |s| s.catch_up);
        let catch_up = open.map_or(last, |p| p.catch_up);
        let mut walk = Walk { at: now, worked: self.worked(now), catch_up };
        for pause in pauses.iter().filter(|p| p.end > now) {
            walk.run_until(pause.begin, &mut segments);
            walk.catch_up = pause.catch_up;
            walk.stand_until(pause.end, &mut segments);
            if pause.end == NEVER {
                return WorkTime { segments };
            }
        }
        walk.run_until(NEVER, &mut segments);
        WorkTime { segments }
    }
}

impl Segment {
    fn worked_at(&self, at: Nanos) -> Nanos {
        let run = at.saturating_sub(self.from);
        if self.speed == 1.0 {
            return self.worked.saturating_add(run);
        }
        self.worked.saturating_add((run as f64 * self.speed) as Nanos)
    }
}

struct Walk {
    at: Nanos,
    worked: Nanos,
    catch_up: f64,
}

impl Walk {
    fn run_until(&mut self, end: Nanos, segments: &mut Vec<Segment>) {
        if end <= self.at {
            return;
        }
        let behind = self.at - self.worked;
        if behind > 0 && self.catch_up > 1.0 {
            let even = self.at.saturating_add((behind as f64 / (self.catch_up - 1.0)) as Nanos);
            self.push(self.catch_up, segments);
            if end <= even {
                self.worked += ((end - self.at) as f64 * self.catch_up) as Nanos;
                self.at = end;
                return;
            }
            (self.at, self.worked) = (even, even);
        }
        self.push(1.0, segments);
        self.worked = self.worked.saturating_add(end - self.at);
        self.at = end;
    }

    fn stand_until(&mut self, end: Nanos, segments: &mut Vec<Segment>) {
        if end > self.at {
            self.push(0.0, segments);
            self.at = end;
        }
    }

    fn push(&self, speed: f64, segments: &mut Vec<Segment>) {
        segments.push(Segment { from: self.at, worked: self.worked, speed, catch_up: self.catch_up });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn pause(begin: Nanos, end: Nanos, catch_up: f64) -> Pause {
        Pause { begin, end, catch_up }
    }

    fn check(work: &WorkTime, pairs: &[(Nanos, Nanos)]) {
        for (at, worked) in pairs {
            assert_eq!(work.worked(*at), *worked, "at {at}");
        }
    }

    #[test]
    fn stands_still_then_catches_up() {
        let work = WorkTime::default().amended(0, &[pause(1000, 3000, 5.0)]);
        check(&work, &[(500, 500), (1000, 1000), (2999, 1000), (3100, 1500), (3500, 3500), (9000, 9000)]);
        assert_eq!(work.instant(1000), Some(1000));
        assert_eq!(work.instant(1500), Some(3100));
        assert_eq!(work.instant(3500), Some(3500));
        assert_eq!(work.instant(7000), Some(7000));
    }

    #[test]
    fn without_catching_up_everything_is_shifted() {
        let work = WorkTime::default().amended(0, &[pause(1000, 3000, 1.0)]);
        check(&work, &[(3000, 1000), (9000, 7000)]);
        assert_eq!(work.instant(7000), Some(9000));
    }

    #[test]
    fn a_window_without_end_stops_all_until_amended() {
        let work = WorkTime::default().amended(0, &[pause(1000, NEVER, 2.0)]);
        assert_eq!(work.instant(1001), None);
        let work = work.amended(5000, &[pause(1000, 6000, 2.0)]);
        check(&work, &[(4000, 1000), (6000, 1000), (7000, 3000), (11000, 11000)]);
    }

    #[test]
    fn a_window_taken_back_is_caught_up_at_its_own_speed() {
        let work = WorkTime::default().amended(0, &[pause(1000, NEVER, 3.0)]);
        let work = work.amended(2000, &[]);
        check(&work, &[(2000, 1000), (2400, 2200), (2500, 2500), (9000, 9000)]);
    }

    #[test]
    fn amending_keeps_the_past() {
        let work = WorkTime::default().amended(0, &[pause(1000, 3000, 5.0)]);
        let later = work.amended(3100, &[pause(3200, 4200, 5.0)]);
        check(&later, &[(2000, 1000), (3100, 1500), (3200, 2000), (4200, 2000), (4300, 2500), (4750, 4750)]);
    }
}
