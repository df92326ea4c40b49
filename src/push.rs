//! Metrics of a run that ends before anybody scrapes it, put to a Pushgateway.

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use piaotan_client::clock::Clock;
use piaotan_client::target::Endpoint;
use piaotan_client::tls;
use piaotan_client::transport::{Dialer, Guard, Pool, PoolOptions};
use piaotan_reports::metrics::{self, Totals};
use std::time::Duration;

/// A gateway that was named on the command line.
#[derive(Debug, Clone)]
pub struct Gateway {
    endpoint: Endpoint,
    host: String,
}

impl Gateway {
    /// Reads `http://HOST:PORT[/PREFIX]`.
    ///
    /// # Errors
    /// One line that names the flag.
    pub fn parse(url: &str) -> Result<Self> {
        let endpoint = Endpoint::parse(url).map_err(|e| anyhow!("--push: {e}"))?;
        let host = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        Ok(Self { endpoint, host: host.to_owned() })
    }

    /// Replaces the group of this scenario by what the run came to.
    ///
    /// # Errors
    /// One line, when the gateway does not take it.
    pub fn put(&self, scenario: &str, totals: Totals) -> Result<()> {
        let body = metrics::exposition(&metrics::register(move || totals.clone())?)?;
        let path = format!("{}/metrics/job/piaotan/scenario/{}", self.endpoint.prefix, segment(scenario));
        let request = Request::builder()
            .method(Method::PUT)
            .uri(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
            .body(Full::new(Bytes::from(body)))
            .context("--push")?;
        let tls = match self.endpoint.tls {
            true => Some(tls::client_config(None).map_err(|e| anyhow!("--push: {e}"))?),
            false => None,
        };
        let options =
            PoolOptions { connections: 1, timeout: Duration::from_secs(10), ..PoolOptions::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answer = runtime.block_on(async {
            let pool =
                Pool::new(self.endpoint.clone(), Dialer::tcp(Guard::Any, tls), Clock::start(), options);
            let lease = pool.lease().await?;
            Some(lease.exchange(request).await.result)
        });
        match answer {
            Some(Ok(answer)) if answer.status / 100 == 2 => Ok(()),
            Some(Ok(answer)) => bail!("--push: {} answered {}", self.host, answer.status),
            Some(Err(failure)) => bail!("--push: {}: {}", self.host, failure.text()),
            None => bail!("--push: the connection was closed before it was used"),
        }
    }
}

/// A label value as a segment of a path: everything but letters, digits, `-`, `_` and `.` is encoded.
fn segment(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let encode = |byte: u8| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}
