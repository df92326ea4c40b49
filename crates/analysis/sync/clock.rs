//! Two clocks. The wall clock is what users feel; the business clock stands still inside maintenance
//! windows, and is what regressions are judged on.
//!
//! Even on the business clock a window leaves a backlog behind, through which delays are longer
//! although nothing has regressed. So a comparison uses the *steady* part only: what was uploaded
//! before a window is censored when it opens (a window opens whatever the delay, so this censoring
//! is uninformative), and what is uploaded inside it or while it recovers is a stratum of its own.

use super::delay::Delay;

/// A stretch of time, start included, end not, in seconds on the clock of the samples.
pub type Span = (f64, f64);

/// The delays cut at the windows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parted {
    /// Undisturbed, or censored when a window opened.
    pub steady: Vec<Delay>,
    /// Uploaded inside a window, or before its backlog was worked off.
    pub recovering: Vec<Delay>,
}

/// The same delays less the time that lay inside windows.
pub fn business(delays: &[Delay], windows: &[Span]) -> Vec<Delay> {
    let windows = united(windows);
    let shorten = |from: f64, seconds: f64| match seconds.is_finite() {
        true => (seconds - overlap(&windows, from, from + seconds)).max(0.0),
        false => seconds,
    };
    delays
        .iter()
        .map(|d| Delay { lower: shorten(d.uploaded, d.lower), upper: shorten(d.uploaded, d.upper), ..*d })
        .collect()
}

/// Parts the delays (on the wall clock) for a comparison. `recovery` is how long after a window
/// uploads are kept apart, in seconds.
pub fn part(delays: &[Delay], windows: &[Span], recovery: f64) -> Parted {
    let windows = united(windows);
    let mut parted = Parted::default();
    for delay in delays {
        let next = windows.partition_point(|w| w.1 + recovery <= delay.uploaded);
        match windows.get(next) {
            Some((start, _)) if *start <= delay.uploaded => parted.recovering.push(*delay),
            Some((start, _)) => parted.steady.push(censored_at(*delay, start - delay.uploaded)),
            None => parted.steady.push(*delay),
        }
    }
    parted
}

/// What was known of the delay `seconds` after the upload.
fn censored_at(delay: Delay, seconds: f64) -> Delay {
    match delay.upper <= seconds {
        true => delay,
        false => Delay { lower: delay.lower.min(seconds), upper: f64::INFINITY, ..delay },
    }
}

/// How long after a window the delay was back to normal.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Recovery {
    /// From the end of the window to the first upload from which on delays were normal; where
    /// `reached` is false they had not been by then.
    pub seconds: f64,
    pub reached: bool,
}

/// Normal is so many times the 95th percentile of the baseline ...
const NORMAL: f64 = 1.5;
/// ... exceeded by at most one of so many uploads in a row.
const IN_A_ROW: usize = 20;

/// Measures the recovery after a window that ended at `end`, up to the next window at `until`.
/// `None` where too few were uploaded to tell, or were not watched for long enough.
pub fn recovery(delays: &[Delay], end: f64, until: f64, baseline_p95: f64) -> Option<Recovery> {
    let limit = NORMAL * baseline_p95;
    let after = delays.iter().filter(|d| (end..until).contains(&d.uploaded));
    // Uploads not yet seen but not yet watched to the limit could be either, and are left out.
    let known = after.filter(|d| d.seen() || d.lower >= limit);
    let mut slow: Vec<(f64, bool)> = known.map(|d| (d.uploaded, d.timed().seconds > limit)).collect();
    slow.sort_by(|a, b| a.0.total_cmp(&b.0));
    let normal = |row: &[(f64, bool)]| row.iter().filter(|s| s.1).count() <= 1;
    let begin = slow.windows(IN_A_ROW).position(normal);
    match begin {
        Some(0) => Some(Recovery { seconds: 0.0, reached: true }),
        Some(i) => {
            // The row may begin with its one slow upload: normal begins after that.
            let first = i + usize::from(slow[i].1);
            Some(Recovery { seconds: slow[first].0 - end, reached: true })
        }
        None if slow.len() >= IN_A_ROW => {
            Some(Recovery { seconds: slow[slow.len() - 1].0 - end, reached: false })
        }
        None => None,
    }
}

/// Seconds of `from..to` inside the windows, which must not overlap each other.
fn overlap(windows: &[Span], from: f64, to: f64) -> f64 {
    let first = windows.partition_point(|w| w.1 <= from);
    windows[first..].iter().take_while(|w| w.0 < to).map(|w| w.1.min(to) - w.0.max(from)).sum()
}

/// Sorted, overlapping ones joined, empty ones dropped.
fn united(windows: &[Span]) -> Vec<Span> {
    let mut sorted: Vec<Span> = windows.iter().copied().filter(|w| w.1 > w.0).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut joined: Vec<Span> = Vec::new();
    for window in sorted {
        match joined.last_mut().filter(|last| window.0 <= last.1) {
            Some(last) => last.1 = last.1.max(window.1),
            None => joined.push(window),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: [Span; 3] = [(100.0, 200.0), (150.0, 220.0), (500.0, 600.0)];

    fn check(uploaded: f64, wall: f64, expected: f64) {
        assert_eq!(business(&[Delay::exact(uploaded, wall)], &WINDOWS)[0].upper, expected);
    }

    #[test]
    fn the_business_clock_stands_still_in_windows() {
        check(0.0, 50.0, 50.0);
        check(90.0, 200.0, 80.0);
        check(120.0, 50.0, 0.0);
        check(90.0, 600.0, 380.0);
        check(0.0, f64::INFINITY, f64::INFINITY);
    }

    #[test]
    fn a_window_censors_what_was_pending() {
        let parted = part(&[Delay::exact(10.0, 20.0), Delay::exact(90.0, 300.0)], &WINDOWS, 30.0);
        assert_eq!(parted.steady[0], Delay::exact(10.0, 20.0));
        assert_eq!((parted.steady[1].lower, parted.steady[1].seen()), (10.0, false));
    }

    #[test]
    fn uploads_while_it_recovers_stand_apart() {
        let uploads = [99.0, 100.0, 219.0, 249.0, 250.0].map(|u| Delay::exact(u, 0.5));
        let parted = part(&uploads, &WINDOWS, 30.0);
        assert_eq!((parted.steady.len(), parted.recovering.len()), (2, 3));
    }

    #[test]
    fn recovery_ends_when_delays_are_normal_again() {
        let backlog = |u: f64| if u < 260.0 { 90.0 } else { 10.0 };
        let delays: Vec<Delay> = (220..400).map(|u| Delay::exact(u as f64, backlog(u as f64))).collect();
        let found = recovery(&delays, 220.0, 500.0, 40.0);
        assert_eq!(found, Some(Recovery { seconds: 40.0, reached: true }));
        assert!(recovery(&delays[..30], 220.0, 500.0, 40.0).is_some_and(|r| !r.reached));
        assert_eq!(recovery(&delays[..5], 220.0, 500.0, 40.0), None);
    }
}
