//! The listener: accepts, hands over, and goes away altogether when the weather says that nobody listens.

use super::Clock;
use super::connection::{Order, converse};
use super::line::{Line, Resets};
use crate::Error;
use crate::world::World;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

/// Connections beyond this wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 8192;
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// Serves until `shutdown` is ready; with TLS where an acceptor is given.
pub async fn serve(
    listener: TcpListener,
    world: Arc<World>,
    clock: Clock,
    tls: Option<TlsAcceptor>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let address = listener.local_addr().map_err(|cause| Error::Listen { address: "?".into(), cause })?;
    let (orders, _) = watch::channel(Order::Serve);
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut listener = Some(listener);
    tokio::pin!(shutdown);
    loop {
        let refusal = world.refusal(clock.now());
        let begin = refusal.map(|(begin, _)| clock.when(begin));
        let open = listener.as_ref().expect("it is bound again after every refusal");
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            () = at(begin) => {
                drop(listener.take());
                orders.send_replace(Order::HangUp);
                let end = refusal.map(|(_, end)| clock.when(end));
                tokio::select! {
                    () = &mut shutdown => break,
                    () = at(end) => {}
                }
                orders.send_replace(Order::Serve);
                listener = Some(bind(address).await?);
            }
            () = world.weather_changed() => {}
            accepted = accept(open, &room) => {
                if let Some((stream, permit)) = accepted {
                    let conversation = welcome(stream, world.clone(), clock, tls.clone(), orders.subscribe());
                    tokio::spawn(async move {
                        conversation.await;
                        drop(permit);
                    });
                }
            }
        }
    }
    orders.send_replace(Order::Close);
    Ok(())
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(_) => {
            // Out of file descriptors, mostly: wait for some to come back.
            sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn welcome(
    stream: TcpStream,
    world: Arc<World>,
    clock: Clock,
    tls: Option<TlsAcceptor>,
    orders: watch::Receiver<Order>,
) {
    let peer = stream.peer_addr().ok().map(|a| a.ip());
    let _ = stream.set_nodelay(true);
    let resets = Resets::default();
    let line = Line::new(stream, resets.clone());
    match tls {
        None => converse(line, world, clock, peer, resets, orders).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME, acceptor.accept(line)).await {
                converse(stream, world, clock, peer, resets, orders).await;
            }
        }
    }
}

/// Binds the address again. Somebody else may hold it for a moment; then it is tried for five seconds.
async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    for _ in 0..100 {
        if let Ok(listener) = TcpListener::bind(address).await {
            return Ok(listener);
        }
        sleep(Duration::from_millis(50)).await;
    }
    let bound = TcpListener::bind(address).await;
    bound.map_err(|cause| Error::Listen { address: address.to_string(), cause })
}
