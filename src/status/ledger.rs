//! Where the invoices of the ledger stand, without a walk over all of it for every reader.
//!
//! Days in which nothing is pending any more are counted once and kept; only what came after is counted
//! anew. The kept part is made again when its end moves: once a day, or when something old turns out to be
//! still pending.

use super::Shown;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use piaotan_record::Surface;
use piaotan_reports::metrics::{Classic, SYNC_EDGES};
use piaotan_store::{Error, SyncCounts, Which};
use std::collections::BTreeMap;

/// What was counted is fresh for so long.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// Invoices by surface and region.
pub type Rows = BTreeMap<(Surface, String), Row>;

/// The invoices of one surface.
#[derive(Debug, Clone)]
pub struct Row {
    pub counts: SyncCounts,
    /// Time from acceptance to visibility, of those that were seen.
    pub delay: Classic,
}

/// The counts, kept between readers.
#[derive(Debug, Default)]
pub struct Counted {
    /// Everything uploaded before an instant.
    settled: Option<(DateTime<Utc>, Rows)>,
    all: Option<(DateTime<Utc>, Rows)>,
}

impl Counted {
    /// Where all invoices stand, at most five seconds ago.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn rows(&mut self, shown: &Shown, now: DateTime<Utc>) -> Result<&Rows, Error> {
        let all = match self.all.take() {
            Some((at, rows)) if (now - at).abs() <= FRESH => (at, rows),
            _ => (now, self.counted(shown, now)?),
        };
        Ok(&self.all.insert(all).1)
    }

    fn counted(&mut self, shown: &Shown, now: DateTime<Utc>) -> Result<Rows, Error> {
        let end = settled_before(shown, now)?;
        if self.settled.as_ref().is_none_or(|(at, _)| *at != end) {
            let before = Which { until: Some(end), ..Which::default() };
            self.settled = Some((end, walk(shown, DateTime::UNIX_EPOCH, before, now)?));
        }
        let mut rows = walk(shown, end, Which { since: Some(end), ..Which::default() }, now)?;
        for (place, old) in self.settled.iter().flat_map(|(_, rows)| rows) {
            rows.entry(place.clone()).or_insert_with(Row::none).add(old);
        }
        Ok(rows)
    }
}

impl Row {
    fn none() -> Self {
        Self { counts: SyncCounts::default(), delay: Classic::new(SYNC_EDGES) }
    }

    fn add(&mut self, other: &Self) {
        self.counts = self.counts.and(other.counts);
        self.delay.merge(&other.delay);
    }
}

/// The day before which no look is made any more: older ones are seen, or given up.
fn settled_before(shown: &Shown, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let usual = now - shown.give_up - TimeDelta::days(1);
    let oldest = shown.store.oldest_pending(&shown.target)?;
    let end = oldest.map_or(usual, |oldest| oldest.min(usual));
    Ok(end.date_naive().and_time(NaiveTime::MIN).and_utc())
}

fn walk(shown: &Shown, since: DateTime<Utc>, which: Which<'_>, now: DateTime<Utc>) -> Result<Rows, Error> {
    let mut rows = Rows::new();
    for (surface, region) in shown.store.surfaces_known(since)? {
        let which = Which { target: Some(&shown.target), region: Some(&region), ..which };
        let counts = shown.store.sync_counts(surface, which, now, shown.promise)?;
        let mut delay = Classic::new(SYNC_EDGES);
        shown.store.each_sample(surface, which, |sample| {
            if let Some(seen) = sample.first_seen {
                let began = sample.accepted.unwrap_or(sample.uploaded);
                delay.observe((seen - began).as_seconds_f64().max(0.0));
            }
        })?;
        rows.insert((surface, region), Row { counts, delay });
    }
    Ok(rows)
}
