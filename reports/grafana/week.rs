//! *Maintenance and week*: what was announced, what came, and what the week was like.

use super::board::{Board, Panel, Show, of, target};
use super::health::{availability_panel, phase_states, phases};
use crate::metrics::MetricId as Id;
use crate::words::Lang;

/// The dashboard.
#[must_use]
pub fn board(lang: Lang) -> Board {
    Board {
        uid: "piaotan-week",
        title: lang.of("票探 · 维护与本周", "Piaotan · Maintenance and week"),
        lang,
        panels: panels(lang),
    }
}

fn panels(lang: Lang) -> Vec<Panel> {
    let until_end = format!("max({} - time())", of(Id::MaintenanceEnd, "status=\"confirmed\""));
    let until_start = format!("min({} - time() > 0)", of(Id::MaintenanceStart, ""));
    let active = format!("max by (source) ({})", of(Id::MaintenanceActive, ""));
    let by_status = format!("max by (service, status) ({})", of(Id::MaintenanceActive, ""));
    let read = format!("time() - max by (source) ({})", of(Id::SourceRead, ""));
    let doubts = format!("sum by (source) (increase({}[$__range]))", of(Id::NoticeDoubts, ""));
    let findings = format!("max by (kind, severity) ({}) > 0", of(Id::Findings, ""));
    vec![
        Panel::new(Show::Number, lang.of("距维护结束", "Until the end"), lang.of("当前或下一个维护窗口距公告结束的时长，负数即超期。", "Until the announced end of the current or next window; negative is overrun."), "s", vec![target(until_end, "")]).event(),
        Panel::new(Show::Number, lang.of("距下次维护", "Until the next start"), lang.of("距下一个已知维护窗口开始的时长。", "Until the next known window starts."), "s", vec![target(until_start, "")]).event(),
        Panel::new(Show::Number, lang.of("最长超期", "Longest overrun"), lang.of("所选时段内维护超过公告结束的最长时间。", "Longest time past an announced end in the range shown."), "s", vec![target(format!("max(max_over_time({}[$__range]))", of(Id::MaintenanceOverrun, "")), "")]).threshold(1.0),
        availability_panel(lang, "raw", lang.of("可用率（原始）", "Availability, raw"), lang.of("所选时段内好事件的比例，维护也计入。", "Share of good events in the range shown, maintenance included.")),
        availability_panel(lang, "adjusted", lang.of("可用率（剔除维护）", "Availability, adjusted"), lang.of("所选时段内好事件的比例，按当时所知剔除维护窗口。", "Share of good events in the range shown, windows left out as known then.")),
        Panel::new(Show::Number, lang.of("逾期发票", "Invoices late"), lang.of("所选时段内超过平台承诺时限仍不可见的发票。", "Invoices that passed the platform's promise unseen, in the range shown."), "short", vec![target(format!("sum(increase({}[$__range]))", of(Id::SyncLate, "")), "")]).threshold(1.0),
        Panel::new(Show::States, lang.of("维护阶段", "Maintenance phases"), lang.of("每项服务一行，按当时所知。", "One lane a service, as known then."), "none", vec![target(phases(), "{{service}}")]).sized(24, 7).states(&phase_states(lang)),
        Panel::new(Show::States, lang.of("窗口来自哪里", "Where windows come from"), lang.of("每个来源一行：配置、日历、公告、观测等。公告与观测并列，一眼看出是否相符。", "One lane a source: configuration, calendar, notice, observation. Announced and observed side by side."), "none", vec![target(active, "{{source}}")]).sized(12, 8).states(&[(0, "–", "transparent"), (1, lang.of("维护", "open"), "yellow")]),
        Panel::new(Show::States, lang.of("已确认与待确认", "Confirmed and proposed"), lang.of("待确认的窗口只提示，不免除任何失败。", "A proposed window warns and excuses nothing."), "none", vec![target(by_status, "{{service}} {{status}}")]).sized(12, 8).states(&[(0, "–", "transparent"), (1, lang.of("维护", "open"), "yellow")]),
        Panel::new(Show::Lines, lang.of("公告来源多久没读到", "Age of announcement sources"), lang.of("距上次读到各公告来源的时长；过长则公告不可信。", "Since each source was last read; when it grows, announcements cannot be relied on."), "s", vec![target(read, "{{source}}")]).threshold(21_600.0),
        Panel::new(Show::Table, lang.of("有疑义的公告", "Doubtful notices"), lang.of("所选时段内无法确定含义的公告数，需要人看。", "Notices in the range shown that could not be read without doubt; a person should look."), "short", vec![target(doubts, "{{source}}")]),
        Panel::new(Show::Table, lang.of("发现", "Findings"), lang.of("目前的发现，按类别与严重程度。", "Findings so far, by kind and severity."), "short", vec![target(findings, "{{kind}} {{severity}}")]).sized(24, 7).event(),
    ]
}
