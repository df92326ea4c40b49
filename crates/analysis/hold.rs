//! Alerts across a window: held inside, and told on leaving if they are then still news.
//!
//! The gate compares what is true with what people were last told. Outside of windows it tells every
//! difference at once. Inside one that holds, it waits, and on leaving tells what differs then: down
//! before and after is no news, up before and after is none either, and a recovery is never lost. An
//! overrun leaves the hold as well, for [`Phase::alert`] is then normal.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use piaotan_record::calendar::{Calendar, Phase};
use piaotan_record::closed_enum;
use piaotan_record::window::{AlertMode, Service};
use serde::{Deserialize, Serialize};

closed_enum! {
    /// Whether an alert is true.
    #[derive(Default)]
    pub enum AlertState {
        Firing = "firing",
        #[default]
        Resolved = "resolved",
    }
}

/// What an alert rule says at an instant; saying the same again is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertEvent {
    pub at: DateTime<Utc>,
    pub key: String,
    pub state: AlertState,
}

/// One message to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub at: DateTime<Utc>,
    pub key: String,
    pub state: AlertState,
    /// Since when it is so: earlier than `at` where it was held.
    pub since: DateTime<Utc>,
}

/// What is true and what was told, of every alert. It is stored as it is, so that a restart inside a
/// window forgets nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertGate {
    alerts: BTreeMap<String, Alert>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Alert {
    told: AlertState,
    state: AlertState,
    since: DateTime<Utc>,
}

impl AlertGate {
    /// Takes what a rule says; returns the message, where one is due at once.
    ///
    /// Under [`AlertMode::Drop`] an alert that fires is not taken note of, but one that is over is:
    /// people are not left with an alarm that nobody takes back.
    pub fn push(&mut self, event: &AlertEvent, mode: AlertMode) -> Option<Notification> {
        if mode == AlertMode::Drop && event.state == AlertState::Firing {
            return None;
        }
        let unknown = || Alert { told: AlertState::Resolved, state: AlertState::Resolved, since: event.at };
        let alert = self.alerts.entry(event.key.clone()).or_insert_with(unknown);
        if alert.state != event.state {
            alert.state = event.state;
            alert.since = event.at;
        }
        alert.tell(&event.key, event.at, mode)
    }

    /// Tells what is still news of the alerts that nothing holds any more. To be called whenever a
    /// phase may have changed, after what the rules say then; it says everything once only.
    pub fn release(
        &mut self,
        at: DateTime<Utc>,
        mut mode: impl FnMut(&str) -> AlertMode,
    ) -> Vec<Notification> {
        self.alerts.iter_mut().filter_map(|(key, alert)| alert.tell(key, at, mode(key))).collect()
    }

    /// The alerts of which people were told and which are not taken back.
    pub fn firing(&self) -> impl Iterator<Item = &str> {
        let firing = self.alerts.iter().filter(|(_, alert)| alert.told == AlertState::Firing);
        firing.map(|(key, _)| key.as_str())
    }

    /// The alerts that are true and of which people have not been told.
    pub fn held(&self) -> impl Iterator<Item = (&str, DateTime<Utc>)> {
        let held = self.alerts.iter().filter(|(_, alert)| alert.state != alert.told);
        held.map(|(key, alert)| (key.as_str(), alert.since))
    }
}

impl Alert {
    fn tell(&mut self, key: &str, at: DateTime<Utc>, mode: AlertMode) -> Option<Notification> {
        if mode != AlertMode::Normal || self.state == self.told {
            return None;
        }
        self.told = self.state;
        Some(Notification { at, key: key.to_owned(), state: self.state, since: self.since })
    }
}

/// The messages of a whole stretch `[from, to)`, as a calendar would have let them through: the live
/// gate in one fold. `service` says which service's windows hold an alert.
pub fn replay(
    events: &[AlertEvent],
    calendar: &Calendar,
    service: impl Fn(&str) -> Service,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<Notification> {
    let mode = |at: DateTime<Utc>, key: &str| -> AlertMode {
        let phase: Phase<'_> = calendar.phase_at(at, service(key));
        phase.alert()
    };
    let services: BTreeSet<Service> = events.iter().map(|event| service(&event.key)).collect();
    let segments = services.iter().flat_map(|service| calendar.segments(from, to, *service));
    let instants: BTreeSet<DateTime<Utc>> =
        segments.map(|segment| segment.start).chain(events.iter().map(|event| event.at)).collect();
    let mut gate = AlertGate::default();
    let mut told = Vec::new();
    for at in instants {
        for event in events.iter().filter(|event| event.at == at) {
            told.extend(gate.push(event, mode(at, &event.key)));
        }
        told.extend(gate.release(at, |key| mode(at, key)));
    }
    told
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::{DateTime, Utc};
    use piaotan_record::calendar::{Calendar, CalendarOptions, Register, Seen, Sighting};
    use piaotan_record::window::{AlertMode, Service, Window};

    use super::{AlertEvent, AlertGate, AlertState, replay};

    fn at(clock: &str) -> DateTime<Utc> {
        format!("2026-11-24T{clock}:00Z").parse().unwrap()
    }

    /// A window from 02:00 to 04:00, held or dropped, with what was seen of it.
    fn calendar(mode: AlertMode, seen: &[(&str, Seen)]) -> Calendar {
        let mut window = Window::new("w", at("02:00"), Some(at("04:00")));
        window.mode.alert = mode;
        let sightings =
            seen.iter().map(|(clock, seen)| Sighting { window: "w".into(), at: at(clock), seen: *seen });
        let register =
            Register { windows: vec![window], sightings: sightings.collect(), ..Register::default() };
        Calendar::new(&register, CalendarOptions::default())
    }

    /// `+` is down and `-` is up at a clock time; messages come as `HH:MM state since HH:MM`.
    fn check(calendar: &Calendar, events: &[&str], expected: &[&str]) {
        let event = |text: &&str| AlertEvent {
            at: at(&text[1..]),
            key: "upload".into(),
            state: if text.starts_with('+') { AlertState::Firing } else { AlertState::Resolved },
        };
        let events: Vec<AlertEvent> = events.iter().map(event).collect();
        let told = replay(&events, calendar, |_| Service::Upload, at("00:00"), at("23:59"));
        let told: Vec<String> = told
            .iter()
            .map(|n| format!("{} {} {}", n.at.format("%H:%M"), n.state, n.since.format("%H:%M")))
            .collect();
        assert_eq!(told, expected, "{events:?}");
    }

    #[test]
    fn held_alerts_are_told_on_leaving_if_they_are_news() {
        let held = calendar(AlertMode::Hold, &[]);
        check(&held, &["+01:00", "-05:00"], &["01:00 firing 01:00", "05:00 resolved 05:00"]);
        check(&held, &["+01:00", "-03:00"], &["01:00 firing 01:00", "04:00 resolved 03:00"]);
        check(
            &held,
            &["+01:00", "-02:30", "+03:00", "-05:00"],
            &["01:00 firing 01:00", "05:00 resolved 05:00"],
        );
        check(&held, &["-01:00", "+02:30", "-05:00"], &["04:00 firing 02:30", "05:00 resolved 05:00"]);
        check(&held, &["+02:30", "-03:30"], &[]);
        check(&held, &["+03:59", "+04:00"], &["04:00 firing 03:59"]);
    }

    #[test]
    fn saying_the_same_again_tells_nothing_new() {
        let held = calendar(AlertMode::Hold, &[]);
        check(&held, &["+01:00", "+01:01", "+02:30", "+04:01", "+05:00"], &["01:00 firing 01:00"]);
    }

    #[test]
    fn an_overrun_fires_at_once_and_the_rest_of_a_window_that_ended_early_is_free() {
        let overrun = [("04:00", Seen::StillDown), ("05:00", Seen::Recovered)];
        check(
            &calendar(AlertMode::Hold, &overrun),
            &["+02:01", "-05:00"],
            &["04:00 firing 02:01", "05:00 resolved 05:00"],
        );
        let early = [("03:00", Seen::Recovered)];
        check(&calendar(AlertMode::Hold, &early), &["+02:01", "-03:00", "+03:30"], &["03:30 firing 03:30"]);
    }

    #[test]
    fn dropped_alerts_are_gone_but_a_recovery_is_told() {
        let dropped = calendar(AlertMode::Drop, &[]);
        check(&dropped, &["+02:30"], &[]);
        check(&dropped, &["+02:30", "+04:10"], &["04:10 firing 04:10"]);
        check(&dropped, &["+01:00", "-03:00"], &["01:00 firing 01:00", "04:00 resolved 03:00"]);
        check(&calendar(AlertMode::Normal, &[]), &["+02:30"], &["02:30 firing 02:30"]);
    }

    #[test]
    fn a_restart_inside_a_window_forgets_nothing() {
        let mut gate = AlertGate::default();
        let event = AlertEvent { at: at("02:30"), key: "upload".into(), state: AlertState::Firing };
        assert_eq!(gate.push(&event, AlertMode::Hold), None);
        let written = serde_json::to_string(&gate).unwrap();
        let mut gate: AlertGate = serde_json::from_str(&written).unwrap();
        assert_eq!(gate.held().collect::<Vec<_>>(), [("upload", at("02:30"))]);
        let told = gate.release(at("04:00"), |_| AlertMode::Normal);
        assert_eq!((told.len(), told[0].since), (1, at("02:30")));
        assert!(gate.release(at("04:01"), |_| AlertMode::Normal).is_empty());
    }
}
