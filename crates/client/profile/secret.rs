//! Secrets: where each is found, and a box that never shows what is in it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Where a secret is to be found. Fetching it is the caller's work: this room reads no environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// The value of an environment variable.
    Env(String),
    /// The content of a file, without the newline at its end.
    File(String),
}

impl SecretRef {
    /// Parses `env:NAME` or `file:PATH`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("env", name) if !name.is_empty() => Some(Self::Env(name.to_owned())),
            ("file", path) if !path.is_empty() => Some(Self::File(path.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
        }
    }
}

impl FromStr for SecretRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| "a secret is written env:NAME or file:PATH".to_owned())
    }
}

/// The secrets of a profile, in the order in which it declares them. Shared, never shown.
#[derive(Clone, Default)]
pub struct Secrets(Arc<[Secret]>);

struct Secret {
    value: String,
}

impl Secrets {
    /// Puts values into the box, in the order of [`Profile::secrets`](super::Profile::secrets).
    #[must_use]
    pub fn new(values: Vec<String>) -> Self {
        Self(values.into_iter().map(|value| Secret { value }).collect())
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        self.0.get(at).map(|secret| secret.value.as_str())
    }

    pub(super) fn rsa(&self, _key: &[u8]) -> Option<&RsaKey> {
        None
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} hidden)", self.0.len())
    }
}

pub(super) struct RsaKey;

impl RsaKey {
    #[allow(clippy::unused_self)]
    pub fn sign(&self, _text: &[u8]) -> Option<Vec<u8>> {
        None
    }
}
