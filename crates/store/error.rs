//! What can keep the store from working, each in one line that says how to mend it.

use piaotan_record::ledger::LedgerError;
use rusqlite::ErrorCode;

/// The store could not be read or written. A failure of the watched platform is never one of these.
#[derive(Debug, thiserror::Error)]
#[error("store {path}: {kind}")]
pub struct Error {
    path: String,
    kind: Kind,
}

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error(
        "written by a newer version (format {found}, this one knows {known}); use that version, or name another file"
    )]
    Newer { found: i64, known: i64 },
    #[error("another program holds it locked; end that program or name another file")]
    Locked,
    #[error(
        "damaged or cut short; restore a copy, or move it away and save what is readable with `sqlite3 FILE .recover`"
    )]
    Torn,
    #[error("not a store of Piaotan; name another file")]
    Foreign,
    #[error("the disk is full; make room, what was written before is safe")]
    Full,
    #[error("may not be written; check its owner and mode, or name another file")]
    ReadOnly,
    #[error("cannot be opened; check that its folder exists and may be written")]
    CannotOpen,
    #[error("holds no invoice {token} of run `{run}`; it must be issued before it can be looked for")]
    NotIssued { run: String, token: u64 },
    #[error("invoice {token} of run `{run}` is already {held}, not {given}; give each run its own name")]
    OtherInvoice { run: String, token: u64, held: String, given: String },
    #[error("a row cannot be read back: {0}; it was not written by this program")]
    Row(String),
    #[error("{0}")]
    Sqlite(rusqlite::Error),
}

impl Error {
    pub(crate) fn newer(path: &str, found: i64, known: i64) -> Self {
        Self::of(path, Kind::Newer { found, known })
    }

    pub(crate) fn foreign(path: &str) -> Self {
        Self::of(path, Kind::Foreign)
    }

    pub(crate) fn not_issued(path: &str, run: &str, token: u64) -> Self {
        Self::of(path, Kind::NotIssued { run: run.to_owned(), token })
    }

    pub(crate) fn other_invoice(path: &str, run: &str, token: u64, held: &str, given: &str) -> Self {
        let (run, held, given) = (run.to_owned(), held.to_owned(), given.to_owned());
        Self::of(path, Kind::OtherInvoice { run, token, held, given })
    }

    pub(crate) fn row(path: &str, what: impl std::fmt::Display) -> Self {
        Self::of(path, Kind::Row(what.to_string()))
    }

    pub(crate) fn sqlite(path: &str, error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        if let E::FromSqlConversionFailure(..) | E::InvalidColumnType(..) | E::IntegralValueOutOfRange(..) =
            error
        {
            return Self::row(path, error);
        }
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Locked,
            Some(ErrorCode::DatabaseCorrupt) => Kind::Torn,
            Some(ErrorCode::NotADatabase) => Kind::Foreign,
            Some(ErrorCode::DiskFull) => Kind::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Kind::ReadOnly,
            Some(ErrorCode::CannotOpen) => Kind::CannotOpen,
            _ => Kind::Sqlite(error),
        };
        Self::of(path, kind)
    }

    fn of(path: &str, kind: Kind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    /// Whether trying again later may succeed without anybody mending anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self.kind, Kind::Locked | Kind::Full)
    }

    /// Whether the file was written by a newer version.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self.kind, Kind::Newer { .. })
    }
}

impl From<Error> for LedgerError {
    fn from(error: Error) -> Self {
        LedgerError { path: error.path, reason: error.kind.to_string() }
    }
}
