//! Ctrl-C and SIGTERM: once politely, twice at once. What was recorded is kept and reported.
#![allow(clippy::disallowed_methods, reason = "the front door may wait")]

use piaotan_scenarios::engine::stop::{Stop, Urgency};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How long what is under way may take after the first signal.
const POLITE: Duration = Duration::from_millis(800);

/// Which signal came, if any.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<AtomicU8>);

impl Signals {
    /// Raises `stop` when the process is asked to end. Called once a process.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn watch(stop: Stop) -> std::io::Result<Self> {
        let signals = Self::default();
        let (seen, asked) = (signals.clone(), stop.clone());
        // Before goose can install its own, which would end the process at the second Ctrl-C.
        let _ = ctrlc::set_handler(move || seen.came(crate::exit::INTERRUPTED, &asked));
        let seen = signals.clone();
        std::thread::Builder::new()
            .name("piaotan-signals".to_owned())
            .spawn(move || seen.terminate(&stop))?;
        Ok(signals)
    }

    /// The exit code of the signal that came.
    #[must_use]
    pub fn code(&self) -> Option<u8> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            code => Some(code),
        }
    }

    fn terminate(&self, stop: &Stop) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let Ok(mut term) = signal(SignalKind::terminate()) else { return };
            while term.recv().await.is_some() {
                self.came(crate::exit::TERMINATED, stop);
            }
        });
    }

    fn came(&self, code: u8, stop: &Stop) {
        let first = self.0.compare_exchange(0, code, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !first {
            stop.raise(Urgency::Now);
            return;
        }
        stop.raise(Urgency::Drain);
        let stop = stop.clone();
        std::thread::spawn(move || {
            std::thread::sleep(POLITE);
            stop.raise(Urgency::Now);
        });
    }
}
