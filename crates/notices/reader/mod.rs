//! The reading itself, from the outside in: text to plain characters, to atoms, to phrases; each phrase is
//! judged, resolved, and put together with its neighbours.

mod assemble;
mod atoms;
mod clocks;
mod dates;
mod days;
mod doubts;
mod edges;
mod grammar;
mod hant;
mod judge;
mod kind;
mod language;
mod lengths;
mod lexer;
mod lexicon;
mod normalise;
mod numerals;
mod ranges;
mod recurring;
mod resolve;
pub(crate) mod rules;
mod sentences;
mod services;
mod window;
mod zones;

use crate::context::Context;
use crate::reading::{Doubt, DoubtKind, Kind, Reading};

/// A local time on the line of instants: shifted forward in a gap, the first of two in a fold.
pub(crate) fn place(
    time: chrono::NaiveDateTime,
    zone: crate::context::Zone,
) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    zones::place(time, zone).map(|placed| placed.instant)
}

/// Reads one notice. Total: any text gives a reading, in time linear in its length; what is not
/// understood yields nothing, or a doubt. Nothing is invented and no clock is read.
pub fn read(text: &str, context: &Context) -> Reading {
    let plain = normalise::normalise(text);
    let language = language::of(&plain.chars);
    if language == language::Language::Other {
        let doubt = Doubt {
            kind: DoubtKind::Language,
            text: "the text is in a language that the reader does not know".to_owned(),
        };
        return Reading {
            notice: Kind::NotMaintenance,
            windows: Vec::new(),
            recurring: Vec::new(),
            unaffected: Vec::new(),
            doubts: vec![doubt],
            refers: Vec::new(),
        };
    }
    assemble::assemble(text, &plain, language, context)
}
