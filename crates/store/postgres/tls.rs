//! TLS to the server: the one library of the house, and the authorities that the machine trusts.

use rustls::pki_types::ServerName;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream as Stream;

/// Makes connections secure where the address or the server asks for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Tls;

/// One connection about to be made secure.
pub(super) struct Secure {
    connector: TlsConnector,
    name: ServerName<'static>,
}

pub(super) struct Secured<S>(Stream<S>);

fn other(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

fn trusted() -> Result<rustls::ClientConfig, io::Error> {
    let mut roots = rustls::RootCertStore::empty();
    // Broken ones among the machine's are left out; SSL_CERT_FILE names others.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(versions.map_err(other)?.with_root_certificates(roots).with_no_client_auth())
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Secured<S>;
    type TlsConnect = Secure;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Secure, io::Error> {
        let name = ServerName::try_from(domain.to_owned()).map_err(other)?;
        Ok(Secure { connector: TlsConnector::from(Arc::new(trusted()?)), name })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Secure {
    type Stream = Secured<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Secured<S>, io::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let mistrust = |error| {
                other(format!(
                    "TLS: {error}; let SSL_CERT_FILE name its authority, or append ?sslmode=disable where the way is safe"
                ))
            };
            self.connector.connect(self.name, stream).await.map(Secured).map_err(mistrust)
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Secured<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Secured<S> {
    fn poll_read(self: Pin<&mut Self>, to: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(to, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Secured<S> {
    fn poll_write(self: Pin<&mut Self>, to: &mut Context<'_>, what: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(to, what)
    }

    fn poll_flush(self: Pin<&mut Self>, to: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(to)
    }

    fn poll_shutdown(self: Pin<&mut Self>, to: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(to)
    }
}
