//! The database beside the memory: one writer thread, one transaction for all that is waiting (group commit).
//!
//! The writer acknowledges after the commit has been written, and replies wait for it. What is read back is verified
//! first: every row of the chain, every invoice against the ledger, every file against its invoice.

use super::{Change, Ticket, lock};
use crate::Error;
use crate::accounts::Account;
use crate::batches::Batch;
use crate::invoice::{Invoice, content, hex};
use crate::issue::Delivery;
use crate::ledger::{Row, leaf_hash, link_hash};
use crate::world::World;
use rusqlite::{Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, mpsc};
use std::thread::JoinHandle;
use tokio::sync::watch;

/// Most changes in one transaction.
const MOST_AT_ONCE: usize = 4096;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS items (kind TEXT, key TEXT, value TEXT NOT NULL, sum BLOB NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS files (number TEXT PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (row INTEGER PRIMARY KEY, number TEXT NOT NULL, entry TEXT NOT NULL, link BLOB NOT NULL);
";

/// How far the writer has come.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    done: u64,
    failed: bool,
}

/// The way to the writer thread.
#[derive(Debug)]
pub(crate) struct Keeper {
    line: Mutex<(u64, Option<mpsc::Sender<Change>>)>,
    progress: watch::Receiver<Progress>,
    writer: Option<JoinHandle<()>>,
}

/// An invoice as the database holds it.
pub(crate) fn saved(invoice: &Invoice) -> String {
    serde_json::to_string(invoice).expect("an invoice holds nothing that JSON cannot")
}

impl Keeper {
    /// Opens the database in a folder, fills the world from it, and starts the writer.
    pub(crate) fn open(folder: &Path, world: &World) -> Result<Keeper, Error> {
        let path = folder.join("platform.db");
        let shown = path.display().to_string();
        let failed = |cause: String| Error::Storage { path: shown.clone(), cause };
        std::fs::create_dir_all(folder).map_err(|e| failed(e.to_string()))?;
        let connection = opened(&path).map_err(|e| failed(e.to_string()))?;
        let reading = Reading { connection: &connection, path: shown.clone(), world };
        reading.all()?;
        let (sender, receiver) = mpsc::channel();
        let (tell, progress) = watch::channel(Progress::default());
        let writer = std::thread::Builder::new().name("platform-writer".into());
        let writer = writer.spawn(move || write(connection, &receiver, &tell));
        Ok(Keeper {
            line: Mutex::new((0, Some(sender))),
            progress,
            writer: Some(writer.map_err(|e| failed(e.to_string()))?),
        })
    }

    /// Puts a change in line for the writer.
    pub(crate) fn take(&self, change: Change) -> Ticket {
        let mut line = lock(&self.line);
        line.0 += 1;
        if let Some(sender) = &line.1 {
            // A writer that has gone has said so in its progress, which every waiting reply reads.
            let _ = sender.send(change);
        }
        Ticket(line.0)
    }

    /// Waits until a change is on disk; false where the writer failed.
    pub(crate) async fn durable(&self, ticket: Ticket) -> bool {
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|p| p.failed || p.done >= ticket.0).await;
        reached.is_ok_and(|p| !p.failed)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        lock(&self.line).1 = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn opened(path: &PathBuf) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // NORMAL: a commit is with the operating system before it returns, which the end of this process, however
    // sudden, cannot undo. A power cut may lose the last moments; FULL would wait for the disk every time.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Files make the log grow fast; it is folded into the database every 64 MiB.
    connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

fn write(mut connection: Connection, receiver: &mpsc::Receiver<Change>, tell: &watch::Sender<Progress>) {
    let mut done = 0;
    while let Ok(first) = receiver.recv() {
        let mut waiting = vec![first];
        waiting.extend(receiver.try_iter().take(MOST_AT_ONCE - 1));
        done += waiting.len() as u64;
        if let Err(cause) = commit(&mut connection, &waiting) {
            tracing::error!(%cause, "the database cannot be written");
            tell.send_replace(Progress { done: 0, failed: true });
            return;
        }
        tell.send_replace(Progress { done, failed: false });
    }
}

fn commit(connection: &mut Connection, changes: &[Change]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for change in changes {
        apply(&transaction, change)?;
    }
    transaction.commit()
}

fn apply(to: &Connection, change: &Change) -> rusqlite::Result<()> {
    let text =
        |value: serde_json::Result<String>| value.expect("stored things hold nothing that JSON cannot");
    match change {
        Change::Together(all) => all.iter().try_for_each(|change| apply(to, change)),
        Change::Account(account) => {
            item(to, "account", &account.mobile, &text(serde_json::to_string(account)))
        }
        Change::Invoice(number, saved) => item(to, "invoice", number, saved),
        Change::Batch(batch) => {
            let key = format!("{}/{}", batch.owner, batch.key);
            item(to, "batch", &key, &text(serde_json::to_string(batch)))
        }
        Change::Delivery(delivery) => {
            let key = format!("{}/{}", delivery.number, delivery.channel);
            item(to, "delivery", &key, &text(serde_json::to_string(delivery)))
        }
        Change::Scan(number, bytes) => {
            let mut put = to.prepare_cached("INSERT OR REPLACE INTO files VALUES (?1, ?2)")?;
            put.execute(params![number, &bytes[..]]).map(|_| ())
        }
        Change::Row(index, row) => {
            let mut put = to.prepare_cached("INSERT INTO ledger VALUES (?1, ?2, ?3, ?4)")?;
            put.execute(params![*index as i64, row.number, row.entry, row.link]).map(|_| ())
        }
    }
}

fn item(to: &Connection, kind: &str, key: &str, value: &str) -> rusqlite::Result<()> {
    let mut put = to.prepare_cached("INSERT OR REPLACE INTO items VALUES (?1, ?2, ?3, ?4)")?;
    put.execute(params![kind, key, value, sum(kind, key, value)]).map(|_| ())
}

fn sum(kind: &str, key: &str, value: &str) -> [u8; 32] {
    Sha256::digest(format!("{kind}\n{key}\n{value}")).into()
}

struct Reading<'a> {
    connection: &'a Connection,
    path: String,
    world: &'a World,
}

impl Reading<'_> {
    fn all(&self) -> Result<(), Error> {
        let sound: String = self.sql(self.connection.query_row("PRAGMA quick_check(1)", [], |r| r.get(0)))?;
        if sound != "ok" {
            return Err(self.failed(format!("the file is damaged: {}", sound.replace('\n', " "))));
        }
        self.ledger()?;
        self.items("account", |account: Account| self.world.accounts.restore(account))?;
        self.items("batch", |batch: Batch| {
            lock(&self.world.batches).insert((batch.owner, batch.key.clone()), batch);
        })?;
        self.items("delivery", |delivery: Delivery| {
            let mut outbox = lock(&self.world.outbox);
            outbox.entry(delivery.number.clone()).or_default().push(delivery);
        })?;
        self.invoices()
    }

    /// The chain, row by row: the first that does not follow is named.
    fn ledger(&self) -> Result<(), Error> {
        let mut rows =
            self.sql(self.connection.prepare("SELECT row, number, entry, link FROM ledger ORDER BY row"))?;
        let mut rows = self.sql(rows.query([]))?;
        let mut ledger = lock(&self.world.ledger);
        while let Some(row) = self.sql(rows.next())? {
            let expected = ledger.len() as u64;
            let read = || -> rusqlite::Result<(i64, String, String, [u8; 32])> {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            };
            let (index, number, entry, link) =
                read().map_err(|e| self.damaged(expected, "?", &e.to_string()))?;
            let named: Vec<&str> = entry.split('|').collect();
            let what = if index as u64 != expected {
                Some("a row before it is missing")
            } else if link != link_hash(&ledger.link(), &leaf_hash(&entry)) {
                Some("its text or link is not what the row before it leads to")
            } else if named.get(3) != Some(&number.as_str()) {
                Some("its number is not the one in its text")
            } else {
                None
            };
            if let Some(what) = what {
                return Err(self.damaged(expected, &number, what));
            }
            ledger.take(Row { number: number.into(), entry, link });
        }
        Ok(())
    }

    fn items<T: DeserializeOwned>(&self, kind: &str, mut take: impl FnMut(T)) -> Result<(), Error> {
        let query = "SELECT key, value, sum FROM items WHERE kind = ?1";
        let mut rows = self.sql(self.connection.prepare(query))?;
        let mut rows = self.sql(rows.query([kind]))?;
        while let Some(row) = self.sql(rows.next())? {
            let read = || -> rusqlite::Result<(String, String, [u8; 32])> {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            };
            let (key, value, stored) = read().map_err(|e| self.failed(format!("{kind} row: {e}")))?;
            if sum(kind, &key, &value) != stored {
                return Err(self.failed(format!("{kind} {key} is damaged: its checksum differs")));
            }
            let value = serde_json::from_str(&value);
            take(value.map_err(|e| self.failed(format!("{kind} {key}: {e}")))?);
        }
        Ok(())
    }

    fn invoices(&self) -> Result<(), Error> {
        let mut all: Vec<Invoice> = Vec::new();
        self.items("invoice", |invoice| all.push(invoice))?;
        all.sort_by_key(|invoice| invoice.id);
        let sky = self.world.sky();
        for mut invoice in all {
            self.check(&invoice)?;
            invoice.sky = Some(sky.clone());
            self.world.ids.fetch_max(invoice.id, Relaxed);
            self.world.index.add(&invoice);
            let number = invoice.fields.number.clone();
            self.world.records.insert(&number, || (invoice, ()));
        }
        Ok(())
    }

    /// An invoice against the ledger's latest row of it, and its file against its own digest.
    fn check(&self, invoice: &Invoice) -> Result<(), Error> {
        let number = &invoice.fields.number;
        let digest = hex(&Sha256::digest(content(&invoice.fields, invoice.scan.as_ref())));
        let recorded = lock(&self.world.ledger).latest(number);
        let (row, recorded) =
            recorded.ok_or_else(|| self.failed(format!("invoice {number} has no row in the ledger")))?;
        if recorded != digest {
            return Err(self.damaged(row, number, "the invoice is not what the ledger holds of it"));
        }
        let Some(scan) = &invoice.scan else {
            return Ok(());
        };
        let mut get =
            self.sql(self.connection.prepare_cached("SELECT bytes FROM files WHERE number = ?1"))?;
        let bytes: Option<Vec<u8>> = self.sql(get.query_row([number], |r| r.get(0)).optional())?;
        let whole = bytes.is_some_and(|bytes| Sha256::digest(bytes)[..] == scan.sha256);
        if whole {
            Ok(())
        } else {
            Err(self.damaged(row, number, "its file is not the one that was uploaded"))
        }
    }

    fn sql<T>(&self, result: rusqlite::Result<T>) -> Result<T, Error> {
        result.map_err(|e| self.failed(e.to_string()))
    }

    fn failed(&self, cause: String) -> Error {
        Error::Storage { path: self.path.clone(), cause }
    }

    fn damaged(&self, row: u64, number: &str, what: &str) -> Error {
        Error::Damaged { path: self.path.clone(), row, number: number.into(), what: what.into() }
    }
}
