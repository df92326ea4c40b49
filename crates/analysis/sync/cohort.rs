//! The promise kept day by day: "99 % visible within 24 hours", with bounds while a day is open.

use super::delay::Delay;
use serde::Serialize;
use std::collections::BTreeMap;

/// The platform's promise, and when hope is given up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// Visible within so many seconds of the upload ...
    pub within: f64,
    /// ... for this share of a day's invoices.
    pub share: f64,
    /// Not visible after so many seconds: lost.
    pub lost_after: f64,
}

impl Default for Promise {
    fn default() -> Self {
        Self { within: 86_400.0, share: 0.99, lost_after: 7.0 * 86_400.0 }
    }
}

/// Whether a day kept the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Kept,
    Broken,
    /// Those still pending, or found between two looks around the limit, may decide either way.
    Open,
}

/// The invoices uploaded on one day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cohort {
    /// As the caller numbers its days.
    pub day: i64,
    pub uploaded: usize,
    /// Known to have been visible in time.
    pub in_time: usize,
    /// Known not to have been.
    pub late: usize,
    /// Not visible after the time at which hope is given up; these are late too.
    pub lost: usize,
    /// Neither is known.
    pub open: usize,
    /// Share in time if every open one comes late, and if none does.
    pub lower: f64,
    pub upper: f64,
    pub kept: Kept,
}

/// Sorts the delays into days by `day`, which numbers the day of an upload in the zone it wants.
pub fn cohorts(delays: &[Delay], promise: &Promise, day: impl Fn(f64) -> i64) -> Vec<Cohort> {
    let mut days: BTreeMap<i64, Vec<&Delay>> = BTreeMap::new();
    for delay in delays {
        days.entry(day(delay.uploaded)).or_default().push(delay);
    }
    days.into_iter().map(|(day, delays)| cohort(day, &delays, promise)).collect()
}

fn cohort(day: i64, delays: &[&Delay], promise: &Promise) -> Cohort {
    let count = |which: &dyn Fn(&Delay) -> bool| delays.iter().filter(|d| which(d)).count();
    let in_time = count(&|d| d.upper <= promise.within);
    let late = count(&|d| is_late(d, promise));
    let open = delays.len() - in_time - late;
    let (lower, upper) = (share(in_time, delays.len()), share(in_time + open, delays.len()));
    let kept = match (lower >= promise.share, upper < promise.share) {
        (true, _) => Kept::Kept,
        (_, true) => Kept::Broken,
        _ => Kept::Open,
    };
    let lost = count(&|d| is_lost(d, promise));
    Cohort { day, uploaded: delays.len(), in_time, late, lost, open, lower, upper, kept }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn is_late(delay: &Delay, promise: &Promise) -> bool {
    delay.lower >= promise.within && delay.upper > promise.within
}

fn is_lost(delay: &Delay, promise: &Promise) -> bool {
    !delay.seen() && delay.lower >= promise.lost_after
}

/// What is pending at an instant, in seconds on the clock of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Pending {
    /// Not yet seen, the lost not counted.
    pub pending: usize,
    /// Since the oldest pending upload, in seconds; `None` where nothing is pending.
    pub oldest_age: Option<f64>,
    /// Pending past the promise.
    pub late: usize,
    pub lost: usize,
}

/// Counts what has not been seen by `now`.
pub fn pending(delays: &[Delay], promise: &Promise, now: f64) -> Pending {
    let mut found = Pending::default();
    for delay in delays.iter().filter(|d| !d.seen()) {
        let age = now - delay.uploaded;
        if age >= promise.lost_after {
            found.lost += 1;
            continue;
        }
        found.pending += 1;
        found.late += usize::from(age >= promise.within);
        found.oldest_age = Some(found.oldest_age.map_or(age, |oldest| oldest.max(age)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMISE: Promise = Promise { within: 10.0, share: 0.5, lost_after: 50.0 };

    fn delay(uploaded: f64, lower: f64, upper: f64) -> Delay {
        Delay { uploaded, lower, upper, batch: None }
    }

    fn check(delays: &[Delay], expected: (usize, usize, usize, Kept)) {
        let found = cohorts(delays, &PROMISE, |_| 0)[0];
        assert_eq!((found.in_time, found.late, found.open, found.kept), expected);
    }

    #[test]
    fn a_day_is_open_while_its_pending_can_decide() {
        check(&[delay(0.0, 5.0, 8.0), delay(0.0, 3.0, f64::INFINITY)], (1, 0, 1, Kept::Kept));
        check(&[delay(0.0, 9.0, 12.0), delay(0.0, 3.0, f64::INFINITY)], (0, 0, 2, Kept::Open));
        check(&[delay(0.0, 10.0, f64::INFINITY), delay(0.0, 12.0, 15.0)], (0, 2, 0, Kept::Broken));
    }

    #[test]
    fn days_are_apart() {
        let delays = [delay(3.0, 1.0, 2.0), delay(90_000.0, 60.0, f64::INFINITY)];
        let found = cohorts(&delays, &PROMISE, |t| (t / 86_400.0) as i64);
        assert_eq!((found.len(), found[1].day, found[1].lost, found[1].late), (2, 1, 1, 1));
    }

    #[test]
    fn the_lost_are_not_pending() {
        let delays = [delay(0.0, 1.0, f64::INFINITY), delay(80.0, 1.0, f64::INFINITY), delay(95.0, 0.0, 1.0)];
        let found = pending(&delays, &PROMISE, 100.0);
        assert_eq!(found, Pending { pending: 1, oldest_age: Some(20.0), late: 1, lost: 1 });
    }
}
