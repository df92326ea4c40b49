//! What every probe is given: a platform, what is known of it, and what is allowed.

use crate::ProbeKind;
use crate::live::config::ProbesSection;
use chrono::{DateTime, Utc};
use piaotan_client::ask::Client;
use piaotan_client::invoice::Generator;
use piaotan_client::profile::Language;
use piaotan_client::target::Endpoint;
use piaotan_client::transport::Dialer;
use piaotan_record::calendar::Phase;
use piaotan_record::{Calendar, Operation, Service};
use piaotan_store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// The platform being watched and everything that probes need beside it. Shared by all probes.
#[derive(Debug, Clone)]
pub struct Setting {
    pub client: Arc<Client>,
    /// For looking at the way to the platform (name, connection, certificate) apart from its answers.
    pub dialer: Dialer,
    /// The calendar as it is known now; whoever reads announcements publishes new ones.
    pub calendar: watch::Receiver<Arc<Calendar>>,
    /// The ledger and the history. Without one, nothing is written to the platform.
    pub store: Option<Arc<Store>>,
    /// Why synthetic invoices may not be made here, in one line; `Ok` when they may.
    pub write: Result<(), String>,
    /// The target as the ledger names it.
    pub target: String,
    /// The watch as the ledger names it: the same after a restart.
    pub run: String,
    pub generator: Generator,
    pub language: Language,
    pub section: ProbesSection,
    /// The last token given out, by this setting or a clone of it.
    pub last_token: Arc<AtomicU64>,
}

/// A text in the reader's language; both are formatted with the values in scope.
#[macro_export]
macro_rules! say {
    ($language:expr, $zh:literal, $en:literal $(, $name:ident = $value:expr)* $(,)?) => {
        match $language {
            piaotan_client::profile::Language::Zh => format!($zh $(, $name = $value)*),
            piaotan_client::profile::Language::En => format!($en $(, $name = $value)*),
        }
    };
}

impl Setting {
    /// The calendar as it is known now.
    #[must_use]
    pub fn calendar(&self) -> Arc<Calendar> {
        self.calendar.borrow().clone()
    }

    /// The same setting for a reader of another language.
    #[must_use]
    pub fn speaking(&self, language: Language) -> Self {
        Self { language, ..self.clone() }
    }

    /// What the wall clock of the watch shows.
    #[must_use]
    pub fn wall(&self) -> DateTime<Utc> {
        self.client.clock().wall()
    }

    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.client.pool().endpoint()
    }

    /// A token that no synthetic invoice of this ledger has: milliseconds since 1970, never the same twice.
    #[must_use]
    pub fn next_token(&self) -> u64 {
        let now = u64::try_from(self.wall().timestamp_millis()).unwrap_or(0);
        let next = |last: u64| Some(now.max(last + 1));
        let before = self.last_token.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        now.max(before.unwrap_or_default() + 1)
    }

    /// Why a probe is not run at all, where it is not.
    #[must_use]
    pub fn why_not(&self, kind: ProbeKind) -> Option<String> {
        if let Some(missing) = self.client.profile().missing(kind.operations()) {
            return Some(missing);
        }
        if kind.writes()
            && let Some(reason) = self.may_not_write()
        {
            return Some(reason);
        }
        self.held_back(kind.service())
    }

    /// Why synthetic invoices may not be made, where they may not.
    #[must_use]
    pub fn may_not_write(&self) -> Option<String> {
        match (&self.write, &self.store) {
            (Err(reason), _) => Some(reason.clone()),
            (Ok(()), None) => Some(say!(
                self.language,
                "没有台账，不制作合成发票；请在 [watch] 中指定 store",
                "no ledger, so no synthetic invoices; name a store"
            )),
            (Ok(()), Some(_)) => None,
        }
    }

    /// Why a call to a service is left undone now, where a window holds it back.
    #[must_use]
    pub fn held_back(&self, service: Service) -> Option<String> {
        let calendar = self.calendar();
        let phase = calendar.phase_at(self.wall(), service);
        phase.holds_back(service).then(|| self.said_of(phase, service))
    }

    /// Why one request is left undone now, where it is.
    #[must_use]
    pub fn forbids(&self, operation: Operation) -> Option<String> {
        // A login leaves a session behind and no invoice: it needs an account, not the right to write.
        if operation.writes()
            && operation != Operation::Login
            && let Some(reason) = self.may_not_write()
        {
            return Some(reason);
        }
        self.held_back(operation.service())
    }

    fn said_of(&self, phase: Phase<'_>, service: Service) -> String {
        let window = phase.window();
        let id = window.map_or("", |window| window.id.as_str());
        let zone = self.client.profile().zone();
        let until =
            window.and_then(|window| window.end).map(|end| end.with_timezone(&zone).format("%m-%d %H:%M %Z"));
        match until {
            Some(until) => say!(
                self.language,
                "维护窗口 {id} 至 {until}，不对 {service} 发请求",
                "window {id} until {until} holds back {service}"
            ),
            None => say!(
                self.language,
                "维护窗口 {id}，不对 {service} 发请求",
                "window {id} holds back {service}"
            ),
        }
    }
}
