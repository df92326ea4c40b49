//! RFC 5545 recurrence rules, as far as maintenance needs them: FREQ from DAILY to YEARLY with
//! INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY, BYYEARDAY, BYDAY, BYHOUR, BYMINUTE, BYSECOND
//! and BYSETPOS.
//!
//! A start that the rule does not pick is no occurrence, and COUNT does not count it. EXDATE and
//! RDATE are `except` and `also` of the [`Spec`](super::Spec).

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use super::Refused;
use super::days::{Days, Frequency};
use crate::zone;

mod read;

/// A rule whose parts have been checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    start: NaiveDateTime,
    zone: Tz,
    frequency: Frequency,
    interval: i64,
    week_start: Weekday,
    days: Days,
    /// The times of each day, ascending.
    times: Vec<NaiveTime>,
    positions: Vec<i64>,
    until: Option<Until>,
}

/// The last start that counts, inclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Until {
    Wall(NaiveDateTime),
    Instant(DateTime<Utc>),
}

impl Rule {
    /// Reads a rule with or without its `RRULE:`.
    pub fn read(text: &str, start: NaiveDateTime, zone: Tz) -> Result<Rule, Refused> {
        let parts = read::Parts::read(text)?;
        let mut rule = Rule {
            start,
            zone,
            frequency: parts.frequency,
            interval: parts.interval,
            week_start: parts.week_start,
            times: parts.times(start.time()),
            days: parts.days.filled_from(start.date(), parts.frequency),
            positions: parts.positions,
            until: parts.until,
        };
        let century = start + TimeDelta::days(36_525);
        if rule.between(start, century).next().is_none() {
            return Err(Refused::new("rrule", format!("`{text}` never happens: write days that exist")));
        }
        if let Some(count) = parts.count {
            // Counted once here, so that no question has to start from the first occurrence again.
            let last = rule.between(start, super::LATEST.naive_utc()).take(count).last();
            rule.until = last.map(Until::Wall);
        }
        Ok(rule)
    }

    /// The starts in `[first, last]`, ascending.
    pub fn between(&self, first: NaiveDateTime, last: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        let first = first.max(self.start);
        let between = self.frequency.periods_between(self.start.date(), first.date());
        let k = between / self.interval * self.interval;
        let period = move |n: i64| {
            let k = self.interval.checked_mul(n)?.checked_add(k)?;
            self.frequency.period(self.start.date(), k, self.week_start)
        };
        let periods =
            (0..).map_while(period).take_while(move |days| days.start().and_time(NaiveTime::MIN) <= last);
        let starts = periods.flat_map(|days| self.starts_in(*days.start(), *days.end()));
        starts
            .filter(move |start| *start >= first)
            .take_while(move |start| *start <= last && self.in_time(*start))
    }

    /// The starts of the period `first..=last`, ascending, picked by position where the rule says so.
    fn starts_in(&self, first: NaiveDate, last: NaiveDate) -> Vec<NaiveDateTime> {
        let dates = first.iter_days().take_while(|date| *date <= last);
        let picked = dates.filter(|date| self.days.hold(*date, self.frequency));
        let all: Vec<NaiveDateTime> =
            picked.flat_map(|date| self.times.iter().map(move |time| date.and_time(*time))).collect();
        if self.positions.is_empty() {
            return all;
        }
        let count = all.len() as i64;
        let wanted =
            |at: i64| self.positions.iter().any(|position| *position == at + 1 || *position == at - count);
        (0..count).zip(all).filter(|(at, _)| wanted(*at)).map(|(_, start)| start).collect()
    }

    fn in_time(&self, start: NaiveDateTime) -> bool {
        match self.until {
            None => true,
            Some(Until::Wall(last)) => start <= last,
            Some(Until::Instant(last)) => zone::instant(self.zone, start) <= last,
        }
    }
}
