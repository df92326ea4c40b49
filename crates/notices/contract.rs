//! The object that `windows parse` answers; its fields are a promise to other programs.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::Serialize;

use crate::reading::{DoubtKind, Evidence, Kind, Reading, Recurring, Reference, Relation, Status};

/// The version of the object's form.
pub const SCHEMA: u32 = 1;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: u32,
    kind: &'static str,
    notice: Kind,
    windows: Vec<WindowLine<'a>>,
    recurring: Vec<RecurringLine<'a>>,
    unaffected: &'a [String],
    doubts: Vec<DoubtLine<'a>>,
    refers: Vec<ReferenceLine>,
}

#[derive(Debug, Serialize)]
struct WindowLine<'a> {
    start: String,
    end: Option<String>,
    services: &'a [String],
    status: Status,
    evidence: EvidenceLine<'a>,
    rules: &'a [&'static str],
}

#[derive(Debug, Serialize)]
struct EvidenceLine<'a> {
    from: usize,
    to: usize,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct RecurringLine<'a> {
    rrule: &'a str,
    start: Option<String>,
    duration: Option<i64>,
    time: Option<String>,
    services: &'a [String],
    evidence: EvidenceLine<'a>,
}

#[derive(Debug, Serialize)]
struct DoubtLine<'a> {
    kind: DoubtKind,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct ReferenceLine {
    relation: Relation,
    start: Option<String>,
    end: Option<String>,
}

impl Reading {
    /// The JSON object of the machine-readable contract: `schema` first, `kind` second; times are
    /// RFC 3339 with offset, `duration` in seconds, `evidence` in bytes of the text that was read.
    pub fn to_json(&self) -> serde_json::Value {
        let answer = Answer {
            schema: SCHEMA,
            kind: "windows_parse",
            notice: self.notice,
            windows: self
                .windows
                .iter()
                .map(|window| WindowLine {
                    start: rfc3339(window.start),
                    end: window.end.map(rfc3339),
                    services: &window.services,
                    status: window.status,
                    evidence: evidence(&window.evidence),
                    rules: &window.rules,
                })
                .collect(),
            recurring: self.recurring.iter().map(recurring).collect(),
            unaffected: &self.unaffected,
            doubts: self
                .doubts
                .iter()
                .map(|doubt| DoubtLine { kind: doubt.kind, text: &doubt.text })
                .collect(),
            refers: self.refers.iter().map(reference).collect(),
        };
        serde_json::to_value(answer).expect("a struct of strings and numbers is JSON")
    }
}

fn rfc3339(time: DateTime<FixedOffset>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn evidence(evidence: &Evidence) -> EvidenceLine<'_> {
    EvidenceLine { from: evidence.bytes.start, to: evidence.bytes.end, text: &evidence.excerpt }
}

fn recurring(rule: &Recurring) -> RecurringLine<'_> {
    RecurringLine {
        rrule: &rule.rrule,
        start: rule.start.map(rfc3339),
        duration: rule.duration,
        time: rule.time.map(|time| time.format("%H:%M:%S").to_string()),
        services: &rule.services,
        evidence: evidence(&rule.evidence),
    }
}

fn reference(reference: &Reference) -> ReferenceLine {
    ReferenceLine {
        relation: reference.relation,
        start: reference.start.map(rfc3339),
        end: reference.end.map(rfc3339),
    }
}
