//! The parts of a request: line, query, headers, body; what is common to all requests and what is one's own.

use super::super::super::body::{Body, Json, Pair};
use super::super::super::exchange::Exchange;
use super::super::super::problem::Problems;
use super::super::super::scope::Scope;
use super::super::super::source::{Entry, Node, Table, Value};
use super::super::super::template::{Escape, Template};
use super::super::{known, template};
use hyper::Method;
use hyper::header::HeaderName;
use std::str::FromStr;

/// `[request]`: what every request has.
#[derive(Debug, Default)]
pub(super) struct Common {
    line: Option<(String, usize)>,
    query: Vec<Entry>,
    headers: Vec<Entry>,
    json: Vec<Entry>,
    form: Vec<Entry>,
}

/// What one request takes of the common parts.
struct Share {
    /// Public operations carry no token.
    public: bool,
    /// Neither common headers nor common parameters.
    bare: bool,
    without: Vec<String>,
}

impl Common {
    pub fn read(mut table: Table, problems: &mut Problems) -> Self {
        let line = table.text("line", problems);
        let mut part = |name| table.table(name, problems).map(|mut part| part.rest()).unwrap_or_default();
        let (query, headers, json, form) = (part("query"), part("headers"), part("json"), part("form"));
        table.finish(problems);
        Self { line, query, headers, json, form }
    }
}

impl Share {
    /// The common entries that this request takes, and its own over them.
    fn of(&self, common: &[Entry], own: Option<Table>) -> Vec<Entry> {
        let own = own.map(|mut table| table.rest()).unwrap_or_default();
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let kept = common.iter().filter(|entry| {
            let token = || entry.node.plain().is_some_and(|text| text.contains("{token"));
            !self.bare
                && !(self.public && token())
                && !self.without.iter().any(|name| same(name, &entry.name))
                && !own.iter().any(|mine| same(&mine.name, &entry.name))
        });
        kept.cloned().chain(own.iter().cloned()).collect()
    }
}

/// Compiles the request of one operation.
pub(super) fn request(
    step: &str,
    table: &mut Table,
    common: &Common,
    scope: &Scope,
    problems: &mut Problems,
) -> Exchange {
    let share = Share {
        public: table.flag("public", problems),
        bare: table.flag("bare", problems),
        without: table.texts("without", problems).into_iter().map(|(text, _)| text).collect(),
    };
    let (method, path) = line(table, common, scope, problems);
    let query = share.of(&common.query, table.table("query", problems));
    let query = pairs(query, &table.field("query"), scope, problems);
    let own_headers = share.of(&common.headers, table.table("headers", problems));
    let headers = headers(own_headers, &table.field("headers"), scope, problems);
    let inner = table.table("inner", problems).map_or(Body::None, |mut inner| {
        let body = body(&mut inner, &Common::default(), &share, scope, problems);
        inner.finish(problems);
        body
    });
    let body = body(table, common, &share, scope, problems);
    Exchange { step: step.into(), method, path, query, headers, inner, body, ..Exchange::default() }
}

/// `request = "POST /api/invoices/{number}"`.
fn line(table: &mut Table, common: &Common, scope: &Scope, problems: &mut Problems) -> (Method, Template) {
    let field = table.field("request");
    let Some((text, line)) = table.text("request", problems).or_else(|| common.line.clone()) else {
        problems.add(
            table.line,
            &field,
            "the operation has no request line",
            "write request = \"GET /…\", or [request] line for all",
        );
        return (Method::GET, Template::default());
    };
    let (method, path) = text.split_once(' ').unwrap_or((&text, ""));
    let known_method = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"].contains(&method);
    if !known_method || !path.starts_with('/') || path.contains(['?', '#', ' ']) {
        let remedy = "write METHOD /path; parameters belong into query = { name = \"value\" }";
        problems.add(line, &field, format!("`{text}` is no request line"), remedy);
    }
    (Method::from_str(method).unwrap_or(Method::GET), template(path, line, &field, scope, problems))
}

fn pairs(entries: Vec<Entry>, field: &str, scope: &Scope, problems: &mut Problems) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(entries.len());
    for entry in entries {
        let field = format!("{field}.{}", entry.name);
        match entry.node.plain() {
            Some(text) => {
                let value = template(&text, entry.node.line, &field, scope, problems);
                pairs.push(Pair { name: entry.name.into(), value });
            }
            None => problems.add(entry.line, &field, "must be a single value", "write name = \"…\""),
        }
    }
    pairs
}

fn headers(
    entries: Vec<Entry>,
    field: &str,
    scope: &Scope,
    problems: &mut Problems,
) -> Vec<(HeaderName, Template)> {
    let mut headers = Vec::with_capacity(entries.len());
    for pair in pairs(entries, field, scope, problems) {
        match HeaderName::from_bytes(pair.name.as_bytes()) {
            Ok(name) => headers.push((name, pair.value)),
            Err(_) => problems.add(
                1,
                field,
                format!("`{}` is no header name", pair.name),
                "use letters, digits and hyphens",
            ),
        }
    }
    headers
}

fn body(table: &mut Table, common: &Common, share: &Share, scope: &Scope, problems: &mut Problems) -> Body {
    let field = |name: &str| table.field(name);
    let (json_field, form_field, multipart_field) = (field("json"), field("form"), field("multipart"));
    let (text_field, escape_field) = (field("text"), field("escape"));
    let json = table.take("json");
    let form = table.table("form", problems);
    let multipart = table.table("multipart", problems);
    let text = table.text("text", problems);
    let content_type = table.text("content_type", problems);
    let escape = table.text("escape", problems);
    let given = [json.is_some(), form.is_some(), multipart.is_some(), text.is_some()];
    if given.iter().filter(|given| **given).count() > 1 {
        problems.add(
            table.line,
            &table.path,
            "has more than one body",
            "keep one of json, form, multipart, text",
        );
    }
    if let Some(node) = json {
        return Body::Json(json_body(node, common, share, &json_field, scope, problems));
    }
    if form.is_some() {
        return Body::Form(pairs(share.of(&common.form, form), &form_field, scope, problems));
    }
    if multipart.is_some() {
        return Body::Multipart(pairs(share.of(&common.form, multipart), &multipart_field, scope, problems));
    }
    let Some((text, line)) = text else { return Body::None };
    let escape = match escape.as_ref().map(|(name, line)| (name.as_str(), *line)) {
        None | Some(("xml", _)) => Escape::Xml,
        Some(("json", _)) => Escape::JsonText,
        Some(("none", _)) => Escape::None,
        Some((name, line)) => {
            known(line, &escape_field, name, "xml, json, none", problems);
            Escape::None
        }
    };
    let content_type =
        content_type.map_or_else(|| "application/xml; charset=utf-8".to_owned(), |(text, _)| text);
    Body::Text {
        text: template(&text, line, &text_field, scope, problems),
        escape,
        content_type: content_type.into(),
    }
}

fn json_body(
    node: Node,
    common: &Common,
    share: &Share,
    field: &str,
    scope: &Scope,
    problems: &mut Problems,
) -> Json {
    let node = match node.value {
        Value::Table(entries) if !entries.iter().any(|entry| entry.name == "{items}") => {
            let own = Table::new(field.to_owned(), node.line, entries);
            Node { line: node.line, value: Value::Table(share.of(&common.json, Some(own))) }
        }
        value => Node { line: node.line, value },
    };
    json(&node, field, scope, problems)
}

fn json(node: &Node, field: &str, scope: &Scope, problems: &mut Problems) -> Json {
    match &node.value {
        Value::Text(text) => json_text(text, node.line, field, scope, problems),
        Value::List(list) => {
            let elements = list
                .iter()
                .enumerate()
                .map(|(at, each)| json(each, &format!("{field}.{at}"), scope, problems));
            constant_list(elements.collect())
        }
        Value::Table(entries) => match entries.as_slice() {
            [only] if only.name == "{items}" => {
                Json::Items(Box::new(json(&only.node, &format!("{field}.{{items}}"), scope, problems)))
            }
            _ => Json::Object(entries.iter().map(|entry| member(entry, field, scope, problems)).collect()),
        },
        _ => Json::Constant(node.plain().unwrap_or_default().into()),
    }
}

fn member(entry: &Entry, field: &str, scope: &Scope, problems: &mut Problems) -> (Box<str>, Json) {
    let name = format!("{}:", quoted(&entry.name)).into();
    (name, json(&entry.node, &format!("{field}.{}", entry.name), scope, problems))
}

/// A text; `"{page|number}"` stands for a number.
fn json_text(text: &str, line: usize, field: &str, scope: &Scope, problems: &mut Problems) -> Json {
    let bare = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .filter(|inside| !inside.contains(['{', '}']));
    let number = bare.and_then(|inside| match inside.strip_suffix('?') {
        Some(inside) => Some(format!("{{{}?}}", inside.strip_suffix("|number")?)),
        None => Some(format!("{{{}}}", inside.strip_suffix("|number")?)),
    });
    if let Some(slot) = number {
        return Json::Number(template(&slot, line, field, scope, problems));
    }
    let template = template(text, line, field, scope, problems);
    match template.constant() {
        Some(text) => Json::Constant(quoted(text).into()),
        None => Json::Text(template),
    }
}

fn constant_list(elements: Vec<Json>) -> Json {
    let texts: Option<Vec<&str>> = elements.iter().map(Json::constant).collect();
    match texts {
        Some(texts) => Json::Constant(format!("[{}]", texts.join(",")).into()),
        None => Json::List(elements),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
