//! Rules and cron lines as a yes or no about one minute, and the random ones that are tried.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};
use piaotan_record::recurrence::Spec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::scan::Length;
use super::{YEARS, ZONES};

#[derive(Debug, Clone)]
pub struct Plain {
    pub zone: &'static str,
    pub start: NaiveDateTime,
    pub length: Length,
    frequency: &'static str,
    interval: i64,
    week_start: Weekday,
    months: Vec<u32>,
    month_days: Vec<i64>,
    weekdays: Vec<(i64, Weekday)>,
    hours: Vec<u32>,
    position: Option<i64>,
    until: Option<i64>,
    except: Vec<i64>,
}

impl Plain {
    pub fn spec(&self) -> Spec {
        let days = |days: &i64| (self.start.date() + TimeDelta::days(*days)).format("%Y%m%d").to_string();
        let weekdays: Vec<String> = self.weekdays.iter().map(|(nth, day)| nth_name(*nth, *day)).collect();
        let rule = [
            format!(
                "FREQ={};INTERVAL={};WKST={}",
                self.frequency,
                self.interval,
                nth_name(0, self.week_start)
            ),
            list("BYMONTH", &self.months),
            list("BYMONTHDAY", &self.month_days),
            list("BYDAY", &weekdays),
            list("BYHOUR", &self.hours),
            list("BYSETPOS", self.position.as_slice()),
            list("UNTIL", &self.until.iter().map(days).collect::<Vec<_>>()),
        ];
        let mut spec = Spec {
            rrule: Some(rule.concat()),
            start: Some(self.start.format("%Y-%m-%dT%H:%M").to_string()),
            zone: self.zone.to_owned(),
            except: self.except.iter().map(days).collect(),
            ..Spec::default()
        };
        match self.length {
            Length::Elapsed(minutes) => spec.duration = Some(format!("{minutes}m")),
            Length::Wall(minutes) => spec.wall_duration = Some(format!("{minutes}m")),
            Length::Clock(hour, minute) => spec.end = Some(format!("{hour:02}:{minute:02}")),
        }
        spec
    }

    /// Whether an occurrence starts when clocks show `wall`.
    pub fn starts_at(&self, wall: NaiveDateTime) -> bool {
        let days = (wall.date() - self.start.date()).num_days();
        wall >= self.start
            && wall.minute() == self.start.minute()
            && self.hours_tried().contains(&wall.hour())
            && self.until.is_none_or(|until| days <= until)
            && !self.except.contains(&days)
            && self.in_period(wall.date())
            && self.picks(wall.date())
            && self.in_position(wall)
    }

    /// Whether no day of a whole century starts anything; exceptions do not make a rule wrong.
    pub fn never_happens(&self) -> bool {
        let days = self.start.date().iter_days().take(36_524);
        let mut free = self.clone();
        free.except.clear();
        let hours = free.hours_tried();
        let at = |day: NaiveDate, hour: &u32| {
            free.starts_at(day.and_hms_opt(*hour, free.start.minute(), 0).unwrap())
        };
        !days.into_iter().any(|day| free.picks(day) && hours.iter().any(|hour| at(day, hour)))
    }

    fn hours_tried(&self) -> Vec<u32> {
        if self.hours.is_empty() { vec![self.start.hour()] } else { self.hours.clone() }
    }

    fn in_period(&self, date: NaiveDate) -> bool {
        let first = self.start.date();
        let years = i64::from(date.year() - first.year());
        let periods = match self.frequency {
            "DAILY" => (date - first).num_days(),
            "WEEKLY" => (week_of(date, self.week_start) - week_of(first, self.week_start)).num_days() / 7,
            "MONTHLY" => years * 12 + i64::from(date.month()) - i64::from(first.month()),
            _ => years,
        };
        periods >= 0 && periods % self.interval == 0
    }

    fn picks(&self, date: NaiveDate) -> bool {
        let first = self.start.date();
        let unnamed = self.month_days.is_empty() && self.weekdays.is_empty();
        let same_day = match self.frequency {
            "DAILY" => true,
            "WEEKLY" => date.weekday() == first.weekday(),
            "MONTHLY" => date.day() == first.day(),
            _ => date.day() == first.day() && (date.month() == first.month() || !self.months.is_empty()),
        };
        (!unnamed || same_day)
            && (self.months.is_empty() || self.months.contains(&date.month()))
            && (self.month_days.is_empty() || self.month_days.iter().any(|day| is_month_day(date, *day)))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(|day| self.is_weekday(date, *day)))
    }

    /// Counts how many such weekdays there are up to `date` (or from it on) in its month or year.
    fn is_weekday(&self, date: NaiveDate, (nth, weekday): (i64, Weekday)) -> bool {
        let yearly = self.frequency == "YEARLY" && self.months.is_empty();
        let same =
            |other: &NaiveDate| other.year() == date.year() && (yearly || other.month() == date.month());
        let step = TimeDelta::days(-7 * nth.signum());
        let weeks = std::iter::successors(Some(date), |other| Some(*other + step));
        date.weekday() == weekday && (nth == 0 || weeks.take_while(same).count() as i64 == nth.abs())
    }

    /// Whether `wall` stands at the wanted place among all starts of its period, in order.
    fn in_position(&self, wall: NaiveDateTime) -> bool {
        let Some(position) = self.position else { return true };
        let period = |date: NaiveDate| match self.frequency {
            "DAILY" => date,
            "WEEKLY" => week_of(date, self.week_start),
            "MONTHLY" => date.with_day(1).unwrap(),
            _ => NaiveDate::from_ymd_opt(date.year(), 1, 1).unwrap(),
        };
        let mine = period(wall.date());
        let days = mine.iter_days().take_while(|date| period(*date) == mine).filter(|date| self.picks(*date));
        let hours = self.hours_tried();
        let minute = self.start.minute();
        let at = |date: NaiveDate| hours.iter().map(move |hour| date.and_hms_opt(*hour, minute, 0).unwrap());
        let mut all: Vec<NaiveDateTime> = days.flat_map(at).collect();
        all.sort_unstable();
        let index = if position > 0 { position - 1 } else { all.len() as i64 + position };
        usize::try_from(index).ok().and_then(|index| all.get(index)) == Some(&wall)
    }
}

fn week_of(date: NaiveDate, week_start: Weekday) -> NaiveDate {
    let mut day = date;
    while day.weekday() != week_start {
        day = day.pred_opt().unwrap();
    }
    day
}

fn is_month_day(date: NaiveDate, day: i64) -> bool {
    match u32::try_from(day) {
        Ok(day) => date.day() == day,
        // The nth day from the end is the one after which n - 1 more days fit into the month.
        Err(_) => {
            let (last, next) = (date + TimeDelta::days(-day - 1), date + TimeDelta::days(-day));
            last.month() == date.month() && next.month() != date.month()
        }
    }
}

fn nth_name(nth: i64, day: Weekday) -> String {
    let name = &day.to_string().to_uppercase()[..2];
    if nth == 0 { name.to_owned() } else { format!("{nth}{name}") }
}

fn list<T: ToString>(key: &str, values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(T::to_string).collect();
    if values.is_empty() { String::new() } else { format!(";{key}={}", values.join(",")) }
}

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

pub fn rules() -> impl Strategy<Value = Plain> {
    let when = (select(ZONES.to_vec()), YEARS, 0i64..365, hours_at_night(), 0u32..60, lengths());
    let by = (
        select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
        1i64..5,
        select(WEEK.to_vec()),
        prop_oneof![3 => Just(vec![]), 1 => subsequence((1..=12).collect::<Vec<u32>>(), 1..4)],
        prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(prop_oneof![1i64..=31, -31i64..=-1], 1..3)],
        prop_oneof![2 => Just(vec![]), 2 => prop::collection::vec((-5i64..=5, select(WEEK.to_vec())), 1..3)],
        prop_oneof![4 => Just(vec![]), 1 => subsequence((0..24).collect::<Vec<u32>>(), 1..4)],
    );
    let ends = (
        prop_oneof![4 => Just(None), 1 => prop_oneof![1i64..4, -3i64..0].prop_map(Some)],
        prop_oneof![3 => Just(None), 1 => (0i64..500).prop_map(Some)],
        prop::collection::vec(0i64..300, 0..4),
    );
    (when, by, ends).prop_map(|(when, by, ends)| {
        let (zone, year, day, hour, minute, length) = when;
        let (frequency, interval, week_start, months, month_days, mut weekdays, hours) = by;
        let (position, until, except) = ends;
        if frequency == "DAILY" || frequency == "WEEKLY" {
            weekdays.iter_mut().for_each(|(nth, _)| *nth = 0);
        }
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap() + TimeDelta::days(day);
        let start = first.and_hms_opt(hour, minute, 0).unwrap();
        Plain {
            zone,
            start,
            length,
            frequency,
            interval,
            week_start,
            months,
            month_days,
            weekdays,
            hours,
            position,
            until,
            except,
        }
    })
}

/// Clocks change at night: most starts are tried there.
fn hours_at_night() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0u32..4, 1 => 0u32..24]
}

fn lengths() -> impl Strategy<Value = Length> {
    prop_oneof![
        (1i64..4000).prop_map(Length::Elapsed),
        (1i64..4000).prop_map(Length::Wall),
        (hours_at_night(), 0u32..60).prop_map(|(hour, minute)| Length::Clock(hour, minute)),
    ]
}

/// A cron line whose five fields are lists of numbers; an empty list is a star.
#[derive(Debug, Clone)]
pub struct Cron {
    minute: u32,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
}

impl Cron {
    pub fn line(&self) -> String {
        let field = |list: &[u32]| {
            let list: Vec<String> = list.iter().map(u32::to_string).collect();
            if list.is_empty() { "*".to_owned() } else { list.join(",") }
        };
        let rest = [&self.hours, &self.days, &self.months, &self.weekdays].map(|list| field(list));
        format!("{} {}", self.minute, rest.join(" "))
    }

    /// As cron has it: where both kinds of days are named, either will do.
    pub fn starts_at(&self, wall: NaiveDateTime) -> bool {
        let date = wall.date();
        let day = self.days.contains(&date.day());
        let weekday = self.weekdays.contains(&date.weekday().num_days_from_sunday());
        let on = match (self.days.is_empty(), self.weekdays.is_empty()) {
            (true, true) => true,
            (false, true) => day,
            (true, false) => weekday,
            (false, false) => day || weekday,
        };
        on && wall.minute() == self.minute
            && (self.hours.is_empty() || self.hours.contains(&wall.hour()))
            && (self.months.is_empty() || self.months.contains(&date.month()))
    }

    /// Only the 30th or 31st of months too short for it never come.
    pub fn never_happens(&self) -> bool {
        let longest = |month: &u32| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let fits =
            |day: &u32| self.months.is_empty() || self.months.iter().any(|month| *day <= longest(month));
        self.weekdays.is_empty() && !self.days.is_empty() && !self.days.iter().any(fits)
    }
}

pub fn crons() -> impl Strategy<Value = Cron> {
    let night = subsequence((0..4).collect::<Vec<u32>>(), 1..4);
    let any = subsequence((0..24).collect::<Vec<u32>>(), 1..4);
    let fields = (
        0u32..60,
        prop_oneof![3 => night, 1 => any],
        star_or_some(1..=31),
        star_or_some(1..=12),
        star_or_some(0..=6),
    );
    fields.prop_map(|(minute, hours, days, months, weekdays)| Cron { minute, hours, days, months, weekdays })
}

fn star_or_some(range: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = Vec<u32>> {
    let some = subsequence(range.collect::<Vec<u32>>(), 1..4);
    prop_oneof![3 => Just(vec![]), 1 => some]
}
