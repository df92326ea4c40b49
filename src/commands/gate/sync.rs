//! The sync delay of both sides, one line a surface.

use super::SYNC_SHARE;
use piaotan_analysis::gate::{Judgement, Settings, SyncJudgement};
use piaotan_analysis::summary::{Folded, Verdict};
use piaotan_analysis::sync::cluster::{Basis, clusters};
use piaotan_analysis::sync::{Delay, Regression, Span, Terms, part, regression};
use piaotan_record::Surface;

/// Judges every surface that both sides looked at; a block with all that belongs to it takes so many seconds.
pub fn judge(sides: &[Folded; 2], [tolerance, floor]: [f64; 2], block: f64) -> Vec<SyncJudgement> {
    let of = |surface: Surface| sides.each_ref().map(|side| by_block(delays(side, surface), block));
    let all = Surface::ALL.iter().map(|surface| (*surface, of(*surface)));
    let tracked: Vec<(Surface, [Vec<Delay>; 2])> =
        all.filter(|(_, [a, b])| !a.is_empty() && !b.is_empty()).collect();
    let alpha = Settings::default().alpha * SYNC_SHARE / tracked.len().max(1) as f64;
    let terms = Terms { alpha, tolerance, floor, ..Terms::default() };
    let judged = |(surface, sides): &(Surface, [Vec<Delay>; 2])| {
        let found = row(*surface, &regression(&sides[0], &sides[1], &terms), tolerance);
        if sides.iter().all(|side| is_below_first_look(side)) { without_bounds(found) } else { found }
    };
    tracked.iter().map(judged).collect()
}

/// What was uploaded in one block shares the noise of its seconds, so the block is the unit here too: but
/// where the platform synchronises in batches, these are.
fn by_block(mut side: Vec<Delay>, block: f64) -> Vec<Delay> {
    if clusters(&side).basis == Basis::UploadBlock {
        side.iter_mut().for_each(|delay| delay.batch = Some((delay.uploaded / block).max(0.0) as u32));
    }
    side
}

/// Whether most were there already when one first looked: how long they took cannot be known.
fn is_below_first_look(side: &[Delay]) -> bool {
    let at_once = side.iter().filter(|delay| delay.seen() && delay.lower <= 0.0).count();
    2 * at_once > side.len()
}

/// Nothing is said of changes below the first look: the bounds of a middle that was never seen mean nothing.
fn without_bounds(found: SyncJudgement) -> SyncJudgement {
    let reason = "most were visible at the first look; a shorter sync.first shows smaller changes".to_owned();
    SyncJudgement { ratio: None, lower: None, upper: None, detectable: None, reason, ..found }
}

/// Delays outside windows and what follows them, in seconds of the run.
fn delays(side: &Folded, surface: Surface) -> Vec<Delay> {
    let points = side.series.sync_points.iter().filter(|point| point.surface == surface);
    let all: Vec<Delay> = points
        .map(|point| Delay {
            uploaded: point.uploaded,
            lower: point.delay_lower,
            upper: point.delay_upper.unwrap_or(f64::INFINITY),
            batch: None,
        })
        .collect();
    let length = side.series.moment(side.summary.ended);
    let windows: Vec<Span> = side
        .summary
        .windows
        .iter()
        .filter(|window| window.status != "cancelled")
        .map(|w| (side.series.moment(w.start), w.end.map_or(length, |end| side.series.moment(end))))
        .collect();
    part(&all, &windows, (0.1 * length).min(900.0)).steady
}

fn row(surface: Surface, found: &Regression, tolerance: f64) -> SyncJudgement {
    let verdict = match found.verdict {
        Verdict::Pass => Judgement::Pass,
        Verdict::Fail => Judgement::Fail,
        _ => Judgement::Inconclusive,
    };
    SyncJudgement {
        surface: surface.as_str().to_owned(),
        verdict,
        ratio: found.ratio,
        lower: found.lower,
        upper: found.upper,
        tolerance,
        detectable: found.detectable,
        p: found.p,
        reason: found.reason.clone(),
    }
}
