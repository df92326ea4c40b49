//! The recurrence engine against a brute-force scan of every minute, over years and zones.
//!
//! The scan shares nothing with the engine: it walks UTC minute by minute, asks only what the clocks
//! show, and knows a rule as a yes or no about one day. It never turns local time into an instant.
//! `PIAOTAN_CASES` asks for more cases than the everyday number, `PIAOTAN_SEED` for other ones.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::recurrence::Recurrence;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use scan::{Length, cover, scan};

mod plain;
mod scan;

const ZONES: [&str; 14] = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Asia/Tehran",
    "Europe/London",
    "America/St_Johns",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "Asia/Hong_Kong",
];

/// Years with a skipped day (Samoa 2011), abolished summer times (Brazil 2019, Iran 2022), a
/// reintroduced one (Egypt 2023), and some to come.
const YEARS: std::ops::Range<i32> = 2009..2033;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn rules_cover_the_minutes_that_a_scan_covers(plain in plain::rules(), months in 4i64..26) {
        let from = (plain.start - TimeDelta::days(3)).and_utc();
        let to = from + TimeDelta::days(months * 30);
        let Ok(engine) = Recurrence::try_from(plain.spec()) else {
            prop_assert!(plain.never_happens(), "refused: {:?}", Recurrence::try_from(plain.spec()));
            return Ok(());
        };
        let covered = covered_by(&engine, from, to);
        let scanned = scan(plain.zone.parse().unwrap(), plain.length, from, to, |wall| plain.starts_at(wall));
        prop_assert_eq!(first_difference(&covered, &scanned, from), None, "{:?}", plain.spec());

        // A later question has the same answer, though it does not start from the beginning.
        let minute = covered.len() / 2;
        let later = covered_by(&engine, from + TimeDelta::minutes(minute as i64), to);
        prop_assert!(later == covered[minute..], "{:?}", plain.spec());
    }

    #[test]
    fn cron_covers_the_minutes_that_a_scan_covers(
        cron in plain::crons(), zone in 0..ZONES.len(), year in YEARS, minutes in 1i64..3000,
    ) {
        let line = cron.line();
        let Ok(engine) = Recurrence::cron(&[line.as_str()], &format!("{minutes}m"), ZONES[zone]) else {
            prop_assert!(cron.never_happens(), "refused {line}");
            return Ok(());
        };
        let from: DateTime<Utc> = format!("{year}-01-01T00:00:00Z").parse().unwrap();
        let to = from + TimeDelta::days(400);
        let zone = ZONES[zone].parse().unwrap();
        let scanned = scan(zone, Length::Elapsed(minutes), from, to, |wall| cron.starts_at(wall));
        prop_assert_eq!(first_difference(&covered_by(&engine, from, to), &scanned, from), None, "{}", line);
    }
}

fn config() -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let cases = number("PIAOTAN_CASES").unwrap_or(32) as u32;
    let rng_seed = RngSeed::Fixed(number("PIAOTAN_SEED").unwrap_or(20_261_124));
    ProptestConfig {
        cases,
        rng_seed,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn covered_by(engine: &Recurrence, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<bool> {
    let mut covered = vec![false; (to - from).num_minutes() as usize];
    for found in engine.occurrences(from, to) {
        assert!(found.start < found.end && found.start < to && found.end > from);
        cover(&mut covered, found.start, found.end, from);
    }
    covered
}

fn first_difference(engine: &[bool], scan: &[bool], from: DateTime<Utc>) -> Option<String> {
    let at = engine.iter().zip(scan).position(|(a, b)| a != b)?;
    let instant = from + TimeDelta::minutes(at as i64);
    Some(format!("{instant}: the engine says {}, the scan {}", engine[at], scan[at]))
}
