//! `[answer]` and what an operation says of its answer: places of codes, values, records and lists.

use super::super::super::extract::{Extraction, steps};
use super::super::super::json::Places;
use super::super::super::problem::Problems;
use super::super::super::source::{Entry, Node, Table, Value};
use super::super::super::verdict::{Class, Reading, Wanted};
use super::super::answers::{TOO_MUCH, class, says_too_much, words};
use super::super::examples::Example;
use super::super::{known, report};
use crate::port::FieldName;
use hyper::header::RETRY_AFTER;
use std::str::FromStr;

/// What holds for every operation that does not say otherwise.
#[derive(Debug, Default)]
pub(super) struct Answers {
    format: Option<(String, usize)>,
    code: Option<Node>,
    inner: Option<Entry>,
    retry_after: Option<Node>,
    /// The token and its lifetime, in the answer of the login.
    grant: Vec<Entry>,
    /// The examples that the operations give of their answers.
    pub examples: Vec<Example>,
}

impl Answers {
    pub fn read(root: &mut Table, problems: &mut Problems) -> Self {
        let Some(mut table) = root.table("answer", problems) else { return Self::default() };
        let format = table.text("format", problems);
        let (code, retry_after) = (table.take("code"), table.take("retry_after"));
        let inner = table.take("inner").map(|node| Entry { name: "inner".into(), line: node.line, node });
        table.finish(problems);
        Self { format, code, inner, retry_after, ..Self::default() }
    }

    /// Takes `token` and `expires_in` out of `[login]`.
    pub fn grant(&mut self, table: &mut Table, problems: &mut Problems) {
        match table.take("token") {
            Some(node) => self.grant.push(Entry { name: "token".into(), line: node.line, node }),
            None => problems.add(
                table.line,
                "login.token",
                "nothing says where the token is",
                "write token = \"/data/token\"",
            ),
        }
        if let Some(node) = table.take("expires_in") {
            self.grant.push(Entry { name: "expires_in".into(), line: node.line, node });
        }
    }

    /// How the answer of one operation is read.
    pub fn reading(&self, step: &str, table: &mut Table, problems: &mut Problems) -> Reading {
        let mut reading = Reading { retry_after: Extraction::header(RETRY_AFTER), ..Reading::default() };
        let (is_text, own_format) = self.is_text(table, problems);
        if is_text {
            reading.text = Some(words(table, "contains", problems));
        }
        self.codes(&mut reading, own_format, table, problems);
        if let Some(node) = table.take("retry_after").or_else(|| self.retry_after.clone()) {
            reading.retry_after =
                place(&node, "answer.retry_after", &mut reading.places, problems).unwrap_or_default();
        }
        if let Some(mut own) = table.table("classes", problems) {
            for entry in own.rest() {
                let field = own.field(&entry.name);
                let named = entry.node.plain().unwrap_or_default();
                let Some(class) = class(&named, entry.line, &field, problems) else { continue };
                if class == Class::Ok && says_too_much(&entry.name) {
                    problems.add(entry.line, &field, TOO_MUCH.0, TOO_MUCH.1);
                }
                reading.classes.push((entry.name.into(), class));
            }
        }
        let granted = if step == "login" { self.grant.clone() } else { Vec::new() };
        let own = table.table("values", problems).map(|mut values| values.rest()).unwrap_or_default();
        for entry in granted.into_iter().chain(own) {
            value(entry, &table.field("values"), &mut reading, problems);
        }
        record(table, &mut reading, problems);
        reading
    }

    /// Whether answers are read as text, and whether that differs from the usual format.
    fn is_text(&self, table: &mut Table, problems: &mut Problems) -> (bool, bool) {
        let field = table.field("format");
        let own = table.text("format", problems);
        let mut is_text =
            |format: Option<&(String, usize)>| match format.map(|(text, line)| (text.as_str(), *line)) {
                None | Some(("json", _)) => false,
                Some(("text", _)) => true,
                Some((text, line)) => {
                    known(line, &field, text, "json, text", problems);
                    false
                }
            };
        let usual = is_text(self.format.as_ref());
        let this = own.as_ref().map_or(usual, |own| is_text(Some(own)));
        (this, this != usual)
    }

    /// An answer in another format than usual has its code elsewhere: its own place, or the status.
    fn codes(&self, reading: &mut Reading, own_format: bool, table: &mut Table, problems: &mut Problems) {
        let own = table.take("code");
        let outer = own.as_ref().or(self.code.as_ref().filter(|_| !own_format));
        match outer {
            Some(node) => {
                let field = if own.is_some() { table.field("code") } else { "answer.code".to_owned() };
                reading.codes.extend(
                    place(node, &field, &mut reading.places, problems).map(|place| (place, "".into())),
                );
            }
            None => reading.codes.push((Extraction::status(), "".into())),
        }
        if let Some(entry) = self.inner.clone().filter(|_| !own_format)
            && let Some(mut inner) = entry.node.into_table("answer.inner".into(), problems)
        {
            let prefix = inner.text("prefix", problems).map_or_else(|| "inner ".to_owned(), |(text, _)| text);
            match inner.take("at") {
                Some(node) => {
                    let found = place(&node, "answer.inner.at", &mut reading.places, problems);
                    reading.codes.extend(found.map(|place| (place, prefix.into())));
                }
                None => {
                    problems.add(entry.line, "answer.inner", "says no place", "write { at = \"/data/code\" }")
                }
            }
            inner.finish(problems);
        }
    }
}

fn value(entry: Entry, field: &str, reading: &mut Reading, problems: &mut Problems) {
    let field = format!("{field}.{}", entry.name);
    if let Some(found) = place(&entry.node, &field, &mut reading.places, problems) {
        let optional = is_optional(&entry.node);
        reading.values.push(Wanted { name: entry.name.into(), place: found, optional });
    }
}

/// `record = { number = "/data/number" }`; with `list` the places are inside the element that has our number.
fn record(table: &mut Table, reading: &mut Reading, problems: &mut Problems) {
    let list = table.table("list", problems);
    let fields = table.table("record", problems).map(|mut record| record.rest()).unwrap_or_default();
    let path = table.field("record");
    let names: Vec<Option<FieldName>> =
        fields.iter().map(|entry| field_name(entry, &path, problems)).collect();
    match list {
        None => {
            for (entry, name) in fields.into_iter().zip(names) {
                reading.record.extend(name);
                value(entry, &path, reading, problems);
            }
        }
        Some(list) => listed(list, &fields, &names, &path, reading, problems),
    }
}

fn listed(
    mut list: Table,
    fields: &[Entry],
    names: &[Option<FieldName>],
    path: &str,
    reading: &mut Reading,
    problems: &mut Problems,
) {
    let mut place = |name| list.text(name, problems).map(|(text, line)| (steps(&text), line));
    let (at, key) = (place("at"), place("key"));
    let (line, list_path) = (list.line, list.path.clone());
    list.finish(problems);
    let (Some((Ok(at), _)), Some((Ok(key), _))) = (at, key) else {
        problems.add(
            line,
            &list_path,
            "must say where the list is and what an element is known by",
            "write { at = \"/data/items\", key = \"/number\" }",
        );
        return;
    };
    let mut inside = Vec::with_capacity(fields.len());
    for entry in fields {
        let text = entry.node.plain().or_else(|| at_of(&entry.node)).unwrap_or_default();
        inside.push(steps(&text).unwrap_or_else(|fault| {
            report(fault, entry.line, &format!("{path}.{}", entry.name), problems);
            Vec::new()
        }));
    }
    let numbers = reading.places.want_record(&at, &key, &inside);
    reading.list = true;
    for ((entry, number), name) in fields.iter().zip(numbers).zip(names) {
        reading.record.extend(*name);
        // A list that was asked for something else than a number has no record.
        match Extraction::registered(number, &entry.node) {
            Ok(place) => {
                reading.values.push(Wanted { name: entry.name.as_str().into(), place, optional: true })
            }
            Err(fault) => report(fault, entry.line, &format!("{path}.{}", entry.name), problems),
        }
    }
}

fn field_name(entry: &Entry, path: &str, problems: &mut Problems) -> Option<FieldName> {
    let name = FieldName::from_str(&entry.name);
    if name.is_err() {
        problems.add(
            entry.line,
            &format!("{path}.{}", entry.name),
            "is no field of an invoice",
            "put it into values",
        );
    }
    name.ok()
}

fn place(node: &Node, field: &str, places: &mut Places, problems: &mut Problems) -> Option<Extraction> {
    Extraction::compile(node, places).map_err(|fault| report(fault, node.line, field, problems)).ok()
}

fn is_optional(node: &Node) -> bool {
    let Value::Table(entries) = &node.value else { return false };
    entries.iter().any(|entry| entry.name == "optional" && matches!(entry.node.value, Value::Bool(true)))
}

fn at_of(node: &Node) -> Option<String> {
    let Value::Table(entries) = &node.value else { return None };
    entries.iter().find(|entry| entry.name == "at").and_then(|entry| entry.node.plain())
}
