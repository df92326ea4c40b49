//! How long invoices took to be found, by the ledger: what curves and expectations are made of.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::sync::{Delay, Sample};
use piaotan_record::Surface;
use piaotan_store::{Error, Store, Which};

/// The latest delays are enough for a curve, and bound what a page costs.
const MOST: usize = 2_000;

/// The delays of the last week on the surface `number`, in seconds, at most the latest 2,000.
///
/// # Errors
/// When the store cannot be read.
pub fn recent(store: &Store, target: &str, now: DateTime<Utc>) -> Result<Vec<Delay>, Error> {
    let since = Some(now - TimeDelta::days(7));
    let which = Which { target: Some(target), region: Some(""), since, ..Which::default() };
    latest(store, Surface::Number, which)
}

/// The delays of a surface, in seconds, at most the latest 2,000; uploads in seconds since 1970.
///
/// # Errors
/// When the store cannot be read.
pub fn latest(store: &Store, surface: Surface, which: Which<'_>) -> Result<Vec<Delay>, Error> {
    let samples = store.samples(surface, which)?;
    let latest = &samples[samples.len().saturating_sub(MOST)..];
    Ok(latest.iter().filter_map(|sample| looked(sample).delay().ok()).collect())
}

/// What the ledger knows of one invoice, as estimators take it, in seconds since 1970: from acceptance,
/// else from the upload.
#[must_use]
pub fn looked(sample: &piaotan_store::Sample) -> Sample {
    let uploaded = seconds(sample.accepted.unwrap_or(sample.uploaded));
    let (last_not_seen, first_seen) = (sample.last_not_seen.map(seconds), sample.first_seen.map(seconds));
    Sample { uploaded, last_not_seen, first_seen, batch: None }
}

/// Seconds since 1970.
#[must_use]
pub fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_micros() as f64 / 1e6
}
