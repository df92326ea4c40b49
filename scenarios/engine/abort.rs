//! The limits that may end a run while it lasts: over all since the warm-up, and over the last stretch.

use super::recorder::Batch;
use super::totals::Counted;
use crate::scenario::PlannedLimit;
use hdrhistogram::Histogram;
use piaotan_analysis::limit::{Limit, Measured, Point, Subject, measure};
use piaotan_analysis::summary::SyncFold;
use piaotan_record::calendar::Calendar;
use piaotan_record::folder::Manifest;
use piaotan_record::{Arrivals, Cell, Code, Nanos, Operation, OutcomeKind, Surface};
use std::collections::{BTreeMap, HashSet};

/// What those limits look at.
#[derive(Debug)]
pub(super) struct Abort {
    limits: Vec<PlannedLimit>,
    /// When the warm-up ends.
    steady: Nanos,
    whole: Counted,
    /// The last seconds, where a limit is about stretches.
    seconds: BTreeMap<u32, Second>,
    /// Operations whose response (or service: true) times are kept second by second.
    timed: HashSet<(Operation, bool)>,
    /// Length of the longest stretch, in seconds.
    longest: u32,
    now: u32,
    /// When they were last judged.
    judged: u32,
    /// Marks of invoices, where a limit is about their delay.
    marks: Option<SyncFold>,
}

/// One second as it is kept: counts, and of latencies only what was recorded. Whole histograms of ten
/// minutes would fill gigabytes.
#[derive(Debug, Default)]
struct Second {
    counts: BTreeMap<Operation, Counts>,
    arrivals: Arrivals,
}

#[derive(Debug, Default)]
struct Counts {
    outcomes: [u64; OutcomeKind::COUNT],
    codes: Vec<(Code, u64)>,
    /// Latencies in nanoseconds, with their counts; the same one may recur.
    response: Vec<(u64, u64)>,
    service: Vec<(u64, u64)>,
}

impl Abort {
    /// Of the limits of a run those that may end it.
    pub fn new(limits: &[PlannedLimit], steady: Nanos) -> Self {
        let limits: Vec<_> = limits.iter().filter(|each| each.abort).cloned().collect();
        let longest = limits.iter().filter_map(|each| each.window).map(|window| window.as_secs()).max();
        let timed = |each: &PlannedLimit| match each.limit.subject {
            Subject::Latency { operation, service, .. } => each.window.map(|_| (operation, service)),
            _ => None,
        };
        let about_sync = |each: &PlannedLimit| matches!(each.limit.subject, Subject::Sync { .. });
        Self {
            whole: Counted::default(),
            seconds: BTreeMap::new(),
            timed: limits.iter().filter_map(timed).collect(),
            longest: u32::try_from(longest.unwrap_or(0)).unwrap_or(u32::MAX),
            now: 0,
            judged: 0,
            marks: limits.iter().any(about_sync).then(SyncFold::default),
            steady,
            limits,
        }
    }

    /// Takes a batch, less what was due inside a window.
    pub fn take(&mut self, batch: &Batch, in_window: &dyn Fn(u32, Operation, &Cell) -> bool) {
        if self.limits.is_empty() {
            return;
        }
        let since = self.steady.second();
        for (second, operation, cell) in batch.tally.cells().filter(|(second, ..)| *second >= since) {
            self.now = self.now.max(second);
            if !in_window(second, operation, cell) {
                self.whole.add(operation, cell);
                let timed = [false, true].map(|service| self.timed.contains(&(operation, service)));
                if let Some(kept) = self.second(second) {
                    kept.counts.entry(operation).or_default().add(cell, timed);
                }
            }
        }
        for (second, arrivals) in batch.tally.arrivals.range(since..) {
            self.whole.arrivals.merge(arrivals);
            if let Some(kept) = self.second(*second) {
                kept.arrivals.merge(arrivals);
            }
        }
        self.seconds = self.seconds.split_off(&self.oldest(self.longest));
        if let Some(marks) = &mut self.marks {
            batch.events.iter().for_each(|event| marks.hear(event));
        }
    }

    /// Where a second is kept; `None` where no limit is about stretches.
    fn second(&mut self, second: u32) -> Option<&mut Second> {
        (self.longest > 0).then(|| self.seconds.entry(second).or_default())
    }

    /// The first limit that is broken; looked for once a second.
    pub fn broken(&mut self, calendar: &Calendar, manifest: &Manifest) -> Option<String> {
        if self.now <= self.judged {
            return None;
        }
        self.judged = self.now;
        let found = |each: &PlannedLimit| {
            let value = match each.limit.subject {
                Subject::Sync { surface, point: Point::Quantile(q) } => {
                    self.delay(each, surface, q, calendar, manifest)
                }
                _ => self.counted(each, manifest),
            }?;
            (!each.limit.holds(value)).then(|| format!("{} (it was {value:.4})", each.limit))
        };
        self.limits.iter().find_map(found)
    }

    /// The value of a limit on counts and latencies, once its delay is over.
    fn counted(&self, each: &PlannedLimit, manifest: &Manifest) -> Option<f64> {
        let passed = u64::from(self.now).saturating_sub(self.steady.0 / Nanos::SECOND);
        if passed < each.delay.as_secs().max(2) {
            return None;
        }
        let last = each.window.map(|window| self.last(window.as_secs(), &each.limit));
        let counted = last.as_ref().unwrap_or(&self.whole);
        let (codes, rate) = (Some(&manifest.codes), counted.rate());
        measure(&each.limit, &Measured { cells: &counted.cells, codes, rate, sync: None })
    }

    /// The first second of a stretch of so many that ends now.
    fn oldest(&self, seconds: u32) -> u32 {
        (self.now + 1).saturating_sub(seconds)
    }

    /// The stretch of so many seconds that ends now, as far as a limit looks at it.
    fn last(&self, seconds: u64, limit: &Limit) -> Counted {
        let oldest = self.oldest(u32::try_from(seconds).unwrap_or(u32::MAX));
        let one = match limit.subject {
            Subject::Latency { operation, .. } | Subject::Errors(Some(operation)) => Some(operation),
            _ => None,
        };
        let mut joined = Counted::default();
        for second in self.seconds.range(oldest..).map(|(_, second)| second) {
            joined.arrivals.merge(&second.arrivals);
            for (operation, counts) in &second.counts {
                if one.is_none_or(|one| one == *operation) {
                    counts.add_to(joined.cells[operation.index()].get_or_insert_default());
                }
            }
        }
        joined
    }

    /// The value of a limit on a sync delay.
    ///
    /// Only invoices are judged that have had the time which the limit gives them, so that what is
    /// found here is what will be found in the end.
    fn delay(
        &self,
        each: &PlannedLimit,
        surface: Surface,
        q: f64,
        calendar: &Calendar,
        manifest: &Manifest,
    ) -> Option<f64> {
        let (now, steady) = (f64::from(self.now), self.steady.as_seconds());
        let until = now - each.limit.bound;
        let from = each.window.map_or(steady, |window| steady.max(until - window.as_secs_f64()));
        if until - steady < each.delay.max(each.window.unwrap_or_default()).as_secs_f64() {
            return None;
        }
        let marks = self.marks.as_ref()?.of_surface(surface);
        Some(marks.quantile(q, from..until, calendar, manifest, now)?.value)
    }
}

impl Counts {
    /// `timed`: whether response times are wanted, and whether service times are.
    fn add(&mut self, cell: &Cell, timed: [bool; 2]) {
        for (mine, theirs) in self.outcomes.iter_mut().zip(cell.outcomes) {
            *mine += theirs;
        }
        self.codes.extend_from_slice(&cell.codes);
        let kept = [(&mut self.response, &cell.response), (&mut self.service, &cell.service)];
        for (kept, times) in kept.into_iter().zip(timed).filter_map(|(each, wanted)| wanted.then_some(each)) {
            kept.extend(times.iter_recorded().map(|at| (at.value_iterated_to(), at.count_at_value())));
        }
    }

    fn add_to(&self, cell: &mut Cell) {
        for (theirs, mine) in cell.outcomes.iter_mut().zip(self.outcomes) {
            *theirs += mine;
        }
        cell.codes.extend_from_slice(&self.codes);
        let put = |times: &[(u64, u64)], into: &mut Histogram<u64>| {
            times.iter().for_each(|(value, count)| into.saturating_record_n(*value, *count));
        };
        put(&self.response, &mut cell.response);
        put(&self.service, &mut cell.service);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::recorder::Recorder;
    use piaotan_record::code::CodeEntry;
    use piaotan_record::folder::Event;
    use piaotan_record::{CodeBook, Observation, Outcome, Token};
    use std::sync::Arc;
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
            let done = Nanos(due.0 + millis * 1_000_000);
            let seen = Observation::new(Operation::Upload, due, due, done, outcome);
            recorder.seen(&Observation { code, ..seen });
        }
        recorder.take(0.0, true)
    }

    fn aborting(text: &str, window: Option<u64>, delay: u64) -> Vec<PlannedLimit> {
        let (limit, window) = (text.parse().unwrap(), window.map(Duration::from_secs));
        vec![PlannedLimit { limit, window, abort: true, delay: Duration::from_secs(delay) }]
    }

    /// The second in which a run would end of which every second is bad from the tenth on.
    fn ends(limits: &[PlannedLimit], in_window: &dyn Fn(u32, Operation, &Cell) -> bool) -> Option<u32> {
        let (calendar, manifest) = (Calendar::of(Vec::new()), Manifest { codes: codes(), ..manifest() });
        let mut abort = Abort::new(limits, Nanos::default());
        (0..60).find(|second| {
            let (failed, millis) = if *second >= 10 { (5, 900) } else { (0, 20) };
            abort.take(&batch(*second, 10, failed, millis), in_window);
            abort.broken(&calendar, &manifest).is_some()
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

    #[test]
    fn a_stretch_is_kept_small_and_exact() {
        let mut limits = aborting("upload.response.p90 < 1h", Some(600), 0);
        limits.extend(aborting("errors < 100%", Some(600), 0));
        let (mut abort, mut whole) = (Abort::new(&limits, Nanos::default()), Cell::default());
        for second in 0..100 {
            let batch = batch(second, 50, 10, u64::from(second % 7) * 1_234);
            batch.tally.cells().for_each(|(_, _, cell)| whole.merge(cell));
            abort.take(&batch, EVERYWHERE);
        }
        let last = abort.last(600, &limits[0].limit);
        let kept = last.cells[Operation::Upload.index()].as_deref().unwrap();
        assert_eq!((&kept.response, kept.outcomes), (&whole.response, whole.outcomes));
        assert!(kept.service.is_empty(), "nobody asked for service times");
        let times = abort.seconds.values().flat_map(|second| second.counts.values());
        let most = times.map(|counts| counts.response.len() + counts.service.len()).max();
        assert_eq!((most, abort.seconds.len()), (Some(1), 100));
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
        let mut abort = Abort::new(limits, Nanos::default());
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
            abort.take(&batch, EVERYWHERE);
            abort.broken(&calendar, &manifest).is_some()
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
