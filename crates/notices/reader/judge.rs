//! What a time in the text is: an outage, an old plan, history, something that stays up, or none of ours.

use std::collections::HashSet;

use super::atoms::{Atom, Break, Cue, Meaning};
use super::grammar::{Phrase, Placed};
use super::sentences::{Cues, Sentences};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Outage,
    /// A window that an earlier notice announced and this one takes back.
    Old,
    /// Told as history.
    History,
    /// Deadlines, office hours, training, other people's things.
    Aside,
    /// A time when a service is up.
    Up,
    /// Nothing says what the time is.
    Unclear,
}

/// The text as the judge sees it.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    pub(crate) atoms: &'a [Atom],
    pub(crate) phrases: &'a [Placed],
    pub(crate) sentences: &'a Sentences,
    /// The topic in force in each sentence.
    topics: Vec<Topic>,
    pub(crate) all: Cues,
    pub(crate) chinese: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    None,
    Outage,
    Aside,
}

const OUTAGE: [Cue; 2] = [Cue::Work, Cue::Stop];

impl<'a> Document<'a> {
    pub(crate) fn new(
        atoms: &'a [Atom],
        phrases: &'a [Placed],
        sentences: &'a Sentences,
        chinese: bool,
    ) -> Self {
        let all = sentences.sentences.iter().fold(Cues::default(), |all, sentence| all.with(sentence.cues));
        let timed: HashSet<usize> =
            phrases.iter().map(|placed| sentences.sentence_index(placed.atoms.start)).collect();
        let mut topic = Topic::None;
        let topics = sentences
            .sentences
            .iter()
            .enumerate()
            .map(|(index, sentence)| {
                topic = topic_after(topic, sentence.cues, timed.contains(&index));
                topic
            })
            .collect();
        Self { atoms, phrases, sentences, topics, all, chinese }
    }

    /// Whether the text speaks of systems that are worked on or that stop.
    pub(crate) fn is_about_outages(&self) -> bool {
        let known = self.all.any(&[Cue::System, Cue::Service, Cue::Sudden]);
        if self.all.has(Cue::Sudden) && self.all.has(Cue::System) {
            return true;
        }
        if self.all.has(Cue::Sudden) && self.all.has(Cue::Done) {
            return true;
        }
        let ours = !self.all.any(&[Cue::Physical, Cue::Aside]);
        self.all.any(&OUTAGE) && (known || ours || self.all.has(Cue::Work) && !self.all.has(Cue::Physical))
    }

    /// Whether a comma is 、, which joins names rather than clauses.
    pub(crate) fn is_list_comma(&self, k: usize) -> bool {
        self.atoms[k].meaning == Meaning::Break(Break::List)
    }

    pub(crate) fn role(&self, placed: &Placed) -> Role {
        let first = placed.atoms.start;
        let clause = self.clause_cues(placed);
        let sentence = self.sentences.sentence(first).cues;
        if !self.is_about_outages() {
            return Role::Aside;
        }
        if let Some(role) = self.plan_role(placed) {
            return role;
        }
        if self.is_history(placed) {
            return Role::History;
        }
        let announces = sentence.has(Cue::Stop) && sentence.has(Cue::Planned);
        if sentence.has(Cue::Hearsay) || self.all.has(Cue::Changelog) && !announces {
            return Role::Aside;
        }
        let own = self.sentences.clause(first).cues;
        if is_aside(own, clause, sentence.with(self.after_ellipsis(first))) || self.is_physical(first) {
            return Role::Aside;
        }
        if sentence.has(Cue::NoStop) && !sentence.has(Cue::Stop) {
            return Role::Up;
        }
        if (clause.has(Cue::Up) && !clause.any(&OUTAGE))
            || (sentence.any(&[Cue::Up, Cue::Restore]) && !sentence.any(&OUTAGE))
        {
            return Role::Up;
        }
        if clause.has(Cue::Advice)
            && !matches!(&placed.phrase, Phrase::Range(start, ..) if start.date.is_some())
        {
            return Role::Aside;
        }
        let topic = self.topics[self.sentences.sentence_index(first)];
        if topic == Topic::Aside && closes_only(sentence) {
            return Role::Aside;
        }
        if sentence.any(&OUTAGE) || sentence.has(Cue::Postpone) {
            return Role::Outage;
        }
        match topic {
            Topic::Outage => Role::Outage,
            Topic::Aside => Role::Aside,
            Topic::None => self.following_role(first),
        }
    }

    /// 上次, previously: told before the time, in a sentence that announces nothing.
    fn is_history(&self, placed: &Placed) -> bool {
        let sentence = self.sentences.sentence(placed.atoms.start);
        let told = (sentence.atoms.start..placed.atoms.start)
            .any(|k| self.atoms[k].meaning == Meaning::Cue(Cue::Past));
        told && !sentence.cues.any(&[Cue::Planned, Cue::Old])
    }

    /// Lifts and canteens, unless a clause of the sentence says that a system stops too.
    fn is_physical(&self, atom: usize) -> bool {
        let sentence = self.sentences.sentence(atom);
        let branches = !self.chinese && sentence.cues.has(Cue::Counter);
        if !sentence.cues.has(Cue::Physical) && !branches {
            return false;
        }
        !self
            .sentences
            .clauses_of(sentence)
            .iter()
            .any(|clause| clause.cues.has(Cue::System) && clause.cues.any(&OUTAGE))
    }

    /// The cues beyond an ellipsis, which may have swallowed the verb.
    fn after_ellipsis(&self, atom: usize) -> Cues {
        let index = self.sentences.sentence_index(atom);
        let last = self.sentences.sentences[index].atoms.end.checked_sub(1).map(|k| self.atoms[k].meaning);
        match (last, self.sentences.sentences.get(index + 1)) {
            (Some(Meaning::Break(Break::Ellipsis)), Some(next)) => next.cues,
            _ => Cues::default(),
        }
    }

    /// A time that opens the text is explained by what comes after it.
    fn following_role(&self, atom: usize) -> Role {
        let next = self.sentences.sentence_index(atom) + 1;
        let mut after = self.sentences.sentences.iter().skip(next).take(12);
        match after.find(|sentence| sentence.cues.any(&[Cue::Work, Cue::Stop, Cue::Aside])) {
            Some(sentence) if sentence.cues.any(&OUTAGE) => Role::Outage,
            _ => Role::Unclear,
        }
    }

    /// Old or new, where the sentence speaks of both.
    fn plan_role(&self, placed: &Placed) -> Option<Role> {
        let sentence = self.sentences.sentence(placed.atoms.start);
        if !sentence.cues.any(&[Cue::Old, Cue::Postpone, Cue::Cancel]) {
            return None;
        }
        let before = (sentence.atoms.start..placed.atoms.start)
            .rev()
            .take_while(|k| self.atoms[*k].meaning != Meaning::Cue(Cue::Work))
            .find_map(|k| self.plan_cue(k));
        let after = (placed.atoms.end..sentence.atoms.end).find_map(|k| self.plan_cue(k));
        match (before, after) {
            (Some(Cue::Postpone), _) => None,
            (Some(Cue::Old), _) | (_, Some(Cue::Postpone)) => Some(Role::Old),
            (_, Some(Cue::Cancel)) | (Some(Cue::Cancel), None) if !sentence.cues.has(Cue::Stop) => {
                Some(Role::Old)
            }
            _ => None,
        }
    }

    fn plan_cue(&self, k: usize) -> Option<Cue> {
        match self.atoms[k].meaning {
            Meaning::Cue(cue @ (Cue::Old | Cue::Postpone | Cue::Cancel)) => Some(cue),
            _ => None,
        }
    }

    /// The cue that says what happens at a moment: the nearest of its clause.
    pub(crate) fn own_verb(&self, placed: &Placed) -> Option<Cue> {
        let clause = self.sentences.clause(placed.atoms.start).atoms.clone();
        match (self.verb_within(placed, clause.end), self.verb_back(placed, clause.start)) {
            (Some((after, near)), Some((before, far))) => {
                Some(if self.chinese || near < far { after } else { before })
            }
            (after, before) => after.or(before).map(|(cue, _)| cue),
        }
    }

    /// The same, from the rest of the sentence where the clause says nothing.
    pub(crate) fn verb(&self, placed: &Placed) -> Option<Cue> {
        let sentence = self.sentences.sentence(placed.atoms.start).atoms.clone();
        let elsewhere =
            || self.verb_back(placed, sentence.start).or_else(|| self.verb_within(placed, sentence.end));
        self.own_verb(placed).or_else(|| elsewhere().map(|(cue, _)| cue))
    }

    /// The first cue after the moment, and how far it is.
    fn verb_within(&self, placed: &Placed, end: usize) -> Option<(Cue, usize)> {
        // "shut down at 11 and reopen": what follows an "and" is another matter.
        (placed.atoms.end..end)
            .take_while(|k| self.chinese || self.atoms[*k].meaning != Meaning::And)
            .find_map(|k| self.verb_at(k).map(|cue| (cue, k - placed.atoms.end)))
    }

    fn verb_back(&self, placed: &Placed, start: usize) -> Option<(Cue, usize)> {
        let back = (start..placed.atoms.start).rev();
        back.into_iter().find_map(|k| self.verb_at(k).map(|cue| (cue, placed.atoms.start - k)))
    }

    /// Whether a clause holds little but the time: what it is about stands in the next one.
    pub(crate) fn stands_alone(&self, placed: &Placed) -> bool {
        let clause = &self.sentences.clause(placed.atoms.start).atoms;
        clause.len() <= placed.atoms.len() + 2
    }

    /// Whether the time stands in a row of a table.
    pub(crate) fn in_row(&self, placed: &Placed) -> bool {
        let sentence = self.sentences.sentence(placed.atoms.start).atoms.clone();
        self.atoms[sentence].iter().any(|atom| atom.meaning == Meaning::Break(Break::Cell))
    }

    /// The cues of a time's clause, and of the next where the time stands alone in its own.
    pub(crate) fn clause_cues(&self, placed: &Placed) -> Cues {
        let index = self.sentences.clause_index(placed.atoms.start);
        let own = self.sentences.clauses[index].cues;
        let sentence = self.sentences.sentence(placed.atoms.start).atoms.end;
        match self.sentences.clauses.get(index + 1) {
            // 改期至…，其余安排不变: a verb before the time is enough.
            Some(next)
                if !own.any(&[Cue::Postpone, Cue::Work, Cue::Stop])
                    && self.stands_alone(placed)
                    && next.atoms.start < sentence =>
            {
                own.with(next.cues)
            }
            _ => own,
        }
    }

    /// The cue that follows a moment in its own clause.
    pub(crate) fn verb_after(&self, placed: &Placed) -> Option<Cue> {
        let end = self.sentences.clause(placed.atoms.start).atoms.end;
        (placed.atoms.end..end).find_map(|k| self.verb_at(k))
    }

    fn verb_at(&self, k: usize) -> Option<Cue> {
        match self.atoms[k].meaning {
            // 换版结束 is no beginning.
            Meaning::Cue(Cue::Work)
                if matches!(
                    self.atoms.get(k + 1).map(|atom| atom.meaning),
                    Some(Meaning::Cue(Cue::Ends))
                ) =>
            {
                Some(Cue::Restore)
            }
            Meaning::Cue(Cue::Early) => Some(Cue::Done),
            Meaning::Cue(cue @ (Cue::Work | Cue::Stop | Cue::Restore | Cue::Done | Cue::Sudden)) => Some(cue),
            _ => None,
        }
    }
}

/// "25 December: closed": under a heading of opening times, a stop that names nothing of ours.
fn closes_only(cues: Cues) -> bool {
    cues.has(Cue::Stop) && !cues.any(&[Cue::System, Cue::Service, Cue::Work, Cue::Sudden, Cue::Postpone])
}

/// A heading changes the topic; a sentence with times of its own changes it only to outages.
fn topic_after(topic: Topic, cues: Cues, timed: bool) -> Topic {
    let heading = cues.has(Cue::Event) && !cues.has(Cue::Stop) && !timed;
    if heading || topic == Topic::Aside && timed && closes_only(cues) {
        Topic::Aside
    } else if cues.any(&OUTAGE) {
        Topic::Outage
    } else if cues.has(Cue::Aside) && !timed {
        Topic::Aside
    } else {
        topic
    }
}

/// `own` is the clause of the time, `clause` that with the next one where the time stands alone. What is only
/// listed beside a time is no aside where the sentence goes on to say that it stops.
fn is_aside(own: Cues, clause: Cues, sentence: Cues) -> bool {
    let listed = !own.has(Cue::Aside) && sentence.has(Cue::Stop);
    let named = clause.has(Cue::Event) || clause.has(Cue::Aside) && !clause.has(Cue::Stop) && !listed;
    let told = sentence.has(Cue::Aside) && !sentence.any(&OUTAGE);
    named || told
}
