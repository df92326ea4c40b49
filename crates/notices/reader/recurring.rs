//! Windows that come again: the rule, its time of day and its length.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime};

use super::assemble::Walk;
use super::atoms::{Atom, Cycle, Meaning, Week};
use super::grammar::{Moment, Placed, recurrence};
use super::resolve::{Doubts, local_range};
use crate::reading::{Evidence, Recurring};

/// The rule that stands just before or inside the phrase, if the phrase has no date of its own.
pub(crate) fn rule_at(atoms: &[Atom], placed: &Placed, start: &Moment) -> Option<String> {
    if start.date.is_some_and(|date| date.month.is_some()) || start.relative.is_some() {
        return None;
    }
    let first = placed.atoms.start;
    for k in first.saturating_sub(8)..=first {
        if let Some((rule, end)) = recurrence(atoms, k) {
            let reaches = end + 3 > first
                && (end..first).all(|k| {
                    matches!(
                        atoms[k].meaning,
                        Meaning::Glue
                            | Meaning::From
                            | Meaning::Between
                            | Meaning::Break(_)
                            | Meaning::Open
                            | Meaning::Part(_)
                    )
                });
            if reaches {
                return Some(rule);
            }
        }
    }
    weekly_heading(atoms, placed, start).or_else(|| start.clock.and_then(|_| rule_after(atoms, placed)))
}

/// "10 pm to midnight every Sunday".
fn rule_after(atoms: &[Atom], placed: &Placed) -> Option<String> {
    let end = placed.atoms.end;
    (end..end + 3).find_map(|k| match atoms.get(k)?.meaning {
        Meaning::Every(_) | Meaning::Weekday(Week::Every, _) | Meaning::Nth(_) => {
            recurrence(atoms, k).map(|(rule, _)| rule)
        }
        _ => None,
    })
}

/// A list of days of the week under a heading that says "weekly".
fn weekly_heading(atoms: &[Atom], placed: &Placed, start: &Moment) -> Option<String> {
    let (Week::Bare, day) = start.weekday.filter(|_| start.date.is_none())? else { return None };
    let from = placed.atoms.start.saturating_sub(40);
    let before = &atoms[from..placed.atoms.start];
    let heading = before.iter().rposition(|atom| atom.meaning == Meaning::Every(Some(Cycle::Week)))?;
    let dated = before[heading..].iter().any(|atom| matches!(atom.meaning, Meaning::Date(_)));
    let name = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][usize::from(day.clamp(1, 7)) - 1];
    (!dated).then(|| format!("FREQ=WEEKLY;BYDAY={name}"))
}

pub(crate) fn add(walk: &mut Walk<'_>, placed: &Placed, rule: String, start: &Moment, end: &Moment) {
    let any_day = NaiveDate::from_ymd_opt(2001, 1, 1).unwrap_or_default();
    let end_day =
        days_between(&rule, start, end).and_then(|days| any_day.checked_add_days(chrono::Days::new(days)));
    let times = local_range(start, end, any_day, end_day, &mut Doubts::new()).ok();
    let time = times.map(|(from, _)| from.time());
    let first = time.and_then(|time| first_occurrence(walk, &rule, time, start));
    push(walk, placed, rule, time, first, times.map(|(from, to)| (to - from).num_seconds()));
}

/// Days from the start to the end where the end names one: 次日, 周日 after 周六, 1日 after the last day.
fn days_between(rule: &str, start: &Moment, end: &Moment) -> Option<u64> {
    if end.relative.is_some() || end.date.is_some() && rule.ends_with("BYMONTHDAY=-1") {
        return Some(1);
    }
    let ((_, to), (_, from)) = (end.weekday?, start.weekday?);
    Some(u64::from((to + 7 - from) % 7))
}

/// A rule with only a day or a start.
pub(crate) fn add_open(walk: &mut Walk<'_>, placed: &Placed, start: &Moment) {
    let Some(rule) = rule_at(walk.document.atoms, placed, start) else { return };
    let time = start
        .clock
        .and_then(|clock| super::resolve::on_day(NaiveDate::default(), clock, start.part, false).ok())
        .map(|at| at.time());
    push(walk, placed, rule, time, None, None);
}

fn push(
    walk: &mut Walk<'_>,
    placed: &Placed,
    rrule: String,
    time: Option<NaiveTime>,
    start: Option<DateTime<FixedOffset>>,
    duration: Option<i64>,
) {
    let same = |rule: &Recurring| rule.rrule == rrule && rule.time == time && rule.duration == duration;
    if walk.recurring.len() < 100 && !walk.recurring.iter().any(same) {
        // The bytes and the words are filled in at the end, where the text is at hand.
        let evidence = Evidence { bytes: placed.atoms.clone(), excerpt: String::new() };
        walk.recurring.push(Recurring { rrule, time, start, duration, services: Vec::new(), evidence });
    }
}

/// The first day on or after publication that the rule names, at the time of day that it names.
fn first_occurrence(
    walk: &Walk<'_>,
    rule: &str,
    time: NaiveTime,
    start: &Moment,
) -> Option<DateTime<FixedOffset>> {
    let from = walk.known.published.max(walk.known.day)?;
    let day = from.iter_days().take(63).find(|day| falls_on(rule, *day))?;
    walk.known.instant(day.and_time(time), start.zone, &mut Doubts::new()).ok()
}

fn falls_on(rule: &str, day: NaiveDate) -> bool {
    let name = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][day.weekday().num_days_from_monday() as usize];
    let Some((_, days)) = rule.split_once("BYDAY=") else {
        return match rule.split_once("BYMONTHDAY=") {
            Some((_, wanted)) => wanted.parse() == Ok(day.day()),
            None => true,
        };
    };
    days.split(',').any(|wanted| {
        let (nth, wanted) = wanted.split_at(wanted.len().saturating_sub(2));
        let week = (day.day0() / 7 + 1) as i8;
        let last = day.checked_add_days(chrono::Days::new(7)).is_some_and(|next| next.month() != day.month());
        wanted == name && (nth.is_empty() || nth.parse() == Ok(week) || nth == "-1" && last)
    })
}
