//! Throttling: sliding windows in parallel, each over the exact times of the requests it let pass.

use super::form::{Limit, Throttle};
use crate::domain::moment::{Nanos, SECOND, in_seconds, seconds};
use std::collections::{HashMap, VecDeque};

/// At most so many callers are remembered; beyond, those idle longest are forgotten.
const MOST_CALLERS: usize = 10_000;

/// What throttling says to one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    Pass,
    /// Held back so long (a tarpit).
    Delay(Nanos),
    /// Refused; ask again after so many whole seconds.
    Refuse(u64),
}

/// The memory of all throttle entries, keyed by entry and caller.
#[derive(Debug, Default)]
pub(crate) struct Throttles {
    callers: HashMap<(usize, u64), Caller>,
}

#[derive(Debug, Default)]
struct Caller {
    passed: VecDeque<Nanos>,
    refused_in_a_row: u32,
    held_until: Nanos,
    seen: Nanos,
}

impl Throttles {
    pub(crate) fn judge(&mut self, entry: usize, form: &Throttle, caller: u64, now: Nanos) -> Verdict {
        if self.callers.len() >= MOST_CALLERS {
            self.forget();
        }
        let caller = self.callers.entry((entry, caller)).or_default();
        caller.seen = now;
        let longest = form.windows.iter().map(|l| seconds(l.seconds)).max().unwrap_or(0);
        let kept = form.windows.iter().map(|l| l.limit).max().unwrap_or(0);
        while caller.passed.len() > kept || caller.passed.front().is_some_and(|t| now - t >= longest) {
            caller.passed.pop_front();
        }
        let wait = form.windows.iter().map(|l| caller.wait(l, now)).max().unwrap_or(0);
        match form.tarpit {
            Some(step) => caller.tarpit(wait, step, now),
            None => caller.refuse(wait, form.grow, now),
        }
    }

    fn forget(&mut self) {
        let mut seen: Vec<Nanos> = self.callers.values().map(|c| c.seen).collect();
        let middle = seen.len() / 2;
        let cut = *seen.select_nth_unstable(middle).1;
        self.callers.retain(|_, c| c.seen > cut);
    }
}

impl Caller {
    /// How long until this window has room again; zero if it has.
    fn wait(&self, limit: &Limit, now: Nanos) -> Nanos {
        let Some(oldest) = self.passed.len().checked_sub(limit.limit) else {
            return 0;
        };
        (self.passed[oldest] + seconds(limit.seconds) - now).max(0)
    }

    /// Each request above the limit waits one step longer than the one before it.
    fn tarpit(&mut self, wait: Nanos, step: f64, now: Nanos) -> Verdict {
        self.passed.push_back(now);
        if wait == 0 {
            self.held_until = 0;
            return Verdict::Pass;
        }
        self.held_until = self.held_until.max(now) + seconds(step);
        Verdict::Delay(self.held_until - now)
    }

    fn refuse(&mut self, wait: Nanos, grow: f64, now: Nanos) -> Verdict {
        if wait == 0 {
            self.passed.push_back(now);
            self.refused_in_a_row = 0;
            return Verdict::Pass;
        }
        let grown = in_seconds(wait) * grow.powi(self.refused_in_a_row.min(30) as i32);
        self.refused_in_a_row += 1;
        Verdict::Refuse(grown.min(86_400.0).ceil().max(1.0) as u64)
    }
}

const _: () = assert!(SECOND == 1_000_000_000);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::form::Weather;
    use super::*;

    fn check(toml: &str, times: &[(f64, Verdict)]) {
        let weather = Weather::parse(&format!("[[throttle]]\n{toml}")).unwrap();
        let mut throttles = Throttles::default();
        for (at, expected) in times {
            let got = throttles.judge(0, &weather.throttle[0], 1, seconds(*at));
            assert_eq!(got, *expected, "at {at}");
        }
    }

    #[test]
    fn windows_hold_in_parallel() {
        use Verdict::*;
        check(
            "windows = [{ limit = 2, seconds = 1 }, { limit = 3, seconds = 60 }]",
            &[(0.0, Pass), (0.1, Pass), (0.2, Refuse(1)), (1.05, Pass), (2.2, Refuse(58)), (60.1, Pass)],
        );
    }

    #[test]
    fn retry_after_grows_and_a_tarpit_delays() {
        use Verdict::*;
        check(
            "windows = [{ limit = 1, seconds = 10 }]\ngrow = 2.0",
            &[(0.0, Pass), (2.0, Refuse(8)), (2.0, Refuse(16)), (10.0, Pass)],
        );
        check(
            "windows = [{ limit = 1, seconds = 1 }]\ntarpit = 4.0",
            &[(0.0, Pass), (0.1, Delay(seconds(4.0))), (0.1, Delay(seconds(8.0)))],
        );
    }
}
