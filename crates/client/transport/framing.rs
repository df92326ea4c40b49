//! Where an answer begins and ends (RFC 9112, sections 4 to 7).

use super::Failure;
use bytes::{Buf as _, Bytes, BytesMut};
use httparse::{ParserConfig, Status};
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use std::mem::MaybeUninit;

/// Header lines that an answer may have.
const LINES: usize = 100;
/// Bytes that a head, or the line before a chunk, may have.
const LONGEST_HEAD: usize = 256 << 10;
const LONGEST_LINE: usize = 16 << 10;

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Framing,
    /// The connection can be used again once the body was read.
    pub keep: bool,
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// What the header lines say that matters to the transport.
#[derive(Debug, Default)]
struct Said {
    length: Option<u64>,
    encoded: bool,
    chunked: bool,
    close: bool,
    keep_alive: bool,
}

impl Head {
    /// Takes a head from the front of what was read; `None` while it is not whole.
    ///
    /// # Errors
    /// When it is no head of HTTP/1, or too long.
    pub fn take(read: &mut BytesMut, head_only: bool) -> Result<Option<Self>, Failure> {
        let mut lines = [const { MaybeUninit::uninit() }; LINES];
        let mut answer = httparse::Response::new(&mut []);
        let parsed =
            ParserConfig::default().parse_response_with_uninit_headers(&mut answer, read, &mut lines);
        let end = match parsed {
            Ok(Status::Complete(end)) => end,
            Ok(Status::Partial) if read.len() > LONGEST_HEAD => {
                return Err(unreadable(format!(
                    "the head of the answer is longer than {LONGEST_HEAD} bytes"
                )));
            }
            Ok(Status::Partial) => return Ok(None),
            Err(e) => return Err(unreadable(e.to_string())),
        };
        let said = Said::of(answer.headers)?;
        let status = answer.code.unwrap_or_default();
        let keep = if answer.version == Some(1) { !said.close } else { said.keep_alive && !said.close };
        let body = said.framing(status, head_only);
        let headers = headers(answer.headers, &read[..end]);
        read.advance(end);
        // After a 101 it is not HTTP that is spoken.
        let keep = keep && status != 101 && body != Framing::UntilClose && said.is_plain();
        Ok(Some(Self { status, headers, body, keep }))
    }

    /// Whether the answer proper is still to come.
    pub fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }
}

impl Said {
    fn of(lines: &[httparse::Header<'_>]) -> Result<Self, Failure> {
        let mut said = Self::default();
        for line in lines {
            let is = |name: &str| line.name.eq_ignore_ascii_case(name);
            match line.name.len() {
                10 if is("connection") => {
                    said.close |= has_token(line.value, "close");
                    said.keep_alive |= has_token(line.value, "keep-alive");
                }
                14 if is("content-length") => {
                    let length = std::str::from_utf8(line.value).ok().and_then(digits);
                    if length.is_none() || said.length.is_some_and(|known| Some(known) != length) {
                        return Err(unreadable("the content-length is no length".to_owned()));
                    }
                    said.length = length;
                }
                17 if is("transfer-encoding") => {
                    said.encoded = true;
                    let last = line.value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
                    said.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
                }
                _ => {}
            }
        }
        Ok(said)
    }

    fn framing(&self, status: u16, head_only: bool) -> Framing {
        match (status, self.length) {
            _ if head_only => Framing::Length(0),
            (100..200 | 204 | 304, _) => Framing::Length(0),
            _ if self.chunked => Framing::Chunked,
            _ if self.encoded => Framing::UntilClose,
            (_, Some(length)) => Framing::Length(length),
            (_, None) => Framing::UntilClose,
        }
    }

    /// Two statements of length are how answers are smuggled: what follows is not believed.
    fn is_plain(&self) -> bool {
        !(self.encoded && self.length.is_some())
    }
}

/// The length of the chunk that comes next, taken from the front; `None` while its line is not whole.
///
/// # Errors
/// When it is none.
pub(super) fn take_chunk_line(read: &mut BytesMut) -> Result<Option<u64>, Failure> {
    // The parser takes a line without digits for a chunk of no bytes: a body cut short would be whole.
    let has_digits = read.first().is_none_or(u8::is_ascii_hexdigit);
    match httparse::parse_chunk_size(read) {
        Ok(Status::Complete((end, length))) if has_digits => {
            read.advance(end);
            Ok(Some(length))
        }
        Ok(Status::Partial) if has_digits && read.len() <= LONGEST_LINE => Ok(None),
        _ => Err(unreadable("a chunk of the body has no length".to_owned())),
    }
}

/// Takes a line from the front, without its end; `None` while it is not whole.
///
/// # Errors
/// When it is too long.
pub(super) fn take_line(read: &mut BytesMut) -> Result<Option<BytesMut>, Failure> {
    match read.iter().position(|byte| *byte == b'\n') {
        Some(end) => {
            let mut line = read.split_to(end + 1);
            line.truncate(line.trim_ascii_end().len());
            Ok(Some(line))
        }
        None if read.len() <= LONGEST_LINE => Ok(None),
        None => Err(unreadable("a line after the body does not end".to_owned())),
    }
}

fn headers(lines: &[httparse::Header<'_>], head: &[u8]) -> HeaderMap {
    let start = head.as_ptr() as usize;
    let shared = Bytes::copy_from_slice(head);
    let mut map = HeaderMap::with_capacity(lines.len());
    for line in lines {
        let at = line.value.as_ptr() as usize - start;
        let value = HeaderValue::from_maybe_shared(shared.slice(at..at + line.value.len()));
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(line.name.as_bytes()), value) {
            map.append(name, value);
        }
    }
    map
}

fn has_token(value: &[u8], token: &str) -> bool {
    value.split(|byte| *byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// Digits alone: no sign, no space.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn unreadable(text: String) -> Failure {
    Failure::Unreadable(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(head: &str, expected: (u16, Framing, bool)) {
        let mut read = BytesMut::from(format!("{head}\r\nrest").as_str());
        let taken = Head::take(&mut read, false).unwrap().unwrap();
        assert_eq!((taken.status, taken.body, taken.keep), expected, "{head}");
        assert_eq!(&read[..], b"rest", "{head}");
    }

    #[test]
    fn the_head_says_where_the_body_ends() {
        let whole = Framing::Length(3);
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", (200, whole, true));
        check("HTTP/1.1 200 \r\ncontent-length: 3\r\nconnection: Close\r\n", (200, whole, false));
        check("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n", (200, whole, false));
        check("HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n", (200, whole, true));
        check("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n", (204, Framing::Length(0), true));
        check("HTTP/1.1 304 Not Modified\r\n", (304, Framing::Length(0), true));
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", (200, Framing::Chunked, true));
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n", (200, Framing::UntilClose, false));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            (200, Framing::Chunked, false),
        );
        check("HTTP/1.1 502 Bad\r\n", (502, Framing::UntilClose, false));
        check("HTTP/1.1 101 Switching Protocols\r\n", (101, Framing::Length(0), false));
    }

    #[test]
    fn what_is_no_head_is_refused_and_half_of_one_waits() {
        let take = |text: &str| Head::take(&mut BytesMut::from(text), false);
        for wrong in [
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        ] {
            assert!(matches!(take(wrong), Err(Failure::Unreadable(_))), "{wrong}");
        }
        assert!(take("HTTP/1.1 200 OK\r\nContent-Le").unwrap().is_none());
    }

    #[test]
    fn a_chunk_says_its_length_in_digits() {
        let take = |text: &str| take_chunk_line(&mut BytesMut::from(text));
        assert_eq!(take("1aF;x=y\r\n"), Ok(Some(0x1af)));
        assert_eq!(take("0\r\n"), Ok(Some(0)));
        assert_eq!((take(""), take("1")), (Ok(None), Ok(None)));
        for wrong in ["\r\n", "\r", " 5\r\n", ";x\r\n", "xyz\r\n"] {
            assert!(matches!(take(wrong), Err(Failure::Unreadable(_))), "{wrong:?}");
        }
    }
}
