//! The sync delay of stored runs: the run is the unit here too.
//!
//! Invoices of one run share its hour, so no test on invoices can tell a slow hour from a slow build.
//! The median delay of each run (from its censored curve) is one value; Welch's t compares the two sides.

use super::stored::LEAST_RUNS;
use super::verdict::{Judgement, SyncJudgement};
use crate::stats::{Estimate, normal_quantile};

/// Judges the median delays (seconds, above 0) of the runs of both sides.
///
/// `alpha` is the one-sided probability of a false FAIL, `beta` that of a false PASS at the tolerance;
/// growth below `floor` never fails. Tolerance and floor are ratios - 1.
pub fn stored_delays(
    surface: &str,
    [before, after]: [&[f64]; 2],
    [tolerance, floor]: [f64; 2],
    [alpha, beta]: [f64; 2],
) -> SyncJudgement {
    let logs = |side: &[f64]| -> Vec<f64> { side.iter().map(|d| d.ln()).filter(|l| l.is_finite()).collect() };
    let (before, after) = (logs(before), logs(after));
    let few = before.len().min(after.len()) < LEAST_RUNS;
    let estimate = Estimate::difference(&before, &after).map(|e| e.at_least(1e-3));
    let usable = estimate.filter(|e| !few && e.mean.is_finite());
    let verdict = match usable {
        Some(e) if e.lower(alpha) > 0.0 && e.mean >= floor.ln_1p() => Judgement::Fail,
        Some(e) if e.upper(beta) < tolerance.ln_1p() => Judgement::Pass,
        _ => Judgement::Inconclusive,
    };
    let reason = match (verdict, few) {
        (Judgement::Inconclusive, true) => {
            format!(
                "{} and {} runs reached their median delay: {LEAST_RUNS} a side are needed",
                before.len(),
                after.len()
            )
        }
        (Judgement::Inconclusive, false) => "the runs differ too much among themselves".to_owned(),
        _ => String::new(),
    };
    let multiple = normal_quantile(1.0 - alpha) + normal_quantile(0.8);
    SyncJudgement {
        surface: surface.to_owned(),
        verdict,
        ratio: usable.map(|e| e.mean.exp()),
        lower: usable.map(|e| e.lower(alpha).exp()),
        upper: usable.map(|e| e.upper(beta).exp()),
        tolerance,
        detectable: usable.map(|e| (multiple * e.error).exp()),
        p: usable.map(|e| e.p_above()),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(after: &[f64], expected: Judgement) {
        let before = [2.0, 2.1, 1.95, 2.05, 2.02, 1.98];
        let found = stored_delays("number", [&before, after], [0.2, 0.02], [0.01, 0.1]);
        assert_eq!(found.verdict, expected, "{found:?}");
    }

    #[test]
    fn medians_of_runs_are_compared() {
        check(&[2.0, 2.04, 1.97, 2.1, 2.0], Judgement::Pass);
        check(&[3.0, 3.1, 2.9, 3.05, 3.0], Judgement::Fail);
        check(&[1.0, 1.1, 0.9, 1.05, 1.0], Judgement::Pass);
    }

    #[test]
    fn few_or_unsteady_runs_prove_nothing() {
        check(&[3.0, 3.1, 2.9, 3.05], Judgement::Inconclusive);
        check(&[1.0, 4.0, 1.5, 3.5, 2.5], Judgement::Inconclusive);
    }
}
