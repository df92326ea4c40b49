//! Where a value stands in an answer: JSON Pointer, JSONPath, header, status or regular expression.

use super::json::{Found, Places, Sight, Step};
use super::source::{Entry, Node, Value};
use super::template::Fault;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::HeaderName;
use regex::bytes::Regex;
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
    /// What is done with the text before it is the value.
    then: Vec<Then>,
}

#[derive(Debug, Clone)]
enum Place {
    Status,
    Header(HeaderName),
    Json(usize),
    /// The first group of a match in the body, or the whole match where there is no group.
    Regex(Regex),
}

#[derive(Debug, Clone)]
enum Then {
    Base64,
    /// Entities of XML are read.
    Xml,
    /// Whole cents are money.
    Cents,
    /// The text is a JSON document of its own.
    Json(Places),
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
        Self { alternatives: vec![Alternative::of(Place::Status)] }
    }

    pub fn header(name: HeaderName) -> Self {
        Self { alternatives: vec![Alternative::of(Place::Header(name))] }
    }

    /// A single JSON place that is registered already, read as the node says.
    pub fn registered(number: usize, node: &Node) -> Result<Self, Fault> {
        let alternative = match &node.value {
            Value::Table(entries) => Alternative::detailed(entries, |_| Ok(Place::Json(number)))?,
            _ => Alternative::of(Place::Json(number)),
        };
        Ok(Self { alternatives: vec![alternative] })
    }

    /// Whether it looks at nothing but the HTTP status.
    pub fn is_status(&self) -> bool {
        self.alternatives.iter().all(|each| matches!(each.place, Place::Status))
    }

    /// The value, and whether it is the bare HTTP status.
    pub fn find<'a>(&'a self, answer: &Answer<'a>, sight: &'a Sight<'a>) -> Option<(Cow<'a, str>, bool)> {
        self.alternatives.iter().find_map(|each| each.find(answer, sight))
    }
}

impl Alternative {
    const fn of(place: Place) -> Self {
        Self { place, label: None, then: Vec::new() }
    }

    fn compile(node: &Node, places: &mut Places) -> Result<Self, Fault> {
        match &node.value {
            Value::Text(text) => Place::compile(text, places).map(Self::of),
            Value::Table(entries) => Self::detailed(entries, |text| Place::compile(text, places)),
            _ => Err(("is not a place in an answer".into(), REMEDY.into())),
        }
    }

    /// `{ at = "/data", then = ["base64", "/id"] }`, `{ at = "/result", as = "result" }`.
    fn detailed(
        entries: &[Entry],
        mut compile: impl FnMut(&str) -> Result<Place, Fault>,
    ) -> Result<Self, Fault> {
        let (mut place, mut label, mut then) = (None, None, Vec::new());
        for entry in entries {
            match (entry.name.as_str(), &entry.node.value) {
                ("at", Value::Text(text)) => place = Some(compile(text)?),
                ("as", _) => label = entry.node.plain().map(Into::into),
                ("then", Value::List(list)) => {
                    then = list.iter().map(Then::compile).collect::<Result<_, _>>()?;
                }
                ("optional", Value::Bool(_)) => {}
                (name, _) => {
                    return Err((
                        format!("cannot read `{name}` here"),
                        "write { at = \"/a\", as = \"…\", then = [\"base64\"], optional = true }".into(),
                    ));
                }
            }
        }
        let place =
            place.ok_or_else(|| ("says no place".to_owned(), "write { at = \"/a/b\" }".to_owned()))?;
        Ok(Self { place, label, then })
    }

    fn find<'a>(&'a self, answer: &Answer<'a>, sight: &'a Sight<'a>) -> Option<(Cow<'a, str>, bool)> {
        let found = match &self.place {
            Place::Status => return Some((answer.status.to_string().into(), true)),
            Place::Header(name) => Cow::Borrowed(answer.headers.get(name)?.to_str().ok()?),
            Place::Json(number) => match sight.get(*number)? {
                // A null that only has to be there is there.
                Found::Null if self.label.is_none() => return None,
                Found::Null => Cow::Borrowed(""),
                Found::Text(text) => Cow::Borrowed(&**text),
                Found::Raw(text) => Cow::Borrowed(*text),
            },
            Place::Regex(regex) => {
                let groups = regex.captures(answer.body)?;
                let group = groups.get(1).or_else(|| groups.get(0))?;
                String::from_utf8_lossy(&answer.body[group.range()])
            }
        };
        let found = self.then.iter().try_fold(found, |text, then| then.apply(text))?;
        Some((self.label.as_deref().map_or(found, Cow::Borrowed), false))
    }
}

impl Then {
    fn compile(node: &Node) -> Result<Self, Fault> {
        match node.plain().as_deref() {
            Some("base64") => Ok(Self::Base64),
            Some("xml") => Ok(Self::Xml),
            Some("cents") => Ok(Self::Cents),
            Some(text) if text.starts_with(['/', '$']) => {
                let mut places = Places::default();
                places.want(&steps(text)?);
                Ok(Self::Json(places))
            }
            _ => Err((
                "is not a way to read a text".into(),
                "one of: base64, xml, cents, or a place such as /id inside JSON".into(),
            )),
        }
    }

    fn apply<'a>(&self, text: Cow<'a, str>) -> Option<Cow<'a, str>> {
        match self {
            Self::Base64 => {
                let packed: String = text.split_whitespace().collect();
                String::from_utf8(STANDARD.decode(packed).ok()?).ok().map(Cow::Owned)
            }
            Self::Xml => {
                let plain = text
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&quot;", "\"")
                    .replace("&apos;", "'");
                Some(Cow::Owned(plain.replace("&amp;", "&")))
            }
            Self::Cents => {
                let cents: i64 = text.trim().parse().ok()?;
                let (sign, size) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
                Some(Cow::Owned(format!("{sign}{}.{:02}", size / 100, size % 100)))
            }
            Self::Json(places) => match places.read(text.as_bytes(), None)?.get(0)? {
                Found::Null => None,
                Found::Text(text) => Some(Cow::Owned(text.clone().into_owned())),
                Found::Raw(text) => Some(Cow::Owned((*text).to_owned())),
            },
        }
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
        if let Some(pattern) = text.strip_prefix("regex:") {
            let fault = || {
                (
                    format!("`{pattern}` is no regular expression"),
                    "see the syntax of the Rust crate regex".into(),
                )
            };
            return Regex::new(pattern).map(Self::Regex).map_err(|_| fault());
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
    match token.parse::<usize>() {
        Ok(index) if index.to_string() == token => Step::Index(index),
        _ if token == "*" => Step::Any,
        _ => Step::Member(token.replace("~1", "/").replace("~0", "~").into()),
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
