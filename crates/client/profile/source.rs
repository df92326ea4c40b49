//! The text of a profile as a tree that knows its lines, read key by key so that every problem is found.

use super::problem::Problems;
use chrono::TimeDelta;
use piaotan_record::names::nearest;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A value of the profile and the line on which it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub line: usize,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub name: String,
    pub line: usize,
    pub node: Node,
}

/// A table under reading: what nobody asks for is an unknown field.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub path: String,
    pub line: usize,
    entries: Vec<Entry>,
    asked: Vec<&'static str>,
}

/// Reads the whole text; syntax errors become problems.
pub(super) fn read(text: &str, problems: &mut Problems) -> Table {
    let lines = Lines::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = lines.of(error.span().unwrap_or(0..0));
        problems.add(
            line,
            "",
            format!("not TOML: {}", error.message().replace('\n', " ")),
            "correct the syntax here",
        );
    }
    Table::new(String::new(), 1, entries(table.get_ref(), &lines))
}

impl Table {
    pub fn new(path: String, line: usize, entries: Vec<Entry>) -> Self {
        Self { path, line, entries, asked: Vec::new() }
    }

    /// The dotted path of a field of this table.
    pub fn field(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Takes a field out, whatever it is.
    pub fn take(&mut self, name: &'static str) -> Option<Node> {
        self.asked.push(name);
        let at = self.entries.iter().position(|entry| entry.name == name)?;
        Some(self.entries.remove(at).node)
    }

    pub fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<(String, usize)> {
        let node = self.take(name)?;
        match node.value {
            Value::Text(text) => Some((text, node.line)),
            _ => self.wrong(name, node.line, "must be text", "put it into quotes", problems),
        }
    }

    pub fn flag(&mut self, name: &'static str, problems: &mut Problems) -> bool {
        match self.take(name) {
            None => false,
            Some(Node { value: Value::Bool(flag), .. }) => flag,
            Some(node) => {
                self.wrong::<bool>(name, node.line, "must be a switch", "write true or false", problems);
                false
            }
        }
    }

    pub fn integer(&mut self, name: &'static str, problems: &mut Problems) -> Option<u32> {
        let node = self.take(name)?;
        match node.value {
            Value::Integer(number) if u32::try_from(number).is_ok() => u32::try_from(number).ok(),
            _ => {
                self.wrong(name, node.line, "must be a whole number", "write digits without quotes", problems)
            }
        }
    }

    pub fn number(&mut self, name: &'static str, problems: &mut Problems) -> Option<f64> {
        let node = self.take(name)?;
        match node.value {
            Value::Integer(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => self.wrong(name, node.line, "must be a number", "write it without quotes", problems),
        }
    }

    pub fn time(&mut self, name: &'static str, problems: &mut Problems) -> Option<TimeDelta> {
        let (text, line) = self.text(name, problems)?;
        let remedy = "write a number and ms, s, min, h or d, as in \"30 s\"";
        time(&text).or_else(|| {
            self.wrong(name, line, &format!("`{text}` is not a length of time"), remedy, problems)
        })
    }

    pub fn texts(&mut self, name: &'static str, problems: &mut Problems) -> Vec<(String, usize)> {
        let Some(node) = self.take(name) else { return Vec::new() };
        let list = match node.value {
            Value::List(list) => list,
            Value::Text(_) => vec![node],
            _ => {
                return self
                    .wrong(name, node.line, "must be a list", "write [\"…\", \"…\"]", problems)
                    .unwrap_or_default();
            }
        };
        let mut texts = Vec::with_capacity(list.len());
        for each in list {
            match each.value {
                Value::Text(text) => texts.push((text, each.line)),
                _ => drop(self.wrong::<()>(
                    name,
                    each.line,
                    "must hold only texts",
                    "put each into quotes",
                    problems,
                )),
            }
        }
        texts
    }

    pub fn table(&mut self, name: &'static str, problems: &mut Problems) -> Option<Table> {
        let node = self.take(name)?;
        let path = self.field(name);
        node.into_table(path, problems)
    }

    /// Every field that is left, for tables whose names are the profile's own.
    pub fn rest(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Whatever nobody asked for is unknown.
    pub fn finish(self, problems: &mut Problems) {
        for entry in &self.entries {
            let remedy = match nearest(&entry.name, self.asked.iter().copied()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("one of: {}", self.asked.join(", ")),
            };
            problems.add(entry.line, &self.field(&entry.name), "unknown field", remedy);
        }
    }

    fn wrong<T>(
        &self,
        name: &str,
        line: usize,
        what: &str,
        remedy: &str,
        problems: &mut Problems,
    ) -> Option<T> {
        problems.add(line, &self.field(name), what, remedy);
        None
    }
}

impl Node {
    pub fn into_table(self, path: String, problems: &mut Problems) -> Option<Table> {
        match self.value {
            Value::Table(entries) => Some(Table::new(path, self.line, entries)),
            _ => {
                problems.add(self.line, &path, "must be a table", "write { name = value, … }");
                None
            }
        }
    }

    /// The text of a plain value, however it was written.
    pub fn plain(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::List(_) | Value::Table(_) => None,
        }
    }
}

/// Reads `200 ms`, `30 s`, `5 min`, `24 h`, `30 d`.
pub(super) fn time(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..at].parse().ok()?;
    let unit = match text[at..].trim() {
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let milliseconds = number * unit * 1e3;
    (milliseconds <= 1e14).then(|| TimeDelta::milliseconds(milliseconds as i64))
}

/// Where lines begin, to turn a byte offset into a line number.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    fn of(&self, span: Range<usize>) -> usize {
        self.0.partition_point(|end| *end < span.start) + 1
    }
}

fn entries(table: &DeTable<'_>, lines: &Lines) -> Vec<Entry> {
    let mut list: Vec<(usize, Entry)> = table
        .iter()
        .map(|(name, value)| {
            let line = lines.of(name.span());
            (
                name.span().start,
                Entry { name: name.get_ref().to_string(), line, node: node(value, line, lines) },
            )
        })
        .collect();
    list.sort_by_key(|(start, _)| *start);
    list.into_iter().map(|(_, entry)| entry).collect()
}

fn node(value: &Spanned<DeValue<'_>>, key_line: usize, lines: &Lines) -> Node {
    let line = if value.get_ref().is_table() { key_line } else { lines.of(value.span()) };
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            Value::Integer(i64::from_str_radix(&digits, number.radix()).unwrap_or(i64::MAX))
        }
        DeValue::Float(number) => Value::Float(number.as_str().replace('_', "").parse().unwrap_or(f64::MAX)),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(when) => Value::Text(when.to_string()),
        DeValue::Array(list) => Value::List(nodes(list, lines)),
        DeValue::Table(table) => Value::Table(entries(table, lines)),
    };
    Node { line, value }
}

fn nodes(list: &DeArray<'_>, lines: &Lines) -> Vec<Node> {
    list.iter().map(|each| node(each, lines.of(each.span()), lines)).collect()
}
