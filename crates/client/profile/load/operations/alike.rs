//! `like = "OTHER"`: an operation that says only how it differs from another one.

use super::super::super::problem::Problems;
use super::super::super::source::{Entry, Node, Value};

/// The operations, each written out.
pub(super) fn resolved(entries: Vec<Entry>, problems: &mut Problems) -> Vec<Entry> {
    entries.iter().map(|entry| written_out(entry, &entries, 0, problems)).collect()
}

/// The entry with what it takes from the operation that it is like. Chains are short: a circle ends as one.
fn written_out(entry: &Entry, all: &[Entry], depth: usize, problems: &mut Problems) -> Entry {
    let Value::Table(own) = &entry.node.value else { return entry.clone() };
    let Some(at) = own.iter().position(|field| field.name == "like") else { return entry.clone() };
    let mut own = own.clone();
    let like = own.remove(at);
    let name = like.node.plain().unwrap_or_default();
    let field = format!("operation.{}.like", entry.name);
    let found = all.iter().find(|other| other.name == name && other.name != entry.name).filter(|_| depth < 4);
    let Some(found) = found else {
        let message = format!("there is no other operation `{name}`, or it is like this one");
        problems.add(like.line, &field, message, "name one that is written out");
        return with(entry, own);
    };
    let mut taken = written_out(found, all, depth + 1, problems);
    if let Value::Table(fields) = &mut taken.node.value {
        // Examples are read once, for the operation that gives them.
        fields.retain(|field| field.name != "example");
        return with(entry, merged(std::mem::take(fields), own));
    }
    with(entry, own)
}

fn with(entry: &Entry, fields: Vec<Entry>) -> Entry {
    let node = Node { line: entry.node.line, value: Value::Table(fields) };
    Entry { name: entry.name.clone(), line: entry.line, node }
}

/// Both lists; one's own entries replace those of the same name, and tables are merged member by member.
pub(super) fn merged(common: Vec<Entry>, own: Vec<Entry>) -> Vec<Entry> {
    let mut list = common;
    for entry in own {
        let Some(known) = list.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&entry.name)) else {
            list.push(entry);
            continue;
        };
        let value = match (known.node.value.clone(), entry.node.value) {
            (Value::Table(common), Value::Table(own)) => Value::Table(merged(common, own)),
            (_, own) => own,
        };
        *known = Entry { name: entry.name, line: entry.line, node: Node { line: entry.node.line, value } };
    }
    list
}
