//! Rows of the ledger, to and from what they mean.

use super::Known;
use super::sight::Sight;
use crate::db::{Row, Session, values};
use crate::error::Error;
use chrono::{DateTime, Utc};
use piaotan_record::{Issued, Surface, Token};
use std::collections::HashMap;

pub(super) const ISSUED: &str = "SELECT invoice.*, run.name AS run_name, account.target, account.owner
    FROM invoice JOIN run ON run.id = invoice.run JOIN account ON account.id = invoice.account";

pub(super) const ISSUED_AND_SIGHT: &str =
    "SELECT invoice.*, run.name AS run_name, account.target, account.owner, sight.*
    FROM invoice JOIN run ON run.id = invoice.run JOIN account ON account.id = invoice.account";

pub(super) const SIGHT: &str = "SELECT * FROM sight WHERE invoice = ?1 AND surface = ?2 AND region = ?3";

pub(super) const SIGHTS: &str = "SELECT * FROM sight WHERE invoice = ?1 ORDER BY surface, region";

pub(super) fn issued(row: &Row<'_>) -> Result<Issued, Error> {
    Ok(Issued {
        token: Token(row.get::<i64>("token")?.cast_unsigned()),
        run: row.get("run_name")?,
        target: row.get("target")?,
        number: row.get("number")?,
        issue_date: row.parsed("issue_date")?,
        total: row.get("total")?,
        owner: row.get("owner")?,
        uploaded: row.get("uploaded")?,
        accepted: row.get("accepted")?,
    })
}

pub(super) fn known(row: &Row<'_>) -> Result<Known, Error> {
    let (rejected, voided) = (row.get("rejected")?, row.get("voided")?);
    Ok(Known { issued: issued(row)?, rejected, voided, sights: Vec::new() })
}

pub(super) fn sight(row: &Row<'_>) -> Result<Sight, Error> {
    Ok(Sight {
        surface: row.parsed("surface")?,
        region: row.get("region")?,
        state: row.parsed("state")?,
        last_not_seen: row.get("last_not_seen")?,
        first_seen: row.get("first_seen")?,
        last_asked: row.get("last_asked")?,
        looks: row.get("looks")?,
        unknowns: row.get("unknowns")?,
        mismatches: row.get("mismatches")?,
        regressions: row.get("regressions")?,
    })
}

/// The row and the number of an invoice.
pub(super) fn find(from: &Session<'_>, run: &str, token: Token) -> Result<Option<(i64, String)>, Error> {
    let query = "SELECT invoice.id, number FROM invoice JOIN run ON run.id = invoice.run
                 WHERE run.name = ?1 AND token = ?2";
    from.first(query, &values![run, token.0.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)))
}

pub(super) fn accept(to: &Session<'_>, id: i64, accepted: Option<DateTime<Utc>>) -> Result<(), Error> {
    let update = "UPDATE invoice SET accepted = coalesce(accepted, ?2) WHERE id = ?1";
    to.execute(update, &values![id, accepted])?;
    Ok(())
}

/// Rows of runs and accounts already met in this transaction: most invoices of a batch share them.
#[derive(Debug, Default)]
pub(super) struct Origins {
    runs: HashMap<String, i64>,
    accounts: HashMap<(String, String), i64>,
}

impl Origins {
    fn run(&mut self, to: &Session<'_>, name: &str) -> Result<i64, Error> {
        if let Some(id) = self.runs.get(name) {
            return Ok(*id);
        }
        let put = "INSERT INTO run (name) VALUES (?1)
                   ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id";
        let id = to.one(put, &values![name], |row| row.get(0))?;
        self.runs.insert(name.to_owned(), id);
        Ok(id)
    }

    fn account(&mut self, to: &Session<'_>, issued: &Issued) -> Result<i64, Error> {
        let key = (issued.target.clone(), issued.owner.clone());
        if let Some(id) = self.accounts.get(&key) {
            return Ok(*id);
        }
        let put = "INSERT INTO account (target, owner) VALUES (?1, ?2)
                   ON CONFLICT (target, owner) DO UPDATE SET owner = excluded.owner RETURNING id";
        let id = to.one(put, &values![&key.0, &key.1], |row| row.get(0))?;
        self.accounts.insert(key, id);
        Ok(id)
    }
}

pub(super) fn insert(
    to: &Session<'_>,
    origins: &mut Origins,
    issued: &Issued,
    surfaces: &[(Surface, String)],
) -> Result<(), Error> {
    let (run, account) = (origins.run(to, &issued.run)?, origins.account(to, issued)?);
    let insert = "INSERT INTO invoice (run, token, account, number, issue_date, total, uploaded, accepted)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let issue_date = issued.issue_date.to_string();
    let values = values![
        run,
        issued.token.0.cast_signed(),
        account,
        &issued.number,
        &issue_date,
        &issued.total,
        issued.uploaded,
        issued.accepted,
    ];
    let id = to.insert(insert, &values)?;
    surfaces
        .iter()
        .try_for_each(|(surface, region)| put_sight(to, id, &Sight::new(*surface, region.as_str())))
}

pub(super) fn put_sight(to: &Session<'_>, invoice: i64, sight: &Sight) -> Result<(), Error> {
    let put = "INSERT INTO sight (invoice, surface, region, state, last_not_seen, first_seen,
                   last_asked, looks, unknowns, mismatches, regressions)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
               ON CONFLICT (invoice, surface, region) DO UPDATE SET state = excluded.state,
                   last_not_seen = excluded.last_not_seen, first_seen = excluded.first_seen,
                   last_asked = excluded.last_asked, looks = excluded.looks, unknowns = excluded.unknowns,
                   mismatches = excluded.mismatches, regressions = excluded.regressions";
    let values = values![
        invoice,
        sight.surface.as_str(),
        &sight.region,
        sight.state.as_str(),
        sight.last_not_seen,
        sight.first_seen,
        sight.last_asked,
        sight.looks,
        sight.unknowns,
        sight.mismatches,
        sight.regressions,
    ];
    to.execute(put, &values)?;
    Ok(())
}
