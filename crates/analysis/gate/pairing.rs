//! From blocks in the order of their running to pairs that may be judged.
//!
//! A void block takes its partner with it: what remains must be as balanced as what was planned.

use super::block::{Arm, Block};
use super::verdict::{Mode, Reason};

/// One block of each arm, run side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub baseline: &'a Block,
    pub candidate: &'a Block,
}

/// Which arm the next block belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Baseline,
    Candidate,
}

/// The blocks of a gate, sorted into pairs, void ones and an open one.
#[derive(Debug)]
pub(super) struct Pairing<'a> {
    pub pairs: Vec<Pair<'a>>,
    pub blocks: usize,
    /// Blocks that met a window, and those dropped beside them.
    pub maintenance_dropped: usize,
    pub touched: usize,
    /// Blocks that measured the generator.
    pub limited: usize,
    pub next: Next,
    open: bool,
}

impl<'a> Pairing<'a> {
    pub fn of(mode: Mode, blocks: &'a [Block]) -> Self {
        let mut this = Self {
            pairs: Vec::new(),
            blocks: blocks.len(),
            maintenance_dropped: 0,
            touched: blocks.iter().filter(|b| b.touched_by_window).count(),
            limited: blocks.iter().filter(|b| b.generator_limited && !b.touched_by_window).count(),
            next: Next::Baseline,
            open: false,
        };
        let mut rest = blocks;
        while !rest.is_empty() {
            let (attempt, later) = rest.split_at(attempt_length(mode, rest));
            this.take(attempt);
            rest = later;
        }
        this
    }

    /// Judges one attempt at a pair, and which arm comes next: the order turns with every pair.
    fn take(&mut self, attempt: &'a [Block]) {
        let touched = attempt.iter().any(|b| b.touched_by_window);
        self.maintenance_dropped += if touched { attempt.len() } else { 0 };
        self.open = false;
        match attempt {
            [only] if !only.void() => {
                self.open = true;
                self.next = if only.arm == Arm::A { Next::Candidate } else { Next::Baseline };
                return;
            }
            [first, second] if !first.void() && !second.void() && first.arm != second.arm => {
                let (baseline, candidate) =
                    if first.arm == Arm::A { (first, second) } else { (second, first) };
                self.pairs.push(Pair { baseline, candidate });
            }
            _ => {}
        }
        let even = self.pairs.len().is_multiple_of(2);
        self.next = if even { Next::Baseline } else { Next::Candidate };
    }

    pub fn between_pairs(&self) -> bool {
        !self.open
    }

    pub fn void_blocks(&self) -> usize {
        self.touched + self.limited
    }

    pub fn void_reason(&self) -> Reason {
        if self.touched > 0 { Reason::Maintenance } else { Reason::Generator }
    }

    /// A deployment that no longer answers: more than half of the requests of each of its last two
    /// usable blocks failed.
    pub fn collapse(&self, blocks: &[Block]) -> Option<Reason> {
        let dead = |arm: Arm| {
            let usable = blocks.iter().rev().filter(|b| b.arm == arm && !b.void());
            let last: Vec<&Block> = usable.take(2).collect();
            last.len() == 2 && last.iter().all(|b| 2 * b.errors() > b.requests())
        };
        match (dead(Arm::A), dead(Arm::B)) {
            (true, _) => Some(Reason::BaselineFailed),
            (false, true) => Some(Reason::CandidateFailed),
            (false, false) => None,
        }
    }
}

/// A void first block of an interleaved pair needs no partner, so that none is run for it; the two
/// of a duet are always run together.
fn attempt_length(mode: Mode, blocks: &[Block]) -> usize {
    let alone = mode != Mode::Duet && blocks[0].void();
    if alone { 1 } else { blocks.len().min(2) }
}
