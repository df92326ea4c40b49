//! Multi-window burn rates over adjusted availability, guarded for one probe a minute.
//!
//! At one event a minute a single failure burns an hour's budget: each alert therefore also wants a
//! few bad events, so that one blip pages nobody. Inside a confirmed window both good and bad events
//! of the adjusted view stand still, so nothing here has to be muted.

use super::{Alert, Promise, Rule, Severity};
use crate::metrics::MetricId as Id;
use crate::units;

/// The ranges over which error ratios are recorded.
const RANGES: [&str; 8] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "7d"];

/// Short range, long range, how fast the budget burns, how many bad events there must be, severity.
const BURNS: [(&str, &str, f64, u32, Severity); 4] = [
    ("5m", "1h", 14.4, 3, Severity::Page),
    ("30m", "6h", 6.0, 5, Severity::Page),
    ("2h", "1d", 3.0, 8, Severity::Ticket),
    ("6h", "3d", 1.0, 15, Severity::Ticket),
];

/// The recorded error ratios, raw and adjusted, and the median of the sync delay.
#[must_use]
pub fn recorded() -> Vec<Rule> {
    let mut all = Vec::new();
    for view in ["raw", "adjusted"] {
        all.extend(RANGES.map(|range| Rule {
            name: ratio_name(view, range),
            expr: ratio(view, range),
            alert: None,
        }));
    }
    let delay = Id::SyncDelay.name();
    all.push(Rule {
        name: "piaotan:sync_delay_seconds:p50_6h".into(),
        expr: format!("histogram_quantile(0.5, sum by (le, surface) (increase({delay}_bucket[6h])))"),
        alert: None,
    });
    all
}

fn ratio_name(view: &str, range: &str) -> String {
    format!("piaotan:errors_{view}:ratio_rate{range}")
}

fn ratio(view: &str, range: &str) -> String {
    let events =
        |result: &str| format!("sum(rate({}{{view=\"{view}\"{result}}}[{range}]))", Id::Availability.name());
    format!("{} / {}", events(",result=\"bad\""), events(""))
}

/// The burn-rate alerts.
#[must_use]
pub fn alerts(promise: &Promise) -> Vec<Rule> {
    BURNS.iter().map(|burn| alert(promise, burn)).collect()
}

fn alert(
    promise: &Promise,
    (short, long, factor, events, severity): &(&str, &str, f64, u32, Severity),
) -> Rule {
    let budget = (1.0 - promise.objective) * factor;
    let bound = format!("{budget:.6}");
    let bad =
        format!("sum(increase({}{{view=\"adjusted\",result=\"bad\"}}[{long}]))", Id::Availability.name());
    let (one, two) = (ratio_name("adjusted", short), ratio_name("adjusted", long));
    let objective = units::percent(promise.objective);
    let lang = promise.lang;
    Rule {
        name: format!("PiaotanErrorBudgetBurn{long}"),
        expr: format!("{one} > {bound} and {two} > {bound} and {bad} >= {events}"),
        alert: Some(Alert {
            hold: "0m",
            severity: *severity,
            summary: lang
                .of("错误预算消耗过快（维护之外）", "The error budget burns too fast (outside maintenance)")
                .into(),
            description: match lang {
                crate::Lang::Zh => format!(
                    "目标 {objective}：最近 {short} 与 {long} 的失败率都超过预算的 {factor} 倍。已剔除确认的维护窗口。"
                ),
                crate::Lang::En => format!(
                    "Objective {objective}: over the last {short} and {long} failures exceed the budget {factor} times. Confirmed windows are left out."
                ),
            },
        }),
    }
}
