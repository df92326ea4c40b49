//! How a probe asks: through the client, within what windows and permissions allow, keeping what was seen.

use crate::ProbeKind;
use crate::live::result::{Found, ProbeResult};
use crate::live::setting::Setting;
use chrono::{DateTime, Utc};
use piaotan_client::ask::Record;
use piaotan_client::port::{Fields, Port, Reply};
use piaotan_record::{Evidence, Nanos, Observation, Operation, Phases, Service};
use piaotan_store::Health;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The port of one run of one probe.
#[derive(Debug)]
pub struct ProbePort<'a> {
    setting: &'a Setting,
    record: Kept,
    why_held: Option<String>,
    started: Nanos,
    /// What was measured of the way to the platform apart from any request.
    pub phases: Option<Phases>,
    /// When the certificate expires that was looked at.
    pub expires: Option<DateTime<Utc>>,
}

/// Everything seen, in the order in which it ended.
#[derive(Debug, Default)]
struct Kept {
    seen: Mutex<Vec<Observation>>,
    unsendable: Mutex<Option<String>>,
}

impl Record for Kept {
    fn sent(&self, _operation: Operation, _due: Nanos) {}

    fn seen(&self, observation: Observation) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(observation);
    }

    fn unsendable(&self, operation: Operation, reason: &str) {
        let mut kept = self.unsendable.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert_with(|| format!("{operation}: {reason}"));
    }

    fn wants_phases(&self) -> bool {
        true
    }
}

impl Port for ProbePort<'_> {
    async fn call(&mut self, operation: Operation, fields: &Fields<'_>) -> Reply {
        if let Some(reason) = self.setting.forbids(operation) {
            self.why_held = Some(reason);
            return Reply::held();
        }
        let no_login = self.setting.held_back(Service::Login);
        let due = self.setting.client.clock().now();
        let may_login = no_login.is_none();
        let mut reply = self.setting.client.ask(operation, fields, due, may_login, &self.record).await;
        if reply.status == Some(401) && operation != Operation::Login && may_login {
            // Another login of the same account ended our session: that is our doing. Both are recorded.
            let due = self.setting.client.clock().now();
            reply = self.setting.client.ask(operation, fields, due, may_login, &self.record).await;
        }
        if reply.held {
            self.why_held = no_login;
        }
        reply
    }

    async fn think(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl<'a> ProbePort<'a> {
    #[must_use]
    pub fn new(setting: &'a Setting) -> Self {
        let started = setting.client.clock().now();
        Self { setting, record: Kept::default(), why_held: None, started, phases: None, expires: None }
    }

    /// Why the last call was not made.
    #[must_use]
    pub fn why_held(&self) -> Option<String> {
        self.why_held.clone()
    }

    /// What the transport said of the last request, where no answer came.
    #[must_use]
    pub fn why_unanswered(&self) -> Option<String> {
        let seen = self.record.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let evidence = seen.last()?.evidence.as_ref()?;
        let said: String = evidence.text.lines().next()?.chars().take(200).collect();
        (evidence.status.is_none() && !said.is_empty()).then_some(said)
    }

    /// Time since the probe began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.setting.client.clock().now().since(self.started))
    }

    /// The next request makes a new connection, so that all its phases are seen.
    pub fn on_a_fresh_connection(&self) {
        self.setting.client.pool().forget_idle();
    }

    /// Adds times, evidence and the phase of the calendar to what the probe decided.
    #[must_use]
    pub fn result(self, probe: ProbeKind, due: Nanos, found: Found) -> ProbeResult {
        let (setting, clock) = (self.setting, self.setting.client.clock());
        let duration = Nanos(clock.now().since(self.started));
        let (due, started) = (clock.wall_at(due), clock.wall_at(self.started));
        let observations = self.record.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let unsendable = self.record.unsendable.into_inner().unwrap_or_else(PoisonError::into_inner);
        let found = slowed(found, probe, duration, setting);
        let (phase, window, excused) = phase_of(setting, probe, started, duration);
        let failed = matches!(found.health, Health::Unhealthy | Health::Degraded);
        ProbeResult {
            probe,
            location: setting.section.location.clone(),
            due,
            started,
            duration,
            health: found.health,
            outcome: found.outcome.map(|outcome| outcome.kind()),
            code: found.code,
            detail: found.detail,
            phases: self.phases.or_else(|| phases(&observations)),
            expires: self.expires,
            evidence: evidence(&observations).filter(|_| failed),
            observations,
            phase,
            window,
            excused,
            trouble: found.trouble.or(unsendable),
        }
    }
}

/// A success that took too long is a degradation. Waiting for a review is not the platform's slowness
/// in answering, so only probes that do not wait are measured so.
fn slowed(found: Found, probe: ProbeKind, duration: Nanos, setting: &Setting) -> Found {
    let slow = setting.section.slow;
    if found.health != Health::Healthy || probe.waits() || duration.as_seconds() <= slow.as_seconds() {
        return found;
    }
    let took = duration.as_seconds();
    let text = crate::say!(
        setting.language,
        "用时 {took:.2} 秒，超过 {slow}；{detail}",
        "took {took:.2} s, more than {slow}; {detail}",
        detail = found.detail
    );
    found.degraded(text)
}

fn phase_of(
    setting: &Setting,
    probe: ProbeKind,
    started: DateTime<Utc>,
    duration: Nanos,
) -> (piaotan_record::calendar::PhaseName, Option<String>, bool) {
    let calendar = setting.calendar();
    let length = chrono::Duration::nanoseconds(i64::try_from(duration.0).unwrap_or(i64::MAX));
    let phase = calendar.phase_over(started, started + length, probe.service());
    (phase.name(), phase.window().map(|window| window.id.clone()), phase.excludes_slo())
}

/// The phases of the first request that opened a connection, else of the first request.
fn phases(observations: &[Observation]) -> Option<Phases> {
    let opened =
        |seen: &&Observation| seen.evidence.as_ref().is_some_and(|evidence| evidence.phases.is_some());
    let seen = observations.iter().find(opened).or_else(|| observations.first())?;
    let connected = seen.evidence.as_ref().and_then(|evidence| evidence.phases).unwrap_or_default();
    let first_byte = seen.first_byte;
    Some(Phases {
        processing: first_byte.map(|at| Nanos(at.since(seen.sent))),
        transfer: first_byte.map(|at| Nanos(seen.done.since(at))),
        ..connected
    })
}

/// Of the last request that was not answered as it should be.
fn evidence(observations: &[Observation]) -> Option<Evidence> {
    let failed = observations.iter().rev().find(|seen| !seen.outcome.is_answer());
    failed.or(observations.last()).and_then(|seen| seen.evidence.as_deref().cloned())
}
