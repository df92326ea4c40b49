//! Ranges of two moments: on which days they begin, and the windows that they come to.

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::assemble::{Found, MOST_DAYS, Walk, is_undated, with_month_of};
use super::atoms::{Cue, Meaning, Relative};
use super::grammar::{Join, Moment, Phrase, Placed};
use super::judge::Role;
use super::recurring;
use super::resolve::{Doubts, local_range, on_day};
use super::rules::Rule;
use crate::reading::DoubtKind;

impl Walk<'_> {
    pub(super) fn range(&mut self, placed: &Placed, start: &Moment, end: &Moment, join: Join) {
        let role = self.document.role(placed);
        if let Some(rule) = recurring::rule_at(self.document.atoms, placed, start)
            && role == Role::Outage
            && !self.spread_follows(placed)
        {
            // 请发邮件，我们将回复(工作日8:30-17:30): working hours, unless the clause says what stops then.
            let said = self.document.clause_cues(placed).any(&[Cue::Work, Cue::Stop]);
            if rule.ends_with("MO,TU,WE,TH,FR") && !said {
                return;
            }
            recurring::add(self, placed, rule, start, end);
            return;
        }
        if start.clock.is_none() || end.clock.is_none() {
            self.aside_end = 0;
            self.day_range(placed, start, end, role);
            return;
        }
        // 工作日9:00-12:00,13:30-17:00: the second half of office hours is office hours too.
        let more = !start.has_day() && !end.has_day() && placed.atoms.start <= self.aside_end + 3;
        if matches!(role, Role::Aside | Role::Up) || more && self.aside_end > 0 {
            self.aside_end = placed.atoms.end;
            return;
        }
        if role == Role::Unclear {
            self.doubt(DoubtKind::Unclear, placed);
            return;
        }
        match self.days_of_range(placed, start, end) {
            Ok(days) => self.spread(placed, start, end, join, role, &days),
            Err(kind) => {
                self.dated_work |= role == Role::Outage && (is_undated(kind) || start.has_day());
                self.doubt(kind, placed);
            }
        }
    }

    /// Whether days were named just before, over which an "every day" spreads.
    fn spread_follows(&self, placed: &Placed) -> bool {
        let weekly = matches!(&placed.phrase, Phrase::Range(start, ..) if start.weekday.is_some());
        !weekly && !self.days.is_empty() && placed.atoms.start <= self.days_end + 4
    }

    /// The days on which a range of times begins.
    fn days_of_range(
        &mut self,
        placed: &Placed,
        start: &Moment,
        end: &Moment,
    ) -> Result<Vec<NaiveDate>, DoubtKind> {
        let near = self.spread_follows(placed);
        // 9月23日至24日(当日18时至次日8时)
        let each = start.relative == Some(Relative::Same) && self.days_ranged;
        let own_day = !self.document.chinese && end.date.is_some();
        if (!start.has_day() || each) && near && !own_day {
            let mut days = std::mem::take(&mut self.days);
            if self.days_ranged && days.len() == 2 && !each && self.one_night(placed, start, end) {
                days.truncate(1);
            }
            return Ok(days);
        }
        let mut doubts = Doubts::new();
        let start = self.with_day_of(start, end);
        let Some(day) = self.known.day_of(&start, None, &mut doubts)? else {
            return Err(DoubtKind::DayUnknown);
        };
        let listed = near && !self.days_ranged && placed.atoms.start <= self.days_end + 1;
        let mut days = if listed { std::mem::take(&mut self.days) } else { Vec::new() };
        self.days.clear();
        days.push(day.date);
        Ok(days)
    }

    /// "the night from Saturday 2 to Sunday 3 November between 23:00 and 3:00": two days, one night.
    fn one_night(&self, placed: &Placed, start: &Moment, end: &Moment) -> bool {
        let every = self.document.atoms[self.days_end..placed.atoms.start]
            .iter()
            .any(|atom| matches!(atom.meaning, Meaning::Every(_)));
        let night = match (start.clock, end.clock) {
            (Some(from), Some(to)) => from.half.is_none() && to.half.is_none() && to.hour < from.hour,
            _ => false,
        };
        night && !every && end.relative.is_none()
    }

    fn spread(
        &mut self,
        placed: &Placed,
        start: &Moment,
        end: &Moment,
        join: Join,
        role: Role,
        days: &[NaiveDate],
    ) {
        let several = days.len() > 1;
        for day in days.iter().take(MOST_DAYS) {
            let mut doubts = Doubts::new();
            match self.one_range(start, end, *day, several, &mut doubts) {
                Ok((from, to)) => {
                    if (to - from).num_days() > 31 {
                        doubts.push(DoubtKind::Long);
                    }
                    let rule = if several { Rule::EachDay } else { Rule::of_join(join) };
                    self.found.push(Found {
                        start: from,
                        end: Some(to),
                        role,
                        atoms: placed.atoms.clone(),
                        doubts,
                        rules: vec![rule],
                    });
                }
                Err(kind) => {
                    self.dated_work |= role == Role::Outage;
                    self.doubt(kind, placed);
                }
            }
        }
        self.note_day(start, end, days.first().copied());
    }

    fn one_range(
        &self,
        start: &Moment,
        end: &Moment,
        day: NaiveDate,
        several: bool,
        doubts: &mut Doubts,
    ) -> Result<(DateTime<FixedOffset>, DateTime<FixedOffset>), DoubtKind> {
        // Asked again for its doubts: weekday, order of day and month.
        let dated = self.with_day_of(start, end);
        self.known.day_of(&dated, None, doubts)?;
        let borrowed = !start.has_day() && dated.has_day();
        let end_day = if borrowed || several && end.relative.is_none() {
            None
        } else {
            self.known.day_of(end, Some(day), doubts)?.filter(|end| end.own).map(|end| end.date)
        };
        let (from, to) = local_range(start, end, day, end_day, doubts)?;
        if borrowed && from.date() != to.date() {
            // "10 pm to 2 am on 4 December" may begin on the 3rd or on the 4th.
            doubts.push(DoubtKind::DayUnknown);
        }
        let zone = start.zone.or(end.zone);
        // Each end may name a zone of its own.
        let from = self.known.instant(from, zone, doubts)?;
        let to = self.known.instant(to, end.zone.or(zone), doubts)?;
        if to > from { Ok((from, to)) } else { Err(DoubtKind::Impossible) }
    }

    /// "8 to 10 pm on December 3": the start takes the day of the end, unless one was named just before.
    fn with_day_of(&self, start: &Moment, end: &Moment) -> Moment {
        let relative =
            end.relative.is_some_and(|relative| matches!(relative, Relative::FromStart(_) | Relative::Same));
        if start.has_day() || !end.has_day() || relative {
            return with_month_of(start, end);
        }
        let near = |day: NaiveDate| {
            let end = self.known.day_of(end, Some(day), &mut Doubts::new()).ok().flatten();
            end.is_some_and(|end| (0..=2).contains(&(end.date - day).num_days()))
        };
        // "from 00:00 to 14:00 on Sunday": one day, whatever day was spoken of before.
        let (midnight, sign) = (NaiveDate::default(), (start.clock, end.clock));
        let one_day = match sign {
            (Some(from), Some(to)) if !self.document.chinese => {
                let at = |clock, part| on_day(midnight, clock, part, false).ok();
                at(super::grammar::shared_half(from, to), start.part) < at(to, end.part)
            }
            _ => false,
        };
        if self.known.day.is_some_and(near) && !one_day {
            return start.clone();
        }
        Moment { date: end.date, relative: end.relative, weekday: end.weekday, ..start.clone() }
    }
}
