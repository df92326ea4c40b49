//! Which days of a period a rule picks: the calendar half of RFC 5545, section 3.3.10.

use std::ops::RangeInclusive;

use chrono::{Datelike, Months, NaiveDate, TimeDelta, Weekday};

/// The period that a rule repeats by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// Which days count. Every list that is not empty must agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Days {
    pub months: Vec<i64>,
    pub year_days: Vec<i64>,
    pub month_days: Vec<i64>,
    /// With 0 for "every such weekday", else the nth or nth last of the month or year.
    pub weekdays: Vec<(i64, Weekday)>,
}

impl Frequency {
    /// The `k`-th period from the one that holds `start`; `None` past the end of the calendar.
    pub fn period(self, start: NaiveDate, k: i64, week_start: Weekday) -> Option<RangeInclusive<NaiveDate>> {
        let days = |first: NaiveDate, length: i64| {
            Some(first..=first.checked_add_signed(TimeDelta::try_days(length - 1)?)?)
        };
        match self {
            Frequency::Daily => days(start.checked_add_signed(TimeDelta::try_days(k)?)?, 1),
            Frequency::Weekly => {
                let into = i64::from(start.weekday().days_since(week_start));
                let offset = k.checked_mul(7)?.checked_sub(into)?;
                days(start.checked_add_signed(TimeDelta::try_days(offset)?)?, 7)
            }
            Frequency::Monthly => {
                let first = start.with_day(1)?.checked_add_months(Months::new(u32::try_from(k).ok()?))?;
                Some(first..=last_of_month(first)?)
            }
            Frequency::Yearly => {
                let year = start.year().checked_add(i32::try_from(k).ok()?)?;
                Some(NaiveDate::from_ymd_opt(year, 1, 1)?..=NaiveDate::from_ymd_opt(year, 12, 31)?)
            }
        }
    }

    /// How many whole periods lie between the one of `start` and the one of `date`, or a few fewer.
    pub fn periods_between(self, start: NaiveDate, date: NaiveDate) -> i64 {
        let years = i64::from(date.year()) - i64::from(start.year());
        let found = match self {
            Frequency::Daily => (date - start).num_days(),
            Frequency::Weekly => (date - start).num_days() / 7 - 1,
            Frequency::Monthly => years * 12 + i64::from(date.month()) - i64::from(start.month()),
            Frequency::Yearly => years,
        };
        found.max(0)
    }
}

impl Days {
    /// What RFC 5545 fills in from the start where a rule names no days.
    pub fn filled_from(mut self, start: NaiveDate, frequency: Frequency) -> Days {
        if !self.year_days.is_empty() || !self.month_days.is_empty() || !self.weekdays.is_empty() {
            return self;
        }
        match frequency {
            Frequency::Daily => {}
            Frequency::Weekly => self.weekdays.push((0, start.weekday())),
            Frequency::Monthly => self.month_days.push(i64::from(start.day())),
            Frequency::Yearly => {
                self.month_days.push(i64::from(start.day()));
                if self.months.is_empty() {
                    self.months.push(i64::from(start.month()));
                }
            }
        }
        self
    }

    /// Whether `date` counts. An nth weekday is the nth of its month, except in a yearly rule without
    /// months, where it is the nth of its year.
    pub fn hold(&self, date: NaiveDate, frequency: Frequency) -> bool {
        let by_year = frequency == Frequency::Yearly && self.months.is_empty();
        any(&self.months, |month| *month == i64::from(date.month()))
            && any(&self.year_days, |day| is_nth(*day, i64::from(date.ordinal()), year_length(date)))
            && any(&self.month_days, |day| is_nth(*day, i64::from(date.day()), month_length(date)))
            && any(&self.weekdays, |(nth, weekday)| {
                *weekday == date.weekday() && (*nth == 0 || is_nth_weekday(*nth, date, by_year))
            })
    }
}

fn any<T>(list: &[T], holds: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(holds)
}

/// Whether position `at` of `1..=length` is the `wanted`-th, counted from the end where negative.
fn is_nth(wanted: i64, at: i64, length: i64) -> bool {
    wanted == at || wanted == at - length - 1
}

fn is_nth_weekday(nth: i64, date: NaiveDate, by_year: bool) -> bool {
    let (at, length) = match by_year {
        true => (i64::from(date.ordinal()), year_length(date)),
        false => (i64::from(date.day()), month_length(date)),
    };
    let from_start = (at - 1) / 7 + 1;
    let from_end = (length - at) / 7 + 1;
    nth == from_start || nth == -from_end
}

fn year_length(date: NaiveDate) -> i64 {
    if date.leap_year() { 366 } else { 365 }
}

fn month_length(date: NaiveDate) -> i64 {
    i64::from(date.num_days_in_month())
}

fn last_of_month(date: NaiveDate) -> Option<NaiveDate> {
    date.with_day(u32::from(date.num_days_in_month()))
}
