//! A deployment that the gate itself starts, and ends with all that it started.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the front door waits until a port answers"
)]

use crate::exit::Coded;
use crate::signals::Signals;
use anyhow::{Context as _, Result, anyhow, bail};
use piaotan_client::target::Endpoint;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to end by itself before it is ended.
const POLITE: Duration = Duration::from_secs(5);

/// A running deployment; ended when dropped.
#[derive(Debug)]
pub struct Started {
    child: Child,
}

impl Started {
    /// Starts a shell command in a process group of its own and waits until the port answers. What it
    /// says goes to `log`.
    ///
    /// # Errors
    /// One line that names the flag, when it ends, stays silent, or a signal comes first.
    pub fn start(
        flag: &str,
        command: &str,
        at: &Endpoint,
        log: &Path,
        patience: Duration,
        signals: &Signals,
    ) -> Result<Self> {
        if answers(at) {
            bail!(
                "{flag}: {}:{} answers already; end what listens there, or leave the flag out",
                at.host,
                at.port
            );
        }
        let out = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let both = out.try_clone().with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(both)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{flag}: cannot start a shell"))?;
        let mut this = Self { child };
        let begun = Instant::now();
        loop {
            if let Some(status) = this.child.try_wait()? {
                return Err(anyhow!("{flag}: it ended ({status}) before it answered; see {}", log.display()));
            }
            if answers(at) {
                return Ok(this);
            }
            if let Some(code) = signals.code() {
                return Err(Coded::interrupted(code, format!("{flag}: interrupted before it answered")));
            }
            if begun.elapsed() > patience {
                bail!(
                    "{flag}: {}:{} does not answer after {} s; see {}, or raise --start-timeout",
                    at.host,
                    at.port,
                    patience.as_secs(),
                    log.display()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn tell(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(0)) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.tell(Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < POLITE {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // Also what the shell left behind.
        self.tell(Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Whether anybody listens there.
fn answers(at: &Endpoint) -> bool {
    let Ok(mut all) = (at.host.as_str(), at.port).to_socket_addrs() else { return false };
    all.any(|address| TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok())
}
