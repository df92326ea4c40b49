//! Notices that were read, and what was read out of them.

use crate::error::Error;
use crate::store::{Store, instant, micros, optional_instant};
use chrono::{DateTime, Utc};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

/// One notice of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRead {
    pub source: String,
    /// As the source names it.
    pub id: String,
    pub published: Option<DateTime<Utc>>,
    pub first_read: DateTime<Utc>,
    pub last_read: DateTime<Utc>,
    pub title: String,
    pub text: String,
    /// What the reader made of it, as JSON.
    pub reading: serde_json::Value,
}

impl Store {
    /// Remembers a notice. Says whether it is new, or says something else than before.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn notice(&self, notice: &NoticeRead) -> Result<bool, Error> {
        self.write_ledger(|to| {
            let known =
                "SELECT count(*) FROM notice WHERE source = ?1 AND id = ?2 AND title = ?3 AND text = ?4";
            let asked = params![notice.source, notice.id, notice.title, notice.text];
            let known: i64 =
                to.query_row(known, asked, |row| row.get(0)).map_err(|error| self.wrap(error))?;
            let put =
                "INSERT INTO notice (source, id, published, first_read, last_read, title, text, reading)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                ON CONFLICT DO UPDATE SET published = excluded.published, last_read = excluded.last_read,
                title = excluded.title, text = excluded.text, reading = excluded.reading";
            let values = params![
                notice.source,
                notice.id,
                notice.published.map(micros),
                micros(notice.first_read),
                micros(notice.last_read),
                notice.title,
                notice.text,
                notice.reading.to_string()
            ];
            to.execute(put, values).map_err(|error| self.wrap(error))?;
            Ok(known == 0)
        })
    }

    /// The notices last published, latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn notices(&self, limit: u32) -> Result<Vec<NoticeRead>, Error> {
        self.read(|connection| {
            let query =
                "SELECT * FROM notice ORDER BY ifnull(published, first_read) DESC, source, id LIMIT ?1";
            connection.prepare_cached(query)?.query_map([limit], notice)?.collect()
        })
    }
}

fn notice(row: &Row<'_>) -> rusqlite::Result<NoticeRead> {
    let reading: String = row.get("reading")?;
    Ok(NoticeRead {
        source: row.get("source")?,
        id: row.get("id")?,
        published: optional_instant(row, "published")?,
        first_read: instant(row, "first_read")?,
        last_read: instant(row, "last_read")?,
        title: row.get("title")?,
        text: row.get("text")?,
        reading: crate::store::from_json(&reading)?,
    })
}
