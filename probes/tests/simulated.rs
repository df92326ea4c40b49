//! The watch when the wall clock is set, and when its store cannot be written: in simulated time, against
//! the reference platform.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "../examples/stage/mod.rs"]
mod stage;

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_client::clock::Clock;
use piaotan_client::profile::Profile;
use piaotan_probes::live::notify::Message;
use piaotan_probes::live::watch::{Before, Begin, Outlet, watch};
use piaotan_probes::{ProbeKind, ProbeResult, ProbesSection};
use piaotan_record::calendar::Sighting;
use piaotan_record::{Calendar, Span, Window};
use piaotan_store::Store;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

fn noon() -> DateTime<Utc> {
    "2026-11-24T04:00:00Z".parse().unwrap()
}

/// What a watch tells, with the moment of a clock that nobody sets.
#[derive(Default)]
struct Told {
    runs: Vec<(Instant, ProbeResult)>,
    missed: u64,
    troubles: Vec<String>,
    most_waiting: usize,
    dropped: u64,
}

impl Outlet for Told {
    fn probed(&mut self, result: &ProbeResult) {
        self.runs.push((Instant::now(), result.clone()));
    }
    fn message(&mut self, _message: Message) {}
    fn sighted(&mut self, _sighting: &Sighting) {}
    fn missed(&mut self, _probe: ProbeKind, slots: u64) {
        self.missed += slots;
    }
    fn stored(&mut self, waiting: usize, dropped: u64) {
        self.most_waiting = self.most_waiting.max(waiting);
        self.dropped = dropped;
    }
    fn trouble(&mut self, text: &str) {
        self.troubles.push(text.to_owned());
    }
}

/// One process that watches, begins anew now and then, and remembers what it must.
struct Process {
    dialer: piaotan_client::transport::Dialer,
    store: Arc<Store>,
    section: ProbesSection,
    window: Window,
    clock: Clock,
    before: Before,
    told: Told,
}

impl Process {
    fn new(folder: &Path, every: u64) -> Self {
        let (world, theirs) = (stage::world(1, "", noon()), piaotan_platform::Clock::showing(noon()));
        let section = ProbesSection {
            which: vec![ProbeKind::Page, ProbeKind::ApiHealth],
            every: Span::seconds(every),
            ..ProbesSection::default()
        };
        Self {
            dialer: stage::dialer(&world, theirs, None),
            store: Arc::new(Store::open(&folder.join("w.db")).unwrap()),
            section,
            window: Window::new("w", noon() + TimeDelta::minutes(65), Some(noon() + TimeDelta::minutes(90))),
            clock: Clock::start_at(noon()),
            before: Before::default(),
            told: Told::default(),
        }
    }

    /// Watches for so many minutes of the clock that nobody sets.
    async fn watch(&mut self, minutes: u64) {
        let client = stage::client(Profile::reference(), &self.dialer, self.clock);
        let calendar = Arc::new(Calendar::of(vec![self.window.clone()]));
        let calendar = tokio::sync::watch::channel(calendar).1;
        let setting =
            stage::setting(client, self.dialer.clone(), self.store.clone(), calendar, self.section.clone());
        let before = std::mem::take(&mut self.before);
        let stop = tokio::time::sleep(Duration::from_secs(minutes * 60));
        self.before = watch(&setting, &mut self.told, before, stop).await.unwrap();
        self.before.begin = Begin::After(self.clock.wall());
    }

    /// Somebody sets the wall clock.
    fn set(&mut self, step: TimeDelta) {
        let shown = self.clock.wall();
        self.before.begin = Begin::Stepped(shown);
        self.clock = Clock::start_at(shown + step);
    }

    fn pages(&self) -> Vec<&(Instant, ProbeResult)> {
        self.told.runs.iter().filter(|(_, result)| result.probe == ProbeKind::Page).collect()
    }
}

/// Ten minutes, a step, ten minutes.
async fn check_step(step: TimeDelta, missed: (u64, u64), in_window: bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::new(folder.path(), 60);
    process.watch(10).await;
    process.set(step);
    process.watch(10).await;
    let pages = process.pages();
    assert!((18..=21).contains(&pages.len()), "{step}: {} runs in twenty minutes", pages.len());
    for two in pages.windows(2) {
        let apart = (two[1].0 - two[0].0).as_secs();
        assert!((29..=91).contains(&apart), "{step}: {apart} s between two runs");
    }
    let told = process.told.missed;
    assert!((missed.0..=missed.1).contains(&told), "{step}: {told} slots of two probes were missed");
    let last = &pages.last().unwrap().1;
    assert_eq!(last.window.is_some(), in_window, "{step}: windows are judged by what the wall clock shows");
    assert!(pages.iter().all(|(_, result)| result.duration.as_seconds() < 60.0), "durations know no step");
    assert_eq!(process.told.troubles, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_hour_forward_is_counted_and_no_burst() {
    check_step(TimeDelta::hours(1), (118, 122), true).await;
}

#[tokio::test(start_paused = true)]
async fn an_hour_back_repeats_nothing_and_holds_nothing_up() {
    check_step(TimeDelta::hours(-1), (0, 0), false).await;
}

#[tokio::test(start_paused = true)]
async fn a_few_seconds_keep_no_slot_twice() {
    check_step(TimeDelta::seconds(-7), (0, 0), false).await;
    check_step(TimeDelta::seconds(7), (0, 2), false).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_loses_no_result_over_a_new_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::new(folder.path(), 1);
    process.watch(2).await;
    assert_eq!(process.before.unwritten(), 0);
    process.store.limit_pages(1);
    process.watch(5).await;
    let waiting = process.before.unwritten();
    assert!(waiting > 0, "nothing waits although the disk is full");
    assert!(process.told.troubles.iter().all(|text| text.contains("the disk is full")));
    // One try in ten seconds, and not one a result.
    let tries = process.told.troubles.len();
    assert!((2..=60).contains(&tries), "{tries} tries");
    process.store.limit_pages(1_000_000);
    process.watch(2).await;
    assert_eq!((process.before.unwritten(), process.told.dropped), (0, 0));
    assert!(process.told.most_waiting >= waiting);
    let kept = process.store.runs(None, noon() - TimeDelta::hours(1), noon() + TimeDelta::hours(1)).unwrap();
    assert_eq!(kept.len(), process.told.runs.len(), "each result once");
}
