//! Text with slots in it, parsed once when the profile is loaded.

use super::digest::Digest;
use super::scene::{RenderError, Scene};
use super::scope::{Scope, Source};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::borrow::Cow;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Debug, Clone, Default)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(Box<str>),
    Slot(Slot),
}

#[derive(Debug, Clone)]
struct Slot {
    source: Source,
    filters: Box<[Filter]>,
    optional: bool,
}

/// What a slot does to its value before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Upper,
    Lower,
    /// A date without its hyphens.
    Compact,
    /// Money in whole cents.
    Cents,
    Base64,
    Percent,
    Json,
    Digest(Digest),
}

/// How a value must be written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    None,
    /// Inside the quotes of a JSON string.
    Json,
    /// A name or value of a query or form.
    Percent,
    /// The slots of a path; its text is written as it stands.
    Path,
    /// The slots of an XML text.
    Xml,
    /// The slots of a JSON text.
    JsonText,
}

/// What is wrong with a template: the message and what to write instead.
pub(super) type Fault = (String, String);

impl Template {
    /// Parses `text`; `{name}` is a slot, `{name?}` one whose entry is left out when there is no value,
    /// `{name|filter}` changes the value, `{{` and `}}` are braces.
    pub fn parse(text: &str, scope: &Scope) -> Result<Self, Vec<Fault>> {
        let (mut parts, mut plain, mut faults) = (Vec::new(), String::new(), Vec::new());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                plain.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            let Some(end) = brace.find('}').filter(|_| brace.starts_with('{')) else {
                faults.push((
                    format!("a brace without its partner in `{text}`"),
                    "write {{ or }} for a plain brace".into(),
                ));
                return Err(faults);
            };
            match Slot::parse(&brace[1..end], scope) {
                Ok(slot) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain).into()));
                    }
                    parts.push(Part::Slot(slot));
                }
                Err(fault) => faults.push(fault),
            }
            rest = &brace[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain.into()));
        }
        if faults.is_empty() { Ok(Self { parts }) } else { Err(faults) }
    }

    /// The text, where there is no slot in it.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The secret whose value this is, where it is one whole secret.
    pub fn secret(&self) -> Option<usize> {
        match self.parts.as_slice() {
            [Part::Slot(Slot { source: Source::Secret(at), filters, .. })] if filters.is_empty() => Some(*at),
            _ => None,
        }
    }

    /// Whether this is a single slot of the file to upload.
    pub fn is_file(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Slot(slot)] if slot.source == Source::File && slot.filters.is_empty())
    }

    /// Whether the bytes of the file would be written as they are.
    pub fn has_bare_file(&self) -> bool {
        let bare = |slot: &Slot| slot.source == Source::File && slot.filters.is_empty();
        self.parts.iter().any(|part| matches!(part, Part::Slot(slot) if bare(slot)))
    }

    /// Whether what it writes must not be shown: a token, a secret or a signature is in it.
    pub fn is_private(&self) -> bool {
        let private = |source: &Source| {
            matches!(source, Source::Token | Source::Carried(_) | Source::Secret(_) | Source::Signature(_))
        };
        self.sources().any(private)
    }

    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(&slot.source),
            Part::Text(_) => None,
        })
    }

    /// Writes the text. `false`, with `out` as it was, when an optional slot has no value.
    pub fn write(&self, out: &mut Vec<u8>, escape: Escape, scene: &Scene<'_>) -> Result<bool, RenderError> {
        let start = out.len();
        for part in &self.parts {
            match part {
                Part::Text(text) => write(out, text.as_bytes(), escape.of_text()),
                Part::Slot(slot) => match slot.value(scene)? {
                    Some(value) => write(out, &value, escape),
                    None => {
                        out.truncate(start);
                        return Ok(false);
                    }
                },
            }
        }
        Ok(true)
    }
}

impl Escape {
    /// What holds for the text between the slots.
    const fn of_text(self) -> Self {
        match self {
            Self::Path | Self::Xml | Self::JsonText => Self::None,
            other => other,
        }
    }
}

impl Slot {
    fn parse(text: &str, scope: &Scope) -> Result<Self, Fault> {
        let (text, optional) = match text.strip_suffix('?') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut words = text.split('|').map(str::trim);
        let name = words.next().unwrap_or("");
        let filters = words.map(Filter::parse).collect::<Result<_, _>>()?;
        Ok(Self { source: scope.source(name)?, filters, optional })
    }

    fn value<'s>(&self, scene: &'s Scene<'_>) -> Result<Option<Cow<'s, [u8]>>, RenderError> {
        let Some(mut value) = self.source.value(scene)? else {
            return if self.optional { Ok(None) } else { Err(scene.missing(&self.source)) };
        };
        for filter in &self.filters {
            value = filter.apply(value);
        }
        Ok(Some(value))
    }
}

impl Filter {
    const NAMES: &'static str =
        "upper, lower, compact, cents, base64, percent, json, md5, sha1, sha256, sha512, sm3";

    fn parse(name: &str) -> Result<Self, Fault> {
        Ok(match name {
            "upper" => Self::Upper,
            "lower" => Self::Lower,
            "compact" => Self::Compact,
            "cents" => Self::Cents,
            "base64" => Self::Base64,
            "percent" => Self::Percent,
            "json" => Self::Json,
            _ => match Digest::parse(name).filter(|digest| !digest.needs_key()) {
                Some(digest) => Self::Digest(digest),
                None => return Err((format!("unknown filter `{name}`"), format!("one of: {}", Self::NAMES))),
            },
        })
    }

    fn apply(self, value: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
        match self {
            Self::Upper => value.to_ascii_uppercase().into(),
            Self::Lower => value.to_ascii_lowercase().into(),
            Self::Compact => value.iter().copied().filter(|byte| *byte != b'-').collect::<Vec<_>>().into(),
            Self::Cents => cents(&value).into(),
            Self::Base64 => STANDARD.encode(&value).into_bytes().into(),
            Self::Percent => escaped(&value, Escape::Percent).into(),
            Self::Json => escaped(&value, Escape::Json).into(),
            Self::Digest(digest) => super::digest::hex(&digest.plain(&value), false).into(),
        }
    }
}

/// `1409.5` in cents is `140950`. What is not money stays as it is, for the platform to refuse.
fn cents(value: &[u8]) -> Vec<u8> {
    let money = std::str::from_utf8(value).ok().and_then(crate::invoice::money::parse);
    money.map_or_else(|| value.to_vec(), |cents| cents.to_string().into_bytes())
}

fn escaped(value: &[u8], escape: Escape) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 16);
    write(&mut out, value, escape);
    out
}

/// Writes bytes as the place demands.
pub(super) fn write(out: &mut Vec<u8>, value: &[u8], escape: Escape) {
    match escape {
        Escape::None => out.extend_from_slice(value),
        Escape::Percent | Escape::Path => {
            percent_encode(value, RESERVED).for_each(|piece| out.extend_from_slice(piece.as_bytes()))
        }
        Escape::Json | Escape::JsonText => value.iter().for_each(|byte| json(out, *byte)),
        Escape::Xml => value.iter().for_each(|byte| match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&apos;"),
            _ => out.push(*byte),
        }),
    }
}

fn json(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        _ => out.push(byte),
    }
}
