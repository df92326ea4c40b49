//! Hours and days of probe runs, folded: what is left of them when the rows themselves are gone.
//!
//! Latencies are kept as histograms, which add exactly. An hour is folded again as long as its rows are
//! there, so folding twice, or after a late row, changes nothing but what it should.

use crate::db::{Row, Session, values};
use crate::error::Error;
use crate::history::{BriefRun, Health};
use crate::store::Store;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use piaotan_record::OutcomeKind;
use piaotan_record::tally::{LOWEST, latency_histogram};
use std::collections::BTreeMap;

/// How long what is kept, and where a day begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub successes: TimeDelta,
    /// Failures, with their evidence.
    pub failures: TimeDelta,
    pub hours: TimeDelta,
    pub days: TimeDelta,
    pub day_zone: FixedOffset,
}

/// One hour or day of one probe.
#[derive(Debug, Clone)]
pub struct Rollup {
    pub start: DateTime<Utc>,
    pub probe: String,
    pub location: String,
    pub healths: BTreeMap<Health, u64>,
    pub outcomes: BTreeMap<OutcomeKind, u64>,
    /// Durations of runs that were made, in nanoseconds.
    pub latency: Histogram<u64>,
}

/// The length of a rollup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Hour,
    Day,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            successes: TimeDelta::days(35),
            failures: TimeDelta::days(400),
            hours: TimeDelta::days(400),
            days: TimeDelta::days(3660),
            day_zone: FixedOffset::east_opt(8 * 3600).expect("eight hours are less than a day"),
        }
    }
}

impl Span {
    fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The start of the span that holds `at`.
    fn start(self, at: DateTime<Utc>, zone: FixedOffset) -> DateTime<Utc> {
        let (length, shift) = match self {
            Self::Hour => (3_600, 0),
            Self::Day => (86_400, i64::from(zone.local_minus_utc())),
        };
        let second = at.timestamp();
        DateTime::from_timestamp(second - (second + shift).rem_euclid(length), 0).unwrap_or(at)
    }
}

impl Store {
    /// Folds what has come since `since` into hours and days, then deletes what is older than it is to
    /// be kept at `now`. Returns how many rows were deleted.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn roll(&self, since: DateTime<Utc>, now: DateTime<Utc>, keep: &Retention) -> Result<usize, Error> {
        let day = Span::Day.start(since, keep.day_zone);
        let mut hours: BTreeMap<Key, Rollup> = BTreeMap::new();
        self.each_brief(Span::Hour.start(since, keep.day_zone), now, |due, location, run| {
            let key = (Span::Hour.start(due, keep.day_zone), run.probe.clone(), location);
            hours.entry(key).or_insert_with_key(Rollup::empty).add_run(&run);
        })?;
        self.put_rollups(Span::Hour, hours.values())?;
        let mut days: BTreeMap<Key, Rollup> = BTreeMap::new();
        for hour in self.rollups(Span::Hour, day, now)? {
            let start = Span::Day.start(hour.start, keep.day_zone);
            let key = (start, hour.probe.clone(), hour.location.clone());
            days.entry(key).or_insert_with_key(Rollup::empty).add(&hour);
        }
        self.put_rollups(Span::Day, days.values())?;
        self.prune(now, keep)
    }

    /// The hours or days that begin in `[from, to)`, by start.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn rollups(&self, span: Span, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Rollup>, Error> {
        let query = "SELECT * FROM rollup WHERE span = ?1 AND start >= ?2 AND start < ?3
                     ORDER BY start, probe, location";
        self.read_history(|reading| reading.all(query, &values![span.name(), from, to], rollup))
    }

    fn put_rollups<'a>(
        &self,
        span: Span,
        mut rollups: impl Iterator<Item = &'a Rollup>,
    ) -> Result<(), Error> {
        self.write_history(|to| rollups.try_for_each(|each| self.put_rollup(to, span, each)))
    }

    fn put_rollup(&self, to: &Session<'_>, span: Span, rollup: &Rollup) -> Result<(), Error> {
        let mut latency = Vec::new();
        let mut serializer = V2Serializer::new();
        serializer.serialize(&rollup.latency, &mut latency).expect("memory takes every histogram");
        let put = "INSERT INTO rollup (span, start, probe, location, healths, outcomes, latency)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (span, start, probe, location) DO UPDATE SET healths = excluded.healths,
                   outcomes = excluded.outcomes, latency = excluded.latency";
        let (healths, outcomes) = (self.json(&rollup.healths)?, self.json(&rollup.outcomes)?);
        let (probe, location) = (&rollup.probe, &rollup.location);
        let values = values![span.name(), rollup.start, probe, location, &healths, &outcomes, &latency];
        to.execute(put, &values)?;
        Ok(())
    }

    fn prune(&self, now: DateTime<Utc>, keep: &Retention) -> Result<usize, Error> {
        let failed = "health IN ('unhealthy', 'degraded')";
        let prunes = [
            (format!("DELETE FROM probed WHERE due < ?1 AND NOT {failed}"), keep.successes),
            (format!("DELETE FROM probed WHERE due < ?1 AND {failed}"), keep.failures),
            ("DELETE FROM rollup WHERE start < ?1 AND span = 'hour'".to_owned(), keep.hours),
            ("DELETE FROM rollup WHERE start < ?1 AND span = 'day'".to_owned(), keep.days),
        ];
        self.write_history(|to| {
            let mut deleted = 0;
            for (delete, age) in &prunes {
                deleted += to.execute(delete, &values![now - *age])?;
            }
            Ok(deleted)
        })
    }
}

type Key = (DateTime<Utc>, String, String);

impl Rollup {
    fn empty((start, probe, location): &Key) -> Self {
        Self {
            start: *start,
            probe: probe.clone(),
            location: location.clone(),
            healths: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            latency: latency_histogram(),
        }
    }

    /// Runs that were made: skipped ones say nothing of the platform.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.healths.iter().filter(|(health, _)| **health != Health::Skipped).map(|(_, count)| count).sum()
    }

    fn add_run(&mut self, run: &BriefRun) {
        *self.healths.entry(run.health).or_default() += 1;
        if let Some(outcome) = run.outcome {
            *self.outcomes.entry(outcome).or_default() += 1;
        }
        if run.health != Health::Skipped {
            self.latency.saturating_record(run.duration.0.max(LOWEST));
        }
    }

    fn add(&mut self, other: &Self) {
        for (health, count) in &other.healths {
            *self.healths.entry(*health).or_default() += count;
        }
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += count;
        }
        self.latency.add(&other.latency).expect("all histograms of the house have one shape");
    }
}

fn rollup(row: &Row<'_>) -> Result<Rollup, Error> {
    let stored: Vec<u8> = row.get("latency")?;
    let read: Histogram<u64> =
        Deserializer::new().deserialize(&mut stored.as_slice()).map_err(|e| row.wrong("latency", e))?;
    // What was stored resizes itself; adding to a histogram of the house's shape fixes its bounds again.
    let mut latency = latency_histogram();
    latency.add(read).expect("all histograms of the house have one shape");
    Ok(Rollup {
        start: row.get("start")?,
        probe: row.get("probe")?,
        location: row.get("location")?,
        healths: row.json("healths")?,
        outcomes: row.json("outcomes")?,
        latency,
    })
}
