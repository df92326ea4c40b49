//! A scripted week in simulated time: the watch against the reference platform over in-memory streams.
//!
//! `cargo run --release -p piaotan-probes --example week` prints every page that people got beside the
//! truth that the platform's weather made, and ends with 1 when a page was false, missed, or repeated.
//! With a number of days and a folder behind it, the store stays there as `week.db`, for
//! `piaotan report --last 7d --until 2026-11-30T00:00:00Z --store FOLDER/week.db`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program of its own, on a clock that it moves itself"
)]

mod stage;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use piaotan_analysis::hold::AlertState;
use piaotan_client::announcements::Unrecorded;
use piaotan_client::clock::Clock;
use piaotan_client::profile::Profile;
use piaotan_probes::live::notify::Message;
use piaotan_probes::live::watch::{Before, Outlet, watch};
use piaotan_probes::{ProbeKind, ProbeResult, ProbesSection};
use piaotan_record::calendar::{CalendarOptions, Register, Sighting};
use piaotan_record::window::Status;
use piaotan_record::{Calendar, Span, Surface, Window};
use piaotan_store::Store;
use stage::Loss;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// People must hear of what breaks within this time: two runs of what runs every minute.
const HEARD_WITHIN: i64 = 6;
/// The same for lost invoices: the first is uploaded within five minutes and looked for every quarter of an hour.
const LOST_WITHIN: i64 = 25;
/// What was told is taken back within this time: the rarest probe runs every ten minutes.
const TAKEN_BACK_WITHIN: i64 = 12;

/// One thing of the week. Times are minutes since its start.
struct Event {
    name: &'static str,
    from: i64,
    to: i64,
    /// When pages are right: `None`, never.
    pages: Option<Pages>,
}

#[derive(Clone, Copy)]
struct Pages {
    from: i64,
    to: i64,
    /// Which alerts alone are right; empty for any.
    only: &'static [&'static str],
    /// Minutes within which people must hear of it.
    within: i64,
}

const fn at(day: i64, hour: i64, minute: i64) -> i64 {
    (day * 24 + hour) * 60 + minute
}

const fn quiet(name: &'static str, from: i64, to: i64) -> Event {
    Event { name, from, to, pages: None }
}

const fn loud(name: &'static str, from: i64, to: i64, only: &'static [&'static str]) -> Event {
    Event { name, from, to, pages: Some(Pages { from, to, only, within: HEARD_WITHIN }) }
}

/// The truth. What the weather below makes, and what people should hear of it.
fn events() -> Vec<Event> {
    let after = |name, from, to, pages| Event {
        name,
        from,
        to,
        pages: Some(Pages { from: pages, to, only: &[], within: HEARD_WITHIN }),
    };
    vec![
        quiet("one blip of 50 s", at(0, 3, 0), at(0, 3, 1)),
        loud("outage, server errors", at(0, 10, 0), at(0, 10, 40), &[]),
        quiet("window, kept to the minute", at(0, 22, 0), at(1, 0, 0)),
        after("window with an overrun of 45 min", at(1, 2, 0), at(1, 4, 45), at(1, 4, 0)),
        quiet("window that ends an hour early", at(1, 14, 0), at(1, 15, 0)),
        quiet("window of the writes alone", at(1, 20, 0), at(1, 21, 0)),
        loud("edge 1: down before, up after a window", at(2, 10, 0), at(2, 11, 10), &[]),
        loud("edge 2: down before and still down after", at(2, 18, 0), at(2, 19, 0), &[]),
        after("edge 3: up before, down after a window", at(3, 1, 0), at(3, 2, 30), at(3, 2, 0)),
        loud("unannounced maintenance", at(3, 12, 0), at(3, 12, 30), &[]),
        Event {
            name: "invoices lost by the sync, given up 24 h on",
            from: at(4, 8, 0),
            // They leave the view of two days with the last of them.
            to: at(5, 8, 20),
            pages: Some(Pages {
                from: at(4, 8, 0),
                to: at(5, 8, 20),
                only: &["probe sync_delay"],
                within: LOST_WITHIN,
            }),
        },
        quiet("slow day: answers take 3 s more", at(4, 9, 0), at(4, 12, 0)),
        loud("own network lost", at(4, 15, 0), at(4, 15, 20), &["probe own_network"]),
        loud("verification alone broken", at(5, 9, 0), at(5, 10, 0), &["probe verify", "probe sync_delay"]),
        loud("outage inside a proposed window", at(5, 13, 0), at(5, 13, 40), &[]),
        quiet("sync slower, within the promise", at(5, 15, 0), at(5, 21, 0)),
        quiet("throttled: we ask too much", at(6, 3, 0), at(6, 3, 30)),
        loud("outage, connections reset", at(6, 12, 0), at(6, 12, 30), &[]),
    ]
}

const WEATHER: &[(i64, i64, &str)] = &[
    (at(0, 3, 0), 50, "fault|kind = \"error\"\nshare = 1.0\noperations = [\"everything\"]"),
    (at(0, 10, 0), 2_400, "fault|kind = \"error\"\nshare = 1.0\noperations = [\"everything\"]"),
    (at(0, 22, 0), 7_200, "maintenance|operations = [\"everything\"]"),
    (at(1, 2, 0), 7_200, "maintenance|operations = [\"everything\"]\noverrun = 2700"),
    (at(1, 14, 0), 7_200, "maintenance|operations = [\"everything\"]\nearly = 3600"),
    (at(1, 20, 0), 3_600, "maintenance|operations = [\"writes\"]\nanswer = \"code\""),
    (at(2, 10, 0), 600, "fault|kind = \"error\"\nshare = 1.0\noperations = [\"everything\"]"),
    (at(2, 10, 10), 3_600, "maintenance|operations = [\"everything\"]"),
    (at(2, 18, 0), 3_600, "fault|kind = \"error\"\nshare = 1.0\noperations = [\"everything\"]"),
    (at(3, 1, 0), 3_600, "maintenance|operations = [\"everything\"]"),
    (at(3, 2, 0), 1_800, "fault|kind = \"error\"\nshare = 1.0\noperations = [\"everything\"]"),
    (at(3, 12, 0), 1_800, "maintenance|operations = [\"everything\"]"),
    (at(3, 8, 0), 1_200, "sync|delay = {kind = \"constant\", seconds = 60.0}\nlost = 1.0"),
    (at(3, 8, 20), 600_000, "sync|delay = {kind = \"lognormal\", median = 120.0, sigma = 0.6}"),
    (at(4, 9, 0), 10_800, "latency|delay = {kind = \"constant\", seconds = 3.0}"),
    (at(5, 9, 0), 3_600, "fault|kind = \"error\"\nshare = 1.0\noperations = [\"verify\"]"),
    (at(5, 13, 0), 2_400, "fault|kind = \"error\"\nshare = 1.0\noperations = [\"everything\"]"),
    (at(5, 15, 0), 21_600, "sync|delay = {kind = \"lognormal\", median = 3600.0, sigma = 0.4}"),
    (at(5, 21, 0), 600_000, "sync|delay = {kind = \"lognormal\", median = 120.0, sigma = 0.6}"),
    (at(6, 3, 0), 1_800, "throttle|windows = [{limit = 2, seconds = 60.0}]"),
    (at(6, 12, 0), 1_800, "fault|kind = \"reset\"\nshare = 1.0\noperations = [\"everything\"]"),
];

fn weather() -> String {
    let mut text =
        "[rules]\ndaily_limit = 0\n[[sync]]\ndelay = {kind = \"lognormal\", median = 120.0, sigma = 0.6}\n"
            .to_owned();
    for (minute, seconds, entry) in WEATHER {
        let (table, rest) = entry.split_once('|').unwrap();
        text.push_str(&format!("[[{table}]]\nat = {}\nfor = {seconds}\n{rest}\n", minute * 60));
    }
    text
}

fn announced(start: DateTime<Utc>) -> Vec<Window> {
    let window = |id: &str, from: i64, to: i64| {
        Window::new(id, start + TimeDelta::minutes(from), Some(start + TimeDelta::minutes(to)))
    };
    let mut all = vec![
        window("kept", at(0, 22, 0), at(1, 0, 0)),
        window("overrun", at(1, 2, 0), at(1, 4, 0)),
        window("early", at(1, 14, 0), at(1, 16, 0)),
        window("writes", at(1, 20, 0), at(1, 21, 0)),
        window("edge-1", at(2, 10, 10), at(2, 11, 10)),
        window("edge-2", at(2, 18, 10), at(2, 18, 40)),
        window("edge-3", at(3, 1, 0), at(3, 2, 0)),
        window("proposed", at(5, 12, 30), at(5, 14, 0)),
    ];
    all[3].services = piaotan_record::window::Services::WRITES;
    all[7].status = Status::Proposed;
    all
}

/// What people and pages are told.
struct Told {
    store: Arc<Store>,
    windows: Vec<Window>,
    publish: tokio::sync::watch::Sender<Arc<Calendar>>,
    start: DateTime<Utc>,
    messages: Vec<Message>,
    runs: BTreeMap<ProbeKind, u64>,
    missed: u64,
    troubles: BTreeSet<String>,
}

impl Outlet for Told {
    fn probed(&mut self, result: &ProbeResult) {
        *self.runs.entry(result.probe).or_default() += 1;
    }
    fn message(&mut self, message: Message) {
        if std::env::var_os("VERBOSE").is_some() {
            let minute = (message.at - self.start).num_minutes();
            println!("  {} {} {} | {}", clock_of(minute), message.state, message.key, message.text);
        }
        self.messages.push(message);
    }
    fn sighted(&mut self, _sighting: &Sighting) {
        let register = self.store.register(self.start - TimeDelta::days(1)).unwrap();
        let register = Register { windows: self.windows.clone(), ..register };
        self.publish.send_replace(Arc::new(Calendar::new(&register, CalendarOptions::default())));
    }
    fn missed(&mut self, _probe: ProbeKind, slots: u64) {
        self.missed += slots;
    }
    fn trouble(&mut self, text: &str) {
        self.troubles.insert(text.to_owned());
    }
}

fn section() -> ProbesSection {
    let which =
        ProbeKind::ALL.iter().copied().filter(|kind| *kind != ProbeKind::Browser && *kind != ProbeKind::Tls);
    ProbesSection {
        which: which.collect(),
        references: vec!["reference.test:443".to_owned()],
        promise: Span::seconds(12 * 3600),
        give_up: Span::seconds(24 * 3600),
        ..ProbesSection::default()
    }
}

async fn week(days: i64, folder: &std::path::Path) -> Told {
    let start = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
    let (clock, theirs) = (Clock::start_at(start), piaotan_platform::Clock::showing(start));
    let minute = |minute: i64| start + TimeDelta::minutes(minute);
    let loss = Loss { clock, from: minute(at(4, 15, 0)), to: minute(at(4, 15, 20)) };
    let dialer = stage::dialer(&stage::world(1, &weather(), start), theirs, Some(loss));
    let surfaces =
        [Surface::Number, Surface::Keyword, Surface::Verify].map(|surface| (surface, String::new()));
    let store = Store::open(&folder.join("week.db")).unwrap().with_surfaces(surfaces.to_vec());
    let store = Arc::new(store);
    let windows = announced(start);
    // The watch itself learns of them by its calendar; whoever reads the store later, by this.
    store.put_windows(&windows, start).unwrap();
    let (publish, calendar) = tokio::sync::watch::channel(Arc::new(Calendar::of(windows.clone())));
    let client = stage::client(Profile::reference(), &dialer, clock);
    client.enrol(&Unrecorded).await;
    let setting = stage::setting(client, dialer, store.clone(), calendar, section());
    let (messages, runs, troubles) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    let mut told = Told { store, windows, publish, start, messages, runs, missed: 0, troubles };
    let end = clock.instant(clock.moment(start + TimeDelta::days(days)));
    watch(&setting, &mut told, Before::default(), tokio::time::sleep_until(end)).await.unwrap();
    told
}

fn clock_of(minute: i64) -> String {
    format!(
        "{} {:02}:{:02}",
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"][(minute / 1440) as usize % 8],
        minute / 60 % 24,
        minute % 60
    )
}

/// One line of the table; true when it is as it should be.
fn line(event: &Event, pages: &[(i64, &Message)], judged: &mut BTreeSet<usize>) -> bool {
    let Some(right) = event.pages else {
        // Whatever lies in a quiet stretch and belongs to no other event is counted as false below.
        println!("{:<46} {}–{}  no page expected", event.name, clock_of(event.from), clock_of(event.to));
        return true;
    };
    let fits = |(_, (minute, message)): &(usize, &(i64, &Message))| {
        let named = right.only.is_empty() || right.only.iter().any(|only| message.key.starts_with(only));
        message.state == AlertState::Firing && named && (right.from..=right.to + 1).contains(minute)
    };
    let mine: Vec<(usize, &(i64, &Message))> = pages.iter().enumerate().filter(fits).collect();
    judged.extend(mine.iter().map(|(index, _)| *index));
    let keys: BTreeSet<&str> = mine.iter().map(|(_, (_, message))| message.key.as_str()).collect();
    let resolved = |key: &&&str| {
        pages.iter().find(|(minute, message)| {
            message.key == **key && message.state == AlertState::Resolved && *minute >= right.from
        })
    };
    let back: Vec<i64> = keys.iter().filter_map(|key| resolved(&key).map(|(minute, _)| *minute)).collect();
    let first = mine.first().map(|(_, (minute, _))| *minute);
    let heard = first.is_some_and(|first| first - right.from <= right.within);
    let once = keys.len() == mine.len();
    let taken_back =
        back.len() == keys.len() && back.iter().all(|minute| *minute <= right.to + TAKEN_BACK_WITHIN);
    let verdict = if heard && once && taken_back { "right" } else { "WRONG" };
    let after = first.map_or("never".to_owned(), |first| format!("+{} min", first - right.from));
    let last = back.iter().max().map_or("never".to_owned(), |last| clock_of(*last));
    println!(
        "{:<46} {}–{}  told {after} ({} alerts{}), taken back {last}: {verdict}",
        event.name,
        clock_of(event.from),
        clock_of(event.to),
        mine.len(),
        if once { "" } else { ", REPEATED" }
    );
    verdict == "right"
}

fn main() -> std::process::ExitCode {
    let days = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(7);
    let folder = tempfile::tempdir().unwrap();
    let kept = std::env::args().nth(2).map(std::path::PathBuf::from);
    let begun = std::time::Instant::now();
    let told = stage::paused().block_on(week(days, kept.as_deref().unwrap_or(folder.path())));
    let minute = |message: &Message| (message.at - told.start).num_minutes();
    let pages: Vec<(i64, &Message)> =
        told.messages.iter().map(|message| (minute(message), message)).collect();
    let mut judged = BTreeSet::new();
    let mut right = true;
    for event in events().iter().filter(|event| event.to <= days * 1440) {
        right &= line(event, &pages, &mut judged);
    }
    let is_false = |(index, (_, message)): &(usize, &(i64, &Message))| {
        message.state == AlertState::Firing && !judged.contains(index)
    };
    let wrong: Vec<_> = pages.iter().enumerate().filter(is_false).collect();
    for (_, (minute, message)) in &wrong {
        println!("FALSE PAGE {} {} | {}", clock_of(*minute), message.key, message.text);
    }
    let runs: u64 = told.runs.values().sum();
    let firing = pages.iter().filter(|(_, message)| message.state == AlertState::Firing).count();
    println!(
        "{days} days in {:.0} s: {runs} runs of {} probes, {} slots missed, {firing} alerts, {} false; troubles {:?}",
        begun.elapsed().as_secs_f64(),
        told.runs.len(),
        told.missed,
        wrong.len(),
        told.troubles
    );
    std::process::ExitCode::from(u8::from(!(right && wrong.is_empty())))
}
