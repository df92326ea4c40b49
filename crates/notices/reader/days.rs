//! Days without times: context for the times after them, days to spread over, or whole days of outage.

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::assemble::{Found, MOST_DAYS, Walk, with_month_of};
use super::atoms::{Cue, Meaning};
use super::grammar::{Moment, Placed};
use super::judge::Role;
use super::resolve::{Doubts, on_day};
use super::rules::Rule;
use crate::reading::DoubtKind;

impl Walk<'_> {
    /// 9月5日至7日: days over which times may follow, or a window of whole days.
    pub(super) fn day_range(&mut self, placed: &Placed, start: &Moment, end: &Moment, role: Role) {
        let mut doubts = Doubts::new();
        let first = self.known.day_of(&with_month_of(start, end), None, &mut doubts);
        let Ok(Some(first)) = first else {
            if let (Err(kind), Role::Outage) = (first, role) {
                self.doubt(kind, placed);
                self.dated_work = true;
            }
            return;
        };
        let Ok(Some(last)) = self.known.day_of(end, Some(first.date), &mut doubts) else { return };
        self.note_day(start, end, (role != Role::Aside && role != Role::History).then_some(first.date));
        if !first.own || !last.own || last.date < first.date {
            return;
        }
        // Counters close on holidays; that a system stops must be said in the same clause.
        let clause = self.document.clause_cues(placed);
        let sentence = self.document.sentences.sentence(placed.atoms.start).cues;
        let counter =
            sentence.has(Cue::Counter) && !(clause.has(Cue::System) && clause.any(&[Cue::Stop, Cue::Work]));
        if role == Role::Outage && !counter && !self.belongs_to_things(placed) {
            self.dated_work = true;
            self.whole_days(placed, start, end, first.date, last.date, doubts);
        }
        if role == Role::Aside {
            self.aside_end = placed.atoms.end;
            return;
        }
        self.days = first.date.iter_days().take_while(|day| *day <= last.date).take(MOST_DAYS).collect();
        self.days_end = placed.atoms.end;
        self.days_ranged = true;
    }

    /// 11月11日至15日的订单: the days say which things, not when something stops.
    fn belongs_to_things(&self, placed: &Placed) -> bool {
        let at = |k: usize| self.document.atoms.get(k).map(|atom| atom.meaning);
        let end = placed.atoms.end;
        self.document.chinese && at(end) == Some(Meaning::Glue) && at(end + 1) == Some(Meaning::Text)
    }

    pub(super) fn whole_days(
        &mut self,
        placed: &Placed,
        start: &Moment,
        end: &Moment,
        first: NaiveDate,
        last: NaiveDate,
        mut doubts: Doubts,
    ) {
        let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN);
        let from = match start.clock {
            Some(clock) => on_day(first, clock, start.part, false),
            None => Ok(midnight(first)),
        };
        let to = match end.clock {
            Some(clock) => on_day(last, clock, end.part, true),
            None => last.succ_opt().map(midnight).ok_or(DoubtKind::Impossible),
        };
        let (Ok(from), Ok(to)) = (from, to) else { return };
        let all_day = self.document.sentences.sentence(placed.atoms.start).cues.has(Cue::AllDay);
        if !all_day && end.clock.is_none() {
            doubts.push(DoubtKind::DateOnly);
        }
        let zone = start.zone.or(end.zone);
        let (Ok(from), Ok(to)) =
            (self.known.instant(from, zone, &mut doubts), self.known.instant(to, zone, &mut doubts))
        else {
            return;
        };
        if to > from {
            let found = Found {
                start: from,
                end: Some(to),
                role: Role::Outage,
                atoms: placed.atoms.clone(),
                doubts,
                rules: vec![Rule::WholeDays],
            };
            // One of the two has a time: 即日起至9月30日24:00.
            if end.clock.is_some() || all_day { self.found.push(found) } else { self.date_only.push(found) }
        }
    }

    /// A day without a time: context for the times after it.
    pub(super) fn day_alone(&mut self, placed: &Placed, moment: &Moment, role: Role, limit: bool) {
        let mut doubts = Doubts::new();
        let day = match self.known.day_of(moment, None, &mut doubts) {
            Ok(Some(day)) => day.date,
            Err(kind) if role == Role::Outage && !limit => {
                self.dated_work = true;
                self.doubt(kind, placed);
                return;
            }
            _ => return,
        };
        if limit || matches!(role, Role::Aside | Role::History) {
            return;
        }
        self.dated_work |= role == Role::Outage && self.is_announced(placed, day);
        self.note_day(moment, moment, Some(day));
        if self.followed(placed, Cue::SameTimes) {
            self.same_times(placed, day, doubts);
            return;
        }
        let all_day = self.followed(placed, Cue::AllDay) || self.preceded(placed, &[Cue::AllDay]);
        if role == Role::Outage && all_day {
            self.whole_days(placed, moment, moment, day, day, doubts);
            return;
        }
        if placed.atoms.start > self.days_end + 1 {
            self.days.clear();
        }
        self.days_ranged = false;
        self.days.push(day);
        self.days_end = placed.atoms.end;
    }

    /// 延期至11月28日同一时段: the window that is put off, on another day.
    pub(super) fn same_times(&mut self, placed: &Placed, day: NaiveDate, doubts: Doubts) {
        let Some(old) = self.found.iter().rev().find(|found| found.role == Role::Old).cloned() else {
            return;
        };
        let later = day - old.start.date_naive();
        let moved = |time: DateTime<FixedOffset>| time.checked_add_signed(later);
        if let (Some(start), Some(end)) = (moved(old.start), old.end.and_then(moved)) {
            let atoms = old.atoms.start..placed.atoms.end;
            let rules = vec![Rule::SameTimes];
            self.found.push(Found { start, end: Some(end), role: Role::Outage, atoms, doubts, rules });
        }
    }

    /// Whether the clause of a day speaks of work or a stop, and the day is not past.
    pub(super) fn is_announced(&self, placed: &Placed, day: NaiveDate) -> bool {
        let cues = self.document.clause_cues(placed);
        let past = self.known.published.is_some_and(|published| day < published);
        let sentence = self.document.sentences.sentence(placed.atoms.start).cues;
        let stops = cues.has(Cue::Stop) && sentence.any(&[Cue::System, Cue::Service]);
        (stops || cues.any(&[Cue::Work, Cue::Planned, Cue::Routine])) && !cues.has(Cue::Done) && !past
    }

    /// Days without times, unless the text has the times too, or a rule that recurs.
    pub(super) fn add_whole_days(&mut self) {
        for days in std::mem::take(&mut self.date_only) {
            if self.recurring.is_empty() && !self.is_told_in_full(&days) {
                self.found.push(days);
            }
        }
    }

    /// Whether days are a summary of the times after them, or are mostly covered by one window.
    pub(super) fn is_told_in_full(&self, days: &Found) -> bool {
        let Some(last) = days.end else { return false };
        let stops = self.document.sentences.clause(days.atoms.start).cues.has(Cue::Stop);
        self.found.iter().filter(|found| found.role == Role::Outage).any(|found| {
            let end = found.end.unwrap_or(last);
            let covered = end.min(last) - found.start.max(days.start);
            let detail =
                days.start <= found.start && found.start < last && found.atoms.start > days.atoms.start;
            covered * 2 >= last - days.start || detail && !stops
        })
    }

    /// 1月1日12:00起先行恢复查询: part of the window before it ends there.
    pub(super) fn staged_end(&mut self, placed: &Placed, at: DateTime<FixedOffset>) {
        let staged = self.document.sentences.clause(placed.atoms.start).cues.has(Cue::Staged);
        let within = |found: &&Found| {
            found.role == Role::Outage && found.start < at && found.end.is_some_and(|end| at < end)
        };
        let Some(whole) = self.found.last().filter(within).filter(|_| staged).cloned() else { return };
        let atoms = placed.atoms.clone();
        self.found.push(Found { end: Some(at), atoms, rules: vec![Rule::StagedEnd], ..whole });
    }
}
