//! HTTP of our own, off the worker threads: `/metrics` while a run lasts.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the front door opens a port")]

use anyhow::{Result, anyhow};
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use piaotan_reports::metrics::{self, Totals};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// A port that answers until it is dropped.
#[derive(Debug)]
pub struct Served {
    pub address: SocketAddr,
    end: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Serves `/metrics` from totals that are taken at each scrape.
///
/// # Errors
/// One line that names the flag, when the port is in use.
pub fn metrics(listen: SocketAddr, totals: impl Fn() -> Totals + Send + Sync + 'static) -> Result<Served> {
    let listener = TcpListener::bind(listen)
        .map_err(|e| anyhow!("--listen {listen}: {e}; give another port, or 127.0.0.1:0 for a free one"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let registry = Arc::new(metrics::register(totals)?);
    let (end, ended) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serving = async move {
        tokio::select! {
            () = serve(listener, registry) => {}
            _ = ended => {}
        }
    };
    let thread = std::thread::Builder::new()
        .name("piaotan-serve".to_owned())
        .spawn(move || runtime.block_on(serving))?;
    Ok(Served { address, end: Some(end), thread: Some(thread) })
}

async fn serve(listener: TcpListener, registry: Arc<piaotan_reports::metrics::Registry>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let registry = registry.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let answer = answer(request.uri().path(), &registry);
                async move { Ok::<_, std::convert::Infallible>(answer) }
            });
            // A scraper that goes away is its own affair.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(path: &str, registry: &piaotan_reports::metrics::Registry) -> Response<Full<Bytes>> {
    let (status, kind, body) = match path {
        "/metrics" => match metrics::exposition(registry) {
            Ok(text) => (200, "text/plain; version=0.0.4; charset=utf-8", text),
            Err(e) => (500, "text/plain; charset=utf-8", e.to_string()),
        },
        "/" => (200, "text/html; charset=utf-8", "<a href=\"/metrics\">/metrics</a>".to_owned()),
        _ => (404, "text/plain; charset=utf-8", "not here; see /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
