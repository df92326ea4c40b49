//! What kind of notice a text is.

use super::assemble::Walk;
use super::atoms::Cue;
use super::judge::Role;
use super::sentences::Cues;
use crate::reading::Kind;

pub(crate) fn of(walk: &Walk<'_>) -> Kind {
    let document = walk.document;
    let outages = walk.found.iter().filter(|found| found.role == Role::Outage).count();
    let old = walk.found.iter().any(|found| found.role == Role::Old);
    if !document.is_about_outages() && !old {
        return Kind::NotMaintenance;
    }
    let sentences = || document.sentences.sentences.iter().map(|sentence| sentence.cues);
    let told = |cue: Cue| sentences().any(|cues| cues.has(cue) && is_news(cues, cue));
    if told(Cue::Cancel)
        && (outages == 0
            || !walk
                .found
                .iter()
                .any(|found| found.role == Role::Outage && follows_cancel(walk, found.atoms.start)))
    {
        return Kind::Cancelled;
    }
    if told(Cue::Postpone) && (old || outages > 0) || old && outages > 0 {
        return Kind::Postponed;
    }
    if told(Cue::Done) && !is_ahead(walk) {
        return Kind::Resumed;
    }
    let something = outages > 0 || !walk.recurring.is_empty() || walk.dated_work || !walk.refers.is_empty();
    let sudden = sentences().any(|cues| cues.has(Cue::Sudden) && !cues.any(&[Cue::If, Cue::Aside]));
    if sudden && !document.all.has(Cue::Routine) && (something || document.all.has(Cue::Stop)) {
        return Kind::Emergency;
    }
    let already = sentences().any(|cues| {
        cues.has(Cue::Now) && cues.any(&[Cue::Work, Cue::Stop]) && !cues.any(&[Cue::Advice, Cue::Aside])
    });
    if something || already { Kind::PlannedMaintenance } else { Kind::NotMaintenance }
}

/// A sentence that tells of maintenance put off, called off or over, not of anything else.
fn is_news(cues: Cues, cue: Cue) -> bool {
    let work = cues.any(&[Cue::Work, Cue::Old, Cue::Stop, Cue::System, Cue::Sudden]);
    match cue {
        Cue::Done => work && !cues.any(&[Cue::Past, Cue::If]),
        Cue::Cancel => {
            cues.any(&[Cue::Work, Cue::Old, Cue::Planned, Cue::Routine]) && !cues.any(&[Cue::If, Cue::Aside])
        }
        _ => {
            cues.any(&[Cue::Work, Cue::Stop, Cue::System, Cue::Service]) && !cues.any(&[Cue::If, Cue::Aside])
        }
    }
}

/// Whether a window stands after the sentence that cancels: a new one.
fn follows_cancel(walk: &Walk<'_>, atom: usize) -> bool {
    let sentences = &walk.document.sentences.sentences;
    let cancel = sentences
        .iter()
        .position(|sentence| sentence.cues.has(Cue::Cancel) && is_news(sentence.cues, Cue::Cancel));
    cancel.is_some_and(|cancel| walk.document.sentences.sentence_index(atom) > cancel)
}

/// A window that begins after the day of publication is announced, whatever else is over.
fn is_ahead(walk: &Walk<'_>) -> bool {
    walk.found.iter().any(|found| {
        found.role == Role::Outage
            && walk.known.published.is_some_and(|published| found.start.date_naive() > published)
    })
}
