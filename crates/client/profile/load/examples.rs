//! Answers that a profile gives as examples: each must be read as the profile says, or the profile is wrong.
//!
//! An extraction that finds nothing is thereby found when the profile is loaded.

use super::super::Profile;
use super::super::explain::explain;
use super::super::extract::Answer;
use super::super::problem::Problems;
use super::super::source::Table;
use super::super::verdict::judge;
use super::{known, tables};
use crate::port::{FieldName, Fields};
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use piaotan_record::OutcomeKind;
use std::str::FromStr;

/// `[[operation.NAME.example]] status = 200, body = '…', expect = "ok"`.
#[derive(Debug)]
pub(super) struct Example {
    line: usize,
    field: String,
    exchange: usize,
    status: u16,
    headers: HeaderMap,
    body: String,
    expect: OutcomeKind,
    /// What must be extracted.
    values: Vec<(String, String)>,
    /// What the call asked for.
    asked: Vec<(FieldName, String)>,
    /// The invoice is known to have been accepted.
    known: bool,
}

/// Takes the examples out of an operation's table.
pub(super) fn examples(table: &mut Table, exchange: usize, problems: &mut Problems) -> Vec<Example> {
    let field = table.field("example");
    tables(table, "example", problems)
        .into_iter()
        .filter_map(|each| example(each, &field, exchange, problems))
        .collect()
}

fn example(mut table: Table, field: &str, exchange: usize, problems: &mut Problems) -> Option<Example> {
    let line = table.line;
    let status = table.integer("status", problems).unwrap_or(200);
    let body = table.text("body", problems).map(|(text, _)| text).unwrap_or_default();
    let expect = table.text("expect", problems);
    let mut pairs = |name| {
        let entries = table.table(name, problems).map(|mut part| part.rest()).unwrap_or_default();
        entries.into_iter().filter_map(|entry| Some((entry.name, entry.node.plain()?))).collect::<Vec<_>>()
    };
    let (headers, values, asked) = (pairs("headers"), pairs("values"), pairs("asked"));
    let known_invoice = table.flag("known", problems);
    table.finish(problems);
    let header = |(name, value): &(String, String)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    };
    let (name, expect_line) = expect.unwrap_or_else(|| ("ok".to_owned(), line));
    let Ok(expect) = OutcomeKind::from_str(&name) else {
        let kinds: Vec<&str> = OutcomeKind::ALL.iter().map(|kind| kind.as_str()).collect();
        known(expect_line, &format!("{field}.expect"), &name, &kinds.join(", "), problems);
        return None;
    };
    Some(Example {
        line,
        field: field.to_owned(),
        exchange,
        status: u16::try_from(status).unwrap_or(200),
        headers: headers.iter().filter_map(header).collect(),
        body,
        expect,
        values,
        asked: asked.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect(),
        known: known_invoice,
    })
}

/// Reads every example as if it had come over the wire.
pub(super) fn run(profile: &Profile, examples: &[Example], problems: &mut Problems) {
    for example in examples {
        let Some(exchange) = profile.exchanges.get(example.exchange) else { continue };
        let mut fields = Fields::default();
        fields.known = example.known;
        for (name, value) in &example.asked {
            fields.set(*name, value);
        }
        let answer =
            Answer { status: example.status, headers: &example.headers, body: example.body.as_bytes() };
        let judged = judge(profile, &exchange.reading, &fields, &answer);
        if judged.outcome.kind() != example.expect {
            let why = explain(profile, &exchange.reading, &fields, &answer).join(", ");
            let message =
                format!("the example says {}, and reads as {}: {why}", example.expect, judged.outcome.kind());
            problems.add(
                example.line,
                &example.field,
                message,
                "correct the place, the class or the example",
            );
        }
        for (name, wanted) in &example.values {
            let found = judged.values.get(name);
            if found != Some(wanted.as_str()) {
                let found = found.map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"));
                let message = format!("the example gives {found} for `{name}`, not `{wanted}`");
                problems.add(example.line, &example.field, message, "correct the place or the example");
            }
        }
    }
}
