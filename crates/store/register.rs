//! What is known about maintenance: windows, what people corrected, what was seen of them.

use crate::error::Error;
use crate::store::{Store, from_json, instant, micros, name};
use chrono::{DateTime, Utc};
use piaotan_record::Window;
use piaotan_record::calendar::{Correction, Register, Sighting};
use rusqlite::params;

/// How many windows are known, when one was last written, and the last correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterMark(i64, Option<i64>, Option<i64>);

impl Store {
    /// Remembers windows; a window of the same id is replaced, its corrections stay. `seen` is when the
    /// source was read.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put_windows(&self, windows: &[Window], seen: DateTime<Utc>) -> Result<(), Error> {
        self.write_ledger(|to| {
            let put = "INSERT OR REPLACE INTO maintenance (id, start, seen, json) VALUES (?1, ?2, ?3, ?4)";
            for window in windows {
                let values = params![window.id, micros(window.start), micros(seen), self.json(window)?];
                to.execute(put, values).map_err(|error| self.wrap(error))?;
            }
            Ok(())
        })
    }

    /// Remembers a correction. It is kept although it may fit no window yet.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn correct(&self, correction: &Correction) -> Result<(), Error> {
        self.write_ledger(|to| {
            let put = "INSERT INTO correction (window_id, made, json) VALUES (?1, ?2, ?3)";
            let values = params![correction.window, micros(correction.made), self.json(correction)?];
            to.execute(put, values).map_err(|error| self.wrap(error))?;
            Ok(())
        })
    }

    /// Remembers what was seen of a window.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn sighted(&self, sighting: &Sighting) -> Result<(), Error> {
        self.write_ledger(|to| {
            let put = "INSERT OR IGNORE INTO sighting (window_id, at, seen) VALUES (?1, ?2, ?3)";
            let values = params![sighting.window, micros(sighting.at), sighting.seen.as_str()];
            to.execute(put, values).map_err(|error| self.wrap(error))?;
            Ok(())
        })
    }

    /// A mark that differs when windows or corrections were written, by whichever program: asked every
    /// second by a watch that has to follow what people correct meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn register_mark(&self) -> Result<RegisterMark, Error> {
        self.read(|connection| {
            let query = "SELECT (SELECT count(*) FROM maintenance), (SELECT max(seen) FROM maintenance),
                         (SELECT max(id) FROM correction)";
            let mark = |row: &rusqlite::Row<'_>| Ok(RegisterMark(row.get(0)?, row.get(1)?, row.get(2)?));
            connection.prepare_cached(query)?.query_row([], mark)
        })
    }

    /// Everything remembered of windows that start at or after `since`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn register(&self, since: DateTime<Utc>) -> Result<Register, Error> {
        self.read(|connection| {
            let json = |row: &rusqlite::Row<'_>| row.get::<_, String>("json");
            let windows = "SELECT json FROM maintenance WHERE start >= ?1 ORDER BY start, id";
            let windows = connection
                .prepare_cached(windows)?
                .query_map([micros(since)], |row| from_json(&json(row)?))?
                .collect::<rusqlite::Result<_>>()?;
            let corrections = connection
                .prepare_cached("SELECT json FROM correction ORDER BY made, id")?
                .query_map([], |row| from_json(&json(row)?))?
                .collect::<rusqlite::Result<_>>()?;
            let sighting = |row: &rusqlite::Row<'_>| {
                Ok(Sighting {
                    window: row.get("window_id")?,
                    at: instant(row, "at")?,
                    seen: name(row, "seen")?,
                })
            };
            let sightings = connection
                .prepare_cached("SELECT * FROM sighting ORDER BY at")?
                .query_map([], sighting)?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Register { windows, corrections, sightings })
        })
    }
}
