//! Why an invoice cannot be found: from what was gathered to one cause out of a closed set.
//!
//! The causes are walked in the order in which a person would rule them out: oneself, the way to the
//! platform, the platform, its maintenance, the invoice's own fate, and only then the wait for
//! synchronisation. A question that failed is no answer: it never turns into "not there". Where two
//! causes fit, the certainty is no more than *possible*.
//!
//! Reading order: [`facts`] (what goes in), `rules` (the walk), `evidence` (the steps, for people),
//! `words` (the message catalogue, Chinese and English), `ticket` (the text for customer service).
//!
//! Not here: asking anybody anything. Facts are gathered by whoever has sockets.

pub mod facts;
pub mod number;

mod evidence;
mod rules;
#[cfg(test)]
mod tests;
mod ticket;
mod words;

pub use facts::Facts;

use chrono::{DateTime, Utc};
use piaotan_record::closed_enum;
use serde::Serialize;

closed_enum! {
    /// Why an invoice cannot be found; or that it can.
    pub enum Cause {
        /// It is there: nothing to explain.
        Visible = "visible",
        OwnNetwork = "own_network",
        Dns = "dns",
        Tls = "tls",
        PlatformDown = "platform_down",
        BrowserSide = "browser_side",
        Maintenance = "maintenance",
        NotIssued = "not_issued",
        NotUploaded = "not_uploaded",
        UploadRefused = "upload_refused",
        BatchUnanswered = "batch_unanswered",
        ReviewPending = "review_pending",
        ReviewRejected = "review_rejected",
        DetailsDiffer = "details_differ",
        MalformedNumber = "malformed_number",
        OtherRegion = "other_region",
        AgentIssued = "agent_issued",
        NotYetSynced = "not_yet_synced",
        /// Past the platform's promise, and not yet given up.
        Late = "late",
        Lost = "lost",
        /// Voided or red-flushed.
        Voided = "voided",
        OverLimit = "over_limit",
        Unknown = "unknown",
    }
}

closed_enum! {
    /// How far a cause is to be believed, from least to most.
    pub enum Certainty {
        /// It fits, and so may another.
        Possible = "possible",
        /// It fits best; nothing contradicts it.
        Likely = "likely",
        /// The platform, or a check of our own, said so.
        Sure = "sure",
    }
}

closed_enum! {
    /// The language of everything that people read.
    pub enum Language { Zh = "zh", En = "en" }
}

closed_enum! {
    /// What one step of the walk found.
    pub enum StepResult {
        Ok = "ok",
        Failed = "failed",
        /// An answer that explains something.
        Found = "found",
        NotThere = "not_there",
        /// The question failed, which says nothing about the invoice.
        NoAnswer = "no_answer",
        NotAsked = "not_asked",
    }
}

impl Certainty {
    /// How sure the judge is, in the reader's words.
    #[must_use]
    pub const fn word(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Sure, Language::Zh) => "确定",
            (Self::Sure, Language::En) => "sure",
            (Self::Likely, Language::Zh) => "很可能",
            (Self::Likely, Language::En) => "likely",
            (Self::Possible, Language::Zh) => "可能",
            (Self::Possible, Language::En) => "possible",
        }
    }
}

impl StepResult {
    /// One sign for it; a question that failed is no answer, and looks like none.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Found => "→",
            Self::Failed | Self::NotThere => "✗",
            Self::NoAnswer | Self::NotAsked => "?",
        }
    }
}

/// One step of the walk, for people: what was looked at and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub step: String,
    pub result: StepResult,
    pub detail: String,
    pub at: Option<DateTime<Utc>>,
}

/// The answer to "where is my invoice?", as it is printed and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub schema: u32,
    pub kind: &'static str,
    pub number: String,
    pub cause: Cause,
    pub certainty: Certainty,
    /// The cause in one sentence.
    pub says: String,
    pub evidence: Vec<Step>,
    /// When it should be visible, where that can be said.
    pub expected_by: Option<DateTime<Utc>>,
    pub look_again_at: Option<DateTime<Utc>>,
    /// What to do next.
    pub advice: String,
    /// A text for customer service; empty where nobody needs to be told.
    pub ticket: String,
    /// Verifications of this invoice that are left today.
    pub checks_left: Option<u32>,
}

/// Decides which cause holds, and says so in the language asked for.
#[must_use]
pub fn decide(facts: &Facts, language: Language) -> Explanation {
    let decided = rules::walk(facts);
    let evidence = evidence::steps(facts, language);
    let says = words::says(&decided, facts, language);
    Explanation {
        schema: 1,
        kind: "trace",
        number: facts.subject.number.clone(),
        cause: decided.cause,
        certainty: decided.certainty,
        ticket: ticket::write(&decided, &says, facts, &evidence, language),
        says,
        expected_by: decided.expected_by,
        look_again_at: rules::look_again(&decided, facts),
        advice: words::advice(decided.cause, language).to_owned(),
        evidence,
        checks_left: facts.checks_left,
    }
}

impl Explanation {
    /// The exit code of `trace`: 0 visible, 1 a cause found, 3 unknown.
    #[must_use]
    pub fn exit(&self) -> i32 {
        match self.cause {
            Cause::Visible => 0,
            Cause::Unknown => 3,
            _ => 1,
        }
    }
}
