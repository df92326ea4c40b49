//! What the store asks of a database: a few operations, statements in the SQL that every database here
//! understands, and values and rows that belong to none of them.
//!
//! Statements number their values `?1`, `?2`, … and use only what SQLite and PostgreSQL both know. Every
//! value that is handed over must stand in its statement: PostgreSQL cannot tell the type of one that
//! does not.

use crate::error::Error;
use crate::postgres::Line;
use chrono::{DateTime, Utc};
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::fmt::Display;

/// One value of a statement. Lent, because most are written once and forgotten.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Whole(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// The values of one statement, in the order of their numbers.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::db::Value::from($value)),*] };
}
pub(crate) use values;

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Whole(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Whole(value.into())
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Whole(value.into())
    }
}

impl From<DateTime<Utc>> for Value<'_> {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Whole(micros(value))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Whole(value) => ValueRef::Integer(value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// Whole microseconds since 1970: how instants lie in the store.
pub(crate) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// One row of an answer.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    path: &'a str,
    cells: Cells<'a>,
}

#[derive(Debug)]
enum Cells<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

/// How a column is named: by its place or its name.
pub(crate) trait Column: rusqlite::RowIndex + tokio_postgres::row::RowIndex + Display + Copy {}

impl<T: rusqlite::RowIndex + tokio_postgres::row::RowIndex + Display + Copy> Column for T {}

/// What a cell may be read as.
pub(crate) trait Cell: Sized {
    fn read(row: &Row<'_>, column: impl Column) -> Result<Self, Error>;
}

/// What both databases keep as it is.
macro_rules! plain_cells {
    ($($kind:ty),*) => {$(
        impl Cell for $kind {
            fn read(row: &Row<'_>, column: impl Column) -> Result<Self, Error> {
                match row.cells {
                    Cells::Sqlite(cells) => cells.get(column).map_err(|e| Error::sqlite(row.path, e)),
                    Cells::Postgres(cells) => cells.try_get(column).map_err(|e| row.wrong(column, e)),
                }
            }
        }
    )*};
}
plain_cells!(i64, Option<i64>, String, Option<String>, Vec<u8>);

impl Cell for bool {
    fn read(row: &Row<'_>, column: impl Column) -> Result<Self, Error> {
        match row.cells {
            Cells::Sqlite(cells) => cells.get(column).map_err(|e| Error::sqlite(row.path, e)),
            // A comparison is a truth here, a column of the tables a number as in SQLite.
            Cells::Postgres(cells) => match cells.try_get(column) {
                Ok(truth) => Ok(truth),
                Err(_) => Ok(row.get::<i64>(column)? != 0),
            },
        }
    }
}

impl Cell for u32 {
    fn read(row: &Row<'_>, column: impl Column) -> Result<Self, Error> {
        let wide: i64 = row.get(column)?;
        wide.try_into().map_err(|_| row.wrong(column, format!("{wide} is no count")))
    }
}

impl Cell for Option<DateTime<Utc>> {
    fn read(row: &Row<'_>, column: impl Column) -> Result<Self, Error> {
        Ok(row.get::<Option<i64>>(column)?.and_then(DateTime::from_timestamp_micros))
    }
}

impl Cell for DateTime<Utc> {
    fn read(row: &Row<'_>, column: impl Column) -> Result<Self, Error> {
        row.get::<Option<Self>>(column)?.ok_or_else(|| row.wrong(column, "no instant"))
    }
}

impl Row<'_> {
    pub(crate) fn get<T: Cell>(&self, column: impl Column) -> Result<T, Error> {
        T::read(self, column)
    }

    /// Something that was written as text: a name of a closed set, a date.
    pub(crate) fn parsed<T>(&self, column: impl Column) -> Result<T, Error>
    where
        T: std::str::FromStr,
        T::Err: Display,
    {
        self.get::<String>(column)?.parse().map_err(|error: T::Err| self.wrong(column, error))
    }

    /// The same, where it may be absent.
    pub(crate) fn parsed_if<T>(&self, column: impl Column) -> Result<Option<T>, Error>
    where
        T: std::str::FromStr,
        T::Err: Display,
    {
        let text: Option<String> = self.get(column)?;
        text.map(|text| text.parse()).transpose().map_err(|error: T::Err| self.wrong(column, error))
    }

    /// Something that was written as JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: impl Column) -> Result<T, Error> {
        serde_json::from_str(&self.get::<String>(column)?).map_err(|error| self.wrong(column, error))
    }

    /// The same, where it may be absent.
    pub(crate) fn json_if<T: serde::de::DeserializeOwned>(
        &self,
        column: impl Column,
    ) -> Result<Option<T>, Error> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| self.wrong(column, error))
    }

    /// What the store says of a cell that cannot be understood.
    pub(crate) fn wrong(&self, column: impl Display, what: impl Display) -> Error {
        Error::row(self.path, format!("column {column}: {what}"))
    }
}

/// One connection, for as long as one piece of work: a transaction, or some reading.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    path: &'a str,
    at: At<'a>,
}

#[derive(Debug)]
enum At<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a Line),
}

impl<'a> Session<'a> {
    pub(crate) fn postgres(path: &'a str, line: &'a Line) -> Self {
        Self { path, at: At::Postgres(line) }
    }

    pub(crate) fn sqlite(path: &'a str, connection: &'a rusqlite::Connection) -> Self {
        Self { path, at: At::Sqlite(connection) }
    }

    /// Changes rows; says how many.
    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        match self.at {
            At::Sqlite(connection) => {
                let wrap = |error| Error::sqlite(self.path, error);
                let mut statement = connection.prepare_cached(sql).map_err(wrap)?;
                statement.execute(rusqlite::params_from_iter(values)).map_err(wrap)
            }
            At::Postgres(line) => {
                line.execute(sql, values).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
            }
        }
    }

    /// Inserts one row into a table that numbers its rows; says which number it was given.
    pub(crate) fn insert(&self, sql: &str, values: &[Value<'_>]) -> Result<i64, Error> {
        match self.at {
            At::Sqlite(connection) => {
                self.execute(sql, values)?;
                Ok(connection.last_insert_rowid())
            }
            At::Postgres(_) => self.one(&format!("{sql} RETURNING id"), values, |row| row.get(0)),
        }
    }

    /// Hands over every row as it comes.
    pub(crate) fn each(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut take: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self.at {
            At::Sqlite(connection) => {
                let wrap = |error| Error::sqlite(self.path, error);
                let mut statement = connection.prepare_cached(sql).map_err(wrap)?;
                let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(wrap)?;
                while let Some(cells) = rows.next().map_err(wrap)? {
                    take(&Row { path: self.path, cells: Cells::Sqlite(cells) })?;
                }
                Ok(())
            }
            At::Postgres(line) => {
                line.each(sql, values, |cells| take(&Row { path: self.path, cells: Cells::Postgres(cells) }))
            }
        }
    }

    /// Every row, read.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        self.each(sql, values, |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The first row, if there is one.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut found = None;
        self.each(sql, values, |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The one row of a statement that always answers with one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.first(sql, values, read)?.ok_or_else(|| Error::row(self.path, "an answer has no row"))
    }
}
