//! Is the way to the platform secure: a chain that is trusted, a certificate that does not expire soon,
//! a protocol of today, and the issuer or the very certificate that the configuration names?

use crate::live::config::{TlsVersion, fingerprint};
use crate::live::port::ProbePort;
use crate::{Found, Health, ProbesSection, Setting, say};
use chrono::{DateTime, Utc};
use piaotan_client::profile::Language;
use piaotan_client::target::Endpoint;
use piaotan_client::tls::why;
use piaotan_client::transport::{BoxIo, Dialer};
use piaotan_record::{Nanos, Outcome, Phases};
use rustls_pki_types::{CertificateDer, ServerName};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What the handshake showed.
struct Secured {
    version: TlsVersion,
    /// Who signed the certificate of the platform itself, as it names the authority.
    issuer: String,
    /// Of the certificate of the platform itself.
    sha256: String,
    /// Days until the first certificate of the chain expires; negative when one has.
    days: i64,
    expires: Option<DateTime<Utc>>,
}

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let endpoint = setting.endpoint().clone();
    let Dialer::Tcp { tls: Some(config), .. } = &setting.dialer else { return plain(setting) };
    if !endpoint.tls {
        return plain(setting);
    }
    match secured(io, setting, &endpoint, config.clone()).await {
        Ok(secured) => {
            io.expires = secured.expires;
            told(&setting.section, setting.language, &secured)
        }
        Err(found) => found,
    }
}

fn plain(setting: &Setting) -> Found {
    Found::skipped(say!(setting.language, "目标未用 TLS", "the target uses no TLS"))
}

async fn secured(
    io: &mut ProbePort<'_>,
    setting: &Setting,
    to: &Endpoint,
    config: Arc<rustls::ClientConfig>,
) -> Result<Secured, Found> {
    let clock = setting.client.clock();
    let open = Endpoint { tls: false, ..to.clone() };
    let dialed = setting.dialer.dial(&open, clock).await;
    let (stream, phases) = dialed.map_err(|f| Found::new(Health::Unhealthy, Some(f.outcome()), f.text()))?;
    let refuse = |why: String| Found::new(Health::Unhealthy, Some(Outcome::Tls), why);
    let name = ServerName::try_from(to.host.clone()).map_err(|error| refuse(error.to_string()))?;
    let begun = clock.now();
    let stream = match TlsConnector::from(config).connect(name, stream).await {
        Ok(stream) => stream,
        Err(error) => {
            let why = why(&error);
            // One that has expired still has a date, and the metric of it goes below zero days.
            io.expires = why.expired.and_then(|at| DateTime::from_timestamp(at, 0));
            return Err(refuse(if setting.language == Language::Zh { why.zh } else { why.en }));
        }
    };
    io.phases = Some(Phases { tls: Some(Nanos(clock.now().since(begun))), ..phases });
    shown(setting, &stream)
        .ok_or_else(|| refuse(say!(setting.language, "证书无法读取", "the certificate cannot be read")))
}

fn shown(setting: &Setting, stream: &TlsStream<BoxIo>) -> Option<Secured> {
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version()? {
        rustls::ProtocolVersion::TLSv1_3 => TlsVersion::Tls13,
        _ => TlsVersion::Tls12,
    };
    let expiry = |certificate: &CertificateDer<'_>| {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        Some(parsed.validity().not_after.timestamp())
    };
    let chain = session.peer_certificates()?;
    let earliest = chain.iter().filter_map(expiry).min()?;
    let days = (earliest - setting.wall().timestamp()).div_euclid(86_400);
    let own = chain.first()?;
    let (_, parsed) = x509_parser::parse_x509_certificate(own).ok()?;
    let sha256 = Sha256::digest(own).iter().map(|byte| format!("{byte:02x}")).collect();
    let (issuer, expires) = (parsed.issuer().to_string(), DateTime::from_timestamp(earliest, 0));
    Some(Secured { version, issuer, sha256, days, expires })
}

fn told(section: &ProbesSection, language: Language, secured: &Secured) -> Found {
    if let Some(why) = refused(section, language, secured) {
        return Found::new(Health::Unhealthy, Some(Outcome::Tls), why);
    }
    let Secured { version, days, .. } = secured;
    let text = say!(
        language,
        "TLS {version}，证书 {days} 天后到期",
        "TLS {version}, the certificate expires in {days} days"
    );
    let found = Found::healthy(text.clone());
    let least = section.certificate_days;
    if *days >= i64::from(least) {
        return found;
    }
    found.degraded(say!(
        language,
        "{text}，少于 [probes] certificate_days = {least}",
        "{text}: fewer than [probes] certificate_days = {least}"
    ))
}

/// Which assertion of `[probes]` does not hold, in words.
fn refused(section: &ProbesSection, language: Language, secured: &Secured) -> Option<String> {
    let (version, least) = (secured.version, section.tls_at_least);
    if version.index() < least.index() {
        return Some(say!(
            language,
            "TLS {version} 低于 [probes] tls_at_least = \"{least}\"",
            "TLS {version} is older than [probes] tls_at_least = \"{least}\""
        ));
    }
    let issuer = &secured.issuer;
    if let Some(expected) = section.certificate_issuer.as_ref().filter(|part| !issuer.contains(part.as_str()))
    {
        return Some(say!(
            language,
            "证书由 {issuer} 签发，不含 [probes] certificate_issuer = \"{expected}\"",
            "the certificate is signed by {issuer}, which has nothing of [probes] certificate_issuer = \"{expected}\""
        ));
    }
    let expected = section.certificate_sha256.as_deref().and_then(fingerprint)?;
    let found = &secured.sha256;
    (expected != *found).then(|| {
        say!(
            language,
            "证书不是 [probes] certificate_sha256 所指的那张，它的 SHA-256 是 {found}",
            "the certificate is not that of [probes] certificate_sha256; its SHA-256 is {found}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Secured, told};
    use crate::live::config::TlsVersion;
    use crate::{Health, ProbesSection};
    use piaotan_client::profile::Language;

    fn check(section: ProbesSection, health: Health, words: &str) {
        let secured = Secured {
            version: TlsVersion::Tls12,
            issuer: "C=CN, O=CFCA, CN=CFCA EV OCA".into(),
            sha256: "ab".repeat(32),
            days: 20,
            expires: None,
        };
        let found = told(&section, Language::En, &secured);
        assert!(found.health == health && found.detail.contains(words), "{found:?}");
    }

    #[test]
    fn what_is_asserted_is_held_against_what_was_shown() {
        let usual = ProbesSection { certificate_days: 20, ..ProbesSection::default() };
        check(usual.clone(), Health::Healthy, "TLS 1.2, the certificate expires in 20 days");
        let longer = ProbesSection { certificate_days: 21, ..usual.clone() };
        check(longer, Health::Degraded, "20 days: fewer than [probes] certificate_days = 21");
        let newer = ProbesSection { tls_at_least: TlsVersion::Tls13, ..usual.clone() };
        check(newer, Health::Unhealthy, "TLS 1.2 is older than [probes] tls_at_least = \"1.3\"");
        let signed = |by: &str| ProbesSection { certificate_issuer: Some(by.into()), ..usual.clone() };
        check(signed("CFCA"), Health::Healthy, "TLS 1.2");
        check(signed("Other CA"), Health::Unhealthy, "which has nothing of [probes] certificate_issuer");
        let this = |digits: String| ProbesSection { certificate_sha256: Some(digits), ..usual.clone() };
        check(this("AB:".repeat(31) + "AB"), Health::Healthy, "TLS 1.2");
        check(this("AC:".repeat(31) + "AB"), Health::Unhealthy, "its SHA-256 is abab");
    }
}
