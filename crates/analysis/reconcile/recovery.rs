//! After a window: does everything work as before, how long did that take, and is anything gone?
//!
//! A round logs in, uploads, queries and verifies. The recovery has passed with the first round in
//! which every step was answered, and about as fast as before the window. Invoices seen before are
//! read again, since people fear losing them in an upgrade.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use piaotan_record::{Field, Operation, Outcome, closed_enum};
use serde::{Deserialize, Serialize};

/// Median response times before the window, in seconds.
pub type Baseline = BTreeMap<Operation, f64>;

/// One pass through the steps of the check.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// When its last step was done.
    pub done: DateTime<Utc>,
    /// Each operation with its outcome and its response time in seconds.
    pub steps: Vec<(Operation, Outcome, f64)>,
}

/// One invoice seen before the window and read again after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reread {
    pub number: String,
    pub outcome: Outcome,
}

/// How much slower than before still passes: `factor` times the baseline plus `slack` seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecoveryOptions {
    pub factor: f64,
    pub slack: f64,
}

closed_enum! {
    /// What one step of the last round showed.
    pub enum StepVerdict { Passed = "passed", Slower = "slower", Failed = "failed" }
}

/// One step of the last round beside its time before the window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub operation: Operation,
    pub verdict: StepVerdict,
    pub seconds: f64,
    pub before: Option<f64>,
}

/// An invoice of which a field is another than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub number: String,
    pub field: Field,
}

/// What the check after one window found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    pub window: String,
    /// When the platform served again, as observed.
    pub restored: DateTime<Utc>,
    /// When the first round passed; `None` while none has.
    pub passed: Option<DateTime<Utc>>,
    /// From `restored` to `passed`.
    pub seconds: Option<f64>,
    /// The steps of the round that passed, or else of the last one.
    pub steps: Vec<Step>,
    /// Invoices that were there before and are not any more.
    pub vanished: Vec<String>,
    pub changed: Vec<Changed>,
    /// Invoices about which nothing can be said: the question itself failed.
    pub unread: Vec<String>,
}

impl Default for RecoveryOptions {
    fn default() -> Self {
        RecoveryOptions { factor: 2.0, slack: 0.5 }
    }
}

impl Recovery {
    /// Judges the rounds, in their order, and what was read again.
    pub fn judge(
        window: impl Into<String>,
        restored: DateTime<Utc>,
        rounds: &[Round],
        before: &Baseline,
        reread: &[Reread],
        options: RecoveryOptions,
    ) -> Recovery {
        let judged = |round: &Round| -> Vec<Step> {
            let steps = round.steps.iter();
            steps
                .map(|(operation, outcome, seconds)| step(*operation, *outcome, *seconds, before, options))
                .collect()
        };
        let passes = |round: &&Round| {
            !round.steps.is_empty() && judged(round).iter().all(|step| step.verdict == StepVerdict::Passed)
        };
        let passing = rounds.iter().find(passes);
        let passed = passing.map(|round| round.done);
        let mut recovery = Recovery {
            window: window.into(),
            restored,
            passed,
            seconds: passed.map(|passed| (passed - restored).as_seconds_f64()),
            steps: passing.or(rounds.last()).map(judged).unwrap_or_default(),
            vanished: Vec::new(),
            changed: Vec::new(),
            unread: Vec::new(),
        };
        for invoice in reread {
            recovery.read_again(invoice);
        }
        recovery
    }

    /// Whether the check passed and nothing is gone or changed.
    pub fn is_clean(&self) -> bool {
        self.passed.is_some() && self.vanished.is_empty() && self.changed.is_empty()
    }

    /// Only a proper "no" means that an invoice is gone: a failed question is not an answer.
    fn read_again(&mut self, invoice: &Reread) {
        let number = invoice.number.clone();
        match invoice.outcome {
            Outcome::Ok => {}
            Outcome::BusinessNo | Outcome::NotYetVisible => self.vanished.push(number),
            Outcome::Mismatched { field } => self.changed.push(Changed { number, field }),
            _ => self.unread.push(number),
        }
    }
}

fn step(
    operation: Operation,
    outcome: Outcome,
    seconds: f64,
    before: &Baseline,
    options: RecoveryOptions,
) -> Step {
    let before = before.get(&operation).copied();
    let slower = before.is_some_and(|before| seconds > before * options.factor + options.slack);
    let verdict = match (outcome.is_answer(), slower) {
        (false, _) => StepVerdict::Failed,
        (true, true) => StepVerdict::Slower,
        (true, false) => StepVerdict::Passed,
    };
    Step { operation, verdict, seconds, before }
}
