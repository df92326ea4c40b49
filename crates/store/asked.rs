//! Real invoices that people asked about, and every attempt to find them. Nothing here is synthetic, and
//! nothing that voids or cleans up reads these tables.

use crate::db::{Row, values};
use crate::error::Error;
use crate::store::Store;
use chrono::{DateTime, NaiveDate, Utc};
use piaotan_record::OutcomeKind;
use serde::{Deserialize, Serialize};

/// A real invoice that somebody is looking for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub number: String,
    pub issue_date: Option<NaiveDate>,
    /// Total with tax, in words of digits.
    pub total: Option<String>,
    /// When its owner says to have uploaded it.
    pub uploaded: Option<DateTime<Utc>>,
    /// The key of the batch that it was part of.
    pub batch: Option<String>,
    pub first_asked: DateTime<Utc>,
    /// When it was found, or nobody wanted to know any more.
    pub closed: Option<DateTime<Utc>>,
}

/// One question put to a platform about an invoice, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub number: String,
    pub at: DateTime<Utc>,
    /// What was asked ("query_number", "verify", …).
    pub step: String,
    pub outcome: OutcomeKind,
    /// The platform's own code, as it wrote it.
    pub code: String,
    pub detail: String,
    /// Whether it used up one of the invoice's verifications of the day.
    pub counts: bool,
}

impl Store {
    /// Remembers that somebody asked. Asked again, what was not known before is filled in, and the
    /// question is open again.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn ask(&self, asked: &Asked) -> Result<(), Error> {
        let date = asked.issue_date.map(|date| date.to_string());
        let (total, batch) = (asked.total.as_ref(), asked.batch.as_ref());
        self.write_ledger(|to| {
            let known = "SELECT id FROM asked WHERE number = ?1 AND coalesce(issue_date, '') = ?2";
            let named = values![&asked.number, date.as_deref().unwrap_or_default()];
            if let Some(id) = to.first(known, &named, |row| row.get::<i64>("id"))? {
                let fill = "UPDATE asked SET total = coalesce(?2, total), uploaded = coalesce(?3, uploaded),
                            batch = coalesce(?4, batch), closed = ?5 WHERE id = ?1";
                to.execute(fill, &values![id, total, asked.uploaded, batch, asked.closed])?;
                return Ok(());
            }
            let put = "INSERT INTO asked (number, issue_date, total, uploaded, batch, first_asked, closed)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let values = values![
                &asked.number,
                date.as_ref(),
                total,
                asked.uploaded,
                batch,
                asked.first_asked,
                asked.closed
            ];
            to.execute(put, &values)?;
            Ok(())
        })
    }

    /// Nobody needs to look for this invoice any more.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn close_asked(&self, number: &str, at: DateTime<Utc>) -> Result<(), Error> {
        self.write_ledger(|to| {
            let update = "UPDATE asked SET closed = ?2 WHERE number = ?1 AND closed IS NULL";
            to.execute(update, &values![number, at])?;
            Ok(())
        })
    }

    /// The questions that are still open, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn asked_open(&self) -> Result<Vec<Asked>, Error> {
        let query = "SELECT * FROM asked WHERE closed IS NULL ORDER BY first_asked, id";
        self.read(|from| from.all(query, &[], asked))
    }

    /// What was asked about this number before, if anything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn asked(&self, number: &str) -> Result<Option<Asked>, Error> {
        let query = "SELECT * FROM asked WHERE number = ?1 ORDER BY id DESC LIMIT 1";
        self.read(|from| from.first(query, &values![number], asked))
    }

    /// Writes down one attempt.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn attempt(&self, attempt: &Attempt) -> Result<(), Error> {
        self.write_ledger(|to| {
            let put = "INSERT INTO attempt (number, at, step, outcome, code, detail, counts)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let Attempt { number, at, step, outcome, code, detail, counts } = attempt;
            to.execute(put, &values![number, *at, step, outcome.as_str(), code, detail, *counts])?;
            Ok(())
        })
    }

    /// Every attempt to find this number, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn attempts(&self, number: &str) -> Result<Vec<Attempt>, Error> {
        let query = "SELECT * FROM attempt WHERE number = ?1 ORDER BY at, id";
        self.read(|from| from.all(query, &values![number], attempt))
    }

    /// How many verifications of this number were spent in `[from, to)`: the platform's day, which the
    /// caller knows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn verifications(&self, number: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<u32, Error> {
        let query = "SELECT count(*) FROM attempt WHERE number = ?1 AND at >= ?2 AND at < ?3 AND counts <> 0";
        self.read(|reading| reading.one(query, &values![number, from, to], |row| row.get(0)))
    }
}

fn asked(row: &Row<'_>) -> Result<Asked, Error> {
    Ok(Asked {
        number: row.get("number")?,
        issue_date: row.parsed_if("issue_date")?,
        total: row.get("total")?,
        uploaded: row.get("uploaded")?,
        batch: row.get("batch")?,
        first_asked: row.get("first_asked")?,
        closed: row.get("closed")?,
    })
}

fn attempt(row: &Row<'_>) -> Result<Attempt, Error> {
    Ok(Attempt {
        number: row.get("number")?,
        at: row.get("at")?,
        step: row.get("step")?,
        outcome: row.parsed("outcome")?,
        code: row.get("code")?,
        detail: row.get("detail")?,
        counts: row.get("counts")?,
    })
}
