//! The time series of a run, as charts need them: plain numbers, bounded, absent where nothing was
//! measured. Nothing here is ever NaN: an unknown is `None`, a gap is a missing bin or lane span.

use chrono::{DateTime, FixedOffset};
use piaotan_record::outcome::OutcomeKind;
use piaotan_record::{Operation, Surface};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// At most this many bins: a day is shown in bins of a minute, not in its 86 400 seconds.
pub const MOST_BINS: usize = 1_500;

/// A run over time. Every `t` is in seconds since `started`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub started: DateTime<FixedOffset>,
    /// Width of a bin, in seconds.
    pub bin_seconds: f64,
    /// In order of time. A bin may be missing where nothing was recorded.
    pub bins: Vec<Bin>,
    /// Quantiles up to 99.99 % over the whole run outside windows, by operation.
    #[serde(default)]
    pub quantile_curve: BTreeMap<Operation, Vec<QuantilePoint>>,
    /// Response times of all requests (not journeys), as counts.
    #[serde(default)]
    pub heat: Option<Heat>,
    #[serde(default)]
    pub sync_points: Vec<SyncPoint>,
    /// Announced, observed, and what the run did, one lane each.
    #[serde(default)]
    pub states: Vec<Lane>,
}

/// What happened in one bin of time, by the second in which it was due.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Left edge.
    pub t: f64,
    pub operations: BTreeMap<Operation, OpBin>,
    /// Journeys wanted by the pacer.
    pub scheduled: u64,
    pub started: u64,
    pub dropped: u64,
    /// Journeys held back because of a window.
    pub suppressed: u64,
    /// Requests handed to a connection.
    pub sent: u64,
    /// The window that the bin's samples met, if any.
    #[serde(default)]
    pub inside: Option<String>,
    /// Journeys under way at the end of the bin, where the engine said so.
    #[serde(default)]
    pub users: Option<u64>,
    /// Connections open at the end of the bin, where the engine said so.
    #[serde(default)]
    pub connections: Option<u64>,
}

/// One operation in one bin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OpBin {
    pub count: u64,
    pub outcomes: [u64; OutcomeKind::COUNT],
    #[serde(default)]
    pub codes: BTreeMap<String, u64>,
    /// From the due instant, in seconds; absent where nothing was timed.
    pub response: Option<Quantiles>,
    /// From the send, in seconds.
    pub service: Option<Quantiles>,
}

/// Quantiles of one bin, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// One point of a quantile curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantilePoint {
    /// Share of requests that took at most this long, 0 to 1.
    pub q: f64,
    /// Seconds from the due instant.
    pub response: f64,
    /// Seconds from the send.
    pub service: f64,
}

/// Counts over time and latency; `counts[column][row]`, columns are bins of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Heat {
    /// Left edge of the first column and width of each, in seconds.
    pub start: f64,
    pub column_seconds: f64,
    /// Edges of the latency rows in seconds, ascending, one more than rows.
    pub edges: Vec<f64>,
    pub counts: Vec<Vec<u64>>,
}

/// One tracked invoice on one surface: when it was taken, and between which bounds it became visible.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SyncPoint {
    /// When the delay started, in seconds since the run's start.
    pub uploaded: f64,
    /// Seconds after which it was last looked for and not there.
    pub delay_lower: f64,
    /// Seconds after which it was first seen; `None` where it never was (censored).
    pub delay_upper: Option<f64>,
    pub surface: Surface,
}

/// One lane of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    pub name: LaneName,
    pub spans: Vec<Span>,
}

piaotan_record::closed_enum! {
    /// Who says so.
    pub enum LaneName {
        /// What sources announced.
        Announced = "announced",
        /// What the platform's answers showed.
        Observed = "observed",
        /// What the run itself did.
        Run = "run",
    }
}

piaotan_record::closed_enum! {
    /// What a stretch of a lane was.
    pub enum LaneState {
        Normal = "normal",
        /// Only writing stopped, or was held back.
        WritesOnly = "writes_only",
        Maintenance = "maintenance",
        /// Announced as over and still going on.
        Overrun = "overrun",
        Recovering = "recovering",
        /// Failing without saying why.
        Down = "down",
        WarmUp = "warm_up",
        Running = "running",
        Paused = "paused",
        Ended = "ended",
    }
}

/// A stretch of one state, half-open, in seconds since the run's start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub t0: f64,
    pub t1: f64,
    pub state: LaneState,
}

impl Series {
    /// A series with nothing in it.
    #[must_use]
    pub fn empty(started: DateTime<FixedOffset>) -> Self {
        Self {
            started,
            bin_seconds: 1.0,
            bins: Vec::new(),
            quantile_curve: BTreeMap::new(),
            heat: None,
            sync_points: Vec::new(),
            states: Vec::new(),
        }
    }

    /// The instant of a moment of the run; the start where the moment is out of every range.
    #[must_use]
    pub fn wall(&self, t: f64) -> DateTime<FixedOffset> {
        let ms = (t * 1e3).clamp(-1e14, 1e14) as i64;
        chrono::TimeDelta::try_milliseconds(ms)
            .and_then(|d| self.started.checked_add_signed(d))
            .unwrap_or(self.started)
    }

    /// The moment of the run at an instant, in seconds; negative before its start.
    #[must_use]
    pub fn moment(&self, at: DateTime<FixedOffset>) -> f64 {
        (at - self.started).as_seconds_f64()
    }

    /// How long the series lasts: the right edge of its last bin or lane, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let bins = self.bins.last().map_or(0.0, |bin| bin.t + self.bin_seconds);
        let lanes = self.states.iter().flat_map(|lane| lane.spans.iter().map(|span| span.t1));
        lanes.fold(bins, f64::max)
    }

    /// The same in at most `most` bins: counts are summed, quantiles become their greatest, which
    /// is an upper bound of the merged bin's.
    #[must_use]
    pub fn coarsened(mut self, most: usize) -> Self {
        let step = self.bins.len().div_ceil(most.max(1)).max(1);
        if step > 1 {
            self.bin_seconds *= step as f64;
            self.bins = self.bins.chunks(step).map(merged).collect();
        }
        self
    }

    /// The operations that occur, in their fixed order.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let seen: std::collections::BTreeSet<Operation> =
            self.bins.iter().flat_map(|bin| bin.operations.keys().copied()).collect();
        seen.into_iter().collect()
    }
}

fn merged(bins: &[Bin]) -> Bin {
    let mut all = bins.first().cloned().unwrap_or_default();
    for bin in bins.iter().skip(1) {
        all.scheduled += bin.scheduled;
        all.started += bin.started;
        all.dropped += bin.dropped;
        all.suppressed += bin.suppressed;
        all.sent += bin.sent;
        all.inside = all.inside.or_else(|| bin.inside.clone());
        all.users = bin.users.or(all.users);
        all.connections = bin.connections.or(all.connections);
        for (operation, cell) in &bin.operations {
            all.operations.entry(*operation).or_default().add(cell);
        }
    }
    all
}

impl OpBin {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        for (mine, theirs) in self.outcomes.iter_mut().zip(other.outcomes) {
            *mine += theirs;
        }
        for (code, count) in &other.codes {
            *self.codes.entry(code.clone()).or_default() += count;
        }
        self.response = Quantiles::greatest(self.response, other.response);
        self.service = Quantiles::greatest(self.service, other.service);
    }
}

impl Quantiles {
    fn greatest(one: Option<Self>, two: Option<Self>) -> Option<Self> {
        let (Some(a), Some(b)) = (one, two) else { return one.or(two) };
        Some(Self {
            p50: a.p50.max(b.p50),
            p90: a.p90.max(b.p90),
            p95: a.p95.max(b.p95),
            p99: a.p99.max(b.p99),
            max: a.max.max(b.max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarsening_loses_no_count() {
        let bin = |t: f64| Bin { t, sent: 3, scheduled: 2, ..Bin::default() };
        let series = Series {
            bins: (0..10).map(|i| bin(f64::from(i))).collect(),
            ..Series::empty(DateTime::default())
        };
        let coarse = series.coarsened(4);
        assert_eq!((coarse.bins.len(), coarse.bin_seconds), (4, 3.0));
        assert_eq!(coarse.bins.iter().map(|bin| bin.sent).sum::<u64>(), 30);
    }
}
