//! *Capacity*: how the platform behaves as the rate grows, and where it begins to queue.

use super::board::{Board, Panel, Show, bucket, of, quantile, target};
use crate::metrics::MetricId as Id;
use crate::words::Lang;

/// The dashboard.
#[must_use]
pub fn board(lang: Lang) -> Board {
    Board {
        uid: "piaotan-capacity",
        title: lang.of("票探 · 容量", "Piaotan · Capacity"),
        lang,
        panels: panels(lang),
    }
}

fn panels(lang: Lang) -> Vec<Panel> {
    let answered = format!(
        "sum(rate({}[$__rate_interval]))",
        of(Id::Requests, "outcome=~\"ok|business_no|not_yet_visible|duplicate\",operation!~\"journey_.*\"")
    );
    let sent = format!("sum(rate({}[$__rate_interval]))", of(Id::Sent, ""));
    let count = format!("sum(rate({}[$__rate_interval]))", bucket(Id::Response, "le=\"+Inf\""));
    let within = |edge: &str| {
        format!(
            "1 - sum(rate({}[$__rate_interval])) / {count}",
            bucket(Id::Response, &format!("le=\"{edge}\""))
        )
    };
    let p99 = |id: Id| quantile(0.99, id, "", "operation!~\"journey_.*\"");
    vec![
        Panel::new(
            Show::Lines,
            lang.of("发出与应答 / 秒", "Sent and answered"),
            lang.of("两线分开处，平台开始跟不上。", "Where the lines part, the platform no longer keeps up."),
            "reqps",
            vec![target(sent, lang.of("发出", "sent")), target(answered, lang.of("应答", "answered"))],
        ),
        Panel::new(
            Show::Log,
            lang.of("排队：响应减服务", "Waiting: response over service"),
            lang.of(
                "p99：响应时间高出服务时间的部分是排队。",
                "p99: what the response time has above the service time is waiting.",
            ),
            "s",
            vec![
                target(p99(Id::Response), lang.of("响应", "response")),
                target(p99(Id::Service), lang.of("服务", "service")),
            ],
        ),
        Panel::new(
            Show::Lines,
            lang.of("超过目标的比例", "Share over the objective"),
            lang.of(
                "响应超过 0.5、1、5 秒的请求比例。",
                "Share of requests that took more than 0.5, 1 and 5 s.",
            ),
            "percentunit",
            vec![
                target(within("0.5"), "> 0.5 s"),
                target(within("1"), "> 1 s"),
                target(within("5"), "> 5 s"),
            ],
        )
        .threshold(0.01),
        Panel::new(
            Show::Lines,
            lang.of("在途与连接", "In flight and connections"),
            lang.of(
                "速率不变而在途增长，说明已过拐点。",
                "When requests in flight grow at a constant rate, the knee is passed.",
            ),
            "short",
            vec![
                target(format!("sum({})", of(Id::InFlight, "")), lang.of("在途", "in flight")),
                target(format!("sum({})", of(Id::Connections, "")), lang.of("连接", "connections")),
            ],
        ),
        Panel::new(
            Show::Lines,
            lang.of("来不及发", "Dropped"),
            lang.of(
                "到期而未能开始的流程，按原因；压测机或平台已到极限。",
                "Journeys due and never started, by reason: generator or platform is at its limit.",
            ),
            "cps",
            vec![target(
                format!("sum by (reason) (rate({}[$__rate_interval]))", of(Id::Dropped, "")),
                "{{reason}}",
            )],
        ),
        Panel::new(
            Show::Lines,
            lang.of("计划速率", "Rate asked"),
            lang.of("容量试验当前的速率。", "The rate that the capacity trial asks for now."),
            "cps",
            vec![
                target(format!("sum({})", of(Id::RateAsked, "")), lang.of("计划", "asked")),
                target(format!("sum({})", of(Id::RateSent, "")), lang.of("发出", "sent")),
            ],
        ),
    ]
}
