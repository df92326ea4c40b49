//! Atoms to phrases: moments, ranges of two moments, lengths, and rules that recur.
//!
//! A moment is a run of parts in any order (day, day of the week, part of the day, time, zone), each at
//! most once, with small words between. A range is two moments with a sign between them.

use std::ops::Range;

use chrono::Datelike;

use super::atoms::{
    Atom, Break, ClockText, Cue, Cycle, DateText, Half, Length, Meaning, Part, Relative, Week, Zoned,
};

/// A point in time as written; what is missing is for the context to supply.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Moment {
    pub(crate) date: Option<DateText>,
    pub(crate) relative: Option<Relative>,
    pub(crate) weekday: Option<(Week, u8)>,
    pub(crate) part: Option<Part>,
    pub(crate) clock: Option<ClockText>,
    pub(crate) zone: Option<Zoned>,
    pub(crate) atoms: Range<usize>,
}

impl Moment {
    pub(crate) fn has_day(&self) -> bool {
        self.date.is_some() || self.relative.is_some() || self.weekday.is_some()
    }

    fn is_empty(&self) -> bool {
        !self.has_day() && self.clock.is_none() && self.part.is_none()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phrase {
    Moment(Moment),
    /// Start, end, and the rule that joined them.
    Range(Moment, Moment, Join),
    Length(Length),
}

/// What stood between the two moments of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// 至, -, until.
    Sign,
    /// "between … and".
    BetweenAnd,
    /// The edge of a table cell.
    Cell,
    /// Nothing: the sign was lost in copying.
    Lost,
}

/// A phrase and the atoms that it spans.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed {
    pub(crate) phrase: Phrase,
    pub(crate) atoms: Range<usize>,
}

/// All phrases of the text in order, without overlaps.
pub(crate) fn phrases(atoms: &[Atom]) -> Vec<Placed> {
    let mut found = Vec::new();
    let mut i = 0;
    while i < atoms.len() {
        match phrase(atoms, i) {
            Some(placed) => {
                i = placed.atoms.end.max(i + 1);
                found.push(placed);
            }
            None => i += 1,
        }
    }
    found
}

fn phrase(atoms: &[Atom], i: usize) -> Option<Placed> {
    if let Meaning::Length(length) = atoms[i].meaning {
        return Some(Placed { phrase: Phrase::Length(length), atoms: i..i + 1 });
    }
    let start = moment(atoms, i).or_else(|| bare_hour(atoms, i))?;
    let after = start.atoms.end;
    if let Some((end, join)) = range_end(atoms, &start) {
        let span = i..end.atoms.end;
        return Some(Placed { phrase: Phrase::Range(start, end, join), atoms: span });
    }
    (start.has_day() || start.clock.is_some())
        .then(|| Placed { phrase: Phrase::Moment(start.clone()), atoms: i..after })
}

fn at(atoms: &[Atom], i: usize) -> Option<Meaning> {
    atoms.get(i).map(|atom| atom.meaning)
}

/// The longest moment that begins at `i`.
fn moment(atoms: &[Atom], i: usize) -> Option<Moment> {
    let mut moment = Moment { atoms: i..i, ..Moment::default() };
    let mut j = i;
    while let Some(next) = step(atoms, j, &mut moment) {
        moment.atoms.end = next;
        j = next;
    }
    (!moment.is_empty()).then_some(moment)
}

/// Takes the part at `j`, or small words and the part after them; answers where it ended.
fn step(atoms: &[Atom], j: usize, moment: &mut Moment) -> Option<usize> {
    if take(atoms, j, moment) {
        return Some(j + 1);
    }
    if moment.is_empty() {
        return None;
    }
    if let Some(end) = bracket(atoms, j, moment) {
        return Some(end);
    }
    let mut k = j;
    while k < j + 2
        && matches!(at(atoms, k), Some(Meaning::Glue | Meaning::Break(Break::Comma | Break::List)))
    {
        k += 1;
    }
    (k > j && take(atoms, k, moment)).then_some(k + 1)
}

/// (星期六), (GMT+8), (9月29日): a bracket that holds nothing but parts of the moment, also on the next line.
fn bracket(atoms: &[Atom], j: usize, moment: &mut Moment) -> Option<usize> {
    let open = if at(atoms, j) == Some(Meaning::Break(Break::Line)) { j + 1 } else { j };
    if at(atoms, open) != Some(Meaning::Open) {
        return None;
    }
    let mut inside = moment.clone();
    let mut k = open + 1;
    while k < open + 6 && at(atoms, k) != Some(Meaning::Close) {
        let small = matches!(at(atoms, k), Some(Meaning::Glue | Meaning::Break(Break::Comma | Break::List)));
        if !small && !take_inside(atoms, k, &mut inside) {
            return None;
        }
        k += 1;
    }
    if at(atoms, k) != Some(Meaning::Close) || k == open + 1 || open > j && inside.zone != moment.zone {
        return None;
    }
    *moment = inside;
    Some(k + 1)
}

fn take_inside(atoms: &[Atom], k: usize, moment: &mut Moment) -> bool {
    match at(atoms, k) {
        Some(Meaning::Zone(zone)) if moment.zone.is_none() => {
            moment.zone = Some(zone);
            true
        }
        Some(Meaning::Weekday(..)) if moment.weekday.is_some() => false,
        // 28.11.2026 (10.00 PM)
        Some(Meaning::Clock(clock)) if moment.clock.is_none() && moment.date.is_some() => {
            moment.clock = Some(clock);
            true
        }
        Some(Meaning::Date(_) | Meaning::Weekday(..) | Meaning::Relative(_) | Meaning::Part(_)) => {
            take(atoms, k, moment)
        }
        _ => false,
    }
}

/// Takes the atom at `j` into the moment if its place is still free.
fn take(atoms: &[Atom], j: usize, moment: &mut Moment) -> bool {
    let late = moment.clock.is_some();
    match at(atoms, j) {
        Some(Meaning::Date(date)) if !late || is_own_day(date, moment) || !own_clock_follows(atoms, j) => {
            take_date(date, moment)
        }
        Some(Meaning::Weekday(week, day))
            if moment.weekday.is_none() && (!late || !own_clock_follows(atoms, j)) =>
        {
            moment.weekday = Some((week, day));
            true
        }
        Some(Meaning::Relative(relative))
            if moment.relative.is_none() && (!late || !own_clock_follows(atoms, j)) =>
        {
            moment.relative = Some(relative);
            true
        }
        Some(Meaning::Part(part)) if moment.part.is_none() && (!late || !own_clock_follows(atoms, j)) => {
            moment.part = Some(part);
            true
        }
        Some(Meaning::Clock(clock)) if !late => {
            moment.clock = Some(clock);
            true
        }
        Some(Meaning::Zone(zone)) if late && moment.zone.is_none() => {
            moment.zone = Some(zone);
            true
        }
        _ => false,
    }
}

fn take_date(date: DateText, moment: &mut Moment) -> bool {
    match moment.date {
        None => moment.date = Some(date),
        // 今(2025)年 stands apart from its 4月20日; "Friday 29 … January 2016".
        Some(DateText { year, month: None, day: None, .. }) if date.year.is_none() => {
            moment.date = Some(DateText { year, ..date })
        }
        Some(_) => return false,
    }
    true
}

/// 周五18:00 2026-2-27: the date falls on the moment's own day of the week.
fn is_own_day(date: DateText, moment: &Moment) -> bool {
    let (Some(year), Some(month), Some(day), Some((_, weekday))) =
        (date.year, date.month, date.day, moment.weekday)
    else {
        return false;
    };
    chrono::NaiveDate::from_ymd_opt(year, month, day)
        .is_some_and(|date| date.weekday().number_from_monday() == u32::from(weekday))
}

/// A day after a time belongs to it ("6 pm on Friday"), unless a time of its own comes after the day.
fn own_clock_follows(atoms: &[Atom], j: usize) -> bool {
    for k in j + 1..j + 7 {
        match at(atoms, k) {
            Some(Meaning::Clock(_)) => return true,
            Some(Meaning::Number(_)) if matches!(at(atoms, k + 1), Some(Meaning::To)) => return true,
            Some(
                Meaning::Date(_)
                | Meaning::Weekday(..)
                | Meaning::Relative(_)
                | Meaning::Part(_)
                | Meaning::Glue
                | Meaning::Open
                | Meaning::Close,
            ) => {}
            Some(Meaning::Break(Break::Comma | Break::List)) => {}
            _ => return false,
        }
    }
    false
}

/// The 22 of 22-24时 and the 8 of "8 to 10 pm": an hour by its neighbour.
fn bare_hour(atoms: &[Atom], i: usize) -> Option<Moment> {
    let Meaning::Number(hour) = at(atoms, i)? else { return None };
    let sign = at(atoms, i + 1)?;
    if !(sign == Meaning::To || sign == Meaning::And && follows_between(atoms, i)) {
        return None;
    }
    let end = moment(atoms, i + 2)?.clock?;
    let half = end.half.filter(|_| (1..=12).contains(&hour));
    if hour > 24 || end.half.is_some() && half.is_none() {
        return None;
    }
    Some(Moment {
        clock: Some(ClockText { half, ..ClockText::at(hour, 0, 0) }),
        atoms: i..i + 1,
        ..Moment::default()
    })
}

fn follows_between(atoms: &[Atom], start: usize) -> bool {
    (1..4).any(|back| start.checked_sub(back).is_some_and(|k| at(atoms, k) == Some(Meaning::Between)))
}

/// What the range that `start` begins ends with.
fn range_end(atoms: &[Atom], start: &Moment) -> Option<(Moment, Join)> {
    let after = start.atoms.end;
    let (at_end, join) = sign(atoms, start)?;
    let mut end = moment(atoms, at_end)?;
    if matches!(join, Join::Cell | Join::Lost) && !(full(start) && full(&end)) {
        return None;
    }
    if start.clock.is_some() && end.clock.is_none() && end.part.is_none() && join != Join::Sign {
        return None;
    }
    // "8pm Friday 29 to 9pm Saturday 30 January": an end that has no time ends the search here.
    if after == at_end && join != Join::Lost {
        return None;
    }
    end.atoms = at_end..end.atoms.end;
    Some((without_next_start(atoms, start, end), join))
}

/// "8 to 10 December, 02:00-03:00": the time after a range of days begins a range of its own.
fn without_next_start(atoms: &[Atom], start: &Moment, end: Moment) -> Moment {
    let ranged = at(atoms, end.atoms.end) == Some(Meaning::To)
        && matches!(
            at(atoms, end.atoms.end + 1),
            Some(Meaning::Clock(_) | Meaning::Relative(_) | Meaning::Part(_))
        );
    if start.clock.is_some() || end.clock.is_none() || !end.has_day() || !ranged {
        return end;
    }
    let own = |k: &usize| matches!(atoms[*k].meaning, Meaning::Clock(_) | Meaning::Part(_));
    let cut = end.atoms.clone().find(own).unwrap_or(end.atoms.end);
    moment(&atoms[..cut], end.atoms.start).filter(Moment::has_day).unwrap_or(end)
}

fn full(moment: &Moment) -> bool {
    moment.clock.is_some() && moment.has_day()
}

fn sign(atoms: &[Atom], start: &Moment) -> Option<(usize, Join)> {
    let after = start.atoms.end;
    let mut k = after;
    while k < after + 3 {
        match at(atoms, k)? {
            Meaning::To => return Some((skip_small(atoms, k + 1), Join::Sign)),
            Meaning::And if follows_between(atoms, start.atoms.start) => {
                return Some((skip_small(atoms, k + 1), Join::BetweenAnd));
            }
            Meaning::Break(Break::Cell) if k <= after + 1 => return Some((k + 1, Join::Cell)),
            Meaning::Break(Break::Line) if at(atoms, k + 1) == Some(Meaning::To) => k += 1,
            Meaning::Cue(Cue::Begins | Cue::AllDay)
            | Meaning::Break(Break::Comma | Break::List)
            | Meaning::Close
            | Meaning::Glue => k += 1,
            Meaning::Date(_) | Meaning::Weekday(..) if k == after => return Some((k, Join::Lost)),
            _ => return None,
        }
    }
    None
}

fn skip_small(atoms: &[Atom], i: usize) -> usize {
    let mut k = i;
    while k < i + 3
        && matches!(
            at(atoms, k),
            Some(Meaning::Glue | Meaning::From | Meaning::To | Meaning::Open | Meaning::Break(Break::Line))
        )
    {
        k += 1;
    }
    k
}

/// The start of a range takes the am or pm of its end where it has none: "8 to 10 pm", "11:00 - 2:00 am".
pub(crate) fn shared_half(start: ClockText, end: ClockText) -> ClockText {
    let (None, Some(half)) = (start.half, end.half) else { return start };
    if !(1..=12).contains(&start.hour) || start.midnight {
        return start;
    }
    let clock12 = |clock: &ClockText| (clock.hour % 12, clock.minute);
    let other = if half == Half::Am { Half::Pm } else { Half::Am };
    let same = clock12(&start) < clock12(&end);
    ClockText { half: Some(if same { half } else { other }), ..start }
}

/// A rule such as 每月第2个周六 that begins at `i`: its RFC 5545 text and the atom after it.
pub(crate) fn recurrence(atoms: &[Atom], i: usize) -> Option<(String, usize)> {
    match at(atoms, i)? {
        Meaning::Every(Some(Cycle::Day)) => Some(("FREQ=DAILY".to_owned(), i + 1)),
        Meaning::Every(Some(Cycle::Workday)) => Some(("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR".to_owned(), i + 1)),
        Meaning::Every(Some(Cycle::Weekend)) => Some(("FREQ=WEEKLY;BYDAY=SA,SU".to_owned(), i + 1)),
        Meaning::Every(Some(Cycle::Month)) => monthly(atoms, i + 1),
        Meaning::Weekday(Week::Every, _) => weekly(atoms, i),
        Meaning::Every(Some(Cycle::Week) | None) => {
            nth_of_month(atoms, i + 1).or_else(|| weekly(atoms, i + 1))
        }
        Meaning::Nth(_) => nth_of_month(atoms, i),
        _ => None,
    }
}

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn day_name(day: u8) -> &'static str {
    DAYS[usize::from(day.clamp(1, 7)) - 1]
}

/// 每周一、三、五; every Tuesday and Thursday; 每周一至周五.
fn weekly(atoms: &[Atom], i: usize) -> Option<(String, usize)> {
    let i = skip_small(atoms, i);
    let Meaning::Weekday(_, first) = at(atoms, i)? else { return None };
    let mut days = vec![first];
    let mut k = i + 1;
    while let (Some(joint), Some(Meaning::Weekday(_, day))) = (at(atoms, k), at(atoms, k + 1)) {
        match joint {
            Meaning::Break(Break::Comma | Break::List) | Meaning::And => days.push(day),
            Meaning::To => days.extend(days.last().copied().unwrap_or(1) + 1..=day),
            _ => break,
        }
        k += 2;
    }
    days.sort_unstable();
    days.dedup();
    let names: Vec<&str> = days.into_iter().map(day_name).collect();
    Some((format!("FREQ=WEEKLY;BYDAY={}", names.join(",")), k))
}

/// 每月第2个周六, 每月15日, 每月最后一天.
fn monthly(atoms: &[Atom], i: usize) -> Option<(String, usize)> {
    let i = skip_small(atoms, i);
    match at(atoms, i)? {
        Meaning::Nth(n) => match at(atoms, i + 1)? {
            Meaning::Weekday(_, day) => Some((format!("FREQ=MONTHLY;BYDAY={n}{}", day_name(day)), i + 2)),
            _ => None,
        },
        Meaning::Date(DateText { month: None, day: Some(day), .. }) => {
            Some((format!("FREQ=MONTHLY;BYMONTHDAY={day}"), i + 1))
        }
        Meaning::LastDay => Some(("FREQ=MONTHLY;BYMONTHDAY=-1".to_owned(), i + 1)),
        _ => None,
    }
}

/// "the second Sunday of each month".
fn nth_of_month(atoms: &[Atom], i: usize) -> Option<(String, usize)> {
    let Meaning::Nth(n) = at(atoms, i)? else { return None };
    let Meaning::Weekday(_, day) = at(atoms, i + 1)? else { return None };
    let mut k = i + 2;
    while k < i + 5 && at(atoms, k) == Some(Meaning::Glue) {
        k += 1;
    }
    (at(atoms, k) == Some(Meaning::Every(Some(Cycle::Month))))
        .then(|| (format!("FREQ=MONTHLY;BYDAY={n}{}", day_name(day)), k + 1))
}
