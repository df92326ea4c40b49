//! *Load test*: what was asked, what came back, and whether the generator kept its pace.

use super::board::{Board, Panel, Show, bucket, of, quantile, rate, target};
use crate::metrics::MetricId as Id;
use crate::words::Lang;

/// The dashboard.
#[must_use]
pub fn board(lang: Lang) -> Board {
    Board {
        uid: "piaotan-load",
        title: lang.of("票探 · 压测", "Piaotan · Load test"),
        lang,
        panels: panels(lang),
    }
}

/// Outcomes that are failures and no maintenance.
const FAILED: &str =
    "outcome=~\"client_error|server_error|dns|refused|tls|reset|timed_out|unreadable|mismatched|throttled\"";

fn panels(lang: Lang) -> Vec<Panel> {
    [now(lang), traffic(lang), times(lang), own(lang)].concat()
}

/// The numbers of the moment.
fn now(lang: Lang) -> Vec<Panel> {
    let failed = format!(
        "sum(rate({}[$__rate_interval])) / sum(rate({}[$__rate_interval]))",
        of(Id::Requests, FAILED),
        of(Id::Requests, "outcome!=\"maintenance\"")
    );
    vec![
        Panel::new(
            Show::Number,
            lang.of("压测进行中", "Running"),
            lang.of("1：压测正在进行。", "1 while a load test runs."),
            "bool_yes_no",
            vec![target(format!("max({})", of(Id::RunActive, "")), "")],
        ),
        Panel::new(
            Show::Number,
            lang.of("结论", "Verdict"),
            lang.of(
                "压测结束后的结论；进行中为空。",
                "The verdict once the load test has ended; empty before.",
            ),
            "short",
            vec![target(format!("max by (verdict) ({}) == 1", of(Id::RunVerdict, "")), "{{verdict}}")],
        )
        .event(),
        Panel::new(
            Show::Number,
            lang.of("失败率（不含维护）", "Failures without maintenance"),
            lang.of(
                "失败的请求比例，维护应答不计入分子与分母。",
                "Share of requests that failed; maintenance answers are in neither count.",
            ),
            "percentunit",
            vec![target(failed, "")],
        )
        .threshold(0.01),
        Panel::new(
            Show::Number,
            lang.of("在途请求", "In flight"),
            lang.of("正在等待应答的请求数。", "Requests waiting for an answer."),
            "short",
            vec![target(format!("sum({})", of(Id::InFlight, "")), "")],
        ),
        Panel::new(
            Show::Number,
            lang.of("压测机 CPU", "Generator CPU"),
            lang.of(
                "最忙的线程占一个核的比例；接近 1 时结果不可信。",
                "Share of a core that the busiest worker uses; near 1 the results cannot be trusted.",
            ),
            "percentunit",
            vec![target(format!("max({})", of(Id::Cpu, "")), "")],
        )
        .threshold(0.8),
        Panel::new(
            Show::Number,
            lang.of("压测机饱和", "Generator saturated"),
            lang.of(
                "1：压测机跟不上自己的节奏，结论无效。",
                "1 when the generator cannot keep its own pace: no verdict then.",
            ),
            "bool_yes_no",
            vec![target(format!("max({})", of(Id::Saturated, "")), "")],
        )
        .threshold(1.0),
    ]
}

/// What was asked and what came of it.
fn traffic(lang: Lang) -> Vec<Panel> {
    vec![
        Panel::new(
            Show::Lines,
            lang.of("计划、发出、暂缓（流程/秒）", "Asked, started, held back"),
            lang.of(
                "每秒业务流程数。因维护暂缓的单列。",
                "Journeys per second; those held back for maintenance stand apart.",
            ),
            "cps",
            vec![
                target(format!("sum({})", of(Id::RateAsked, "")), lang.of("计划", "asked")),
                target(
                    format!("sum(rate({}[$__rate_interval]))", of(Id::Started, "")),
                    lang.of("已开始", "started"),
                ),
                target(
                    format!("sum(rate({}[$__rate_interval]))", of(Id::Suppressed, "")),
                    lang.of("因维护暂缓", "held back"),
                ),
                target(
                    format!("sum(rate({}[$__rate_interval]))", of(Id::Dropped, "")),
                    lang.of("来不及发", "dropped"),
                ),
            ],
        ),
        Panel::new(
            Show::Stacked,
            lang.of("结果 / 秒", "Outcomes"),
            lang.of("每秒请求数，按结果。", "Requests per second by outcome."),
            "reqps",
            vec![target(rate(Id::Requests, "outcome", "operation!~\"journey_.*\""), "{{outcome}}")],
        ),
    ]
}

/// How long it took, and what the platform said.
fn times(lang: Lang) -> Vec<Panel> {
    let heat = format!("sum by (le) (rate({}[$__rate_interval]))", bucket(Id::Response, ""));
    vec![
        Panel::new(
            Show::Log,
            lang.of("响应时间", "Response time"),
            lang.of(
                "从应发时刻算起：用户的感受，含排队。",
                "From the instant a request was due: what users feel, waiting included.",
            ),
            "s",
            vec![
                target(quantile(0.5, Id::Response, "operation", ""), "p50 {{operation}}"),
                target(quantile(0.95, Id::Response, "operation", ""), "p95 {{operation}}"),
                target(quantile(0.99, Id::Response, "operation", ""), "p99 {{operation}}"),
            ],
        ),
        Panel::new(
            Show::Log,
            lang.of("服务时间", "Service time"),
            lang.of(
                "从实际发出算起；与响应时间之差是排队。",
                "From the send; the difference from the response time is waiting.",
            ),
            "s",
            vec![target(quantile(0.95, Id::Service, "operation", ""), "p95 {{operation}}")],
        ),
        Panel::new(
            Show::Heatmap,
            lang.of("响应时间分布", "Response time heat map"),
            lang.of(
                "颜色越深请求越多；分位线看不出的双峰在此可见。",
                "The darker, the more requests; two humps that a quantile hides are seen here.",
            ),
            "s",
            vec![target(heat, "{{le}}")],
        ),
        Panel::new(
            Show::Lines,
            lang.of("平台代码 / 秒", "The platform's codes"),
            lang.of(
                "配置中声明的代码，其余为 other。",
                "Codes that the profile declares; all others are `other`.",
            ),
            "cps",
            vec![target(rate(Id::Codes, "code", ""), "{{code}}")],
        ),
    ]
}

/// The generator and the run.
fn own(lang: Lang) -> Vec<Panel> {
    vec![
        Panel::new(
            Show::Lines,
            lang.of("用户与连接", "Users and connections"),
            lang.of("进行中的流程数与打开的连接数。", "Journeys under way and connections open."),
            "short",
            vec![
                target(format!("sum({})", of(Id::Users, "")), lang.of("用户", "users")),
                target(format!("sum({})", of(Id::Connections, "")), lang.of("连接", "connections")),
            ],
        ),
        Panel::new(
            Show::Log,
            lang.of("发出迟于计划", "Sent later than planned"),
            lang.of("压测机自身的迟到，p50 与 p99。", "How late the generator itself was, p50 and p99."),
            "s",
            vec![
                target(quantile(0.5, Id::Lateness, "", ""), "p50"),
                target(quantile(0.99, Id::Lateness, "", ""), "p99"),
            ],
        ),
        Panel::new(
            Show::Lines,
            lang.of("流量", "Traffic"),
            lang.of("每秒发出与收到的字节。", "Bytes per second sent and received."),
            "Bps",
            vec![target(rate(Id::Bytes, "direction", ""), "{{direction}}")],
        ),
        Panel::new(
            Show::Table,
            lang.of("本次运行", "The run"),
            lang.of("哪个场景、对哪个目标。", "Which scenario against which target."),
            "short",
            vec![target(format!("max by (scenario, target, profile) ({})", of(Id::RunInfo, "")), "")],
        ),
    ]
}
