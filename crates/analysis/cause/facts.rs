//! What was gathered about one invoice. Every part says whether it was asked at all.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};
use piaotan_record::calendar::PhaseName;
use piaotan_record::window::Services;
use piaotan_record::{Field, OutcomeKind, Surface};

/// Everything known about one invoice and the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub now: DateTime<Utc>,
    /// The offset of the platform's local time: where its day begins, and how times are shown.
    pub zone: FixedOffset,
    /// The platform as people know it: for the ticket.
    pub platform: String,
    pub subject: Subject,
    pub own_network: Check,
    pub dns: Check,
    pub tls: Check,
    /// Whether the platform says that it is up.
    pub health: Check,
    /// Whether its page comes up in a browser.
    pub browser: Check,
    /// The window that governs now, where one does.
    pub announced: Option<Announced>,
    /// Since when the platform itself has been answering that it is in maintenance.
    pub observed_maintenance: Option<DateTime<Utc>>,
    pub status: Status,
    /// What each surface answered.
    pub looks: Vec<Looked>,
    pub verify: Verify,
    pub verified_at: Option<DateTime<Utc>>,
    pub batch: Batch,
    /// What the platform answered to the upload, where that was written down.
    pub upload: Option<Upload>,
    /// When it should be visible, by the current curve of delays.
    pub expected_by: Option<DateTime<Utc>>,
    /// The longest delay that the platform promises.
    pub promise: TimeDelta,
    /// After so long it is lost.
    pub give_up: TimeDelta,
    pub checks_left: Option<u32>,
    /// Earlier attempts, for the ticket: when, what, code and words.
    pub attempts: Vec<(DateTime<Utc>, String)>,
}

/// The invoice as the person who asks knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    pub number: String,
    pub issue_date: Option<NaiveDate>,
    /// Total with tax, in words of digits.
    pub total: Option<String>,
    /// When it was uploaded, as its owner says or our ledger knows.
    pub uploaded: Option<DateTime<Utc>>,
    /// When it was accepted, as our ledger knows.
    pub accepted: Option<DateTime<Utc>>,
    pub batch: Option<String>,
    /// The region in which it is looked for.
    pub region: Option<String>,
    /// One of our own.
    pub synthetic: bool,
    /// Our ledger has given it up.
    pub given_up: bool,
    /// The paper says that it was issued by an agent (代开).
    pub by_agent: bool,
    /// The person sees nothing in their own browser.
    pub unseen_in_browser: bool,
    /// Whether numbers follow the Chinese form.
    pub chinese_number: bool,
}

/// A look at something that works or does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Check {
    #[default]
    NotAsked,
    Ok,
    Failed(String),
    /// It answers that it is in maintenance.
    Maintenance,
}

/// The window in which the platform is now, or was just before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    pub id: String,
    pub phase: PhaseName,
    pub start: DateTime<Utc>,
    pub end: Option<DateTime<Utc>>,
    pub services: Services,
    pub confirmed: bool,
}

/// The review state of the invoice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Status {
    #[default]
    NotAsked,
    Known(History),
    /// The platform says that nobody submitted it here.
    NotSubmitted,
    Failed(OutcomeKind),
}

/// What the platform tells of an invoice that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub standing: Standing,
    pub uploaded: Option<DateTime<Utc>>,
    pub reviewed: Option<DateTime<Utc>>,
    /// Why it was rejected.
    pub reasons: Vec<String>,
    pub at: Option<DateTime<Utc>>,
}

/// How far an invoice has come on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    InReview,
    Accepted,
    Rejected,
    Voided,
    RedFlushed,
}

/// What one surface answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    pub surface: Surface,
    /// Empty for the invoice's own region.
    pub region: String,
    pub found: Found,
    pub code: String,
    pub at: Option<DateTime<Utc>>,
}

/// Whether it was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Seen(Record),
    NotThere,
    Failed(OutcomeKind),
}

/// What is shown of an invoice that is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    pub standing: Option<Standing>,
    pub agent_issued: bool,
    /// Fields that are not as the person who asks has them.
    pub differs: Vec<Field>,
}

/// What verification answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    #[default]
    NotAsked,
    Genuine,
    Mismatch,
    NotFound,
    OverLimit,
    IssuedToday,
    TooOld,
    Voided,
    RedFlushed,
    BeingChecked,
    Failed(OutcomeKind),
}

/// What became of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Batch {
    #[default]
    NotAsked,
    /// The platform has no batch of this key.
    NoSuchKey,
    /// It has the batch, and nothing of this invoice in it.
    NoItem,
    Taken,
    Refused {
        code: String,
        message: String,
    },
    Failed(OutcomeKind),
}

/// What the platform answered to an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub at: DateTime<Utc>,
    pub taken: bool,
    pub code: String,
    pub message: String,
}

impl Facts {
    /// Nothing known but the number and the time.
    #[must_use]
    pub fn new(number: &str, now: DateTime<Utc>) -> Self {
        let subject = Subject { number: number.to_owned(), chinese_number: true, ..Subject::default() };
        Self {
            now,
            zone: FixedOffset::east_opt(8 * 3600).expect("eight hours are less than a day"),
            platform: String::new(),
            subject,
            own_network: Check::NotAsked,
            dns: Check::NotAsked,
            tls: Check::NotAsked,
            health: Check::NotAsked,
            browser: Check::NotAsked,
            announced: None,
            observed_maintenance: None,
            status: Status::NotAsked,
            looks: Vec::new(),
            verify: Verify::NotAsked,
            verified_at: None,
            batch: Batch::NotAsked,
            upload: None,
            expected_by: None,
            promise: TimeDelta::hours(24),
            give_up: TimeDelta::hours(72),
            checks_left: None,
            attempts: Vec::new(),
        }
    }

    /// When the delay began: at acceptance where it is known, else at upload.
    #[must_use]
    pub fn began(&self) -> Option<DateTime<Utc>> {
        let history = match &self.status {
            Status::Known(history) => history.reviewed.or(history.uploaded),
            _ => None,
        };
        self.subject.accepted.or(history).or(self.subject.uploaded)
    }

    /// The first surface that shows the invoice.
    #[must_use]
    pub fn seen(&self) -> Option<(&Looked, &Record)> {
        self.looks.iter().find_map(|look| match &look.found {
            Found::Seen(record) => Some((look, record)),
            _ => None,
        })
    }

    /// Surfaces that answered that it is not there.
    pub fn missing(&self) -> impl Iterator<Item = &Looked> {
        self.looks.iter().filter(|look| look.found == Found::NotThere)
    }

    /// Outcomes of all questions that failed.
    #[must_use]
    pub fn failures(&self) -> Vec<OutcomeKind> {
        let looks = self.looks.iter().filter_map(|look| match look.found {
            Found::Failed(outcome) => Some(outcome),
            _ => None,
        });
        let status = match self.status {
            Status::Failed(outcome) => Some(outcome),
            _ => None,
        };
        let verify = match self.verify {
            Verify::Failed(outcome) => Some(outcome),
            _ => None,
        };
        let batch = match self.batch {
            Batch::Failed(outcome) => Some(outcome),
            _ => None,
        };
        looks.chain(status).chain(verify).chain(batch).collect()
    }

    /// Whether the platform said anything about the invoice.
    #[must_use]
    pub fn answered(&self) -> bool {
        let looked = self.looks.iter().any(|look| !matches!(look.found, Found::Failed(_)));
        let verified = !matches!(self.verify, Verify::NotAsked | Verify::Failed(_));
        looked || verified || matches!(self.status, Status::Known(_) | Status::NotSubmitted)
    }

    /// Whether the platform has the invoice.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.status, Status::Known(_)) || self.seen().is_some()
    }
}
