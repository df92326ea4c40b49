//! Whether a moment that stands alone is a start or an end, and how long what starts there takes.

use super::assemble::Walk;
use super::atoms::{Break, Cue, Length, Meaning};
use super::grammar::{Phrase, Placed};
use super::judge::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Start,
    End,
}

impl Walk<'_> {
    /// Whether a moment that stands alone is a start or an end.
    pub(super) fn part_in_range(&self, placed: &Placed, role: Role) -> Option<Side> {
        if self.preceded_by(placed, Meaning::To) {
            // 到中午12点关闭 ends an opening, not an outage.
            let closes = self.document.verb_after(placed) == Some(Cue::Stop);
            // 至14日24:00,另有一项停止: a further start, told after the one before it.
            let next = self.document.clause_cues(placed);
            if self.document.stands_alone(placed) && next.has(Cue::Stop) && !next.has(Cue::Restore) {
                return Some(Side::Start);
            }
            return (!closes).then_some(Side::End);
        }
        if self.ends_later(placed)
            || self.preceded(placed, &[Cue::EndLabel, Cue::Extend])
            || self.followed(placed, Cue::Ends)
            || self.labelled(placed, Cue::Ends)
        {
            return Some(Side::End);
        }
        let over = self.document.sentences.clause(placed.atoms.start).cues;
        if self.preceded(placed, &[Cue::Already]) && over.any(&[Cue::Ends, Cue::Early, Cue::Restore]) {
            return Some(Side::End);
        }
        if role == Role::Old && self.followed(placed, Cue::Ends) {
            return None;
        }
        if self.preceded(placed, &[Cue::StartLabel]) || self.labelled(placed, Cue::Begins) {
            return Some(Side::Start);
        }
        if role == Role::Up {
            return (!self.waiting.is_empty()
                && matches!(self.document.verb(placed), Some(Cue::Restore | Cue::Done)))
            .then_some(Side::End);
        }
        let marked = self.document.own_verb(placed).is_some() || self.begins_something(placed);
        match self.document.verb(placed)? {
            Cue::Restore | Cue::Done => Some(Side::End),
            _ if marked && matches!(role, Role::Outage | Role::Old) => Some(Side::Start),
            _ => None,
        }
    }

    /// Whether what stands around a time says that something begins then, though its clause does not say what.
    pub(super) fn begins_something(&self, placed: &Placed) -> bool {
        let said = matches!(self.just_before(placed), Some(Meaning::From | Meaning::Cue(Cue::Planned)));
        let document = self.document;
        said || self.followed(placed, Cue::Begins) || document.stands_alone(placed) || document.in_row(placed)
    }

    /// 恢复时间延后至…, "the end time has been moved to …": what is put off is the end.
    pub(super) fn ends_later(&self, placed: &Placed) -> bool {
        let clause = self.document.sentences.clause(placed.atoms.start).atoms.start;
        let ends = |k: usize| {
            matches!(self.document.atoms[k].meaning, Meaning::Cue(Cue::Restore | Cue::Ends | Cue::EndLabel))
        };
        self.preceded(placed, &[Cue::Postpone]) && (clause..placed.atoms.start).any(ends)
    }

    /// 起：…, 止：… on lines of their own: the word that else follows a time opens its line as a label.
    fn labelled(&self, placed: &Placed, cue: Cue) -> bool {
        let opens = self.document.sentences.clause(placed.atoms.start).atoms.start;
        self.document.atoms[opens].meaning == Meaning::Cue(cue) && self.preceded(placed, &[cue])
    }

    /// Whether one of `cues` stands just before, small words between.
    pub(super) fn preceded(&self, placed: &Placed, cues: &[Cue]) -> bool {
        self.just_before(placed)
            .is_some_and(|meaning| matches!(meaning, Meaning::Cue(cue) if cues.contains(&cue)))
    }

    pub(super) fn preceded_by(&self, placed: &Placed, meaning: Meaning) -> bool {
        self.just_before(placed) == Some(meaning)
    }

    pub(super) fn just_before(&self, placed: &Placed) -> Option<Meaning> {
        let atoms = self.document.atoms;
        let mut k = placed.atoms.start;
        while k > 0 {
            k -= 1;
            match atoms[k].meaning {
                Meaning::Glue
                | Meaning::Close
                | Meaning::Open
                | Meaning::Break(Break::Cell)
                | Meaning::Cue(Cue::About) => {}
                Meaning::Text if atoms[k].span.len() == 1 => {}
                meaning => return Some(meaning),
            }
            if placed.atoms.start - k > 3 {
                break;
            }
        }
        None
    }

    pub(super) fn followed(&self, placed: &Placed, cue: Cue) -> bool {
        self.document.atoms.get(placed.atoms.end).is_some_and(|atom| atom.meaning == Meaning::Cue(cue))
    }

    /// 预计3小时, "for about two hours": in the same sentence, or the one after it.
    pub(super) fn length_after(&self, n: usize, placed: &Placed) -> Option<Length> {
        let sentence = self.document.sentences.sentence_index(placed.atoms.start);
        let next = self.document.phrases.get(n + 1)?;
        let Phrase::Length(length) = next.phrase else { return None };
        let near = self.document.sentences.sentence_index(next.atoms.start) <= sentence + 1;
        let clause = self.document.sentences.clause(next.atoms.start).cues;
        let told = clause.any(&[Cue::About, Cue::Work, Cue::Stop]) && !clause.has(Cue::Aside);
        // In another sentence, what takes more than three days is something else.
        let same = self.document.sentences.sentence_index(next.atoms.start) == sentence;
        (near && told && length.most >= 5 && (same || length.most <= 72 * 60)).then_some(length)
    }

    /// "for approximately 4 hours starting at 1:00".
    pub(super) fn length_before(&self, n: usize, placed: &Placed) -> Option<Length> {
        let before = &self.document.phrases[n.checked_sub(1)?];
        let sentences = self.document.sentences;
        // 影响时长：2小时 on one line, 开始时间：… on the next.
        let told = sentences.clause(before.atoms.start).cues.any(&[Cue::About, Cue::Label]);
        let lines =
            sentences.sentence_index(placed.atoms.start) - sentences.sentence_index(before.atoms.start);
        if let Phrase::Length(length) = before.phrase
            && told
            && lines <= 2
            && length.most >= 5
            && self.preceded(placed, &[Cue::StartLabel])
        {
            return Some(length);
        }
        let same =
            sentences.sentence_index(before.atoms.start) == sentences.sentence_index(placed.atoms.start);
        let stops = sentences.clause(before.atoms.start).cues.any(&[Cue::Stop, Cue::Work]);
        let begins = self
            .just_before(placed)
            .is_some_and(|meaning| matches!(meaning, Meaning::From | Meaning::Cue(Cue::StartLabel)));
        match before.phrase {
            Phrase::Length(length) if same && stops && begins && length.most >= 5 => Some(length),
            _ => None,
        }
    }
}
