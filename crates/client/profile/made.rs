//! Values that are made anew for each request: the time in the platform's format, nonces, ids.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

#[derive(Debug, Clone)]
pub(super) enum Made {
    Seconds,
    Milliseconds,
    /// In a zone of its own, or in that of the profile.
    Formatted(Vec<Item<'static>>, Option<Tz>),
    Random {
        length: usize,
        alphabet: &'static [u8],
    },
    Uuid,
    /// A positive whole number of at most 53 bits, which every JSON reader can hold.
    Number,
}

impl Made {
    pub const TIMES: &'static str = "unix, unix_ms, or a format such as \"%Y-%m-%d %H:%M:%S\"";
    pub const ALPHABETS: &'static str = "digits, hex, letters, alnum, uuid, number";

    pub fn time(text: &str, zone: Option<Tz>) -> Option<Self> {
        match text {
            "unix" => Some(Self::Seconds),
            "unix_ms" => Some(Self::Milliseconds),
            _ if text.contains('%') => {
                StrftimeItems::new(text).parse_to_owned().ok().map(|items| Self::Formatted(items, zone))
            }
            _ => None,
        }
    }

    pub fn random(alphabet: &str, length: usize) -> Option<Self> {
        Some(match alphabet {
            "digits" => Self::Random { length, alphabet: b"0123456789" },
            "hex" => Self::Random { length, alphabet: b"0123456789abcdef" },
            "letters" => Self::Random { length, alphabet: b"abcdefghijklmnopqrstuvwxyz" },
            "alnum" => Self::Random {
                length,
                alphabet: b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            },
            "uuid" => Self::Uuid,
            "number" => Self::Number,
            _ => return None,
        })
    }

    /// Whether a request cannot be repeated with the same value: what protects against replay.
    pub fn make(&self, now: DateTime<Utc>, zone: Tz, nonce: u64, at: usize) -> String {
        let mut chance = Chance(nonce ^ (at as u64 + 1).wrapping_mul(0xa076_1d64_78bd_642f));
        match self {
            Self::Seconds => now.timestamp().to_string(),
            Self::Milliseconds => now.timestamp_millis().to_string(),
            Self::Formatted(items, own) => {
                now.with_timezone(&own.unwrap_or(zone)).format_with_items(items.iter()).to_string()
            }
            Self::Random { length, alphabet } => chance.text(*length, alphabet),
            Self::Uuid => chance.uuid(),
            Self::Number => (chance.next() >> 11).max(1).to_string(),
        }
    }
}

/// The stream of numbers that grows from one nonce (SplitMix64, which maps different nonces to different streams).
pub(super) struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Ten characters from each number: enough of its bits for alphabets of up to 64.
    pub fn text(&mut self, length: usize, alphabet: &[u8]) -> String {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            let mut number = self.next();
            for _ in 0..(length - text.len()).min(10) {
                text.push(char::from(alphabet[(number % alphabet.len() as u64) as usize]));
                number /= alphabet.len() as u64;
            }
        }
        text
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let version = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
        let variant = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let hex = format!("{version:016x}{variant:016x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
