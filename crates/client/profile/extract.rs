//! Where a value stands in an answer: JSON Pointer, JSONPath, header, status or regular expression.

use super::json::{Found, Places, Sight, Step};
use super::source::{Node, Value};
use super::template::Fault;
use hyper::HeaderMap;
use hyper::header::HeaderName;
use std::borrow::Cow;

/// An answer of the platform, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// One or more places; the first that has something counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Extraction {
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone)]
struct Alternative {
    place: Place,
    /// What the value is called when the place is merely there.
    label: Option<Box<str>>,
}

#[derive(Debug, Clone)]
enum Place {
    Status,
    Header(HeaderName),
    Json(usize),
}

const REMEDY: &str = "write /a/b (JSON Pointer), $.a[0].b (JSONPath), header:NAME, regex:…(…)… or status";

impl Extraction {
    /// Compiles a place, or a list of places; JSON places are registered in `places`.
    pub fn compile(node: &Node, places: &mut Places) -> Result<Self, Fault> {
        let list = match &node.value {
            Value::List(list) => list.iter().collect(),
            _ => vec![node],
        };
        let alternatives =
            list.into_iter().map(|each| Alternative::compile(each, places)).collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    pub fn status() -> Self {
        Self { alternatives: vec![Alternative { place: Place::Status, label: None }] }
    }

    pub fn header(name: HeaderName) -> Self {
        Self { alternatives: vec![Alternative { place: Place::Header(name), label: None }] }
    }

    /// A single JSON place that is registered already.
    pub fn registered(number: usize) -> Self {
        Self { alternatives: vec![Alternative { place: Place::Json(number), label: None }] }
    }

    pub fn is_empty(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// The value, and whether it is the bare HTTP status.
    pub fn find<'a>(&'a self, answer: &Answer<'a>, sight: &'a Sight<'a>) -> Option<(Cow<'a, str>, bool)> {
        self.alternatives.iter().find_map(|each| each.find(answer, sight))
    }
}

impl Alternative {
    fn compile(node: &Node, places: &mut Places) -> Result<Self, Fault> {
        match &node.value {
            Value::Text(text) => Ok(Self { place: Place::compile(text, places)?, label: None }),
            Value::Table(entries) => {
                let text =
                    |name: &str| entries.iter().find(|entry| entry.name == name).and_then(|e| e.node.plain());
                let unknown =
                    entries.iter().find(|entry| !matches!(entry.name.as_str(), "at" | "as" | "optional"));
                match (text("at"), unknown) {
                    (Some(at), None) => {
                        Ok(Self { place: Place::compile(&at, places)?, label: text("as").map(Into::into) })
                    }
                    (_, Some(entry)) => {
                        Err((format!("unknown field `{}`", entry.name), "one of: at, as, optional".into()))
                    }
                    (None, None) => Err(("says no place".into(), "write { at = \"/a/b\" }".into())),
                }
            }
            _ => Err(("is not a place in an answer".into(), REMEDY.into())),
        }
    }

    fn find<'a>(&'a self, answer: &Answer<'a>, sight: &'a Sight<'a>) -> Option<(Cow<'a, str>, bool)> {
        let found = match &self.place {
            Place::Status => return Some((answer.status.to_string().into(), true)),
            Place::Header(name) => Cow::Borrowed(answer.headers.get(name)?.to_str().ok()?),
            Place::Json(number) => match (sight.get(*number)?, &self.label) {
                (_, Some(label)) => Cow::Borrowed(&**label),
                (Found::Null, None) => return None,
                (Found::Text(text), None) => Cow::Borrowed(&**text),
                (Found::Raw(text), None) => Cow::Borrowed(*text),
            },
        };
        Some((self.label.as_deref().map_or(found, Cow::Borrowed), false))
    }
}

impl Place {
    fn compile(text: &str, places: &mut Places) -> Result<Self, Fault> {
        if text == "status" {
            return Ok(Self::Status);
        }
        if let Some(name) = text.strip_prefix("header:") {
            let name = HeaderName::from_bytes(name.as_bytes());
            return name
                .map(Self::Header)
                .map_err(|_| (format!("`{text}` names no header"), "write header:NAME".into()));
        }
        steps(text).map(|steps| Self::Json(places.want(&steps)))
    }
}

/// The steps of a JSON Pointer or of the plain subset of JSONPath: members, indices and `[*]`.
pub(super) fn steps(text: &str) -> Result<Vec<Step>, Fault> {
    let wrong = || (format!("`{text}` is not a place in an answer"), REMEDY.to_owned());
    if text.is_empty() || text == "$" {
        return Ok(Vec::new());
    }
    if let Some(pointer) = text.strip_prefix('/') {
        return Ok(pointer.split('/').map(pointer_step).collect());
    }
    let mut rest = text.strip_prefix('$').ok_or_else(wrong)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = path_step(rest).ok_or_else(wrong)?;
        steps.push(step);
        rest = after;
    }
    Ok(steps)
}

fn pointer_step(token: &str) -> Step {
    match token.parse() {
        Ok(index) => Step::Index(index),
        Err(_) if token == "*" => Step::Any,
        Err(_) => Step::Member(token.replace("~1", "/").replace("~0", "~").into()),
    }
}

fn path_step(rest: &str) -> Option<(Step, &str)> {
    if let Some(name) = rest.strip_prefix('.') {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let step = if &name[..end] == "*" { Step::Any } else { Step::Member(name[..end].into()) };
        return (end > 0).then_some((step, &name[end..]));
    }
    let inside = rest.strip_prefix('[')?;
    let end = inside.find(']')?;
    let (key, after) = (&inside[..end], &inside[end + 1..]);
    let quoted = |mark: char| key.strip_prefix(mark).and_then(|key| key.strip_suffix(mark));
    let step = match (key, quoted('\'').or_else(|| quoted('"'))) {
        ("*", _) => Step::Any,
        (_, Some(name)) => Step::Member(name.into()),
        (digits, None) => Step::Index(digits.parse().ok()?),
    };
    Some((step, after))
}
