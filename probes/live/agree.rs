//! Announced against observed while the watch goes on: each finding is told once, and what observation
//! says of windows becomes a correction.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::phases::ObservedPhases;
use piaotan_analysis::reconcile::{Finding, FindingKind, Observed, ReconcileOptions, reconcile};
use piaotan_record::Calendar;
use piaotan_record::calendar::Correction;
use serde::{Deserialize, Serialize};

/// Findings older than this are not compared any more.
const MEMORY: TimeDelta = TimeDelta::days(2);
/// Services are asked in turn: what begins within this time of each other is one thing.
const TOGETHER: TimeDelta = TimeDelta::minutes(10);
/// Findings that are remembered as told.
const MOST: usize = 500;

/// What was told of the agreement so far. It survives a restart.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Agreement {
    told: Vec<(FindingKind, String)>,
}

/// What is new.
#[derive(Debug, Default, PartialEq)]
pub struct News {
    pub findings: Vec<Finding>,
    /// Proposed windows that observation confirms.
    pub confirmed: Vec<Correction>,
}

impl Agreement {
    /// Compares what was announced with what was seen by `now`, and says what was not said before.
    pub fn compare(&mut self, calendar: &Calendar, seen: &ObservedPhases, now: DateTime<Utc>) -> News {
        let reconciled = reconcile(calendar, &Observed::from(seen), now, ReconcileOptions::default());
        let lately = |finding: &Finding| finding.end.is_none_or(|end| end > now - MEMORY);
        let mut findings = Vec::new();
        for finding in reconciled.findings.into_iter().filter(lately) {
            if !self.told.iter().any(|(kind, about)| *kind == finding.kind && is_about(about, &finding)) {
                self.told.push((finding.kind, subject(&finding)));
                findings.push(finding);
            }
        }
        self.told.drain(..self.told.len().saturating_sub(MOST));
        let unsaid = |made: &Correction| calendar.window(&made.window).is_some_and(|w| differs(made, w));
        News { findings, confirmed: reconciled.corrections.into_iter().filter(unsaid).collect() }
    }
}

fn differs(made: &Correction, window: &piaotan_record::Window) -> bool {
    made.change.applied_to(window).is_ok_and(|changed| changed != *window)
}

/// What a finding is about: the same thing is found again at every look, its end becoming known.
fn subject(finding: &Finding) -> String {
    finding.window.clone().unwrap_or_else(|| finding.start.timestamp().to_string())
}

/// Whether it is told already: without a window, what begins together is one thing, though one service
/// after the other is seen to be touched.
fn is_about(about: &str, finding: &Finding) -> bool {
    let together = |told: i64| (finding.start.timestamp() - told).abs() <= TOGETHER.num_seconds();
    match &finding.window {
        Some(window) => window == about,
        None => about.parse().is_ok_and(together),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use piaotan_analysis::phases::{Fact, PhaseOptions, Signal, Subject};
    use piaotan_record::window::Status;
    use piaotan_record::{Operation, Window};

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap()
    }

    /// Polls three operations a minute for an hour, down in `down`; gives what is told, minute by minute.
    fn check(window: Window, down: std::ops::Range<i64>, expected: &[(i64, &str)], confirmed: bool) {
        let mut seen = ObservedPhases::new(PhaseOptions::default());
        let (mut agreement, mut told, mut corrected) = (Agreement::default(), Vec::new(), false);
        let calendar = Calendar::of(vec![window]);
        for minute in 0..60 {
            for (slot, operation) in
                [Operation::QueryNumber, Operation::Verify, Operation::Upload].into_iter().enumerate()
            {
                let due = at(minute) + TimeDelta::seconds(i64::try_from(slot).unwrap() * 5);
                let says = Signal::Maintenance { retry_after: None };
                let signal = if down.contains(&minute) { says } else { Signal::Good };
                seen.push(&Fact {
                    due,
                    done: due + TimeDelta::seconds(1),
                    subject: Subject::Platform(operation),
                    signal,
                });
            }
            let news = agreement.compare(&calendar, &seen, at(minute) + TimeDelta::seconds(30));
            corrected |= !news.confirmed.is_empty();
            told.extend(news.findings.iter().map(|finding| (minute, finding.kind.as_str())));
        }
        assert_eq!(told, expected);
        assert_eq!(corrected, confirmed);
    }

    #[test]
    fn each_finding_is_told_when_it_is_known_and_once() {
        let window = || Window::new("w", at(10), Some(at(30)));
        check(window(), 10..30, &[(10, "announced_and_observed")], false);
        check(window(), 10..45, &[(10, "announced_and_observed"), (31, "overrun")], false);
        check(window(), 10..20, &[(10, "announced_and_observed"), (21, "early_end")], false);
        check(window(), 0..0, &[(30, "announced_not_observed")], false);
        let proposed = Window { status: Status::Proposed, ..window() };
        check(proposed, 10..30, &[(10, "announced_and_observed")], true);
        let cancelled = Window { status: Status::Cancelled, ..window() };
        check(cancelled, 10..30, &[(10, "cancelled_but_observed")], false);
    }

    #[test]
    fn what_touches_one_service_after_the_other_is_told_once() {
        let (mut seen, mut agreement) = (ObservedPhases::new(PhaseOptions::default()), Agreement::default());
        let mut told = 0;
        let slots = [(0, Operation::QueryNumber), (20, Operation::Verify), (40, Operation::Upload)];
        for (round, (slot, operation)) in (0..90).flat_map(|minute| slots.map(|slot| (minute, slot))) {
            let due = at(round) + TimeDelta::seconds(slot);
            let down = (10..20).contains(&round) || (60..70).contains(&round);
            let signal = if down { Signal::Maintenance { retry_after: None } } else { Signal::Good };
            seen.push(&Fact {
                due,
                done: due + TimeDelta::seconds(1),
                subject: Subject::Platform(operation),
                signal,
            });
            told += agreement.compare(&Calendar::of(vec![]), &seen, due).findings.len();
        }
        assert_eq!(told, 2, "once for each time");
    }
}
