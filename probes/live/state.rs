//! What the watch knows between two runs: alerts told and held, failures in a row, maintenance seen.

use crate::live::agree::{Agreement, News};
use crate::live::config::HERE;
use crate::live::notify::Message;
use crate::live::result::ProbeResult;
use crate::{Health, ProbeKind, say};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::hold::{AlertEvent, AlertGate, AlertState, Notification};
use piaotan_analysis::phases::{
    Change, Condition, Fact, ObservedPhases, PhaseOptions, Signal, Subject, Transition,
};
use piaotan_analysis::reconcile::Recovery;
use piaotan_client::profile::Language;
use piaotan_record::calendar::{Phase, Seen};
use piaotan_record::window::AlertMode;
use piaotan_record::{Calendar, Operation, OutcomeKind, Says, Service};
use piaotan_store::{Error, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const KEPT: &str = "watch alerts";

/// The memory of a watch.
#[derive(Debug)]
pub struct State {
    kept: Kept,
    phases: ObservedPhases,
    own_network_down: bool,
    /// When a window was last said to be still down.
    said: BTreeMap<String, DateTime<Utc>>,
    /// Something that must survive a restart is other than before.
    pub changed: bool,
}

/// What the store does not know of yet.
#[derive(Debug)]
pub struct Unkept(Kept);

/// How many alerts there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alerts {
    /// Told, and not over.
    pub firing: usize,
    /// Other than was told: a window holds them back.
    pub held: usize,
}

/// What survives a restart.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    gate: AlertGate,
    /// Failures in a row, by alert.
    failures: BTreeMap<String, u32>,
    overruns: Vec<String>,
    #[serde(default)]
    agreement: Agreement,
}

impl State {
    /// As it was when the watch ended, whatever ended it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recall(store: &Store, place: &str) -> Result<Self, Error> {
        let kept = store.recall(&name(place))?.unwrap_or_default();
        let phases = ObservedPhases::new(PhaseOptions::default());
        Ok(Self { kept, phases, own_network_down: false, said: BTreeMap::new(), changed: false })
    }

    /// # Errors
    /// When the store cannot be written.
    pub fn keep(&self, store: &Store, place: &str, at: DateTime<Utc>) -> Result<(), Error> {
        store.remember(&name(place), &self.kept, at)
    }

    /// What has changed since the store took it last, for a watch of the same process.
    #[must_use]
    pub fn unkept(&self) -> Unkept {
        Unkept(self.kept.clone())
    }

    /// Goes on with what the store does not know of yet.
    pub fn restore(&mut self, unkept: Unkept) {
        (self.kept, self.changed) = (unkept.0, true);
    }

    /// Takes what a probe saw; returns what became known of the platform's maintenance by it.
    pub fn observe(&mut self, result: &ProbeResult, epoch: DateTime<Utc>) -> Vec<Transition> {
        if result.probe == ProbeKind::OwnNetwork && result.health != Health::Skipped {
            self.own_network_down = result.health == Health::Unhealthy;
            let signal = if self.own_network_down { Signal::Unreachable } else { Signal::Good };
            let (due, done) = (result.started, result.started);
            return self.phases.push(&Fact { due, done, subject: Subject::OwnNetwork, signal });
        }
        let facts = result.observations.iter().filter_map(|seen| {
            let fact = Fact::seen(seen, epoch)?;
            // A page of notices bears no code of the platform: whether it is well the probe says.
            let well = seen.operation == Operation::Notices && result.health == Health::Healthy;
            Some(if well { Fact { signal: Signal::Good, ..fact } } else { fact })
        });
        facts.flat_map(|fact| self.phases.push(&fact)).collect()
    }

    /// What is new about how announced and observed maintenance agree.
    pub fn agree(&mut self, calendar: &Calendar, now: DateTime<Utc>) -> News {
        let news = self.kept.agreement.compare(calendar, &self.phases, now);
        self.changed |= !news.findings.is_empty();
        news
    }

    /// How many alerts people know of, and how many they are yet to hear of.
    #[must_use]
    pub fn alerts(&self) -> Alerts {
        Alerts { firing: self.kept.gate.firing().count(), held: self.kept.gate.held().count() }
    }

    /// Whether a transition says that the platform serves again.
    #[must_use]
    pub fn restored(transition: &Transition) -> Option<Seen> {
        let ended = transition.change == Change::Ended && transition.span.condition == Condition::Maintenance;
        ended.then_some(Seen::Recovered)
    }

    /// Whether it was said within the last half minute that a window is still down; else it is now.
    pub fn said_lately(&mut self, window: &str, at: DateTime<Utc>) -> bool {
        let lately = self.said.get(window).is_some_and(|said| at - *said < TimeDelta::seconds(30));
        if !lately {
            self.said.insert(window.to_owned(), at);
        }
        lately
    }

    /// What people are to be told because of one result.
    pub fn judge(&mut self, result: &ProbeResult, calendar: &Calendar, language: Language) -> Vec<Message> {
        let key = format!("probe {} {}", result.probe, result.location);
        let before = self.kept.clone();
        let failures = self.kept.failures.entry(key.clone()).or_default();
        match result.health {
            // Nothing was asked: nothing is known, and nothing changes.
            Health::Skipped => return Vec::new(),
            // Nor is it where invoices wait and none was due for a look: an outage is not over for that.
            Health::Pending if result.observations.is_empty() => return Vec::new(),
            Health::Unhealthy if self.own_network_down && is_unreachable(result) => return Vec::new(),
            // Our pace or our account is at fault: it says nothing of what the probe asked about.
            Health::Degraded if is_ours(result) => return Vec::new(),
            Health::Unhealthy => *failures += 1,
            Health::Healthy | Health::Degraded | Health::Pending => *failures = 0,
        }
        let firing = *failures >= needed(result);
        if *failures > 0 && !firing {
            self.changed |= before != self.kept;
            return Vec::new();
        }
        let state = if firing { AlertState::Firing } else { AlertState::Resolved };
        let mode = calendar.phase_at(result.started, result.probe.service()).alert();
        let event = AlertEvent { at: result.started, key, state };
        let told = self.kept.gate.push(&event, mode);
        self.changed |= before != self.kept;
        told.map(|told| worded(told, &result.probe.to_string(), &result.detail, language))
            .into_iter()
            .collect()
    }

    /// Windows that have overrun page, whatever their alert switch says; and are taken back.
    pub fn overruns(&mut self, calendar: &Calendar, now: DateTime<Utc>, language: Language) -> Vec<Message> {
        let over = |service: &Service| match calendar.phase_at(now, *service) {
            Phase::Overrun(window) => Some(window.id.clone()),
            _ => None,
        };
        let mut current: Vec<String> = Service::EACH.iter().filter_map(over).collect();
        current.sort();
        current.dedup();
        let ended: Vec<String> =
            self.kept.overruns.iter().filter(|id| !current.contains(id)).cloned().collect();
        let began: Vec<String> =
            current.iter().filter(|id| !self.kept.overruns.contains(id)).cloned().collect();
        self.changed |= !(ended.is_empty() && began.is_empty());
        self.kept.overruns = current;
        let states = began
            .iter()
            .map(|id| (id, AlertState::Firing))
            .chain(ended.iter().map(|id| (id, AlertState::Resolved)));
        let mut messages = Vec::new();
        for (id, state) in states {
            let event = AlertEvent { at: now, key: format!("overrun {id}"), state };
            let told = self.kept.gate.push(&event, AlertMode::Normal);
            let title = say!(language, "维护超期 {id}", "maintenance overrun {id}");
            let text = say!(
                language,
                "已过公告的结束时间，平台仍在维护",
                "past its announced end, still in maintenance"
            );
            messages.extend(told.map(|told| worded(told, &title, &text, language)));
        }
        messages
    }

    /// Invoices that are gone or changed after a window page at once.
    pub fn lost_in_window(
        &mut self,
        recovery: &Recovery,
        now: DateTime<Utc>,
        language: Language,
    ) -> Vec<Message> {
        if recovery.vanished.is_empty() && recovery.changed.is_empty() {
            return Vec::new();
        }
        let event =
            AlertEvent { at: now, key: format!("data after {}", recovery.window), state: AlertState::Firing };
        let told = self.kept.gate.push(&event, AlertMode::Normal);
        self.changed |= told.is_some();
        let changed: Vec<&str> = recovery.changed.iter().map(|changed| changed.number.as_str()).collect();
        let (gone, changed) = (recovery.vanished.join(", "), changed.join(", "));
        let title = say!(language, "维护后数据有变", "records differ after maintenance");
        let text = say!(language, "消失：{gone}；改变：{changed}", "vanished: {gone}; changed: {changed}");
        told.map(|told| worded(told, &title, &text, language)).into_iter().collect()
    }
}

/// Under which name a place remembers: watches of several places share a store.
fn name(place: &str) -> String {
    if place == HERE { KEPT.to_owned() } else { format!("{KEPT} {place}") }
}

/// Failures in a row that are an alarm: one may be chance, except where an answer is the finding.
fn needed(result: &ProbeResult) -> u32 {
    let of_fact =
        matches!(result.probe, ProbeKind::SyncDelay | ProbeKind::LedgerIntegrity | ProbeKind::EntryCheck);
    let answered = matches!(result.outcome, Some(OutcomeKind::Ok | OutcomeKind::Mismatched));
    if of_fact && answered { 1 } else { 2 }
}

fn is_ours(result: &ProbeResult) -> bool {
    says(result) == Some(Says::Nothing)
}

fn is_unreachable(result: &ProbeResult) -> bool {
    result.probe != ProbeKind::OwnNetwork && says(result) == Some(Says::Path)
}

fn says(result: &ProbeResult) -> Option<Says> {
    result.outcome.map(OutcomeKind::says)
}

fn worded(told: Notification, title: &str, text: &str, language: Language) -> Message {
    let Notification { at, key, state, since } = told;
    let title = match state {
        AlertState::Firing => say!(language, "异常：{title}", "trouble: {title}"),
        AlertState::Resolved => say!(language, "恢复：{title}", "resolved: {title}"),
    };
    Message { key, state, at, since, title, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{AlertState, State};
    use crate::{Health, ProbeKind, ProbeResult};
    use chrono::{DateTime, Utc};
    use piaotan_client::profile::Language;
    use piaotan_record::calendar::{CalendarOptions, PhaseName, Register, Seen, Sighting};
    use piaotan_record::{Calendar, Nanos, OutcomeKind, Window};
    use piaotan_store::Store;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap()
    }

    fn result(minute: i64, up: bool) -> ProbeResult {
        ProbeResult {
            probe: ProbeKind::QueryNumber,
            location: "bj".into(),
            due: at(minute),
            started: at(minute),
            duration: Nanos(1),
            health: if up { Health::Healthy } else { Health::Unhealthy },
            outcome: Some(if up { OutcomeKind::Ok } else { OutcomeKind::Maintenance }),
            code: String::new(),
            detail: String::new(),
            phases: None,
            expires: None,
            evidence: None,
            observations: Vec::new(),
            phase: PhaseName::Outside,
            window: None,
            excused: false,
            trouble: None,
        }
    }

    /// Feeds one result a minute (`u` up, `d` down, `.` nothing asked while invoices wait) from minute 0; the window is [10, 20). Returns what
    /// was told, with the minute, and restarts from the store at every step.
    fn check(story: &str, still_down: &[i64], expected: &[(i64, &str, AlertState)]) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("w.db")).unwrap();
        let sighting = |minute: &i64| Sighting { window: "w".into(), at: at(*minute), seen: Seen::StillDown };
        let register = Register {
            windows: vec![Window::new("w", at(10), Some(at(20)))],
            sightings: still_down.iter().map(sighting).collect(),
            ..Register::default()
        };
        let mut told = Vec::new();
        for (minute, up) in story.chars().enumerate() {
            let now = at(i64::try_from(minute).unwrap());
            let calendar = Calendar::new(&register.known_at(now), CalendarOptions::default());
            let mut state = State::recall(&store, "bj").unwrap();
            let mut seen = result(i64::try_from(minute).unwrap(), up == 'u');
            if up == '.' {
                (seen.health, seen.outcome) = (Health::Pending, Some(OutcomeKind::NotYetVisible));
            }
            let mut messages = state.judge(&seen, &calendar, Language::En);
            messages.extend(state.overruns(&calendar, now, Language::En));
            state.keep(&store, "bj", now).unwrap();
            told.extend(
                messages.into_iter().map(|told| ((told.at - at(0)).num_minutes(), told.key, told.state)),
            );
        }
        let told: Vec<_> = told.iter().map(|(minute, key, state)| (*minute, key.as_str(), *state)).collect();
        assert_eq!(told, expected, "{story}");
    }

    const PROBE: &str = "probe query_number bj";

    #[test]
    fn one_failure_is_chance_and_two_are_news() {
        check("uduudd", &[], &[(5, PROBE, AlertState::Firing)]);
        check("uuddduuu", &[], &[(3, PROBE, AlertState::Firing), (5, PROBE, AlertState::Resolved)]);
    }

    #[test]
    fn a_round_that_asked_nothing_ends_no_outage_and_hides_none() {
        check("dd..d.u", &[], &[(1, PROBE, AlertState::Firing), (6, PROBE, AlertState::Resolved)]);
        check("d.d", &[], &[(2, PROBE, AlertState::Firing)]);
    }

    #[test]
    fn a_maintenance_never_pages() {
        check("uuuuuuuuuuddddddddddduuu".replace("duuu", "uuuu").as_str(), &[], &[]);
    }

    #[test]
    fn down_before_and_up_after_is_resolved_after() {
        let story = "uuuuuuuudd".to_owned() + "dddddddddd" + "uuu";
        check(&story, &[], &[(9, PROBE, AlertState::Firing), (20, PROBE, AlertState::Resolved)]);
    }

    #[test]
    fn down_before_and_down_after_is_no_news() {
        let story = "uuuuuuuudd".to_owned() + "dddddddddd" + "ddd";
        check(&story, &[], &[(9, PROBE, AlertState::Firing)]);
    }

    #[test]
    fn up_before_and_down_after_is_news_after() {
        let story = "uuuuuuuuuu".to_owned() + "dddddddddd" + "ddd";
        check(&story, &[], &[(20, PROBE, AlertState::Firing)]);
    }

    #[test]
    fn an_overrun_always_pages() {
        let story = "uuuuuuuuuu".to_owned() + "dddddddddd" + "ddd";
        let overrun = (21, "overrun w", AlertState::Firing);
        check(&story, &[21], &[(20, PROBE, AlertState::Firing), overrun]);
    }
}
