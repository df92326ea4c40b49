//! At most N keep-alive connections to one endpoint, lent one request at a time.

use super::connection::{Broken, Connection, Times};
use super::watch::{Bell, Ended, Watch};
use super::{Answer, Dialer, Exchange, Failure, Outgoing};
use crate::clock::Clock;
use crate::target::Endpoint;
use piaotan_record::{Phase, Phases};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};
use tokio::time::Instant;

/// Bounds of a pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// Connections at most.
    pub connections: usize,
    /// Time for one connection to be made.
    pub connect_timeout: Duration,
    /// Time for one answer, from the lease to its last byte: making a connection is in it.
    pub timeout: Duration,
    /// Longest body that is read, in bytes; a longer one is unreadable.
    pub max_body: usize,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connections: 64,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            max_body: 8 << 20,
        }
    }
}

/// Keep-alive connections to one endpoint.
#[derive(Debug)]
pub struct Pool {
    endpoint: Endpoint,
    dialer: Dialer,
    clock: Clock,
    options: PoolOptions,
    idle: Mutex<Vec<Kept>>,
    permits: Semaphore,
    /// Of every connection: whoever waits on one is woken when the pool stops.
    bells: Mutex<Vec<Weak<Bell>>>,
    stopping: AtomicBool,
}

/// A connection with what may end its exchange.
#[derive(Debug)]
struct Kept {
    connection: Connection,
    watch: Watch,
}

/// A right to one connection. Taking it is the wait that counts as response time.
#[derive(Debug)]
pub struct Lease<'a> {
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    #[must_use]
    pub fn new(endpoint: Endpoint, dialer: Dialer, clock: Clock, options: PoolOptions) -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(options.connections),
            idle: Mutex::new(Vec::with_capacity(options.connections)),
            bells: Mutex::default(),
            stopping: AtomicBool::new(false),
            endpoint,
            dialer,
            clock,
            options,
        })
    }

    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Waits for the right to a connection; `None` once the pool is stopped.
    pub async fn lease(&self) -> Option<Lease<'_>> {
        let permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits) => self.permits.acquire().await.ok()?,
            Err(TryAcquireError::Closed) => return None,
        };
        Some(Lease { pool: self, _permit: permit })
    }

    /// Connections open now, lent or idle.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.lock_bells().iter().filter(|bell| bell.strong_count() > 0).count()
    }

    /// Ends everything under way: every exchange comes back as cut off, at once.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.permits.close();
        self.lock_idle().clear();
        self.lock_bells().drain(..).filter_map(|bell| bell.upgrade()).for_each(|bell| bell.ring());
    }

    /// Whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Drops idle connections, so that the next request makes a new one.
    pub fn forget_idle(&self) {
        self.lock_idle().clear();
    }

    fn take_idle(&self) -> Option<Kept> {
        loop {
            // In a statement of its own: the lock is not held while the connection is looked at.
            let mut kept = self.lock_idle().pop()?;
            if kept.connection.is_open() {
                return Some(kept);
            }
        }
    }

    fn give_back(&self, kept: Kept) {
        if !self.is_stopped() {
            self.lock_idle().push(kept);
        }
    }

    async fn open(&self, deadline: Instant) -> Result<(Kept, Phases), Failure> {
        let patience = deadline.min(self.clock.instant(self.clock.now()) + self.options.connect_timeout);
        let mut watch = Watch::new(patience);
        self.hang(watch.bell());
        let dialing = pin!(self.dialer.dial(&self.endpoint, self.clock));
        let (io, phases) = match watch.over(patience, &self.stopping, dialing).await {
            Ok(dialed) => dialed?,
            Err(Ended::Late) => return Err(Failure::TimedOut(Phase::Connect)),
            Err(Ended::Stopped) => return Err(Failure::CutOff),
        };
        Ok((Kept { connection: Connection::new(io, self.clock), watch }, phases))
    }

    /// Keeps a bell where a stop finds it. Whoever waits looks at the flag after this, so that a stop in
    /// between is not missed.
    fn hang(&self, bell: &Arc<Bell>) {
        let mut bells = self.lock_bells();
        if bells.len() >= 2 * self.options.connections {
            bells.retain(|bell| bell.strong_count() > 0);
        }
        bells.push(Arc::downgrade(bell));
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_bells(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Bell>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease<'_> {
    /// Sends one request and reads its answer to the last byte.
    pub fn exchange(self, request: impl Into<Outgoing>) -> impl Future<Output = Exchange> {
        self.carry(request.into())
    }

    async fn carry(self, request: Outgoing) -> Exchange {
        let pool = self.pool;
        let mut times = Times::begun(pool.clock.now());
        let result = self.attempt(&request, &mut times).await;
        let (result, done) = match result {
            Ok(answer) => (Ok(answer), times.last_byte),
            Err(_) if pool.is_stopped() => (Err(Failure::CutOff), pool.clock.now()),
            Err(failure) => (Err(failure), pool.clock.now()),
        };
        let Times { sent, first_byte, received: bytes_received, connected, .. } = times;
        let bytes_sent = request.length as u64;
        Exchange { sent, first_byte, done, bytes_sent, bytes_received, connected, result }
    }

    async fn attempt(&self, request: &Outgoing, times: &mut Times) -> Result<Answer, Failure> {
        let Pool { clock, options, stopping, .. } = self.pool;
        let deadline = clock.instant(times.sent) + options.timeout;
        loop {
            let (mut kept, fresh) = match self.pool.take_idle() {
                Some(kept) => (kept, false),
                None => {
                    // Boxed, as it is rare and large: what every request moves about stays small.
                    let (kept, phases) = Box::pin(self.pool.open(deadline)).await?;
                    times.connected = Some(phases);
                    times.sent = clock.now();
                    (kept, true)
                }
            };
            let ended = {
                let Kept { connection, watch } = &mut kept;
                let asking = pin!(connection.ask(request, options.max_body, times));
                watch.over(deadline, stopping, asking).await
            };
            return match ended {
                Ok(Ok((answer, keep))) => {
                    if keep {
                        self.pool.give_back(kept);
                    }
                    Ok(answer)
                }
                // The server closed an idle connection and nothing was written: a new one is not a resend.
                Ok(Err(Broken::Unsent(_))) if !fresh => continue,
                Ok(Err(Broken::Unsent(failure) | Broken::Failed(failure))) => Err(failure),
                Err(Ended::Stopped) => Err(Failure::CutOff),
                Err(Ended::Late) if times.first_byte.is_some() => Err(Failure::TimedOut(Phase::Receive)),
                Err(Ended::Late) => Err(Failure::TimedOut(Phase::Wait)),
            };
        }
    }
}
