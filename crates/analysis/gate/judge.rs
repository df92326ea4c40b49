//! One estimate, two bounds and a verdict for each operation and metric.
//!
//! Decision table, at the levels of the look: lower bound > 0 and change >= floor: FAIL; else upper
//! bound below the tolerance: PASS; else open. Of short latencies floor and tolerance are absolute: an
//! operation of a millisecond is moved by tens of per cent by any neighbour, and nobody feels it. The probability of a false alarm is shared over all
//! latency rows by Holm's step-down (1979, Scand. J. Statist. 6), a fifth of it kept for the error
//! ratios, and over the looks by `spending`. A PASS stands, unless a later look fails the row.

use super::Settings;
use super::block::Metric;
use super::spending::{POWER, Spending};
use super::verdict::{Judgement, Reason, Row};
use crate::stats::{Estimate, normal_quantile, student_quantile};

/// Share of the false-alarm probability that the error ratios may use.
const ERROR_SHARE: f64 = 0.2;

/// Share of the slack below which no growth fails.
const HALF: f64 = 0.5;

/// One-sided p value of its own at which an operation may fail for what it did beyond the others.
const LIKELY: f64 = 0.1;

/// One row in the making.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub operation: String,
    pub metric: Metric,
    tolerance: f64,
    /// Growth that is tolerated whatever the ratio, in the unit of the latencies.
    slack: Option<f64>,
    /// Geometric mean of the baseline's level over all blocks, in the unit of the latencies.
    pub baseline: Option<f64>,
    /// Mean of candidate - baseline, on the log scale but for error ratios.
    pub estimate: Option<Estimate>,
    /// The same after the median of the other operations of each pair is taken off, where there are
    /// enough of them and they did not become faster: noise that all operations share is gone.
    pub relative: Option<Estimate>,
    /// Whether there are enough other operations to compare with at all.
    pub has_others: bool,
    /// Why it cannot be judged at all, if so.
    pub unusable: Option<Reason>,
    pub sampling_share: Option<f64>,
    verdict: Judgement,
    alpha: f64,
}

impl Subject {
    /// One of the settings' metrics, of one operation.
    pub fn new(operation: &str, metric: Metric, settings: &Settings, unusable: Option<Reason>) -> Self {
        let tolerance = settings.tolerances.iter().find(|t| t.0 == metric);
        Self {
            operation: operation.to_owned(),
            metric,
            tolerance: tolerance.map_or(0.0, |t| t.1),
            slack: metric.slack_share().map(|share| share * settings.slack / settings.unit),
            baseline: None,
            estimate: None,
            relative: None,
            has_others: false,
            unusable,
            sampling_share: None,
            verdict: Judgement::Inconclusive,
            alpha: 0.0,
        }
    }

    /// In how many ways it may fail, each at its part of the false-alarm probability.
    fn tests(&self) -> f64 {
        if self.has_others { 2.0 } else { 1.0 }
    }

    fn is_error(&self) -> bool {
        self.metric == Metric::ErrorRatio
    }

    /// The slack as a ratio - 1 of the baseline.
    fn relative_slack(&self) -> f64 {
        self.slack.zip(self.baseline).map_or(0.0, |(slack, baseline)| slack / baseline)
    }

    fn is_slack_wider(&self) -> bool {
        self.relative_slack() > self.tolerance
    }

    /// The largest change that passes, as a ratio - 1.
    fn tolerated(&self) -> f64 {
        self.tolerance.max(self.relative_slack())
    }

    /// The same on the scale of the estimate.
    fn limit(&self) -> f64 {
        if self.is_error() { self.tolerance } else { self.tolerated().ln_1p() }
    }

    /// From the scale of the estimate to what people read.
    fn shown(&self, value: f64) -> Option<f64> {
        let shown = if self.is_error() { value } else { value.exp_m1() };
        shown.is_finite().then_some(shown)
    }
}

/// The settings and what may be acted on at each planned look.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    pub settings: &'a Settings,
    pub spending: &'a Spending,
}

impl Bench<'_> {
    /// Judges all subjects, whose estimates rest on the pairs of look `index`.
    pub fn judge(&self, subjects: &mut [Subject], index: usize) {
        for errors in [false, true] {
            self.fail_family(subjects, index, errors);
        }
        let level = self.spending.level(self.settings.beta, index);
        let open = subjects.iter_mut().filter(|s| s.verdict == Judgement::Inconclusive);
        for subject in open.filter(|s| s.unusable.is_none()) {
            if subject.estimate.is_some_and(|e| e.upper(level) < subject.limit()) {
                subject.verdict = Judgement::Pass;
            }
        }
    }

    /// Holm's step-down over the family of latencies or of error ratios.
    fn fail_family(&self, subjects: &mut [Subject], index: usize, errors: bool) {
        let mut family: Vec<&mut Subject> = subjects
            .iter_mut()
            .filter(|s| s.is_error() == errors && s.unusable.is_none() && s.estimate.is_some())
            .collect();
        loop {
            let open = family.iter().filter(|s| s.verdict != Judgement::Fail);
            let weights: f64 = open.map(|s| s.metric.weight()).sum();
            let mut failed = false;
            for subject in family.iter_mut().filter(|s| s.verdict != Judgement::Fail) {
                subject.alpha = self.alpha(errors) * subject.metric.weight() / weights / subject.tests();
                if self.worse(subject, self.spending.level(subject.alpha, index)) {
                    subject.verdict = Judgement::Fail;
                    failed = true;
                }
            }
            if !failed {
                return;
            }
        }
    }

    fn worse(&self, subject: &Subject, level: f64) -> bool {
        let floor = self.floor(subject);
        let Some(own) = subject.estimate.filter(|e| e.mean >= floor) else { return false };
        let clear = |e: Estimate| e.mean >= floor && e.p_above() <= level;
        // Where others became faster by chance, "beyond the others" alone would fail an unchanged
        // operation: its own slowing must at least be likely.
        clear(own) || (own.p_above() <= LIKELY && subject.relative.is_some_and(clear))
    }

    fn floor(&self, subject: &Subject) -> f64 {
        match subject.is_error() {
            true => self.settings.error_floor,
            false => self.settings.floor.max(HALF * subject.relative_slack()).ln_1p(),
        }
    }

    fn alpha(&self, errors: bool) -> f64 {
        let judges_errors = self.settings.tolerances.iter().any(|t| t.0 == Metric::ErrorRatio);
        let share = if judges_errors { ERROR_SHARE } else { 0.0 };
        self.settings.alpha * if errors { share } else { 1.0 - share }
    }

    /// The rows as they are shown, with bounds at the levels of look `index`.
    pub fn rows(&self, subjects: Vec<Subject>, index: usize) -> Vec<Row> {
        let beta = self.spending.level(self.settings.beta, index);
        subjects
            .into_iter()
            .map(|subject| {
                let strength = self.strength(subject.alpha, index);
                self.row(subject, strength, beta)
            })
            .collect()
    }

    fn row(&self, subject: Subject, strength: Strength, beta: f64) -> Row {
        let usable = subject.estimate.filter(|e| subject.unusable.is_none() && e.mean.is_finite());
        let detectable = usable.map(|e| strength.detectable(e, self.floor(&subject)));
        let reason = match subject.verdict {
            Judgement::Fail => Some(Reason::Regression),
            Judgement::Pass => None,
            Judgement::Inconclusive => Some(subject.unusable.unwrap_or(Reason::TooFewPairs)),
        };
        let short = reason == Some(Reason::TooFewPairs);
        let needed = |d: f64| (strength.most * (d / subject.limit()).powi(2)).ceil().max(3.0) as u64;
        Row {
            change: usable.and_then(|e| subject.shown(e.mean)),
            lower: usable.and_then(|e| subject.shown(e.lower(strength.level))),
            upper: usable.and_then(|e| subject.shown(e.upper(beta))),
            relative: subject.relative.and_then(|e| subject.shown(e.mean)),
            detectable: detectable.and_then(|d| subject.shown(d)),
            p: usable.map(|e| e.p_above()),
            pairs_needed: detectable.filter(|_| short).map(needed),
            sampling_share: subject.sampling_share,
            pair_sd: usable.map(|e| e.error * (e.n as f64).sqrt()),
            verdict: subject.verdict,
            reason,
            tolerance: subject.tolerated(),
            slack: subject.slack.filter(|_| subject.is_slack_wider()).map(|s| s * self.settings.unit),
            baseline: subject.baseline.map(|level| level * self.settings.unit),
            operation: subject.operation,
            metric: subject.metric,
        }
    }

    /// Detectable log change in units of the spread of one pair, for a family of `rows` latencies.
    pub fn detectable_spreads(&self, rows: usize) -> f64 {
        let strength = self.strength(self.alpha(false) / rows as f64, 0);
        strength.multiple / strength.most.sqrt()
    }

    fn strength(&self, alpha: f64, index: usize) -> Strength {
        let alpha = if alpha > 0.0 { alpha } else { self.settings.alpha };
        let most = self.spending.most() as f64;
        let last = self.spending.level(alpha, self.spending.looks().len() - 1);
        let power = student_quantile(POWER, most - 1.0);
        let student = student_quantile(1.0 - last, most - 1.0) + power;
        let normal = normal_quantile(1.0 - last) + normal_quantile(POWER);
        let multiple = self.spending.drift(alpha) * student / normal;
        Strength { level: self.spending.level(alpha, index), most, multiple, power }
    }
}

/// What the whole sequence can see, in standard errors at its last look.
#[derive(Debug, Clone, Copy)]
struct Strength {
    level: f64,
    most: f64,
    multiple: f64,
    power: f64,
}

impl Strength {
    /// Change found with the wanted power: significant, and not below the floor either.
    fn detectable(&self, estimate: Estimate, floor: f64) -> f64 {
        let error = estimate.error * (estimate.n as f64 / self.most).sqrt();
        (self.multiple * error).max(floor + self.power * error)
    }
}
