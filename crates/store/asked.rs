//! Real invoices that people asked about, and every attempt to find them. Nothing here is synthetic, and
//! nothing that voids or cleans up reads these tables.

use crate::error::Error;
use crate::store::{Store, instant, micros, name, optional_instant, parse};
use chrono::{DateTime, NaiveDate, Utc};
use piaotan_record::OutcomeKind;
use rusqlite::{Row, params};
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
        self.write_ledger(|transaction| {
            let put = "INSERT INTO asked (number, issue_date, total, uploaded, batch, first_asked, closed)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT DO UPDATE SET total = ifnull(excluded.total, total),
                uploaded = ifnull(excluded.uploaded, uploaded), batch = ifnull(excluded.batch, batch),
                closed = excluded.closed";
            let values = params![
                asked.number,
                asked.issue_date.map(|date| date.to_string()),
                asked.total,
                asked.uploaded.map(micros),
                asked.batch,
                micros(asked.first_asked),
                asked.closed.map(micros)
            ];
            transaction.execute(put, values).map_err(|error| self.wrap(error))?;
            Ok(())
        })
    }

    /// Nobody needs to look for this invoice any more.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn close_asked(&self, number: &str, at: DateTime<Utc>) -> Result<(), Error> {
        self.write_ledger(|transaction| {
            let update = "UPDATE asked SET closed = ?2 WHERE number = ?1 AND closed IS NULL";
            transaction.execute(update, params![number, micros(at)]).map_err(|error| self.wrap(error))?;
            Ok(())
        })
    }

    /// The questions that are still open, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn asked_open(&self) -> Result<Vec<Asked>, Error> {
        self.read(|connection| {
            let query = "SELECT * FROM asked WHERE closed IS NULL ORDER BY first_asked, id";
            connection.prepare_cached(query)?.query_map([], asked)?.collect()
        })
    }

    /// What was asked about this number before, if anything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn asked(&self, number: &str) -> Result<Option<Asked>, Error> {
        self.read(|connection| {
            let query = "SELECT * FROM asked WHERE number = ?1 ORDER BY id DESC LIMIT 1";
            connection.prepare_cached(query)?.query_map([number], asked)?.next().transpose()
        })
    }

    /// Writes down one attempt.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn attempt(&self, attempt: &Attempt) -> Result<(), Error> {
        self.write_ledger(|transaction| {
            let put = "INSERT INTO attempt (number, at, step, outcome, code, detail, counts)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let Attempt { number, at, step, outcome, code, detail, counts } = attempt;
            let values = params![number, micros(*at), step, outcome.as_str(), code, detail, counts];
            transaction.execute(put, values).map_err(|error| self.wrap(error))?;
            Ok(())
        })
    }

    /// Every attempt to find this number, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn attempts(&self, number: &str) -> Result<Vec<Attempt>, Error> {
        self.read(|connection| {
            let query = "SELECT * FROM attempt WHERE number = ?1 ORDER BY at, id";
            connection.prepare_cached(query)?.query_map([number], attempt)?.collect()
        })
    }

    /// How many verifications of this number were spent in `[from, to)`: the platform's day, which the
    /// caller knows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn verifications(&self, number: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<u32, Error> {
        self.read(|connection| {
            let query = "SELECT count(*) FROM attempt WHERE number = ?1 AND at >= ?2 AND at < ?3 AND counts";
            connection.query_row(query, params![number, micros(from), micros(to)], |row| row.get(0))
        })
    }
}

fn asked(row: &Row<'_>) -> rusqlite::Result<Asked> {
    let date: Option<String> = row.get("issue_date")?;
    Ok(Asked {
        number: row.get("number")?,
        issue_date: date.map(|text| parse(&text)).transpose()?,
        total: row.get("total")?,
        uploaded: optional_instant(row, "uploaded")?,
        batch: row.get("batch")?,
        first_asked: instant(row, "first_asked")?,
        closed: optional_instant(row, "closed")?,
    })
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        number: row.get("number")?,
        at: instant(row, "at")?,
        step: row.get("step")?,
        outcome: name(row, "outcome")?,
        code: row.get("code")?,
        detail: row.get("detail")?,
        counts: row.get("counts")?,
    })
}
