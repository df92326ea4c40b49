//! Invoices by number, in sharded maps.

use crate::invoice::Invoice;
use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

const SHARDS: usize = 64;

type Shard = HashMap<Arc<str>, Invoice>;

#[derive(Debug)]
pub(crate) struct Records {
    shards: Vec<RwLock<Shard>>,
}

impl Records {
    pub(crate) fn new() -> Records {
        let shards = (0..SHARDS).map(|_| RwLock::default());
        Records { shards: shards.collect() }
    }

    /// Reads an invoice; `None` where there is none of this number.
    pub(crate) fn with<T>(&self, number: &str, read: impl FnOnce(&Invoice) -> T) -> Option<T> {
        self.read(shard(number)).get(number).map(read)
    }

    /// Changes an invoice under the lock of its shard.
    pub(crate) fn change<T>(&self, number: &str, change: impl FnOnce(&mut Invoice) -> T) -> Option<T> {
        self.write(shard(number)).get_mut(number).map(change)
    }

    pub(crate) fn contains(&self, number: &str) -> bool {
        self.read(shard(number)).contains_key(number)
    }

    /// Makes and inserts an invoice unless one of this number is there; the number stays reserved meanwhile.
    pub(crate) fn insert<T>(&self, number: &Arc<str>, make: impl FnOnce() -> (Invoice, T)) -> Option<T> {
        let mut shard = self.write(shard(number));
        if shard.contains_key(number) {
            return None;
        }
        let (invoice, made) = make();
        shard.insert(number.clone(), invoice);
        Some(made)
    }

    pub(crate) fn len(&self) -> usize {
        (0..SHARDS).map(|i| self.read(i).len()).sum()
    }

    /// Looks at all invoices, a shard at a time.
    pub(crate) fn each(&self, mut look: impl FnMut(&Invoice)) {
        for i in 0..SHARDS {
            self.read(i).values().for_each(&mut look);
        }
    }

    fn read(&self, i: usize) -> RwLockReadGuard<'_, Shard> {
        self.shards[i].read().expect("no thread panics while it holds this lock")
    }

    fn write(&self, i: usize) -> RwLockWriteGuard<'_, Shard> {
        self.shards[i].write().expect("no thread panics while it holds this lock")
    }
}

/// By the last digits, which differ most.
fn shard(number: &str) -> usize {
    let tail = number.bytes().rev().take(4);
    tail.fold(0usize, |sum, b| sum * 31 + b as usize) % SHARDS
}
