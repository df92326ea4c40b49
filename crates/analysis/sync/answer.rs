//! The answer that machines read: everything that can be said of one table of delays.

use super::change::{Change, Search, change_in_time};
use super::clock::{Span, business, part};
use super::cluster::Basis;
use super::delay::Delay;
use super::estimate::{Estimate, Quantile};
use super::read::{Assumption, Excluded, Table};
use super::regression::{Regression, Terms, regression};
use serde::Serialize;

/// What to ask of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    /// Maintenance windows on the clock of the samples.
    pub windows: Vec<Span>,
    /// How long after a window uploads are kept out of comparisons, in seconds.
    pub recovery: f64,
    pub terms: Terms,
    pub search: Search,
}

/// `piaotan sync --format json`. Times in seconds; the curve's points are [t, share still unseen,
/// lower, upper].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SyncAnswer {
    pub schema: u32,
    pub kind: &'static str,
    /// Rows used, and those of them never seen.
    pub n: usize,
    pub censored: usize,
    pub excluded: Excluded,
    pub assumed: Vec<Assumption>,
    pub follow_up: f64,
    pub clusters: usize,
    pub basis: Basis,
    pub mean: Mean,
    pub quantiles: Quantiles,
    /// By Kaplan-Meier on the midpoints of the intervals, for comparison with other programs; null
    /// where the curve does not come so far. Not judged by the follow-up.
    pub kaplan_meier: Midpoints,
    /// The quantiles less the time inside windows; null where there are none.
    pub business: Option<Quantiles>,
    pub curve: Vec<[f64; 4]>,
    /// Each group by itself; empty where there is only one.
    pub groups: Vec<Group>,
    /// A change in the order of uploads; sought where there is one group.
    pub change: Option<Change>,
    /// The later of exactly two groups against the earlier; null otherwise.
    pub regression: Option<Compared>,
}

/// The restricted mean: of min(delay, `within`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    pub value: f64,
    pub within: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantiles {
    pub p50: Quantile,
    pub p90: Quantile,
    pub p95: Quantile,
    pub p99: Quantile,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Midpoints {
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    pub group: String,
    pub n: usize,
    pub censored: usize,
    pub quantiles: Quantiles,
    pub curve: Vec<[f64; 4]>,
}

/// A regression and what was compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    pub baseline: String,
    pub candidate: String,
    #[serde(flatten)]
    pub result: Regression,
}

impl Quantiles {
    pub fn of(estimate: &Estimate) -> Self {
        let [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map(|q| estimate.quantile(q));
        Self { p50, p90, p95, p99 }
    }
}

impl Midpoints {
    fn of(estimate: &Estimate) -> Self {
        let [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map(|q| estimate.midpoints().quantile(q));
        Self { p50, p90, p95, p99 }
    }
}

/// Answers all that can be asked of a table. `None` where it holds no delays.
pub fn answer(table: &Table, question: &Question) -> Option<SyncAnswer> {
    let pooled;
    let all = match table.groups.as_slice() {
        [(_, only)] => only.as_slice(),
        many => {
            pooled = many.iter().flat_map(|g| g.1.iter().copied()).collect::<Vec<Delay>>();
            pooled.as_slice()
        }
    };
    let estimate = Estimate::new(all)?;
    let windowed = (!question.windows.is_empty()).then(|| business(all, &question.windows));
    let within = estimate.supported();
    Some(SyncAnswer {
        schema: 1,
        kind: "sync",
        n: estimate.n,
        censored: estimate.censored,
        excluded: table.excluded,
        assumed: table.assumed.clone(),
        follow_up: estimate.follow_up,
        clusters: estimate.clusters,
        basis: estimate.basis,
        mean: Mean { value: estimate.restricted_mean(within), within },
        quantiles: Quantiles::of(&estimate),
        kaplan_meier: Midpoints::of(&estimate),
        business: windowed.and_then(|delays| Some(Quantiles::of(&Estimate::new(&delays)?))),
        groups: groups(table),
        change: change(table, question),
        regression: compared(table, question),
        curve: points(&estimate),
    })
}

fn points(estimate: &Estimate) -> Vec<[f64; 4]> {
    estimate.curve.iter().map(|p| [p.t, p.survival, p.lower, p.upper]).collect()
}

fn groups(table: &Table) -> Vec<Group> {
    if table.groups.len() < 2 {
        return Vec::new();
    }
    let one = |(name, delays): &(String, Vec<Delay>)| {
        let estimate = Estimate::new(delays)?;
        Some(Group {
            group: name.clone(),
            n: estimate.n,
            censored: estimate.censored,
            quantiles: Quantiles::of(&estimate),
            curve: points(&estimate),
        })
    };
    table.groups.iter().filter_map(one).collect()
}

fn change(table: &Table, question: &Question) -> Option<Change> {
    let [(_, delays)] = table.groups.as_slice() else { return None };
    if question.windows.is_empty() {
        return change_in_time(delays, &question.search);
    }
    change_in_time(&part(delays, &question.windows, question.recovery).steady, &question.search)
}

fn compared(table: &Table, question: &Question) -> Option<Compared> {
    let [first, second] = table.groups.as_slice() else { return None };
    let (baseline, candidate) = if is_baseline(second, first) { (second, first) } else { (first, second) };
    let steady = |delays: &[Delay]| part(delays, &question.windows, question.recovery).steady;
    Some(Compared {
        baseline: baseline.0.clone(),
        candidate: candidate.0.clone(),
        result: regression(&steady(&baseline.1), &steady(&candidate.1), &question.terms),
    })
}

/// Names that say which of two groups is the yardstick.
const BASELINES: [&str; 7] = ["baseline", "base", "before", "old", "control", "a", "0"];

/// Whether this group is the baseline of the other: by its name, else by its earlier uploads.
fn is_baseline(this: &(String, Vec<Delay>), other: &(String, Vec<Delay>)) -> bool {
    let named = |g: &(String, Vec<Delay>)| BASELINES.contains(&g.0.to_ascii_lowercase().as_str());
    let begins = |g: &(String, Vec<Delay>)| g.1.iter().map(|d| d.uploaded).fold(f64::INFINITY, f64::min);
    match (named(this), named(other)) {
        (true, false) => true,
        (false, true) => false,
        _ => begins(this) < begins(other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::read::read;
    use super::*;

    /// 400 rows, one a second, with delays of 1 to 20 s times a factor by group.
    fn file(groups: &[(&str, f64)]) -> Table {
        let mut text = String::from("id,uploaded,last_not_seen,first_seen,group\n");
        for (group, factor) in groups {
            for i in 0..400 {
                let delay = factor * (1 + i * 7 % 20) as f64;
                text += &format!("{i},{i},{},{},{group}\n", i as f64 + delay - 0.5, i as f64 + delay);
            }
        }
        read(text.as_bytes()).unwrap()
    }

    fn json(groups: &[(&str, f64)]) -> serde_json::Value {
        serde_json::to_value(answer(&file(groups), &Question::default()).unwrap()).unwrap()
    }

    #[test]
    fn the_contract_is_kept() {
        let found = json(&[("", 1.0)]);
        let names: Vec<&str> = found.as_object().unwrap().keys().take(2).map(String::as_str).collect();
        assert_eq!(names, ["schema", "kind"]);
        assert_eq!((found["n"].as_u64(), found["censored"].as_u64()), (Some(400), Some(0)));
        assert_eq!(found["quantiles"]["p50"]["reached"], true);
        assert_eq!(found["curve"][0], serde_json::json!([0.0, 1.0, 1.0, 1.0]));
        assert_eq!(
            (&found["regression"], &found["change"]),
            (&serde_json::Value::Null, &serde_json::Value::Null)
        );
    }

    #[test]
    fn two_groups_are_compared_whichever_comes_first() {
        for groups in [[("baseline", 1.0), ("candidate", 1.5)], [("new", 1.5), ("old", 1.0)]] {
            let found = &json(&groups)["regression"];
            assert_eq!(found["verdict"], "fail", "{found}");
            assert!((found["ratio"].as_f64().unwrap() - 1.5).abs() < 0.1, "{found}");
        }
    }

    #[test]
    fn windows_show_the_second_clock() {
        let table = file(&[("", 1.0)]);
        let question = Question { windows: vec![(100.0, 200.0)], recovery: 30.0, ..Question::default() };
        let found = answer(&table, &question).unwrap();
        assert!(found.business.unwrap().p50.value < found.quantiles.p50.value);
    }
}
