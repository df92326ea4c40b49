//! The ledger: every synthetic invoice that a platform has taken from us, and what our looks found.

mod row;
pub mod sight;

use crate::db::{Row, Session, values};
use crate::error::Error;
use crate::store::Store;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::ledger::LedgerError;
use piaotan_record::{Issued, Ledger, Look, Pending, Surface, Token};
use sight::{Sight, SightState};

/// One look, with everything that names it: for writing many at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookAt {
    pub run: String,
    pub token: Token,
    pub surface: Surface,
    pub region: String,
    pub asked: DateTime<Utc>,
    pub look: Look,
}

/// All that the ledger knows of one synthetic invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub issued: Issued,
    pub rejected: Option<DateTime<Utc>>,
    pub voided: Option<DateTime<Utc>>,
    pub sights: Vec<Sight>,
}

impl Store {
    /// Writes many invoices in one durable transaction. One that is there already gains only its
    /// acceptance; the same token for another invoice is an error, and nothing is written.
    ///
    /// # Errors
    /// When the ledger cannot be written, or a run's name was used twice.
    pub fn issue_all(&self, issued: &[Issued]) -> Result<(), Error> {
        let mut origins = row::Origins::default();
        self.write_ledger(|transaction| {
            issued.iter().try_for_each(|each| self.insert(transaction, &mut origins, each))
        })
    }

    /// Writes many looks in one durable transaction.
    ///
    /// # Errors
    /// When the ledger cannot be written, or an invoice is not in it.
    pub fn look_all(&self, looks: &[LookAt]) -> Result<(), Error> {
        self.write_ledger(|transaction| {
            looks.iter().try_for_each(|at| {
                let id = self.id_of(transaction, &at.run, at.token)?;
                Self::amend(transaction, id, at.surface, &at.region, |sight| sight.add(at.look, at.asked))
            })
        })
    }

    /// The platform has accepted the invoice: its delay starts here.
    ///
    /// # Errors
    /// When the ledger cannot be written, or the invoice is not in it.
    pub fn accepted(&self, run: &str, token: Token, at: DateTime<Utc>) -> Result<(), Error> {
        self.set(run, token, "UPDATE invoice SET accepted = coalesce(accepted, ?2) WHERE id = ?1", at)
    }

    /// The platform has rejected the invoice: it will never be seen, and is not lost.
    ///
    /// # Errors
    /// As [`Self::accepted`].
    pub fn rejected(&self, run: &str, token: Token, at: DateTime<Utc>) -> Result<(), Error> {
        self.set(run, token, "UPDATE invoice SET rejected = ?2 WHERE id = ?1", at)?;
        self.withdraw(run, token)
    }

    /// Nobody will look for the invoice on this surface any more.
    ///
    /// # Errors
    /// As [`Self::accepted`].
    pub fn lost(&self, run: &str, token: Token, surface: Surface, region: &str) -> Result<(), Error> {
        self.write_ledger(|transaction| {
            let id = self.id_of(transaction, run, token)?;
            Self::amend(transaction, id, surface, region, |sight| {
                if sight.state == SightState::Pending {
                    sight.state = SightState::Lost;
                }
            })
        })
    }

    /// The invoice is voided on the platform.
    ///
    /// # Errors
    /// As [`Self::accepted`].
    pub fn voided(&self, run: &str, token: Token, at: DateTime<Utc>) -> Result<(), Error> {
        self.set(run, token, "UPDATE invoice SET voided = ?2, void_reason = NULL WHERE id = ?1", at)?;
        self.withdraw(run, token)
    }

    /// The platform would not void the invoice; it stays in [`Self::to_void`], behind those not yet tried.
    ///
    /// # Errors
    /// As [`Self::accepted`].
    pub fn not_voided(&self, run: &str, token: Token, at: DateTime<Utc>, reason: &str) -> Result<(), Error> {
        self.write_ledger(|transaction| {
            let id = self.id_of(transaction, run, token)?;
            let update = "UPDATE invoice SET void_tried = ?2, void_reason = ?3 WHERE id = ?1";
            transaction.execute(update, &values![id, at, reason])?;
            Ok(())
        })
    }

    /// Up to `limit` synthetic invoices of `target` that are not voided, untried ones first, then the
    /// one tried longest ago. Rejected ones were never accepted and need no voiding.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn to_void(&self, target: &str, limit: u32) -> Result<Vec<Issued>, Error> {
        self.read(|reading| {
            let query = format!(
                "{} WHERE invoice.voided IS NULL AND invoice.rejected IS NULL AND account.target = ?1
                 ORDER BY invoice.void_tried NULLS FIRST, invoice.id LIMIT ?2",
                row::ISSUED
            );
            reading.all(&query, &values![target, limit], row::issued)
        })
    }

    /// How many of `target`'s invoices are not voided, with the reasons that the platform gave.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn void_reasons(&self, target: &str) -> Result<Vec<(String, u64)>, Error> {
        self.read(|reading| {
            let query = "SELECT coalesce(void_reason, '') AS reason, count(*) FROM invoice
                 JOIN account ON account.id = invoice.account
                 WHERE voided IS NULL AND rejected IS NULL AND target = ?1 GROUP BY reason ORDER BY 2 DESC";
            let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get::<i64>(1)?.unsigned_abs()));
            reading.all(query, &values![target], pair)
        })
    }

    /// Everything known of the synthetic invoices that bear this number, latest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn find(&self, number: &str) -> Result<Vec<Known>, Error> {
        self.read(|reading| {
            let query = format!("{} WHERE invoice.number = ?1 ORDER BY invoice.uploaded DESC", row::ISSUED);
            let numbered = |each: &Row<'_>| Ok((each.get::<i64>("id")?, row::known(each)?));
            let mut found = reading.all(&query, &values![number], numbered)?;
            for (id, known) in &mut found {
                known.sights = reading.all(row::SIGHTS, &values![*id], row::sight)?;
            }
            Ok(found.into_iter().map(|(_, known)| known).collect())
        })
    }

    /// Up to `limit` invoices of `target` accepted and seen before `instant`, last seen first: what is read
    /// again after a window.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seen_before(
        &self,
        target: &str,
        instant: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Issued>, Error> {
        self.read(|reading| {
            // From the index of what was seen, backwards: most of the ledger may be invoices that nobody
            // looks for, of load tests.
            let query = "SELECT invoice.*, run.name AS run_name, account.target, account.owner
                 FROM sight CROSS JOIN invoice ON invoice.id = sight.invoice
                 JOIN run ON run.id = invoice.run JOIN account ON account.id = invoice.account
                 WHERE sight.surface = 'number' AND sight.region = '' AND sight.first_seen < ?2
                 AND account.target = ?1 AND invoice.voided IS NULL AND sight.mismatches = 0
                 ORDER BY sight.first_seen DESC LIMIT ?3";
            reading.all(query, &values![target, instant, limit], row::issued)
        })
    }

    /// Everything still to be seen, oldest upload first, with what was found so far.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn pending_sights(&self) -> Result<Vec<(Issued, Sight)>, Error> {
        self.read(|reading| {
            let query = format!(
                "{} JOIN sight ON sight.invoice = invoice.id WHERE sight.state = 'pending'
                 ORDER BY invoice.uploaded, invoice.id",
                row::ISSUED_AND_SIGHT
            );
            reading.all(&query, &[], |each| Ok((row::issued(each)?, row::sight(each)?)))
        })
    }

    /// Invoices uploaded in `[from, to)` that by `to` were given up, or had taken longer than `promise`;
    /// the latest `limit`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn late_sights(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        promise: TimeDelta,
        limit: u32,
    ) -> Result<Vec<(Issued, Sight)>, Error> {
        self.read(|reading| {
            let query = format!(
                "{} JOIN sight ON sight.invoice = invoice.id WHERE sight.state <> 'withdrawn'
                 AND invoice.uploaded >= ?1 AND invoice.uploaded < ?2
                 AND (sight.state = 'lost' OR coalesce(sight.first_seen, ?2) - coalesce(accepted, uploaded) > ?3)
                 ORDER BY invoice.uploaded DESC, invoice.id LIMIT ?4",
                row::ISSUED_AND_SIGHT
            );
            let promise = promise.num_microseconds().unwrap_or(i64::MAX);
            let asked = values![from, to, promise, limit];
            reading.all(&query, &asked, |each| Ok((row::issued(each)?, row::sight(each)?)))
        })
    }

    fn insert(
        &self,
        transaction: &Session<'_>,
        origins: &mut row::Origins,
        issued: &Issued,
    ) -> Result<(), Error> {
        if let Some((id, held)) = row::find(transaction, &issued.run, issued.token)? {
            if held != issued.number {
                let token = issued.token.0;
                return Err(Error::other_invoice(self.path(), &issued.run, token, &held, &issued.number));
            }
            return row::accept(transaction, id, issued.accepted);
        }
        row::insert(transaction, origins, issued, self.surfaces())
    }

    fn id_of(&self, transaction: &Session<'_>, run: &str, token: Token) -> Result<i64, Error> {
        row::find(transaction, run, token)?
            .map(|(id, _)| id)
            .ok_or_else(|| Error::not_issued(self.path(), run, token.0))
    }

    fn amend(
        transaction: &Session<'_>,
        id: i64,
        surface: Surface,
        region: &str,
        change: impl FnOnce(&mut Sight),
    ) -> Result<(), Error> {
        let asked = values![id, surface.as_str(), region];
        let known = transaction.first(row::SIGHT, &asked, row::sight)?;
        let mut sight = known.unwrap_or_else(|| Sight::new(surface, region));
        change(&mut sight);
        row::put_sight(transaction, id, &sight)
    }

    fn set(&self, run: &str, token: Token, update: &str, at: DateTime<Utc>) -> Result<(), Error> {
        self.write_ledger(|transaction| {
            let id = self.id_of(transaction, run, token)?;
            transaction.execute(update, &values![id, at])?;
            Ok(())
        })
    }

    fn withdraw(&self, run: &str, token: Token) -> Result<(), Error> {
        self.write_ledger(|transaction| {
            let id = self.id_of(transaction, run, token)?;
            let update = "UPDATE sight SET state = 'withdrawn' WHERE invoice = ?1 AND state = 'pending'";
            transaction.execute(update, &values![id])?;
            Ok(())
        })
    }
}

impl Ledger for Store {
    fn issue(&self, issued: &Issued) -> Result<(), LedgerError> {
        Ok(Self::issue_all(self, std::slice::from_ref(issued))?)
    }

    fn issue_all(&self, issued: &[Issued]) -> Result<(), LedgerError> {
        Ok(Self::issue_all(self, issued)?)
    }

    fn look(
        &self,
        run: &str,
        token: Token,
        surface: Surface,
        region: &str,
        asked: DateTime<Utc>,
        look: Look,
    ) -> Result<(), LedgerError> {
        let (run, region) = (run.to_owned(), region.to_owned());
        Ok(self.look_all(&[LookAt { run, token, surface, region, asked, look }])?)
    }

    fn pending(&self) -> Result<Vec<Pending>, LedgerError> {
        let pending = |(issued, sight): (Issued, Sight)| Pending {
            issued,
            surface: sight.surface,
            region: sight.region,
            last_not_seen: sight.last_not_seen,
            looks: sight.looks,
        };
        Ok(self.pending_sights()?.into_iter().map(pending).collect())
    }
}
