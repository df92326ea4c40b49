//! Rules as YAML. Every string is written in the double-quoted form, which JSON's is part of.

use super::{Rule, Severity};
use std::fmt::Write as _;

/// The whole file.
#[must_use]
pub fn file(groups: &[(&str, Vec<Rule>)]) -> String {
    let mut out = String::from(
        "# Written by `piaotan grafana rules`; a test compares it with its generator.\ngroups:\n",
    );
    for (name, rules) in groups {
        let _ = write!(out, "  - name: {}\n    rules:\n", quoted(name));
        rules.iter().for_each(|rule| push(&mut out, rule));
    }
    out
}

fn push(out: &mut String, rule: &Rule) {
    let key = if rule.alert.is_some() { "alert" } else { "record" };
    let _ = write!(out, "      - {key}: {}\n        expr: {}\n", quoted(&rule.name), quoted(&rule.expr));
    let Some(alert) = &rule.alert else { return };
    let severity = match alert.severity {
        Severity::Page => "page",
        Severity::Ticket => "ticket",
    };
    if alert.hold != "0m" {
        let _ = writeln!(out, "        for: {}", quoted(alert.hold));
    }
    let _ = writeln!(out, "        labels:\n          severity: {severity}\n        annotations:");
    let _ = writeln!(
        out,
        "          summary: {}\n          description: {}",
        quoted(&alert.summary),
        quoted(&alert.description)
    );
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
