//! `piaotan platform`: the reference invoice platform.
#![allow(clippy::print_stdout, reason = "the ready line is for whoever started it")]

use anyhow::{Result, anyhow};
use clap::Args;
use piaotan_platform::{ServeOptions, Tls};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run the reference invoice platform.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan platform --listen 127.0.0.1:8080
  piaotan platform --weather storm.toml --truth truth.json
  piaotan platform --data ./platform-data        keeps everything, survives kill -9")]
pub struct Platform {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    pub listen: SocketAddr,
    /// Weather file: maintenance, delays, faults, capacity (see docs/platform.md).
    #[arg(long, value_name = "FILE")]
    pub weather: Option<PathBuf>,
    /// Keep everything in this folder (SQLite); in memory without it.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write what really happened to this file at the end.
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// Answer over TLS, with a certificate made now and written to this file.
    #[arg(long, value_name = "FILE")]
    pub tls: Option<PathBuf>,
    /// End when standard input closes.
    #[arg(long)]
    pub exit_with_stdin: bool,
}

/// Serves until it is told to end.
///
/// # Errors
/// One line, when it cannot start.
pub fn run(args: Platform) -> Result<u8> {
    let options = ServeOptions {
        listen: args.listen,
        tls: args.tls.map(|certificate| Tls::Generated { certificate: Some(certificate) }),
        data: args.data,
        weather: args.weather,
        seed: args.seed,
        truth_file: args.truth,
        exit_with_stdin: args.exit_with_stdin,
    };
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let ready = move |address: SocketAddr| {
        // The one line that a parent process waits for; a closed pipe is no reason to end.
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "listening on {scheme}://{address}");
        let _ = out.flush();
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build()?;
    runtime
        .block_on(piaotan_platform::run(options, ready, asked_to_end()))
        .map_err(|e| anyhow!("--listen, --weather or --data: {e}"))?;
    Ok(0)
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut term) => tokio::select! {
            _ = term.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
