//! One thread takes the tallies of all workers once a second, writes the folder, merges the totals
//! and looks at the limits that may end the run.

use super::holds::Holds;
use super::made::Book;
use super::recorder::Batch;
use super::session::EngineError;
use super::stop::{Stop, Urgency};
use super::stretch::Stretch;
use crate::scenario::PlannedLimit;
use chrono::TimeDelta;
use hdrhistogram::Histogram;
use piaotan_analysis::limit::{Limit, Measured, Point, Subject, measure};
use piaotan_analysis::summary::SyncFold;
use piaotan_record::calendar::Calendar;
use piaotan_record::folder::{Event, FolderError, Manifest, RunWriter};
use piaotan_record::{Arrivals, Cell, CodeBook, Nanos, Operation, tally};
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
        let mut ring = Ring::new(&self.limits);
        while let Ok(batch) = from.recv() {
            // The ledger first, and also after a failure: what was made has to be voided all the same.
            let noted = self.note(&batch);
            // After a failure batches are still taken, so that no worker waits.
            if failed.is_none()
                && let Err(e) = noted.and_then(|()| Ok(self.take(&batch, &mut ring)?))
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

    fn take(&mut self, batch: &Batch, ring: &mut Ring) -> Result<(), FolderError> {
        self.writer.append_tally(&batch.tally)?;
        self.writer.append_events(&batch.events)?;
        self.merge(batch);
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
        ring.take(batch, self.steady, &in_window);
        let broken = ring.broken(&self.limits, self.steady, &manifest.codes);
        if let Some(broken) = broken.or_else(|| ring.late(&self.limits, self.steady, &calendar, manifest)) {
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

/// What limits which may end the run look at: all since the warm-up, and the last stretches.
#[derive(Debug)]
struct Ring {
    wanted: bool,
    whole: Counted,
    seconds: VecDeque<(u32, Counted)>,
    /// Length of the longest stretch, in seconds.
    longest: u32,
    now: u32,
    /// Marks of invoices, where a limit that may end the run is about their delay.
    marks: Option<SyncFold>,
    /// When they were last judged.
    judged: u32,
}

/// Cells by [`Operation::index`], and arrivals.
#[derive(Debug, Clone)]
struct Counted {
    cells: Vec<Option<Box<Cell>>>,
    arrivals: Arrivals,
}

impl Default for Counted {
    fn default() -> Self {
        Self { cells: vec![None; Operation::COUNT], arrivals: Arrivals::default() }
    }
}

impl Counted {
    fn add(&mut self, operation: Operation, cell: &Cell) {
        self.cells[operation.index()].get_or_insert_default().merge(cell);
    }

    fn merge(&mut self, other: &Self) {
        for (operation, cell) in Operation::ALL.iter().zip(&other.cells) {
            if let Some(cell) = cell {
                self.add(*operation, cell);
            }
        }
        self.arrivals.merge(&other.arrivals);
    }

    /// Started arrivals over those asked for.
    fn rate(&self) -> Option<f64> {
        let asked = self.arrivals.scheduled - self.arrivals.suppressed;
        (asked > 0).then(|| self.arrivals.started as f64 / asked as f64)
    }
}

impl Ring {
    fn new(limits: &[PlannedLimit]) -> Self {
        let abort = limits.iter().filter(|each| each.abort);
        let longest = abort.clone().filter_map(|each| each.window).map(|window| window.as_secs()).max();
        Self {
            whole: Counted::default(),
            seconds: VecDeque::new(),
            longest: u32::try_from(longest.unwrap_or(0)).unwrap_or(u32::MAX),
            now: 0,
            marks: abort
                .clone()
                .any(|each| matches!(each.limit.subject, Subject::Sync { .. }))
                .then(SyncFold::default),
            judged: 0,
            wanted: abort.count() > 0,
        }
    }

    fn take(&mut self, batch: &Batch, steady: Nanos, in_window: &dyn Fn(u32, Operation, &Cell) -> bool) {
        if !self.wanted {
            return;
        }
        let since = steady.second();
        for (second, operation, cell) in batch.tally.cells().filter(|(second, ..)| *second >= since) {
            self.now = self.now.max(second);
            if !in_window(second, operation, cell) {
                self.whole.add(operation, cell);
                self.in_second(second, |counted| counted.add(operation, cell));
            }
        }
        for (second, arrivals) in batch.tally.arrivals.range(since..) {
            self.whole.arrivals.merge(arrivals);
            self.in_second(*second, |counted| counted.arrivals.merge(arrivals));
        }
        let oldest = self.oldest(self.longest);
        while self.seconds.front().is_some_and(|(second, _)| *second < oldest) {
            self.seconds.pop_front();
        }
        if let Some(marks) = &mut self.marks {
            batch.events.iter().for_each(|event| marks.hear(event));
        }
    }

    fn in_second(&mut self, second: u32, add: impl FnOnce(&mut Counted)) {
        if self.longest == 0 {
            return;
        }
        let at = self.seconds.partition_point(|(known, _)| *known < second);
        if self.seconds.get(at).is_none_or(|(known, _)| *known != second) {
            self.seconds.insert(at, (second, Counted::default()));
        }
        add(&mut self.seconds[at].1);
    }

    /// The first limit that is broken and may end the run.
    fn broken(&self, limits: &[PlannedLimit], steady: Nanos, codes: &CodeBook) -> Option<String> {
        let passed = u64::from(self.now).saturating_sub(steady.0 / Nanos::SECOND);
        let due =
            limits.iter().filter(|each| self.wanted && each.abort && passed >= each.delay.as_secs().max(2));
        let mut broken = due.filter_map(|each| {
            let last;
            let counted = match each.window {
                None => &self.whole,
                Some(window) => {
                    last = self.last(window.as_secs());
                    &last
                }
            };
            let rate = counted.rate();
            let measured = Measured { cells: &counted.cells, codes: Some(codes), rate, sync: None };
            let value = measure(&each.limit, &measured)?;
            (!each.limit.holds(value)).then(|| format!("{} (it was {value:.4})", each.limit))
        });
        broken.next()
    }

    /// The first second of a stretch of so many that ends now.
    fn oldest(&self, seconds: u32) -> u32 {
        (self.now + 1).saturating_sub(seconds)
    }

    fn last(&self, seconds: u64) -> Counted {
        let oldest = self.oldest(u32::try_from(seconds).unwrap_or(u32::MAX));
        let mut joined = Counted::default();
        let stretch = self.seconds.iter().filter(|(second, _)| *second >= oldest);
        stretch.for_each(|(_, counted)| joined.merge(counted));
        joined
    }

    /// The first limit on a sync delay that is broken and may end the run; looked for once a second.
    ///
    /// Only invoices are judged that have had the time which the limit gives them, so that what is
    /// found here is what will be found in the end.
    fn late(
        &mut self,
        limits: &[PlannedLimit],
        steady: Nanos,
        calendar: &Calendar,
        manifest: &Manifest,
    ) -> Option<String> {
        let marks = self.marks.as_ref().filter(|_| self.now > self.judged)?;
        self.judged = self.now;
        let (now, steady) = (f64::from(self.now), steady.as_seconds());
        let mut broken = limits.iter().filter(|each| each.abort).filter_map(|each| {
            let Limit { subject: Subject::Sync { surface, point: Point::Quantile(q) }, bound, .. } =
                each.limit
            else {
                return None;
            };
            let until = now - bound;
            let from = each.window.map_or(steady, |window| steady.max(until - window.as_secs_f64()));
            let whole = until - steady >= each.delay.max(each.window.unwrap_or_default()).as_secs_f64();
            let found = marks
                .of_surface(surface)
                .quantile(q, from..until, calendar, manifest, now)
                .filter(|_| whole)?;
            (!each.limit.holds(found.value)).then(|| format!("{} (it was {:.4})", each.limit, found.value))
        });
        broken.next()
    }
}

/// An event at the end of a run.
#[must_use]
pub fn ended(at: Nanos, reason: &str, cut_off: u64) -> Event {
    Event::Ended { at, reason: reason.to_owned(), cut_off }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::recorder::Recorder;
    use piaotan_record::code::CodeEntry;
    use piaotan_record::{Observation, Outcome, Surface, Token};
    use std::time::Duration;

    const EVERYWHERE: &dyn Fn(u32, Operation, &Cell) -> bool = &|_, _, _| false;

    fn codes() -> CodeBook {
        let (text, none) = (|text: &str| text.to_owned(), String::new());
        CodeBook::new(vec![CodeEntry {
            code: text("5003"),
            meaning: none.clone(),
            meaning_zh: none.clone(),
            remedy: none.clone(),
            remedy_zh: none,
        }])
    }

    /// What came back in one second: so many requests of which so many failed, answered after so long.
    fn batch(second: u32, requests: u64, failed: u64, millis: u64) -> Batch {
        let mut recorder = Recorder::new(Arc::default());
        for n in 0..requests {
            let due = Nanos(u64::from(second) * Nanos::SECOND + n * 1_000);
            let (outcome, code) = match n < failed {
                true => (Outcome::ServerError, Some(codes().code("5003"))),
                false => (Outcome::Ok, None),
            };
            recorder.tally().arrivals_at(due).scheduled += 1;
            recorder.tally().arrivals_at(due).started += u64::from(n >= failed);
            recorder.sent(Operation::Upload, due);
            recorder.seen(&Observation {
                operation: Operation::Upload,
                due,
                sent: due,
                first_byte: None,
                done: Nanos(due.0 + millis * 1_000_000),
                bytes_sent: 0,
                bytes_received: 0,
                outcome,
                code,
                mark: None,
                evidence: None,
            });
        }
        recorder.take(0.0, true)
    }

    fn aborting(text: &str, window: Option<u64>, delay: u64) -> Vec<PlannedLimit> {
        let (limit, window) = (text.parse().unwrap(), window.map(Duration::from_secs));
        vec![PlannedLimit { limit, window, abort: true, delay: Duration::from_secs(delay) }]
    }

    /// The second in which a run would end of which every second is bad from the tenth on.
    fn ends(limits: &[PlannedLimit], in_window: &dyn Fn(u32, Operation, &Cell) -> bool) -> Option<u32> {
        let mut ring = Ring::new(limits);
        (0..60).find(|second| {
            let (failed, millis) = if *second >= 10 { (5, 900) } else { (0, 20) };
            ring.take(&batch(*second, 10, failed, millis), Nanos::default(), in_window);
            ring.broken(limits, Nanos::default(), &codes()).is_some()
        })
    }

    #[test]
    fn every_kind_of_limit_can_end_a_run() {
        let kinds = [
            "upload.response.p90 < 500ms",
            "upload.service.max < 500ms",
            "errors < 4%",
            "upload.errors < 4%",
            "code.5003 < 4%",
            "outcome.server_error < 4%",
            "rate > 96%",
        ];
        for kind in kinds {
            let whole = ends(&aborting(kind, None, 0), EVERYWHERE);
            assert!(whole.is_some_and(|second| (10..14).contains(&second)), "{kind}: {whole:?}");
            let last = ends(&aborting(kind, Some(5), 0), EVERYWHERE);
            assert!(last.is_some_and(|second| (10..12).contains(&second)), "{kind}: {last:?}");
            assert_eq!(ends(&aborting(kind, Some(5), 40), EVERYWHERE), Some(40), "{kind}");
        }
    }

    #[test]
    fn nothing_inside_a_window_ends_a_run() {
        let limits = aborting("errors < 4%", None, 0);
        assert_eq!(ends(&limits, &|second, _, _| second >= 10), None);
    }

    fn manifest() -> Manifest {
        serde_json::from_value(serde_json::json!({
            "schema": 1, "version": "1", "run": "r", "scenario": "s", "scenario_text": "", "target": "",
            "profile": "reference", "started": "2026-11-24T02:00:00Z", "planned": 60.0, "seed": 1,
            "host": {"cpu": "", "cores": 1, "memory_bytes": 1, "system": ""},
            "segment": {"index": 0, "of": 1},
        }))
        .unwrap()
    }

    /// Eight invoices a second, of which those from the tenth on become visible after `late` seconds.
    fn ends_for_sync(limits: &[PlannedLimit], late: u32) -> Option<u32> {
        let manifest = manifest();
        let (calendar, surface) = (Calendar::of(Vec::new()), Surface::Number);
        let delay = |second: u32| if second >= 10 { late } else { 1 };
        let mut ring = Ring::new(limits);
        (0..60).find(|now| {
            let at = Nanos(u64::from(*now) * Nanos::SECOND);
            let mut batch = batch(*now, 1, 0, 20);
            let tokens = |second: u32| (0..8).map(move |n| Token(u64::from(second) * 8 + n));
            let issued = |token| Event::Issued { at, token, number: String::new() };
            batch.events.extend(tokens(*now).map(issued));
            for (second, token) in
                (0..=*now).flat_map(|second| tokens(second).map(move |token| (second, token)))
            {
                let region = String::new();
                batch.events.push(if second + delay(second) <= *now {
                    Event::Seen { at, asked: at, token, surface, region }
                } else {
                    Event::NotYet { at, asked: at, token, surface, region }
                });
            }
            ring.take(&batch, Nanos::default(), EVERYWHERE);
            ring.late(limits, Nanos::default(), &calendar, &manifest).is_some()
        })
    }

    #[test]
    fn a_sync_delay_ends_a_run_once_invoices_have_had_their_time() {
        let whole = aborting("sync.number.p90 < 4s", None, 0);
        assert_eq!(ends_for_sync(&whole, 2), None);
        let ended = ends_for_sync(&whole, 30);
        assert!(ended.is_some_and(|second| (14..22).contains(&second)), "{ended:?}");
        let last = ends_for_sync(&aborting("sync.number.p50 < 4s", Some(5), 0), 30);
        assert!(last.is_some_and(|second| (16..22).contains(&second)), "{last:?}");
    }
}
