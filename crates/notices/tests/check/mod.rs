//! One way to check a reading: its kind and its windows, written short.
#![allow(dead_code)]

use chrono::{DateTime, FixedOffset};
use piaotan_notices::{Context, Reading, Zone, read};

/// Reads `text` as published on `published` ("" where that is not known), at `zone`.
pub fn reading(published: &str, zone: &str, text: &str) -> Reading {
    let context = Context { published: published.parse().ok(), zone: zone.parse().ok() };
    read(text, &context)
}

/// Checks kind and windows; a window is `2026-11-24T22:00/2026-11-25T06:00`, in the zone's own time,
/// with an empty end where it is open. Windows are separated by blanks.
pub fn check_at(published: &str, zone: &str, text: &str, kind: &str, windows: &str) {
    let reading = reading(published, zone, text);
    let local = |time| short(time, zone.parse().expect("a test's zone is valid"));
    let got: Vec<String> = reading
        .windows
        .iter()
        .map(|w| format!("{}/{}", local(w.start), w.end.map(local).unwrap_or_default()))
        .collect();
    let answer = format!("{} {}", reading.notice, got.join(" "));
    assert_eq!(answer.trim(), format!("{kind} {windows}").trim(), "\n{text}\n{:#?}", reading.doubts);
}

/// A Chinese notice, at UTC+8.
pub fn check(published: &str, text: &str, kind: &str, windows: &str) {
    check_at(published, "+08:00", text, kind, windows);
}

/// Checks that nothing is read and that the notice is no maintenance.
pub fn check_nothing(published: &str, text: &str) {
    check(published, text, "not_maintenance", "");
}

/// Checks the rules that recur: `FREQ=DAILY 02:00 7200`.
pub fn check_rules(published: &str, zone: &str, text: &str, rules: &str) {
    let reading = reading(published, zone, text);
    let got: Vec<String> = reading
        .recurring
        .iter()
        .map(|r| {
            let time = r.time.map(|t| t.format("%H:%M").to_string()).unwrap_or_default();
            format!("{} {} {}", r.rrule, time, r.duration.map(|d| d.to_string()).unwrap_or_default())
                .trim()
                .to_owned()
        })
        .collect();
    assert_eq!(got.join(" | "), rules, "\n{text}");
    assert!(reading.windows.is_empty(), "\n{text}\n{:?}", reading.windows);
}

fn short(time: DateTime<FixedOffset>, zone: Zone) -> String {
    let local = match zone {
        Zone::Named(tz) => time.with_timezone(&tz).naive_local(),
        Zone::Fixed(offset) => time.with_timezone(&offset).naive_local(),
    };
    let text = local.format("%Y-%m-%dT%H:%M:%S").to_string();
    text.strip_suffix(":00").map(str::to_owned).unwrap_or(text)
}
