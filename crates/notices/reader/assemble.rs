//! The walk over the phrases: each is judged and resolved; starts and ends that stand apart are joined.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime};

use super::atoms::{Atom, Cue, Meaning};
use super::edges::Side;
use super::grammar::{Moment, Phrase, Placed, phrases};
use super::judge::{Document, Role};
use super::language::Language;
use super::lexer;
use super::normalise::Plain;
use super::resolve::{Doubts, Known, on_day};
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
    /// The atom after the latest hours that were none of ours.
    pub(super) aside_end: usize,
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
        aside_end: 0,
    };
    for (n, placed) in phrases.iter().enumerate() {
        if walk.found.len() + walk.waiting.len() >= MOST_WINDOWS {
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
        if waiting.is_empty() && (sentence.has(Cue::Extend) || self.ends_later(placed)) {
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

    /// 停机时间提前至…开始，结束时间不变: the window told of before, with the new start.
    fn same_end(&mut self, start: &Waiting) -> bool {
        let said = self.document.sentences.sentence(start.atoms.start).cues.has(Cue::SameEnd);
        let whole = |found: &&mut Found| {
            found.end.is_some_and(|end| start.at < end && (end - start.at).num_days() <= 31)
        };
        let Some(old) = self.found.iter_mut().rev().find(whole).filter(|_| said) else { return false };
        let moved = Found {
            start: start.at,
            role: Role::Outage,
            atoms: start.atoms.clone(),
            rules: vec![Rule::SameEnd],
            ..old.clone()
        };
        old.role = Role::Old;
        self.found.push(moved);
        true
    }

    fn close(mut self, text: &str, plain: &Plain) -> Reading {
        for start in std::mem::take(&mut self.waiting) {
            if self.same_end(&start) {
                continue;
            }
            let stops = self.document.sentences.clause(start.atoms.start).cues.has(Cue::Stop);
            // A start inside a window that the text tells of whole is that window told again.
            let told = |found: &Found| {
                found.role == Role::Outage
                    && found.start <= start.at
                    && found.end.is_some_and(|end| start.at < end || start.at == end && !stops)
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
pub(super) fn is_undated(kind: DoubtKind) -> bool {
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
