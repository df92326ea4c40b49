//! What the loop writes to the store: in order, and again later where it could not be written. A disk that
//! is full, or a store that another program holds locked, costs no result: results wait in memory.

use piaotan_client::clock::Clock;
use piaotan_record::Nanos;
use piaotan_record::calendar::{Correction, Sighting};
use piaotan_store::{Error, Health, Probed, Store};
use std::collections::VecDeque;
use std::time::Duration;

/// Results that wait, at most: hours of a usual watch, and some tens of megabytes where all are failures.
const MOST: usize = 20_000;
/// Rows of one transaction.
const TOGETHER: usize = 500;
/// Time between two tries: one at a locked store waits for seconds, and everybody with it.
const BETWEEN: Duration = Duration::from_secs(10);

/// Something that is to stand in the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    Probed(Box<Probed>),
    Sighted(Sighting),
    Corrected(Correction),
}

/// What waits to be written.
#[derive(Debug, Default)]
pub struct Writes {
    waiting: VecDeque<Write>,
    /// No try before this moment.
    not_before: Nanos,
    dropped: u64,
}

/// What came of a try.
#[derive(Debug, Default)]
pub struct Flushed {
    pub written: Vec<Write>,
    pub error: Option<Error>,
}

impl Writes {
    /// Puts something behind what waits already.
    pub fn put(&mut self, write: Write) {
        self.put_bounded(write, MOST);
    }

    fn put_bounded(&mut self, write: Write, most: usize) {
        self.waiting.push_back(write);
        if self.waiting.len() <= most {
            return;
        }
        // Failures are worth more than successes, and what was seen of a window more than either.
        let of = |wanted: fn(&Probed) -> bool| {
            self.waiting.iter().position(|write| matches!(write, Write::Probed(run) if wanted(run)))
        };
        let success = of(|run| run.health != Health::Unhealthy);
        if let Some(index) = success.or_else(|| of(|_| true)) {
            self.waiting.remove(index);
            self.dropped += 1;
        }
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many were given up, since more waited than are kept.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether it is time to try, for these writes or for others to the same store.
    #[must_use]
    pub fn may_try(&self, clock: Clock) -> bool {
        self.not_before <= clock.now()
    }

    /// A write to the store failed: nothing is tried for a while.
    pub fn failed(&mut self, clock: Clock) {
        self.not_before = Nanos(clock.now().0.saturating_add(Nanos::from_duration(BETWEEN).0));
    }

    /// The next try may be made at once; a clock that begins anew knows nothing of the last one.
    pub fn make_ready(&mut self) {
        self.not_before = Nanos(0);
    }

    /// Writes what waits, the oldest first, until all is written or a write fails.
    pub fn flush(&mut self, store: &Store, clock: Clock) -> Flushed {
        let mut flushed = Flushed::default();
        while let Some(count) = self.next() {
            let wrote = self.write(count, store);
            if let Err(error) = wrote {
                self.failed(clock);
                flushed.error = Some(error);
                break;
            }
            flushed.written.extend(self.waiting.drain(..count));
        }
        flushed
    }

    /// How many of those that wait are written by the next call: a row of results, or one of the others.
    fn next(&self) -> Option<usize> {
        let results =
            self.waiting.iter().take(TOGETHER).take_while(|write| matches!(write, Write::Probed(_)));
        (!self.waiting.is_empty()).then(|| results.count().max(1))
    }

    fn write(&self, count: usize, store: &Store) -> Result<(), Error> {
        match self.waiting.front() {
            Some(Write::Sighted(sighting)) => store.sighted(sighting),
            Some(Write::Corrected(correction)) => store.correct(correction),
            _ => {
                let run = |write: &Write| match write {
                    Write::Probed(run) => Some((**run).clone()),
                    _ => None,
                };
                let runs: Vec<Probed> = self.waiting.iter().take(count).filter_map(run).collect();
                store.probed(&runs)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Write, Writes};
    use chrono::{DateTime, TimeDelta, Utc};
    use piaotan_client::clock::Clock;
    use piaotan_record::Nanos;
    use piaotan_record::calendar::{Seen, Sighting};
    use piaotan_store::{Health, Probed, Store};
    use std::time::Duration;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    fn run(second: i64, health: Health) -> Write {
        let text = "x".repeat(900);
        Write::Probed(Box::new(Probed {
            probe: "page".into(),
            location: "here".into(),
            due: at(second),
            started: at(second),
            duration: Nanos(1),
            health,
            outcome: None,
            code: String::new(),
            detail: text,
            phases: None,
            evidence: None,
        }))
    }

    fn seen(second: i64) -> Write {
        Write::Sighted(Sighting { window: "w".into(), at: at(second), seen: Seen::StillDown })
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_costs_nothing_that_waits() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("w.db")).unwrap();
        let (clock, mut writes) = (Clock::start_at(at(0)), Writes::default());
        store.limit_pages(1);
        (0..700).for_each(|second| writes.put(run(second, Health::Healthy)));
        writes.put(seen(700));
        let flushed = writes.flush(&store, clock);
        assert!(flushed.error.unwrap().to_string().contains("the disk is full"));
        assert!(writes.waiting() > 0 && !writes.may_try(clock));
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert!(writes.may_try(clock));
        store.limit_pages(1_000_000);
        let later = writes.flush(&store, clock);
        assert!(later.error.is_none() && writes.waiting() == 0);
        assert_eq!(flushed.written.len() + later.written.len(), 701);
        let runs = store.runs(None, at(0), at(1_000)).unwrap();
        let kept: Vec<i64> = runs.iter().map(|run| (run.due - at(0)).num_seconds()).collect();
        assert_eq!(kept, (0..700).collect::<Vec<_>>(), "each once, and none is missing");
        let known = store.register(at(0) - TimeDelta::days(1)).unwrap();
        assert_eq!(known.sightings.len(), 1);
    }

    #[test]
    fn when_too_many_wait_the_oldest_successes_go() {
        let mut writes = Writes::default();
        let all = [seen(0), run(1, Health::Unhealthy), run(2, Health::Healthy), run(3, Health::Healthy)];
        all.into_iter().for_each(|write| writes.put_bounded(write, 2));
        assert_eq!(writes.waiting, [seen(0), run(1, Health::Unhealthy)]);
        assert_eq!(writes.dropped(), 2);
        writes.put_bounded(seen(4), 2);
        assert_eq!((writes.waiting.make_contiguous(), writes.dropped), (&mut [seen(0), seen(4)][..], 3));
    }
}
