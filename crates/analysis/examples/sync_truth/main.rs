//! The table of what the sync estimators do on platforms whose truth is known.
//!
//! `cargo run --release -p piaotan-analysis --example sync_truth -- [repetitions] [part]`, with 300
//! repetitions unless told; parts are `quantiles`, `batches`, `windows`, `power` and `change`.
//! Seeds are fixed: the same numbers come out each time.
#![allow(clippy::print_stdout)]

mod change;
mod quantiles;
mod regressions;
mod worlds;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let repetitions = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(300);
    let wanted = arguments.next();
    let asked = |part: &str| wanted.as_deref().is_none_or(|w| w == part);
    if asked("quantiles") {
        quantiles::table(repetitions);
    }
    if asked("power") {
        regressions::power(repetitions);
    }
    if asked("batches") {
        regressions::batches(repetitions);
    }
    if asked("windows") {
        regressions::windows(repetitions);
    }
    if asked("change") {
        change::table(repetitions);
    }
}
