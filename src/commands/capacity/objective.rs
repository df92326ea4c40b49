//! An objective in the operator's words: `p95 < 500ms`, or of one operation `query_number.p99 < 1s`.

use piaotan_analysis::capacity::Slo;
use piaotan_record::names::UnknownName;
use piaotan_record::{Operation, Span};
use std::str::FromStr;

/// What a rate must keep.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    pub text: String,
    /// The operation whose requests count; all of them where none is named.
    pub operation: Option<Operation>,
    pub slo: Slo,
}

/// The share that may be over the objective: the posterior has no use for more.
const SHARES: std::ops::RangeInclusive<f64> = 0.000_1..=0.200_001;

impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no objective; write `p95 < 500ms`, or `query_number.p95 < 500ms`");
        let (left, right) = text.split_once('<').ok_or_else(wrong)?;
        let latency: Span =
            right.trim_start_matches('=').trim().parse().map_err(|e| format!("`{text}`: {e}"))?;
        let left = left.trim();
        let (subject, quantile) =
            left.rsplit_once(".p").or(left.strip_prefix('p').map(|q| ("", q))).ok_or_else(wrong)?;
        // `query.p99.9`: the last dot belongs to the number.
        let share = 1.0 - percentile(quantile).ok_or_else(wrong)?;
        if !SHARES.contains(&share) {
            return Err(format!("`{text}`: the percentile must be from p80 to p99.99"));
        }
        if latency.0.is_zero() {
            return Err(format!("`{text}`: no answer takes no time; write `p95 < 500ms`"));
        }
        let operation = match subject.trim_end_matches(".response").trim_end_matches("response") {
            "" => None,
            named => Some(operation(named)?),
        };
        Ok(Self {
            text: text.trim().to_owned(),
            operation,
            slo: Slo { latency: latency.as_seconds(), share },
        })
    }
}

/// `95` is 0.95, `99.9` and `999` are 0.999.
fn percentile(text: &str) -> Option<f64> {
    let all_digits = text.len() >= 2 && text.bytes().all(|b| b.is_ascii_digit());
    if all_digits {
        return format!("0.{text}").parse().ok();
    }
    text.contains('.').then(|| text.parse::<f64>().ok().map(|percent| percent / 100.0))?
}

fn operation(named: &str) -> Result<Operation, String> {
    let known = || Operation::ALL.iter().filter(|op| op.is_of_users()).map(|op| op.as_str());
    named.parse::<Operation>().map_err(|_| UnknownName::new(named, known()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, operation: Option<Operation>, latency: f64, share: f64) {
        let read: Objective = text.parse().expect(text);
        assert_eq!((read.operation, read.slo.latency), (operation, latency), "{text}");
        assert!((read.slo.share - share).abs() < 1e-9, "{text}: {}", read.slo.share);
    }

    #[test]
    fn objectives_are_read_as_people_write_them() {
        check("p95 < 500ms", None, 0.5, 0.05);
        check("p99<=1s", None, 1.0, 0.01);
        check("query_number.p99.9 < 2s", Some(Operation::QueryNumber), 2.0, 0.001);
        check("upload.response.p999 < 1m30s", Some(Operation::Upload), 90.0, 0.001);
    }

    #[test]
    fn what_is_none_is_told_what_to_write() {
        let check = |text: &str, part: &str| {
            let told = text.parse::<Objective>().expect_err(text);
            assert!(told.contains(part), "{text}: {told}");
        };
        check("fast", "write `p95 < 500ms`");
        check("p95 < soon", "write a number with its unit");
        check("p50 < 1s", "from p80");
        check("p95 < 0s", "takes no time");
        check("qurey_number.p95 < 1s", "did you mean `query_number`?");
    }
}
