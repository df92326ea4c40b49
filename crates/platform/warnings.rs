//! Risk warnings: what looks wrong without being wrong enough to refuse.

use crate::domain::moment::{At, Nanos};
use crate::storage::lock;
use crate::wire::{Answered, Params, Refused};
use crate::world::World;
use serde::Serialize;
use serde_json::json;
use std::collections::VecDeque;

/// The oldest warnings go when there are more than this.
const MOST: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The number of an invoice that is here already was uploaded again.
    DuplicateNumber,
    WordsDiffer,
    SumsDiffer,
    /// Well formed, but its check character does not follow from the rest.
    TaxIdDoubtful,
    /// Somebody verified the number with other details: the paper may be forged.
    VerificationMismatch,
    /// The record is not what the ledger holds of it.
    Tampered,
}

#[derive(Debug, Clone, Serialize)]
struct Warning {
    seq: u64,
    kind: Kind,
    number: String,
    at: At,
    text: String,
}

#[derive(Debug, Default)]
pub(crate) struct Warnings {
    kept: VecDeque<Warning>,
    last: u64,
}

impl World {
    pub(crate) fn warn(&self, at: Nanos, kind: Kind, number: &str, text: &str) {
        let mut warnings = lock(&self.warnings);
        warnings.last += 1;
        let warning =
            Warning { seq: warnings.last, kind, number: number.into(), at: At(at), text: text.into() };
        warnings.kept.push_back(warning);
        if warnings.kept.len() > MOST {
            warnings.kept.pop_front();
        }
    }

    pub(crate) fn list_warnings(&self, query: &str) -> Result<Answered, Refused> {
        let params = Params::new(query);
        let after = params.whole("after", 0, 0..=1_000_000_000_000_000)?;
        let size = params.whole("size", 100, 1..=1000)?;
        let warnings = lock(&self.warnings);
        let newer = warnings.kept.iter().filter(|w| w.seq > after);
        let items: Vec<_> = newer.take(size as usize).collect();
        Ok(Answered::success(&json!({"items": items, "last": warnings.last})))
    }
}
