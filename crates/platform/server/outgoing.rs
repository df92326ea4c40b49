//! The body of a reply on its way out: whole, in slow pieces, or cut short.

use crate::wire::Manner;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

const PIECES: usize = 16;

#[derive(Debug)]
pub(crate) struct Outgoing {
    left: Bytes,
    piece: usize,
    pause: Duration,
    sleeping: Option<Pin<Box<Sleep>>>,
    /// So many bytes of what was promised will not come.
    withheld: usize,
}

impl Outgoing {
    pub(crate) fn new(body: Bytes, manner: Manner) -> Outgoing {
        let (piece, pause, withheld) = match manner {
            Manner::Slow(total) => (body.len().div_ceil(PIECES).max(1), total / PIECES as u32, 0),
            // The pause lets what was promised and begun get out before the line breaks.
            Manner::CutShort => (body.len().max(1), Duration::from_millis(20), body.len().div_ceil(2)),
            Manner::Whole | Manner::Reset => (body.len().max(1), Duration::ZERO, 0),
        };
        Outgoing { left: body, piece, pause, sleeping: None, withheld }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(sleeping) = &mut self.sleeping {
            if sleeping.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.sleeping = None;
        }
        if self.left.len() <= self.withheld {
            let cut = (self.withheld > 0).then(|| Err(io::ErrorKind::UnexpectedEof.into()));
            self.withheld = 0;
            self.left.clear();
            return Poll::Ready(cut);
        }
        let room = self.left.len() - self.withheld;
        let size = self.piece.min(room);
        let piece = self.left.split_to(size);
        if !self.pause.is_zero() {
            self.sleeping = Some(Box::pin(sleep(self.pause)));
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.withheld == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
