//! The right to be the one that writes to the store.

use crate::live::holder;
use crate::live::setting::Setting;
use crate::live::watch::WatchError;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_store::{Error, Store};

/// Another watcher may take over when nobody has renewed the lease for so long.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// A lease is a durable write; it is not made for every probe.
const RENEW: TimeDelta = TimeDelta::seconds(15);

/// A lease that is held.
pub(crate) struct Lease<'a> {
    pub store: &'a Store,
    name: String,
    holder: String,
    renewed: DateTime<Utc>,
}

impl<'a> Lease<'a> {
    /// Takes the lease. A watch that goes on where one of this process stopped does so too while the store
    /// cannot be written: it must not end because it was to begin anew, and the next renewal says what is wrong.
    pub fn take(setting: &'a Setting, goes_on: bool) -> Result<Self, WatchError> {
        let store = setting.store.as_deref().ok_or(WatchError::NoStore)?;
        let name = format!("watch {} {}", setting.target, setting.section.location);
        let (holder, renewed) = (holder::this(), setting.wall());
        let taken = match store.lease(&name, &holder, renewed, LEASE) {
            Err(_) if goes_on => true,
            taken => taken?,
        };
        if !taken {
            let other = store.lease_holder(&name)?.unwrap_or_default();
            // After `kill -9` the lease outlives its holder; nobody should have to wait for that.
            if !holder::is_gone(&other) {
                return Err(WatchError::Leased(setting.target.clone()));
            }
            store.release(&name, &other)?;
            if !store.lease(&name, &holder, renewed, LEASE)? {
                return Err(WatchError::Leased(setting.target.clone()));
            }
        }
        Ok(Self { store, name, holder, renewed })
    }

    pub fn renew(&mut self, now: DateTime<Utc>) -> Result<(), String> {
        if now - self.renewed < RENEW {
            return Ok(());
        }
        self.renewed = now;
        match self.store.lease(&self.name, &self.holder, now, LEASE) {
            Ok(true) => Ok(()),
            Ok(false) => Err("another watch has taken the lease".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub fn give_back(&self) -> Result<(), Error> {
        self.store.release(&self.name, &self.holder)
    }
}
