//! What a run has seen so far, for those who show it while it runs.

use super::recorder::Batch;
use super::stretch::Stretch;
use hdrhistogram::Histogram;
use piaotan_client::ask::Client;
use piaotan_record::{Arrivals, Cell, Class, Operation, tally};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// CPU share of a worker above which its pace cannot be trusted.
pub const SATURATED: f64 = 0.9;

/// What a run has seen so far: for progress, `/metrics` and limits.
#[derive(Debug)]
pub struct Totals {
    /// Windows are not set apart here.
    pub counted: Counted,
    pub lateness: Histogram<u64>,
    /// CPU share of the busiest pacing worker in the last second, 0 to 1.
    pub cpu: f64,
    /// Its highest so far, and how many seconds it was above 0.9.
    pub cpu_peak: f64,
    pub saturated_seconds: u32,
    /// The last seconds, newest last: for progress.
    pub recent: VecDeque<Recent>,
    /// Journeys started, by the second they were due in; the last ones.
    started: BTreeMap<u32, u64>,
    /// Those that press, while they do: their connections are counted when somebody asks.
    clients: Vec<Weak<Client>>,
    /// Set when the folder could not be written: the run ends, what is there is kept.
    pub trouble: Option<String>,
    /// The limit that ended the run.
    pub aborted: Option<String>,
}

/// What one batch added.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recent {
    pub sent: u64,
    pub answered: u64,
    pub failed: u64,
    /// Seconds, over all operations of the batch.
    pub p50: f64,
    pub p95: f64,
}

/// The totals, shared with whoever shows them.
#[derive(Debug, Clone)]
pub struct Live(Arc<Mutex<Totals>>, Arc<Mutex<Option<Stretch>>>);

impl Default for Live {
    fn default() -> Self {
        let totals = Totals {
            counted: Counted::default(),
            lateness: tally::latency_histogram(),
            cpu: 0.0,
            cpu_peak: 0.0,
            saturated_seconds: 0,
            recent: VecDeque::new(),
            started: BTreeMap::new(),
            clients: Vec::new(),
            trouble: None,
            aborted: None,
        };
        Self(Arc::new(Mutex::new(totals)), Arc::default())
    }
}

impl Live {
    /// The totals, locked: hold them briefly.
    pub fn lock(&self) -> MutexGuard<'_, Totals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The block under way, if the run is a session of blocks.
    pub(super) fn stretch(&self) -> MutexGuard<'_, Option<Stretch>> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Totals {
    /// Journeys that were started in a second; nothing while its batches may still come.
    #[must_use]
    pub fn started_in(&self, second: u32) -> u64 {
        self.started.get(&second).copied().unwrap_or(0)
    }

    /// Connections open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.clients.iter().filter_map(Weak::upgrade).map(|client| client.connections()).sum()
    }

    pub(super) fn joined_by(&mut self, client: &Arc<Client>) {
        self.clients.push(Arc::downgrade(client));
    }

    /// Adds what a batch brings.
    pub(super) fn take(&mut self, batch: &Batch) {
        let mut whole = Cell::default();
        for (_, operation, cell) in batch.tally.cells() {
            self.counted.add(operation, cell);
            if !operation.is_journey() {
                whole.merge(cell);
            }
        }
        for (second, arrivals) in &batch.tally.arrivals {
            self.counted.arrivals.merge(arrivals);
            *self.started.entry(*second).or_default() += arrivals.started;
        }
        while self.started.len() > 60 {
            self.started.pop_first();
        }
        self.lateness.add(&batch.lateness).expect("all histograms have one shape");
        if batch.paces {
            self.cpu = batch.cpu;
            self.cpu_peak = self.cpu_peak.max(batch.cpu);
            self.saturated_seconds += u32::from(batch.cpu > SATURATED);
            self.recent.push_back(recent(&whole));
            if self.recent.len() > 60 {
                self.recent.pop_front();
            }
        }
    }
}

/// Cells by [`Operation::index`], and arrivals.
#[derive(Debug, Clone)]
pub struct Counted {
    pub cells: Vec<Option<Box<Cell>>>,
    pub arrivals: Arrivals,
}

impl Default for Counted {
    fn default() -> Self {
        Self { cells: vec![None; Operation::COUNT], arrivals: Arrivals::default() }
    }
}

impl Counted {
    pub(super) fn add(&mut self, operation: Operation, cell: &Cell) {
        self.cells[operation.index()].get_or_insert_default().merge(cell);
    }

    /// Requests handed to a connection of which nothing has come yet, as of the last second.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        let requests = Operation::ALL.iter().filter(|operation| !operation.is_journey());
        requests
            .filter_map(|one| self.cells[one.index()].as_ref())
            .map(|cell| cell.sent.saturating_sub(cell.count()))
            .sum()
    }

    /// Journeys started and not over, as of the last second.
    #[must_use]
    pub fn users(&self) -> u64 {
        let journeys = Operation::ALL.iter().filter(|operation| operation.is_journey());
        let over: u64 =
            journeys.filter_map(|one| self.cells[one.index()].as_ref()).map(|cell| cell.count()).sum();
        self.arrivals.started.saturating_sub(over)
    }

    /// Started arrivals over those asked for.
    pub(super) fn rate(&self) -> Option<f64> {
        let asked = self.arrivals.scheduled - self.arrivals.suppressed;
        (asked > 0).then(|| self.arrivals.started as f64 / asked as f64)
    }
}

fn recent(whole: &Cell) -> Recent {
    let quantile = |q| whole.response.value_at_quantile(q) as f64 / 1e9;
    Recent {
        sent: whole.sent,
        answered: whole.of(Class::Ok) + whole.of(Class::BusinessNo),
        failed: whole.of(Class::Failed) + whole.of(Class::TimedOut),
        p50: quantile(0.5),
        p95: quantile(0.95),
    }
}
