//! One thread takes the tallies of all workers once a second, writes the folder, merges the totals
//! and looks at the limits that may end the run.

use super::recorder::Batch;
use super::stop::{Stop, Urgency};
use super::stretch::Stretch;
use crate::scenario::PlannedLimit;
use hdrhistogram::Histogram;
use piaotan_analysis::limit::{Measured, measure};
use piaotan_record::folder::{Event, FolderError, RunWriter};
use piaotan_record::{Arrivals, Cell, Nanos, Operation, Surface, tally};
use std::collections::VecDeque;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a run has seen so far: for progress, `/metrics` and limits.
#[derive(Debug)]
pub struct Totals {
    /// By [`Operation::index`]; windows are not set apart here.
    pub cells: Vec<Option<Box<Cell>>>,
    pub arrivals: Arrivals,
    pub lateness: Histogram<u64>,
    /// CPU share of the busiest pacing worker in the last second, 0 to 1.
    pub cpu: f64,
    /// Its highest so far, and how many seconds it was above 0.9.
    pub cpu_peak: f64,
    pub saturated_seconds: u32,
    /// The last seconds, newest last: for progress.
    pub recent: VecDeque<Recent>,
    /// Set when the folder could not be written: the run ends, what is there is kept.
    pub trouble: Option<String>,
    /// The limit that ended the run.
    pub aborted: Option<String>,
    /// Followed invoices that were found by their number.
    pub seen_by_number: u64,
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
            cells: vec![None; Operation::COUNT],
            arrivals: Arrivals::default(),
            lateness: tally::latency_histogram(),
            cpu: 0.0,
            cpu_peak: 0.0,
            saturated_seconds: 0,
            recent: VecDeque::new(),
            trouble: None,
            aborted: None,
            seen_by_number: 0,
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

/// What the collector works with.
#[derive(Debug)]
pub struct Collector {
    pub writer: RunWriter,
    pub live: Live,
    pub limits: Vec<PlannedLimit>,
    /// When the plan begins and its warm-up ends.
    pub steady: Nanos,
    pub stop: Stop,
}

impl Collector {
    /// Takes batches until every sender is gone; gives the writer back.
    ///
    /// # Errors
    /// When the folder could not be written; everything that came before is in it.
    pub fn run(mut self, from: &Receiver<Batch>) -> Result<RunWriter, FolderError> {
        let mut failed = None;
        let mut ring = Ring::new(&self.limits);
        while let Ok(batch) = from.recv() {
            // After a failure batches are still taken, so that no worker waits.
            if failed.is_none()
                && let Err(e) = self.take(&batch, &mut ring)
            {
                self.live.lock().trouble = Some(e.to_string());
                self.stop.raise(Urgency::Drain);
                failed = Some(e);
            }
            if let Some(fence) = &batch.fence {
                let _ = fence.send(());
            }
        }
        match failed {
            Some(e) => Err(e),
            None => Ok(self.writer),
        }
    }

    fn take(&mut self, batch: &Batch, ring: &mut Ring) -> Result<(), FolderError> {
        self.writer.append_tally(&batch.tally)?;
        self.writer.append_events(&batch.events)?;
        self.merge(batch);
        if let Some(stretch) = self.live.stretch().as_mut() {
            stretch.take(batch);
        }
        ring.take(batch, self.steady);
        if let Some(broken) = ring.broken(&self.limits, self.steady) {
            self.live.lock().aborted.get_or_insert(broken);
            self.stop.raise(Urgency::Drain);
        }
        Ok(())
    }

    fn merge(&self, batch: &Batch) {
        let mut totals = self.live.lock();
        let mut whole = Cell::default();
        for (_, operation, cell) in batch.tally.cells() {
            totals.cells[operation.index()].get_or_insert_default().merge(cell);
            if !operation.is_journey() {
                whole.merge(cell);
            }
        }
        for arrivals in batch.tally.arrivals.values() {
            totals.arrivals.merge(arrivals);
        }
        let seen = |event: &&Event| matches!(event, Event::Seen { surface: Surface::Number, .. });
        totals.seen_by_number += batch.events.iter().filter(seen).count() as u64;
        totals.lateness.add(&batch.lateness).expect("all histograms have one shape");
        if batch.paces {
            totals.cpu = batch.cpu;
            totals.cpu_peak = totals.cpu_peak.max(batch.cpu);
            totals.saturated_seconds += u32::from(batch.cpu > SATURATED);
            totals.recent.push_back(recent(&whole));
            if totals.recent.len() > 60 {
                totals.recent.pop_front();
            }
        }
    }
}

/// CPU share of a worker above which its pace cannot be trusted.
pub const SATURATED: f64 = 0.9;

fn recent(whole: &Cell) -> Recent {
    use piaotan_record::Class;
    let quantile = |q| whole.response.value_at_quantile(q) as f64 / 1e9;
    Recent {
        sent: whole.sent,
        answered: whole.of(Class::Ok) + whole.of(Class::BusinessNo),
        failed: whole.of(Class::Failed) + whole.of(Class::TimedOut),
        p50: quantile(0.5),
        p95: quantile(0.95),
    }
}

/// The cells that limits which may end the run look at: all since the warm-up, and the last stretches.
#[derive(Debug)]
struct Ring {
    wanted: bool,
    whole: Vec<Option<Box<Cell>>>,
    seconds: VecDeque<(u32, Vec<Option<Box<Cell>>>)>,
    longest: usize,
    now: u32,
}

impl Ring {
    fn new(limits: &[PlannedLimit]) -> Self {
        let abort = limits.iter().filter(|each| each.abort);
        let longest = abort.clone().filter_map(|each| each.window).map(|window| window.as_secs()).max();
        Self {
            wanted: abort.count() > 0,
            whole: vec![None; Operation::COUNT],
            seconds: VecDeque::new(),
            longest: usize::try_from(longest.unwrap_or(0)).unwrap_or(0),
            now: 0,
        }
    }

    fn take(&mut self, batch: &Batch, steady: Nanos) {
        if !self.wanted {
            return;
        }
        for (second, operation, cell) in batch.tally.cells().filter(|(second, ..)| *second >= steady.second())
        {
            self.now = self.now.max(second);
            self.whole[operation.index()].get_or_insert_default().merge(cell);
            if self.longest > 0 {
                self.second(second)[operation.index()].get_or_insert_default().merge(cell);
            }
        }
        while self.seconds.len() > self.longest {
            self.seconds.pop_front();
        }
    }

    fn second(&mut self, second: u32) -> &mut Vec<Option<Box<Cell>>> {
        let at = self.seconds.partition_point(|(known, _)| *known < second);
        if self.seconds.get(at).is_none_or(|(known, _)| *known != second) {
            self.seconds.insert(at, (second, vec![None; Operation::COUNT]));
        }
        &mut self.seconds[at].1
    }

    /// The first limit that is broken and may end the run.
    fn broken(&self, limits: &[PlannedLimit], steady: Nanos) -> Option<String> {
        let passed = u64::from(self.now).saturating_sub(steady.0 / Nanos::SECOND);
        let due =
            limits.iter().filter(|each| self.wanted && each.abort && passed >= each.delay.as_secs().max(2));
        let mut broken = due.filter_map(|each| {
            let cells = match each.window {
                None => self.whole.clone(),
                Some(window) => self.last(window.as_secs()),
            };
            let value = measure(&each.limit, &Measured { cells: &cells, ..Measured::default() })?;
            (!each.limit.holds(value)).then(|| format!("{} (it was {value:.4})", each.limit))
        });
        broken.next()
    }

    fn last(&self, seconds: u64) -> Vec<Option<Box<Cell>>> {
        let mut joined: Vec<Option<Box<Cell>>> = vec![None; Operation::COUNT];
        let count = usize::try_from(seconds).unwrap_or(usize::MAX).min(self.seconds.len());
        for (_, cells) in self.seconds.iter().rev().take(count) {
            for (mine, theirs) in joined.iter_mut().zip(cells) {
                if let Some(cell) = theirs {
                    mine.get_or_insert_default().merge(cell);
                }
            }
        }
        joined
    }
}

/// An event at the end of a run.
#[must_use]
pub fn ended(at: Nanos, reason: &str, cut_off: u64) -> Event {
    Event::Ended { at, reason: reason.to_owned(), cut_off }
}
