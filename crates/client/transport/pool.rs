//! At most N keep-alive connections to one endpoint, lent one request at a time.

use super::{Answer, BoxIo, Dialer, Exchange, Failure};
use crate::clock::Clock;
use crate::target::Endpoint;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body as _;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use piaotan_record::{Nanos, Phase, Phases};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::task::AbortHandle;

/// Bounds of a pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// Connections at most.
    pub connections: usize,
    /// Time for one connection to be made.
    pub connect_timeout: Duration,
    /// Time for one answer, from send to last byte.
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
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
    drivers: Mutex<Vec<AbortHandle>>,
    stopping: AtomicBool,
    stopped: Notify,
}

#[derive(Debug)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
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
            drivers: Mutex::new(Vec::new()),
            stopping: AtomicBool::new(false),
            stopped: Notify::new(),
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
        let permit = self.permits.acquire().await.ok()?;
        Some(Lease { pool: self, _permit: permit })
    }

    /// Ends everything under way: every exchange comes back as cut off, at once.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.permits.close();
        self.stopped.notify_waiters();
        self.lock_idle().clear();
        for driver in self.lock_drivers().drain(..) {
            driver.abort();
        }
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

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.lock_idle();
        while let Some(connection) = idle.pop() {
            if !connection.sender.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    fn give_back(&self, connection: Connection) {
        if !connection.sender.is_closed() && !self.is_stopped() {
            self.lock_idle().push(connection);
        }
    }

    async fn open(&self) -> Result<(Connection, Phases), Failure> {
        let dialing =
            tokio::time::timeout(self.options.connect_timeout, self.dialer.dial(&self.endpoint, self.clock));
        // Registered before the flag is looked at, so that a stop in between is not missed.
        let stopped = self.stopped.notified();
        tokio::pin!(stopped);
        stopped.as_mut().enable();
        if self.is_stopped() {
            return Err(Failure::CutOff);
        }
        let (io, phases) = tokio::select! {
            dialed = dialing => dialed.map_err(|_| Failure::TimedOut(Phase::Connect))??,
            () = stopped => return Err(Failure::CutOff),
        };
        Ok((self.handshake(io).await?, phases))
    }

    async fn handshake(&self, io: BoxIo) -> Result<Connection, Failure> {
        let shaken = http1::Builder::new().handshake::<_, Full<Bytes>>(TokioIo::new(io)).await;
        let (sender, driver) = shaken.map_err(|e| Failure::Reset(e.to_string()))?;
        let handle = tokio::spawn(async move {
            // What goes wrong on a connection reaches whoever waits for its answer.
            let _ = driver.await;
        });
        let mut drivers = self.lock_drivers();
        drivers.retain(|driver| !driver.is_finished());
        drivers.push(handle.abort_handle());
        Ok(Connection { sender })
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_drivers(&self) -> std::sync::MutexGuard<'_, Vec<AbortHandle>> {
        self.drivers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease<'_> {
    /// Sends one request and reads its answer to the last byte.
    pub async fn exchange(self, request: Request<Full<Bytes>>) -> Exchange {
        let pool = self.pool;
        let begun = pool.clock.now();
        let bytes_sent = request.body().size_hint().exact().unwrap_or(0);
        let mut times = Times { sent: begun, first_byte: None, received: 0, connected: None };
        let deadline = pool.options.timeout;
        let result = match tokio::time::timeout(deadline, self.attempt(request, &mut times)).await {
            Ok(result) => result,
            Err(_) if times.first_byte.is_some() => Err(Failure::TimedOut(Phase::Receive)),
            Err(_) => Err(Failure::TimedOut(Phase::Wait)),
        };
        let result = result.map_err(|failure| if pool.is_stopped() { Failure::CutOff } else { failure });
        let Times { sent, first_byte, received: bytes_received, connected } = times;
        Exchange { sent, first_byte, done: pool.clock.now(), bytes_sent, bytes_received, connected, result }
    }

    async fn attempt(&self, mut request: Request<Full<Bytes>>, times: &mut Times) -> Result<Answer, Failure> {
        loop {
            let (mut connection, fresh) = match self.pool.take_idle() {
                Some(connection) => (connection, false),
                None => {
                    // Boxed, as it is rare and large: what every request moves about stays small.
                    let (connection, phases) = Box::pin(self.pool.open()).await?;
                    times.connected = Some(phases);
                    (connection, true)
                }
            };
            times.sent = self.pool.clock.now();
            match connection.sender.try_send_request(request).await {
                Ok(response) => return self.receive(connection, response, times).await,
                // The server closed an idle connection and nothing was written: a new one is not a resend.
                Err(mut e) => match e.take_message() {
                    Some(unsent) if !fresh => request = unsent,
                    _ => return Err(send_failure(e.error())),
                },
            }
        }
    }

    async fn receive(
        &self,
        connection: Connection,
        response: Response<hyper::body::Incoming>,
        times: &mut Times,
    ) -> Result<Answer, Failure> {
        times.first_byte = Some(self.pool.clock.now());
        let (head, body) = response.into_parts();
        let body = read_body(body, self.pool.options.max_body, &mut times.received).await?;
        self.pool.give_back(connection);
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}

struct Times {
    sent: Nanos,
    first_byte: Option<Nanos>,
    received: u64,
    connected: Option<Phases>,
}

async fn read_body(
    mut body: hyper::body::Incoming,
    limit: usize,
    received: &mut u64,
) -> Result<Bytes, Failure> {
    let mut whole: Option<Bytes> = None;
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(|e| send_failure(&e))?.into_data() else { continue };
        *received += part.len() as u64;
        if *received > limit as u64 {
            return Err(Failure::Unreadable(format!("the body is longer than {limit} bytes")));
        }
        // One part is by far the usual case: it is passed on without a copy.
        match whole.take() {
            None if joined.is_empty() => whole = Some(part),
            None => joined.extend_from_slice(&part),
            Some(first) => {
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&part);
            }
        }
    }
    Ok(whole.unwrap_or_else(|| joined.freeze()))
}

fn send_failure(e: &hyper::Error) -> Failure {
    let text = match std::error::Error::source(e) {
        Some(source) => format!("{e}: {source}"),
        None => e.to_string(),
    };
    if e.is_parse() || e.is_parse_status() || e.is_parse_too_large() {
        Failure::Unreadable(text)
    } else {
        Failure::Reset(text)
    }
}
