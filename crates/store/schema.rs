//! The tables, and how an older file becomes a current one.
//!
//! Instants are whole microseconds since 1970 (UTC), durations whole nanoseconds, enums their names, so
//! that the store can be read without this program. The tables are written once, as SQLite knows them;
//! PostgreSQL has other names for the same kinds.

use crate::db::Session;
use crate::error::Error;
use crate::postgres::Line;
use rusqlite::Connection;

/// The format that this version writes. A file of a higher one is refused, a lower one is brought up.
pub const VERSION: i64 = 2;

/// "PTAN": SQLite's own place for saying whose file it is.
const APPLICATION: i64 = 0x5054_414e;

/// Step `n` brings a file of format `n` to `n + 1`.
const STEPS: [&str; VERSION as usize] = [TABLES, SEEN];

/// What was seen last is found without a walk over the ledger.
const SEEN: &str =
    "CREATE INDEX sight_seen ON sight (surface, region, first_seen) WHERE first_seen IS NOT NULL;";

const TABLES: &str = "
CREATE TABLE run (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE account (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, owner TEXT NOT NULL, UNIQUE (target, owner));

CREATE TABLE invoice (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run,
    token INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    number TEXT NOT NULL,
    issue_date TEXT NOT NULL,
    total TEXT NOT NULL,
    uploaded INTEGER NOT NULL,
    accepted INTEGER,
    rejected INTEGER,
    voided INTEGER,
    void_tried INTEGER,
    void_reason TEXT);
CREATE UNIQUE INDEX invoice_token ON invoice (run, token);
CREATE INDEX invoice_number ON invoice (number);
CREATE INDEX invoice_uploaded ON invoice (uploaded);
CREATE INDEX invoice_to_void ON invoice (void_tried) WHERE voided IS NULL;

CREATE TABLE sight (
    invoice INTEGER NOT NULL REFERENCES invoice,
    surface TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    last_not_seen INTEGER,
    first_seen INTEGER,
    last_asked INTEGER,
    looks INTEGER NOT NULL DEFAULT 0,
    unknowns INTEGER NOT NULL DEFAULT 0,
    mismatches INTEGER NOT NULL DEFAULT 0,
    regressions INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (invoice, surface, region)) WITHOUT ROWID;
CREATE INDEX sight_pending ON sight (invoice) WHERE state = 'pending';

CREATE TABLE asked (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    issue_date TEXT,
    total TEXT,
    uploaded INTEGER,
    batch TEXT,
    first_asked INTEGER NOT NULL,
    closed INTEGER);
CREATE UNIQUE INDEX asked_number ON asked (number, ifnull(issue_date, ''));
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    at INTEGER NOT NULL,
    step TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    counts INTEGER NOT NULL);
CREATE INDEX attempt_number ON attempt (number, at);

CREATE TABLE probed (
    id INTEGER PRIMARY KEY,
    probe TEXT NOT NULL,
    location TEXT NOT NULL,
    due INTEGER NOT NULL,
    started INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    health TEXT NOT NULL,
    outcome TEXT,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    phases TEXT,
    evidence TEXT);
CREATE INDEX probed_due ON probed (due);
CREATE INDEX probed_probe ON probed (probe, due);
CREATE INDEX probed_failed ON probed (due) WHERE health IN ('unhealthy', 'degraded');
CREATE TABLE rollup (
    span TEXT NOT NULL,
    start INTEGER NOT NULL,
    probe TEXT NOT NULL,
    location TEXT NOT NULL,
    healths TEXT NOT NULL,
    outcomes TEXT NOT NULL,
    latency BLOB NOT NULL,
    PRIMARY KEY (span, start, probe, location)) WITHOUT ROWID;

CREATE TABLE maintenance (id TEXT PRIMARY KEY, start INTEGER NOT NULL, seen INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE correction (id INTEGER PRIMARY KEY, window_id TEXT NOT NULL, made INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE sighting (
    window_id TEXT NOT NULL, at INTEGER NOT NULL, seen TEXT NOT NULL, PRIMARY KEY (window_id, at, seen));

CREATE TABLE notice (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    published INTEGER,
    first_read INTEGER NOT NULL,
    last_read INTEGER NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    reading TEXT NOT NULL,
    PRIMARY KEY (source, id)) WITHOUT ROWID;

CREATE TABLE memory (key TEXT PRIMARY KEY, json TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
";

/// Makes a new file ready, brings an older one up, and refuses what is newer or not ours.
pub(crate) fn migrate(connection: &mut Connection, path: &str) -> Result<(), Error> {
    let wrap = |error| Error::sqlite(path, error);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(wrap)?;
    if found == VERSION {
        return owned(connection, path);
    }
    if found > VERSION {
        return owned(connection, path).and(Err(Error::newer(path, found, VERSION)));
    }
    let steps =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(wrap)?;
    // Another process may have done it while this one waited for the lock.
    let found: i64 = steps.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(wrap)?;
    if found == 0 {
        let tables: i64 =
            steps.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).map_err(wrap)?;
        if tables > 0 {
            return Err(Error::foreign(path));
        }
        steps.pragma_update(None, "application_id", APPLICATION).map_err(wrap)?;
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        steps.execute_batch(step).map_err(wrap)?;
    }
    steps.pragma_update(None, "user_version", VERSION).map_err(wrap)?;
    steps.commit().map_err(wrap)
}

fn owned(connection: &Connection, path: &str) -> Result<(), Error> {
    let whose: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| Error::sqlite(path, error))?;
    if whose == APPLICATION { Ok(()) } else { Err(Error::foreign(path)) }
}

/// The same for a database: its format stands in a table of its own.
pub(crate) fn migrate_server(line: &Line, path: &str) -> Result<(), Error> {
    // In one transaction, which one watcher at a time may begin.
    let work = line.begin()?;
    let session = Session::postgres(path, line);
    let tables = "SELECT table_name::text AS name FROM information_schema.tables
                  WHERE table_schema = current_schema()";
    let tables: Vec<String> = session.all(tables, &[], |row| row.get("name"))?;
    let known = tables.iter().any(|name| name == "store_format");
    if !known && !tables.is_empty() {
        return Err(Error::foreign_database(path));
    }
    if !known {
        line.batch(
            "CREATE TABLE store_format (format BIGINT NOT NULL); INSERT INTO store_format VALUES (0)",
        )?;
    }
    let found: i64 = session.one("SELECT format FROM store_format", &[], |row| row.get(0))?;
    if found > VERSION {
        return Err(Error::newer(path, found, VERSION));
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        line.batch(&in_postgres(step))?;
    }
    if found < VERSION {
        line.batch(&format!("UPDATE store_format SET format = {VERSION}"))?;
    }
    work.commit()
}

/// Texts are compared byte by byte, as in SQLite: the order of rows is the same everywhere.
fn in_postgres(step: &str) -> String {
    let kinds = [
        (" INTEGER PRIMARY KEY", " BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
        (" INTEGER", " BIGINT"),
        (" BLOB", " BYTEA"),
        (" TEXT", " TEXT COLLATE \"C\""),
        (" WITHOUT ROWID", ""),
        ("ifnull(", "coalesce("),
    ];
    kinds.iter().fold(step.to_owned(), |step, (ours, theirs)| step.replace(ours, theirs))
}
