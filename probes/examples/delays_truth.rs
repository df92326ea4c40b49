//! A simulated day of synchronisation: the watch uploads, follows and loses invoices on the reference
//! platform, and what it then says of their delays is laid beside the platform's truth.
//!
//! `cargo run --release -p piaotan-probes --example delays_truth -- [SEED] [FOLDER]` prints the table:
//! quantiles of five surfaces in four regions, the change, what was lost, late and altered. It ends with 1
//! where something is further off than it may be.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program of its own, on a clock that it moves itself"
)]

mod stage;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use piaotan_analysis::stats::normal_quantile;
use piaotan_analysis::sync::{Delay, Estimate, Search, Span as Stretch, business, change_in_time};
use piaotan_client::announcements::Unrecorded;
use piaotan_client::clock::Clock;
use piaotan_client::profile::Profile;
use piaotan_client::target::Endpoint;
use piaotan_client::transport::Dialer;
use piaotan_probes::live::delays::{looked, seconds};
use piaotan_probes::live::notify::Message;
use piaotan_probes::live::watch::{Before, Outlet, watch};
use piaotan_probes::{ProbeKind, ProbeResult, ProbesSection};
use piaotan_record::calendar::Sighting;
use piaotan_record::{Calendar, Span, Surface, Window};
use piaotan_store::{SightState, Store, Which};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const HOUR: f64 = 3_600.0;
const UPLOADS: f64 = 24.0 * HOUR;
/// Uploads end, looks go on until the last is given up.
const END: f64 = UPLOADS + 7.0 * HOUR;
const CHANGE: f64 = 14.0 * HOUR;
const FACTOR: f64 = 3.0;
const WINDOW: Stretch = (8.0 * HOUR, 9.0 * HOUR);
const UPGRADE: f64 = 20.0 * HOUR;
const LOST: f64 = 0.005;
const PROMISE: f64 = HOUR;
const GIVE_UP: f64 = 6.0 * HOUR;
/// Medians of the log-normal delays, in seconds; sigma 0.6.
const NUMBER: f64 = 150.0;
const KEYWORD: f64 = 300.0;
const REGIONS: [(&str, f64); 3] = [("31", 60.0), ("44", 240.0), ("51", 600.0)];
const SIGMA: f64 = 0.6;
/// Further off than this is wrong: one part in ten of a quantile of some thousand invoices.
const OFF: f64 = 0.10;

fn weather() -> String {
    let delay =
        |median: f64| format!("delay = {{kind = \"lognormal\", median = {median}, sigma = {SIGMA}}}\n");
    let mut text = format!(
        "[rules]\ndaily_limit = 0\n\
         [[sync]]\nsurfaces = [\"number\"]\n{}lost = {LOST}\n\
         [[sync]]\nsurfaces = [\"keyword\"]\n{}every = 600.0\n\
         [[sync]]\nat = {CHANGE}\nsurfaces = [\"number\"]\n{}lost = {LOST}\n\
         [[maintenance]]\nat = {}\nfor = {}\noperations = [\"everything\"]\nstops_pipelines = true\n\
         [[upgrade]]\nat = {UPGRADE}\nalter = 1.0\n",
        delay(NUMBER),
        delay(KEYWORD),
        delay(NUMBER * FACTOR),
        WINDOW.0,
        WINDOW.1 - WINDOW.0
    );
    for (region, median) in REGIONS {
        text.push_str(&format!("[[sync]]\nsurfaces = [\"{region}\"]\n{}", delay(median)));
    }
    text
}

/// Says nothing: what counts is in the ledger.
struct Quiet {
    troubles: BTreeSet<String>,
}

impl Outlet for Quiet {
    fn probed(&mut self, _result: &ProbeResult) {}
    fn message(&mut self, _message: Message) {}
    fn sighted(&mut self, _sighting: &Sighting) {}
    fn trouble(&mut self, text: &str) {
        self.troubles.insert(text.to_owned());
    }
}

fn section(uploads: bool) -> ProbesSection {
    let mut which = vec![ProbeKind::SyncDelay];
    which.extend(uploads.then_some(ProbeKind::InvoiceRoundtrip));
    let intervals =
        [(ProbeKind::SyncDelay, Span::seconds(30)), (ProbeKind::InvoiceRoundtrip, Span::seconds(40))];
    ProbesSection {
        which,
        intervals: BTreeMap::from(intervals),
        visible_patience: Span::seconds(1),
        looks_per_run: 1_000,
        promise: Span::seconds(PROMISE as u64),
        give_up: Span::seconds(GIVE_UP as u64),
        ..ProbesSection::default()
    }
}

/// The reference profile with a fourth region.
fn profile() -> Profile {
    let text = include_str!("../../crates/client/profiles/reference.toml");
    Profile::parse(
        &text.replace("[\"11\", \"31\", \"44\"]", "[\"11\", \"31\", \"44\", \"51\"]"),
        "four regions",
    )
    .unwrap()
}

/// The day passes; what is left is the ledger and the truth.
async fn day(seed: u64, start: DateTime<Utc>, folder: &std::path::Path) -> (Arc<Store>, Value) {
    let (clock, theirs) = (Clock::start_at(start), piaotan_platform::Clock::showing(start));
    let dialer = stage::dialer(&stage::world(seed, &weather(), start), theirs, None);
    let regions = REGIONS.map(|(region, _)| (Surface::Region, region.to_owned()));
    let mut surfaces = vec![(Surface::Number, String::new()), (Surface::Keyword, String::new())];
    surfaces.extend(regions);
    let store = Arc::new(Store::open(&folder.join("day.db")).unwrap().with_surfaces(surfaces));
    let instant = |seconds: f64| start + TimeDelta::seconds(seconds as i64);
    let calendar = Calendar::of(vec![Window::new("window", instant(WINDOW.0), Some(instant(WINDOW.1)))]);
    let mut quiet = Quiet { troubles: BTreeSet::new() };
    for (uploads, until) in [(true, UPLOADS), (false, END)] {
        let client = stage::client(profile(), &dialer, clock);
        client.enrol(&Unrecorded).await;
        let calendar = tokio::sync::watch::channel(Arc::new(calendar.clone())).1;
        let setting = stage::setting(client, dialer.clone(), store.clone(), calendar, section(uploads));
        let end = clock.instant(clock.moment(instant(until)));
        watch(&setting, &mut quiet, Before::default(), tokio::time::sleep_until(end)).await.unwrap();
    }
    assert!(quiet.troubles.is_empty(), "{:?}", quiet.troubles);
    (store, truth(&dialer).await)
}

/// `/_weather/truth`, asked over a connection like any other.
async fn truth(dialer: &Dialer) -> Value {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let Dialer::Handed(dial) = dialer else { unreachable!("the dialer above") };
    let mut stream = dial(&Endpoint::parse(stage::URL).unwrap()).await.unwrap();
    let ask = "GET /_weather/truth?invoices=1000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let begin = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let value: Value = serde_json::from_slice(&answer[begin..]).unwrap();
    value["data"].clone()
}

/// What the platform did with one invoice, in seconds since the start.
struct True {
    accepted: f64,
    number: Option<f64>,
    keyword: Option<f64>,
}

fn true_ones(truth: &Value, start: DateTime<Utc>) -> BTreeMap<String, True> {
    let seconds = |value: &Value| {
        let at: DateTime<Utc> = value.as_str()?.parse().ok()?;
        Some((at - start).as_seconds_f64())
    };
    let one = |each: &Value| {
        let (number, keyword) = (seconds(&each["seen"]["number"]), seconds(&each["seen"]["keyword"]));
        let accepted = seconds(&each["decided"]).unwrap();
        (each["number"].as_str().unwrap().to_owned(), True { accepted, number, keyword })
    };
    truth["invoices"].as_array().unwrap().iter().map(one).collect()
}

/// Delays of a surface by the ledger, in seconds since the start.
fn delays(store: &Store, surface: Surface, region: &str, start: DateTime<Utc>) -> Vec<Delay> {
    let which = Which { region: Some(region), ..Which::default() };
    let since_start = |delay: Delay| Delay { uploaded: delay.uploaded - seconds(start), ..delay };
    let samples = store.samples(surface, which).unwrap();
    samples.iter().map(|sample| since_start(looked(sample).delay().unwrap())).collect()
}

/// Uploaded in a stretch, and neither in the window nor while its backlog was worked off.
fn within(uploaded: f64, stretch: Stretch) -> bool {
    let near_window = (WINDOW.0 - HOUR..WINDOW.1 + HOUR).contains(&uploaded);
    (stretch.0..stretch.1).contains(&uploaded) && !near_window
}

/// A table row: estimated quantiles on the business clock beside the true ones. True when near enough.
fn row(name: &str, estimated: &[Delay], real: &[f64]) -> bool {
    let estimate = Estimate::new(estimated).unwrap();
    let mut sorted = real.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut right = true;
    print!("{name:<26} {:>5} invoices, {:>3} never seen  ", estimate.n, estimate.censored);
    for q in [0.5, 0.9, 0.95] {
        let real = sorted[((sorted.len() as f64 * q) as usize).min(sorted.len() - 1)];
        let found = estimate.quantile(q);
        let off = found.value / real - 1.0;
        let covered =
            found.lower.is_none_or(|low| low <= real) && found.upper.is_none_or(|high| real <= high);
        right &= found.reached && off.abs() < OFF;
        print!(
            "  p{:.0} {:>6.0} s, truth {real:>6.0} ({:+.1} %{})",
            q * 100.0,
            found.value,
            off * 100.0,
            if covered { "" } else { ", outside its band" }
        );
    }
    println!();
    right
}

/// Quantile points of a log-normal law: what a surface without a published truth really does.
fn law(median: f64) -> Vec<f64> {
    (0..20_000).map(|i| median * (SIGMA * normal_quantile((f64::from(i) + 0.5) / 20_000.0)).exp()).collect()
}

fn main() -> std::process::ExitCode {
    let seed = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let folder = tempfile::tempdir().unwrap();
    let kept = std::env::args().nth(2).map(std::path::PathBuf::from);
    let begun = std::time::Instant::now();
    let start = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
    let (store, truth) = stage::paused().block_on(day(seed, start, kept.as_deref().unwrap_or(folder.path())));
    let real = true_ones(&truth, start);
    println!(
        "seed {seed}: {} invoices in a day, looked for until {:.0} h, {:.0} s",
        real.len(),
        END / HOUR,
        begun.elapsed().as_secs_f64()
    );
    let mut right = quantiles(&store, &real, start);
    right &= change(&store, start);
    right &= fates(&store, &truth, &real, start);
    println!("{}", if right { "all as it should be" } else { "NOT as it should be" });
    std::process::ExitCode::from(u8::from(!right))
}

fn quantiles(store: &Store, real: &BTreeMap<String, True>, start: DateTime<Utc>) -> bool {
    let kept = |delays: Vec<Delay>, stretch: Stretch| -> Vec<Delay> {
        business(&delays, &[WINDOW]).into_iter().filter(|delay| within(delay.uploaded, stretch)).collect()
    };
    let wait = |accepted: f64, seen: Option<f64>| seen.map_or(f64::INFINITY, |seen| seen - accepted);
    let (before, after) = ((0.0, CHANGE), (CHANGE, UPLOADS));
    let mut right = true;
    for (name, stretch) in [("number, before the change", before), ("number, after it", after)] {
        let real = real.values().filter(|each| within(each.accepted, stretch));
        let real: Vec<f64> = real.map(|each| wait(each.accepted, each.number)).collect();
        right &= row(name, &kept(delays(store, Surface::Number, "", start), stretch), &real);
    }
    let keyword = real.values().filter(|each| within(each.accepted, (0.0, UPLOADS)));
    let keyword: Vec<f64> = keyword.map(|each| wait(each.accepted, each.keyword)).collect();
    right &= row(
        "keyword, by batches",
        &kept(delays(store, Surface::Keyword, "", start), (0.0, UPLOADS)),
        &keyword,
    );
    for (region, median) in REGIONS {
        let found = kept(delays(store, Surface::Region, region, start), (0.0, UPLOADS));
        right &= row(&format!("region {region}"), &found, &law(median));
    }
    right
}

fn change(store: &Store, start: DateTime<Utc>) -> bool {
    let all = business(&delays(store, Surface::Number, "", start), &[WINDOW]);
    let away: Vec<Delay> = all.into_iter().filter(|delay| within(delay.uploaded, (0.0, UPLOADS))).collect();
    let Some(found) = change_in_time(&away, &Search::default()) else {
        println!("the change at {:.2} h: NOT found", CHANGE / HOUR);
        return false;
    };
    let (at, factor) = (found.at, found.ratio.value);
    println!(
        "change: at {:.2} h, truth {:.2} h ({:+.1} min); factor {factor:.2}, truth {FACTOR} ({:+.1} %); p {:.3}",
        at / HOUR,
        CHANGE / HOUR,
        (at - CHANGE) / 60.0,
        (factor / FACTOR - 1.0) * 100.0,
        found.p
    );
    let steady = [Surface::Keyword, Surface::Region].map(|surface| {
        let region = if surface == Surface::Region { "44" } else { "" };
        let all = business(&delays(store, surface, region, start), &[WINDOW]);
        let away: Vec<Delay> =
            all.into_iter().filter(|delay| within(delay.uploaded, (0.0, UPLOADS))).collect();
        change_in_time(&away, &Search::default()).is_none()
    });
    println!("no change told of on keyword: {}, on region 44: {}", steady[0], steady[1]);
    (at - CHANGE).abs() < 900.0 && (factor / FACTOR - 1.0).abs() < 0.2 && steady == [true, true]
}

/// Which were lost, late, altered: the very numbers.
fn fates(store: &Store, truth: &Value, real: &BTreeMap<String, True>, start: DateTime<Utc>) -> bool {
    let upgraded = start + TimeDelta::seconds(UPGRADE as i64);
    let altered: BTreeSet<&str> =
        truth["upgrades"][0]["altered"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut told =
        BTreeMap::from(["lost", "late", "altered"].map(|fate| (fate, (BTreeSet::new(), BTreeSet::new()))));
    let (mut missing, mut outside) = (0, 0);
    for (number, each) in real {
        let Some(known) = store.find(number).unwrap().pop() else {
            missing += 1;
            continue;
        };
        let sight = known.sights.iter().find(|sight| sight.surface == Surface::Number).unwrap();
        let seconds = |at: DateTime<Utc>| (at - start).as_seconds_f64();
        let mut put = |fate: &str, found: bool, truly: bool| {
            let (ours, theirs) = told.get_mut(fate).unwrap();
            found.then(|| ours.insert(number.clone()));
            truly.then(|| theirs.insert(number.clone()));
        };
        put("lost", sight.state == SightState::Lost, each.number.is_none());
        let waited =
            sight.first_seen.map_or(f64::INFINITY, seconds) - known.issued.accepted.map_or(0.0, seconds);
        // Between two looks nobody knows: late is judged by the first that found it, the truth by a quarter more.
        let truly = each.number.is_none_or(|seen| seen - each.accepted > PROMISE);
        if waited > PROMISE * 1.25 || waited <= PROMISE || truly {
            put("late", waited > PROMISE, truly);
        }
        put(
            "altered",
            sight.mismatches > 0,
            altered.contains(number.as_str()) && sight.first_seen.is_some_and(|at| at >= upgraded),
        );
        let after =
            sight.first_seen.is_some_and(|at| each.number.is_none_or(|seen| seconds(at) < seen - 0.01));
        let before =
            sight.last_not_seen.is_some_and(|at| each.number.is_some_and(|seen| seconds(at) > seen + 0.01));
        outside += usize::from(after || before);
    }
    println!("not in the ledger: {missing}; truth outside of what the looks say: {outside}");
    let mut right = missing == 0 && outside == 0;
    for (fate, (ours, theirs)) in told {
        let (false_ones, missed) = (ours.difference(&theirs).count(), theirs.difference(&ours).count());
        println!("{fate}: {} found, truth {}; false {false_ones}, missed {missed}", ours.len(), theirs.len());
        right &= false_ones == 0 && missed == 0;
    }
    right
}
