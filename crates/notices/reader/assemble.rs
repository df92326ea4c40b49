//! The walk over the phrases: each is judged and resolved; starts and ends that stand apart are joined.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime};

use super::atoms::{Atom, Cue, Meaning, Relative};
use super::edges::Side;
use super::grammar::{Join, Moment, Phrase, Placed, phrases};
use super::judge::{Document, Role};
use super::language::Language;
use super::lexer;
use super::normalise::Plain;
use super::resolve::{Doubts, Known, local_range, on_day};
use super::rules::Rule;
use super::sentences::Sentences;
use super::{kind, recurring, services, window};
use crate::context::Context;
use crate::reading::{DoubtKind, Kind, Reading, Recurring, Reference, Relation};

/// A notice that names more windows than this is not one.
const MOST_WINDOWS: usize = 400;
/// Days that one phrase may spread over.
pub(super) const MOST_DAYS: usize = 62;

/// A window found, before its status is known.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) start: DateTime<FixedOffset>,
    pub(crate) end: Option<DateTime<FixedOffset>>,
    pub(crate) role: Role,
    /// Atoms that said so.
    pub(crate) atoms: std::ops::Range<usize>,
    pub(crate) doubts: Doubts,
    pub(crate) rules: Vec<Rule>,
}

/// A start that waits for its end.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    at: DateTime<FixedOffset>,
    atoms: std::ops::Range<usize>,
    doubts: Doubts,
    /// Whether the text says that something stops, so that the start alone is a window.
    stops: bool,
    timed: bool,
    rule: Rule,
}

pub(crate) struct Walk<'a> {
    pub(crate) document: &'a Document<'a>,
    pub(super) context: &'a Context,
    pub(crate) known: Known,
    pub(crate) found: Vec<Found>,
    pub(super) waiting: Vec<Waiting>,
    /// Days without times that a range of times may spread over, and the atom after them.
    pub(super) days: Vec<NaiveDate>,
    pub(super) days_end: usize,
    /// The sentence in which something opens that had not stopped.
    pub(super) opened: Option<usize>,
    /// The days were a range, not a list.
    pub(super) days_ranged: bool,
    pub(crate) recurring: Vec<Recurring>,
    pub(crate) doubts: Vec<(DoubtKind, std::ops::Range<usize>)>,
    pub(crate) refers: Vec<Reference>,
    /// Days that an outage names without times, for a text that has nothing better.
    pub(super) date_only: Vec<Found>,
    pub(crate) dated_work: bool,
}

/// Reads a text whose language is known.
pub(crate) fn assemble(text: &str, plain: &Plain, language: Language, context: &Context) -> Reading {
    let atoms = lexer::atoms(plain);
    let phrases = phrases(&atoms);
    let sentences = Sentences::new(&atoms, &phrases);
    let chinese = language == Language::Chinese;
    let document = Document::new(&atoms, &phrases, &sentences, chinese);
    let known = Known {
        published: context.published.or_else(|| signature(&document)),
        zone: context.zone,
        chinese,
        stated_zone: only_zone(&atoms),
        ..Known::default()
    };
    let mut walk = Walk {
        document: &document,
        context,
        known,
        found: Vec::new(),
        waiting: Vec::new(),
        days: Vec::new(),
        days_end: 0,
        opened: None,
        days_ranged: false,
        recurring: Vec::new(),
        doubts: Vec::new(),
        refers: Vec::new(),
        date_only: Vec::new(),
        dated_work: false,
    };
    for (n, placed) in phrases.iter().enumerate() {
        if walk.found.len() >= MOST_WINDOWS {
            walk.doubts.push((DoubtKind::TooMany, placed.atoms.clone()));
            break;
        }
        walk.phrase(n, placed);
    }
    walk.close(text, plain)
}

/// The one zone that the text names, if it names just one.
fn only_zone(atoms: &[Atom]) -> Option<super::atoms::Zoned> {
    let mut zones = atoms.iter().filter_map(|atom| match atom.meaning {
        Meaning::Zone(zone) => Some(zone),
        _ => None,
    });
    let first = zones.next()?;
    zones.all(|zone| zone == first).then_some(first)
}

/// The day of publication that the text itself shows: after a label, or alone on one of the last lines.
fn signature(document: &Document<'_>) -> Option<NaiveDate> {
    let dated = |placed: &Placed| match &placed.phrase {
        Phrase::Moment(Moment { date: Some(date), .. }) => {
            NaiveDate::from_ymd_opt(date.year?, date.month?, date.day?)
        }
        _ => None,
    };
    let labelled = |placed: &&Placed| {
        placed.atoms.start > 0
            && (1..3).any(|back| {
                placed
                    .atoms
                    .start
                    .checked_sub(back)
                    .is_some_and(|k| document.atoms[k].meaning == Meaning::Cue(Cue::Published))
            })
    };
    document.phrases.iter().filter(labelled).find_map(dated).or_else(|| {
        let last = document.phrases.last()?;
        let sentence = document.sentences.sentence(last.atoms.start);
        let says_more = sentence.cues != super::sentences::Cues::default();
        let alone = !says_more
            && sentence.atoms.len() <= last.atoms.len() + 3
            && sentence.atoms.end + 6 >= document.atoms.len();
        dated(last).filter(|_| alone)
    })
}

impl Walk<'_> {
    fn phrase(&mut self, n: usize, placed: &Placed) {
        match &placed.phrase {
            Phrase::Length(_) => {}
            Phrase::Range(start, end, join) => self.range(placed, start, end, *join),
            Phrase::Moment(moment) => self.moment(n, placed, moment),
        }
    }

    pub(super) fn doubt(&mut self, kind: DoubtKind, placed: &Placed) {
        self.doubts.push((kind, placed.atoms.clone()));
    }

    fn range(&mut self, placed: &Placed, start: &Moment, end: &Moment, join: Join) {
        let role = self.document.role(placed);
        if let Some(rule) = recurring::rule_at(self.document.atoms, placed, start)
            && role == Role::Outage
            && !self.spread_follows(placed)
        {
            recurring::add(self, placed, rule, start, end);
            return;
        }
        if start.clock.is_none() || end.clock.is_none() {
            self.day_range(placed, start, end, role);
            return;
        }
        if matches!(role, Role::Aside | Role::Up) {
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
        if (!start.has_day() || each) && near {
            return Ok(std::mem::take(&mut self.days));
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
        if self.known.day.is_some_and(near) {
            return start.clone();
        }
        Moment { date: end.date, relative: end.relative, weekday: end.weekday, ..start.clone() }
    }

    pub(super) fn note_day(&mut self, start: &Moment, end: &Moment, day: Option<NaiveDate>) {
        if let Some(day) = day {
            self.known.day = Some(day);
            if start.date.is_some_and(|date| date.year.is_some())
                || end.date.is_some_and(|date| date.year.is_some())
            {
                self.known.dated = Some(day);
            }
        }
    }

    fn moment(&mut self, n: usize, placed: &Placed, moment: &Moment) {
        if self.preceded(placed, &[Cue::Published]) {
            return;
        }
        let role = self.document.role(placed);
        let limit = self.followed(placed, Cue::Before) || self.preceded(placed, &[Cue::Before]);
        if recurring::rule_at(self.document.atoms, placed, moment).is_some() && role == Role::Outage {
            if !self.times_follow(n) {
                recurring::add_open(self, placed, moment);
            }
            return;
        }
        if moment.clock.is_none() && !self.starts_now(moment) {
            self.day_alone(placed, moment, role, limit);
            return;
        }
        // 6时前恢复, "back by 6": a limit, but of the outage.
        let back = !self.waiting.is_empty() && self.document.own_verb(placed) == Some(Cue::Restore);
        if limit && !back || matches!(role, Role::Aside | Role::History) {
            return;
        }
        self.timed_moment(n, placed, moment, role);
    }

    /// "every Sunday from 2 to 6": the times come with the next phrase.
    fn times_follow(&self, n: usize) -> bool {
        let here = self.document.phrases[n].atoms.end;
        self.document.phrases.get(n + 1).is_some_and(|next| {
            let same = self.document.sentences.sentence_index(next.atoms.start)
                == self.document.sentences.sentence_index(here - 1);
            same && matches!(next.phrase, Phrase::Range(..) | Phrase::Moment(_))
        })
    }

    fn starts_now(&self, moment: &Moment) -> bool {
        moment.relative == Some(super::atoms::Relative::Now)
    }

    fn timed_moment(&mut self, n: usize, placed: &Placed, moment: &Moment, role: Role) {
        let mut doubts = Doubts::new();
        let at = match self.instant_of(moment, &mut doubts) {
            Ok(at) => at,
            Err(kind) => {
                if role == Role::Outage {
                    self.dated_work = true;
                    self.doubt(kind, placed);
                }
                return;
            }
        };
        let sentence = self.document.sentences.sentence_index(placed.atoms.start);
        if role == Role::Up && self.waiting.is_empty() {
            self.staged_end(placed, at);
        }
        match self.part_in_range(placed, role) {
            Some(Side::End) => {
                if self.waiting.is_empty() {
                    self.opened = Some(sentence);
                    self.staged_end(placed, at);
                }
                self.end_at(placed, at);
            }
            // 25日开放,27日关闭: the end of an opening.
            Some(Side::Start) if self.opened == Some(sentence) => {}
            Some(Side::Start) => self.start_at(n, placed, moment, at, doubts, role),
            None => {}
        }
    }

    fn instant_of(
        &mut self,
        moment: &Moment,
        doubts: &mut Doubts,
    ) -> Result<DateTime<FixedOffset>, DoubtKind> {
        let day = self.known.day_of(moment, None, doubts)?.ok_or(DoubtKind::DayUnknown)?;
        let local: NaiveDateTime = match moment.clock {
            Some(clock) => on_day(day.date, clock, moment.part, false)?,
            None => day.date.and_time(chrono::NaiveTime::MIN),
        };
        self.note_day(moment, moment, Some(day.date));
        self.known.instant(local, moment.zone, doubts)
    }

    fn start_at(
        &mut self,
        n: usize,
        placed: &Placed,
        moment: &Moment,
        at: DateTime<FixedOffset>,
        doubts: Doubts,
        role: Role,
    ) {
        if let Some(length) = self.length_after(n, placed).or_else(|| self.length_before(n, placed)) {
            let end = at.checked_add_signed(Duration::minutes(length.most));
            self.found.push(Found {
                start: at,
                end,
                role,
                atoms: placed.atoms.clone(),
                doubts,
                rules: vec![Rule::StartAndLength],
            });
            return;
        }
        if role == Role::Old {
            self.found.push(Found {
                start: at,
                end: None,
                role,
                atoms: placed.atoms.clone(),
                doubts,
                rules: vec![Rule::OpenStart],
            });
            return;
        }
        let clause = self.document.sentences.sentence(placed.atoms.start).cues;
        let stops = clause.any(&[Cue::Stop, Cue::Sudden, Cue::Work]);
        self.waiting.push(Waiting {
            at,
            atoms: placed.atoms.clone(),
            doubts,
            stops,
            timed: moment.clock.is_some(),
            rule: Rule::OpenStart,
        });
    }

    fn end_at(&mut self, placed: &Placed, at: DateTime<FixedOffset>) {
        let sentence = self.document.sentences.sentence(placed.atoms.start).cues;
        let waiting = std::mem::take(&mut self.waiting);
        if sentence.has(Cue::Early) {
            self.refers.push(Reference { relation: Relation::EndedEarly, start: None, end: Some(at) });
        }
        if waiting.is_empty() && sentence.has(Cue::Extend) {
            self.refers.push(Reference { relation: Relation::Extended, start: None, end: Some(at) });
        }
        for start in waiting {
            if at > start.at && (at - start.at).num_days() <= 62 {
                let atoms = start.atoms.start..placed.atoms.end;
                self.found.push(Found {
                    start: start.at,
                    end: Some(at),
                    role: Role::Outage,
                    atoms,
                    doubts: start.doubts,
                    rules: vec![Rule::StartThenEnd],
                });
            } else {
                self.waiting.push(start);
            }
        }
    }

    /// A window that was over a week before publication is a report, whatever its words.
    fn forget_history(&mut self) -> bool {
        let week = |published: NaiveDate| published.checked_sub_days(chrono::Days::new(7));
        let Some(horizon) = self.context.published.and_then(week) else { return false };
        let doubts = self.doubts.len();
        for found in self.found.iter_mut().filter(|found| found.role == Role::Outage) {
            if found.end.is_some_and(|end| end.date_naive() < horizon) {
                found.role = Role::History;
                self.doubts.push((DoubtKind::Unclear, found.atoms.clone()));
            }
        }
        self.doubts.len() > doubts
    }

    fn close(mut self, text: &str, plain: &Plain) -> Reading {
        for start in std::mem::take(&mut self.waiting) {
            // A start inside a window that the text tells of whole is that window told again.
            let told = |found: &Found| {
                found.role == Role::Outage
                    && found.start <= start.at
                    && found.end.is_some_and(|end| start.at < end)
            };
            if start.stops && !self.found.iter().any(told) {
                let rules = vec![if start.timed { start.rule } else { Rule::FromNow }];
                let mut doubts = start.doubts;
                doubts.push(DoubtKind::EndUnknown);
                self.found.push(Found {
                    start: start.at,
                    end: None,
                    role: Role::Outage,
                    atoms: start.atoms,
                    doubts,
                    rules,
                });
            }
        }
        self.add_whole_days();
        if self.dated_work && self.doubts.is_empty() && self.found.is_empty() && self.recurring.is_empty() {
            self.doubts.push((DoubtKind::DateOnly, 0..0));
        }
        let mut notice = kind::of(&self);
        if notice != Kind::Resumed && self.forget_history() {
            notice = kind::of(&self);
        }
        let windows = window::finish(&mut self, notice, text, plain);
        let unaffected = services::unaffected(self.document, text, plain);
        let doubts = window::doubts(&self, text, plain);
        Reading { notice, windows, recurring: self.recurring, unaffected, doubts, refers: self.refers }
    }
}

/// A time that is told of, though its day cannot be known.
fn is_undated(kind: DoubtKind) -> bool {
    matches!(
        kind,
        DoubtKind::YearUnknown
            | DoubtKind::PublicationUnknown
            | DoubtKind::Impossible
            | DoubtKind::ZoneUnknown
    )
}

/// "Friday 29 to Saturday 30 January 2016": the start takes month and year from the end.
pub(super) fn with_month_of(start: &Moment, end: &Moment) -> Moment {
    let mut start = start.clone();
    if let (Some(from), Some(to)) = (start.date.as_mut(), end.date) {
        if from.month.is_none() && from.day <= to.day {
            from.month = to.month;
        }
        if from.year.is_none() && from.month.is_some() && to.year.is_some() {
            let later_year = from.month > to.month;
            from.year = to.year.map(|year| year - i32::from(later_year));
        }
    }
    start
}
