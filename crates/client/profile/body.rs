//! Bodies: JSON, form, multipart and text, compiled from the profile's tables.

use super::made::Chance;
use super::scene::{RenderError, Scene};
use super::template::{Escape, Template, write};
use crate::multipart::Form;
use bytes::Bytes;

/// A named value of a query, form, header or multipart body.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub name: Box<str>,
    pub value: Template,
}

#[derive(Debug, Clone, Default)]
pub(super) enum Body {
    #[default]
    None,
    Json(Json),
    Form(Vec<Pair>),
    Multipart(Vec<Pair>),
    Text {
        text: Template,
        escape: Escape,
        content_type: Box<str>,
    },
}

/// A JSON document with slots in it; constant parts are kept as text.
#[derive(Debug, Clone)]
pub(super) enum Json {
    Constant(Box<str>),
    Text(Template),
    /// Written without quotes.
    Number(Template),
    Object(Vec<(Box<str>, Json)>),
    List(Vec<Json>),
    /// A list with one element for each item of a batch.
    Items(Box<Json>),
}

pub(super) const JSON: &str = "application/json";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

impl Body {
    pub fn content_type(&self) -> Option<&str> {
        match self {
            Self::None | Self::Multipart(_) => None,
            Self::Json(_) => Some(JSON),
            Self::Form(_) => Some(FORM),
            Self::Text { content_type, .. } => Some(content_type),
        }
    }

    /// Named values that a signature may want in the order of their names.
    pub fn pairs(&self) -> &[Pair] {
        match self {
            Self::Form(pairs) | Self::Multipart(pairs) => pairs,
            _ => &[],
        }
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        let mut list = Vec::new();
        match self {
            Self::None => {}
            Self::Json(json) => json.templates(&mut list),
            Self::Form(pairs) | Self::Multipart(pairs) => list.extend(pairs.iter().map(|pair| &pair.value)),
            Self::Text { text, .. } => list.push(text),
        }
        list
    }

    /// Writes every kind but multipart.
    pub fn write(&self, out: &mut Vec<u8>, scene: &Scene<'_>) -> Result<(), RenderError> {
        match self {
            Self::None | Self::Multipart(_) => {}
            Self::Json(json) => drop(json.write(out, scene)?),
            Self::Form(pairs) => write_pairs(pairs, out, scene)?,
            Self::Text { text, escape, .. } => drop(text.write(out, *escape, scene)?),
        }
        Ok(())
    }
}

/// Renders a multipart body and its content type. The file is copied once, into a buffer of the right size.
pub(super) fn multipart(pairs: &[Pair], scene: &Scene<'_>) -> Result<(Bytes, String), RenderError> {
    let boundary = Chance(scene.context.nonce).text(32, b"0123456789abcdefghijklmnopqrstuv");
    let mut form = Form::new(format!("piaotan-{boundary}"));
    for pair in pairs {
        if pair.value.is_file() {
            let file = scene.fields.file.ok_or_else(|| scene.missing(&super::scope::Source::File))?;
            form.file(&pair.name, file);
            continue;
        }
        let mut value = Vec::new();
        if pair.value.write(&mut value, Escape::None, scene)? {
            form.text(&pair.name, value);
        }
    }
    Ok(form.finish())
}

/// Writes `a=b&c=d`, percent-encoded; a pair without a value is left out.
pub(super) fn write_pairs(pairs: &[Pair], out: &mut Vec<u8>, scene: &Scene<'_>) -> Result<(), RenderError> {
    for pair in pairs {
        let start = out.len();
        if start > 0 {
            out.push(b'&');
        }
        write(out, pair.name.as_bytes(), Escape::Percent);
        out.push(b'=');
        if !pair.value.write(out, Escape::Percent, scene)? {
            out.truncate(start);
        }
    }
    Ok(())
}

impl Json {
    /// The document as text, where there is no slot in it.
    pub fn constant(&self) -> Option<&str> {
        match self {
            Self::Constant(text) => Some(text),
            _ => None,
        }
    }

    /// Every template in it.
    pub fn templates<'j>(&'j self, list: &mut Vec<&'j Template>) {
        match self {
            Self::Constant(_) => {}
            Self::Text(template) | Self::Number(template) => list.push(template),
            Self::Object(members) => members.iter().for_each(|(_, json)| json.templates(list)),
            Self::List(elements) => elements.iter().for_each(|json| json.templates(list)),
            Self::Items(json) => json.templates(list),
        }
    }

    /// `false`, with `out` as it was, when an optional slot has no value.
    pub fn write(&self, out: &mut Vec<u8>, scene: &Scene<'_>) -> Result<bool, RenderError> {
        match self {
            Self::Constant(text) => out.extend_from_slice(text.as_bytes()),
            Self::Text(template) => {
                let start = out.len();
                out.push(b'"');
                if !template.write(out, Escape::Json, scene)? {
                    out.truncate(start);
                    return Ok(false);
                }
                out.push(b'"');
            }
            Self::Number(template) => return number(template, out, scene),
            Self::Object(members) => {
                out.push(b'{');
                let empty = out.len();
                for (name, json) in members {
                    let start = out.len();
                    if start > empty {
                        out.push(b',');
                    }
                    out.extend_from_slice(name.as_bytes());
                    if !json.write(out, scene)? {
                        out.truncate(start);
                    }
                }
                out.push(b'}');
            }
            Self::List(elements) => list(elements.iter().map(|json| (json, None)), out, scene)?,
            Self::Items(json) => {
                list(scene.fields.items.iter().map(|item| (&**json, Some(item))), out, scene)?
            }
        }
        Ok(true)
    }
}

fn number(template: &Template, out: &mut Vec<u8>, scene: &Scene<'_>) -> Result<bool, RenderError> {
    let start = out.len();
    if !template.write(out, Escape::None, scene)? {
        return Ok(false);
    }
    let written = std::str::from_utf8(&out[start..]).unwrap_or("");
    let is_number = written.parse::<f64>().is_ok_and(f64::is_finite) && !written.starts_with('+');
    if is_number || scene.masked { Ok(true) } else { Err(scene.refuse("a `|number` slot", "a number")) }
}

fn list<'j>(
    elements: impl Iterator<Item = (&'j Json, Option<&'j crate::port::Fields<'j>>)>,
    out: &mut Vec<u8>,
    scene: &Scene<'_>,
) -> Result<(), RenderError> {
    out.push(b'[');
    let empty = out.len();
    for (json, item) in elements {
        let start = out.len();
        if start > empty {
            out.push(b',');
        }
        let written = match item {
            Some(fields) => json.write(out, &scene.of_item(fields))?,
            None => json.write(out, scene)?,
        };
        if !written {
            out.truncate(start);
        }
    }
    out.push(b']');
    Ok(())
}
