//! Making a connection: resolve, connect, TLS, each timed and each with its own failure.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the one place where sockets are opened"
)]

use super::Failure;
use crate::clock::Clock;
use crate::target::Endpoint;
use piaotan_record::{Nanos, Phases};
use rustls_pki_types::ServerName;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// A byte stream, whatever carries it.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}
pub type BoxIo = Box<dyn Io>;

type Opened = Pin<Box<dyn Future<Output = io::Result<BoxIo>> + Send>>;

/// How connections are made: over TCP, or handed in by a test.
#[derive(Clone)]
pub enum Dialer {
    Tcp { tls: Option<Arc<rustls::ClientConfig>>, guard: Guard },
    Handed(Arc<dyn Fn(&Endpoint) -> Opened + Send + Sync>),
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Tcp { .. }) { "Dialer::Tcp" } else { "Dialer::Handed" })
    }
}

/// Which resolved addresses may be talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Only 127.0.0.0/8 and ::1.
    Loopback,
    /// Any: the host was allowed by name.
    Any,
    /// Public addresses only: for addresses that a stranger's page or redirect named.
    Public,
}

impl Guard {
    fn allows(self, ip: IpAddr) -> bool {
        match self {
            Self::Loopback => ip.is_loopback(),
            Self::Any => true,
            Self::Public => is_public(ip),
        }
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            // 0/8 is this host, 100.64/10 the carrier's side of a shared address.
            let ours = first == 0 || first == 100 && (64..128).contains(&second);
            !(v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_multicast() || ours)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local())
            }
        },
    }
}

impl Dialer {
    /// A TCP dialer that may reach what `guard` allows; TLS uses the given configuration.
    #[must_use]
    pub fn tcp(guard: Guard, tls: Option<Arc<rustls::ClientConfig>>) -> Self {
        Self::Tcp { tls, guard }
    }

    /// Connects; says what each phase took.
    ///
    /// # Errors
    /// The phase that failed, as a failure of the platform.
    pub async fn dial(&self, to: &Endpoint, clock: Clock) -> Result<(BoxIo, Phases), Failure> {
        match self {
            Self::Handed(open) => {
                let io = open(to).await.map_err(|e| Failure::Refused(e.to_string()))?;
                Ok((io, Phases::default()))
            }
            Self::Tcp { tls, guard } => dial_tcp(to, tls.as_ref(), *guard, clock).await,
        }
    }
}

async fn dial_tcp(
    to: &Endpoint,
    tls: Option<&Arc<rustls::ClientConfig>>,
    guard: Guard,
    clock: Clock,
) -> Result<(BoxIo, Phases), Failure> {
    let mut phases = Phases::default();
    let begun = clock.now();
    let addresses = resolve(to, guard).await?;
    let resolved = clock.now();
    phases.resolve = Some(Nanos(resolved.since(begun)));
    let stream = connect_any(&addresses).await?;
    let connected = clock.now();
    phases.connect = Some(Nanos(connected.since(resolved)));
    let Some(config) = tls.filter(|_| to.tls) else {
        let no_tls = "https target, but no TLS configuration".to_owned();
        return if to.tls { Err(Failure::Tls(no_tls)) } else { Ok((Box::new(stream), phases)) };
    };
    let name = ServerName::try_from(to.host.clone()).map_err(|e| Failure::Tls(e.to_string()))?;
    let secured = TlsConnector::from(config.clone()).connect(name, stream).await.map_err(tls_failure)?;
    phases.tls = Some(Nanos(clock.now().since(connected)));
    Ok((Box::new(secured), phases))
}

async fn resolve(to: &Endpoint, guard: Guard) -> Result<Vec<SocketAddr>, Failure> {
    let found: Vec<SocketAddr> = match to.host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, to.port)],
        Err(_) => {
            lookup_host((to.host.as_str(), to.port)).await.map_err(|e| Failure::Dns(e.to_string()))?.collect()
        }
    };
    match found.iter().find(|address| !guard.allows(address.ip())) {
        Some(wrong) => {
            Err(Failure::Forbidden(format!("{} is at {}, which may not be asked", to.host, wrong.ip())))
        }
        None if found.is_empty() => Err(Failure::Dns(format!("{} has no address", to.host))),
        None => Ok(found),
    }
}

/// Tries each address in turn: one attempt each, so that we know what we test.
async fn connect_any(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut last = Failure::Refused("no address".to_owned());
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Without it a small request waits for the answer to the one before (Nagle).
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(e) => last = connect_failure(&e),
        }
    }
    Err(last)
}

fn connect_failure(e: &io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Failure::Reset(e.to_string()),
        _ => Failure::Refused(e.to_string()),
    }
}

fn tls_failure(e: io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::ConnectionReset => Failure::Reset(e.to_string()),
        _ => Failure::Tls(crate::tls::why(&e).en),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_guard_looks_at_the_address_not_at_the_name() {
        let check =
            |guard: Guard, ip: &str, allowed| assert_eq!(guard.allows(ip.parse().unwrap()), allowed, "{ip}");
        check(Guard::Loopback, "127.3.2.1", true);
        check(Guard::Loopback, "10.0.0.1", false);
        check(Guard::Public, "10.0.0.1", false);
        check(Guard::Public, "::ffff:192.168.0.1", false);
        check(Guard::Public, "0.1.2.3", false);
        check(Guard::Public, "100.64.0.1", false);
        check(Guard::Public, "1.2.3.4", true);
    }
}
