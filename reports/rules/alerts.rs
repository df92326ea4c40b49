//! Alerts on states: each says what is so, since when it must be so, and what to do.

use super::{Alert, Promise, Rule, Severity};
use crate::metrics::MetricId as Id;
use crate::words::Lang;

/// A summary and a description, Chinese and English.
type Said = ([&'static str; 2], [&'static str; 2]);

fn rule(
    lang: Lang,
    name: &str,
    expr: String,
    hold: &'static str,
    severity: Severity,
    (summary, description): Said,
) -> Rule {
    let say = |[zh, en]: [&'static str; 2]| lang.of(zh, en).to_owned();
    let alert = Alert { hold, severity, summary: say(summary), description: say(description) };
    Rule { name: format!("Piaotan{name}"), expr, alert: Some(alert) }
}

/// Nothing here while a confirmed window that was announced is open.
fn unless_maintenance(expr: &str) -> String {
    format!(
        "{expr} unless on () (max({}{{status=\"confirmed\",source!=\"observed\"}}) == 1)",
        Id::MaintenanceActive.name()
    )
}

/// Platform, probes, windows and the watch itself.
#[must_use]
pub fn states(promise: &Promise) -> Vec<Rule> {
    [maintenance(promise.lang), probes(promise.lang), own(promise.lang)].concat()
}

fn maintenance(lang: Lang) -> Vec<Rule> {
    let observed = format!("max by (service) ({}{{source=\"observed\"}}) == 1", Id::MaintenanceActive.name());
    let overrun = format!("max by (service) ({}) > 0", Id::MaintenanceOverrun.name());
    let stale = format!(
        "time() - max by (source) ({}) > 21600 or max by (source) ({}) == 0",
        Id::SourceRead.name(),
        Id::SourceUp.name()
    );
    vec![
        rule(
            lang,
            "MaintenanceOverrun",
            overrun,
            "1m",
            Severity::Page,
            (
                ["维护超期：{{ $labels.service }}", "Maintenance overrun: {{ $labels.service }}"],
                [
                    "已超过公告的结束时间 {{ $value | humanizeDuration }} 仍在维护。向平台确认新的结束时间，或用 `piaotan windows extend` 更正。",
                    "Still in maintenance {{ $value | humanizeDuration }} past the announced end. Ask the platform for the new end, or correct it with `piaotan windows extend`.",
                ],
            ),
        ),
        rule(
            lang,
            "UnannouncedMaintenance",
            unless_maintenance(&observed),
            "2m",
            Severity::Page,
            (
                ["未公告的维护：{{ $labels.service }}", "Unannounced maintenance: {{ $labels.service }}"],
                [
                    "平台应答为维护中，但没有公告。计入可用率。",
                    "The platform answers that it is in maintenance and nothing was announced. It counts against availability.",
                ],
            ),
        ),
        rule(
            lang,
            "AnnouncementSourceStale",
            stale,
            "15m",
            Severity::Ticket,
            (
                ["读不到公告来源：{{ $labels.source }}", "Announcement source unread: {{ $labels.source }}"],
                [
                    "新公告可能被错过，届时维护会被当作故障。",
                    "New announcements may be missed; maintenance would then look like an outage.",
                ],
            ),
        ),
    ]
}

fn probes(lang: Lang) -> Vec<Rule> {
    let failing = format!("max by (probe) ({}) == 0", Id::ProbeSuccess.name());
    let dead = format!("time() - max by (probe) ({}) > 900", Id::ProbeLastRun.name());
    let expiry = format!("min by (probe) ({}) - time() < 14 * 86400", Id::CertExpiry.name());
    vec![
        rule(
            lang,
            "ProbeFailing",
            unless_maintenance(&failing),
            "5m",
            Severity::Page,
            (
                ["探针失败：{{ $labels.probe }}", "Probe failing: {{ $labels.probe }}"],
                [
                    "连续 5 分钟失败，且没有公告的维护能解释。运行 `piaotan check` 看证据。",
                    "Failing for 5 minutes and no announced maintenance explains it. Run `piaotan check` for the evidence.",
                ],
            ),
        ),
        rule(
            lang,
            "ProbeDead",
            dead,
            "5m",
            Severity::Ticket,
            (
                ["探针停了：{{ $labels.probe }}", "Dead prober: {{ $labels.probe }}"],
                [
                    "超过 15 分钟没有运行：没有告警不等于没有故障。",
                    "It has not run for over 15 minutes: silence means nothing now.",
                ],
            ),
        ),
        rule(
            lang,
            "CertificateExpiring",
            expiry,
            "1h",
            Severity::Ticket,
            (
                ["证书将到期：{{ $labels.probe }}", "Certificate expiring: {{ $labels.probe }}"],
                ["剩余 {{ $value | humanizeDuration }}。", "{{ $value | humanizeDuration }} are left."],
            ),
        ),
    ]
}

fn own(lang: Lang) -> Vec<Rule> {
    vec![
        rule(
            lang,
            "Absent",
            format!("absent({})", Id::Build.name()),
            "10m",
            Severity::Page,
            (
                ["票探没有数据", "No data from piaotan"],
                ["没有任何实例在输出指标。", "No instance exports anything."],
            ),
        ),
        rule(
            lang,
            "ConfigurationInvalid",
            format!("max by (instance) ({}) == 0", Id::ConfigLoaded.name()),
            "5m",
            Severity::Ticket,
            (
                ["配置文件有误，仍在用旧的", "The configuration is invalid; an older one is in use"],
                ["运行 `piaotan config check`。", "Run `piaotan config check`."],
            ),
        ),
        rule(
            lang,
            "LedgerFailing",
            format!("increase({}[15m]) > 0", Id::LedgerErrors.name()),
            "0m",
            Severity::Page,
            (
                ["台账读写失败", "The ledger cannot be written or read"],
                [
                    "合成发票可能没有登记，请检查磁盘。",
                    "Synthetic invoices may go unrecorded; look at the disk.",
                ],
            ),
        ),
        undelivered(lang),
        rule(
            lang,
            "GeneratorSaturated",
            format!("max by (instance) ({}) == 1", Id::Saturated.name()),
            "1m",
            Severity::Ticket,
            (
                ["压测机饱和", "The load generator is saturated"],
                [
                    "本次运行不能说明平台的快慢。降低速率或换更强的机器。",
                    "The run says nothing about the platform. Lower the rate or use a larger machine.",
                ],
            ),
        ),
    ]
}

/// Whoever is told by another way must hear that this way is blocked.
fn undelivered(lang: Lang) -> Rule {
    let failed =
        format!("sum by (channel) (increase({}{{result=\"failed\"}}[15m])) > 0", Id::Notifications.name());
    rule(
        lang,
        "NotificationsFailing",
        failed,
        "0m",
        Severity::Page,
        (
            ["通知发不出去：{{ $labels.channel }}", "Notifications are not delivered: {{ $labels.channel }}"],
            [
                "监视的消息经多次尝试仍未被接收，收件人对故障一无所知。用 `piaotan watch --test-notify` 查原因。",
                "A message of the watch was not taken after several tries: the people behind it know nothing of it. `piaotan watch --test-notify` says why.",
            ],
        ),
    )
}

/// Invoices on their way.
#[must_use]
pub fn sync(promise: &Promise) -> Vec<Rule> {
    [late(promise), damaged(promise.lang)].concat()
}

fn late(promise: &Promise) -> Vec<Rule> {
    let (lang, oldest, delay) = (promise.lang, Id::SyncOldest.name(), Id::SyncDelay.name());
    let usual = format!("histogram_quantile(0.99, sum by (le, surface) (increase({delay}_bucket[14d])))");
    let now = "piaotan:sync_delay_seconds:p50_6h";
    let enough = format!("sum by (surface) (increase({delay}_bucket{{le=\"+Inf\"}}[6h])) >= 10");
    let promised = promise.visible_within;
    vec![
        rule(
            lang,
            "SyncPastPromise",
            format!("max by (surface) ({oldest}) > {promised}"),
            "5m",
            Severity::Page,
            (
                [
                    "发票超过承诺时限仍不可见（{{ $labels.surface }}）",
                    "An invoice is past the platform's promise ({{ $labels.surface }})",
                ],
                [
                    "最老的一张已等 {{ $value | humanizeDuration }}。用 `piaotan trace` 查原因。",
                    "The oldest has waited {{ $value | humanizeDuration }}. `piaotan trace` says why.",
                ],
            ),
        ),
        rule(
            lang,
            "SyncSlowerThanUsual",
            format!(
                "max by (surface) ({oldest}) > on (surface) {usual} and max by (surface) ({oldest}) > 3600"
            ),
            "15m",
            Severity::Ticket,
            (
                [
                    "同步比平时慢（{{ $labels.surface }}）",
                    "Synchronisation is slower than usual ({{ $labels.surface }})",
                ],
                [
                    "最老的一张等待超过近 14 天 99% 的发票。",
                    "The oldest waits longer than 99 % of invoices did in the last 14 days.",
                ],
            ),
        ),
        rule(
            lang,
            "SyncRegression",
            format!("{now} > 2 * ({now} offset 1d) and {now} > 1 and {enough}"),
            "1h",
            Severity::Ticket,
            (
                [
                    "同步延迟翻倍（{{ $labels.surface }}）",
                    "The sync delay has doubled ({{ $labels.surface }})",
                ],
                [
                    "近 6 小时的中位数超过昨天同一时段的两倍。",
                    "The median of the last 6 hours is over twice that of the same hours yesterday.",
                ],
            ),
        ),
    ]
}

fn damaged(lang: Lang) -> Vec<Rule> {
    let rise = |id: Id| format!("increase({}[1h]) > 0", id.name());
    vec![
        rule(
            lang,
            "InvoicesLost",
            rise(Id::SyncLost),
            "0m",
            Severity::Page,
            (
                ["有发票丢失（{{ $labels.surface }}）", "Invoices are lost ({{ $labels.surface }})"],
                ["过去一小时有发票被判为丢失。", "Invoices were given up as lost in the last hour."],
            ),
        ),
        rule(
            lang,
            "InvoicesMismatched",
            rise(Id::SyncMismatched),
            "0m",
            Severity::Page,
            (
                [
                    "有发票内容不符（{{ $labels.surface }}）",
                    "Invoices differ from what was uploaded ({{ $labels.surface }})",
                ],
                ["可见，但与上传的不一致。", "They are visible, but not as uploaded."],
            ),
        ),
        rule(
            lang,
            "InvoicesVanished",
            rise(Id::Vanished),
            "0m",
            Severity::Page,
            (
                ["维护后有发票消失", "Invoices vanished over a maintenance"],
                [
                    "维护前可见的发票，维护后查不到了。",
                    "They were visible before the maintenance and are not after it.",
                ],
            ),
        ),
        rule(
            lang,
            "InvoicesChanged",
            rise(Id::Changed),
            "0m",
            Severity::Page,
            (
                ["维护后有发票被改", "Invoices changed over a maintenance"],
                ["维护前后内容不一致。", "Their content differs from before the maintenance."],
            ),
        ),
    ]
}
