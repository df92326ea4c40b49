//! Small things that must survive a restart (alerts held, phases observed, counters), by name; and
//! leases, so that two watchers on one file do not do the same work twice.

use crate::error::Error;
use crate::store::{Store, from_json, micros};
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Store {
    /// Remembers a value under a name, instead of the one before.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remember(&self, name: &str, value: &impl Serialize, at: DateTime<Utc>) -> Result<(), Error> {
        let json = self.json(value)?;
        self.write_ledger(|to| {
            let put = "INSERT OR REPLACE INTO memory (key, json, at) VALUES (?1, ?2, ?3)";
            to.execute(put, params![name, json, micros(at)]).map_err(|error| self.wrap(error))?;
            Ok(())
        })
    }

    /// The value last remembered under a name.
    ///
    /// # Errors
    /// When the store cannot be read, or the value is of another shape.
    pub fn recall<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        self.read(|connection| {
            let query = "SELECT json FROM memory WHERE key = ?1";
            let json: Option<String> = connection.query_row(query, [name], |row| row.get(0)).optional()?;
            json.map(|json| from_json(&json)).transpose()
        })
    }

    /// Takes or renews the lease of that name until `now + length`. False when somebody else holds it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn lease(
        &self,
        name: &str,
        holder: &str,
        now: DateTime<Utc>,
        length: TimeDelta,
    ) -> Result<bool, Error> {
        self.write_ledger(|to| {
            let take = "INSERT INTO lease (name, holder, until) VALUES (?1, ?2, ?3)
                        ON CONFLICT DO UPDATE SET holder = excluded.holder, until = excluded.until
                        WHERE holder = excluded.holder OR until <= ?4";
            let values = params![name, holder, micros(now + length), micros(now)];
            Ok(to.execute(take, values).map_err(|error| self.wrap(error))? > 0)
        })
    }

    /// Who holds the lease of that name, whether or not it has run out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lease_holder(&self, name: &str) -> Result<Option<String>, Error> {
        self.read(|connection| {
            let query = "SELECT holder FROM lease WHERE name = ?1";
            connection.query_row(query, [name], |row| row.get(0)).optional()
        })
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn release(&self, name: &str, holder: &str) -> Result<(), Error> {
        self.write_ledger(|to| {
            let delete = "DELETE FROM lease WHERE name = ?1 AND holder = ?2";
            to.execute(delete, [name, holder]).map_err(|error| self.wrap(error))?;
            Ok(())
        })
    }

    pub(crate) fn json(&self, value: &impl Serialize) -> Result<String, Error> {
        serde_json::to_string(value).map_err(|error| Error::row(self.path(), error))
    }
}
