//! What ends an exchange from outside: its time is up, or the pool was stopped.
//!
//! One timer a connection, set anew only when it rings: a request that is answered in time costs none.

use futures_util::task::AtomicWaker;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep};

/// Wakes whoever waits on a connection.
#[derive(Debug, Default)]
pub(super) struct Bell(AtomicWaker);

#[derive(Debug)]
pub(super) struct Watch {
    alarm: Pin<Box<Sleep>>,
    bell: Arc<Bell>,
}

/// Why an exchange was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Late,
    Stopped,
}

impl Bell {
    pub fn ring(&self) {
        self.0.wake();
    }
}

impl Watch {
    pub fn new(deadline: Instant) -> Self {
        Self { alarm: Box::pin(tokio::time::sleep_until(deadline)), bell: Arc::default() }
    }

    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Lets `work` go on until it is done, the deadline has passed, or the pool stops. It is pinned where it
    /// stands: taken by value it would be held twice, and what every request moves about doubles.
    pub async fn over<T>(
        &mut self,
        deadline: Instant,
        stopping: &AtomicBool,
        mut work: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Ended> {
        std::future::poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Ok(done));
            }
            self.poll(context, deadline, stopping).map(Err)
        })
        .await
    }

    fn poll(&mut self, context: &mut Context<'_>, deadline: Instant, stopping: &AtomicBool) -> Poll<Ended> {
        // Registered before the flag is looked at, so that a stop in between is not missed.
        self.bell.0.register(context.waker());
        if stopping.load(Ordering::Acquire) {
            return Poll::Ready(Ended::Stopped);
        }
        while self.alarm.as_mut().poll(context).is_ready() {
            if self.alarm.deadline() >= deadline {
                return Poll::Ready(Ended::Late);
            }
            self.alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}
