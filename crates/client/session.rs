//! The session of one account: its token, asked for once, shared by all, renewed ahead of its end.

use crate::profile::Grant;
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Who logs in. The password is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub mobile: String,
    pub name: String,
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({}, password hidden)", self.mobile)
    }
}

/// The token of one account.
#[derive(Debug)]
pub struct Session {
    account: Account,
    grant: RwLock<Option<Arc<Grant>>>,
    /// Held while a token is asked for, so that a thousand users ask once.
    pub(crate) asking: tokio::sync::Mutex<()>,
    /// Token calls made; a platform may allow only so many.
    calls: AtomicU32,
}

impl Session {
    #[must_use]
    pub fn new(account: Account) -> Self {
        Self {
            account,
            grant: RwLock::new(None),
            asking: tokio::sync::Mutex::new(()),
            calls: AtomicU32::new(0),
        }
    }

    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The token, where it need not be renewed yet.
    #[must_use]
    pub fn fresh(&self, now: DateTime<Utc>) -> Option<Arc<Grant>> {
        self.grant.read().unwrap_or_else(PoisonError::into_inner).clone().filter(|grant| now < grant.renew)
    }

    /// The token as long as it is good at all: inside a window it is not renewed.
    #[must_use]
    pub fn valid(&self, now: DateTime<Utc>) -> Option<Arc<Grant>> {
        self.grant.read().unwrap_or_else(PoisonError::into_inner).clone().filter(|grant| now < grant.expires)
    }

    pub fn keep(&self, grant: Grant) {
        *self.grant.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(grant));
    }

    /// Forgets a token that the platform no longer knows.
    pub fn forget(&self) {
        *self.grant.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Counts one token call; returns how many there were before.
    pub(crate) fn count_call(&self) -> u32 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }
}
