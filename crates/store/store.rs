//! The open file, or the line to a database.

use crate::db::Session;
use crate::error::Error;
use crate::place::{Kind, Place};
use crate::postgres::Line;
use crate::schema;
use piaotan_record::Surface;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a call waits for another program's write before it says that the file is locked.
const PATIENCE: Duration = Duration::from_secs(5);

/// An open store. It may be shared between threads; calls on one connection wait for each other.
#[derive(Debug)]
pub struct Store {
    path: String,
    ledger: Mutex<Db>,
    history: Mutex<Db>,
    surfaces: Vec<(Surface, String)>,
}

/// One connection.
#[derive(Debug)]
enum Db {
    Sqlite(Connection),
    Postgres(Line),
}

impl Store {
    /// Opens the file, or makes it; or the database, where the path is an address
    /// (`postgres://USER@HOST/DATABASE`). New invoices will be looked for by number; see
    /// [`Self::with_surfaces`].
    ///
    /// # Errors
    /// When the store is newer, damaged, locked, not ours, or cannot be opened, reached or written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::at(&Place::of(path)?)
    }

    /// The same, of a place that is known already.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn at(place: &Place) -> Result<Self, Error> {
        match &place.0 {
            Kind::File(path) => Self::open_with_patience(path, PATIENCE),
            Kind::Server(server) => {
                let path = place.to_string();
                let ledger = Line::start(server, &path)?;
                schema::migrate_server(&ledger, &path)?;
                let history = Line::start(server, &path)?;
                Ok(Self::of(path, Db::Postgres(ledger), Db::Postgres(history)))
            }
        }
    }

    /// Opens a file, with the time that every call waits for another program's write.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_patience(path: &Path, patience: Duration) -> Result<Self, Error> {
        let path = path.display().to_string();
        let mut ledger = connect(&path, patience)?;
        schema::migrate(&mut ledger, &path)?;
        pragma(&ledger, &path, "synchronous", "FULL")?;
        let history = connect(&path, patience)?;
        pragma(&history, &path, "synchronous", "NORMAL")?;
        Ok(Self::of(path, Db::Sqlite(ledger), Db::Sqlite(history)))
    }

    fn of(path: String, ledger: Db, history: Db) -> Self {
        let surfaces = vec![(Surface::Number, String::new())];
        Self { path, ledger: Mutex::new(ledger), history: Mutex::new(history), surfaces }
    }

    /// The surfaces, with their regions, on which invoices issued from now on are expected to be seen.
    #[must_use]
    pub fn with_surfaces(mut self, surfaces: Vec<(Surface, String)>) -> Self {
        self.surfaces = surfaces;
        self
    }

    /// The surfaces on which a new invoice is expected.
    #[must_use]
    pub fn surfaces(&self) -> &[(Surface, String)] {
        &self.surfaces
    }

    /// The file as it was named, or the address of the database without what logs in.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Lets the file grow to so many pages and no further: for tests of a full disk.
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) {
        for db in [&self.ledger, &self.history] {
            if let Db::Sqlite(connection) = &*lock(db) {
                let _ = pragma(connection, &self.path, "max_page_count", &pages.to_string());
            }
        }
    }

    /// Runs `work` in one durable transaction of the ledger.
    pub(crate) fn write_ledger<T>(
        &self,
        work: impl FnOnce(&Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.write(&self.ledger, work)
    }

    /// Runs `work` in one transaction of the history.
    pub(crate) fn write_history<T>(
        &self,
        work: impl FnOnce(&Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.write(&self.history, work)
    }

    /// Runs `work` on what is there now; readers do not hold up a writer.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Session<'_>) -> Result<T, Error>) -> Result<T, Error> {
        work(&lock(&self.ledger).session(&self.path))
    }

    /// As [`Self::read`], beside the ledger's own calls.
    pub(crate) fn read_history<T>(
        &self,
        work: impl FnOnce(&Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        work(&lock(&self.history).session(&self.path))
    }

    fn write<T>(
        &self,
        db: &Mutex<Db>,
        work: impl FnOnce(&Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &mut *lock(db) {
            Db::Sqlite(connection) => {
                let wrap = |error| Error::sqlite(&self.path, error);
                // Immediate, so that a wait for another writer happens here and not between a read and its
                // write.
                let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
                let transaction = begun.map_err(wrap)?;
                let done = work(&Session::sqlite(&self.path, &transaction))?;
                transaction.commit().map_err(wrap)?;
                Ok(done)
            }
            Db::Postgres(line) => {
                let transaction = line.begin()?;
                let done = work(&Session::postgres(&self.path, line))?;
                transaction.commit()?;
                Ok(done)
            }
        }
    }
}

impl Db {
    fn session<'a>(&'a self, path: &'a str) -> Session<'a> {
        match self {
            Self::Sqlite(connection) => Session::sqlite(path, connection),
            Self::Postgres(line) => Session::postgres(path, line),
        }
    }
}

/// A thread that died in the middle of a call left a transaction that was rolled back: go on.
fn lock(db: &Mutex<Db>) -> MutexGuard<'_, Db> {
    db.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &str, patience: Duration) -> Result<Connection, Error> {
    let wrap = |error| Error::sqlite(path, error);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(wrap)?;
    connection.busy_timeout(patience).map_err(wrap)?;
    connection.set_prepared_statement_cache_capacity(64);
    pragma(&connection, path, "journal_mode", "WAL")?;
    pragma(&connection, path, "foreign_keys", "ON")?;
    // Kibibytes: the indexes of a million invoices are not read again for every batch.
    pragma(&connection, path, "cache_size", "-32000")?;
    Ok(connection)
}

fn pragma(connection: &Connection, path: &str, name: &str, value: &str) -> Result<(), Error> {
    let set = connection.pragma_update_and_check(None, name, value, |_| Ok(()));
    match set {
        // Most pragmas answer nothing when set.
        Ok(()) | Err(rusqlite::Error::QueryReturnedNoRows) => Ok(()),
        Err(error) => Err(Error::sqlite(path, error)),
    }
}
