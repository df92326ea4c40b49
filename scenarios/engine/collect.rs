//! One thread takes the tallies of all workers once a second, writes the folder, merges the totals
//! and looks at the limits that may end the run.

use super::abort::Abort;
use super::holds::Holds;
use super::made::Book;
use super::recorder::Batch;
use super::session::EngineError;
use super::stop::{Stop, Urgency};
use super::totals::Live;
use crate::scenario::PlannedLimit;
use chrono::TimeDelta;
use piaotan_record::folder::{FolderError, RunWriter};
use piaotan_record::{Cell, Nanos, Operation};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// What the collector works with.
#[derive(Debug)]
pub struct Collector {
    pub writer: RunWriter,
    pub live: Live,
    pub limits: Vec<PlannedLimit>,
    /// When the plan begins and its warm-up ends.
    pub steady: Nanos,
    /// The ledger of synthetic invoices.
    pub book: Option<Book>,
    /// Limits never see what was due inside a window.
    pub holds: Arc<Holds>,
    pub stop: Stop,
}

impl Collector {
    /// Takes batches until every sender is gone; gives the writer back.
    ///
    /// # Errors
    /// When the folder or the ledger could not be written; everything that came before is in it.
    pub fn run(mut self, from: &Receiver<Batch>) -> Result<RunWriter, EngineError> {
        let mut failed = None;
        let mut abort = Abort::new(&self.limits, self.steady);
        while let Ok(batch) = from.recv() {
            // The ledger first, and also after a failure: what was made has to be voided all the same.
            let noted = self.note(&batch);
            // After a failure batches are still taken, so that no worker waits.
            if failed.is_none()
                && let Err(e) = noted.and_then(|()| Ok(self.take(&batch, &mut abort)?))
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

    fn note(&self, batch: &Batch) -> Result<(), EngineError> {
        let written = self.book.as_ref().map(|book| book.write(&batch.made, self.writer.manifest()));
        Ok(written.transpose().map(drop)?)
    }

    fn take(&mut self, batch: &Batch, abort: &mut Abort) -> Result<(), FolderError> {
        self.writer.append_tally(&batch.tally)?;
        self.writer.append_events(&batch.events)?;
        self.live.lock().take(batch);
        if let Some(stretch) = self.live.stretch().as_mut() {
            stretch.take(batch);
        }
        let manifest = self.writer.manifest();
        let calendar = self.holds.calendar();
        let in_window = |second: u32, operation: Operation, cell: &Cell| {
            let from = manifest.wall(Nanos(u64::from(second) * Nanos::SECOND));
            let longest = i64::try_from(cell.response.max()).unwrap_or(i64::MAX);
            let to = from + TimeDelta::seconds(1) + TimeDelta::nanoseconds(longest);
            calendar.inside(from, to, operation.service()).is_some()
        };
        abort.take(batch, &in_window);
        if let Some(broken) = abort.broken(&calendar, manifest) {
            self.live.lock().aborted.get_or_insert(broken);
            self.stop.raise(Urgency::Drain);
        }
        Ok(())
    }
}
