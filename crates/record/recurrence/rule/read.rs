//! The text of a rule: every part checked, every refusal in one line that says what to write.

use std::ops::RangeInclusive;

use chrono::{NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};

use super::Until;
use crate::recurrence::cron::MOST_A_DAY;
use crate::recurrence::days::{Days, Frequency};
use crate::recurrence::{Refused, written};

/// The parts of a rule before its start fills in what they leave out.
pub(super) struct Parts {
    pub frequency: Frequency,
    pub interval: i64,
    pub count: Option<usize>,
    pub until: Option<Until>,
    pub week_start: Weekday,
    pub days: Days,
    pub positions: Vec<i64>,
    hours: Vec<i64>,
    minutes: Vec<i64>,
    seconds: Vec<i64>,
}

/// More occurrences than this are no longer counted: an end date says it better.
const MOST_COUNTED: i64 = 10_000;

impl Parts {
    pub fn read(text: &str) -> Result<Parts, Refused> {
        let upper = text.trim().to_ascii_uppercase();
        let body = upper.strip_prefix("RRULE:").unwrap_or(&upper);
        let mut parts = Parts::new(frequency(body)?);
        for part in body.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| {
                refused(format!("cannot read `{part}`: write parts such as `FREQ=WEEKLY;BYDAY=SU`"))
            })?;
            parts.take(key.trim(), value.trim())?;
        }
        parts.check()?;
        Ok(parts)
    }

    /// The times of day, ascending; what the rule leaves out is as at the start.
    pub fn times(&self, start: NaiveTime) -> Vec<NaiveTime> {
        let or =
            |list: &[i64], start: u32| if list.is_empty() { vec![i64::from(start)] } else { list.to_vec() };
        let mut times = Vec::new();
        for hour in or(&self.hours, start.hour()) {
            for minute in or(&self.minutes, start.minute()) {
                for second in or(&self.seconds, start.second()) {
                    times.push(NaiveTime::MIN + TimeDelta::seconds(hour * 3600 + minute * 60 + second));
                }
            }
        }
        times.sort_unstable();
        times.dedup();
        times
    }

    fn new(frequency: Frequency) -> Parts {
        Parts {
            frequency,
            interval: 1,
            count: None,
            until: None,
            week_start: Weekday::Mon,
            days: Days::default(),
            positions: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
        }
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), Refused> {
        match key {
            "FREQ" => {}
            "INTERVAL" => self.interval = number(key, value, 1..=10_000)?,
            "COUNT" => self.count = usize::try_from(number(key, value, 1..=MOST_COUNTED)?).ok(),
            "UNTIL" => self.until = Some(until(value)?),
            "WKST" => self.week_start = weekday(value)?,
            "BYMONTH" => self.days.months = numbers(key, value, 1..=12, false)?,
            "BYMONTHDAY" => self.days.month_days = numbers(key, value, 1..=31, true)?,
            "BYYEARDAY" => self.days.year_days = numbers(key, value, 1..=366, true)?,
            "BYDAY" => self.days.weekdays = value.split(',').map(nth_weekday).collect::<Result<_, _>>()?,
            "BYHOUR" => self.hours = numbers(key, value, 0..=23, false)?,
            "BYMINUTE" => self.minutes = numbers(key, value, 0..=59, false)?,
            "BYSECOND" => self.seconds = numbers(key, value, 0..=59, false)?,
            "BYSETPOS" => self.positions = numbers(key, value, 1..=366, true)?,
            "BYWEEKNO" => return Err(refused("BYWEEKNO is not read: write BYMONTH and BYDAY instead")),
            _ => return Err(refused(format!("unknown part `{key}`: {KNOWN}"))),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Refused> {
        let ordinal = self.days.weekdays.iter().any(|(nth, _)| *nth != 0);
        if ordinal && matches!(self.frequency, Frequency::Daily | Frequency::Weekly) {
            return Err(refused("an nth weekday needs FREQ=MONTHLY or FREQ=YEARLY"));
        }
        if self.count.is_some() && self.until.is_some() {
            return Err(refused("write COUNT or UNTIL, not both"));
        }
        let most = |list: &[i64]| list.len().max(1);
        if most(&self.hours) * most(&self.minutes) * most(&self.seconds) > MOST_A_DAY {
            return Err(refused("starts too often: write at most one start in 15 minutes"));
        }
        Ok(())
    }
}

const KNOWN: &str = "write FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY, BYYEARDAY, BYDAY, BYHOUR, \
                     BYMINUTE, BYSECOND or BYSETPOS";

fn refused(advice: impl Into<String>) -> Refused {
    Refused::new("rrule", advice)
}

fn frequency(body: &str) -> Result<Frequency, Refused> {
    let written = body.split(';').find_map(|part| part.trim().strip_prefix("FREQ="));
    match written.map(str::trim) {
        Some("DAILY") => Ok(Frequency::Daily),
        Some("WEEKLY") => Ok(Frequency::Weekly),
        Some("MONTHLY") => Ok(Frequency::Monthly),
        Some("YEARLY") => Ok(Frequency::Yearly),
        Some("HOURLY") => Err(refused("FREQ=HOURLY is not read: write FREQ=DAILY;BYHOUR=0,6,12,18 instead")),
        Some(often @ ("MINUTELY" | "SECONDLY")) => Err(refused(format!(
            "FREQ={often} leaves no time outside: write FREQ=DAILY with a longer duration"
        ))),
        Some(other) => Err(refused(format!("unknown FREQ={other}: write DAILY, WEEKLY, MONTHLY or YEARLY"))),
        None => Err(refused("it has no FREQ: write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")),
    }
}

fn number(key: &str, value: &str, range: RangeInclusive<i64>) -> Result<i64, Refused> {
    let refuse =
        || refused(format!("{key}={value}: write a number from {} to {}", range.start(), range.end()));
    value.parse().ok().filter(|number| range.contains(number)).ok_or_else(refuse)
}

fn numbers(key: &str, list: &str, range: RangeInclusive<i64>, signed: bool) -> Result<Vec<i64>, Refused> {
    let one = |text: &str| {
        let text = text.trim();
        let found = text.strip_prefix('+').unwrap_or(text).parse::<i64>().ok();
        let fits =
            |number: &i64| range.contains(number) || (signed && range.contains(&number.saturating_neg()));
        found.filter(fits).ok_or_else(|| {
            let sign = if signed { ", or from the end with a minus" } else { "" };
            refused(format!("{key}={list}: write numbers from {} to {}{sign}", range.start(), range.end()))
        })
    };
    list.split(',').map(one).collect()
}

fn nth_weekday(text: &str) -> Result<(i64, Weekday), Refused> {
    let text = text.trim();
    let (nth, day) = text.split_at_checked(text.len().saturating_sub(2)).unwrap_or(("", text));
    let day = weekday(day)?;
    if nth.is_empty() {
        return Ok((0, day));
    }
    let nth = numbers("BYDAY", nth, 1..=53, true)?;
    Ok((nth[0], day))
}

fn weekday(text: &str) -> Result<Weekday, Refused> {
    match text {
        "MO" => Ok(Weekday::Mon),
        "TU" => Ok(Weekday::Tue),
        "WE" => Ok(Weekday::Wed),
        "TH" => Ok(Weekday::Thu),
        "FR" => Ok(Weekday::Fri),
        "SA" => Ok(Weekday::Sat),
        "SU" => Ok(Weekday::Sun),
        _ => Err(refused(format!("unknown weekday `{text}`: write MO, TU, WE, TH, FR, SA or SU"))),
    }
}

/// A date means the whole of that day, a time without `Z` the wall clock.
fn until(value: &str) -> Result<Until, Refused> {
    if let Some(date) = written::date(value) {
        return Ok(Until::Wall(date.and_time(NaiveTime::MIN) + TimeDelta::days(1) - TimeDelta::seconds(1)));
    }
    let refuse = |_| refused(format!("UNTIL={value}: write `20261231` or `20261231T160000Z`"));
    let wall = |text: &str| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").map_err(refuse);
    match value.strip_suffix('Z') {
        Some(utc) => Ok(Until::Instant(wall(utc)?.and_utc())),
        None => Ok(Until::Wall(wall(value)?)),
    }
}
