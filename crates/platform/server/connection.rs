//! One connection: requests read within bounds of size and time, replies sent when and how they say.

use super::Clock;
use super::line::Resets;
use super::outgoing::Outgoing;
use crate::wire::{Arrived, Manner, Reply, Request};
use crate::world::World;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// Largest body that is read; files have a limit of their own below it.
const LARGEST_BODY: usize = 6 << 20;
/// A request head must come within this time, also after the connection was idle.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// A body must come whole within this time.
const BODY_TIME: Duration = Duration::from_secs(30);
/// Bodies above this size take part in the budget below, so that many large ones cannot fill the memory.
const SMALL: usize = 64 << 10;
static BUDGET_KIB: Semaphore = Semaphore::const_new(512 << 10);

/// Whether connections are to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Serve,
    /// Reset at once: nobody listens any more.
    HangUp,
    /// Finish what has begun, then close.
    Close,
}

/// Serves HTTP/1.1 on any stream until the other side closes it. A reset is an early end of the stream.
pub async fn serve_stream<S>(stream: S, world: Arc<World>, clock: Clock, peer: Option<IpAddr>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (_keep, orders) = watch::channel(Order::Serve);
    converse(stream, world, clock, peer, Resets::default(), orders).await;
}

pub(crate) async fn converse<S>(
    stream: S,
    world: Arc<World>,
    clock: Clock,
    peer: Option<IpAddr>,
    resets: Resets,
    mut orders: watch::Receiver<Order>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let flag = resets.clone();
    let service = service_fn(move |request| {
        let (world, flag) = (world.clone(), flag.clone());
        async move { answer(&world, clock, peer, &flag, request).await }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(64 << 10);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    loop {
        tokio::select! {
            // How a connection ends is the client's affair, or the weather's.
            _ = connection.as_mut() => return,
            changed = orders.changed() => {
                let order = if changed.is_ok() { *orders.borrow_and_update() } else { Order::Close };
                match order {
                    Order::Serve => {}
                    Order::HangUp => {
                        resets.store(true, Relaxed);
                        return;
                    }
                    Order::Close => {
                        connection.as_mut().graceful_shutdown();
                        let _ = timeout(Duration::from_secs(2), connection.as_mut()).await;
                        return;
                    }
                }
            }
        }
    }
}

async fn answer(
    world: &World,
    clock: Clock,
    peer: Option<IpAddr>,
    resets: &Resets,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<Outgoing>> {
    let (parts, incoming) = request.into_parts();
    let body = if incoming.is_end_stream() { Arrived::Whole(Bytes::new()) } else { collect(incoming).await };
    let broken = !matches!(body, Arrived::Whole(_));
    let arrived = Instant::now();
    let request = Request { parts, body, peer };
    let reply = world.handle(clock.now(), &request);
    let kept = world.durable(&reply).await;
    if !reply.delay.is_zero() {
        sleep_until(arrived + reply.delay).await;
    }
    if reply.manner == Manner::Reset {
        resets.store(true, Relaxed);
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let reply = if kept { reply } else { Reply::unwritten() };
    Ok(sent(reply, broken))
}

/// The response as hyper sends it; after a body that was not read to its end the connection closes.
fn sent(reply: Reply, close: bool) -> hyper::Response<Outgoing> {
    let mut response = hyper::Response::new(Outgoing::new(reply.body, reply.manner));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if close {
        headers.insert(hyper::header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn collect(mut incoming: Incoming) -> Arrived {
    let hint = incoming.size_hint();
    if hint.lower() > LARGEST_BODY as u64 {
        drain(&mut incoming).await;
        return Arrived::TooLarge;
    }
    let size = hint.exact().map_or(LARGEST_BODY, |n| n as usize);
    let read = async {
        let kib = if size > SMALL { size.div_ceil(1024) as u32 } else { 0 };
        let _held = BUDGET_KIB.acquire_many(kib).await;
        read(incoming, size).await
    };
    timeout(BODY_TIME, read).await.unwrap_or(Arrived::TooSlow)
}

/// Throws away what a client is still sending, for a while: a client that is cut off while it writes may never
/// read the answer.
async fn drain(incoming: &mut Incoming) {
    let mut left = 64 << 20;
    let throw = async {
        while let Some(Ok(frame)) = incoming.frame().await {
            left -= frame.data_ref().map_or(0, |d| d.len()) as i64;
            if left < 0 {
                break;
            }
        }
    };
    let _ = timeout(Duration::from_secs(2), throw).await;
}

async fn read(mut incoming: Incoming, size: usize) -> Arrived {
    let mut whole = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else {
            return Arrived::Broken;
        };
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if whole.is_empty() && piece.len() == size {
            // All of it in one piece: no copy.
            return Arrived::Whole(piece);
        }
        if whole.len() + piece.len() > LARGEST_BODY {
            drain(&mut incoming).await;
            return Arrived::TooLarge;
        }
        if whole.is_empty() {
            whole.reserve(size.min(1 << 20));
        }
        whole.extend_from_slice(&piece);
    }
    Arrived::Whole(whole.freeze())
}
