//! What the estimators are fed: for each invoice and surface, the interval in which it became visible.

use crate::db::{Row, Value, values};
use crate::error::Error;
use crate::store::Store;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::{Surface, Token};

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

/// The rows that are meant, and the values that say so, behind those that stand before. Only what was asked
/// stands in it: "?5 IS NULL OR …" would walk over the whole ledger where an index knows the last days.
fn from<'a>(surface: Surface, which: Which<'a>, mut values: Vec<Value<'a>>) -> (String, Vec<Value<'a>>) {
    let conditions = [
        ("sight.surface = ", Value::from(surface.as_str())),
        ("invoice.account IN (SELECT id FROM account WHERE target = ", which.target.into()),
        ("invoice.run IN (SELECT id FROM run WHERE name = ", which.run.into()),
        ("sight.region = ", which.region.into()),
        ("invoice.uploaded >= ", which.since.into()),
        ("invoice.uploaded < ", which.until.into()),
    ];
    let mut text =
        "FROM invoice JOIN sight ON sight.invoice = invoice.id WHERE sight.state <> 'withdrawn'".to_owned();
    for (condition, value) in conditions {
        if !matches!(value, Value::Null) {
            values.push(value);
            let close = if condition.contains('(') { ")" } else { "" };
            text.push_str(&format!(" AND {condition}?{}{close}", values.len()));
        }
    }
    (text, values)
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
        self.read_history(|reading| {
            let (from, values) = from(surface, which, Vec::new());
            let query = format!(
                "SELECT token, sight.region, uploaded, accepted, last_not_seen, first_seen, mismatches > 0 {from}"
            );
            reading.each(&query, &values, |row| {
                take(sample(row)?);
                Ok(())
            })
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
        let count = |what: &str| format!("count(CASE WHEN {what} THEN 1 END)");
        let promise = promise.num_microseconds().unwrap_or(i64::MAX);
        let (from, values) = from(surface, which, values![now, promise].to_vec());
        let query = format!(
            "SELECT count(*), {}, {}, {}, {}, {}, {},
             max(CASE WHEN state = 'pending' THEN ?1 - coalesce(accepted, uploaded) END),
             CAST(coalesce(sum(unknowns), 0) AS BIGINT), max(first_seen) {from}",
            count("state = 'seen'"),
            count("state = 'pending'"),
            count("state = 'lost'"),
            count("coalesce(first_seen, ?1) - coalesce(accepted, uploaded) > ?2"),
            count("mismatches > 0"),
            count("regressions > 0"),
        );
        self.read_history(|reading| reading.one(&query, &values, counts))
    }

    /// The surfaces and regions on which invoices uploaded since then have been expected.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn surfaces_known(&self, since: DateTime<Utc>) -> Result<Vec<(Surface, String)>, Error> {
        let query = "SELECT DISTINCT surface, region FROM invoice JOIN sight ON sight.invoice = invoice.id
                     WHERE invoice.uploaded >= ?1 ORDER BY 1, 2";
        let pair = |row: &Row<'_>| Ok((row.parsed("surface")?, row.get("region")?));
        self.read_history(|reading| reading.all(query, &values![since], pair))
    }

    /// Whether any invoice of a target was ever expected to be seen.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn tracks(&self, target: &str) -> Result<bool, Error> {
        let query = "SELECT EXISTS (SELECT 1 FROM sight CROSS JOIN invoice ON invoice.id = sight.invoice
                     WHERE sight.state <> 'withdrawn'
                     AND invoice.account IN (SELECT id FROM account WHERE target = ?1))";
        self.read_history(|reading| reading.one(query, &values![target], |row| row.get(0)))
    }

    /// When the oldest invoice of a target was uploaded that is still to be seen somewhere.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn oldest_pending(&self, target: &str) -> Result<Option<DateTime<Utc>>, Error> {
        let query = "SELECT min(uploaded) FROM sight CROSS JOIN invoice ON invoice.id = sight.invoice
                     WHERE sight.state = 'pending'
                     AND invoice.account IN (SELECT id FROM account WHERE target = ?1)";
        self.read_history(|reading| reading.one(query, &values![target], |row| row.get(0)))
    }
}

fn sample(row: &Row<'_>) -> Result<Sample, Error> {
    Ok(Sample {
        token: Token(row.get::<i64>(0)?.cast_unsigned()),
        region: row.get(1)?,
        uploaded: row.get(2)?,
        accepted: row.get(3)?,
        last_not_seen: row.get(4)?,
        first_seen: row.get(5)?,
        mismatched: row.get(6)?,
    })
}

fn counts(row: &Row<'_>) -> Result<SyncCounts, Error> {
    let count = |column: usize| row.get::<i64>(column).map(i64::unsigned_abs);
    Ok(SyncCounts {
        tracked: count(0)?,
        seen: count(1)?,
        pending: count(2)?,
        lost: count(3)?,
        late: count(4)?,
        mismatched: count(5)?,
        regressed: count(6)?,
        oldest_pending: TimeDelta::microseconds(row.get::<Option<i64>>(7)?.unwrap_or(0).max(0)),
        unknown: count(8)?,
        last_seen: row.get(9)?,
    })
}
