//! Is the way to the platform secure: a chain that is trusted, a certificate that does not expire soon,
//! a protocol of today?

use crate::live::port::ProbePort;
use crate::{Found, Health, Setting, say};
use chrono::{DateTime, Utc};
use piaotan_client::profile::Language;
use piaotan_client::target::Endpoint;
use piaotan_client::tls::why;
use piaotan_client::transport::{BoxIo, Dialer};
use piaotan_record::{Nanos, Outcome, Phases};
use rustls_pki_types::{CertificateDer, ServerName};
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What the handshake showed.
struct Secured {
    version: String,
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
            told(setting, &secured)
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
    let version = format!("{:?}", session.protocol_version()?).replace("TLSv", "TLS ").replace('_', ".");
    let expiry = |certificate: &CertificateDer<'_>| {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        Some(parsed.validity().not_after.timestamp())
    };
    let earliest = session.peer_certificates()?.iter().filter_map(expiry).min()?;
    let days = (earliest - setting.wall().timestamp()).div_euclid(86_400);
    Some(Secured { version, days, expires: DateTime::from_timestamp(earliest, 0) })
}

fn told(setting: &Setting, secured: &Secured) -> Found {
    let Secured { version, days, .. } = secured;
    let text = say!(
        setting.language,
        "{version}，证书 {days} 天后到期",
        "{version}, the certificate expires in {days} days"
    );
    let found = Found::healthy(text.clone());
    if *days < i64::from(setting.section.certificate_days) { found.degraded(text) } else { found }
}
