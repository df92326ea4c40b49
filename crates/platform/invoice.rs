//! One invoice: what was uploaded, what became of it, and how it is shown.

use crate::domain::moment::{At, NEVER, Nanos};
use crate::domain::money;
use crate::review::Reason;
use crate::weather::{Sky, Surface};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

/// The fields of an invoice, as uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fields {
    pub(crate) number: Arc<str>,
    pub(crate) special: bool,
    pub(crate) issue_date: NaiveDate,
    /// Money in fen.
    pub(crate) amount: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
    pub(crate) total_words: String,
    pub(crate) title: String,
    pub(crate) buyer_tax_id: String,
    pub(crate) seller_name: String,
    pub(crate) seller_tax_id: String,
    pub(crate) issuer_tax_id: Option<String>,
    pub(crate) region: u8,
}

/// The file of an upload: its kind, size and digest. In memory the bytes themselves are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scan {
    pub(crate) kind: ScanKind,
    pub(crate) bytes: usize,
    pub(crate) sha256: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScanKind {
    Pdf,
    Jpg,
    Png,
}

/// Review states and what follows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Submitted,
    Reviewing,
    Accepted,
    Rejected,
    Voided,
    RedFlushed,
}

/// Where an invoice stands in the pipelines; all in work time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
    pub(crate) review_begins: Nanos,
    pub(crate) decided: Nanos,
    /// When it enters synchronisation; never, where it is rejected.
    pub(crate) entered: Nanos,
    /// When it is seen on the three home surfaces.
    pub(crate) seen: [Nanos; 3],
}

/// An invoice in the store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Invoice {
    pub(crate) fields: Fields,
    pub(crate) id: u64,
    pub(crate) owner: u32,
    /// How often it has been resubmitted.
    pub(crate) attempt: u32,
    pub(crate) scan: Option<Scan>,
    pub(crate) uploaded: Nanos,
    pub(crate) course: Course,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) voided: Option<Nanos>,
    pub(crate) red_flushed: Option<Nanos>,
    pub(crate) red_number: Option<String>,
    /// The weather of its upload, by which its regions are drawn.
    #[serde(skip)]
    pub(crate) sky: Option<Arc<Sky>>,
    /// Verifications: Beijing day in the upper half, count in the lower.
    #[serde(skip)]
    pub(crate) checks: AtomicU64,
    #[serde(skip)]
    pub(crate) touched: AtomicI64,
}

impl Invoice {
    /// Its status at an instant of work time.
    pub(crate) fn status(&self, worked: Nanos) -> Status {
        if self.red_flushed.is_some() {
            Status::RedFlushed
        } else if self.voided.is_some() {
            Status::Voided
        } else if worked < self.course.review_begins {
            Status::Submitted
        } else if worked < self.course.decided {
            Status::Reviewing
        } else if self.reasons.is_empty() {
            Status::Accepted
        } else {
            Status::Rejected
        }
    }

    /// When, in work time, it is seen on a surface of the home region.
    pub(crate) fn seen(&self, surface: Surface) -> Nanos {
        match surface {
            Surface::Number => self.course.seen[0],
            Surface::Keyword => self.course.seen[1],
            Surface::Verify => self.course.seen[2],
            Surface::Region(_) => NEVER,
        }
    }
}

/// The digest that the ledger holds of an invoice's content; see `docs/platform.md`.
pub(crate) fn content(fields: &Fields, scan: Option<&Scan>) -> String {
    let f = fields;
    let mut out = String::with_capacity(512);
    let mut line = |name: &str, value: &str| {
        out.push_str(name);
        out.push('=');
        out.push_str(value);
        out.push('\n');
    };
    line("number", &f.number);
    line("kind", kind(f));
    line("issue_date", &f.issue_date.to_string());
    line("amount", &money::show(f.amount));
    line("tax", &money::show(f.tax));
    line("total", &money::show(f.total));
    line("total_words", &f.total_words);
    line("title", &f.title);
    line("buyer_tax_id", &f.buyer_tax_id);
    line("seller_name", &f.seller_name);
    line("seller_tax_id", &f.seller_tax_id);
    line("issuer_tax_id", f.issuer_tax_id.as_deref().unwrap_or(""));
    line("region", &f.region.to_string());
    line("file", &scan.map_or(String::new(), |s| hex(&s.sha256)));
    out
}

pub(crate) fn kind(fields: &Fields) -> &'static str {
    if fields.special { "special" } else { "general" }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for b in bytes {
        write!(out, "{b:02x}").expect("writing to a string cannot fail");
    }
    out
}

/// An invoice as query and search show it.
#[derive(Debug, Serialize)]
pub(crate) struct Record<'a> {
    id: u64,
    number: &'a str,
    kind: &'static str,
    issue_date: NaiveDate,
    amount: String,
    tax: String,
    total: String,
    total_words: &'a str,
    title: &'a str,
    buyer_tax_id: &'a str,
    seller_name: &'a str,
    seller_tax_id: &'a str,
    issuer_tax_id: Option<&'a str>,
    agent_issued: bool,
    region: String,
    status: Status,
    uploaded_at: At,
    reviewed_at: Option<At>,
    reasons: &'a [Reason],
    file: Option<ShownScan>,
    voided_at: Option<At>,
    red_flushed_at: Option<At>,
    red_number: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ShownScan {
    kind: ScanKind,
    bytes: usize,
    sha256: String,
}

impl<'a> Record<'a> {
    /// The record now; `altered` is by how many fen an upgrade has falsified the total.
    pub(crate) fn new(invoice: &'a Invoice, sky: &Sky, now: Nanos, altered: i64) -> Record<'a> {
        let f = &invoice.fields;
        let worked = sky.work.worked(now);
        let skew = sky.skew(now);
        let shown = |at: Nanos| At(at.saturating_add(skew));
        let scan = invoice.scan.as_ref();
        Record {
            id: invoice.id,
            number: &f.number,
            kind: kind(f),
            issue_date: f.issue_date,
            amount: money::show(f.amount),
            tax: money::show(f.tax),
            total: money::show(f.total + altered),
            total_words: &f.total_words,
            title: &f.title,
            buyer_tax_id: &f.buyer_tax_id,
            seller_name: &f.seller_name,
            seller_tax_id: &f.seller_tax_id,
            issuer_tax_id: f.issuer_tax_id.as_deref(),
            agent_issued: f.issuer_tax_id.is_some(),
            region: format!("{:02}", f.region),
            status: invoice.status(worked),
            uploaded_at: shown(invoice.uploaded),
            reviewed_at: decided_at(invoice, sky, now).map(shown),
            reasons: if worked >= invoice.course.decided { &invoice.reasons } else { &[] },
            file: scan.map(|s| ShownScan { kind: s.kind, bytes: s.bytes, sha256: hex(&s.sha256) }),
            voided_at: invoice.voided.map(shown),
            red_flushed_at: invoice.red_flushed.map(shown),
            red_number: invoice.red_number.as_deref(),
        }
    }
}

/// The instant of the review's decision, once it has been made.
pub(crate) fn decided_at(invoice: &Invoice, sky: &Sky, now: Nanos) -> Option<Nanos> {
    sky.work.instant(invoice.course.decided).filter(|at| *at <= now)
}
