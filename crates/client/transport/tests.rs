#![allow(clippy::unwrap_used)]
use super::connection::Connection;
use super::{Answer, BoxIo, Dialer, Failure, Outgoing, Pool, PoolOptions};
use crate::clock::Clock;
use crate::target::Endpoint;
use bytes::Bytes;
use hyper::Method;
use hyper::header::HOST;
use piaotan_record::{Outcome, Phase};
use std::io::{self, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const PATIENCE: Duration = Duration::from_millis(200);

/// What a server does with one request.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Answers in pieces of so many bytes, and waits for the next.
    Say(&'static str, usize),
    Close,
    /// Says nothing more, and keeps the connection.
    Hang,
}

/// A pool whose connections all play the same script; how many were made.
fn pool(script: &'static [Act]) -> (Arc<Pool>, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    let dialer = Dialer::Handed(Arc::new(move |_: &Endpoint| {
        count.fetch_add(1, Ordering::Relaxed);
        let (ours, theirs) = duplex(1 << 10);
        tokio::spawn(play(theirs, script));
        Box::pin(async move { Ok(Box::new(ours) as BoxIo) })
    }));
    let options =
        PoolOptions { connections: 1, max_body: 3_000, timeout: PATIENCE, ..PoolOptions::default() };
    let endpoint = Endpoint { tls: false, host: "h".to_owned(), port: 1, prefix: String::new() };
    (Pool::new(endpoint, dialer, Clock::start(), options), opened)
}

async fn play(mut io: DuplexStream, script: &'static [Act]) {
    for act in script {
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            match io.read_u8().await {
                Ok(byte) => asked.push(byte),
                Err(_) => return,
            }
        }
        match *act {
            Act::Say(text, piece) => {
                for part in text.as_bytes().chunks(piece) {
                    let _ = io.write_all(part).await;
                    tokio::task::yield_now().await;
                }
            }
            Act::Close => return,
            Act::Hang => std::future::pending().await,
        }
    }
}

async fn ask(pool: &Pool) -> Result<Answer, Failure> {
    let request = Outgoing::new(&Method::GET, "/", [(&HOST, b"h".as_slice())], Bytes::new());
    pool.lease().await.unwrap().exchange(request).await.result
}

async fn check(script: &'static [Act], expected: Result<(u16, &str), Outcome>) {
    let answer = ask(&pool(script).0).await;
    let told =
        answer.as_ref().map(|a| (a.status, std::str::from_utf8(&a.body).unwrap())).map_err(Failure::outcome);
    assert_eq!(told, expected, "{script:?} {answer:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_are_read_to_their_last_byte_however_they_come() {
    for piece in [1, 7, 4_000] {
        let pieces = |text: &'static str| -> &'static [Act] {
            Box::leak(Box::new([Act::Say(text, piece), Act::Close]))
        };
        check(pieces(OK), Ok((200, "ok"))).await;
        check(
            pieces("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok"),
            Ok((201, "ok")),
        )
        .await;
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
        check(pieces(chunks), Ok((200, "abc0123456789"))).await;
        check(pieces("HTTP/1.1 204 None\r\n\r\n"), Ok((204, ""))).await;
    }
    check(&[Act::Say("HTTP/1.0 200 OK\r\n\r\nto the end", 3)], Ok((200, "to the end"))).await;
    let long: &'static str = format!("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n{:3000}", "").leak();
    check(Box::leak(Box::new([Act::Say(long, 999)])), Ok((200, &long[long.len() - 3_000..]))).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_whole_answer_is_a_failure() {
    check(&[Act::Close], Err(Outcome::Reset)).await;
    check(&[Act::Say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", 99)], Err(Outcome::Reset)).await;
    check(
        &[Act::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", 99)],
        Err(Outcome::Reset),
    )
    .await;
    check(
        &[Act::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 99)],
        Err(Outcome::Unreadable),
    )
    .await;
    check(
        &[Act::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n\r\n\r\n", 99)],
        Err(Outcome::Unreadable),
    )
    .await;
    check(&[Act::Say("HTTP/1.1 200 OK\r\nContent-Length: 3001\r\n\r\n", 99)], Err(Outcome::Unreadable)).await;
    check(&[Act::Say("220 mail.example ESMTP\r\n", 99)], Err(Outcome::Unreadable)).await;
    check(&[Act::Hang], Err(Outcome::TimedOut { phase: Phase::Wait })).await;
    let half = &[Act::Say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", 99), Act::Hang];
    check(half, Err(Outcome::TimedOut { phase: Phase::Receive })).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_as_long_as_both_ends_want_it() {
    const CLOSES: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    const MORE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok HTTP/1.1 200";
    let scripts: [(&'static [Act], usize); 4] = [
        (&[Act::Say(OK, 99), Act::Say(OK, 99), Act::Say(OK, 99)], 1),
        (&[Act::Say(CLOSES, 99), Act::Hang], 3),
        // Closed without a word: the next request finds out before it is written.
        (&[Act::Say(OK, 99)], 3),
        (&[Act::Say(MORE, 99), Act::Hang], 3),
    ];
    for (script, expected) in scripts {
        let (pool, opened) = pool(script);
        for _ in 0..3 {
            assert_eq!(ask(&pool).await.unwrap().status, 200, "{script:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(opened.load(Ordering::Relaxed), expected, "{script:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_is_never_sent_again() {
    // The server reads the second request from a connection that was kept, and closes it without a word.
    let (pool, opened) = pool(&[Act::Say(OK, 99), Act::Close]);
    assert_eq!(ask(&pool).await.unwrap().status, 200);
    let second = ask(&pool).await;
    assert!(matches!(second, Err(Failure::Reset(_))), "{second:?}");
    assert_eq!(opened.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_each_request_begins_anew_and_a_stop_ends_it_at_once() {
    let (pool, _) = pool(&[Act::Say(OK, 99), Act::Hang]);
    assert_eq!(ask(&pool).await.unwrap().status, 200);
    // The timer of the first request rings in the middle of the second.
    tokio::time::sleep(PATIENCE / 2).await;
    let request = Outgoing::new(&Method::GET, "/", [(&HOST, b"h".as_slice())], Bytes::new());
    let exchange = pool.lease().await.unwrap().exchange(request).await;
    assert_eq!(exchange.result.unwrap_err(), Failure::TimedOut(Phase::Wait));
    assert!(u128::from(exchange.done.since(exchange.sent)) >= PATIENCE.as_nanos());
    // A new connection plays the script anew: the second request hangs until the stop.
    assert_eq!(ask(&pool).await.unwrap().status, 200);
    let (asked, ()) = tokio::join!(ask(&pool), async { pool.stop() });
    assert_eq!(asked.unwrap_err(), Failure::CutOff);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_before_the_request_was_read_is_an_answer() {
    let (pool, _) = pool(&[Act::Say("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", 99), Act::Hang]);
    let body = Bytes::from(vec![b'x'; 100_000]);
    let request = Outgoing::new(&Method::POST, "/", [(&HOST, b"h".as_slice())], body);
    let exchange = pool.lease().await.unwrap().exchange(request).await;
    assert_eq!((exchange.result.unwrap().status, exchange.bytes_sent), (413, 100_000));
}

#[test]
fn a_request_says_how_long_it_is() {
    let written = |method: &Method, body: &'static str| {
        String::from_utf8(Outgoing::new(method, "/a?b", [(&HOST, b"h".as_slice())], body.into()).first)
            .unwrap()
    };
    assert_eq!(written(&Method::GET, ""), "GET /a?b HTTP/1.1\r\nhost: h\r\n\r\n");
    assert_eq!(written(&Method::POST, ""), "POST /a?b HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(written(&Method::PUT, "xy"), "PUT /a?b HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nxy");
}

/// A socket that says something more when it is shut down, as TLS does.
struct Polite(tokio::net::TcpStream, Arc<AtomicUsize>);

impl AsyncRead for Polite {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, to)
    }
}

impl AsyncWrite for Polite {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, from)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let _ = Pin::new(&mut self.0).poll_write(context, b"close_notify");
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[test]
#[allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a socket of its own, on port 0")]
fn a_connection_is_shut_down_when_it_is_dropped_even_after_its_runtime() {
    let (told, runtime) = (Arc::new(AtomicUsize::new(0)), || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connect = |runtime: &tokio::runtime::Runtime| {
        let stream = runtime.block_on(tokio::net::TcpStream::connect(address)).unwrap();
        Connection::new(Box::new(Polite(stream, told.clone())), Clock::start())
    };
    let lasting = runtime();
    drop(connect(&lasting));
    let mut heard = String::new();
    listener.accept().unwrap().0.read_to_string(&mut heard).unwrap();
    assert_eq!((heard.as_str(), told.load(Ordering::Relaxed)), ("close_notify", 1));
    let gone = runtime();
    let left_over = connect(&gone);
    drop(gone);
    drop(left_over);
    assert_eq!(told.load(Ordering::Relaxed), 2);
}
