//! What kind of notice a text is.

use super::assemble::Walk;
use super::atoms::{Cue, Meaning};
use super::grammar::{Phrase, Placed};
use super::judge::{Document, Role};
use super::sentences::Cues;
use crate::reading::Kind;

pub(crate) fn of(walk: &Walk<'_>) -> Kind {
    let document = walk.document;
    let outages = walk.found.iter().filter(|found| found.role == Role::Outage).count();
    let old = walk.found.iter().any(|found| found.role == Role::Old);
    if !document.is_about_outages() && !old {
        return Kind::NotMaintenance;
    }
    let cancels = news(document, Cue::Cancel);
    let renewed =
        |after: usize| walk.found.iter().any(|found| found.role == Role::Outage && found.atoms.start > after);
    if cancels.is_some_and(|at| outages == 0 || !renewed(at)) {
        return Kind::Cancelled;
    }
    if news(document, Cue::Postpone).is_some() && (old || outages > 0 || document.all.has(Cue::Old))
        || old && outages > 0
    {
        return Kind::Postponed;
    }
    let nothing = outages == 0 && walk.recurring.is_empty() && walk.refers.is_empty();
    if nothing && document.all.any(&[Cue::Hearsay, Cue::Changelog]) {
        return Kind::NotMaintenance;
    }
    if is_over(document) && !is_ahead(walk) {
        return Kind::Resumed;
    }
    let something = outages > 0 || !walk.recurring.is_empty() || walk.dated_work || !walk.refers.is_empty();
    if outages == 0 && !walk.recurring.is_empty() {
        return Kind::PlannedMaintenance;
    }
    let drill = document.all.has(Cue::Physical) && !something;
    if is_sudden(document) && !drill && (something || document.all.has(Cue::Stop)) {
        return Kind::Emergency;
    }
    if something || is_already(document) { Kind::PlannedMaintenance } else { Kind::NotMaintenance }
}

/// Where the text tells that maintenance is called off or put off: the atom that says so.
fn news(document: &Document<'_>, cue: Cue) -> Option<usize> {
    (0..document.atoms.len())
        .find(|k| document.atoms[*k].meaning == Meaning::Cue(cue) && is_news(document, *k, cue))
}

fn is_news(document: &Document<'_>, k: usize, cue: Cue) -> bool {
    let sentence = document.sentences.sentence(k).cues;
    let clause = document.sentences.clause(k).cues;
    if sentence.has(Cue::If) || clause.has(Cue::Aside) {
        return false;
    }
    let work = clause.any(&[Cue::Work, Cue::Old]);
    match cue {
        Cue::Cancel => {
            takes_maintenance(document, k)
                && (work
                    || sentence.any(&[Cue::Planned, Cue::Routine, Cue::Work])
                    || !sentence.has(Cue::Stop))
        }
        // 到账时间顺延至…: what is put off must be maintenance.
        _ => {
            let ours = document.all.has(Cue::Old)
                || sentence.has(Cue::Work)
                || clause.any(&[Cue::Stop, Cue::Label, Cue::Begins, Cue::Restore]);
            work || ours && time_follows(document, k)
        }
    }
}

/// 取消本次维护 and 维护取消, not 升级后取消纸质发票: what is cancelled is the work, or nothing follows.
fn takes_maintenance(document: &Document<'_>, k: usize) -> bool {
    if !document.chinese {
        // "cancellation of e-invoices" is a function of the platform.
        let next: Vec<Meaning> = document.atoms[k + 1..]
            .iter()
            .map(|atom| atom.meaning)
            .filter(|meaning| *meaning != Meaning::Glue && *meaning != Meaning::Text)
            .take(3)
            .collect();
        let other = matches!(next.first(), Some(Meaning::Cue(Cue::System | Cue::Service)));
        return !other || next.contains(&Meaning::Cue(Cue::Work));
    }
    let rest = document.atoms[k + 1..].iter().take(8);
    for atom in rest {
        match atom.meaning {
            Meaning::Cue(Cue::Work | Cue::Old | Cue::Routine | Cue::Planned)
            | Meaning::Date(_)
            | Meaning::Break(_) => return true,
            Meaning::Cue(Cue::System | Cue::Service)
            | Meaning::Glue
            | Meaning::From
            | Meaning::Close
            | Meaning::Relative(_)
            | Meaning::Weekday(..) => {}
            Meaning::Text if atom.span.len() <= 2 => {}
            _ => return false,
        }
    }
    true
}

fn time_follows(document: &Document<'_>, k: usize) -> bool {
    let next = document.phrases.partition_point(|placed| placed.atoms.start <= k);
    let timed = |placed: &Placed| match &placed.phrase {
        Phrase::Moment(moment) => moment.date.is_some() || moment.clock.is_some(),
        Phrase::Range(..) => true,
        Phrase::Length(_) => false,
    };
    document.phrases.get(next).is_some_and(|placed| placed.atoms.start <= k + 4 && timed(placed))
}

/// 已恢复, 已于…完成, "has been restored": told of systems, not of history.
fn is_over(document: &Document<'_>) -> bool {
    let finished = |cues: Cues| {
        cues.has(Cue::Already) && cues.any(&[Cue::Ends, Cue::Restore, Cue::Early]) && !cues.has(Cue::Aside)
    };
    document.sentences.sentences.iter().any(|sentence| {
        let cues = sentence.cues;
        let told = cues.any(&[Cue::Work, Cue::Old, Cue::Stop, Cue::System, Cue::Service, Cue::Sudden]);
        let clauses = document.sentences.clauses_of(sentence);
        let early = !document.chinese && cues.has(Cue::Early);
        let over = cues.has(Cue::Done) || early || clauses.iter().any(|clause| finished(clause.cues));
        told && over && !cues.any(&[Cue::Past, Cue::If])
    })
}

fn is_sudden(document: &Document<'_>) -> bool {
    let told = |cues: Cues| cues.has(Cue::Sudden) && !cues.any(&[Cue::If, Cue::Aside]);
    !document.all.has(Cue::Routine) && document.sentences.sentences.iter().any(|sentence| told(sentence.cues))
}

/// 现暂停开票: it is so already, though no time is named.
fn is_already(document: &Document<'_>) -> bool {
    document.sentences.sentences.iter().any(|sentence| {
        let cues = sentence.cues;
        cues.has(Cue::Now) && cues.any(&[Cue::Work, Cue::Stop]) && !cues.any(&[Cue::Advice, Cue::Aside])
    })
}

/// A window that begins after the day of publication is announced, whatever else is over.
fn is_ahead(walk: &Walk<'_>) -> bool {
    walk.found.iter().any(|found| {
        found.role == Role::Outage
            && walk.known.published.is_some_and(|published| found.start.date_naive() > published)
    })
}
