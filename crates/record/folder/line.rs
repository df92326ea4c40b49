//! One line of `tally.ndjson`.

use crate::code::CodeBook;
use crate::operation::Operation;
use crate::outcome::{Class, OutcomeKind};
use crate::tally::{Arrivals, Cell, Dropped};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An increment: of a cell, or of the arrivals of a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TallyLine {
    Cell(CellLine),
    Arrivals(ArrivalLine),
}

/// What one operation added to one (due) second. Latencies are in `latency.hlog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellLine {
    /// Second of the run in which the requests were due.
    pub t: u32,
    pub op: Operation,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sent: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outcomes: BTreeMap<OutcomeKind, u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes_sent: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes_received: u64,
}

/// What the pacer and the journey slots added to one second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalLine {
    pub t: u32,
    pub scheduled: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub started: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<Dropped, u64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub suppressed: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl CellLine {
    #[must_use]
    pub fn new(t: u32, op: Operation, cell: &Cell, codes: &CodeBook) -> Self {
        let outcomes = OutcomeKind::ALL.iter().map(|kind| (*kind, cell.outcomes[kind.index()]));
        let mut named = BTreeMap::new();
        for (code, count) in &cell.codes {
            *named.entry(codes.name(*code).to_owned()).or_default() += count;
        }
        Self {
            t,
            op,
            sent: cell.sent,
            outcomes: outcomes.filter(|(_, count)| *count > 0).collect(),
            codes: named,
            bytes_sent: cell.bytes_sent,
            bytes_received: cell.bytes_received,
        }
    }

    /// How many outcomes the line holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.outcomes.values().sum()
    }

    /// How many of them were of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> u64 {
        self.outcomes.iter().filter(|(kind, _)| kind.class() == class).map(|(_, count)| count).sum()
    }
}

impl ArrivalLine {
    #[must_use]
    pub fn new(t: u32, arrivals: &Arrivals) -> Self {
        let dropped = Dropped::ALL.iter().copied().zip(arrivals.dropped).filter(|(_, count)| *count > 0);
        Self {
            t,
            scheduled: arrivals.scheduled,
            started: arrivals.started,
            dropped: dropped.collect(),
            suppressed: arrivals.suppressed,
        }
    }

    /// Back to counts.
    #[must_use]
    pub fn arrivals(&self) -> Arrivals {
        let mut back = Arrivals {
            scheduled: self.scheduled,
            started: self.started,
            suppressed: self.suppressed,
            ..Arrivals::default()
        };
        for (reason, count) in &self.dropped {
            back.dropped[reason.index()] += count;
        }
        back
    }
}
