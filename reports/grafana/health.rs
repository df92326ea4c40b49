//! *Platform health*: is it well, is it maintenance, when was it last looked at.

use super::board::{Board, Panel, Show, of, quantile, rate, target};
use crate::metrics::MetricId as Id;
use crate::words::Lang;

/// The dashboard.
#[must_use]
pub fn board(lang: Lang) -> Board {
    Board {
        uid: "piaotan-health",
        title: lang.of("票探 · 平台健康", "Piaotan · Platform health"),
        lang,
        panels: panels(lang),
    }
}

/// A number for each phase, so that one query draws one lane.
pub(super) fn phases() -> String {
    let worth = [("approaching", 1), ("during", 2), ("overrun", 3), ("recovering", 4)];
    let part = |(phase, value): (&str, i32)| {
        format!("max by (service) ({}) * {value}", of(Id::MaintenancePhase, &format!("phase=\"{phase}\"")))
    };
    worth.map(part).join(" + ")
}

fn panels(lang: Lang) -> Vec<Panel> {
    [now(lang), lanes(lang), course(lang)].concat()
}

/// The numbers of the moment.
fn now(lang: Lang) -> Vec<Panel> {
    let healthy = format!("sum({}) / count({})", of(Id::ProbeSuccess, ""), of(Id::ProbeSuccess, ""));
    let in_maintenance = format!("max({})", of(Id::MaintenanceActive, "status=\"confirmed\""));
    let overrun = format!("max({})", of(Id::MaintenanceOverrun, ""));
    let since = format!("time() - max by (probe) ({})", of(Id::ProbeLastRun, ""));
    vec![
        Panel::new(
            Show::Number,
            lang.of("探针成功比例", "Probes that succeed"),
            lang.of("最近一次运行成功的探针所占比例。", "Share of probes whose last run succeeded."),
            "percentunit",
            vec![target(healthy, "")],
        ),
        Panel::new(
            Show::Number,
            lang.of("正在维护", "In maintenance"),
            lang.of("1：有已确认的维护窗口正在进行。", "1 while a confirmed maintenance window is open."),
            "bool_yes_no",
            vec![target(in_maintenance, "")],
        ),
        Panel::new(
            Show::Number,
            lang.of("维护超期", "Overrun"),
            lang.of(
                "维护超过公告结束时间的时长，0 为没有超期。",
                "How long a maintenance has gone on past its announced end; 0 when none has.",
            ),
            "s",
            vec![target(overrun, "")],
        )
        .threshold(1.0),
        availability_panel(
            lang,
            "raw",
            lang.of("可用率（原始）", "Availability, raw"),
            lang.of(
                "所选时段内好事件的比例，维护也计入。",
                "Share of good events in the range shown, maintenance included.",
            ),
        ),
        availability_panel(
            lang,
            "adjusted",
            lang.of("可用率（剔除维护）", "Availability, adjusted"),
            lang.of(
                "所选时段内好事件的比例，按当时所知剔除维护窗口。",
                "Share of good events in the range shown, windows left out as known then.",
            ),
        ),
        Panel::new(
            Show::Number,
            lang.of("距上次探测", "Since the last probe"),
            lang.of(
                "最久没有运行的探针距今的时长；过长说明探针停了。",
                "How long ago the least recent probe ran; a large value means a dead prober.",
            ),
            "s",
            vec![target(format!("max({since})"), "")],
        )
        .threshold(900.0),
    ]
}

/// Probes and phases over time.
fn lanes(lang: Lang) -> Vec<Panel> {
    let probes = format!("min by (probe) ({})", of(Id::ProbeSuccess, ""));
    vec![
        Panel::new(
            Show::States,
            lang.of("探针状态", "Probes"),
            lang.of("每个探针一行：成功或失败。", "One lane a probe: success or failure."),
            "none",
            vec![target(probes, "{{probe}}")],
        )
        .sized(24, 8)
        .states(&[(1, "ok", "green"), (0, "fail", "red")]),
        Panel::new(
            Show::States,
            lang.of("维护阶段", "Maintenance phases"),
            lang.of("每项服务一行，按当时所知。", "One lane a service, as known then."),
            "none",
            vec![target(phases(), "{{service}}")],
        )
        .sized(24, 7)
        .states(&phase_states(lang)),
    ]
}

/// Runs and durations over time.
fn course(lang: Lang) -> Vec<Panel> {
    vec![
        Panel::new(
            Show::Stacked,
            lang.of("探针运行结果 / 秒", "Probe runs by result"),
            lang.of(
                "每秒运行次数，维护中与跳过的单列，不算失败。",
                "Runs per second; those in maintenance and those skipped stand apart and are no failures.",
            ),
            "cps",
            vec![target(rate(Id::ProbeRuns, "result", ""), "{{result}}")],
        ),
        Panel::new(
            Show::Log,
            lang.of("探针耗时", "Probe duration"),
            lang.of("每个探针最近一次运行的时长。", "How long the last run of each probe took."),
            "s",
            vec![target(format!("max by (probe) ({})", of(Id::ProbeDuration, "")), "{{probe}}")],
        ),
        Panel::new(
            Show::Stacked,
            lang.of("时间花在哪里", "Where the time goes"),
            lang.of(
                "解析、连接、TLS、处理、传输各阶段，取所有探针的平均。",
                "Resolve, connect, TLS, processing and transfer, averaged over all probes.",
            ),
            "s",
            vec![target(format!("avg by (phase) ({})", of(Id::ProbePhase, "")), "{{phase}}")],
        ),
        Panel::new(
            Show::Log,
            lang.of("请求响应时间", "Response time of requests"),
            lang.of("各操作的 p95，从应发时刻算起。", "p95 of each operation, from the instant it was due."),
            "s",
            vec![target(quantile(0.95, Id::Response, "operation", ""), "{{operation}}")],
        ),
    ]
}

pub(super) fn phase_states(lang: Lang) -> [(i64, &'static str, &'static str); 5] {
    [
        (0, lang.of("正常", "outside"), "green"),
        (1, lang.of("即将维护", "approaching"), "blue"),
        (2, lang.of("维护", "maintenance"), "yellow"),
        (3, lang.of("超期", "overrun"), "red"),
        (4, lang.of("恢复中", "recovering"), "purple"),
    ]
}

pub(super) fn availability_panel(
    _lang: Lang,
    view: &str,
    title: &'static str,
    description: &'static str,
) -> Panel {
    let events = |matchers: &str| format!("sum(increase({}[$__range]))", of(Id::Availability, matchers));
    let share = format!(
        "{} / {}",
        events(&format!("view=\"{view}\",result=\"good\"")),
        events(&format!("view=\"{view}\""))
    );
    Panel::new(Show::Number, title, description, "percentunit", vec![target(share, "")])
}
