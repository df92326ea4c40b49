//! Query strings and percent-encoding.

use super::reply::{Refusal, Refused};
use crate::Code;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// The parameters of a query string; of a name given twice the first counts.
#[derive(Debug)]
pub(crate) struct Params<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Params<'a> {
    pub(crate) fn new(query: &'a str) -> Params<'a> {
        let pairs = query.split('&').filter(|p| !p.is_empty()).take(64);
        Params(pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).collect())
    }

    /// The decoded value; `None` where absent, empty, or not UTF-8 when decoded.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let (_, raw) = self.0.iter().find(|(n, _)| *n == name)?;
        decoded(raw, true).filter(|v| !v.is_empty())
    }

    /// A whole number within a range, or `default` where absent; anything else is refused.
    pub(crate) fn whole(
        &self,
        name: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<u64, Refused> {
        if !self.0.iter().any(|(n, _)| *n == name) {
            return Ok(default);
        }
        let value = self.get(name).and_then(|v| v.parse().ok());
        value.filter(|v| range.contains(v)).ok_or_else(|| {
            let reason = format!("a whole number from {} to {}", range.start(), range.end());
            Refusal::field(Code::BadRequest, name, reason)
        })
    }
}

/// Decodes percent-encoding (and `+` in a query); `None` where the result is not UTF-8 or a `%` is not followed by two hex digits.
pub(crate) fn decoded(raw: &str, plus: bool) -> Option<Cow<'_, str>> {
    if !raw.bytes().any(|b| b == b'%' || (plus && b == b'+')) {
        return Some(Cow::Borrowed(raw));
    }
    let bytes = raw.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let hex = bytes.get(at + 1..at + 3)?;
                let value = |b: u8| (b as char).to_digit(16);
                out.push((value(hex[0])? * 16 + value(hex[1])?) as u8);
                at += 2;
            }
            b'+' if plus => out.push(b' '),
            b => out.push(b),
        }
        at += 1;
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn decoding() {
        let params = Params::new("a=1&keyword=%E5%8C%97+%E4%BA%AC&bad=%E5&cut=%4&a=2&empty=");
        assert_eq!(params.get("a").unwrap(), "1");
        assert_eq!(params.get("keyword").unwrap(), "北 京");
        for name in ["bad", "cut", "empty", "absent"] {
            assert_eq!(params.get(name), None, "{name}");
        }
    }
}
