//! The one TLS configuration: rustls with aws-lc-rs, the system's roots, and roots of one's own.

use chrono::DateTime;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Builds the client configuration; `ca_file` adds certificates (PEM) to the system's.
///
/// # Errors
/// One line, when the file cannot be used.
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    // A machine without system roots can still reach what its own file names.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let wrong = |why: String| format!("[target] ca_file {}: {why}", path.display());
        let certificates = CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))?;
        let before = roots.len();
        for certificate in certificates {
            let certificate = certificate.map_err(|e| wrong(e.to_string()))?;
            roots.add(certificate).map_err(|e| wrong(e.to_string()))?;
        }
        if roots.len() == before {
            return Err(wrong("holds no certificate; write the path of a PEM file".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Why a handshake failed, in words of those who mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    pub zh: String,
    pub en: String,
    /// When the certificate expired, where that is why: seconds since 1970.
    pub expired: Option<i64>,
}

/// Reads the cause out of what the TLS library said.
#[must_use]
pub fn why(error: &io::Error) -> Why {
    let said = |zh: String, en: String| Why { zh, en, expired: None };
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(wrong)) => certificate(wrong),
        Some(Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_)) => said(
            "对方不支持 TLS 1.2 或更高版本".to_owned(),
            "the server speaks no TLS of today (1.2 or later)".to_owned(),
        ),
        Some(Error::InvalidMessage(_)) => {
            said("应答的不是 TLS".to_owned(), "what answers there does not speak TLS".to_owned())
        }
        _ => said(error.to_string(), error.to_string()),
    }
}

fn certificate(wrong: &CertificateError) -> Why {
    let said = |zh: String, en: String| Why { zh, en, expired: None };
    match wrong {
        CertificateError::ExpiredContext { not_after, .. } => {
            let expired = Some(seconds(*not_after));
            let day = day(*not_after);
            Why { zh: format!("证书已于 {day} 到期"), en: format!("the certificate expired on {day}"), expired }
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            let day = day(*not_before);
            said(format!("证书自 {day} 起才有效"), format!("the certificate is not valid before {day}"))
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let (names, host) = (presented.join(", "), expected.to_str());
            // The library writes names as its own type.
            let names = names.replace("DnsName(\"", "").replace("IpAddress(", "").replace(['"', ')'], "");
            said(format!("证书属于 {names}，不属于 {host}"), format!("the certificate is for {names}, not for {host}"))
        }
        CertificateError::UnknownIssuer => said(
            "证书的签发者不受信任（自签、内部机构或证书链不全）；内部机构请写入 [target] ca_file".to_owned(),
            "the certificate is signed by nobody who is trusted here (self-signed, private, or its chain is not \
             whole); name a private authority in [target] ca_file"
                .to_owned(),
        ),
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => said(
            "证书是自签的".to_owned(),
            "the certificate is self-signed".to_owned(),
        ),
        other => said(format!("证书无效：{other}"), format!("the certificate is not valid: {other}")),
    }
}

fn seconds(at: UnixTime) -> i64 {
    i64::try_from(at.as_secs()).unwrap_or(i64::MAX)
}

fn day(at: UnixTime) -> String {
    DateTime::from_timestamp(seconds(at), 0).unwrap_or_default().format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Error, UnixTime, why};
    use rustls::CertificateError as Wrong;
    use std::io;
    use std::time::Duration;

    fn check(error: Error, expected: &str) {
        assert_eq!(why(&io::Error::other(error)).en, expected);
    }

    #[test]
    fn a_handshake_that_failed_says_what_is_to_be_mended() {
        let at = |second| UnixTime::since_unix_epoch(Duration::from_secs(second));
        let expired = Wrong::ExpiredContext { time: at(1_790_000_000), not_after: at(1_767_225_600) };
        check(Error::InvalidCertificate(expired), "the certificate expired on 2026-01-01");
        let name = Wrong::NotValidForNameContext {
            expected: "tax.example".try_into().unwrap(),
            presented: vec!["DnsName(\"elsewhere.example\")".to_owned()],
        };
        check(
            Error::InvalidCertificate(name),
            "the certificate is for elsewhere.example, not for tax.example",
        );
        let version = rustls::AlertDescription::ProtocolVersion;
        check(Error::AlertReceived(version), "the server speaks no TLS of today (1.2 or later)");
        assert!(
            why(&io::Error::other(Error::InvalidCertificate(Wrong::UnknownIssuer))).en.contains("ca_file")
        );
    }
}
