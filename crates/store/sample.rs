//! What the estimators are fed: for each invoice and surface, the interval in which it became visible.

use crate::error::Error;
use crate::store::{Store, micros, name};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::{Surface, Token};
use rusqlite::{Row, params};

/// One invoice on one surface. Raw times: whoever estimates decides what to do with impossible ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub token: Token,
    pub region: String,
    pub uploaded: DateTime<Utc>,
    /// When the delay starts; where it is absent, reckon from the upload and say so.
    pub accepted: Option<DateTime<Utc>>,
    pub last_not_seen: Option<DateTime<Utc>>,
    /// Absent as long as nobody has seen it: a censored value, not a missing row.
    pub first_seen: Option<DateTime<Utc>>,
    pub mismatched: bool,
}

/// Which invoices are meant. Everything, where a field is absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    pub target: Option<&'a str>,
    pub run: Option<&'a str>,
    pub region: Option<&'a str>,
    /// Uploaded at or after.
    pub since: Option<DateTime<Utc>>,
    /// Uploaded before.
    pub until: Option<DateTime<Utc>>,
}

/// Where the invoices of a surface stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncCounts {
    /// Accepted, or not known to be rejected or withdrawn unseen.
    pub tracked: u64,
    pub seen: u64,
    pub pending: u64,
    pub lost: u64,
    /// Seen or not, later than promised.
    pub late: u64,
    pub mismatched: u64,
    /// Not there although it had been.
    pub regressed: u64,
    /// Looks whose question failed.
    pub unknown: u64,
    pub last_seen: Option<DateTime<Utc>>,
    /// Since its acceptance, of the oldest invoice that is still pending; zero when none is.
    pub oldest_pending: TimeDelta,
}

/// The rows that are meant. Only what was asked stands in it: "?5 IS NULL OR …" would walk over the whole
/// ledger where an index knows the last days.
fn from(which: Which<'_>) -> String {
    let mut text = "FROM invoice JOIN sight ON sight.invoice = invoice.id
        WHERE sight.surface = ?1 AND sight.state <> 'withdrawn'
        AND (?6 IS NULL OR invoice.uploaded < ?6)"
        .to_owned();
    let conditions = [
        (which.target.is_some(), " AND invoice.account IN (SELECT id FROM account WHERE target = ?2)"),
        (which.run.is_some(), " AND invoice.run IN (SELECT id FROM run WHERE name = ?3)"),
        (which.region.is_some(), " AND sight.region = ?4"),
        (which.since.is_some(), " AND invoice.uploaded >= ?5"),
    ];
    conditions.iter().filter(|(asked, _)| *asked).for_each(|(_, condition)| text.push_str(condition));
    text
}

impl SyncCounts {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            tracked: self.tracked + other.tracked,
            seen: self.seen + other.seen,
            pending: self.pending + other.pending,
            lost: self.lost + other.lost,
            late: self.late + other.late,
            mismatched: self.mismatched + other.mismatched,
            regressed: self.regressed + other.regressed,
            unknown: self.unknown + other.unknown,
            last_seen: self.last_seen.max(other.last_seen),
            oldest_pending: self.oldest_pending.max(other.oldest_pending),
        }
    }
}

impl Store {
    /// Every sample of a surface, by upload. A million of them take about 100 MB; see
    /// [`Self::each_sample`] for fewer.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn samples(&self, surface: Surface, which: Which<'_>) -> Result<Vec<Sample>, Error> {
        let mut samples = Vec::new();
        self.each_sample(surface, which, |sample| samples.push(sample))?;
        samples.sort_by_key(|sample| sample.uploaded);
        Ok(samples)
    }

    /// Hands over every sample of a surface, in no order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn each_sample(
        &self,
        surface: Surface,
        which: Which<'_>,
        mut take: impl FnMut(Sample),
    ) -> Result<(), Error> {
        // On the history's connection, so that a long estimate does not hold up the tracker's next look.
        self.read_history(|connection| {
            let query = format!(
                "SELECT token, sight.region, uploaded, accepted, last_not_seen, first_seen, mismatches > 0 {}",
                from(which)
            );
            let mut statement = connection.prepare_cached(&query)?;
            let (since, until) = (which.since.map(micros), which.until.map(micros));
            let asked = params![surface.as_str(), which.target, which.run, which.region, since, until];
            let mut rows = statement.query(asked)?;
            while let Some(row) = rows.next()? {
                take(sample(row)?);
            }
            Ok(())
        })
    }

    /// Where the invoices of a surface stand at `now`, with `promise` as the longest delay allowed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn sync_counts(
        &self,
        surface: Surface,
        which: Which<'_>,
        now: DateTime<Utc>,
        promise: TimeDelta,
    ) -> Result<SyncCounts, Error> {
        self.read_history(|connection| {
            let query = format!(
                "SELECT count(*), total(state = 'seen'), total(state = 'pending'), total(state = 'lost'),
                 total(ifnull(first_seen, ?7) - ifnull(accepted, uploaded) > ?8),
                 total(mismatches > 0), total(regressions > 0),
                 max(CASE WHEN state = 'pending' THEN ?7 - ifnull(accepted, uploaded) END),
                 total(unknowns), max(first_seen) {}",
                from(which)
            );
            let mut statement = connection.prepare_cached(&query)?;
            let (since, until) = (which.since.map(micros), which.until.map(micros));
            let promise = promise.num_microseconds().unwrap_or(i64::MAX);
            let asked = params![
                surface.as_str(),
                which.target,
                which.run,
                which.region,
                since,
                until,
                micros(now),
                promise
            ];
            statement.query_row(asked, counts)
        })
    }

    /// The surfaces and regions on which invoices uploaded since then have been expected.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn surfaces_known(&self, since: DateTime<Utc>) -> Result<Vec<(Surface, String)>, Error> {
        self.read_history(|connection| {
            let query =
                "SELECT DISTINCT surface, region FROM invoice JOIN sight ON sight.invoice = invoice.id
                         WHERE invoice.uploaded >= ?1 ORDER BY 1, 2";
            let pair = |row: &Row<'_>| Ok((name(row, "surface")?, row.get("region")?));
            connection.prepare_cached(query)?.query_map([micros(since)], pair)?.collect()
        })
    }

    /// Whether any invoice of a target was ever expected to be seen.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn tracks(&self, target: &str) -> Result<bool, Error> {
        self.read_history(|connection| {
            let query = "SELECT EXISTS (SELECT 1 FROM sight CROSS JOIN invoice ON invoice.id = sight.invoice
                         WHERE sight.state <> 'withdrawn'
                         AND invoice.account IN (SELECT id FROM account WHERE target = ?1))";
            connection.prepare_cached(query)?.query_row([target], |row| row.get(0))
        })
    }

    /// When the oldest invoice of a target was uploaded that is still to be seen somewhere.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn oldest_pending(&self, target: &str) -> Result<Option<DateTime<Utc>>, Error> {
        self.read_history(|connection| {
            let query = "SELECT min(uploaded) FROM sight CROSS JOIN invoice ON invoice.id = sight.invoice
                         WHERE sight.state = 'pending'
                         AND invoice.account IN (SELECT id FROM account WHERE target = ?1)";
            let oldest: Option<i64> =
                connection.prepare_cached(query)?.query_row([target], |row| row.get(0))?;
            Ok(oldest.and_then(DateTime::from_timestamp_micros))
        })
    }
}

fn sample(row: &Row<'_>) -> rusqlite::Result<Sample> {
    let instant =
        |column| row.get::<_, Option<i64>>(column).map(|at| at.and_then(DateTime::from_timestamp_micros));
    Ok(Sample {
        token: Token(row.get::<_, i64>(0)?.cast_unsigned()),
        region: row.get(1)?,
        uploaded: instant(2)?.ok_or(rusqlite::Error::InvalidColumnIndex(2))?,
        accepted: instant(3)?,
        last_not_seen: instant(4)?,
        first_seen: instant(5)?,
        mismatched: row.get(6)?,
    })
}

fn counts(row: &Row<'_>) -> rusqlite::Result<SyncCounts> {
    let total = |column: usize| row.get::<_, f64>(column).map(|count| count as u64);
    Ok(SyncCounts {
        tracked: row.get::<_, i64>(0)?.unsigned_abs(),
        seen: total(1)?,
        pending: total(2)?,
        lost: total(3)?,
        late: total(4)?,
        mismatched: total(5)?,
        regressed: total(6)?,
        oldest_pending: TimeDelta::microseconds(row.get::<_, Option<i64>>(7)?.unwrap_or(0).max(0)),
        unknown: total(8)?,
        last_seen: row.get::<_, Option<i64>>(9)?.and_then(DateTime::from_timestamp_micros),
    })
}
