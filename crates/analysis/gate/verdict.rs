//! The answer of a gate, as people and machines read it.

use serde::Serialize;

use super::block::Metric;
use super::pairing::Pairing;

/// How baseline and candidate were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Interleaved,
    Duet,
    Stored,
}

/// One judged thing's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    Pass,
    Fail,
    Inconclusive,
}

/// Why a verdict, or one row of it, is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A metric, an error ratio or the sync delay became worse.
    Regression,
    /// The largest change that the pairs allow for is above the tolerance.
    TooFewPairs,
    /// A block holds too few requests of the operation for this metric.
    TooFewRequests,
    /// The operation was seen in one arm only.
    OneSideOnly,
    /// Maintenance windows voided too many blocks.
    Maintenance,
    /// The generator voided too many blocks.
    Generator,
    /// The baseline stopped answering, so nothing can be compared with it.
    BaselineFailed,
    /// The candidate stopped answering.
    CandidateFailed,
}

/// One operation and metric. Changes and bounds are ratios - 1; those of the error ratio are
/// differences of the share of failed requests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub operation: String,
    pub metric: Metric,
    pub change: Option<f64>,
    /// One-sided bounds at the levels that this look may act on.
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    /// Change beyond that of the median of the other operations in the same pairs, where at least
    /// three others are judged and did not become faster. It alone may fail a row too.
    pub relative: Option<f64>,
    /// Largest change that passes: the relative tolerance, or the slack where that is more.
    pub tolerance: f64,
    /// The slack in seconds, where it is what is tolerated.
    pub slack: Option<f64>,
    /// The baseline's level in seconds: geometric mean over blocks. `None` for error ratios.
    pub baseline: Option<f64>,
    /// Change that the whole gate, run to its last pair, finds with probability 0.8.
    pub detectable: Option<f64>,
    pub verdict: Judgement,
    pub reason: Option<Reason>,
    /// One-sided p value of "not slower", before any correction.
    pub p: Option<f64>,
    /// Pairs at which the detectable change falls to the tolerance.
    pub pairs_needed: Option<u64>,
    /// Share of the spread between pairs that more requests a block would remove; the rest only
    /// more pairs remove.
    pub sampling_share: Option<f64>,
    /// Standard deviation of one pair, on the log scale but for error ratios.
    pub pair_sd: Option<f64>,
}

/// The sync delay on one surface, judged by the caller with [`crate::sync`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SyncJudgement {
    pub surface: String,
    pub verdict: Judgement,
    /// Candidate over baseline, and its bounds; `upper` is null where there is none.
    pub ratio: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    /// Largest growth that passes, as a ratio - 1.
    pub tolerance: f64,
    /// Smallest ratio that samples of this size show four times in five.
    pub detectable: Option<f64>,
    pub p: Option<f64>,
    pub reason: String,
}

/// What maintenance cost the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Maintenance {
    /// Blocks that met a window and those dropped beside them.
    pub blocks_dropped: usize,
}

/// What the generator cost the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Generator {
    pub blocks_void: usize,
}

/// The verdict of a gate. Serialises as the `gate` answer of the machine-readable contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    pub schema: u32,
    pub kind: &'static str,
    pub verdict: Judgement,
    /// Exit status: 0 pass, 1 fail, 3 inconclusive, 4 inconclusive because of maintenance.
    pub exit: u8,
    pub mode: Mode,
    /// Valid pairs judged; the smaller number of runs of a stored baseline.
    pub pairs: usize,
    pub metrics: Vec<Row>,
    pub maintenance: Maintenance,
    pub reason: Option<Reason>,
    /// Numbers of pairs at which the gate looked, or would have.
    pub looks: Vec<usize>,
    pub generator: Generator,
    pub sync: Vec<SyncJudgement>,
}

impl Verdict {
    pub(super) fn new(mode: Mode, pairing: &Pairing, metrics: Vec<Row>, looks: Vec<usize>) -> Self {
        let mut this = Self::of_rows(mode, pairing.pairs.len(), metrics);
        this.maintenance.blocks_dropped = pairing.maintenance_dropped;
        this.generator.blocks_void = pairing.limited;
        this.looks = looks;
        this
    }

    pub(super) fn of_rows(mode: Mode, pairs: usize, metrics: Vec<Row>) -> Self {
        let mut this = Self {
            schema: 1,
            kind: "gate",
            verdict: Judgement::Inconclusive,
            exit: 3,
            mode,
            pairs,
            metrics,
            maintenance: Maintenance::default(),
            reason: None,
            looks: Vec::new(),
            generator: Generator::default(),
            sync: Vec::new(),
        };
        let (verdict, reason) = this.overall();
        this.set(verdict, reason);
        this
    }

    /// Adds the sync delay, each surface on its own line. A later sync fails the gate; an
    /// inconclusive one hides neither a failure nor a pass of the latency.
    pub fn with_sync(mut self, sync: Vec<SyncJudgement>) -> Self {
        if sync.iter().any(|s| s.verdict == Judgement::Fail) {
            self.set(Judgement::Fail, Some(Reason::Regression));
        }
        self.sync = sync;
        self
    }

    /// A gate that was given up for this reason: it explains what is open and changes nothing that is
    /// decided.
    pub fn given_up(self, reason: Reason) -> Self {
        if self.decided() { self } else { self.because(reason) }
    }

    /// True where another pair would change nothing.
    pub(super) fn decided(&self) -> bool {
        self.verdict != Judgement::Inconclusive
    }

    /// Overrules the rows: an unusable gate is inconclusive whatever they say, a dead candidate fails.
    pub(super) fn because(mut self, reason: Reason) -> Self {
        let verdict = match reason {
            Reason::CandidateFailed | Reason::Regression => Judgement::Fail,
            _ => Judgement::Inconclusive,
        };
        self.set(verdict, Some(reason));
        self
    }

    fn set(&mut self, verdict: Judgement, reason: Option<Reason>) {
        self.verdict = verdict;
        self.reason = reason;
        self.exit = match (verdict, reason) {
            (Judgement::Pass, _) => 0,
            (Judgement::Fail, _) => 1,
            (Judgement::Inconclusive, Some(Reason::Maintenance)) => 4,
            (Judgement::Inconclusive, _) => 3,
        };
    }

    /// Any failed row fails. To pass, every row must pass, but for metrics that blocks of this size
    /// cannot show; of each operation at least one metric must have been judged.
    fn overall(&self) -> (Judgement, Option<Reason>) {
        if self.metrics.iter().any(|r| r.verdict == Judgement::Fail) {
            return (Judgement::Fail, Some(Reason::Regression));
        }
        let open =
            |r: &&Row| r.verdict == Judgement::Inconclusive && r.reason != Some(Reason::TooFewRequests);
        if let Some(row) = self.metrics.iter().find(open) {
            return (Judgement::Inconclusive, row.reason);
        }
        let judged = |operation: &str| {
            self.metrics.iter().any(|r| {
                r.operation == operation && r.metric != Metric::ErrorRatio && r.verdict == Judgement::Pass
            })
        };
        match self.metrics.iter().all(|r| judged(&r.operation)) && !self.metrics.is_empty() {
            true => (Judgement::Pass, None),
            false => (Judgement::Inconclusive, Some(Reason::TooFewRequests)),
        }
    }
}
