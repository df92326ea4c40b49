//! One file, `piaotan.toml`: each room's section, joined here.

mod check;
pub mod schema;
pub mod show;

use crate::notify::NotifySection;
use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_client::announcements::{Source, SourceEntry};
use piaotan_client::config as read;
use piaotan_client::profile::{Profile, SecretRef};
use piaotan_client::target::TargetSection;
use piaotan_probes::ProbesSection;
use piaotan_record::Span;
use piaotan_record::Window;
use piaotan_record::window::{Entry, windows_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything that a user may configure.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub target: TargetSection,
    pub account: AccountSection,
    /// Secrets that the profile asks for, each as `env:NAME` or `file:PATH`.
    pub secrets: BTreeMap<String, String>,
    pub probes: ProbesSection,
    pub maintenance: MaintenanceSection,
    pub store: StoreSection,
    pub watch: WatchSection,
    pub notify: NotifySection,
}

/// The test account of synthetic invoices.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountSection {
    pub mobile: Option<String>,
    pub name: Option<String>,
    /// `env:NAME` or `file:PATH`; a password is never written here.
    pub password: Option<String>,
}

/// Windows that the operator knows, and how announcements are read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaintenanceSection {
    pub window: Vec<Entry>,
    /// Where windows are announced, besides the platform's own notices that its profile names.
    pub source: Vec<SourceEntry>,
    /// How often sources are asked that do not say so themselves.
    pub poll: Option<Span>,
}

/// Where the watch remembers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSection {
    /// A file, or `postgres://USER@HOST/DATABASE`.
    pub path: Option<PathBuf>,
    /// Of the database: `env:NAME` or `file:PATH`. Without it PGPASSWORD is asked.
    pub password: Option<String>,
}

/// The resident watch: where it shows what it sees, and to whom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchSection {
    /// Where metrics and the status page are: 127.0.0.1:9465 unless set.
    pub listen: Option<SocketAddr>,
    /// `env:NAME` or `file:PATH`; asked of readers as a bearer token, or as the password of anybody.
    pub token: Option<String>,
}

impl WatchSection {
    /// The token that readers must show. Only loopback may be read without one.
    ///
    /// # Errors
    /// One line that names the field.
    pub fn guard(&self, listen: SocketAddr) -> Result<Option<String>> {
        let token = self.token.as_deref().map(|written| secret("[watch] token", written)).transpose()?;
        match token {
            Some(token) if token.is_empty() => Err(anyhow!("[watch] token is empty")),
            None if !listen.ip().is_loopback() => Err(anyhow!(
                "--listen {listen} can be read by others; write `token = \"env:NAME\"` into [watch], or listen on 127.0.0.1"
            )),
            token => Ok(token),
        }
    }
}

/// The file that is read: the one named, else `piaotan.toml` here where there is one.
#[must_use]
pub fn file(named: Option<&Path>) -> Option<PathBuf> {
    let here = Path::new("piaotan.toml");
    named.map(Path::to_path_buf).or_else(|| here.exists().then(|| here.to_path_buf()))
}

/// Reads the configuration: the file named, else `piaotan.toml` here, else nothing.
///
/// # Errors
/// One line that names the field and what to write instead.
pub fn load(named: Option<&Path>) -> Result<Settings> {
    let Some(path) = file(named) else { return Ok(Settings::default()) };
    let path = path.as_path();
    let text = std::fs::read_to_string(path).with_context(|| format!("--config {}", path.display()))?;
    let settings: Settings = read::read(&text, &path.display().to_string())?;
    check::check(&settings).map_err(|why| anyhow!("{}: {why}", path.display()))?;
    Ok(settings)
}

impl MaintenanceSection {
    /// The windows, recurring ones from a month ago to a year ahead of `now`.
    ///
    /// # Errors
    /// One line that names the field and what to write instead.
    pub fn windows(&self, now: DateTime<Utc>) -> Result<Vec<Window>> {
        let (from, to) = (now - TimeDelta::days(30), now + TimeDelta::days(400));
        windows_of(&self.window, from, to).map_err(|e| anyhow!("[[maintenance.window]] {e}"))
    }

    /// All sources: the platform's own notices, then those of the file. Each is named once.
    ///
    /// # Errors
    /// One line that names the field and what to write instead.
    pub fn sources(&self, profile: &Profile) -> Result<Vec<Source>> {
        let own = profile.notices().iter().map(|place| Source::new(place.clone(), profile.zone()));
        let mut sources: Vec<Source> = own.map(|source| source.asked_every(self.poll)).collect();
        let notices = sources.len();
        for entry in &self.source {
            let source = entry.open(profile.zone(), self.poll);
            let source = source.map_err(|why| anyhow!("[[maintenance.source]] {why}"))?;
            if sources.iter().any(|known| known.name == source.name) {
                let whose = if sources[..notices].iter().any(|own| own.name == source.name) {
                    "the platform's own notices are called that"
                } else {
                    "another source is called that"
                };
                bail!(
                    "[[maintenance.source]] name: {whose}; give this one another `name` (source {})",
                    source.name
                );
            }
            sources.push(source);
        }
        Ok(sources)
    }
}

/// A secret is named by its place.
///
/// # Errors
/// One line that names the field.
pub fn elsewhere(field: &str, written: Option<&str>) -> Result<(), String> {
    match written {
        Some(text) if SecretRef::parse(text).is_none() => {
            Err(format!("{field} must not stand in the file; write \"env:NAME\" or \"file:PATH\""))
        }
        _ => Ok(()),
    }
}

/// Fetches a secret that is written as `env:NAME` or `file:PATH`.
///
/// # Errors
/// One line that names the field.
pub fn secret(field: &str, written: &str) -> Result<String> {
    elsewhere(field, Some(written)).map_err(|why| anyhow!(why))?;
    let place = SecretRef::parse(written).expect("it was parsed just now");
    fetch(field, &place)
}

/// Fetches a secret from its place.
///
/// # Errors
/// One line that names the field and the place.
pub fn fetch(field: &str, place: &SecretRef) -> Result<String> {
    let found = match place {
        SecretRef::Env(name) => {
            std::env::var(name).map_err(|_| anyhow!("{field}: the environment has no {name}; set it"))?
        }
        SecretRef::File(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("{field}: cannot read {path}"))?;
            text.trim_end_matches(['\n', '\r']).to_owned()
        }
    };
    if found.trim().is_empty() {
        return Err(anyhow!("{field}: {place} is empty; put the secret there"));
    }
    Ok(found)
}
