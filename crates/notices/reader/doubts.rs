//! Doubts in words, and the place in the text that they are about.

use super::atoms::Atom;
use super::normalise::Plain;
use crate::reading::{Doubt, DoubtKind};

/// For messages: the place of a doubt in the text.
pub(crate) fn excerpt<'t>(
    text: &'t str,
    plain: &Plain,
    atoms: &[Atom],
    span: &std::ops::Range<usize>,
) -> (std::ops::Range<usize>, &'t str) {
    let from = atoms.get(span.start).map_or(0, |atom| atom.span.start);
    let to = span.end.checked_sub(1).and_then(|last| atoms.get(last)).map_or(from, |atom| atom.span.end);
    let bytes = plain.bytes(from..to.max(from));
    (bytes.clone(), text.get(bytes).unwrap_or(""))
}

impl Doubt {
    pub(crate) fn new(kind: DoubtKind, at: &str) -> Self {
        let at: String = at.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
        Doubt {
            kind,
            text: if at.is_empty() { sentence(kind).to_owned() } else { format!("{at}: {}", sentence(kind)) },
        }
    }
}

fn sentence(kind: DoubtKind) -> &'static str {
    match kind {
        DoubtKind::Language => "the language is not one that the reader knows",
        DoubtKind::YearUnknown => "neither the text nor a date of publication tells the year",
        DoubtKind::PublicationUnknown => "the day depends on the date of publication, which is not known",
        DoubtKind::DayUnknown => "no day is named for this time",
        DoubtKind::WeekdayDisagrees => "the day of the week is not that of the date",
        DoubtKind::Impossible => "there is no such time, or the end comes before the start",
        DoubtKind::DayOrMonth => "day and month may be the other way round",
        DoubtKind::ZoneUnknown => "no zone is named and none was given",
        DoubtKind::ZoneAmbiguous => "the abbreviation means several zones",
        DoubtKind::ClockChange => "the clock skips or repeats this time",
        DoubtKind::EndUnknown => "no end is named",
        DoubtKind::StartUnknown => "no start is named",
        DoubtKind::DateOnly => "days are named without times",
        DoubtKind::Tentative => "the notice calls this provisional",
        DoubtKind::Long => "longer than a month",
        DoubtKind::Unclear => "it is not clear what this time is, so it was left out",
        DoubtKind::Entry => "this entry could not be read and was left out",
        DoubtKind::TooMany => "too many windows for one notice; the rest was not read",
    }
}
