//! The wall-clock starts of a recurrence: all its slots merged, without those left out.

use std::collections::BTreeSet;
use std::iter::Peekable;

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use croner::Cron;

use super::rule::Rule;
use super::{Refused, Spec, cron, written};

/// Where the starts come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Starts {
    slots: Vec<Slot>,
    not_before: Option<NaiveDateTime>,
    also: BTreeSet<NaiveDateTime>,
    except: BTreeSet<NaiveDateTime>,
    except_days: BTreeSet<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq)]
enum Slot {
    Cron(Box<Cron>),
    Rule(Box<Rule>),
}

impl Starts {
    pub fn read(spec: &Spec, zone: Tz) -> Result<Starts, Refused> {
        let start = spec.start.as_deref().map(|text| written::wall_time("start", text)).transpose()?;
        let slots = match (&spec.rrule, spec.cron.as_slice(), start) {
            (None, [], _) => {
                return Err(Refused::new("cron", "write `cron` or `rrule`: when does it come again?"));
            }
            (None, lines, _) => lines
                .iter()
                .map(|line| cron::read(line).map(|cron| Slot::Cron(Box::new(cron))))
                .collect::<Result<_, _>>()?,
            (Some(_), [], None) => {
                let advice = "write the wall-clock start of the first occurrence, such as `2026-01-06T02:00`";
                return Err(Refused::new("start", advice));
            }
            (Some(rule), [], Some(start)) => vec![Slot::Rule(Box::new(Rule::read(rule, start, zone)?))],
            (Some(_), _, _) => return Err(Refused::new("cron", "write `cron` or `rrule`, not both")),
        };
        let also = spec.also.iter().map(|text| written::wall_time("also", text)).collect::<Result<_, _>>()?;
        let (days, times): (Vec<&String>, _) =
            spec.except.iter().partition(|text| written::date(text).is_some());
        let except = times.iter().map(|text| written::wall_time("except", text)).collect::<Result<_, _>>()?;
        let except_days = days.iter().filter_map(|text| written::date(text)).collect();
        Ok(Starts { slots, not_before: start, also, except, except_days })
    }

    /// The starts in `[first, last]`, in order, each once.
    pub fn between(&self, first: NaiveDateTime, last: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        let after = self.not_before.map_or(first, |start| first.max(start));
        let also = self.also.iter().copied().filter(move |start| (first..=last).contains(start));
        let also: Source<'_> = Box::new(also);
        let sources = self.slots.iter().map(|slot| slot.between(after, last)).chain([also]);
        let merged = Merged { sources: sources.map(Iterator::peekable).collect() };
        merged.filter(|start| !self.except.contains(start) && !self.except_days.contains(&start.date()))
    }
}

type Source<'a> = Box<dyn Iterator<Item = NaiveDateTime> + 'a>;

impl Slot {
    fn between(&self, first: NaiveDateTime, last: NaiveDateTime) -> Source<'_> {
        match self {
            Slot::Cron(cron) => Box::new(cron::starts(cron, first).take_while(move |start| *start <= last)),
            Slot::Rule(rule) => Box::new(rule.between(first, last)),
        }
    }
}

/// Several ascending sources as one, equal starts once.
struct Merged<'a> {
    sources: Vec<Peekable<Source<'a>>>,
}

impl Iterator for Merged<'_> {
    type Item = NaiveDateTime;

    fn next(&mut self) -> Option<NaiveDateTime> {
        let earliest = self.sources.iter_mut().filter_map(|source| source.peek().copied()).min()?;
        for source in &mut self.sources {
            while source.next_if_eq(&earliest).is_some() {}
        }
        Some(earliest)
    }
}
