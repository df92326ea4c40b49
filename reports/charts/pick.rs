//! Which operations a chart has room for.

use super::limits;
use piaotan_analysis::summary::{LimitResult, Series};
use piaotan_record::Operation;
use std::collections::BTreeMap;

/// The operations worth a plot, at most `most`, in their fixed order: those with a broken limit,
/// then those with any limit, then by number of requests; journeys and looks of the tracker last.
#[must_use]
pub fn operations(series: &Series, limits: &[LimitResult], most: usize) -> Vec<Operation> {
    let mut counts: BTreeMap<Operation, u64> = BTreeMap::new();
    for (op, cell) in series.bins.iter().flat_map(|bin| &bin.operations) {
        *counts.entry(*op).or_default() += cell.count;
    }
    let rank = |op: Operation| {
        let drawn = limits::of(limits, op);
        let limited = if drawn.iter().any(|limit| limit.broken) { 2 } else { u8::from(!drawn.is_empty()) };
        let request = op.is_of_users();
        std::cmp::Reverse((limited, request, counts.get(&op).copied().unwrap_or(0)))
    };
    let mut all: Vec<Operation> = counts.keys().copied().collect();
    all.sort_by_key(|op| rank(*op));
    all.truncate(most);
    all.sort_unstable();
    all
}
