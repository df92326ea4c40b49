//! Since when the responses of a run are slower, and how many times: what a deploy in its middle does.
//!
//! Only what lay outside windows and after the warm-up counts. Change points are those of
//! [`crate::history`], on the median of groups of bins that hold enough requests each; where it shows
//! none, on their p95, for what slows only some requests.

use super::bins::Bins;
use super::fold::Scene;
use super::{Finding, FindingKind, Severity, Summary, Verdict, spoken};
use crate::history::{Options, detect};
use crate::limit::{Limit, Subject};
use crate::numbers::seconds;
use crate::stats::median;
use crate::summary::series::Quantiles;
use chrono::{DateTime, FixedOffset};
use piaotan_record::Operation;
use serde_json::json;

/// The quantile that is looked at.
pub(super) type Pick = fn(&Quantiles) -> f64;
/// Quantiles that are searched: the name, how it is taken, and requests in a group so that it means something.
const SEARCHED: [(&str, Pick, u64); 2] = [("p50", |all| all.p50, 10), ("p95", |all| all.p95, 40)];
/// A run has at most so many groups: more say nothing new and cost time.
const MOST_GROUPS: usize = 240;
/// How many times as slow deserves a word.
const WORTH: f64 = 1.5;
/// What lasts for less than this share of the run is a spell, not a new level.
const LASTING: f64 = 0.15;
/// Load that grew by this factor may explain it.
const MORE_LOAD: f64 = 1.2;

/// Requests of one operation in neighbouring bins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    /// Seconds since the run's start.
    pub from: f64,
    pub to: f64,
    /// A quantile, in seconds from the due instant.
    pub value: f64,
    /// Arrivals asked for a second, of all journeys.
    pub asked: f64,
}

/// One lasting change to the worse.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Slower {
    operation: Operation,
    quantile: &'static str,
    at: f64,
    /// Where it was over again before the end.
    until: Option<f64>,
    before: f64,
    after: f64,
    load: f64,
}

impl Slower {
    fn ratio(&self) -> f64 {
        self.after / self.before
    }
}

/// What became slower, one finding for all operations; with the moment at which it began.
pub(super) fn slower(scene: &Scene<'_>, summary: &Summary) -> Option<(DateTime<FixedOffset>, Finding)> {
    let own = Operation::ALL.iter().filter(|op| op.is_of_users());
    let search = |op: &Operation| {
        let mut each = SEARCHED.iter();
        each.find_map(|(name, pick, enough)| change(*op, name, &groups(scene.bins, *op, *pick, *enough)))
    };
    let each = own.filter_map(search);
    let mut found: Vec<Slower> = each.collect();
    found.sort_by(|a, b| b.ratio().total_cmp(&a.ratio()));
    let worst = *found.first()?;
    // Operations that slowed at another time are another matter; the worst speaks.
    let near = (summary.ended - summary.started).as_seconds_f64() * 0.1;
    found.retain(|one| (one.at - worst.at).abs() <= near);
    let begin = found.iter().map(|one| one.at).fold(worst.at, f64::min);
    let moment = |t: f64| summary.started + chrono::TimeDelta::milliseconds((t * 1e3) as i64);
    // A broken limit of errors is another matter than being slow.
    let bounds = |limit: &str, operation: Operation| {
        let subject = limit.parse::<Limit>().map(|limit| limit.subject);
        matches!(subject, Ok(Subject::Latency { operation: of, .. }) if of == operation)
    };
    let broken = |one: &Slower| {
        let mut failed = summary.limits.iter().filter(|limit| limit.verdict == Verdict::Fail);
        failed.any(|limit| bounds(&limit.limit, one.operation))
    };
    let severity = match worst.load > MORE_LOAD {
        true => Severity::Info,
        false if found.iter().any(broken) => Severity::Critical,
        false => Severity::Warning,
    };
    let text = told(&found, &moment, begin, scene.terms.chinese);
    let evidence = [
        ("at", json!(moment(begin).to_rfc3339())),
        ("until", json!(worst.until.map(|t| moment(t).to_rfc3339()))),
        ("operation", json!(worst.operation.as_str())),
        ("ratio", json!(worst.ratio())),
        ("quantile", json!(worst.quantile)),
        ("before", json!(worst.before)),
        ("after", json!(worst.after)),
        ("load_ratio", json!(worst.load)),
    ];
    let evidence = evidence.map(|(name, value)| (name.to_owned(), value)).into();
    Some((moment(begin), Finding { kind: FindingKind::LatencyRegression, severity, text, evidence }))
}

fn told(
    found: &[Slower],
    moment: &dyn Fn(f64) -> DateTime<FixedOffset>,
    begin: f64,
    chinese: bool,
) -> String {
    let clock = |t: f64| moment(t).format("%H:%M:%S").to_string();
    let one = |one: &Slower| {
        let quantile = match (one.quantile, chinese) {
            ("p50", true) => "中位数",
            ("p50", false) => "median",
            (other, _) => other,
        };
        let (name, before, after) = (spoken(one.operation, chinese), seconds(one.before), seconds(one.after));
        format!("{name} {quantile} {before} → {after}")
    };
    let list: Vec<String> = found.iter().take(4).map(one).collect();
    let worst = &found[0];
    let (ratio, at) = (worst.ratio(), clock(begin));
    let until = worst.until.map(clock);
    let load = (worst.load > MORE_LOAD).then_some(worst.load);
    if chinese {
        let upto = if found.len() > 1 { "最多" } else { "" };
        let span = until.map_or_else(|| format!("{at} 起"), |end| format!("{at} 至 {end}"));
        let load = load.map(|by| format!("，同时负载为之前的 {by:.1} 倍")).unwrap_or_default();
        format!("{span}，响应时间{upto}为之前的 {ratio:.1} 倍{load}：{}。", list.join("，"))
    } else {
        let upto = if found.len() > 1 { "up to " } else { "" };
        let span = until.map_or_else(|| format!("From {at} on"), |end| format!("From {at} to {end}"));
        let load = load.map(|by| format!(", under {by:.1} times the load")).unwrap_or_default();
        format!("{span} responses took {upto}{ratio:.1} times as long{load}: {}.", list.join(", "))
    }
}

/// The greatest lasting change to the worse, where there is one.
fn change(operation: Operation, quantile: &'static str, groups: &[Group]) -> Option<Slower> {
    let values: Vec<f64> = groups.iter().map(|group| group.value).collect();
    // Sought in a dozen operations and two quantiles: the error probability is shared.
    let options = Options {
        alpha: 0.002,
        least_segment: 5,
        least_change: WORTH - 1.0,
        least_superiority: 0.85,
        ..Options::default()
    };
    let found = detect(&values, &options);
    let edges: Vec<usize> = std::iter::once(0).chain(found).chain([values.len()]).collect();
    let level = |from: usize, to: usize| median(&values[from..to]);
    let candidates = edges.windows(3).enumerate().filter_map(|(i, window)| {
        let (before, after) = (level(window[0], window[1]), level(window[1], window[2]));
        // Slow until a level comes that is nearer to the old one than to the new.
        let over = edges[i + 2..].windows(2).find(|next| level(next[0], next[1]) < (before * after).sqrt());
        let (from, to) = (window[1], over.map_or(values.len(), |next| next[0]));
        let asked = |from: usize, to: usize| {
            median(&groups[from..to].iter().map(|group| group.asked).collect::<Vec<_>>())
        };
        let lasts = (to - from) as f64 >= LASTING * values.len() as f64;
        let found = Slower {
            operation,
            quantile,
            at: groups[from].from,
            until: over.map(|_| groups[to - 1].to),
            before,
            after: level(from, to),
            load: asked(from, to) / asked(window[0], window[1]).max(1e-9),
        };
        (lasts && found.ratio() >= WORTH && found.ratio().is_finite()).then_some(found)
    });
    candidates.max_by(|a, b| a.ratio().total_cmp(&b.ratio()))
}

/// Bins joined until they hold enough requests; those that met a window, or warmed up, are left out.
fn groups(bins: &Bins<'_>, operation: Operation, pick: Pick, enough: u64) -> Vec<Group> {
    let steady: Vec<Group> = bins.timed(operation, pick, enough);
    if steady.len() <= MOST_GROUPS {
        return steady;
    }
    let join = |many: &[Group]| Group {
        from: many[0].from,
        to: many[many.len() - 1].to,
        value: median(&many.iter().map(|group| group.value).collect::<Vec<_>>()),
        asked: median(&many.iter().map(|group| group.asked).collect::<Vec<_>>()),
    };
    steady.chunks(steady.len().div_ceil(MOST_GROUPS)).map(join).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn groups(count: usize, level: impl Fn(usize) -> f64) -> Vec<Group> {
        let noise = |i: usize| {
            let scattered = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            1.0 + 0.3 * (scattered as f64 / f64::from(1 << 24) - 0.5)
        };
        let one =
            |i: usize| Group { from: i as f64, to: i as f64 + 1.0, value: level(i) * noise(i), asked: 10.0 };
        (0..count).map(one).collect()
    }

    fn check(level: impl Fn(usize) -> f64, expected: Option<(f64, Option<f64>)>) {
        let found = change(Operation::Upload, "p50", &groups(120, level));
        assert_eq!(found.map(|one| (one.at, one.until)), expected);
    }

    #[test]
    fn a_lasting_step_up_is_found_where_it_began() {
        check(|i| if i < 60 { 0.2 } else { 0.8 }, Some((60.0, None)));
        let found =
            change(Operation::Upload, "p50", &groups(120, |i| if i < 60 { 0.2 } else { 0.8 })).unwrap();
        assert!((found.ratio() - 4.0).abs() < 0.4, "{found:?}");
    }

    #[test]
    fn what_is_over_again_has_an_end() {
        check(|i| if (40..70).contains(&i) { 0.8 } else { 0.2 }, Some((40.0, Some(70.0))));
    }

    #[test]
    fn a_spell_a_spike_and_an_improvement_are_none() {
        check(|i| if (40..48).contains(&i) { 0.8 } else { 0.2 }, None);
        check(|i| if i % 23 == 5 { 3.0 } else { 0.2 }, None);
        check(|i| if i < 60 { 0.8 } else { 0.2 }, None);
        check(|_| 0.2, None);
    }
}
