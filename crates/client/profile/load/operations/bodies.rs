//! Bodies: JSON, form, multipart or text, compiled from their tables.

use super::super::super::body::{Body, Json};
use super::super::super::problem::Problems;
use super::super::super::scope::Scope;
use super::super::super::source::{Entry, Node, Table, Value};
use super::super::super::template::Escape;
use super::super::{known, template};
use super::parts::{Common, Share, pairs};

/// The body that a table describes, before it is compiled.
pub(super) struct Given {
    line: usize,
    /// Dotted path of the table.
    path: String,
    json: Option<Node>,
    form: Option<Table>,
    multipart: Option<Table>,
    text: Option<(String, usize)>,
    content_type: Option<(String, usize)>,
    escape: Option<(String, usize)>,
}

impl Given {
    pub fn take(table: &mut Table, problems: &mut Problems) -> Self {
        let given = Self {
            line: table.line,
            path: table.path.clone(),
            json: table.take("json"),
            form: table.table("form", problems),
            multipart: table.table("multipart", problems),
            text: table.text("text", problems),
            content_type: table.text("content_type", problems),
            escape: table.text("escape", problems),
        };
        if given.count() > 1 {
            let remedy = "keep one of json, form, multipart, text";
            problems.add(table.line, &table.path, "has more than one body", remedy);
        }
        given
    }

    fn count(&self) -> usize {
        let given = [self.json.is_some(), self.form.is_some(), self.multipart.is_some(), self.text.is_some()];
        given.iter().filter(|given| **given).count()
    }

    /// Takes the common body where there is none.
    pub fn or_common(&mut self, common: &Common) {
        if self.count() > 0 {
            return;
        }
        if !common.form.is_empty() {
            self.form = Some(Table::new(format!("{}.form", self.path), self.line, Vec::new()));
        } else if !common.json.is_empty() {
            self.json = Some(Node { line: self.line, value: Value::Table(Vec::new()) });
        }
    }

    pub fn compile(self, common: &Common, share: &Share, scope: &Scope, problems: &mut Problems) -> Body {
        let field = |name: &str| format!("{}.{name}", self.path);
        if let Some(node) = self.json {
            return Body::Json(json_body(node, common, share, &field("json"), scope, problems));
        }
        if self.form.is_some() {
            return Body::Form(pairs(share.of(&common.form, self.form), &field("form"), scope, problems));
        }
        if self.multipart.is_some() {
            let parts = share.of(&common.form, self.multipart);
            return Body::Multipart(pairs(parts, &field("multipart"), scope, problems));
        }
        let Some((text, line)) = &self.text else { return Body::None };
        let escape = escape(self.escape.as_ref(), &field("escape"), problems);
        let content_type =
            self.content_type.as_ref().map_or("application/xml; charset=utf-8", |(text, _)| text);
        Body::Text {
            text: template(text, *line, &field("text"), scope, problems),
            escape,
            content_type: content_type.into(),
        }
    }
}

fn escape(given: Option<&(String, usize)>, field: &str, problems: &mut Problems) -> Escape {
    match given.map(|(name, line)| (name.as_str(), *line)) {
        None | Some(("xml", _)) => Escape::Xml,
        Some(("json", _)) => Escape::JsonText,
        Some(("none", _)) => Escape::None,
        Some((name, line)) => {
            known(line, field, name, "xml, json, none", problems);
            Escape::None
        }
    }
}

/// An object takes up the members that are common to all.
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
