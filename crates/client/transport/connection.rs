//! One HTTP/1.1 connection: a request is written, its answer read to the last byte.
//!
//! No task stands behind it: whoever asks drives it, so that an answer wakes one task and not two.

use super::framing::{Framing, Head, take_chunk_line, take_line};
use super::{Answer, BoxIo, Failure, Outgoing};
use crate::clock::Clock;
use bytes::{BufMut as _, Bytes, BytesMut};
use piaotan_record::{Nanos, Phases};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, ReadBuf};

/// Room for what is read at once; most answers fit.
const ROOM: usize = 4 << 10;

pub(super) struct Connection {
    io: BoxIo,
    /// What came and was not used yet.
    read: BytesMut,
    clock: Clock,
}

/// When things happened, also where no answer came of them.
#[derive(Debug)]
pub(super) struct Times {
    pub sent: Nanos,
    pub first_byte: Option<Nanos>,
    /// When the last bytes came.
    pub last_byte: Nanos,
    /// Bytes of the body that came.
    pub received: u64,
    pub connected: Option<Phases>,
}

/// Why an exchange failed.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nothing of the request was written: another connection may have it.
    Unsent(Failure),
    Failed(Failure),
}

/// An answer, and whether the connection can be used again.
pub(super) type Answered = (Answer, bool);

impl Connection {
    pub fn new(io: BoxIo, clock: Clock) -> Self {
        Self { io, read: BytesMut::new(), clock }
    }

    /// Whether the other end has neither closed it nor spoken unasked.
    pub fn is_open(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let mut unasked = [0];
        Pin::new(&mut self.io).poll_read(&mut context, &mut ReadBuf::new(&mut unasked)).is_pending()
    }

    /// Asks once.
    pub async fn ask(
        &mut self,
        request: &Outgoing,
        longest: usize,
        times: &mut Times,
    ) -> Result<Answered, Broken> {
        let whole = match self.write(request).await {
            Ok(whole) => whole,
            Err((0, e)) => return Err(Broken::Unsent(reset(&e))),
            // Why the rest was not taken may be told in an answer that is there already.
            Err((_, e)) => {
                if self.read.is_empty() && self.fill(times).await.unwrap_or(0) == 0 {
                    return Err(Broken::Failed(reset(&e)));
                }
                false
            }
        };
        let (answer, keep) = self.answer(request.head_only, longest, times).await.map_err(Broken::Failed)?;
        Ok((answer, keep && whole && self.read.is_empty()))
    }

    /// Writes a request. `false`: the answer began to come before all of it was taken.
    ///
    /// # Errors
    /// With the number of bytes that were written.
    async fn write(&mut self, request: &Outgoing) -> Result<bool, (usize, io::Error)> {
        let mut written = 0;
        std::future::poll_fn(|context| self.poll_write(context, request, &mut written))
            .await
            .map_err(|e| (written, e))
    }

    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        request: &Outgoing,
        written: &mut usize,
    ) -> Poll<io::Result<bool>> {
        let Outgoing { first, rest, .. } = request;
        let (mut io, read) = (Pin::new(&mut self.io), &mut self.read);
        while *written < first.len() + rest.len() {
            let polled = match first.get(*written..) {
                Some(head) if rest.is_empty() => io.as_mut().poll_write(context, head),
                Some(head) if !head.is_empty() => {
                    io.as_mut().poll_write_vectored(context, &[IoSlice::new(head), IoSlice::new(rest)])
                }
                _ => io.as_mut().poll_write(context, &rest[*written - first.len()..]),
            };
            match polled {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(more)) => *written += more,
                Poll::Ready(Err(e)) => return Poll::Ready(Err(e)),
                Poll::Pending => {
                    // It may refuse a request before it has read all of it.
                    read.reserve(ROOM);
                    return match ready!(pin!(io.get_mut().read_buf(read)).poll(context))? {
                        0 => Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
                        _ => Poll::Ready(Ok(false)),
                    };
                }
            }
        }
        io.poll_flush(context).map_ok(|()| true)
    }

    async fn answer(
        &mut self,
        head_only: bool,
        longest: usize,
        times: &mut Times,
    ) -> Result<Answered, Failure> {
        if !self.read.is_empty() && times.first_byte.is_none() {
            times.came(self.clock.now());
        }
        // Nothing of a head is kept while more is waited for: what every request moves about stays small.
        let head = loop {
            if let Some(head) = Head::take(&mut self.read, head_only)? {
                if !head.is_interim() {
                    break head;
                }
                continue;
            }
            self.more(times).await?;
        };
        let body = match head.body {
            Framing::Length(length) => self.counted(length, longest, times).await?,
            // Boxed, as they are large: what every request moves about stays small.
            Framing::Chunked => Box::pin(self.chunked(longest, times)).await?,
            Framing::UntilClose => Box::pin(self.until_close(longest, times)).await?,
        };
        Ok((Answer { status: head.status, headers: head.headers, body }, head.keep))
    }

    /// A body of a known length.
    async fn counted(&mut self, length: u64, longest: usize, times: &mut Times) -> Result<Bytes, Failure> {
        let length = usize::try_from(length).ok().filter(|length| *length <= longest);
        let length = length.ok_or_else(|| too_long(longest))?;
        if self.read.len() >= length {
            times.received += length as u64;
            return Ok(self.read.split_to(length).freeze());
        }
        let mut body = BytesMut::with_capacity(length);
        body.extend_from_slice(&self.read);
        self.read.clear();
        times.received += body.len() as u64;
        while body.len() < length {
            let missing = length - body.len();
            let mut rest = (&mut body).limit(missing);
            let more = self.io.read_buf(&mut rest).await.map_err(|e| reset(&e))?;
            if more == 0 {
                return Err(cut_short());
            }
            times.received += more as u64;
            times.came(self.clock.now());
        }
        Ok(body.freeze())
    }

    async fn chunked(&mut self, longest: usize, times: &mut Times) -> Result<Bytes, Failure> {
        let mut body = BytesMut::new();
        loop {
            let Some(length) = take_chunk_line(&mut self.read)? else {
                self.more(times).await?;
                continue;
            };
            if length == 0 {
                break;
            }
            let length = usize::try_from(length).ok().filter(|length| *length <= longest - body.len());
            let mut missing = length.ok_or_else(|| too_long(longest))?;
            while missing > 0 {
                if self.read.is_empty() {
                    self.more(times).await?;
                }
                let part = self.read.split_to(missing.min(self.read.len()));
                times.received += part.len() as u64;
                missing -= part.len();
                body.extend_from_slice(&part);
            }
            if !self.line(times).await?.is_empty() {
                return Err(Failure::Unreadable("a chunk of the body is longer than it says".to_owned()));
            }
        }
        // Trailers, and the empty line after them.
        while !self.line(times).await?.is_empty() {}
        Ok(body.freeze())
    }

    async fn until_close(&mut self, longest: usize, times: &mut Times) -> Result<Bytes, Failure> {
        let mut body = self.read.split();
        loop {
            if body.len() > longest {
                return Err(too_long(longest));
            }
            times.received = body.len() as u64;
            if self.fill(times).await? == 0 {
                return Ok(body.freeze());
            }
            body.unsplit(self.read.split());
        }
    }

    async fn line(&mut self, times: &mut Times) -> Result<BytesMut, Failure> {
        loop {
            match take_line(&mut self.read)? {
                Some(line) => return Ok(line),
                None => self.more(times).await?,
            }
        }
    }

    /// Waits for more of an answer that is not whole.
    async fn more(&mut self, times: &mut Times) -> Result<(), Failure> {
        match self.fill(times).await? {
            0 => Err(cut_short()),
            _ => Ok(()),
        }
    }

    /// Waits for bytes; their number, 0 at the end.
    async fn fill(&mut self, times: &mut Times) -> Result<usize, Failure> {
        self.read.reserve(ROOM);
        let more = self.io.read_buf(&mut self.read).await.map_err(|e| reset(&e))?;
        match more {
            0 => times.last_byte = self.clock.now(),
            _ => times.came(self.clock.now()),
        }
        Ok(more)
    }
}

impl Times {
    pub fn begun(at: Nanos) -> Self {
        Self { sent: at, first_byte: None, last_byte: at, received: 0, connected: None }
    }

    fn came(&mut self, at: Nanos) {
        self.first_byte.get_or_insert(at);
        self.last_byte = at;
    }
}

impl Drop for Connection {
    /// Says that it ends, as TLS wants it (`close_notify`), as far as that goes without waiting.
    fn drop(&mut self) {
        let _ = Pin::new(&mut self.io).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({} bytes unread)", self.read.len())
    }
}

fn reset(e: &io::Error) -> Failure {
    Failure::Reset(e.to_string())
}

fn cut_short() -> Failure {
    Failure::Reset("the connection was closed before the answer was whole".to_owned())
}

fn too_long(longest: usize) -> Failure {
    Failure::Unreadable(format!("the body is longer than {longest} bytes"))
}
