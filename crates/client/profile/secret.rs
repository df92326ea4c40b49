//! Secrets: where each is found, and a box that never shows what is in it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivatePkcs1KeyDer, PrivatePkcs8KeyDer};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

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
    /// Parsed when the first request is signed with it, then kept.
    rsa: OnceLock<Option<RsaKey>>,
}

impl Secrets {
    /// Puts values into the box, in the order of [`Profile::secrets`](super::Profile::secrets).
    #[must_use]
    pub fn new(values: Vec<String>) -> Self {
        Self(values.into_iter().map(|value| Secret { value, rsa: OnceLock::new() }).collect())
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        self.0.get(at).map(|secret| secret.value.as_str())
    }

    /// Every secret, for masking what a platform echoes.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|secret| secret.value.as_str())
    }

    /// The RSA key that a secret holds; `None` when the text is no secret of ours or holds no such key.
    pub(super) fn rsa(&self, key: &[u8]) -> Option<&RsaKey> {
        let secret = self.0.iter().find(|secret| secret.value.as_bytes() == key)?;
        secret.rsa.get_or_init(|| RsaKey::parse(&secret.value)).as_ref()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} hidden)", self.0.len())
    }
}

/// A private key for RSASSA-PKCS1-v1_5.
pub(super) struct RsaKey(RsaKeyPair);

impl RsaKey {
    /// PKCS#8 or PKCS#1 in PEM, or PKCS#8 in bare base64, as some platforms hand it out.
    fn parse(text: &str) -> Option<Self> {
        let pem = text.as_bytes();
        let pkcs8 =
            || PrivatePkcs8KeyDer::from_pem_slice(pem).ok().map(|der| der.secret_pkcs8_der().to_vec());
        let pkcs1 =
            || PrivatePkcs1KeyDer::from_pem_slice(pem).ok().map(|der| der.secret_pkcs1_der().to_vec());
        let bare = || STANDARD.decode(text.split_whitespace().collect::<String>()).ok();
        let by_pkcs8 = pkcs8().or_else(bare).and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
        by_pkcs8.or_else(|| RsaKeyPair::from_der(&pkcs1()?).ok()).map(Self)
    }

    pub fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).ok()?;
        Some(signature)
    }
}
