//! Limits in the operator's words: what must hold of a run.
//!
//! `upload.response.p95 < 500ms` · `verify.service.max < 2s` · `errors < 1%` · `upload.errors < 1%` ·
//! `code.5003 < 0.1%` · `outcome.reset < 0.5%` · `rate > 99%` · `sync.number.p95 < 60s`.
//! No samples means that a limit does not hold. Limits never see what was due inside a window.

use crate::summary::SyncSummary;
use piaotan_record::{Cell, Class, CodeBook, Operation, OutcomeKind, Span, Surface};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// One limit, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    pub text: String,
    pub subject: Subject,
    pub above: bool,
    /// Seconds, or a ratio.
    pub bound: f64,
}

/// What a limit is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A quantile (0 to 1), or the maximum or mean, of response or service time.
    Latency { operation: Operation, service: bool, point: Point },
    /// Errors over requests; of one operation or of all.
    Errors(Option<Operation>),
    /// Share of answers with one of the platform's own codes.
    Code(String),
    /// Share of requests with one outcome.
    Outcome(OutcomeKind),
    /// Started arrivals over those asked for (outside windows).
    Rate,
    /// A quantile of the delay until an invoice is visible.
    Sync { surface: Surface, point: Point },
}

/// A limit with its circumstances: over the whole run, or over every stretch of some length.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    pub limit: Limit,
    /// Length of the stretches in seconds, each of which must keep the limit.
    pub window: Option<u32>,
    /// Stretches that end within so many seconds of the steady state are not judged.
    pub delay: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Point {
    Quantile(f64),
    Max,
    Mean,
}

/// A text that is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limit `{text}`: {reason}")]
pub struct LimitError {
    text: String,
    reason: String,
}

const FORMS: &str = "write it as `upload.response.p95 < 500ms`, `errors < 1%`, `upload.errors < 1%`, \
                     `code.5003 < 0.1%`, `outcome.reset < 1%`, `rate > 99%` or `sync.number.p95 < 60s`";

impl From<Limit> for Demand {
    fn from(limit: Limit) -> Self {
        Self { limit, window: None, delay: 0 }
    }
}

impl Limit {
    /// The quantile of a surface's delay that it is about, if it is.
    #[must_use]
    pub fn sync_quantile(&self, of: Surface) -> Option<f64> {
        match self.subject {
            Subject::Sync { surface, point: Point::Quantile(q) } if surface == of => Some(q),
            _ => None,
        }
    }

    /// Whether it bounds a length of time, and not a share.
    #[must_use]
    pub const fn is_timed(&self) -> bool {
        matches!(self.subject, Subject::Latency { .. } | Subject::Sync { .. })
    }

    /// Whether `value` keeps the limit.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        if self.above { value > self.bound } else { value < self.bound }
    }
}

/// What limits are held against: outside windows, warm-up excluded.
#[derive(Debug, Default)]
pub struct Measured<'a> {
    /// By [`Operation::index`].
    pub cells: &'a [Option<Box<Cell>>],
    pub codes: Option<&'a CodeBook>,
    /// Started arrivals over those asked for.
    pub rate: Option<f64>,
    pub sync: Option<&'a BTreeMap<String, SyncSummary>>,
}

/// The value that a limit is about; `None` without samples.
#[must_use]
pub fn measure(limit: &Limit, of: &Measured<'_>) -> Option<f64> {
    let cell = |operation: Operation| of.cells.get(operation.index())?.as_deref();
    match &limit.subject {
        Subject::Latency { operation, service, point } => {
            let cell = cell(*operation)?;
            let histogram = if *service { &cell.service } else { &cell.response };
            (!histogram.is_empty()).then(|| at(histogram, *point))
        }
        Subject::Errors(Some(operation)) => ratio_of(cell(*operation).into_iter(), errors),
        Subject::Errors(None) => ratio_of(requests(of), errors),
        Subject::Outcome(kind) => ratio_of(requests(of), |cell| cell.outcomes[kind.index()]),
        Subject::Code(name) => {
            let code = of.codes?.code(name);
            ratio_of(requests(of), |cell| cell.codes.iter().filter(|(c, _)| *c == code).map(|(_, n)| n).sum())
        }
        Subject::Rate => of.rate,
        Subject::Sync { surface, point } => {
            let Point::Quantile(q) = point else { return None };
            of.sync?.get(surface.as_str())?.quantiles.get(&label(*q)).map(|quantile| quantile.value)
        }
    }
}

/// The name of a quantile: 0.5 is `p50`, 0.999 is `p999`.
#[must_use]
pub fn label(q: f64) -> String {
    let digits = format!("{q:.6}");
    let shown = digits.trim_start_matches("0.").trim_end_matches('0');
    format!("p{shown:0<2}")
}

/// A point of a latency histogram (in nanoseconds), in seconds.
fn at(histogram: &hdrhistogram::Histogram<u64>, point: Point) -> f64 {
    match point {
        Point::Quantile(q) => histogram.value_at_quantile(q) as f64 / 1e9,
        Point::Max => histogram.max() as f64 / 1e9,
        Point::Mean => histogram.mean() / 1e9,
    }
}

/// Cells of requests: journeys and looks of the tracker are not requests of users.
fn requests<'a>(of: &Measured<'a>) -> impl Iterator<Item = &'a Cell> {
    let cells = Operation::ALL.iter().zip(of.cells);
    cells.filter(|(op, _)| op.is_of_users()).filter_map(|(_, cell)| cell.as_deref())
}

fn errors(cell: &Cell) -> u64 {
    cell.of(Class::Failed) + cell.of(Class::TimedOut)
}

fn ratio_of<'a>(cells: impl Iterator<Item = &'a Cell>, part: impl Fn(&Cell) -> u64) -> Option<f64> {
    let (some, all) = cells.fold((0, 0), |(some, all), cell| (some + part(cell), all + cell.count()));
    (all > 0).then(|| some as f64 / all as f64)
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let wrong = |reason: String| LimitError { text: text.to_owned(), reason };
        let sign = text.find(['<', '>']).ok_or_else(|| wrong(format!("has neither `<` nor `>`; {FORMS}")))?;
        let above = text[sign..].starts_with('>');
        let subject = subject(text[..sign].trim()).map_err(wrong)?;
        let bound = bound(text[sign + 1..].trim(), &subject).map_err(wrong)?;
        Ok(Self { text: text.trim().to_owned(), subject, above, bound })
    }
}

fn subject(text: &str) -> Result<Subject, String> {
    let parts: Vec<&str> = text.split('.').collect();
    match parts[..] {
        ["rate"] => Ok(Subject::Rate),
        ["errors"] => Ok(Subject::Errors(None)),
        ["code", code] => Ok(Subject::Code(code.to_owned())),
        ["outcome", name] => Ok(Subject::Outcome(name.parse().map_err(|e| format!("{e}"))?)),
        ["sync", surface, at] => {
            let surface = surface.parse().map_err(|e| format!("{e}"))?;
            match point(at)? {
                Point::Quantile(q) => Ok(Subject::Sync { surface, point: Point::Quantile(q) }),
                _ => Err(format!("a sync delay that is still open has no {at}; write p50, p95 or p99")),
            }
        }
        [operation, "errors"] => Ok(Subject::Errors(Some(operation.parse().map_err(|e| format!("{e}"))?))),
        [operation, kind @ ("response" | "service"), at] => {
            let operation = operation.parse().map_err(|e| format!("{e}"))?;
            Ok(Subject::Latency { operation, service: kind == "service", point: point(at)? })
        }
        _ => Err(format!("`{text}` is nothing that can be limited; {FORMS}")),
    }
}

fn point(text: &str) -> Result<Point, String> {
    match text {
        "max" => return Ok(Point::Max),
        "mean" => return Ok(Point::Mean),
        _ => {}
    }
    let wrong = || format!("`{text}` is no quantile; write p50, p95, p99, p999, max or mean");
    let digits = text.strip_prefix('p').filter(|d| (1..=6).contains(&d.len())).ok_or_else(wrong)?;
    // p5 is 5 %, p95 is 95 %, p999 is 99.9 %.
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    let scale = if digits.len() <= 2 { 100.0 } else { 10f64.powi(i32::try_from(digits.len()).unwrap_or(6)) };
    Ok(Point::Quantile(number / scale))
}

fn bound(text: &str, subject: &Subject) -> Result<f64, String> {
    match subject {
        Subject::Latency { .. } | Subject::Sync { .. } => {
            text.parse::<Span>().map(Span::as_seconds).map_err(|e| e.to_string())
        }
        _ => ratio(text).ok_or_else(|| format!("`{text}` is no share; write it as 1% or 0.01")),
    }
}

fn ratio(text: &str) -> Option<f64> {
    let value: f64 = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    value.is_finite().then_some(value).filter(|value| *value >= 0.0)
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Limit {
        text.parse().unwrap()
    }

    #[test]
    fn limits_are_read() {
        let p95 = read("upload.response.p95 < 500ms");
        let latency =
            Subject::Latency { operation: Operation::Upload, service: false, point: Point::Quantile(0.95) };
        assert_eq!((p95.subject, p95.bound, p95.above), (latency, 0.5, false));
        assert_eq!(read("errors<1%").bound, 0.01);
        assert_eq!(read("code.5003 < 0.1%").subject, Subject::Code("5003".into()));
        assert!(read("rate > 0.99").holds(0.995));
        let Subject::Sync { point, .. } = read("sync.verify.p999 < 2h").subject else { panic!("not sync") };
        assert_eq!(point, Point::Quantile(0.999));
    }

    #[test]
    fn quantiles_have_the_names_people_write() {
        for name in ["p50", "p05", "p90", "p95", "p99", "p999", "p9999"] {
            let Ok(Point::Quantile(q)) = point(name) else { panic!("{name} is a quantile") };
            assert_eq!(label(q), name);
        }
    }

    #[test]
    fn a_wrong_limit_says_what_to_write() {
        let check = |text: &str, expected: &str| {
            let error = text.parse::<Limit>().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check("upload.response.p95", "limit `upload.response.p95`: has neither `<` nor `>`; write it as");
        check("uplod.errors < 1%", "limit `uplod.errors < 1%`: unknown name `uplod`; did you mean `upload`?");
        check("upload.response.95 < 1s", "limit `upload.response.95 < 1s`: `95` is no quantile; write p50");
        check(
            "sync.number.max < 5s",
            "limit `sync.number.max < 5s`: a sync delay that is still open has no max",
        );
        check("upload.response.p95 < 5", "limit `upload.response.p95 < 5`: `5` is not a length of time");
    }
}
