//! The parts of a request: line, query, headers, body; what is common to all requests and what is one's own.

use super::super::super::body::Pair;
use super::super::super::exchange::Exchange;
use super::super::super::problem::Problems;
use super::super::super::scope::Scope;
use super::super::super::source::{Entry, Table};
use super::super::super::template::Template;
use super::super::template;
use super::alike::merged;
use super::bodies::Given;
use hyper::Method;
use hyper::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HeaderName, TRANSFER_ENCODING, UPGRADE};
use piaotan_record::names::nearest;
use std::str::FromStr;

/// `[request]`: what every request has.
#[derive(Debug, Default)]
pub(super) struct Common {
    line: Option<(String, usize)>,
    query: Vec<Entry>,
    headers: Vec<Entry>,
    pub json: Vec<Entry>,
    pub form: Vec<Entry>,
}

/// What one request takes of the common parts.
pub(super) struct Share {
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
    pub fn of(&self, common: &[Entry], own: Option<Table>) -> Vec<Entry> {
        let own = own.map(|mut table| table.rest()).unwrap_or_default();
        let kept = common.iter().filter(|entry| {
            let token = || entry.node.plain().is_some_and(|text| text.contains("{token"));
            let left_out = self.without.iter().any(|name| name.eq_ignore_ascii_case(&entry.name));
            let left_out = self.bare || left_out || (self.public && token());
            !left_out
        });
        merged(kept.cloned().collect(), own)
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
        without: left_out(table, common, problems),
    };
    let (method, path) = line(table, common, scope, problems);
    let query = share.of(&common.query, table.table("query", problems));
    let query = pairs(query, &table.field("query"), scope, problems);
    let own_headers = share.of(&common.headers, table.table("headers", problems));
    let headers = headers(own_headers, &table.field("headers"), scope, problems);
    let inner = table.table("inner", problems).map(|mut inner| {
        let given = Given::take(&mut inner, problems);
        inner.finish(problems);
        given.compile(&Common::default(), &share, scope, problems)
    });
    let mut given = Given::take(table, problems);
    if inner.is_some() {
        // What is packed goes into the body that is common to all, where the operation has none of its own.
        given.or_common(common);
    }
    let body = given.compile(common, &share, scope, problems);
    let inner = inner.unwrap_or_default();
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
    // The path goes into every request as it stands: no line break in it, and nothing but ASCII.
    let rightly_begun = known_method && path.starts_with('/');
    if !rightly_begun || path.contains(['?', '#']) || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        let remedy = "write METHOD /path in ASCII, the rest of it as %XX; parameters belong into query = { name = \"value\" }";
        let text = text.replace(char::is_control, "?");
        problems.add(line, &field, format!("`{text}` is no request line"), remedy);
    }
    (Method::from_str(method).unwrap_or(Method::GET), template(path, line, &field, scope, problems))
}

pub(super) fn pairs(entries: Vec<Entry>, field: &str, scope: &Scope, problems: &mut Problems) -> Vec<Pair> {
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
    for entry in entries {
        let line = entry.line;
        let Some(pair) = pairs(vec![entry], field, scope, problems).pop() else { continue };
        match HeaderName::from_bytes(pair.name.as_bytes()) {
            Ok(name) if FRAMING.contains(&name) => problems.add(
                line,
                &format!("{field}.{}", pair.name),
                "how a request is framed is not the profile's to say",
                "leave it out; it is written with each request as its body demands",
            ),
            Ok(name) => headers.push((name, pair.value)),
            Err(_) => {
                let message = format!("`{}` is no header name", pair.name);
                problems.add(line, field, message, "use letters, digits and hyphens");
            }
        }
    }
    headers
}

/// Headers that only the transport can write right.
const FRAMING: [HeaderName; 5] = [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, EXPECT, UPGRADE];

/// A name that is to be left out must be there to be left out.
fn left_out(table: &mut Table, common: &Common, problems: &mut Problems) -> Vec<String> {
    let field = table.field("without");
    let parts = [&common.headers, &common.query, &common.json, &common.form];
    let names: Vec<&str> = parts.into_iter().flatten().map(|entry| entry.name.as_str()).collect();
    let without = table.texts("without", problems);
    for (name, line) in &without {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let remedy = nearest(name, names.iter().copied()).map_or_else(
                || "name a header or parameter of [request]".to_owned(),
                |word| format!("did you mean `{word}`?"),
            );
            problems.add(*line, &field, format!("[request] has no `{name}` to leave out"), remedy);
        }
    }
    without.into_iter().map(|(text, _)| text).collect()
}
