//! What a question to the calendar costs in CPU time: load engines ask one for every request.
//!
//! `cargo run --release -p piaotan-record --example calendar_speed`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::hint::black_box;

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::Calendar;
use piaotan_record::recurrence::Recurrence;
use piaotan_record::window::{Service, Window};

fn main() {
    let start = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
    for windows in [10, 100, 1_000, 10_000] {
        let window = |n: i64| {
            let from = start + TimeDelta::hours(n * 5);
            Window::new(format!("w{n}"), from, Some(from + TimeDelta::hours(2)))
        };
        let begun = cpu_nanos();
        let calendar = Calendar::of((0..windows).map(window).collect());
        let built = (cpu_nanos() - begun) / 1_000;
        let span = windows * 5 * 3_600;
        let begun = cpu_nanos();
        for n in 0..1_000_000i64 {
            let due = start + TimeDelta::seconds(n * 7_919 % span);
            black_box(calendar.phase_at(black_box(due), Service::Query));
        }
        let each = (cpu_nanos() - begun) / 1_000_000;
        println!("{windows:>6} windows: phase_at {each} ns, built in {built} us");
    }
    let rule = Recurrence::rrule("FREQ=MONTHLY;BYDAY=-1SU", "2020-01-05T02:00", "2h", "Europe/Berlin")
        .expect("it is a rule");
    let begun = cpu_nanos();
    for n in 0..10_000 {
        let from = start + TimeDelta::days(n);
        black_box(rule.occurrences(from, from + TimeDelta::days(365)).count());
    }
    println!("a year of a monthly rule: {} ns", (cpu_nanos() - begun) / 10_000);
}

/// Time that this process spent on a CPU: others on the same machine do not count. Linux only.
fn cpu_nanos() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}
