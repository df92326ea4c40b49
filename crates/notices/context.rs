//! What is known besides the text: when it was published, and whose clock it means.

use std::str::FromStr;

use chrono::{FixedOffset, NaiveDate};
use chrono_tz::Tz;

use crate::error::Error;

/// What the reader may assume. Neither field is guessed when absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context {
    /// The day of publication, local to the notice: the source of missing years and of 今晚, 本周五, tomorrow.
    pub published: Option<NaiveDate>,
    /// The zone of times that name none.
    pub zone: Option<Zone>,
}

/// An IANA zone, or a fixed offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

impl Zone {
    pub const UTC: Zone = Zone::Named(Tz::UTC);
}

impl FromStr for Zone {
    type Err = Error;

    /// `Asia/Shanghai`, `UTC`, `Z`, `+08:00`, `+0800`, `+8`, `-05:00`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("z") {
            return Ok(Zone::UTC);
        }
        if let Ok(tz) = text.parse::<Tz>() {
            return Ok(Zone::Named(tz));
        }
        offset(text).map(Zone::Fixed).ok_or_else(|| Error::zone(text))
    }
}

fn offset(text: &str) -> Option<FixedOffset> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '−' => -1,
        _ => return None,
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.chars().skip(1).any(|c| !c.is_ascii_digit() && c != ':') {
        return None;
    }
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        3 | 4 => {
            let (hours, minutes) = digits.split_at(digits.len() - 2);
            (hours.parse().ok()?, minutes.parse().ok()?)
        }
        _ => return None,
    };
    if hours > 15 || minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(text: &str, seconds: Option<i32>) {
        let got = text.parse::<Zone>().ok().map(|zone| match zone {
            Zone::Fixed(offset) => offset.local_minus_utc(),
            Zone::Named(_) => 1,
        });
        assert_eq!(got, seconds, "{text}");
    }

    #[test]
    fn zones_in_every_spelling() {
        check("+08:00", Some(28800));
        check("+0800", Some(28800));
        check("+8", Some(28800));
        check("-05:30", Some(-19800));
        check("Asia/Shanghai", Some(1));
        check("Mars/Olympus", None);
        check("+99:00", None);
        check("8", None);
    }
}
