//! Rows of the ledger, to and from what they mean.

use super::Known;
use super::sight::Sight;
use crate::store::{instant, micros, name, optional_instant};
use chrono::{DateTime, NaiveDate, Utc};
use piaotan_record::{Issued, Surface, Token};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::collections::HashMap;

pub(super) const ISSUED: &str = "SELECT invoice.*, run.name AS run_name, account.target, account.owner
    FROM invoice JOIN run ON run.id = invoice.run JOIN account ON account.id = invoice.account";

pub(super) const ISSUED_AND_SIGHT: &str =
    "SELECT invoice.*, run.name AS run_name, account.target, account.owner, sight.*
    FROM invoice JOIN run ON run.id = invoice.run JOIN account ON account.id = invoice.account";

pub(super) const SIGHT: &str = "SELECT * FROM sight WHERE invoice = ?1 AND surface = ?2 AND region = ?3";

pub(super) const SIGHTS: &str = "SELECT * FROM sight WHERE invoice = ?1 ORDER BY surface, region";

pub(super) fn issued(row: &Row<'_>) -> rusqlite::Result<Issued> {
    Ok(Issued {
        token: Token(row.get::<_, i64>("token")?.cast_unsigned()),
        run: row.get("run_name")?,
        target: row.get("target")?,
        number: row.get("number")?,
        issue_date: name::<NaiveDate>(row, "issue_date")?,
        total: row.get("total")?,
        owner: row.get("owner")?,
        uploaded: instant(row, "uploaded")?,
        accepted: optional_instant(row, "accepted")?,
    })
}

pub(super) fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    let (rejected, voided) = (optional_instant(row, "rejected")?, optional_instant(row, "voided")?);
    Ok(Known { issued: issued(row)?, rejected, voided, sights: Vec::new() })
}

pub(super) fn sight(row: &Row<'_>) -> rusqlite::Result<Sight> {
    Ok(Sight {
        surface: name(row, "surface")?,
        region: row.get("region")?,
        state: name(row, "state")?,
        last_not_seen: optional_instant(row, "last_not_seen")?,
        first_seen: optional_instant(row, "first_seen")?,
        last_asked: optional_instant(row, "last_asked")?,
        looks: row.get("looks")?,
        unknowns: row.get("unknowns")?,
        mismatches: row.get("mismatches")?,
        regressions: row.get("regressions")?,
    })
}

/// The row and the number of an invoice.
pub(super) fn find(from: &Connection, run: &str, token: Token) -> rusqlite::Result<Option<(i64, String)>> {
    let query = "SELECT invoice.id, number FROM invoice JOIN run ON run.id = invoice.run
                 WHERE run.name = ?1 AND token = ?2";
    let mut statement = from.prepare_cached(query)?;
    statement.query_row(params![run, token.0.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

pub(super) fn accept(to: &Transaction<'_>, id: i64, accepted: Option<DateTime<Utc>>) -> rusqlite::Result<()> {
    let update = "UPDATE invoice SET accepted = ifnull(accepted, ?2) WHERE id = ?1";
    to.prepare_cached(update)?.execute(params![id, accepted.map(micros)])?;
    Ok(())
}

/// Rows of runs and accounts already met in this transaction: most invoices of a batch share them.
#[derive(Debug, Default)]
pub(super) struct Origins {
    runs: HashMap<String, i64>,
    accounts: HashMap<(String, String), i64>,
}

impl Origins {
    fn run(&mut self, to: &Transaction<'_>, name: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.runs.get(name) {
            return Ok(*id);
        }
        let put = "INSERT INTO run (name) VALUES (?1) ON CONFLICT DO UPDATE SET name = name RETURNING id";
        let id = to.prepare_cached(put)?.query_row([name], |row| row.get(0))?;
        self.runs.insert(name.to_owned(), id);
        Ok(id)
    }

    fn account(&mut self, to: &Transaction<'_>, issued: &Issued) -> rusqlite::Result<i64> {
        let key = (issued.target.clone(), issued.owner.clone());
        if let Some(id) = self.accounts.get(&key) {
            return Ok(*id);
        }
        let put = "INSERT INTO account (target, owner) VALUES (?1, ?2)
                   ON CONFLICT DO UPDATE SET owner = owner RETURNING id";
        let id = to.prepare_cached(put)?.query_row([&key.0, &key.1], |row| row.get(0))?;
        self.accounts.insert(key, id);
        Ok(id)
    }
}

pub(super) fn insert(
    to: &Transaction<'_>,
    origins: &mut Origins,
    issued: &Issued,
    surfaces: &[(Surface, String)],
) -> rusqlite::Result<()> {
    let (run, account) = (origins.run(to, &issued.run)?, origins.account(to, issued)?);
    let insert = "INSERT INTO invoice (run, token, account, number, issue_date, total, uploaded, accepted)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    to.prepare_cached(insert)?.execute(params![
        run,
        issued.token.0.cast_signed(),
        account,
        issued.number,
        issued.issue_date.to_string(),
        issued.total,
        micros(issued.uploaded),
        issued.accepted.map(micros),
    ])?;
    let id = to.last_insert_rowid();
    surfaces
        .iter()
        .try_for_each(|(surface, region)| put_sight(to, id, &Sight::new(*surface, region.as_str())))
}

pub(super) fn put_sight(to: &Transaction<'_>, invoice: i64, sight: &Sight) -> rusqlite::Result<()> {
    let put = "INSERT OR REPLACE INTO sight (invoice, surface, region, state, last_not_seen, first_seen,
                   last_asked, looks, unknowns, mismatches, regressions)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    to.prepare_cached(put)?.execute(params![
        invoice,
        sight.surface.as_str(),
        sight.region,
        sight.state.as_str(),
        sight.last_not_seen.map(micros),
        sight.first_seen.map(micros),
        sight.last_asked.map(micros),
        sight.looks,
        sight.unknowns,
        sight.mismatches,
        sight.regressions,
    ])?;
    Ok(())
}
