//! Small things that must survive a restart (alerts held, phases observed, counters), by name; and
//! leases, so that two watchers on one file do not do the same work twice.

use crate::db::values;
use crate::error::Error;
use crate::store::Store;
use chrono::{DateTime, TimeDelta, Utc};
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
            let put = "INSERT INTO memory (key, json, at) VALUES (?1, ?2, ?3)
                       ON CONFLICT (key) DO UPDATE SET json = excluded.json, at = excluded.at";
            to.execute(put, &values![name, &json, at])?;
            Ok(())
        })
    }

    /// The value last remembered under a name.
    ///
    /// # Errors
    /// When the store cannot be read, or the value is of another shape.
    pub fn recall<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let query = "SELECT json FROM memory WHERE key = ?1";
        self.read(|from| from.first(query, &values![name], |row| row.json("json")))
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
                        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
                        WHERE lease.holder = excluded.holder OR lease.until <= ?4";
            Ok(to.execute(take, &values![name, holder, now + length, now])? > 0)
        })
    }

    /// Who holds the lease of that name, whether or not it has run out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lease_holder(&self, name: &str) -> Result<Option<String>, Error> {
        let query = "SELECT holder FROM lease WHERE name = ?1";
        self.read(|from| from.first(query, &values![name], |row| row.get("holder")))
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn release(&self, name: &str, holder: &str) -> Result<(), Error> {
        self.write_ledger(|to| {
            let delete = "DELETE FROM lease WHERE name = ?1 AND holder = ?2";
            to.execute(delete, &values![name, holder])?;
            Ok(())
        })
    }

    pub(crate) fn json(&self, value: &impl Serialize) -> Result<String, Error> {
        serde_json::to_string(value).map_err(|error| Error::row(self.path(), error))
    }
}
