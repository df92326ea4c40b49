//! What a probe answers.

use crate::live::port::ProbePort;
use crate::live::setting::Setting;
use crate::{ProbeKind, say};
use chrono::{DateTime, Utc};
use piaotan_client::port::Reply;
use piaotan_client::profile::Language;
use piaotan_record::calendar::PhaseName;
use piaotan_record::{Evidence, Nanos, Observation, Operation, Outcome, OutcomeKind, Phases};
use piaotan_store::{Health, Probed};

/// What one run of a probe found, with what it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeResult {
    pub probe: ProbeKind,
    pub location: String,
    /// The slot of the schedule; when it was started, for a single run.
    pub due: DateTime<Utc>,
    pub started: DateTime<Utc>,
    pub duration: Nanos,
    pub health: Health,
    /// Of the step that decided; absent when nothing was asked.
    pub outcome: Option<OutcomeKind>,
    /// The platform's own code, as its profile names it.
    pub code: String,
    pub detail: String,
    /// Of the first request: the one that met the connection.
    pub phases: Option<Phases>,
    /// When the first certificate of the chain expires, where one was looked at.
    pub expires: Option<DateTime<Utc>>,
    pub evidence: Option<Evidence>,
    /// Every request that was made, logins included.
    pub observations: Vec<Observation>,
    /// The phase of the calendar in which it ran, as known then.
    pub phase: PhaseName,
    /// The window that governed.
    pub window: Option<String>,
    /// Whether a failure is excused by that window: it is excluded from adjusted availability.
    pub excused: bool,
    /// What kept the tool itself from working; not the platform's fault.
    pub trouble: Option<String>,
}

/// What a probe decided, before its times are added.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub health: Health,
    pub detail: String,
    pub outcome: Option<Outcome>,
    pub code: String,
    pub trouble: Option<String>,
}

impl Found {
    #[must_use]
    pub fn new(health: Health, outcome: Option<Outcome>, detail: impl Into<String>) -> Self {
        Self { health, detail: detail.into(), outcome, code: String::new(), trouble: None }
    }

    #[must_use]
    pub fn healthy(detail: impl Into<String>) -> Self {
        Self::new(Health::Healthy, Some(Outcome::Ok), detail)
    }

    #[must_use]
    pub fn skipped(detail: impl Into<String>) -> Self {
        Self::new(Health::Skipped, None, detail)
    }

    /// Our own store failed: nothing is known of the platform.
    #[must_use]
    pub fn trouble(error: impl std::fmt::Display) -> Self {
        let text = error.to_string();
        Self { trouble: Some(text.clone()), ..Self::skipped(text) }
    }

    /// What the answer to one step means for a probe that needed it to succeed.
    #[must_use]
    pub fn of(reply: &Reply, step: Operation, io: &ProbePort<'_>, setting: &Setting) -> Self {
        if reply.held {
            return Self::skipped(io.why_held().unwrap_or_default());
        }
        let health = match reply.outcome {
            Outcome::Ok => Health::Healthy,
            // The platform works; it asks us to slow down, or for a person.
            Outcome::Throttled { .. } | Outcome::AuthChallenge => Health::Degraded,
            _ => Health::Unhealthy,
        };
        let code = reply.code.map(|code| setting.client.profile().codes().name(code).to_owned());
        let mut detail = describe(reply, step, setting);
        if let Some(why) = io.why_unanswered().filter(|_| reply.status.is_none()) {
            detail.push_str(&say!(setting.language, "：{why}", ": {why}"));
        }
        Self { health, detail, outcome: Some(reply.outcome), code: code.unwrap_or_default(), trouble: None }
    }

    /// The same, degraded when it is healthy.
    #[must_use]
    pub fn degraded(self, detail: impl Into<String>) -> Self {
        if self.health == Health::Healthy {
            return Self { health: Health::Degraded, detail: detail.into(), ..self };
        }
        self
    }
}

impl ProbeResult {
    /// The row of the history.
    #[must_use]
    pub fn stored(&self) -> Probed {
        Probed {
            probe: self.probe.to_string(),
            location: self.location.clone(),
            due: self.due,
            started: self.started,
            duration: self.duration,
            health: self.health,
            outcome: self.outcome,
            code: self.code.clone(),
            detail: self.detail.clone(),
            phases: self.phases,
            evidence: self.evidence.clone(),
        }
    }

    /// Whether it says that something is wrong that no window excuses.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.health == Health::Unhealthy && !self.excused
    }
}

/// A step and what came of it in words: outcome, the platform's code with its meaning and remedy.
#[must_use]
pub fn describe(reply: &Reply, step: Operation, setting: &Setting) -> String {
    let outcome = reply.outcome.kind();
    let mut text = format!("{step}: {outcome}");
    if let Outcome::Mismatched { field } = reply.outcome {
        text.push_str(&format!(" ({field})"));
    }
    if let Some(status) = reply.status {
        text.push_str(&format!(", HTTP {status}"));
    }
    if let Some(code) = reply.code {
        let entry = setting.client.profile().codes().entry(code);
        let (meaning, remedy) = match setting.language {
            Language::Zh if !entry.meaning_zh.is_empty() => (&entry.meaning_zh, &entry.remedy_zh),
            _ => (&entry.meaning, &entry.remedy),
        };
        text.push_str(&say!(setting.language, "，代码 {code}", ", code {code}", code = entry.code));
        [meaning, remedy]
            .iter()
            .filter(|part| !part.is_empty())
            .for_each(|part| text.push_str(&format!("; {part}")));
    }
    text
}
