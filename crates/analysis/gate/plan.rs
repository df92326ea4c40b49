//! What a time budget buys: how many pairs, when to look, and which change that can find.

use super::Settings;
use super::block::Metric;
use super::judge::Bench;
use super::spending::Spending;
use super::verdict::Mode;

/// A gate that fits into a budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Pairs of blocks; zero where the budget does not hold three.
    pub pairs: usize,
    /// Pairs after which the gate may decide.
    pub looks: Vec<usize>,
    /// Seconds that all pairs take, settling included.
    pub seconds: f64,
    /// Change of each metric (ratio - 1) that is found with probability 0.8: on a quiet machine, and on a
    /// shared one.
    pub detectable: Vec<(Metric, [f64; 2])>,
}

/// Plans a gate of at most `budget` seconds over `operations` operations, each block preceded by
/// `settle` seconds, with the spreads of a quiet and of a shared machine.
pub fn plan(settings: &Settings, budget: f64, settle: f64, operations: usize) -> Plan {
    let blocks = if settings.mode == Mode::Duet { 1.0 } else { 2.0 };
    let pair = blocks * (settings.seconds + settle);
    let pairs = ((budget / pair).floor().max(0.0) as usize).min(settings.max_pairs);
    if pairs < 3 {
        return Plan { pairs: 0, looks: Vec::new(), seconds: 0.0, detectable: Vec::new() };
    }
    let looks = looks(pairs);
    let latencies = settings.tolerances.iter().map(|t| t.0).filter(|m| *m != Metric::ErrorRatio);
    let rows = operations.max(1) * latencies.clone().count().max(1);
    let multiple = Bench { settings, spending: &Spending::new(looks.clone()) }.detectable_spreads(rows);
    let found = |sd: f64| (multiple * sd).exp_m1().max(settings.floor);
    let detectable =
        latencies.map(|metric| (metric, expected(metric, settings.seconds).map(found))).collect();
    Plan { pairs, seconds: pairs as f64 * pair, looks, detectable }
}

/// Looks of a gate of at most `most` pairs: the planned ones, then its end.
pub(super) fn looks(most: usize) -> Vec<usize> {
    let early = [6, 10, 14, 18, 24].into_iter().chain((32..).step_by(8));
    let mut looks: Vec<usize> = early.take_while(|&l| l + 2 <= most).collect();
    looks.push(most);
    looks
}

/// Spread of a pair on a quiet and on a shared machine.
///
/// Of 60-s blocks: what two reference platforms showed on a machine of their own, and the shared machine of
/// `gate_truth`. Of shorter ones the spread grows more slowly than with the root of their number, since
/// neighbouring blocks share what wanders for seconds and stalls, not counts, set the tail; the powers are
/// those of table 4 of `gate_truth`.
fn expected(metric: Metric, seconds: f64) -> [f64; 2] {
    let (of_a_minute, power) = match metric {
        Metric::Typical | Metric::P50 => ([0.02, 0.064], 0.33),
        Metric::P95 => ([0.03, 0.14], 0.24),
        Metric::P99 | Metric::ErrorRatio => ([0.04, 0.20], 0.42),
    };
    of_a_minute.map(|sd| sd * (60.0 / seconds).powf(power))
}
