//! Stories with hardly anything in them.

use super::told::*;
use super::{Story, start, story};
use piaotan_analysis::summary::*;
use piaotan_record::{Operation, OutcomeKind};
use piaotan_reports::Lang;

pub(super) fn empty(_lang: Lang) -> Story {
    let series = Series::empty(start());
    let mut summary = summary("empty", Verdict::Inconclusive, &series, 1.0);
    summary.exit = 3;
    story("empty", summary, series)
}

pub(super) fn one_sample(_lang: Lang) -> Story {
    let mut cell = OpBin { count: 1, ..OpBin::default() };
    cell.outcomes[OutcomeKind::Ok.index()] = 1;
    let q = Quantiles { p50: 0.05, p90: 0.05, p95: 0.05, p99: 0.05, max: 0.05 };
    (cell.response, cell.service) = (Some(q), Some(q));
    let bin = Bin {
        scheduled: 1,
        started: 1,
        sent: 1,
        operations: [(Operation::Verify, cell)].into(),
        ..Bin::default()
    };
    let series = Series { bins: vec![bin], ..Series::empty(start()) };
    let mut summary = summary("one-sample", Verdict::Inconclusive, &series, 1.0);
    summary.exit = 3;
    story("one-sample", summary, series)
}
