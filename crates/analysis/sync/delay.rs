//! What is known of one invoice's delay: never the moment itself, always the interval between the
//! last look that did not find it and the first that did.

use std::fmt;

/// One tracked invoice on one surface. Instants are seconds on any one clock (monotonic or epoch).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    /// When the platform accepted it.
    pub uploaded: f64,
    /// The last look that did not find it. `None`: nobody looked before it was found.
    pub last_not_seen: Option<f64>,
    /// The first look that found it. `None`: never, so far.
    pub first_seen: Option<f64>,
    /// The sync batch that carried it, where that is known.
    pub batch: Option<u32>,
}

/// A delay in seconds, interval-censored by the looks and right-censored by the end: it lies in
/// `(lower, upper]`, and `upper` is infinite for an invoice not yet seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delay {
    pub uploaded: f64,
    pub lower: f64,
    pub upper: f64,
    pub batch: Option<u32>,
}

/// Why a sample says nothing that can be believed. Such samples are left out and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// An instant is NaN or infinite.
    NotFinite,
    /// Seen before it was uploaded: a clock was stepped, or the columns are exchanged.
    SeenBeforeUpload,
    /// Looked for in vain after it had been seen.
    LostAfterSeen,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::NotFinite => "an instant is not a finite number",
            Fault::SeenBeforeUpload => "first_seen is before uploaded: was a clock stepped?",
            Fault::LostAfterSeen => {
                "last_not_seen is after first_seen: give the last look before it was found"
            }
        })
    }
}

impl Sample {
    /// What the looks say about the delay. A look in vain before the upload says nothing, so the
    /// interval then starts at zero.
    pub fn delay(&self) -> Result<Delay, Fault> {
        let instants = [Some(self.uploaded), self.last_not_seen, self.first_seen];
        if instants.into_iter().flatten().any(|t| !t.is_finite()) {
            return Err(Fault::NotFinite);
        }
        let lower = self.last_not_seen.map_or(0.0, |t| (t - self.uploaded).max(0.0));
        let upper = self.first_seen.map_or(f64::INFINITY, |t| t - self.uploaded);
        if upper < 0.0 {
            return Err(Fault::SeenBeforeUpload);
        }
        if lower > upper {
            return Err(Fault::LostAfterSeen);
        }
        Ok(Delay { uploaded: self.uploaded, lower, upper, batch: self.batch })
    }
}

impl Delay {
    /// A delay known to the moment.
    pub fn exact(uploaded: f64, seconds: f64) -> Self {
        Self { uploaded, lower: seconds, upper: seconds, batch: None }
    }

    /// Whether it was ever seen.
    pub fn seen(&self) -> bool {
        self.upper.is_finite()
    }

    /// The one number that right-censored methods work on: the middle of the interval, or how long
    /// it was looked for in vain.
    pub fn timed(&self) -> Timed {
        match self.seen() {
            true => Timed { seconds: 0.5 * (self.lower + self.upper), seen: true },
            false => Timed { seconds: self.lower, seen: false },
        }
    }

    /// When it was last known to be pending or found: the end of its follow-up.
    pub fn watched_until(&self) -> f64 {
        self.uploaded + if self.seen() { self.upper } else { self.lower }
    }
}

/// A right-censored time: the event happened at `seconds`, or had not happened by then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timed {
    pub seconds: f64,
    pub seen: bool,
}

/// The delays as right-censored times on interval midpoints.
pub fn timed(delays: &[Delay]) -> Vec<Timed> {
    delays.iter().map(Delay::timed).collect()
}

/// How long the longest-watched invoice could have been followed: from the first upload to the last
/// look. Zero for no delays.
pub fn follow_up(delays: &[Delay]) -> f64 {
    let first = delays.iter().map(|d| d.uploaded).fold(f64::INFINITY, f64::min);
    let last = delays.iter().map(Delay::watched_until).fold(f64::NEG_INFINITY, f64::max);
    (last - first).max(0.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(last: Option<f64>, seen: Option<f64>, expected: Result<(f64, f64), Fault>) {
        let sample = Sample { uploaded: 100.0, last_not_seen: last, first_seen: seen, batch: None };
        assert_eq!(sample.delay().map(|d| (d.lower, d.upper)), expected);
    }

    #[test]
    fn a_delay_lies_between_two_looks() {
        check(Some(105.0), Some(110.0), Ok((5.0, 10.0)));
        check(None, Some(110.0), Ok((0.0, 10.0)));
        check(Some(105.0), None, Ok((5.0, f64::INFINITY)));
        check(None, None, Ok((0.0, f64::INFINITY)));
    }

    #[test]
    fn a_look_before_the_upload_says_nothing() {
        check(Some(90.0), Some(103.0), Ok((0.0, 3.0)));
    }

    #[test]
    fn impossible_orders_are_named() {
        check(None, Some(99.0), Err(Fault::SeenBeforeUpload));
        check(Some(120.0), Some(110.0), Err(Fault::LostAfterSeen));
        check(Some(f64::NAN), None, Err(Fault::NotFinite));
    }
}
