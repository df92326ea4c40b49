//! The law that nothing vanishes, in two units, from counts that were not made of each other.

use crate::tally::{Arrivals, Dropped};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Journeys: `scheduled = started + dropped + suppressed`, `started = completed + stopped + cut_off`.
///
/// `scheduled` and `started` come from the pacer and the engine's slots, the other half from the
/// recorded outcomes of journeys: one lost observation breaks the second line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalCounts {
    pub scheduled: u64,
    pub started: u64,
    pub dropped: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped_by: BTreeMap<String, u64>,
    pub suppressed: u64,
    pub completed: u64,
    pub stopped: u64,
    pub cut_off: u64,
}

/// Requests: `sent = ok + business_no + failed + timed_out + cut_off`.
///
/// `sent` is counted by the transport when it hands a request to a connection (or gives up getting one).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCounts {
    pub sent: u64,
    pub ok: u64,
    pub business_no: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub cut_off: u64,
}

/// A line of the law that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{left} {left_count} is not {right} {right_count}: {} {}", difference(*.left_count, *.right_count), unit(.left))]
pub struct Broken {
    pub left: &'static str,
    pub left_count: u64,
    pub right: &'static str,
    pub right_count: u64,
}

fn difference(left: u64, right: u64) -> String {
    if left > right {
        format!("{} lost among", left - right)
    } else {
        format!("{} too many among", right - left)
    }
}

fn unit(left: &str) -> &'static str {
    if left == "sent" { "requests" } else { "journeys" }
}

impl ArrivalCounts {
    /// Takes over what the pacer and the slots counted.
    pub fn add_arrivals(&mut self, arrivals: &Arrivals) {
        self.scheduled += arrivals.scheduled;
        self.started += arrivals.started;
        self.suppressed += arrivals.suppressed;
        self.dropped += arrivals.dropped_total();
        for (reason, count) in Dropped::ALL.iter().zip(arrivals.dropped).filter(|(_, count)| *count > 0) {
            *self.dropped_by.entry(reason.as_str().to_owned()).or_default() += count;
        }
    }

    /// Of a folder that ends without an end (killed): what its last second left open was cut off, and
    /// nobody can say more. Too many on the other side stay too many.
    pub fn cut(&mut self) {
        let waiting = self.scheduled.saturating_sub(self.started + self.dropped + self.suppressed);
        if waiting > 0 {
            self.dropped += waiting;
            *self.dropped_by.entry(Dropped::Stopped.as_str().to_owned()).or_default() += waiting;
        }
        self.cut_off += self.started.saturating_sub(self.completed + self.stopped + self.cut_off);
    }

    /// Adds another segment's counts.
    pub fn merge(&mut self, other: &Self) {
        self.scheduled += other.scheduled;
        self.started += other.started;
        self.dropped += other.dropped;
        self.suppressed += other.suppressed;
        self.completed += other.completed;
        self.stopped += other.stopped;
        self.cut_off += other.cut_off;
        for (reason, count) in &other.dropped_by {
            *self.dropped_by.entry(reason.clone()).or_default() += count;
        }
    }

    /// # Errors
    /// The first line of the law that does not hold.
    pub fn check(&self) -> Result<(), Broken> {
        equal(
            "scheduled",
            self.scheduled,
            "started + dropped + suppressed",
            self.started + self.dropped + self.suppressed,
        )?;
        equal(
            "started",
            self.started,
            "completed + stopped + cut_off",
            self.completed + self.stopped + self.cut_off,
        )
    }
}

impl RequestCounts {
    /// As [`ArrivalCounts::cut`]: requests under way when the writer was killed.
    pub fn cut(&mut self) {
        let answered = self.ok + self.business_no + self.failed + self.timed_out + self.cut_off;
        self.cut_off += self.sent.saturating_sub(answered);
    }

    /// # Errors
    /// The line of the law, when it does not hold.
    pub fn check(&self) -> Result<(), Broken> {
        let outcomes = self.ok + self.business_no + self.failed + self.timed_out + self.cut_off;
        equal("sent", self.sent, "ok + business_no + failed + timed_out + cut_off", outcomes)
    }
}

fn equal(left: &'static str, left_count: u64, right: &'static str, right_count: u64) -> Result<(), Broken> {
    if left_count == right_count { Ok(()) } else { Err(Broken { left, left_count, right, right_count }) }
}

impl fmt::Display for ArrivalCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "arrivals: scheduled {} = started {} + dropped {}",
            self.scheduled, self.started, self.dropped
        )?;
        if !self.dropped_by.is_empty() {
            let reasons: Vec<String> =
                self.dropped_by.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
            write!(f, " ({})", reasons.join(", "))?;
        }
        write!(f, " + suppressed {}; ", self.suppressed)?;
        let Self { started, completed, stopped, cut_off, .. } = self;
        write!(f, "started {started} = completed {completed} + stopped {stopped} + cut off {cut_off}")
    }
}

impl fmt::Display for RequestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, ok, business_no, failed, timed_out, cut_off } = self;
        write!(
            f,
            "requests: sent {sent} = ok {ok} + business no {business_no} + failed {failed} + timed out {timed_out} + cut off {cut_off}"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_lost_observation_is_named() {
        let lost = ArrivalCounts { scheduled: 10, started: 10, completed: 9, ..ArrivalCounts::default() };
        assert_eq!(
            lost.check().unwrap_err().to_string(),
            "started 10 is not completed + stopped + cut_off 9: 1 lost among journeys"
        );
        let lost = RequestCounts { sent: 3, ok: 2, ..RequestCounts::default() };
        assert_eq!(
            lost.check().unwrap_err().to_string(),
            "sent 3 is not ok + business_no + failed + timed_out + cut_off 2: 1 lost among requests"
        );
    }

    #[test]
    fn what_a_kill_left_open_is_cut_off() {
        let mut arrivals =
            ArrivalCounts { scheduled: 9, started: 6, dropped: 1, completed: 4, ..ArrivalCounts::default() };
        let mut requests = RequestCounts { sent: 12, ok: 10, ..RequestCounts::default() };
        arrivals.cut();
        requests.cut();
        assert_eq!((arrivals.dropped, arrivals.cut_off, requests.cut_off), (3, 2, 2));
        assert!(arrivals.check().is_ok() && requests.check().is_ok());
        requests.ok += 9;
        requests.cut();
        assert!(requests.check().is_err());
    }

    #[test]
    fn a_suppressed_arrival_is_not_lost() {
        let held = ArrivalCounts {
            scheduled: 10,
            started: 7,
            suppressed: 3,
            completed: 7,
            ..ArrivalCounts::default()
        };
        assert_eq!(held.check(), Ok(()));
    }
}
