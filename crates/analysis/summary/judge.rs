//! The verdict of a run: each limit on its own line, then the one that governs.

use super::bins::SplitCells;
use super::fold::Terms;
use super::rolling::Worst;
use super::{LimitResult, Summary, Verdict};
use crate::limit::{Demand, Limit, Measured, Point, Subject, label, measure};
use piaotan_record::{Class, CodeBook, Operation};

/// What a verdict stands on.
#[expect(missing_debug_implementations, reason = "a borrowed question cannot be shown")]
pub struct Ground<'a> {
    pub cells: &'a SplitCells,
    pub codes: &'a CodeBook,
    /// Started over asked for.
    pub rate: Option<f64>,
    /// The worst of all stretches, for a limit that has a window.
    pub worst: &'a dyn Fn(&Demand) -> Option<Worst>,
    /// Whether a journey of ours panicked: then what was measured cannot be relied upon.
    pub panicked: bool,
    /// Seconds outside and inside windows.
    pub outside: f64,
    pub inside: f64,
    pub terms: &'a Terms,
}

/// Judges every limit, then the run; fills `limits`, `verdict` and `exit`.
///
/// Where several hold, the first of: not conserved (2), a limit failed, the sync delay regressed or
/// nothing ever answered (1), maintenance left too little (4), generator saturated, cut short, a
/// journey panicked or resting on requests that were cut off (3), pass (0). A run that sent nothing
/// has shown nothing: inconclusive (3).
pub fn judge(summary: &mut Summary, ground: &Ground<'_>) {
    let sync = summary.sync.clone();
    let measured =
        Measured { cells: ground.cells, codes: Some(ground.codes), rate: ground.rate, sync: Some(&sync) };
    let each = ground.terms.limits.iter().map(|demand| match demand.window {
        None => one(&demand.limit, &measured, &sync),
        Some(seconds) => of_stretches(demand, seconds, (ground.worst)(demand)),
    });
    summary.limits = each.collect();
    let maintained = ground.inside > 0.0 && ground.outside < 0.3 * (ground.inside + ground.outside);
    let failed = summary.limits.iter().any(|limit| limit.verdict == Verdict::Fail);
    let doubtful = summary.limits.iter().any(|limit| limit.verdict == Verdict::Inconclusive);
    let judged: [(bool, Verdict, u8); 7] = [
        (!summary.conserved, Verdict::Refused, 2),
        (maintained && nothing_measured(summary), Verdict::Inconclusive, 4),
        (failed || regressed(summary) || never_answered(summary), Verdict::Fail, 1),
        (maintained, Verdict::Inconclusive, 4),
        (ground.terms.interrupted, Verdict::Interrupted, 3),
        (summary.requests.sent == 0, Verdict::Inconclusive, 3),
        (
            doubtful || ground.panicked || summary.generator.saturated || summary.cut_short.is_some(),
            Verdict::Inconclusive,
            3,
        ),
    ];
    let governing = judged.iter().find(|(holds, ..)| *holds);
    (summary.verdict, summary.exit) =
        governing.map_or((Verdict::Pass, 0), |(_, verdict, exit)| (*verdict, *exit));
}

fn nothing_measured(summary: &Summary) -> bool {
    summary.operations.values().all(|operation| operation.count == 0)
}

/// Whether the delay until invoices are visible grew within the run, by more than is tolerated.
fn regressed(summary: &Summary) -> bool {
    let mut changes = summary.sync.values().filter_map(|sync| sync.regression.as_ref());
    changes.any(|change| change.verdict == Verdict::Fail)
}

/// A run whose target never answered has failed, whatever its limits.
fn never_answered(summary: &Summary) -> bool {
    let requests = &summary.requests;
    requests.sent > 0 && requests.ok + requests.business_no == 0
}

fn one(
    limit: &Limit,
    measured: &Measured<'_>,
    sync: &std::collections::BTreeMap<String, super::SyncSummary>,
) -> LimitResult {
    let value = measure(limit, measured);
    let (verdict, reason) = match value {
        None => (Verdict::Fail, "no samples"),
        Some(value) if !limit.holds(value) => (Verdict::Fail, ""),
        Some(_) if rests_on_cut_off(limit, measured) => {
            (Verdict::Inconclusive, "it would hold only because of requests that were cut off")
        }
        Some(_) if !reached(limit, sync) => (Verdict::Inconclusive, "the quantile was not reached"),
        Some(_) => (Verdict::Pass, ""),
    };
    LimitResult { limit: limit.text.clone(), value, verdict, reason: reason.to_owned(), window: None }
}

/// A limit that every stretch has to keep, judged by the worst.
fn of_stretches(demand: &Demand, seconds: u32, worst: Option<Worst>) -> LimitResult {
    let (verdict, reason) = match worst {
        None => (Verdict::Fail, "no samples".to_owned()),
        Some(Worst { value: None, at, .. }) => {
            (Verdict::Fail, format!("no samples in the {seconds} s before {}", at.format("%H:%M:%S")))
        }
        Some(Worst { value: Some(value), at, at_most }) => {
            let told = format!("worst of every {seconds} s, the one before {}", at.format("%H:%M:%S"));
            match (demand.limit.holds(value), demand.limit.holds(at_most), &demand.limit.subject) {
                (false, ..) => (Verdict::Fail, told),
                (true, true, _) => (Verdict::Pass, told),
                (true, false, Subject::Sync { .. }) => {
                    (Verdict::Inconclusive, "the quantile was not reached".to_owned())
                }
                (true, false, _) => (
                    Verdict::Inconclusive,
                    "it would hold only because of requests that were cut off".to_owned(),
                ),
            }
        }
    };
    let value = worst.and_then(|worst| worst.value);
    LimitResult { limit: demand.limit.text.clone(), value, verdict, reason, window: Some(seconds) }
}

/// Whether the quantile would break the limit, had those cut off taken for ever.
fn rests_on_cut_off(limit: &Limit, measured: &Measured<'_>) -> bool {
    let Subject::Latency { operation, service, point: Point::Quantile(q) } = &limit.subject else {
        return false;
    };
    let cell = |operation: Operation| measured.cells.get(operation.index())?.as_deref();
    let Some(cell) = cell(*operation) else { return false };
    let (cut_off, all) = (cell.of(Class::CutOff), cell.response.len());
    if cut_off == 0 || all == 0 {
        return false;
    }
    // Those cut off stand somewhere below; counted at the far end they move the quantile up by their share.
    let worst = q + cut_off as f64 / all as f64;
    let histogram = if *service { &cell.service } else { &cell.response };
    worst >= 1.0 || !limit.holds(histogram.value_at_quantile(worst) as f64 / 1e9)
}

/// A sync quantile that was not reached is only a lower bound: it can break a limit, not keep it.
fn reached(limit: &Limit, sync: &std::collections::BTreeMap<String, super::SyncSummary>) -> bool {
    let Subject::Sync { surface, point: Point::Quantile(q) } = &limit.subject else { return true };
    let found = sync.get(surface.as_str()).and_then(|s| s.quantiles.get(&label(*q)));
    found.is_none_or(|quantile| quantile.reached)
}
