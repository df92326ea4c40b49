//! Moments to days and instants: missing years, relative days, parts of the day, zones.

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

use super::atoms::{ClockText, DateText, Half, Part, Relative, Week, Zoned};
use super::grammar::{Moment, shared_half};
use super::zones::{ABBREVIATIONS, meaning, place};
use crate::context::Zone;
use crate::reading::DoubtKind;

/// What has been learnt from the text so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// From the context, or from a signature in the text.
    pub(crate) published: Option<NaiveDate>,
    /// The latest day that a window or a heading named.
    pub(crate) day: Option<NaiveDate>,
    /// The latest day whose year the text itself names.
    pub(crate) dated: Option<NaiveDate>,
    /// A zone that the text names for all its times.
    pub(crate) stated_zone: Option<Zoned>,
    pub(crate) zone: Option<Zone>,
    /// Chinese texts without a zone mean UTC+8, which is then doubted.
    pub(crate) chinese: bool,
}

/// What could not be known; the caller turns it into a doubt.
pub(crate) type Doubts = Vec<DoubtKind>;

/// A resolved day, and whether the moment named it itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day {
    pub(crate) date: NaiveDate,
    pub(crate) own: bool,
}

impl Known {
    /// The day of a moment. `anchor` is the day of the start when the moment is an end.
    pub(crate) fn day_of(
        &self,
        moment: &Moment,
        anchor: Option<NaiveDate>,
        doubts: &mut Doubts,
    ) -> Result<Option<Day>, DoubtKind> {
        let own = |date| Ok(Some(Day { date, own: true }));
        if let Some(date) = moment.date.filter(|date| date.day.is_some()) {
            return own(self.calendar_day(date, moment.weekday, anchor, doubts)?);
        }
        if let Some(relative) = moment.relative {
            return own(self.relative_day(relative, anchor)?);
        }
        if let Some((week, day)) = moment.weekday {
            return own(self.weekday(week, day, anchor)?);
        }
        Ok(anchor.or(self.day).map(|date| Day { date, own: false }))
    }

    fn relative_day(&self, relative: Relative, anchor: Option<NaiveDate>) -> Result<NaiveDate, DoubtKind> {
        let later = |from: NaiveDate, days| {
            from.checked_add_signed(Duration::days(days)).ok_or(DoubtKind::Impossible)
        };
        match relative {
            Relative::FromPublication(days) => {
                later(self.published.ok_or(DoubtKind::PublicationUnknown)?, days)
            }
            Relative::Now => self.published.ok_or(DoubtKind::PublicationUnknown),
            Relative::FromStart(days) => later(anchor.or(self.day).ok_or(DoubtKind::DayUnknown)?, days),
            Relative::Same => anchor.or(self.day).ok_or(DoubtKind::DayUnknown),
        }
    }

    fn weekday(&self, week: Week, day: u8, anchor: Option<NaiveDate>) -> Result<NaiveDate, DoubtKind> {
        let from =
            anchor.filter(|_| week == Week::Bare).or(self.published).ok_or(DoubtKind::PublicationUnknown)?;
        let today = i64::from(from.weekday().number_from_monday());
        let offset = i64::from(day) - today;
        let days = match week {
            Week::Bare => offset.rem_euclid(7),
            // "This Friday", read on a Saturday, is the next one.
            Week::This => offset,
            Week::Next => offset + 7,
            Week::Last => offset - 7,
            Week::Every => return Err(DoubtKind::DayUnknown),
        };
        from.checked_add_signed(Duration::days(days)).ok_or(DoubtKind::Impossible)
    }

    fn calendar_day(
        &self,
        date: DateText,
        weekday: Option<(Week, u8)>,
        anchor: Option<NaiveDate>,
        doubts: &mut Doubts,
    ) -> Result<NaiveDate, DoubtKind> {
        let readings = [
            Some(date),
            date.other.map(|(month, day)| DateText {
                month: Some(month),
                day: Some(day),
                other: None,
                ..date
            }),
        ];
        let mut candidates: Vec<NaiveDate> = readings
            .into_iter()
            .flatten()
            .filter_map(|date| self.one_day(date, weekday, anchor).ok())
            .collect();
        let Some(&first) = candidates.first() else {
            return self.one_day(date, weekday, anchor);
        };
        if candidates.len() > 1 {
            candidates = self.likelier(candidates, weekday, anchor, doubts);
        }
        let chosen = candidates.first().copied().unwrap_or(first);
        if weekday.is_some_and(|(_, day)| !falls_on(chosen, day)) {
            doubts.push(DoubtKind::WeekdayDisagrees);
        }
        Ok(chosen)
    }

    /// Of the two readings of 08/12: the one whose weekday agrees, else the one in the usual order of the
    /// place, else the one nearer to publication.
    fn likelier(
        &self,
        candidates: Vec<NaiveDate>,
        weekday: Option<(Week, u8)>,
        anchor: Option<NaiveDate>,
        doubts: &mut Doubts,
    ) -> Vec<NaiveDate> {
        if let Some((_, day)) = weekday {
            let agreeing: Vec<NaiveDate> =
                candidates.iter().copied().filter(|date| falls_on(*date, day)).collect();
            if agreeing.len() == 1 {
                return agreeing;
            }
        }
        if self.chinese {
            return candidates;
        }
        if let Some(near) = anchor.or(self.published) {
            // Notices look ahead by days or weeks, seldom back, and never by half a year.
            let likely = |date: &&NaiveDate| (-3..=45).contains(&(**date - near).num_days());
            let ahead: Vec<NaiveDate> = candidates.iter().filter(likely).copied().collect();
            if ahead.len() == 1 {
                return ahead;
            }
        }
        if !doubts.contains(&DoubtKind::DayOrMonth) {
            doubts.push(DoubtKind::DayOrMonth);
        }
        if self.day_comes_first() { candidates.into_iter().rev().collect() } else { candidates }
    }

    /// Only America writes the month first.
    fn day_comes_first(&self) -> bool {
        let seconds = self
            .zone
            .and_then(|zone| place(NaiveDateTime::default(), zone))
            .map(|placed| placed.instant.offset().local_minus_utc());
        seconds.is_some_and(|seconds| !(-10 * 3600..=-4 * 3600).contains(&seconds))
    }

    fn one_day(
        &self,
        date: DateText,
        weekday: Option<(Week, u8)>,
        anchor: Option<NaiveDate>,
    ) -> Result<NaiveDate, DoubtKind> {
        let day = date.day.ok_or(DoubtKind::DayUnknown)?;
        match (date.year, date.month) {
            (Some(year), Some(month)) => {
                NaiveDate::from_ymd_opt(year, month, day).ok_or(DoubtKind::Impossible)
            }
            (_, None) => self.day_of_month(day, anchor),
            (None, Some(month)) => self.yearless(month, day, weekday, anchor),
        }
    }

    /// 31日 after 1月23日, and "Friday 29".
    fn day_of_month(&self, day: u32, anchor: Option<NaiveDate>) -> Result<NaiveDate, DoubtKind> {
        let near = anchor.or(self.day).or(self.published).ok_or(DoubtKind::DayUnknown)?;
        let same = near.with_day(day).filter(|date| *date >= near);
        let next = || {
            near.with_day(1)
                .and_then(|first| first.checked_add_months(chrono::Months::new(1)))
                .and_then(|first| first.with_day(day))
        };
        same.or_else(next).ok_or(DoubtKind::Impossible)
    }

    fn yearless(
        &self,
        month: u32,
        day: u32,
        weekday: Option<(Week, u8)>,
        anchor: Option<NaiveDate>,
    ) -> Result<NaiveDate, DoubtKind> {
        let in_year = |year: i32| NaiveDate::from_ymd_opt(year, month, day);
        if let Some(start) = anchor {
            return in_year(start.year())
                .filter(|date| *date >= start)
                .or_else(|| in_year(start.year() + 1))
                .ok_or(DoubtKind::Impossible);
        }
        let near = self.dated.or(self.published).ok_or(DoubtKind::YearUnknown)?;
        // Notices announce: half a year back is already long ago.
        let centre = if self.dated.is_some() {
            near
        } else {
            near.checked_add_signed(Duration::days(60)).unwrap_or(near)
        };
        let mut years: Vec<NaiveDate> = (near.year() - 1..=near.year() + 1).filter_map(in_year).collect();
        years.sort_by_key(|date| (*date - centre).num_days().abs());
        let agreeing = weekday.and_then(|(_, wanted)| {
            years
                .iter()
                .copied()
                .find(|date| falls_on(*date, wanted) && (*date - near).num_days().abs() < 300)
        });
        agreeing.or_else(|| years.first().copied()).ok_or(DoubtKind::Impossible)
    }

    /// Puts a local time into the zone that it names, the text states, or the context gives.
    pub(crate) fn instant(
        &self,
        local: NaiveDateTime,
        zone: Option<Zoned>,
        doubts: &mut Doubts,
    ) -> Result<DateTime<FixedOffset>, DoubtKind> {
        let zone = match zone.or(self.stated_zone) {
            Some(Zoned::Minutes(minutes)) => {
                Zone::Fixed(FixedOffset::east_opt(minutes * 60).ok_or(DoubtKind::Impossible)?)
            }
            Some(Zoned::Name(row)) => {
                let (zone, guessed) = meaning(&ABBREVIATIONS[row], local, self.zone);
                if guessed {
                    doubts.push(DoubtKind::ZoneAmbiguous);
                }
                zone
            }
            None => self.unstated_zone(doubts)?,
        };
        let placed = place(local, zone).ok_or(DoubtKind::Impossible)?;
        if placed.unclear {
            doubts.push(DoubtKind::ClockChange);
        }
        Ok(placed.instant)
    }

    fn unstated_zone(&self, doubts: &mut Doubts) -> Result<Zone, DoubtKind> {
        if let Some(zone) = self.zone {
            return Ok(zone);
        }
        if !self.chinese {
            return Err(DoubtKind::ZoneUnknown);
        }
        doubts.push(DoubtKind::ZoneUnknown);
        FixedOffset::east_opt(8 * 3600).map(Zone::Fixed).ok_or(DoubtKind::Impossible)
    }
}

fn falls_on(date: NaiveDate, weekday: u8) -> bool {
    date.weekday().number_from_monday() == u32::from(weekday)
}

/// The local times of a range, once its start day is known.
pub(crate) fn local_range(
    start: &Moment,
    end: &Moment,
    day: NaiveDate,
    end_day: Option<NaiveDate>,
    doubts: &mut Doubts,
) -> Result<(NaiveDateTime, NaiveDateTime), DoubtKind> {
    let (Some(start_clock), Some(end_clock)) = (start.clock, end.clock) else {
        return Err(DoubtKind::DateOnly);
    };
    let from = on_day(day, shared_half(start_clock, end_clock), start.part, false)?;
    let close = end_day.unwrap_or(day);
    let to = match shared_part(start, end, end_day.is_none_or(|end_day| end_day == day)) {
        // 晚上10点至12点, 下午2点至5点: the end is in the same part of the day, if that makes a range.
        Some(part) => match on_day(close, end_clock, Some(part), true) {
            Ok(to) if to > from => to,
            _ => on_day(close, end_clock, None, true)?,
        },
        None => on_day(close, end_clock, end.part, true)?,
    };
    if to > from {
        return Ok((from, to));
    }
    if end_day.is_some() {
        return Err(DoubtKind::Impossible);
    }
    if to == from {
        doubts.push(DoubtKind::Unclear);
    }
    to.checked_add_signed(Duration::days(1)).map(|to| (from, to)).ok_or(DoubtKind::Impossible)
}

fn shared_part(start: &Moment, end: &Moment, same_day: bool) -> Option<Part> {
    let open = end.part.is_none() && end.clock.is_some_and(|clock| clock.half.is_none() && clock.hour <= 12);
    start.part.filter(|part| open && same_day && matches!(part, Part::Afternoon | Part::Evening | Part::Noon))
}

/// A time of day on a day; 24:00 and midnight at an end are the next day's beginning.
pub(crate) fn on_day(
    day: NaiveDate,
    clock: ClockText,
    part: Option<Part>,
    end: bool,
) -> Result<NaiveDateTime, DoubtKind> {
    let (hour, days) = hour_of(clock, part, end);
    let time = NaiveTime::from_hms_opt(hour, clock.minute, clock.second).ok_or(DoubtKind::Impossible)?;
    let day = day.checked_add_signed(Duration::days(days)).ok_or(DoubtKind::Impossible)?;
    Ok(day.and_time(time))
}

/// The hour 0..=23 and the days to add.
fn hour_of(clock: ClockText, part: Option<Part>, end: bool) -> (u32, i64) {
    if clock.midnight {
        return (0, i64::from(end));
    }
    let hour = match (clock.half, part, clock.hour) {
        (Some(Half::Am), _, hour) => hour % 12,
        (Some(Half::Pm), _, hour) => hour % 12 + 12,
        (None, Some(Part::Dawn), 12) => 0,
        (None, Some(Part::Evening), 12) => 24,
        (None, Some(Part::Evening), hour @ 4..=11) => hour + 12,
        (None, Some(Part::Afternoon), hour @ 1..=11) => hour + 12,
        (None, Some(Part::Noon), hour @ 1..=3) => hour + 12,
        (None, _, hour) => hour,
    };
    (hour % 24, i64::from(hour / 24))
}
