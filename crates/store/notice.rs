//! Notices that were read, and what was read out of them.

use crate::db::{Row, values};
use crate::error::Error;
use crate::store::Store;
use chrono::{DateTime, Utc};
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
            let asked = values![&notice.source, &notice.id, &notice.title, &notice.text];
            let known: i64 = to.one(known, &asked, |row| row.get(0))?;
            let put =
                "INSERT INTO notice (source, id, published, first_read, last_read, title, text, reading)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                ON CONFLICT (source, id) DO UPDATE SET published = excluded.published, last_read = excluded.last_read,
                title = excluded.title, text = excluded.text, reading = excluded.reading";
            let reading = notice.reading.to_string();
            let values = values![
                &notice.source,
                &notice.id,
                notice.published,
                notice.first_read,
                notice.last_read,
                &notice.title,
                &notice.text,
                &reading
            ];
            to.execute(put, &values)?;
            Ok(known == 0)
        })
    }

    /// The notices last published, latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn notices(&self, limit: u32) -> Result<Vec<NoticeRead>, Error> {
        let query = "SELECT * FROM notice ORDER BY coalesce(published, first_read) DESC, source, id LIMIT ?1";
        self.read(|from| from.all(query, &values![limit], notice))
    }
}

fn notice(row: &Row<'_>) -> Result<NoticeRead, Error> {
    Ok(NoticeRead {
        source: row.get("source")?,
        id: row.get("id")?,
        published: row.get("published")?,
        first_read: row.get("first_read")?,
        last_read: row.get("last_read")?,
        title: row.get("title")?,
        text: row.get("text")?,
        reading: row.json("reading")?,
    })
}
