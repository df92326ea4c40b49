//! The names that a template may use, and where each gets its value.

use super::scene::{RenderError, Scene};
use super::template::Fault;
use crate::port::FieldName;
use hyper::header::HeaderName;
use piaotan_record::names::nearest;
use std::borrow::Cow;

/// The names that a profile declares for itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub values: Vec<Declared>,
    pub signatures: Vec<Declared>,
    pub secrets: Vec<Declared>,
}

/// A name, and the line on which the profile declares it.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub name: String,
    pub line: usize,
}

/// Where a slot gets its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Field(FieldName),
    Token,
    /// A value that an earlier step of the login gave.
    Carried(Box<str>),
    Secret(usize),
    /// A time or a random text, made anew for each request.
    Made(usize),
    Signature(usize),
    /// A header of this request, as it is sent.
    Header(HeaderName),
    Method,
    Host,
    Path,
    Query,
    Target,
    Body,
    /// The document that is packed into the body.
    Inner,
    /// The parameters in the order of their names.
    Sorted,
    Language,
    File,
    FileName,
    FileSize,
    FileType,
}

/// The names that every profile has, beside the fields.
const BUILT_IN: &[(&str, Source)] = &[
    ("token", Source::Token),
    ("method", Source::Method),
    ("host", Source::Host),
    ("path", Source::Path),
    ("query", Source::Query),
    ("target", Source::Target),
    ("body", Source::Body),
    ("inner", Source::Inner),
    ("sorted", Source::Sorted),
    ("language", Source::Language),
    ("file", Source::File),
    ("file_name", Source::FileName),
    ("file_size", Source::FileSize),
    ("file_type", Source::FileType),
];

impl Scope {
    /// Finds what a name in a template means.
    pub fn source(&self, name: &str) -> Result<Source, Fault> {
        if let Some(secret) = name.strip_prefix("secret.") {
            let at = self.secrets.iter().position(|known| known.name == secret);
            let remedy = format!("declare it: [secrets] {secret} = \"env:NAME\" or \"file:PATH\"");
            return at.map(Source::Secret).ok_or((format!("secret `{secret}` is not declared"), remedy));
        }
        if let Some(carried) = name.strip_prefix("carried.") {
            return Ok(Source::Carried(carried.into()));
        }
        if let Some(header) = name.strip_prefix("header.") {
            let fault = || (format!("`{header}` is no header name"), "write {header.NAME}".to_owned());
            return HeaderName::from_bytes(header.as_bytes()).map(Source::Header).map_err(|_| fault());
        }
        if let Some((_, source)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Ok(source.clone());
        }
        let own = |list: &[Declared]| list.iter().position(|known| known.name == name);
        if let Some(at) = own(&self.values) {
            return Ok(Source::Made(at));
        }
        if let Some(at) = own(&self.signatures) {
            return Ok(Source::Signature(at));
        }
        name.parse::<FieldName>().map(Source::Field).map_err(|_| self.unknown(name))
    }

    /// Whether a name is taken by something that every profile has.
    pub fn reserved(name: &str) -> bool {
        BUILT_IN.iter().any(|(known, _)| *known == name) || name.parse::<FieldName>().is_ok()
    }

    fn unknown(&self, name: &str) -> Fault {
        let known =
            BUILT_IN.iter().map(|(name, _)| *name).chain(FieldName::ALL.iter().map(|field| field.as_str()));
        let known = known.chain(self.values.iter().chain(&self.signatures).map(|own| own.name.as_str()));
        let remedy = match nearest(name, known) {
            Some(word) => format!("did you mean {{{word}}}?"),
            None => "use a field of an invoice, or declare it in [values] or [sign]".to_owned(),
        };
        (format!("unknown placeholder {{{name}}}"), remedy)
    }
}

impl Source {
    /// The value for one request; `None` where the caller gave none.
    pub fn value<'s>(&self, scene: &'s Scene<'_>) -> Result<Option<Cow<'s, [u8]>>, RenderError> {
        let (context, fields) = (scene.context, scene.fields);
        let text = |text: Option<&'s str>| text.map(|text| Cow::Borrowed(text.as_bytes()));
        Ok(match self {
            Self::Field(name) if scene.masked && name.is_secret() => text(Some(super::scene::MASK)),
            Self::Field(name) => text(fields.get(*name)),
            Self::Token | Self::Carried(_) if scene.masked => text(Some(super::scene::MASK)),
            Self::Token => text(context.token),
            Self::Carried(name) => text(context.carried.get(name)),
            Self::Secret(_) if scene.masked => text(Some(super::scene::MASK)),
            Self::Secret(at) => text(context.secrets.get(*at)),
            Self::Made(at) => Some(scene.made(*at).into_bytes().into()),
            Self::Signature(at) => scene.signatures.get(*at).map(|bytes| Cow::Borrowed(&bytes[..])),
            Self::Header(name) => scene.header(name)?.map(Cow::Owned),
            Self::Method => text(Some(scene.method.as_str())),
            Self::Host => text(Some(context.base(fields).authority())),
            Self::Path => text(Some(&scene.path)),
            Self::Query => text(Some(&scene.query)),
            Self::Target => Some(scene.target().into_bytes().into()),
            Self::Body => Some(Cow::Borrowed(&scene.body)),
            Self::Inner => Some(Cow::Borrowed(&scene.inner)),
            Self::Sorted => Some(Cow::Borrowed(&scene.sorted)),
            Self::Language => text(Some(context.language.as_str())),
            Self::File => fields.file.map(|file| Cow::Borrowed(&*file.bytes)),
            Self::FileName => text(fields.file.map(|file| file.name.as_str())),
            Self::FileSize => fields.file.map(|file| file.bytes.len().to_string().into_bytes().into()),
            Self::FileType => text(fields.file.map(|file| file.media_type)),
        })
    }

    /// How a person would name it.
    pub fn name(&self, scope: &Scope) -> String {
        match self {
            Self::Field(name) => name.to_string(),
            Self::Carried(name) => format!("carried.{name}"),
            Self::Secret(at) => format!("secret.{}", scope.secrets[*at].name),
            Self::Made(at) => scope.values[*at].name.clone(),
            Self::Signature(at) => scope.signatures[*at].name.clone(),
            Self::Header(name) => format!("header.{name}"),
            other => {
                let known = BUILT_IN.iter().find(|(_, source)| source == other);
                known.map_or_else(String::new, |(name, _)| (*name).to_owned())
            }
        }
    }
}

impl FieldName {
    /// Whether its value must not be shown.
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::SmsCode)
    }
}
