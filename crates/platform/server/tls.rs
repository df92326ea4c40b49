//! TLS with a certificate made for the occasion, or with one from files.

use super::start::Tls;
use crate::Error;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let (chain, key) = match tls {
        Tls::Generated { certificate } => generated(certificate.as_deref())?,
        Tls::Files { certificate, key } => from_files(certificate, key)?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|e| Error::Tls(e.to_string()))?;
    let config = config.with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.map_err(|e| Error::Tls(e.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A self-signed certificate for localhost; written to a file, so that a client can be told to trust it.
fn generated(out: Option<&Path>) -> Result<Identity, Error> {
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from).to_vec();
    let made = rcgen::generate_simple_self_signed(names).map_err(|e| Error::Tls(e.to_string()))?;
    if let Some(path) = out {
        let written = std::fs::write(path, made.cert.pem());
        written.map_err(|e| Error::Tls(format!("{}: {e}", path.display())))?;
    }
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    Ok((vec![made.cert.der().clone()], key.into()))
}

fn from_files(certificate: &Path, key: &Path) -> Result<Identity, Error> {
    let wrong = |path: &Path, e: &dyn std::fmt::Display| Error::Tls(format!("{}: {e}", path.display()));
    let chain = CertificateDer::pem_file_iter(certificate).map_err(|e| wrong(certificate, &e))?;
    let chain: Result<Vec<_>, _> = chain.collect();
    let chain = chain.map_err(|e| wrong(certificate, &e))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong(key, &e))?;
    Ok((chain, key))
}
