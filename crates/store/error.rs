//! What can keep the store from working, each in one line that says how to mend it.

use piaotan_record::ledger::LedgerError;
use rusqlite::ErrorCode;
use tokio_postgres::error::{DbError, SqlState};

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
    #[error("the address cannot be used, {0}; write postgres://USER@HOST/DATABASE")]
    Address(String),
    #[error("cannot be reached: {0}; start the server, or mend the address")]
    Unreachable(String),
    #[error("the server refuses the login: {0}; mend the user or the password")]
    Login(String),
    #[error("{0}; make it with `createdb`, or mend the address")]
    NoDatabase(String),
    #[error("the connection was lost; what was acknowledged is safe, and the next call connects anew")]
    Lost,
    #[error("holds tables that are not Piaotan's; name an empty database")]
    ForeignDatabase,
    #[error("{0}; the user must own the database: ALTER DATABASE … OWNER TO …")]
    Denied(String),
    #[error("the server says: {0}")]
    Server(String),
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

    pub(crate) fn address(path: &str, why: &str) -> Self {
        Self::of(path, Kind::Address(why.to_owned()))
    }

    pub(crate) fn unreachable(path: &str, why: &str) -> Self {
        Self::of(path, Kind::Unreachable(why.to_owned()))
    }

    pub(crate) fn lost(path: &str) -> Self {
        Self::of(path, Kind::Lost)
    }

    pub(crate) fn foreign_database(path: &str) -> Self {
        Self::of(path, Kind::ForeignDatabase)
    }

    /// What a server says to whoever may not come in; nothing, where it says something else.
    pub(crate) fn login(path: &str, error: &tokio_postgres::Error) -> Option<Self> {
        let said = error.as_db_error();
        let kind = match said.map(DbError::code) {
            Some(code) if *code == SqlState::INVALID_CATALOG_NAME => Kind::NoDatabase(whole(error)),
            Some(code) if code.code().starts_with("28") => Kind::Login(whole(error)),
            // It asks for a password, and there is none.
            None if whole(error).contains("password missing") => Kind::Login("it asks for a password".into()),
            _ => return None,
        };
        Some(Self::of(path, kind))
    }

    pub(crate) fn postgres(path: &str, error: &tokio_postgres::Error) -> Self {
        let kind = match error.code() {
            None if error.is_closed() || is_io(error) => Kind::Lost,
            // The server goes down, or starts: 57P01 to 57P03, and the whole class 08.
            Some(code) if code.code().starts_with("57P") || code.code().starts_with("08") => Kind::Lost,
            Some(code) if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Kind::Lost,
            Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => Kind::Locked,
            Some(code) if *code == SqlState::DISK_FULL => Kind::Full,
            Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Kind::ReadOnly,
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Kind::Denied(whole(error)),
            _ => Kind::Server(whole(error)),
        };
        Self::of(path, kind)
    }

    /// Whether the connection is gone, and with it what was not committed.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.kind, Kind::Lost)
    }

    fn of(path: &str, kind: Kind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    /// Whether trying again later may succeed without anybody mending anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self.kind, Kind::Locked | Kind::Full | Kind::Unreachable(_) | Kind::Lost)
    }

    /// Whether the file was written by a newer version.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self.kind, Kind::Newer { .. })
    }
}

/// An error of the driver on one line, with its causes.
pub(crate) fn whole(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = next.source();
    }
    text
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
}

impl From<Error> for LedgerError {
    fn from(error: Error) -> Self {
        LedgerError { path: error.path, reason: error.kind.to_string() }
    }
}
