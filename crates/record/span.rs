//! Lengths of time as people write them: `500ms`, `30s`, `1m30s`, `2h`, `1d`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time, written with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub Duration);

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write a number with its unit, such as 500ms, 30s, 1m30s, 2h or 1d")]
pub struct NotASpan(String);

const UNITS: [(&str, f64); 6] =
    [("ms", 1e-3), ("us", 1e-6), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)];

impl Span {
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0.as_secs_f64()
    }
}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let wrong = || NotASpan(text.to_owned());
        let mut rest = text.trim();
        let mut total = 0.0;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(wrong)?;
            let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
            rest = &rest[digits..];
            let (unit, seconds) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit)).ok_or_else(wrong)?;
            total += number * seconds;
            rest = rest[unit.len()..].trim_start();
        }
        Duration::try_from_secs_f64(total).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_seconds();
        let (value, unit) = match seconds {
            0.0 => (0.0, "s"),
            s if s < 1e-3 => (s * 1e6, "us"),
            s if s < 1.0 => (s * 1e3, "ms"),
            s if s < 120.0 => (s, "s"),
            s if s < 7200.0 => (s / 60.0, "m"),
            s => (s / 3600.0, "h"),
        };
        let rounded = (value * 100.0).round() / 100.0;
        write!(f, "{rounded}{unit}")
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Span;
    use std::time::Duration;

    #[test]
    fn spans_are_read_with_their_units() {
        let check =
            |text: &str, millis| assert_eq!(text.parse(), Ok(Span(Duration::from_millis(millis))), "{text}");
        check("500ms", 500);
        check("1.5s", 1_500);
        check("1m30s", 90_000);
        check("2h", 7_200_000);
        check("1d 2s", 86_402_000);
        for wrong in ["", "5", "s", "-1s", "1x", "1e9s", "1s2"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
