//! Signatures: a text made of the request, a digest of it, written down as the platform wants it.

use super::body::{Json, Pair};
use super::digest::{Digest, Encoding};
use super::scene::{RenderError, Scene};
use super::template::{Escape, Template};

/// One signature or other digest that a request carries.
#[derive(Debug, Clone)]
pub(super) struct Sign {
    pub text: Template,
    pub digest: Digest,
    pub key: Option<Template>,
    pub encoding: Encoding,
    pub sorted: Sorting,
    /// Names that are sent but not signed, as the platform's documents say.
    pub unsigned: Vec<String>,
}

/// How `{sorted}` is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Sorting {
    pub query: bool,
    pub body: bool,
    /// The member of a JSON body whose members are sorted; empty for the body itself.
    pub inside: String,
    pub without: Vec<String>,
    /// Between name and value.
    pub equals: String,
    /// Between pairs.
    pub join: String,
    pub keep_empty: bool,
}

/// A parameter that `{sorted}` takes up.
#[derive(Debug, Clone)]
pub(super) enum Parameter {
    Text(Template),
    Json(Json),
}

impl Sign {
    /// Signs the request in the making.
    pub fn sign(&self, name: &str, scene: &Scene<'_>) -> Result<Vec<u8>, RenderError> {
        let mut text = Vec::with_capacity(256);
        self.text.write(&mut text, Escape::None, scene)?;
        let mut key = Vec::new();
        if let Some(template) = &self.key {
            template.write(&mut key, Escape::None, scene)?;
        }
        let digest = self.digest.keyed(&text, &key, scene.context.secrets);
        let digest = digest.ok_or_else(|| RenderError::Key { signature: name.to_owned() })?;
        Ok(self.encoding.write(digest))
    }
}

impl Sorting {
    /// The parameters of a request in the order of their names; those that hold this very signature stay out.
    pub fn parameters(
        &self,
        at: usize,
        query: &[Pair],
        body: &super::body::Body,
    ) -> Vec<(Box<str>, Parameter)> {
        let own = |template: &Template| {
            template.sources().any(|source| *source == super::scope::Source::Signature(at))
        };
        let mut list: Vec<(Box<str>, Parameter)> = Vec::new();
        let mut pairs: Vec<&Pair> = if self.query { query.iter().collect() } else { Vec::new() };
        if self.body {
            pairs.extend(body.pairs().iter().filter(|pair| !pair.value.is_file()));
            if let Some(members) = self.members(body) {
                list.extend(
                    members.iter().map(|(name, json)| (json_name(name), Parameter::Json(json.clone()))),
                );
            }
        }
        list.extend(pairs.into_iter().map(|pair| (pair.name.clone(), Parameter::Text(pair.value.clone()))));
        list.retain(|(name, parameter)| {
            !self.without.iter().any(|left_out| **left_out == **name)
                && !parameter.templates().into_iter().any(own)
        });
        list.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        list
    }

    fn members<'b>(&self, body: &'b super::body::Body) -> Option<&'b [(Box<str>, Json)]> {
        let super::body::Body::Json(Json::Object(members)) = body else { return None };
        if self.inside.is_empty() {
            return Some(members);
        }
        match members.iter().find(|(name, _)| *json_name(name) == *self.inside) {
            Some((_, Json::Object(members))) => Some(members),
            _ => None,
        }
    }

    /// Writes `{sorted}`.
    pub fn write(
        &self,
        parameters: &[(Box<str>, Parameter)],
        out: &mut Vec<u8>,
        scene: &Scene<'_>,
    ) -> Result<(), RenderError> {
        for (name, parameter) in parameters {
            let start = out.len();
            if start > 0 {
                out.extend_from_slice(self.join.as_bytes());
            }
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(self.equals.as_bytes());
            let value = out.len();
            let written = parameter.write(out, scene)?;
            if !written || (out.len() == value && !self.keep_empty) {
                out.truncate(start);
            }
        }
        Ok(())
    }
}

impl Parameter {
    pub fn templates(&self) -> Vec<&Template> {
        let mut list = Vec::new();
        match self {
            Self::Text(template) => list.push(template),
            Self::Json(json) => json.templates(&mut list),
        }
        list
    }

    /// The bare value: a text without quotes and escapes, anything else as JSON.
    fn write(&self, out: &mut Vec<u8>, scene: &Scene<'_>) -> Result<bool, RenderError> {
        match self {
            Self::Text(template) | Self::Json(Json::Text(template)) => {
                template.write(out, Escape::None, scene)
            }
            Self::Json(Json::Constant(text)) => {
                let bare = serde_json::from_str::<String>(text);
                out.extend_from_slice(bare.as_deref().unwrap_or(text).as_bytes());
                Ok(true)
            }
            Self::Json(json) => json.write(out, scene),
        }
    }
}

/// The name in `"name":`.
fn json_name(literal: &str) -> Box<str> {
    serde_json::from_str::<String>(literal.trim_end_matches(':')).unwrap_or_default().into()
}
