//! One request in the making: what the caller gave, and what has been rendered so far.

use super::Profile;
use super::scope::Source;
use super::secret::Secrets;
use super::template::{Escape, Template};
use crate::port::{Fields, Values};
use chrono::{DateTime, Utc};
use hyper::header::HeaderName;
use std::fmt;
use std::sync::Arc;

/// What stands where a secret was, when a request is shown.
pub(super) const MASK: &str = "***";

piaotan_record::closed_enum! {
    /// The language in which the platform is asked to answer.
    #[derive(Default)]
    pub enum Language {
        #[default]
        Zh = "zh",
        En = "en",
    }
}

/// Where a platform answers: scheme, host, port and the prefix of its paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    tls: bool,
    host: String,
    port: u16,
    authority: String,
    prefix: String,
}

/// The base of the platform and of those of its regions that have one of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases {
    default: Arc<Base>,
    regions: Vec<(String, Arc<Base>)>,
}

/// What a request needs beside its fields. Time and chance are the caller's.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub bases: &'a Bases,
    /// The token of the session, where there is one.
    pub token: Option<&'a str>,
    /// What the login gave beside the token.
    pub carried: &'a Values,
    pub secrets: &'a Secrets,
    pub now: DateTime<Utc>,
    /// Every request needs another number: nonces, request ids and boundaries are made from it.
    pub nonce: u64,
    pub language: Language,
}

/// Why a request cannot be made. It is our fault, never the platform's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The profile has no such operation.
    #[error("the profile `{profile}` does not say how to do `{step}`; add [operation.{step}] to it")]
    Unsupported { profile: String, step: String },
    /// A template asks for a value that the caller did not give.
    #[error(
        "`{step}` needs {{{name}}}, which this call does not have; write {{{name}?}} where it may be absent"
    )]
    Missing { step: String, name: String },
    /// A key is not of the kind that its digest needs.
    #[error("the key of [sign.{signature}] cannot be used; give a PKCS#8 key in PEM")]
    Key { signature: String },
    /// A header, path or number holds what may not stand there.
    #[error("`{step}`: the value of {place} cannot be sent; it must be {rule}")]
    Value { step: String, place: String, rule: &'static str },
}

/// One request in the making.
pub(super) struct Scene<'a> {
    pub profile: &'a Profile,
    pub step: &'a str,
    pub fields: &'a Fields<'a>,
    pub context: &'a Context<'a>,
    /// Secrets are shown as [`MASK`].
    pub masked: bool,
    pub method: &'a hyper::Method,
    /// As sent, with the prefix of the base.
    pub path: String,
    /// As sent, without the question mark.
    pub query: String,
    pub body: bytes::Bytes,
    pub inner: Vec<u8>,
    pub sorted: Vec<u8>,
    pub signatures: Vec<Vec<u8>>,
    /// The headers of this request, which a signature may take up.
    pub headers: &'a [(HeaderName, Template)],
}

impl Base {
    /// Reads `http://host:port/prefix`.
    ///
    /// # Errors
    /// What to write instead, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            let text = text.replace(char::is_control, "?");
            format!("`{text}` is not a base; write http://HOST[:PORT][/PREFIX] or https://…")
        };
        // Host and prefix go into every request as they stand.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong());
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let default = if tls { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (authority, default),
        };
        if host.is_empty() || prefix.contains(['?', '#']) || host.contains('@') {
            return Err(wrong());
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let prefix = prefix.trim_end_matches('/').to_owned();
        Ok(Self { tls, host, port, authority: authority.to_owned(), prefix })
    }

    #[must_use]
    pub const fn tls(&self) -> bool {
        self.tls
    }

    /// Name or address, without port and without the brackets of IPv6.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What the `Host` header says.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What every path begins with; empty, or from a slash on.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.prefix)
    }
}

impl Bases {
    #[must_use]
    pub fn new(default: Base) -> Self {
        Self { default: Arc::new(default), regions: Vec::new() }
    }

    /// Adds a region that answers somewhere else.
    #[must_use]
    pub fn with_region(mut self, region: &str, base: Base) -> Self {
        self.regions.push((region.to_owned(), Arc::new(base)));
        self
    }

    #[must_use]
    pub fn default_base(&self) -> &Arc<Base> {
        &self.default
    }

    /// The base of a region; the default one where it has none of its own.
    #[must_use]
    pub fn of(&self, region: Option<&str>) -> &Arc<Base> {
        let own = region.and_then(|region| self.regions.iter().find(|(name, _)| name == region));
        own.map_or(&self.default, |(_, base)| base)
    }

    /// Every base, the default one first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Base>> {
        std::iter::once(&self.default).chain(self.regions.iter().map(|(_, base)| base))
    }
}

/// Neither token nor what the login gave is shown.
impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Context({}, now {}, nonce {}, {:?})",
            self.bases.default_base(),
            self.now,
            self.nonce,
            self.secrets
        )
    }
}

impl Context<'_> {
    pub(super) fn base(&self, fields: &Fields<'_>) -> &Arc<Base> {
        self.bases.of(fields.get(crate::port::FieldName::Region))
    }
}

impl Scene<'_> {
    /// Path and query as they stand in the request line.
    pub fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The same request, speaking of one item of its batch.
    pub fn of_item<'i>(&'i self, fields: &'i Fields<'i>) -> Scene<'i> {
        let (path, query, body) = (String::new(), String::new(), bytes::Bytes::new());
        let (inner, sorted, signatures) = (Vec::new(), Vec::new(), Vec::new());
        let Self { profile, step, context, masked, method, headers, .. } = *self;
        Scene {
            profile,
            step,
            fields,
            context,
            masked,
            method,
            path,
            query,
            body,
            inner,
            sorted,
            signatures,
            headers,
        }
    }

    /// A time or a random text: the same one however often this request asks for it.
    pub fn made(&self, at: usize) -> String {
        self.profile.values[at].make(self.context.now, self.profile.zone, self.context.nonce, at)
    }

    /// A header as it is sent; `None` where this request does not send it.
    pub fn header(&self, name: &HeaderName) -> Result<Option<Vec<u8>>, RenderError> {
        let Some((_, template)) = self.headers.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        let mut value = Vec::with_capacity(48);
        Ok(template.write(&mut value, Escape::None, self)?.then_some(value))
    }

    pub fn missing(&self, source: &Source) -> RenderError {
        RenderError::Missing { step: self.step.to_owned(), name: source.name(&self.profile.scope) }
    }

    pub fn refuse(&self, place: &str, rule: &'static str) -> RenderError {
        RenderError::Value { step: self.step.to_owned(), place: place.to_owned(), rule }
    }
}
