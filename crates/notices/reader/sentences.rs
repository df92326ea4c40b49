//! Where clauses, sentences and lines begin and end, and which cues each of them holds.

use std::ops::Range;

use super::atoms::{Atom, Break, Cue, Meaning};
use super::grammar::Placed;

/// A set of cues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cues(u64);

impl Cues {
    pub(crate) fn add(&mut self, cue: Cue) {
        self.0 |= 1 << (cue as u32);
    }

    pub(crate) fn has(self, cue: Cue) -> bool {
        self.0 & (1 << (cue as u32)) != 0
    }

    pub(crate) fn any(self, cues: &[Cue]) -> bool {
        cues.iter().any(|cue| self.has(*cue))
    }

    pub(crate) fn with(self, other: Cues) -> Cues {
        Cues(self.0 | other.0)
    }
}

/// A stretch of atoms and the cues in it.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) atoms: Range<usize>,
    pub(crate) cues: Cues,
}

/// The text cut up in two ways.
#[derive(Debug)]
pub(crate) struct Sentences {
    pub(crate) clauses: Vec<Stretch>,
    pub(crate) sentences: Vec<Stretch>,
    /// Of each atom: its clause and its sentence.
    clause_of: Vec<u32>,
    sentence_of: Vec<u32>,
}

impl Sentences {
    pub(crate) fn new(atoms: &[Atom], phrases: &[Placed]) -> Self {
        let mut inside = vec![false; atoms.len() + 1];
        for placed in phrases {
            for k in placed.atoms.clone() {
                inside[k] = true;
            }
        }
        let ends_clause = |k: usize| !inside[k] && matches!(atoms[k].meaning, Meaning::Break(_));
        let ends_sentence = |k: usize| {
            ends_clause(k)
                && !matches!(atoms[k].meaning, Meaning::Break(Break::Comma | Break::List | Break::Cell))
        };
        let (clauses, clause_of) = cut(atoms, ends_clause);
        let (sentences, sentence_of) = cut(atoms, ends_sentence);
        Self { clauses, sentences, clause_of, sentence_of }
    }

    pub(crate) fn clause(&self, atom: usize) -> &Stretch {
        &self.clauses[self.clause_of[atom] as usize]
    }

    pub(crate) fn clause_index(&self, atom: usize) -> usize {
        self.clause_of[atom] as usize
    }

    pub(crate) fn clauses_of(&self, sentence: &Stretch) -> &[Stretch] {
        if sentence.atoms.is_empty() {
            return &[];
        }
        &self.clauses[self.clause_index(sentence.atoms.start)..=self.clause_index(sentence.atoms.end - 1)]
    }

    pub(crate) fn sentence(&self, atom: usize) -> &Stretch {
        &self.sentences[self.sentence_index(atom)]
    }

    pub(crate) fn sentence_index(&self, atom: usize) -> usize {
        self.sentence_of[atom] as usize
    }
}

/// No sentence of people is longer, in atoms; the bound keeps the judgement linear in the text.
const LONGEST: usize = 400;

/// 报名系统, 会议平台: a word of other affairs that only names a system.
fn names_a_system(atoms: &[Atom], k: usize) -> bool {
    let Some(next) = atoms.get(k + 1) else { return false };
    next.meaning == Meaning::Cue(Cue::System) && next.span.start == atoms[k].span.end
}

fn cut(atoms: &[Atom], ends: impl Fn(usize) -> bool) -> (Vec<Stretch>, Vec<u32>) {
    let mut stretches = Vec::new();
    let mut of = Vec::with_capacity(atoms.len());
    let mut current = Stretch { atoms: 0..0, cues: Cues::default() };
    for (k, atom) in atoms.iter().enumerate() {
        of.push(u32::try_from(stretches.len()).unwrap_or(u32::MAX));
        if let Meaning::Cue(cue) = atom.meaning
            && !(matches!(cue, Cue::Aside | Cue::Event) && names_a_system(atoms, k))
        {
            current.cues.add(cue);
            if cue == Cue::Event {
                current.cues.add(Cue::Aside);
            }
        }
        current.atoms.end = k + 1;
        if ends(k) || current.atoms.len() >= LONGEST {
            stretches.push(std::mem::replace(
                &mut current,
                Stretch { atoms: k + 1..k + 1, cues: Cues::default() },
            ));
        }
    }
    stretches.push(current);
    (stretches, of)
}
