//! What is known about maintenance: windows, what people corrected, what was seen of them.

use crate::db::{Row, values};
use crate::error::Error;
use crate::store::Store;
use chrono::{DateTime, Utc};
use piaotan_record::Window;
use piaotan_record::calendar::{Correction, Register, Sighting};

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
            let put = "INSERT INTO maintenance (id, start, seen, json) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (id) DO UPDATE
                       SET start = excluded.start, seen = excluded.seen, json = excluded.json";
            for window in windows {
                to.execute(put, &values![&window.id, window.start, seen, &self.json(window)?])?;
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
            to.execute(put, &values![&correction.window, correction.made, &self.json(correction)?])?;
            Ok(())
        })
    }

    /// Remembers what was seen of a window.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn sighted(&self, sighting: &Sighting) -> Result<(), Error> {
        self.write_ledger(|to| {
            let put = "INSERT INTO sighting (window_id, at, seen) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            to.execute(put, &values![&sighting.window, sighting.at, sighting.seen.as_str()])?;
            Ok(())
        })
    }

    /// A mark that differs when windows or corrections were written, by whichever program: asked every
    /// second by a watch that has to follow what people correct meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn register_mark(&self) -> Result<RegisterMark, Error> {
        let query = "SELECT (SELECT count(*) FROM maintenance), (SELECT max(seen) FROM maintenance),
                     (SELECT max(id) FROM correction)";
        let mark = |row: &Row<'_>| Ok(RegisterMark(row.get(0)?, row.get(1)?, row.get(2)?));
        self.read(|from| from.one(query, &[], mark))
    }

    /// Everything remembered of windows that start at or after `since`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn register(&self, since: DateTime<Utc>) -> Result<Register, Error> {
        let windows = "SELECT json FROM maintenance WHERE start >= ?1 ORDER BY start, id";
        let corrections = "SELECT json FROM correction ORDER BY made, id";
        let sighting = |row: &Row<'_>| {
            Ok(Sighting { window: row.get("window_id")?, at: row.get("at")?, seen: row.parsed("seen")? })
        };
        self.read(|from| {
            Ok(Register {
                windows: from.all(windows, &values![since], |row| row.json("json"))?,
                corrections: from.all(corrections, &[], |row| row.json("json"))?,
                sightings: from.all("SELECT * FROM sighting ORDER BY at", &[], sighting)?,
            })
        })
    }
}
