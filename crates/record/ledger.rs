//! The ledger of synthetic invoices: who writes it and who asks it agree on this trait.

use crate::observation::Token;
use crate::operation::Surface;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// One synthetic invoice that the platform has taken from us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    pub token: Token,
    /// The run or watch that made it.
    pub run: String,
    pub target: String,
    pub number: String,
    pub issue_date: NaiveDate,
    /// Total with tax, as a decimal in words of digits ("1409.50").
    pub total: String,
    /// The account that may void it.
    pub owner: String,
    pub uploaded: DateTime<Utc>,
    /// When the platform accepted it, where that can be seen.
    pub accepted: Option<DateTime<Utc>>,
}

/// What one look for a pending invoice found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    Seen,
    NotYet,
    /// The question failed, which says nothing about the invoice.
    Unknown,
    /// Visible, but not as uploaded.
    Mismatched,
}

/// An invoice that is still to be seen on a surface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub issued: Issued,
    pub surface: Surface,
    pub region: String,
    pub last_not_seen: Option<DateTime<Utc>>,
    pub looks: u32,
}

/// Where synthetic invoices are remembered. Every call is durable when it returns.
pub trait Ledger: Send + Sync {
    /// # Errors
    /// When the ledger cannot be written.
    fn issue(&self, issued: &Issued) -> Result<(), LedgerError>;

    /// Many at once; in one durable step where the ledger can.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    fn issue_all(&self, issued: &[Issued]) -> Result<(), LedgerError> {
        issued.iter().try_for_each(|each| self.issue(each))
    }

    /// # Errors
    /// When the ledger cannot be written.
    fn look(
        &self,
        run: &str,
        token: Token,
        surface: Surface,
        region: &str,
        asked: DateTime<Utc>,
        look: Look,
    ) -> Result<(), LedgerError>;

    /// Everything still to be seen.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    fn pending(&self) -> Result<Vec<Pending>, LedgerError>;
}

/// The ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("ledger {path}: {reason}")]
pub struct LedgerError {
    pub path: String,
    pub reason: String,
}
