//! Why the loop of the probes stops: the end, or a new beginning.
#![allow(clippy::disallowed_methods, reason = "the front door compares clocks")]

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use piaotan_client::clock::Clock;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often the file and the clocks are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A wall clock that was set by more than this makes slots and windows wrong.
const STEP: TimeDelta = TimeDelta::seconds(2);

/// Why the loop stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// SIGTERM or SIGINT.
    End,
    /// SIGHUP, or the configuration file changed.
    Reload,
    /// Somebody set the wall clock, or the machine slept.
    ClockStep(TimeDelta),
    /// A new day at the platform: synthetic invoices bear its date.
    NewDay,
}

/// What the wall clock of the machine shows.
pub type Wall = fn() -> DateTime<Utc>;

/// Waits for one of the reasons.
#[derive(Debug)]
pub struct Life {
    wall: Wall,
    term: Signal,
    int: Signal,
    hup: Signal,
    file: Option<PathBuf>,
    written: Option<SystemTime>,
}

impl Life {
    /// # Errors
    /// When signals cannot be waited for.
    pub fn new(file: Option<&Path>, wall: Wall) -> std::io::Result<Self> {
        Ok(Self {
            wall,
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
            written: file.and_then(written),
            file: file.map(Path::to_path_buf),
        })
    }

    /// Ready when the loop is to stop. `clock` is the one that it goes by.
    pub async fn why(&mut self, clock: Clock, zone: Tz) -> Why {
        let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
        let today = day(clock.wall());
        loop {
            tokio::select! {
                _ = self.term.recv() => return Why::End,
                _ = self.int.recv() => return Why::End,
                _ = self.hup.recv() => {
                    self.written = self.file.as_deref().and_then(written);
                    return Why::Reload;
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            let now = self.file.as_deref().and_then(written);
            // A file that is being replaced may be away for a moment.
            if now.is_some() && now != self.written {
                self.written = now;
                return Why::Reload;
            }
            let step = (self.wall)() - clock.wall();
            if step.abs() > STEP {
                return Why::ClockStep(step);
            }
            if day(clock.wall()) != today {
                return Why::NewDay;
            }
        }
    }
}

fn written(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|about| about.modified()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Life, Why};
    use chrono::{DateTime, TimeDelta, Utc};
    use piaotan_client::clock::Clock;

    fn noon() -> DateTime<Utc> {
        "2026-11-24T04:00:00Z".parse().unwrap()
    }

    /// The wall clock shows another time than the one that the loop goes by; time is paused.
    async fn check(wall: super::Wall, expected: Why) {
        let clock = Clock::start_at(noon());
        let mut life = Life::new(None, wall).unwrap();
        assert_eq!(life.why(clock, chrono_tz::Asia::Shanghai).await, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_was_set_is_seen_within_a_second() {
        check(|| noon() + TimeDelta::seconds(3_601), Why::ClockStep(TimeDelta::hours(1))).await;
        check(|| noon() - TimeDelta::seconds(3_599), Why::ClockStep(TimeDelta::hours(-1))).await;
    }

    #[tokio::test(start_paused = true)]
    async fn two_seconds_are_no_step() {
        let clock = Clock::start_at(noon());
        let mut life = Life::new(None, || noon() + TimeDelta::milliseconds(2_500)).unwrap();
        let why =
            tokio::time::timeout(std::time::Duration::from_millis(4_100), life.why(clock, chrono_tz::UTC));
        assert!(why.await.is_err(), "the difference is below two seconds until 4.5 s have passed");
    }
}
