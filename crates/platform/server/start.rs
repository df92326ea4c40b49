//! Starting the platform as `piaotan platform` does: options, the ready line, the truth at exit.

use super::{Clock, serve, tls};
use crate::Error;
use crate::weather::Weather;
use crate::world::{Storage, World, WorldOptions};
use chrono::{DurationRound, TimeDelta, Utc};
use std::future::Future;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Invoices told one by one in the truth file.
const TOLD_AT_EXIT: usize = 100_000;

/// How the platform is to be served.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Port 0 takes a free one; `run` tells which.
    pub listen: SocketAddr,
    pub tls: Option<Tls>,
    /// Folder of the database; in memory without.
    pub data: Option<PathBuf>,
    /// Weather file (TOML); fair weather without.
    pub weather: Option<PathBuf>,
    pub seed: u64,
    /// Where the truth is written at the end.
    pub truth_file: Option<PathBuf>,
    /// End when standard input closes, so that a parent's death is followed.
    pub exit_with_stdin: bool,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Self-signed for localhost, 127.0.0.1 and ::1; written as PEM to `certificate`.
    Generated { certificate: Option<PathBuf> },
    /// From PEM files.
    Files { certificate: PathBuf, key: PathBuf },
}

/// Serves until `shutdown` is ready or standard input closes. `on_ready` is called once, with the address bound.
pub async fn run(
    options: ServeOptions,
    on_ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let weather = options.weather.as_deref().map_or(Ok(Weather::default()), read)?;
    let acceptor = options.tls.as_ref().map(tls::acceptor).transpose()?;
    let failed = |cause| Error::Listen { address: options.listen.to_string(), cause };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let now = Utc::now();
    let clock = Clock::showing(now);
    // Second zero is a whole second, so that the windows of notices are too.
    let started = now.duration_trunc(TimeDelta::seconds(1)).unwrap_or(now);
    let storage = options.data.map_or(Storage::Memory, Storage::Directory);
    let world = Arc::new(World::new(WorldOptions { seed: options.seed, weather, storage, started })?);
    let orphaned = stdin_closed(options.exit_with_stdin);
    let end = async {
        tokio::select! {
            () = shutdown => {}
            () = orphaned => {}
        }
    };
    on_ready(address);
    serve(listener, world.clone(), clock, acceptor, end).await?;
    match options.truth_file {
        Some(path) => write_truth(&path, &world, clock),
        None => Ok(()),
    }
}

fn read(path: &Path) -> Result<Weather, Error> {
    let named = |text: String| Error::Weather(format!("{}: {text}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| named(e.to_string()))?;
    Weather::parse(&text).map_err(|e| match e {
        Error::Weather(text) => named(text),
        other => other,
    })
}

fn write_truth(path: &Path, world: &World, clock: Clock) -> Result<(), Error> {
    let truth = world.truth(clock.now(), TOLD_AT_EXIT);
    let written = std::fs::write(path, truth);
    written.map_err(|cause| Error::Truth { path: path.display().to_string(), cause })
}

/// Ready when standard input has closed; never, if that is not asked for. A thread of its own waits, which
/// the process does not wait for at its end.
async fn stdin_closed(wanted: bool) {
    if !wanted {
        return std::future::pending().await;
    }
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let mut ignored = [0; 256];
        while std::io::stdin().read(&mut ignored).is_ok_and(|n| n > 0) {}
        let _ = tell.send(());
    });
    let _ = told.await;
}
