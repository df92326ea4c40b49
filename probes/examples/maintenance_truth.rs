//! Seeded days of maintenance in simulated time: the reference platform's weather makes them, the client
//! polls it over in-memory streams, and what is concluded live is compared with the truth.
//!
//! `cargo run --release -p piaotan-probes --example maintenance_truth -- 100 24` (days of each kind, hours a
//! day, and the kinds where not all of them) prints a confusion table, and ends with 1 when fewer than 98 % are right, when an outage was
//! excused, or when an edge lay more than one poll from the truth.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program of its own, on a clock that it moves itself"
)]

mod stage;

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::phases::{Condition, Fact, ObservedPhases, PhaseOptions, episodes};
use piaotan_client::ask::Record;
use piaotan_client::clock::Clock;
use piaotan_client::port::{FieldName, Fields};
use piaotan_client::profile::Profile;
use piaotan_probes::live::agree::Agreement;
use piaotan_record::calendar::{CalendarOptions, Register};
use piaotan_record::window::{Services, Status};
use piaotan_record::{Calendar, Nanos, Observation, Operation, Window, closed_enum};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

closed_enum! {
    /// What a day holds.
    enum Kind {
        Announced = "announced",
        Unannounced = "unannounced",
        Overrun = "overrun",
        EarlyEnd = "early_end",
        Partial = "partial",
        Cancelled = "cancelled",
        FalseAlarm = "false_alarm",
        Outage = "outage",
        OutageBesideWindow = "outage_beside",
    }
}

/// Seconds between two polls of one operation.
const POLL: i64 = 60;

const POLLED: [Operation; 4] =
    [Operation::QueryNumber, Operation::Verify, Operation::Upload, Operation::QueryKeyword];

/// SplitMix64: the same days on every machine, without a dependency.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) >> 1).unwrap() % bound
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to - from)
    }
}

/// The truth of one day, in seconds since its start.
struct Story {
    weather: String,
    windows: Vec<(i64, i64, Services, Status)>,
    /// Maintenance that really was.
    held: Option<(i64, i64)>,
    outage: Option<(i64, i64)>,
}

fn story(kind: Kind, seed: u64, hours: i64) -> Story {
    let mut dice = Dice(seed.wrapping_mul(1_000_003) ^ ((kind.index() as u64) << 48));
    let start = dice.between(3_600, (hours - 7).max(2) * 3_600);
    let length = dice.between(1_200, 3 * 3_600);
    let end = start + length;
    let answer = ["503", "html", "code"][usize::try_from(dice.below(3)).unwrap()];
    let operations = if kind == Kind::Partial { "writes" } else { "everything" };
    let maintenance = |extra: &str| {
        format!(
            "[[maintenance]]\nat = {start}\nfor = {length}\noperations = [\"{operations}\"]\nanswer = \"{answer}\"\n{extra}\n"
        )
    };
    let fault = |from: i64, long: i64, kind: &str| {
        format!(
            "[[fault]]\nat = {from}\nfor = {long}\nkind = \"{kind}\"\nshare = 1.0\noperations = [\"everything\"]\n"
        )
    };
    let broken = ["error", "reset"][usize::try_from(dice.below(2)).unwrap()];
    let services = if kind == Kind::Partial { Services::WRITES } else { Services::ALL };
    let announced = vec![(start, end, services, Status::Confirmed)];
    let mut story =
        Story { weather: String::new(), windows: announced, held: Some((start, end)), outage: None };
    match kind {
        Kind::Announced | Kind::Partial => story.weather = maintenance(""),
        Kind::Unannounced => {
            story.weather = maintenance("");
            story.windows.clear();
        }
        Kind::Overrun => {
            let over = dice.between(300, 7_200);
            story.weather = maintenance(&format!("overrun = {over}"));
            story.held = Some((start, end + over));
        }
        Kind::EarlyEnd => {
            let early = dice.between(300, length - 600);
            story.weather = maintenance(&format!("early = {early}"));
            story.held = Some((start, end - early));
        }
        Kind::Cancelled => {
            story.windows[0].3 = Status::Cancelled;
            story.held = None;
        }
        Kind::FalseAlarm => story.held = None,
        Kind::Outage => {
            story.windows.clear();
            story.held = None;
            story.outage = Some((start, end));
            story.weather = fault(start, length, broken);
        }
        Kind::OutageBesideWindow => {
            let from = end + dice.between(1_800, 7_200);
            story.outage = Some((from, from + 1_800));
            story.weather = maintenance("") + &fault(from, 1_800, broken);
        }
    }
    // What happens on any day: now and then an answer fails by chance.
    story.weather += "[[fault]]\nkind = \"error\"\nshare = 0.003\noperations = [\"everything\"]\n";
    story
}

/// What came of one day.
struct Outcome {
    found: BTreeSet<&'static str>,
    /// Each finding with its services, times and when it was told, to explain a miss.
    told: Vec<String>,
    /// How far the edges of maintenance lay from the truth, in seconds.
    edges: Vec<f64>,
    /// Seconds of an outage that were excused.
    excused: f64,
}

/// Keeps what the client saw.
#[derive(Default, Clone)]
struct Kept(Arc<Mutex<Vec<Observation>>>);

impl Record for Kept {
    fn sent(&self, _operation: Operation, _due: Nanos) {}
    fn seen(&self, observation: Observation) {
        self.0.lock().unwrap().push(observation);
    }
    fn unsendable(&self, operation: Operation, reason: &str) {
        panic!("{operation}: {reason}");
    }
}

async fn day(story: &Story, seed: u64, hours: i64) -> Outcome {
    let start: DateTime<Utc> = "2026-11-24T00:00:00Z".parse().unwrap();
    let at = |second: i64| start + TimeDelta::seconds(second);
    let (clock, theirs) = (Clock::start_at(start), piaotan_platform::Clock::showing(start));
    let weather = format!("[rules]\ndaily_limit = 0\n{}", story.weather);
    let dialer = stage::dialer(&stage::world(seed, &weather, start), theirs, None);
    let (client, generator) =
        (stage::client(Profile::reference(), &dialer, clock), stage::generator(clock, 600));
    let kept = Kept::default();
    client.enrol(&kept).await;
    kept.0.lock().unwrap().clear();
    let window = |(from, to, services, status): &(i64, i64, Services, Status)| Window {
        services: *services,
        status: *status,
        ..Window::new("w", at(*from), Some(at(*to)))
    };
    let register = Register::of(story.windows.iter().map(window).collect());
    let calendar = Calendar::new(&register, CalendarOptions::default());
    let (mut seen, mut agreement) = (ObservedPhases::new(PhaseOptions::default()), Agreement::default());
    let (mut found, mut told) = (BTreeSet::new(), Vec::new());
    for round in 0..hours * 3_600 / POLL {
        for (slot, operation) in (0i64..).zip(POLLED) {
            let due = clock.moment(at(round * POLL + slot * POLL / POLLED.len() as i64));
            tokio::time::sleep_until(clock.instant(due)).await;
            let invoice = generator.invoice(u64::try_from(round).unwrap());
            let fields = match operation {
                Operation::QueryKeyword => Fields::default().with(FieldName::Keyword, invoice.keyword()),
                _ => invoice.fields(),
            };
            client.ask(operation, &fields, due, true, &kept).await;
        }
        for observation in kept.0.lock().unwrap().drain(..) {
            let fact = Fact::seen(&observation, start);
            fact.iter().for_each(|fact| drop(seen.push(fact)));
        }
        let news = agreement.compare(&calendar, &seen, clock.wall());
        found.extend(news.findings.iter().map(|finding| finding.kind.as_str()));
        told.extend(news.findings.iter().map(|finding| {
            let second = |at: DateTime<Utc>| (at - start).num_seconds();
            let (from, to) = (second(finding.start), finding.end.map(second));
            format!("{} {} {from}..{to:?} known {}", finding.kind, finding.services, second(clock.wall()))
        }));
    }
    client.stop();
    Outcome {
        found,
        told,
        edges: edges(story, &seen, start),
        excused: excused(story, &seen, &calendar, start),
    }
}

/// Begin and end of the maintenance that was seen, against the truth.
fn edges(story: &Story, seen: &ObservedPhases, start: DateTime<Utc>) -> Vec<f64> {
    let Some((from, to)) = story.held else { return Vec::new() };
    let second = |instant: DateTime<Utc>| (instant - start).as_seconds_f64();
    let all = episodes(&seen.spans());
    let maintenance: Vec<_> =
        all.iter().filter(|episode| episode.condition == Condition::Maintenance).collect();
    let begin = maintenance.iter().map(|episode| second(episode.begin.at)).min_by(f64::total_cmp);
    let end = maintenance.iter().filter_map(|episode| episode.end).map(|end| second(end.at));
    let end = end.max_by(f64::total_cmp);
    let off = |seen: Option<f64>, truth: i64| seen.map_or(f64::INFINITY, |seen| (seen - truth as f64).abs());
    vec![off(begin, from), off(end, to)]
}

/// For how long an outage was called maintenance, or lay where nothing counts.
fn excused(story: &Story, seen: &ObservedPhases, calendar: &Calendar, start: DateTime<Utc>) -> f64 {
    let Some((from, to)) = story.outage else { return 0.0 };
    let (from, to) = (start + TimeDelta::seconds(from), start + TimeDelta::seconds(to));
    let called = seen.spans().into_iter().filter(|span| span.condition == Condition::Maintenance);
    let overlap = called.map(|span| {
        let end = span.end.map_or(to, |end| end.at).min(to);
        (end - span.begin.at.max(from)).as_seconds_f64().max(0.0)
    });
    let longest = overlap.fold(0.0, f64::max);
    longest.max(calendar.excluded_seconds(from, to, piaotan_record::Service::Query))
}

fn expected(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Announced | Kind::Partial | Kind::OutageBesideWindow => &["announced_and_observed"],
        Kind::Unannounced => &["observed_unannounced"],
        Kind::Overrun => &["announced_and_observed", "overrun"],
        Kind::EarlyEnd => &["announced_and_observed", "early_end"],
        Kind::FalseAlarm => &["announced_not_observed"],
        Kind::Cancelled | Kind::Outage => &[],
    }
}

fn main() -> std::process::ExitCode {
    let mut args = std::env::args().skip(1);
    let days: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(10);
    let hours: i64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(24);
    let named: BTreeSet<String> = args.collect();
    let asked = |kind: &&Kind| named.is_empty() || named.contains(kind.as_str());
    let begun = std::time::Instant::now();
    let (mut right, mut all, mut worst, mut excuses) = (0u64, 0u64, Vec::new(), 0u64);
    println!("{days} days of each kind, {hours} h each, every operation asked every {POLL} s");
    for kind in Kind::ALL.iter().filter(asked) {
        let mut table: BTreeMap<String, u64> = BTreeMap::new();
        let wanted: BTreeSet<&str> = expected(*kind).iter().copied().collect();
        let (mut good, mut edges) = (0, Vec::new());
        for seed in 0..days {
            let story = story(*kind, seed, hours);
            let outcome = stage::paused().block_on(day(&story, seed, hours));
            good += u64::from(outcome.found == wanted);
            let label: Vec<&str> = outcome.found.iter().copied().collect();
            *table.entry(if label.is_empty() { "nothing".into() } else { label.join(" + ") }).or_default() +=
                1;
            if outcome.found != wanted {
                println!(
                    "  {kind} seed {seed}: found {:?}; announced {:?} held {:?} outage {:?}",
                    outcome.told, story.windows, story.held, story.outage
                );
            }
            edges.extend(outcome.edges);
            excuses += u64::from(outcome.excused > 0.0);
        }
        (right, all) = (right + good, all + days);
        let farthest = edges.iter().copied().fold(0.0, f64::max);
        let cells: Vec<String> = table.iter().map(|(label, count)| format!("{label}: {count}")).collect();
        println!(
            "{:<14} right {good:>3}/{days}  edges off {farthest:>5.1} s at most  {}",
            kind.as_str(),
            cells.join(", ")
        );
        worst.extend(edges);
    }
    let share = right as f64 / all as f64;
    let farthest = worst.iter().copied().fold(0.0, f64::max);
    println!(
        "{right} of {all} right ({share:.4}); outages excused: {excuses}; edges {} in all, {farthest:.1} s off at most; {:.0} s",
        worst.len(),
        begun.elapsed().as_secs_f64()
    );
    let failed = share < 0.98 || excuses > 0 || farthest > POLL as f64;
    std::process::ExitCode::from(u8::from(failed))
}
