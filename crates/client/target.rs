//! Where requests, writes and load may go.
//!
//! Piaotan writes invoices and can press hard, so the default answer is no: only loopback may be
//! written or loaded unless the configuration (and, for load, the command line too) names the host.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;

/// The `[target]` section of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetSection {
    /// Base URL, such as `http://127.0.0.1:8080`.
    pub url: Option<String>,
    /// Name of a built-in profile or path of a profile file.
    pub profile: Option<String>,
    /// The one host, other than loopback, on which synthetic invoices may be made.
    pub allow_write: Option<String>,
    /// The one host, other than loopback, that may be loaded.
    pub allow_load: Option<String>,
    /// Ceiling of requests per second on `allow_load`.
    pub max_rate: Option<f64>,
    /// Certificates (PEM) of authorities that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Whether names that resolve to private addresses may be asked at all; true unless set.
    pub allow_private: Option<bool>,
}

impl TargetSection {
    /// The base URL as the ledger names a target: without a slash at its end.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        self.url.as_deref().map(|url| url.trim_end_matches('/'))
    }
}

/// A base URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub tls: bool,
    pub host: String,
    pub port: u16,
    /// Path in front of every operation's path, without a trailing slash.
    pub prefix: String,
}

/// Why a target is refused. Shown on one line, naming what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("target `{0}` is not a URL; write it as http://HOST:PORT or https://HOST")]
    NotAUrl(String),
    #[error(
        "`{host}` is not loopback and may not be loaded; put `allow_load = \"{host}\"` and `max_rate` into [target] and give --yes-load {host}"
    )]
    LoadNotAllowed { host: String },
    #[error("loading `{host}` needs --yes-load {host} on the command line as well")]
    LoadNotConfirmed { host: String },
    #[error("loading `{host}` needs a ceiling: put `max_rate = REQUESTS_PER_SECOND` into [target]")]
    NoCeiling { host: String },
    #[error(
        "`{host}` is not loopback and may not be written; put `allow_write = \"{host}\"` into [target] and declare a test taxpayer"
    )]
    WriteNotAllowed { host: String },
    #[error("`{host}` resolves to {address}, which is not loopback although its name says so")]
    NotLoopbackAfterAll { host: String, address: IpAddr },
}

impl Endpoint {
    /// # Errors
    /// When the text is not an `http` or `https` URL with a host.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let bad = || TargetError::NotAUrl(url.to_owned());
        let (tls, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(bad()),
        };
        let (authority, prefix) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
        let (host, port) = split_authority(authority, if tls { 443 } else { 80 }).ok_or_else(bad)?;
        let wrong = |c: char| c.is_whitespace() || matches!(c, '@' | '?' | '#');
        if host.is_empty() || host.contains(wrong) || prefix.contains(wrong) {
            return Err(bad());
        }
        let prefix = prefix.trim_end_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        Ok(Self { tls, host: host.to_owned(), port, prefix })
    }

    /// `host` or `host:port`, as the Host header wants it.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    /// Whether the name itself says loopback. The resolved address is checked again when connecting.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

fn split_authority(authority: &str, default: u16) -> Option<(&str, u16)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = if after.is_empty() { default } else { after.strip_prefix(':')?.parse().ok()? };
        return Some((host, port));
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((authority, default)),
    }
}

impl TargetSection {
    /// The ceiling of requests per second under which this endpoint may be loaded; `None` is no ceiling.
    ///
    /// # Errors
    /// When it may not be loaded.
    pub fn may_load(&self, at: &Endpoint, yes_load: Option<&str>) -> Result<Option<f64>, TargetError> {
        if at.is_loopback() {
            return Ok(self.max_rate);
        }
        let host = at.host.clone();
        if self.allow_load.as_deref() != Some(&at.host) {
            return Err(TargetError::LoadNotAllowed { host });
        }
        if yes_load != Some(at.host.as_str()) {
            return Err(TargetError::LoadNotConfirmed { host });
        }
        self.max_rate.ok_or(TargetError::NoCeiling { host }).map(Some)
    }

    /// # Errors
    /// When synthetic invoices may not be made there.
    pub fn may_write(&self, at: &Endpoint) -> Result<(), TargetError> {
        if at.is_loopback() || self.allow_write.as_deref() == Some(&at.host) {
            return Ok(());
        }
        Err(TargetError::WriteNotAllowed { host: at.host.clone() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(url: &str) -> Endpoint {
        Endpoint::parse(url).unwrap()
    }

    #[test]
    fn urls_are_taken_apart() {
        let check = |url, tls, host: &str, port, prefix: &str| {
            assert_eq!(at(url), Endpoint { tls, host: host.into(), port, prefix: prefix.into() });
        };
        check("http://127.0.0.1:8080", false, "127.0.0.1", 8080, "");
        check("https://a.example/api/v1/", true, "a.example", 443, "/api/v1");
        check("http://[::1]:9", false, "::1", 9, "");
        assert!(Endpoint::parse("127.0.0.1:80").is_err());
        assert!(Endpoint::parse("http://user@host").is_err());
        assert!(Endpoint::parse("http://:80").is_err());
    }

    #[test]
    fn only_loopback_may_be_loaded_by_default() {
        let none = TargetSection::default();
        assert_eq!(none.may_load(&at("http://localhost:1"), None), Ok(None));
        assert!(matches!(
            none.may_load(&at("http://a.example"), None),
            Err(TargetError::LoadNotAllowed { .. })
        ));
        assert!(none.may_load(&at("http://127.0.0.1.a.example"), None).is_err());
        let named = TargetSection { allow_load: Some("a.example".into()), ..TargetSection::default() };
        assert!(matches!(
            named.may_load(&at("http://a.example"), None),
            Err(TargetError::LoadNotConfirmed { .. })
        ));
        let confirmed = named.may_load(&at("http://a.example"), Some("a.example"));
        assert!(matches!(confirmed, Err(TargetError::NoCeiling { .. })));
        let whole = TargetSection { max_rate: Some(5.0), ..named };
        assert_eq!(whole.may_load(&at("http://a.example"), Some("a.example")), Ok(Some(5.0)));
    }
}
