//! Plain text to atoms, in one pass from left to right; every step consumes at least one character.

use super::atoms::{Atom, Break, Cue, DateText, Meaning, Relative, Week};
use super::clocks::{clock, offset};
use super::dates::date;
use super::lengths::length;
use super::lexicon::lexicon;
use super::normalise::{Plain, is_han};
use super::numerals::{arabic, digits};

/// The atoms of a text, in order, without overlaps.
pub(crate) fn atoms(plain: &Plain) -> Vec<Atom> {
    let mut lexer = Lexer { text: &plain.chars, atoms: Vec::new() };
    let mut i = 0;
    while i < lexer.text.len() {
        i = lexer.step(i);
    }
    lexer.atoms
}

struct Lexer<'a> {
    text: &'a [char],
    atoms: Vec<Atom>,
}

impl Lexer<'_> {
    fn step(&mut self, i: usize) -> usize {
        match self.text[i] {
            ' ' => i + 1,
            '\n' => self.line_end(i),
            c if c.is_ascii_digit() || starts_numeral(c) => self.number(i),
            _ => self.word(i),
        }
    }

    fn push(&mut self, meaning: Meaning, from: usize, to: usize) -> usize {
        self.atoms.push(Atom { meaning, span: from..to });
        to
    }

    fn line_end(&mut self, i: usize) -> usize {
        let run = self.text[i..].iter().take_while(|c| matches!(c, '\n' | ' ')).count();
        let lines = self.text[i..i + run].iter().filter(|c| **c == '\n').count();
        let kind = if lines > 1 { Break::Paragraph } else { Break::Line };
        self.push(Meaning::Break(kind), i, i + run)
    }

    fn last(&self) -> Option<Meaning> {
        self.atoms.last().map(|atom| atom.meaning)
    }

    fn number(&mut self, i: usize) -> usize {
        let text = self.text;
        if let Some((found, end)) = length(text, i) {
            return self.push(Meaning::Length(found), i, end);
        }
        let weekday = self.last_is_weekday();
        if let Some((found, end)) = date(text, i, weekday) {
            self.push(Meaning::Date(found), i, end);
            return self.after_date(found, end);
        }
        if let Some((found, end)) = clock(text, i) {
            return self.push(Meaning::Clock(found), i, end);
        }
        if text[i].is_ascii_digit() { self.plain_number(i) } else { self.word(i) }
    }

    fn last_is_weekday(&self) -> bool {
        match self.last() {
            Some(Meaning::Weekday(..)) => true,
            Some(Meaning::Break(Break::Comma | Break::List) | Meaning::Glue | Meaning::Open) => {
                self.atoms.len() > 1
                    && matches!(self.atoms[self.atoms.len() - 2].meaning, Meaning::Weekday(..))
            }
            _ => false,
        }
    }

    fn plain_number(&mut self, i: usize) -> usize {
        let run = digits(self.text, i);
        match arabic(self.text, i, 2) {
            Some(n) => self.push(Meaning::Number(n.value), i, n.end),
            None => self.push_text(i, i + run.max(1)),
        }
    }

    /// "March 5-7", 2015/12/04-07: a range sign and a day of the same month.
    fn after_date(&mut self, found: DateText, end: usize) -> usize {
        let text = self.text;
        let at = if text.get(end) == Some(&' ') { end + 1 } else { end };
        let Some('-' | '~' | '&') = text.get(at) else { return end };
        let day_at = if text.get(at + 1) == Some(&' ') { at + 2 } else { at + 1 };
        let Some(day) = arabic(text, day_at, 2) else { return end };
        let next = text.get(day.end);
        let plain = !next.is_some_and(|c| c.is_alphanumeric() || ":/.-".contains(*c)) || next == Some(&'(');
        if found.day.is_none()
            || !plain
            || !(1..=31).contains(&day.value)
            || super::dates::meridiem_follows(text, day.end)
        {
            return end;
        }
        let mut later = DateText { day: Some(day.value), ..DateText::default() };
        let mut day_end = day.end;
        if let Some(year) = comma_year(text, day.end) {
            (later.year, day_end) = (Some(year.0), year.1);
        }
        self.push(if text[at] == '&' { Meaning::And } else { Meaning::To }, at, at + 1);
        self.push(Meaning::Date(later), day_at, day_end)
    }

    fn word(&mut self, i: usize) -> usize {
        let text = self.text;
        let after_clock = matches!(self.last(), Some(Meaning::Clock(_))) || self.open_after_clock();
        if let Some((zone, end)) = offset(text, i, after_clock, self.after_iso_clock()) {
            return self.push(Meaning::Zone(zone), i, end);
        }
        if matches!(text[i], 't' | 'z') && self.iso_mark(i) {
            return i + 1;
        }
        if let Some(end) = self.english_quantity(i) {
            return end;
        }
        if let Some(end) = self.further_weekday(i) {
            return end;
        }
        if let Some(end) = self.bracketed_weekday(i) {
            return end;
        }
        match lexicon().longest(text, i) {
            Some((meaning, length)) if self.fits(meaning, i, length, after_clock) => {
                self.push(meaning, i, i + length)
            }
            _ => self.unknown(i),
        }
    }

    /// "noon", "two hours", "March 5": quantities that begin with a letter.
    fn english_quantity(&mut self, i: usize) -> Option<usize> {
        let text = self.text;
        if !text[i].is_ascii_lowercase() || i > 0 && text[i - 1].is_ascii_alphabetic() {
            return None;
        }
        if let Some((found, end)) = clock(text, i) {
            return Some(self.push(Meaning::Clock(found), i, end));
        }
        if let Some((found, end)) = length(text, i) {
            return Some(self.push(Meaning::Length(found), i, end));
        }
        let (found, end) = date(text, i, false)?;
        self.push(Meaning::Date(found), i, end);
        Some(self.after_date(found, end))
    }

    /// The 三 and 五 of 每周一、三、五.
    fn further_weekday(&mut self, i: usize) -> Option<usize> {
        let text = self.text;
        let day = "一二三四五六日".chars().position(|c| c == text[i])?;
        let n = self.atoms.len();
        let joined = n > 1
            && matches!(
                self.atoms[n - 1].meaning,
                Meaning::Break(Break::Comma | Break::List) | Meaning::And | Meaning::To
            )
            && matches!(self.atoms[n - 2].meaning, Meaning::Weekday(..));
        let alone =
            !text.get(i + 1).is_some_and(|c| is_han(*c) && "月日年点时个、".contains(*c) && *c != '、');
        let adjacent = n > 0
            && matches!(self.atoms[n - 1].meaning, Meaning::Weekday(_, 6))
            && self.atoms[n - 1].span.end == i
            && text[i] == '日';
        (joined && alone || adjacent)
            .then(|| self.push(Meaning::Weekday(Week::Bare, u8::try_from(day + 1).unwrap_or(7)), i, i + 1))
    }

    /// The (五) of 11/27(五).
    fn bracketed_weekday(&mut self, i: usize) -> Option<usize> {
        let text = self.text;
        if text[i] != '(' || text.get(i + 2) != Some(&')') || !matches!(self.last(), Some(Meaning::Date(_))) {
            return None;
        }
        let day = "一二三四五六日".chars().position(|c| Some(&c) == text.get(i + 1))?;
        Some(self.push(Meaning::Weekday(Week::Bare, u8::try_from(day + 1).unwrap_or(7)), i, i + 3))
    }

    fn after_iso_clock(&self) -> bool {
        let Some(Atom { meaning: Meaning::Clock(_), span }) = self.atoms.last() else {
            return false;
        };
        span.start > 0 && self.text[span.start - 1] == 't'
    }

    fn open_after_clock(&self) -> bool {
        let n = self.atoms.len();
        n > 1
            && self.atoms[n - 1].meaning == Meaning::Open
            && matches!(self.atoms[n - 2].meaning, Meaning::Clock(_))
    }

    /// The T of 2024-05-03T22:00, and the Z after it.
    fn iso_mark(&mut self, i: usize) -> bool {
        let text = self.text;
        if text[i] == 't' {
            return matches!(self.last(), Some(Meaning::Date(_)))
                && digits(text, i + 1) == 2
                && self.atoms.last().is_some_and(|atom| atom.span.end == i);
        }
        let ends = !text.get(i + 1).is_some_and(|c| c.is_ascii_alphanumeric());
        if ends && matches!(self.last(), Some(Meaning::Clock(_))) {
            self.push(Meaning::Zone(super::atoms::Zoned::Minutes(0)), i, i + 1);
            return true;
        }
        false
    }

    /// Some words mean what the table says only in the right company.
    fn fits(&self, meaning: Meaning, i: usize, length: usize, after_clock: bool) -> bool {
        let text = self.text;
        let next = text.get(i + length).copied().unwrap_or(' ');
        match meaning {
            Meaning::Relative(Relative::FromPublication(_)) if length == 1 => {
                "晚早晨夜".contains(next) && text[i] != '昨'
            }
            Meaning::Relative(Relative::FromStart(_)) if length == 1 => {
                "晨早凌上下中午".contains(next)
                    || next.is_ascii_digit() && matches!(self.last(), Some(Meaning::To))
            }
            Meaning::Part(_) if length == 1 => {
                next.is_ascii_digit()
                    || starts_numeral(next)
                    || matches!(
                        self.last(),
                        Some(
                            Meaning::Date(_)
                                | Meaning::Weekday(..)
                                | Meaning::Relative(_)
                                | Meaning::Close
                                | Meaning::Every(_)
                        )
                    )
            }
            Meaning::Zone(_) if text[i].is_ascii_alphabetic() => {
                after_clock
                    || matches!(self.last(), Some(Meaning::Part(_)))
                    || length > 4
                    || length > 2 && self.zone_announced()
            }
            Meaning::Break(Break::Comma) if text[i] == ',' => {
                !(i > 0 && text[i - 1].is_ascii_digit() && next.is_ascii_digit() && digits(text, i + 1) == 3)
            }
            // "moved to Sunday 24", not "moved to the cloud".
            Meaning::Cue(Cue::Postpone)
                if text[i..].starts_with(&['m', 'o', 'v', 'e', 'd', ' ', 't', 'o']) =>
            {
                let at = i + length + usize::from(next == ' ');
                text.get(at).is_some_and(char::is_ascii_digit)
                    || date(text, at, false).is_some()
                    || clock(text, at).is_some()
                    || matches!(
                        lexicon().longest(text, at),
                        Some((Meaning::Weekday(..) | Meaning::Relative(_), _))
                    )
            }
            Meaning::Break(Break::Sentence) => true,
            Meaning::Cue(Cue::Before) if length == 1 && is_han(text[i]) => self.is_after_moment(),
            Meaning::Cue(Cue::After) if length == 1 && is_han(text[i]) => self.is_after_moment(),
            Meaning::To if text[i] == '/' => {
                next.is_ascii_digit() && matches!(self.last(), Some(Meaning::Clock(_) | Meaning::Zone(_)))
            }
            Meaning::To if text[i] == '-' => {
                let timed = matches!(
                    self.last(),
                    Some(Meaning::Clock(_) | Meaning::Date(_) | Meaning::Zone(_) | Meaning::Weekday(..))
                );
                timed || !(i > 0 && text[i - 1].is_ascii_alphabetic() && next.is_ascii_alphabetic())
            }
            _ => true,
        }
    }

    fn is_after_moment(&self) -> bool {
        matches!(
            self.last(),
            Some(
                Meaning::Date(_)
                    | Meaning::Clock(_)
                    | Meaning::Part(_)
                    | Meaning::Weekday(..)
                    | Meaning::Close
                    | Meaning::Length(_)
            )
        )
    }

    /// "All times are EST", "Time zone: CST", "9pm Saturday 30 January (AEDT)".
    fn zone_announced(&self) -> bool {
        let near = |meaning| {
            matches!(
                meaning,
                Meaning::Glue
                    | Meaning::Cue(Cue::Label)
                    | Meaning::Clock(_)
                    | Meaning::Date(_)
                    | Meaning::Weekday(..)
            )
        };
        let same =
            |meaning| !matches!(meaning, Meaning::Break(Break::Sentence | Break::Line | Break::Paragraph));
        self.atoms.iter().rev().take(3).take_while(|atom| same(atom.meaning)).any(|atom| near(atom.meaning))
    }

    fn unknown(&mut self, i: usize) -> usize {
        let text = self.text;
        let c = text[i];
        if c == '.' {
            let short_day = matches!(self.atoms.last(), Some(Atom { meaning: Meaning::Weekday(..), span }) if span.end == i);
            if short_day || matches!(self.last(), Some(Meaning::Date(_))) && clock(text, i + 2).is_some() {
                return i + 1;
            }
            let ends = text.get(i + 1).is_none_or(|next| matches!(next, ' ' | '\n'));
            return if ends {
                self.push(Meaning::Break(Break::Sentence), i, i + 1)
            } else {
                self.push_text(i, i + 1)
            };
        }
        if !c.is_alphabetic() || is_han(c) {
            return self.push_text(i, i + 1);
        }
        let run = text[i..].iter().take_while(|c| c.is_alphabetic() && !is_han(**c)).count();
        self.push_text(i, i + run.max(1))
    }

    fn push_text(&mut self, from: usize, to: usize) -> usize {
        if let Some(Atom { meaning: Meaning::Text, span }) = self.atoms.last_mut() {
            span.end = to;
            return to;
        }
        self.push(Meaning::Text, from, to)
    }
}

fn comma_year(text: &[char], i: usize) -> Option<(i32, usize)> {
    let at = i + text.get(i..)?.iter().take(2).take_while(|c| matches!(c, ',' | ' ')).count();
    let n = arabic(text, at, 4).filter(|n| n.digits == 4 && at > i && (1990..=2100).contains(&n.value))?;
    (text.get(n.end) != Some(&':')).then_some((i32::try_from(n.value).ok()?, n.end))
}

fn starts_numeral(c: char) -> bool {
    "〇○零一二三四五六七八九十廿卅两半民今明昨本".contains(c)
}
