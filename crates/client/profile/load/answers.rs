//! `[codes]` and `[maintenance]`: what the platform's answers mean.

use super::super::problem::Problems;
use super::super::source::{Entry, Table, Value};
use super::super::verdict::{Class, Codes, Signals, fits};
use super::known;
use hyper::header::HeaderName;
use piaotan_record::CodeBook;
use piaotan_record::code::CodeEntry;
use std::str::FromStr;

/// `[codes] "0000" = { class = "ok", en = "…", zh = "…" }` or `"0000" = "ok"`; `other = "…"` for the rest.
pub(in super::super) fn codes(root: &mut Table, problems: &mut Problems) -> (Codes, Signals) {
    let mut codes = Codes::default();
    match root.table("codes", problems) {
        None => problems.add(
            1,
            "codes",
            "no code means anything",
            "write [codes] \"0000\" = { class = \"ok\" } and other = \"unreadable\"",
        ),
        Some(mut table) => {
            let line = table.line;
            let entries = table.rest();
            let mut book = Vec::with_capacity(entries.len());
            for entry in entries {
                code(entry, &mut codes, &mut book, problems);
            }
            // `Codes` holds indices into the book, which puts `other` in front.
            codes.book = CodeBook::new(book);
            if codes.other.is_none() {
                let remedy = "write other = \"unreadable\" (or client_error, server_error, business_no)";
                problems.add(line, "codes.other", "codes that are not listed are left unclassified", remedy);
            }
            if !codes.exact.values().any(|(_, class)| *class == Class::Ok)
                && !codes.patterns.iter().any(|(.., class)| *class == Class::Ok)
            {
                problems.add(line, "codes", "no code means ok", "give the code of success the class \"ok\"");
            }
        }
    }
    (codes, signals(root, problems))
}

fn code(entry: Entry, codes: &mut Codes, book: &mut Vec<CodeEntry>, problems: &mut Problems) {
    let field = format!("codes.{}", entry.name);
    let mut words = CodeEntry {
        code: entry.name.clone(),
        meaning: String::new(),
        meaning_zh: String::new(),
        remedy: String::new(),
        remedy_zh: String::new(),
    };
    let class = match &entry.node.value {
        Value::Text(name) => class(name, entry.line, &field, problems),
        _ => entry
            .node
            .clone()
            .into_table(field.clone(), problems)
            .and_then(|table| detailed(table, &mut words, problems)),
    };
    let Some(class) = class else { return };
    if entry.name == "other" {
        if class == Class::Ok {
            problems.add(
                entry.line,
                &field,
                "an unknown code would pass for a success",
                "write \"unreadable\"",
            );
        }
        codes.other = Some(class);
        return;
    }
    if class == Class::Ok && says_too_much(&entry.name) {
        problems.add(entry.line, &field, TOO_MUCH.0, TOO_MUCH.1);
    }
    book.push(words);
    let index = CodeBook::new(book.clone()).code(&entry.name);
    if entry.name.ends_with('*') || entry.name.ends_with("xx") {
        codes.patterns.push((entry.name.into(), index, class));
    } else {
        codes.exact.insert(entry.name.into(), (index, class));
    }
}

/// What a pattern is told that would call failures a success.
pub(super) const TOO_MUCH: (&str, &str) =
    ("failures would pass for a success", "list the codes of success one by one, or write \"2xx\"");

/// Whether a pattern (no single code) fits a status from 400 on: those are failures.
pub(super) fn says_too_much(pattern: &str) -> bool {
    let many = pattern.ends_with('*') || pattern.ends_with("xx");
    many && (400..600).any(|status: u16| fits(pattern, &status.to_string()))
}

fn detailed(mut table: Table, words: &mut CodeEntry, problems: &mut Problems) -> Option<Class> {
    let mut text = |name| table.text(name, problems).map(|(text, _)| text).unwrap_or_default();
    words.meaning = text("en");
    words.meaning_zh = text("zh");
    words.remedy = text("remedy");
    words.remedy_zh = text("remedy_zh");
    let named = table.text("class", problems);
    let field = table.field("class");
    if named.is_none() {
        problems.add(table.line, &field, "the code has no class", format!("one of: {}", classes()));
    }
    table.finish(problems);
    named.and_then(|(name, line)| class(&name, line, &field, problems))
}

pub(super) fn class(name: &str, line: usize, field: &str, problems: &mut Problems) -> Option<Class> {
    let class = Class::from_str(name).ok();
    if class.is_none() {
        known(line, field, name, &classes(), problems);
    }
    class
}

fn classes() -> String {
    Class::ALL.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(", ")
}

fn signals(root: &mut Table, problems: &mut Problems) -> Signals {
    let mut signals = Signals::default();
    let Some(mut table) = root.table("maintenance", problems) else { return signals };
    if let Some(node) = table.take("statuses") {
        let Value::List(list) = node.value else {
            problems.add(node.line, "maintenance.statuses", "must be a list", "write [503, 527]");
            return signals;
        };
        for each in list {
            match each
                .plain()
                .and_then(|text| text.parse::<u16>().ok())
                .filter(|status| (100..600).contains(status))
            {
                Some(status) => signals.statuses.push(status),
                None => {
                    problems.add(each.line, "maintenance.statuses", "is no HTTP status", "write [503, 527]")
                }
            }
        }
    }
    signals.pages = words(&mut table, "pages", problems);
    signals.locations = words(&mut table, "locations", problems);
    if let Some(mut headers) = table.table("headers", problems) {
        for entry in headers.rest() {
            let name = HeaderName::from_bytes(entry.name.as_bytes());
            match (name, entry.node.plain()) {
                (Ok(name), Some(part)) => signals.headers.push((name, Some(part).filter(|part| part != "*"))),
                _ => problems.add(
                    entry.line,
                    &headers.field(&entry.name),
                    "is no header",
                    "write NAME = \"part of its value\" or \"*\"",
                ),
            }
        }
    }
    table.finish(problems);
    signals
}

/// Words that are looked for in a text; an empty one is in every text.
pub(super) fn words(table: &mut Table, name: &'static str, problems: &mut Problems) -> Vec<String> {
    let field = table.field(name);
    let words = table.texts(name, problems);
    for (_, line) in words.iter().filter(|(word, _)| word.trim().is_empty()) {
        problems.add(
            *line,
            &field,
            "an empty word is in every text",
            "write a word that only such a text has",
        );
    }
    words.into_iter().map(|(word, _)| word).collect()
}
