//! Two runs side by side: what was, and what is. It tells and does not judge: `gate` judges, from pairs.

use crate::html::operation_name;
use crate::units::{self, change};
use crate::words::{self, Lang};
use piaotan_analysis::summary::{Latency, OperationSummary, Summary};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A run and the one before it.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    pub before: &'a Summary,
    pub after: &'a Summary,
}

/// One quantity of both runs; absent where a run did not measure it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub subject: String,
    pub quantity: &'static str,
    pub before: Option<f64>,
    pub after: Option<f64>,
}

impl Pair {
    /// Relative change, as a ratio − 1. `None` where there is nothing to divide by.
    #[must_use]
    pub fn change(&self) -> Option<f64> {
        let (before, after) = (self.before?, self.after?);
        (before > 0.0).then(|| after / before - 1.0)
    }
}

type Read = fn(&Latency) -> f64;
const RESPONSE: [(&str, Read); 3] =
    [("response.p50", |l| l.p50), ("response.p95", |l| l.p95), ("response.p99", |l| l.p99)];

impl Comparison<'_> {
    /// Response times and error shares of each operation outside windows, then delays of each surface.
    #[must_use]
    pub fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for name in merged(self.before.operations.keys(), self.after.operations.keys()) {
            let (before, after) = (self.before.operations.get(name), self.after.operations.get(name));
            for (quantity, read) in RESPONSE {
                let of = |run: Option<&OperationSummary>| run.and_then(|op| op.response.as_ref()).map(read);
                pairs.push(Pair { subject: name.clone(), quantity, before: of(before), after: of(after) });
            }
            let (before, after) = (before.and_then(bad), after.and_then(bad));
            pairs.push(Pair { subject: name.clone(), quantity: "not_answered", before, after });
        }
        for surface in merged(self.before.sync.keys(), self.after.sync.keys()) {
            for quantity in ["p50", "p95"] {
                // A lower bound is no measurement: two of them cannot be compared.
                let of = |run: &Summary| {
                    run.sync.get(surface)?.quantiles.get(quantity).filter(|q| q.reached).map(|q| q.value)
                };
                let (before, after) = (of(self.before), of(self.after));
                pairs.push(Pair { subject: format!("sync.{surface}"), quantity, before, after });
            }
        }
        pairs
    }

    /// For machines: changes as ratios − 1, times in seconds, unknown as null.
    #[must_use]
    pub fn json(&self) -> Value {
        let each = |pair: &Pair| {
            json!({
                "subject": pair.subject, "quantity": pair.quantity,
                "before": pair.before, "after": pair.after, "change": pair.change(),
            })
        };
        let pairs: Vec<Value> = self.pairs().iter().map(each).collect();
        let run =
            |s: &Summary| json!({"run": s.run, "verdict": s.verdict, "started": s.started.to_rfc3339()});
        let (before, after) = (run(self.before), run(self.after));
        json!({"schema": 1, "kind": "comparison", "before": before, "after": after, "pairs": pairs})
    }

    /// For people, as Markdown.
    #[must_use]
    pub fn markdown(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let heads = if zh { "| | | 之前 | 之后 | 变化 |" } else { "| | | before | after | change |" };
        let mut out = String::new();
        for (word, run) in [
            (if zh { "之前" } else { "before" }, self.before),
            (if zh { "之后" } else { "after" }, self.after),
        ] {
            let verdict = words::verdict(lang, run.verdict);
            let _ = writeln!(out, "{word}  {}  {verdict}", units::clean(&run.run, 80));
        }
        let _ = write!(out, "\n{heads}\n|---|---|---:|---:|---:|\n");
        for pair in self.pairs().iter().filter(|pair| pair.before.is_some() || pair.after.is_some()) {
            let write = |value: Option<f64>| match value {
                None => "–".to_owned(),
                Some(share) if pair.quantity == "not_answered" => units::percent(share),
                Some(seconds) => units::seconds(seconds),
            };
            let by = pair.change().map_or_else(|| "–".to_owned(), change);
            let name = operation_name(lang, &pair.subject).replace('|', "\\|");
            let (before, after) = (write(pair.before), write(pair.after));
            let _ = writeln!(out, "| {name} | {} | {before} | {after} | {by} |", pair.quantity);
        }
        let note = if zh {
            "\n只作对照，不作判断：两次单独的运行之差含有机器与时刻的差别；`piaotan gate` 成对地判断。\n"
        } else {
            "\nA comparison, not a verdict: two single runs also differ by machine and hour. `piaotan gate` judges, in pairs.\n"
        };
        out + note
    }
}

/// Share of requests that got no answer of the platform's functions: failed or timed out.
fn bad(operation: &OperationSummary) -> Option<f64> {
    const GOOD: [&str; 5] = ["ok", "business_no", "not_yet_visible", "duplicate", "auth_challenge"];
    let all: u64 = operation.outcomes.values().sum();
    let good: u64 = GOOD.iter().filter_map(|name| operation.outcomes.get(*name)).sum();
    (all > 0).then(|| (all - good) as f64 / all as f64)
}

fn merged<'a>(a: impl Iterator<Item = &'a String>, b: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut names: Vec<&String> = a.chain(b).collect();
    names.sort();
    names.dedup();
    names
}
