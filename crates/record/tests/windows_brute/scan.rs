//! The minute scan: what clocks show, walked and never solved.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// A window's length in minutes, or the clock that ends it.
#[derive(Debug, Clone, Copy)]
pub enum Length {
    Elapsed(i64),
    Wall(i64),
    Clock(u32, u32),
}

/// The minutes of `[from, to)` inside windows that start at every wall-clock minute `starts` holds for.
pub fn scan(
    zone: Tz,
    length: Length,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    starts: impl Fn(NaiveDateTime) -> bool,
) -> Vec<bool> {
    let margin = TimeDelta::days(4);
    let clocks = Clocks::walked(zone, from - margin, to + margin);
    let mut covered = vec![false; (to - from).num_minutes() as usize];
    for (wall, begin) in clocks.shown().filter(|(wall, _)| starts(*wall)) {
        if let Some(end) = end_of(&clocks, length, wall, begin) {
            cover(&mut covered, begin, end, from);
        }
    }
    covered
}

pub fn cover(covered: &mut [bool], start: DateTime<Utc>, end: DateTime<Utc>, from: DateTime<Utc>) {
    let index = |at: DateTime<Utc>| ((at - from).num_minutes().max(0) as usize).min(covered.len());
    let range = index(start)..index(end);
    covered[range].fill(true);
}

fn end_of(
    clocks: &Clocks,
    length: Length,
    wall: NaiveDateTime,
    begin: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let end_wall = match length {
        Length::Elapsed(minutes) => return Some(begin + TimeDelta::minutes(minutes)),
        Length::Wall(minutes) => wall + TimeDelta::minutes(minutes),
        Length::Clock(hour, minute) => {
            let clock = wall.date().and_hms_opt(hour, minute, 0).unwrap();
            if clock > wall { clock } else { clock + TimeDelta::days(1) }
        }
    };
    let end = clocks.at(end_wall)?;
    Some(if end > begin { end } else { begin + (end_wall - wall) })
}

/// For every minute that clocks show or leave out, the instant it stands for.
struct Clocks {
    first: NaiveDateTime,
    instants: Vec<Option<DateTime<Utc>>>,
}

impl Clocks {
    fn walked(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Clocks {
        let minute = TimeDelta::minutes(1);
        let first = from.with_timezone(&zone).naive_local() - TimeDelta::days(1);
        let minutes = (to - from + TimeDelta::days(3)).num_minutes() as usize;
        let mut clocks = Clocks { first, instants: vec![None; minutes] };
        let mut latest = (from - minute).with_timezone(&zone).naive_local();
        let mut instant = from;
        while instant < to {
            let wall = instant.with_timezone(&zone).naive_local();
            let gap = latest + minute;
            let mut skipped = gap;
            while skipped < wall {
                clocks.set(skipped, instant + (skipped - gap));
                skipped += minute;
            }
            if clocks.at(wall).is_none() {
                clocks.set(wall, instant);
            }
            latest = latest.max(wall);
            instant += minute;
        }
        clocks
    }

    fn shown(&self) -> impl Iterator<Item = (NaiveDateTime, DateTime<Utc>)> {
        let walls = (0i64..).map(|minute| self.first + TimeDelta::minutes(minute));
        walls.zip(&self.instants).filter_map(|(wall, instant)| Some((wall, (*instant)?)))
    }

    fn at(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        *self.instants.get(self.index(wall))?
    }

    fn set(&mut self, wall: NaiveDateTime, instant: DateTime<Utc>) {
        let index = self.index(wall);
        self.instants[index] = Some(instant);
    }

    fn index(&self, wall: NaiveDateTime) -> usize {
        usize::try_from((wall - self.first).num_minutes()).unwrap()
    }
}
