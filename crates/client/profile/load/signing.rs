//! `[sign.NAME]`: what is signed, with which digest and key, and how the result is written.

use super::super::digest::{Digest, Encoding};
use super::super::problem::Problems;
use super::super::scope::{Declared, Scope, Source};
use super::super::sign::{Sign, Sorting};
use super::super::source::Table;
use super::super::template::Template;
use super::{claim, known, report, template};

pub(in super::super) fn signs(root: &mut Table, scope: &mut Scope, problems: &mut Problems) -> Vec<Sign> {
    let Some(mut table) = root.table("sign", problems) else { return Vec::new() };
    let entries = table.rest();
    // Names first: one signature may be part of the text of another.
    for entry in &entries {
        claim(&entry.name, entry.line, &format!("sign.{}", entry.name), scope, problems);
        scope.signatures.push(Declared { name: entry.name.clone(), line: entry.line });
    }
    let mut signs = Vec::with_capacity(entries.len());
    for entry in entries {
        let table = entry.node.into_table(format!("sign.{}", entry.name), problems);
        signs.push(table.map_or_else(nothing, |table| sign(table, scope, problems)));
    }
    signs
}

fn sign(mut table: Table, scope: &Scope, problems: &mut Problems) -> Sign {
    let mut sign = nothing();
    let (mut text_line, before) = (table.line, problems.list().len());
    match table.text("text", problems) {
        Some((text, line)) => {
            text_line = line;
            sign.text = template(&text, line, &table.field("text"), scope, problems);
        }
        None => {
            problems.add(table.line, &table.field("text"), "nothing is signed", "write text = \"…{body}…\"")
        }
    }
    match table.text("digest", problems) {
        Some((name, line)) => match Digest::parse(&name) {
            Some(digest) => sign.digest = digest,
            None => known(line, &table.field("digest"), &name, Digest::NAMES, problems),
        },
        None => problems.add(
            table.line,
            &table.field("digest"),
            "no digest is named",
            format!("one of: {}", Digest::NAMES),
        ),
    }
    if let Some((name, line)) = table.text("encode", problems) {
        match Encoding::parse(&name) {
            Some(encoding) => sign.encoding = encoding,
            None => known(line, &table.field("encode"), &name, Encoding::NAMES, problems),
        }
    }
    sign.key = key(&mut table, sign.digest, scope, problems);
    // The text of a key that is derived from another may be the same always.
    let derived = |key: &Template| key.sources().any(|source| matches!(source, Source::Signature(_)));
    let says_nothing = sign.text.constant().is_some() && !sign.key.as_ref().is_some_and(derived);
    if says_nothing && problems.list().len() == before {
        let remedy = "write text = \"…{body}…\", with what the platform wants signed";
        problems.add(text_line, &table.field("text"), "nothing of the request is in it", remedy);
    }
    if sign.key.is_some() != sign.digest.needs_key() {
        let (message, remedy) = match sign.key {
            Some(_) => {
                ("this digest takes no key", "use hmac-sha256 and the like, or put the secret into the text")
            }
            None => ("this digest needs a key", "write key = \"{secret.NAME}\""),
        };
        problems.add(table.line, &table.field("key"), message, remedy);
    }
    for (name, line) in table.texts("unsigned", problems) {
        if let Err(fault) = scope.source(&name) {
            report(fault, line, &table.field("unsigned"), problems);
        }
        sign.unsigned.push(name);
    }
    if let Some(inner) = table.table("sorted", problems) {
        sign.sorted = sorting(inner, problems);
    }
    table.finish(problems);
    sign
}

/// The key is a secret, and a secret has no place in a profile; an RSA key is one whole secret.
fn key(table: &mut Table, digest: Digest, scope: &Scope, problems: &mut Problems) -> Option<Template> {
    let (text, line) = table.text("key", problems)?;
    let (field, before) = (table.field("key"), problems.list().len());
    let key = template(&text, line, &field, scope, problems);
    if problems.list().len() > before || !digest.needs_key() {
        return Some(key);
    }
    if key.constant().is_some() {
        let remedy = "write [secrets] NAME = \"env:…\" and key = \"{secret.NAME}\" here";
        problems.add(line, &field, "a key itself has no place in a profile", remedy);
    } else if digest == Digest::RsaSha256 && key.secret().is_none() {
        let remedy = "write key = \"{secret.NAME}\" and nothing else";
        problems.add(line, &field, "an RSA key is one whole secret", remedy);
    }
    Some(key)
}

fn sorting(mut table: Table, problems: &mut Problems) -> Sorting {
    let of = table.texts("of", problems);
    let field = table.field("of");
    for (name, line) in of.iter().filter(|(name, _)| name != "query" && name != "body") {
        known(*line, &field, name, "query, body", problems);
    }
    let from = |wanted: &str| of.is_empty() || of.iter().any(|(name, _)| name == wanted);
    let (query, body) = (from("query"), from("body"));
    let inside = table.text("inside", problems).map(|(text, _)| text).unwrap_or_default();
    let without = table.texts("without", problems).into_iter().map(|(text, _)| text).collect();
    let equals = table.text("equals", problems).map_or_else(|| "=".to_owned(), |(text, _)| text);
    let join = table.text("join", problems).map_or_else(|| "&".to_owned(), |(text, _)| text);
    let keep_empty = table.flag("keep_empty", problems);
    table.finish(problems);
    Sorting { query, body, inside, without, equals, join, keep_empty }
}

fn nothing() -> Sign {
    Sign {
        text: Template::default(),
        digest: Digest::Sha256,
        key: None,
        encoding: Encoding::LowerHex,
        sorted: Sorting {
            query: true,
            body: true,
            equals: "=".into(),
            join: "&".into(),
            ..Sorting::default()
        },
        unsigned: Vec::new(),
    }
}
