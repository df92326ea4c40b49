//! Where invoices are: sharded maps and a keyword index in memory, and a database beside them on request.
//!
//! Lock order: a shard of `records` before anything else; whoever holds another lock asks no shard.

mod index;
mod records;
mod sqlite;

pub(crate) use index::{Filter, Index};
pub(crate) use records::Records;
pub(crate) use sqlite::{Keeper, saved};

use crate::accounts::Account;
use crate::batches::Batch;
use crate::issue::Delivery;
use crate::ledger::Row;
use bytes::Bytes;
use std::sync::{Arc, Mutex, MutexGuard};

/// A place in the order of writes; what carries it is not acknowledged before that write is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// A write to the database. An invoice is always written whole.
#[derive(Debug)]
pub(crate) enum Change {
    Account(Account),
    Invoice(Arc<str>, String),
    Scan(Arc<str>, Bytes),
    Row(u64, Row),
    Batch(Box<Batch>),
    Delivery(Box<Delivery>),
    /// In one transaction: an invoice is never on disk without its row of the ledger.
    Together(Vec<Change>),
}

/// Takes a lock. No code of this crate panics while holding one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics while it holds this lock")
}
