//! What one block measured, reduced to what the gate needs.

use std::collections::BTreeMap;

use piaotan_record::closed_enum;
use serde::{Deserialize, Serialize};

use crate::quantile::LogSample;

/// Which deployment a block drives: baseline, candidate, or both at once in a duet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    A,
    B,
    Both,
}

closed_enum! {
    /// What is compared between the two arms.
    pub enum Metric {
        /// Geometric mean of the middle four fifths of the latencies.
        Typical = "typical",
        P50 = "p50",
        P95 = "p95",
        P99 = "p99",
        /// Share of requests that failed.
        ErrorRatio = "error_ratio",
    }
}

impl Metric {
    /// The latency metrics, in the order in which they are shown.
    pub const LATENCIES: [Self; 4] = [Self::Typical, Self::P50, Self::P95, Self::P99];

    /// Requests a block needs, at the median, before this metric is judged: with fewer there is no
    /// request beyond the quantile.
    pub fn least_requests(self) -> u64 {
        match self {
            Self::Typical | Self::P50 => 10,
            Self::P95 => 20,
            Self::P99 => 100,
            Self::ErrorRatio => 1,
        }
    }

    /// Weight in the shared false-alarm probability. The typical latency sees a shift of everything
    /// with the fewest requests, so it is given most.
    pub(super) fn weight(self) -> f64 {
        if self == Self::Typical { 2.0 } else { 1.0 }
    }

    /// Its share of the slack: tails scatter more, so more of it is noise. `None` where it is no latency.
    pub(super) fn slack_share(self) -> Option<f64> {
        match self {
            Self::Typical | Self::P50 => Some(1.0),
            Self::P95 => Some(2.0),
            Self::P99 => Some(4.0),
            Self::ErrorRatio => None,
        }
    }

    pub(super) fn log_level(self, sample: &LogSample) -> Option<f64> {
        match self {
            Self::Typical => sample.typical(),
            Self::P50 => sample.quantile(0.50),
            Self::P95 => sample.quantile(0.95),
            Self::P99 => sample.quantile(0.99),
            Self::ErrorRatio => None,
        }
    }

    fn probability(self) -> f64 {
        match self {
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            _ => 0.5,
        }
    }
}

/// One operation during one block or one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Requests due in the block, whatever became of them.
    pub requests: u64,
    /// Those of them that count as errors (the platform's fault, or ours).
    pub errors: u64,
    /// Latencies that the levels rest on.
    pub latencies: u64,
    levels: BTreeMap<Metric, Level>,
}

/// A log level and how much of its variance the number of requests explains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Level {
    log: f64,
    sampling_error: f64,
}

impl Sample {
    /// From the latencies of one block, in any unit, the same for both arms.
    pub fn new(latencies: &LogSample, requests: u64, errors: u64) -> Self {
        let levels = Metric::LATENCIES
            .iter()
            .filter_map(|&metric| {
                let log = metric.log_level(latencies)?;
                let sampling_error = latencies.sampling_error(metric.probability())?;
                Some((metric, Level { log, sampling_error }))
            })
            .collect();
        Self { requests, errors, latencies: latencies.count(), levels }
    }

    /// The sample as if every request had taken `ratio` times as long: for planning and for tests of
    /// what a gate can find.
    pub fn slower(mut self, ratio: f64) -> Self {
        self.levels.values_mut().for_each(|level| level.log += ratio.ln());
        self
    }

    /// Natural logarithm of the metric. `None` where no request was answered.
    pub fn log(&self, metric: Metric) -> Option<f64> {
        self.levels.get(&metric).map(|level| level.log)
    }

    /// Standard error of that logarithm that the number of requests alone explains.
    pub fn sampling_error(&self, metric: Metric) -> f64 {
        self.levels.get(&metric).map_or(0.0, |level| level.sampling_error)
    }

    /// Share of requests that failed; zero where none was due.
    pub fn error_ratio(&self) -> f64 {
        self.errors as f64 / self.requests.max(1) as f64
    }
}

/// One block of one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// `A` or `B`; a duet hands in one block of each.
    pub arm: Arm,
    pub operations: BTreeMap<String, Sample>,
    /// It met a maintenance window or the recovery after one.
    pub touched_by_window: bool,
    /// The generator fell behind its plan or ran out of CPU, so the block measured the generator.
    pub generator_limited: bool,
}

impl Block {
    pub(super) fn void(&self) -> bool {
        self.touched_by_window || self.generator_limited
    }

    pub(super) fn requests(&self) -> u64 {
        self.operations.values().map(|s| s.requests).sum()
    }

    pub(super) fn errors(&self) -> u64 {
        self.operations.values().map(|s| s.errors).sum()
    }
}
