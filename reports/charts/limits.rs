//! The limits of a scenario as lines in charts.

use piaotan_analysis::limit::Limit;
use piaotan_analysis::summary::{LimitResult, Verdict};
use piaotan_record::Operation;

/// A limit on a latency quantile of one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// `p95`, or `service p95` where it is the service time that is limited.
    pub name: String,
    /// Seconds.
    pub value: f64,
    pub broken: bool,
}

/// The limits of an operation that are latencies: `upload.response.p95 < 0.5`.
#[must_use]
pub fn of(limits: &[LimitResult], operation: Operation) -> Vec<Drawn> {
    limits.iter().filter_map(|limit| drawn(limit, operation)).collect()
}

fn drawn(limit: &LimitResult, operation: Operation) -> Option<Drawn> {
    let (what, bound) = limit.limit.split_once('<')?;
    // Limits are written with a unit; a bare number, as folders of others may hold it, is in seconds.
    let value = match limit.limit.parse::<Limit>() {
        Ok(parsed) => parsed.bound,
        Err(_) => bound.trim_start_matches('=').trim().parse().ok()?,
    };
    let mut parts = what.trim().split('.');
    let (name, metric, quantile) = (parts.next()?, parts.next()?, parts.next()?);
    let name = match (name == operation.as_str(), metric) {
        (true, "response") => quantile.to_owned(),
        (true, "service") => format!("service {quantile}"),
        _ => return None,
    };
    (value.is_finite() && value > 0.0).then_some(Drawn {
        name,
        value,
        broken: limit.verdict == Verdict::Fail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_limit_becomes_a_line() {
        let check = |text: &str, expected: Option<(&str, f64)>| {
            let limit = LimitResult {
                limit: text.into(),
                value: None,
                verdict: Verdict::Pass,
                reason: String::new(),
                window: None,
            };
            let found = of(&[limit], Operation::Upload);
            assert_eq!(found.first().map(|d| (d.name.as_str(), d.value)), expected, "{text}");
        };
        check("upload.response.p95 < 0.5", Some(("p95", 0.5)));
        check("upload.response.p95 < 500ms", Some(("p95", 0.5)));
        check("upload.service.p99 < 2s", Some(("service p99", 2.0)));
        check("upload.service.p99 <= 2", Some(("service p99", 2.0)));
        check("verify.response.p95 < 0.5", None);
        check("upload.errors < 0.01", None);
        check("nonsense", None);
    }
}
