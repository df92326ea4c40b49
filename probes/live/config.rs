//! The `[probes]` section of the configuration.

use crate::ProbeKind;
use chrono::NaiveDate;
use piaotan_record::{Service, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The `[probes]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProbesSection {
    /// What is watched; everything that profile and permissions allow, when empty.
    pub which: Vec<ProbeKind>,
    /// Time between two runs of a probe.
    pub every: Span,
    /// Other times for some probes: `intervals = { invoice_roundtrip = "10m" }`.
    pub intervals: BTreeMap<ProbeKind, Span>,
    /// Probes at work at the same time, at most.
    pub concurrency: usize,
    /// Starts are moved by up to so much of the interval, the same way every time.
    pub spread: f64,
    /// A run may take so long; longer than its interval is allowed.
    pub timeout: Span,
    /// What takes longer than this is degraded.
    pub slow: Span,
    /// How long a probe waits for the review of what it uploaded.
    pub review_patience: Span,
    /// How long a round trip waits for its invoice to become visible before it answers `pending`.
    pub visible_patience: Span,
    /// The longest delay that the platform promises.
    pub promise: Span,
    /// After so long an invoice that nobody has seen is lost.
    pub give_up: Span,
    /// Looks for pending invoices in one run of `sync_delay`, at most.
    pub looks_per_run: usize,
    /// Certificates that expire within so many days are degraded.
    pub certificate_days: u32,
    /// `HOST:PORT` of others, asked whether one's own network works.
    pub references: Vec<String>,
    /// Invoices that the platform is known to have: what may be asked where nothing may be written.
    pub canaries: Vec<Canary>,
    /// An installed Chromium; looked for in the usual places when absent.
    pub browser: Option<PathBuf>,
    /// Where this watcher stands, when several watch.
    pub location: String,
    /// After a window, so many invoices seen before it are read again.
    pub sample_after_window: u32,
}

/// An invoice that the platform is known to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    pub number: String,
    pub issue_date: NaiveDate,
    /// Total with tax, in words of digits.
    pub total: String,
    #[serde(default)]
    pub keyword: Option<String>,
}

/// The place of a watch that does not say where it stands.
pub const HERE: &str = "here";

impl Default for ProbesSection {
    fn default() -> Self {
        Self {
            which: Vec::new(),
            every: Span::seconds(60),
            intervals: BTreeMap::new(),
            concurrency: 8,
            spread: 1.0,
            timeout: Span::seconds(60),
            slow: Span::seconds(5),
            review_patience: Span::seconds(60),
            visible_patience: Span::seconds(10),
            promise: Span::seconds(24 * 3600),
            give_up: Span::seconds(72 * 3600),
            looks_per_run: 50,
            certificate_days: 21,
            references: Vec::new(),
            canaries: Vec::new(),
            browser: None,
            location: HERE.to_owned(),
            sample_after_window: 20,
        }
    }
}

impl ProbesSection {
    /// What is watched, in the order in which causes are walked.
    #[must_use]
    pub fn kinds(&self) -> Vec<ProbeKind> {
        let chosen = |kind: &ProbeKind| self.which.is_empty() || self.which.contains(kind);
        ProbeKind::ALL.iter().copied().filter(chosen).collect()
    }

    /// Time between two runs of a probe. What writes and what is costly is rarer unless said otherwise.
    #[must_use]
    pub fn interval(&self, kind: ProbeKind) -> Span {
        let rarer = match kind {
            ProbeKind::Browser | ProbeKind::LedgerIntegrity | ProbeKind::PushDelivery => 10,
            ProbeKind::BatchResubmit | ProbeKind::CrossRegion | ProbeKind::Verify => 5,
            kind if kind.service() == Service::Upload => 5,
            _ => 1,
        };
        let usual = Span(self.every.0.saturating_mul(rarer));
        self.intervals.get(&kind).copied().unwrap_or(usual)
    }

    /// # Errors
    /// The first value that cannot be meant, in one line that says what to write.
    pub fn check(&self) -> Result<(), String> {
        let positive = [
            ("every", self.every),
            ("timeout", self.timeout),
            ("slow", self.slow),
            ("promise", self.promise),
            ("give_up", self.give_up),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, span)| span.0.is_zero()) {
            return Err(format!("probes.{name} must be longer than nothing; write a time such as 60s"));
        }
        if let Some((kind, _)) = self.intervals.iter().find(|(_, span)| span.0.is_zero()) {
            return Err(format!(
                "probes.intervals.{kind} must be longer than nothing; write a time such as 60s"
            ));
        }
        if self.concurrency == 0 {
            return Err("probes.concurrency must be 1 or more".to_owned());
        }
        if !(0.0..=1.0).contains(&self.spread) {
            return Err(format!("probes.spread is {}; write a share from 0 to 1", self.spread));
        }
        if self.give_up < self.promise {
            return Err(
                "probes.give_up is shorter than probes.promise; an invoice is late before it is lost"
                    .to_owned(),
            );
        }
        match self.references.iter().find(|text| !is_host_and_port(text)) {
            Some(text) => Err(format!("probes.references has `{text}`; write HOST:PORT")),
            None => Ok(()),
        }
    }
}

fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|p| p > 0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::ProbesSection;
    use crate::ProbeKind;

    fn check(text: &str, expected: &str) {
        let read =
            piaotan_client::config::read::<ProbesSection>(text, "f").map_err(|error| error.to_string());
        let said = read.and_then(|section| section.check()).unwrap_err();
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn a_mistake_is_answered_with_what_to_write() {
        check("evry = '60s'", "f, line 1: unknown field `evry`; did you mean `every`?");
        check("every = '0s'", "probes.every must be longer than nothing; write a time such as 60s");
        check("concurrency = 0", "probes.concurrency must be 1 or more");
        check("spread = 2.0", "probes.spread is 2; write a share from 0 to 1");
        check("references = ['example.com']", "probes.references has `example.com`; write HOST:PORT");
        check(
            "give_up = '1h'",
            "probes.give_up is shorter than probes.promise; an invoice is late before it is lost",
        );
        check(
            "intervals = { login = '0s' }",
            "probes.intervals.login must be longer than nothing; write a time such as 60s",
        );
    }

    #[test]
    fn an_empty_section_watches_everything() {
        let section: ProbesSection = piaotan_client::config::read("", "f").unwrap();
        assert_eq!(section.kinds(), ProbeKind::ALL);
        assert_eq!(section.check(), Ok(()));
        assert_eq!(section.interval(ProbeKind::Page).as_seconds(), 60.0);
        assert_eq!(section.interval(ProbeKind::InvoiceRoundtrip).as_seconds(), 300.0);
    }
}
