//! The digests that platforms sign with, and how a digest is written down.

use super::secret::Secrets;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use sm3::Sm3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Md5,
    Sha1,
    Sha256,
    Sha512,
    Sm3,
    HmacSha1,
    HmacSha256,
    RsaSha256,
}

/// How the bytes of a digest are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    LowerHex,
    UpperHex,
    Base64,
    /// As it is: the key of another signature, which is never sent.
    Raw,
}

impl Digest {
    pub const NAMES: &'static str = "md5, sha1, sha256, sha512, sm3, hmac-sha1, hmac-sha256, rsa-sha256";

    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha512" => Self::Sha512,
            "sm3" => Self::Sm3,
            "hmac-sha1" => Self::HmacSha1,
            "hmac-sha256" => Self::HmacSha256,
            "rsa-sha256" => Self::RsaSha256,
            _ => return None,
        })
    }

    pub const fn needs_key(self) -> bool {
        matches!(self, Self::HmacSha1 | Self::HmacSha256 | Self::RsaSha256)
    }

    /// The digest of a text, for digests without a key; empty for the others.
    pub fn plain(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => Md5::digest(text).to_vec(),
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
            Self::Sha512 => Sha512::digest(text).to_vec(),
            Self::Sm3 => Sm3::digest(text).to_vec(),
            Self::HmacSha1 | Self::HmacSha256 | Self::RsaSha256 => Vec::new(),
        }
    }

    /// The digest of a text under a key. `None` when the key is not one of this kind.
    pub fn keyed(self, text: &[u8], key: &[u8], secrets: &Secrets) -> Option<Vec<u8>> {
        match self {
            Self::HmacSha1 => mac::<Hmac<Sha1>>(text, key),
            Self::HmacSha256 => mac::<Hmac<Sha256>>(text, key),
            Self::RsaSha256 => secrets.rsa(key)?.sign(text),
            other => Some(other.plain(text)),
        }
    }
}

fn mac<M: Mac + KeyInit>(text: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().to_vec())
}

impl Encoding {
    pub const NAMES: &'static str = "hex, HEX, base64, raw";

    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "hex" => Self::LowerHex,
            "HEX" => Self::UpperHex,
            "base64" => Self::Base64,
            "raw" => Self::Raw,
            _ => return None,
        })
    }

    pub fn write(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::LowerHex => hex(&bytes, false),
            Self::UpperHex => hex(&bytes, true),
            Self::Base64 => STANDARD.encode(bytes).into_bytes(),
            Self::Raw => bytes,
        }
    }
}

pub(super) fn hex(bytes: &[u8], upper: bool) -> Vec<u8> {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let mut text = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.extend_from_slice(&[digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
    }
    text
}
