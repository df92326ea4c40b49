//! The `[probes]` section of the configuration.

use crate::ProbeKind;
use chrono::NaiveDate;
use piaotan_record::{Service, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    /// The oldest protocol that is not a failure.
    pub tls_at_least: TlsVersion,
    /// A part of the name of the authority that must have signed the certificate.
    pub certificate_issuer: Option<String>,
    /// SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` writes it.
    pub certificate_sha256: Option<String>,
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

piaotan_record::closed_enum! {
    /// A version of TLS that a platform may speak.
    #[derive(Default)]
    pub enum TlsVersion {
        #[default]
        Tls12 = "1.2",
        Tls13 = "1.3",
    }
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
            tls_at_least: TlsVersion::default(),
            certificate_issuer: None,
            certificate_sha256: None,
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
        self.check_times()?;
        self.check_counts()?;
        if self.location.trim().is_empty() {
            return Err("probes.location is empty; write where this watch stands, such as here".to_owned());
        }
        if let Some(text) = self.references.iter().find(|text| !is_host_and_port(text)) {
            return Err(format!("probes.references has `{text}`; write HOST:PORT"));
        }
        self.check_certificate()?;
        self.canaries.iter().try_for_each(Canary::check)?;
        self.browser.as_deref().map_or(Ok(()), executable)
    }

    fn check_times(&self) -> Result<(), String> {
        let (day, month, year) = (24 * 3600, 31 * 24 * 3600, 366 * 24 * 3600);
        let positive = [
            ("every", self.every, month),
            ("timeout", self.timeout, day),
            ("slow", self.slow, day),
            ("promise", self.promise, year),
            ("give_up", self.give_up, year),
        ];
        let patience = [
            ("review_patience", self.review_patience, day),
            ("visible_patience", self.visible_patience, day),
        ];
        let intervals = self.intervals.iter().map(|(kind, span)| (format!("intervals.{kind}"), *span, month));
        let named = positive.map(|(name, span, most)| (name.to_owned(), span, most));
        for (name, span, most) in named.into_iter().chain(intervals) {
            if span.0.is_zero() {
                return Err(format!("probes.{name} must be longer than nothing; write a time such as 60s"));
            }
            at_most(&name, span, most)?;
        }
        patience.iter().try_for_each(|(name, span, most)| at_most(name, *span, *most))?;
        if self.give_up < self.promise {
            return Err(
                "probes.give_up is shorter than probes.promise; an invoice is late before it is lost"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), String> {
        let counts = [
            ("concurrency", self.concurrency as u64, 1, 1_000),
            ("looks_per_run", self.looks_per_run as u64, 1, 100_000),
            ("certificate_days", self.certificate_days.into(), 0, 3_650),
            ("sample_after_window", self.sample_after_window.into(), 0, 10_000),
        ];
        for (name, count, least, most) in counts {
            if count < least {
                return Err(format!("probes.{name} must be {least} or more"));
            }
            if count > most {
                return Err(format!("probes.{name} is {count}; write {most} at most"));
            }
        }
        if !(0.0..=1.0).contains(&self.spread) {
            return Err(format!("probes.spread is {}; write a share from 0 to 1", self.spread));
        }
        Ok(())
    }

    fn check_certificate(&self) -> Result<(), String> {
        if self.certificate_issuer.as_deref().is_some_and(|issuer| issuer.trim().is_empty()) {
            return Err(
                "probes.certificate_issuer is empty; write a part of the authority's name, or leave it out"
                    .to_owned(),
            );
        }
        match &self.certificate_sha256 {
            Some(text) if fingerprint(text).is_none() => Err(format!(
                "probes.certificate_sha256 is `{text}`; write the 64 digits that `openssl x509 -noout -fingerprint -sha256` shows"
            )),
            _ => Ok(()),
        }
    }
}

impl Canary {
    fn check(&self) -> Result<(), String> {
        if self.number.trim().is_empty() {
            return Err("probes.canaries number is empty; write the number of the invoice".to_owned());
        }
        let is_amount = self.total.split_once('.').is_some_and(|(yuan, fen)| {
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits(yuan.strip_prefix('-').unwrap_or(yuan)) && digits(fen) && fen.len() == 2
        });
        if !is_amount {
            return Err(format!(
                "probes.canaries total is `{}`; write an amount such as 113.00 (invoice {})",
                self.total, self.number
            ));
        }
        match &self.keyword {
            Some(keyword) if keyword.trim().is_empty() => Err(format!(
                "probes.canaries keyword is empty; write one that finds invoice {}, or leave it out",
                self.number
            )),
            _ => Ok(()),
        }
    }
}

fn at_most(name: &str, span: Span, seconds: u64) -> Result<(), String> {
    let most = Span::seconds(seconds);
    if span <= most {
        return Ok(());
    }
    Err(format!("probes.{name} is {span}; write {most} at most"))
}

fn executable(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let about = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
    let wrong = match about.map(|about| about.permissions().mode() & 0o111 != 0) {
        Some(true) => return Ok(()),
        Some(false) => "may not be executed",
        None => "is no file",
    };
    Err(format!("probes.browser {} {wrong}; write the path of an installed Chromium", path.display()))
}

/// A SHA-256 without its colons, in small letters.
#[must_use]
pub fn fingerprint(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let right = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| digits.to_ascii_lowercase())
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
