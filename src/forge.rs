//! From configuration and flags to the parts that engines and probes are handed.

use crate::config::{Settings, fetch, secret};
use crate::exit::Coded;
use anyhow::{Context as _, Result, anyhow};
use chrono::NaiveDate;
use piaotan_client::invoice::{FileKind, Generator, Options};
use piaotan_client::profile::{Base, Bases, Profile, Secrets};
use piaotan_client::session::Account;
use piaotan_client::target::Endpoint;
use piaotan_client::tls;
use piaotan_client::transport::{Dialer, Guard};
use std::path::Path;
use std::sync::Arc;

/// A platform that may be talked to: where it is, how it speaks, who we are there.
#[derive(Debug)]
pub struct Platform {
    pub url: String,
    pub endpoint: Endpoint,
    pub bases: Bases,
    pub profile: Arc<Profile>,
    pub secrets: Secrets,
    pub account: Account,
    pub dialer: Dialer,
    /// Why synthetic invoices may not be made there.
    pub write: Result<(), String>,
}

/// Finds out which platform is meant and how it speaks.
///
/// # Errors
/// One line that names the flag or field.
pub fn platform(settings: &Settings, url: Option<&str>, profile: Option<&str>) -> Result<Platform> {
    let url = url.or(settings.target.url.as_deref());
    let url =
        url.ok_or_else(|| anyhow!("no target; give --target URL, or write [target] url into piaotan.toml"))?;
    let endpoint = Endpoint::parse(url).map_err(|e| anyhow!("--target: {e}"))?;
    let profile = Arc::new(self::profile(profile.or(settings.target.profile.as_deref()))?);
    let base = Base::parse(url).map_err(|e| anyhow!("--target: {e}"))?;
    let dialer = dialer(&endpoint, settings.target.ca_file.as_deref())?;
    Ok(Platform {
        url: url.trim_end_matches('/').to_owned(),
        write: settings.target.may_write(&endpoint).map_err(|e| e.to_string()),
        bases: Bases::new(base),
        secrets: secrets(&profile, settings)?,
        account: account(settings)?,
        dialer,
        profile,
        endpoint,
    })
}

/// How a platform is reached: one that is named as loopback nowhere else.
///
/// # Errors
/// When the file of trusted certificates cannot be used.
pub fn dialer(endpoint: &Endpoint, ca_file: Option<&Path>) -> Result<Dialer> {
    let guard = if endpoint.is_loopback() { Guard::Loopback } else { Guard::Any };
    let tls =
        if endpoint.tls { Some(tls::client_config(ca_file).map_err(|e| anyhow!("{e}"))?) } else { None };
    Ok(Dialer::tcp(guard, tls))
}

impl Platform {
    /// Under which ceiling it may be loaded.
    ///
    /// # Errors
    /// A refusal, when it may not.
    pub fn may_load(&self, settings: &Settings, yes_load: Option<&str>) -> Result<Option<f64>> {
        settings.target.may_load(&self.endpoint, yes_load).map_err(Coded::refused)
    }
}

/// Reads the profile that a flag or the configuration names: one that is built in, or a file.
///
/// # Errors
/// Everything that is wrong with it, on one line.
pub fn profile(named: Option<&str>) -> Result<Profile> {
    let named = named.unwrap_or("reference");
    if let Some(built_in) = Profile::built_in(named) {
        return Ok(built_in);
    }
    let bytes = std::fs::read(named).with_context(|| {
        let known: Vec<String> = Profile::BUILT_IN.iter().map(|name| format!("`{name}`")).collect();
        format!("--profile {named} is neither built in ({}) nor a file that can be read", known.join(", "))
    })?;
    let text = utf8(named, bytes)?;
    Profile::parse(&text, named).map_err(|problems| anyhow!("{}", problems.to_string().replace('\n', "; ")))
}

/// The text of a file, which editors elsewhere may have saved in GBK.
///
/// # Errors
/// One line that names the file and the first byte that is no UTF-8.
pub fn utf8(name: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        anyhow!("{name}:{line}: not UTF-8; save the file as UTF-8 (now perhaps GBK, or no text at all)")
    })
}

fn secrets(profile: &Profile, settings: &Settings) -> Result<Secrets> {
    let each = profile.secrets().map(|(name, place)| {
        let field = format!("secret `{name}` of the profile");
        match settings.secrets.get(name) {
            Some(written) => secret(&format!("[secrets] {name}"), written),
            None => fetch(&field, place),
        }
    });
    let secrets = Secrets::new(each.collect::<Result<_>>()?);
    match profile.unusable(&secrets) {
        None => Ok(secrets),
        Some(name) => Err(anyhow!(
            "secret `{name}` of the profile is no RSA private key; give one in PEM (PKCS#8 or PKCS#1), such as `openssl genrsa` writes"
        )),
    }
}

fn account(settings: &Settings) -> Result<Account> {
    let section = &settings.account;
    let password = match &section.password {
        Some(written) => secret("[account] password", written)?,
        // Only a platform that hands SMS codes to anybody opens an account with it.
        None => "Synthetic2026x".to_owned(),
    };
    let mobile = section.mobile.clone().unwrap_or_else(|| "13800000001".to_owned());
    let name = section.name.clone().unwrap_or_else(|| "票探合成账户".to_owned());
    Ok(Account { mobile, name, password })
}

/// The generator of synthetic invoices.
///
/// # Errors
/// When the kind of file is none.
pub fn generator(seed: u64, region: &str, kind: &str, bytes: usize, today: NaiveDate) -> Result<Generator> {
    let file_kind = match kind {
        "mixed" => FileKind::default(),
        other => other.parse().map_err(|e| anyhow!("data.file_kind: {e}"))?,
    };
    let options = Options {
        region: region.to_owned(),
        today,
        days: 30,
        file_kind,
        file_bytes: bytes,
        seller: None,
        buyer: None,
    };
    Ok(Generator::new(seed, options))
}

/// Reads a file that a flag names.
///
/// # Errors
/// One line that names the flag.
pub fn read(flag: &str, path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{flag} {}", path.display()))
}
