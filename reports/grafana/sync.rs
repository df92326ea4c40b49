//! *Sync delay*: how long until an uploaded invoice can be found, and what is still on its way.

use super::board::{Board, Panel, Show, bucket, of, quantile, rate, target};
use crate::metrics::MetricId as Id;
use crate::words::Lang;

/// The dashboard.
#[must_use]
pub fn board(lang: Lang) -> Board {
    Board {
        uid: "piaotan-sync",
        title: lang.of("票探 · 同步延迟", "Piaotan · Sync delay"),
        lang,
        panels: panels(lang),
    }
}

fn panels(lang: Lang) -> Vec<Panel> {
    let over_range = |id: Id| format!("sum(increase({}[$__range]))", of(id, ""));
    let heat = format!("sum by (le) (increase({}[$__rate_interval]))", bucket(Id::SyncDelay, ""));
    let median = |offset: &str| {
        format!(
            "histogram_quantile(0.5, sum by (le, surface) (increase({}[$__range]{offset})))",
            bucket(Id::SyncDelay, "")
        )
    };
    let since = format!("time() - max by (surface) ({})", of(Id::SyncLastVisible, ""));
    vec![
        Panel::new(Show::Number, lang.of("最老的未可见", "Oldest pending"), lang.of("最早上传而仍查不到的发票的年龄；会一直增长，直到可见。", "Age of the oldest invoice not yet visible; it grows until that is seen."), "s", vec![target(format!("max({})", of(Id::SyncOldest, "")), "")]).threshold(86_400.0),
        Panel::new(Show::Number, lang.of("未可见", "Pending"), lang.of("已接收而尚未可见的发票数。", "Invoices accepted and not yet visible."), "short", vec![target(format!("sum({})", of(Id::SyncPending, "")), "")]),
        Panel::new(Show::Number, lang.of("逾期", "Late"), lang.of("所选时段内超过平台承诺的发票数。", "Invoices past the platform's promise, in the range shown."), "short", vec![target(over_range(Id::SyncLate), "")]).threshold(1.0),
        Panel::new(Show::Number, lang.of("丢失", "Lost"), lang.of("所选时段内判为丢失的发票数。", "Invoices given up as lost, in the range shown."), "short", vec![target(over_range(Id::SyncLost), "")]).threshold(1.0),
        Panel::new(Show::Number, lang.of("不符", "Mismatched"), lang.of("所选时段内可见但与上传不符的发票数。", "Invoices visible but not as uploaded, in the range shown."), "short", vec![target(over_range(Id::SyncMismatched), "")]).threshold(1.0),
        Panel::new(Show::Number, lang.of("维护后消失或被改", "Vanished or changed"), lang.of("维护之后消失或内容被改的发票数。", "Invoices that vanished or changed over a maintenance."), "short", vec![target(format!("{} + {}", over_range(Id::Vanished), over_range(Id::Changed)), "")]).threshold(1.0),
        Panel::new(Show::Heatmap, lang.of("同步延迟分布", "Sync delay heat map"), lang.of("从接收到首次可见，多晚都计入；从未可见的不在其中，见“未可见”。", "From acceptance until first seen, however late; what was never seen is not in it (see pending)."), "s", vec![target(heat, "{{le}}")]),
        Panel::new(Show::Log, lang.of("同步延迟", "Sync delay"), lang.of("各查询方式的 p50 与 p95。", "p50 and p95 by surface."), "s", vec![
            target(quantile(0.5, Id::SyncDelay, "surface", ""), "p50 {{surface}}"),
            target(quantile(0.95, Id::SyncDelay, "surface", ""), "p95 {{surface}}"),
        ]),
        Panel::new(Show::Log, lang.of("近一段与更早相比", "Recent against before"), lang.of("所选时段的中位数与其前一段的中位数：两线分开即回退或改善。", "Median of the range shown beside that of the range before it: apart means regression or improvement."), "s", vec![
            target(median(""), lang.of("现在 {{surface}}", "now {{surface}}")),
            target(median(" offset $__range"), lang.of("之前 {{surface}}", "before {{surface}}")),
        ]).event(),
        Panel::new(Show::Lines, lang.of("最老的未可见（各方式）", "Oldest pending by surface"), lang.of("虚线为平台承诺的 24 小时。", "The dashed line is the platform's promise of 24 hours."), "s", vec![target(format!("max by (surface) ({})", of(Id::SyncOldest, "")), "{{surface}}")]).threshold(86_400.0),
        Panel::new(Show::Lines, lang.of("接收与可见 / 秒", "Accepted and visible"), lang.of("两线分开，未可见的就在增加。", "When the lines part, the number pending grows."), "cps", vec![
            target(format!("sum(rate({}[$__rate_interval]))", of(Id::SyncSubmitted, "")), lang.of("已接收", "accepted")),
            target(rate(Id::SyncVisible, "surface", ""), "{{surface}}"),
        ]),
        Panel::new(Show::Lines, lang.of("查询失败 / 秒", "Looks that failed"), lang.of("查询失败不等于“还不可见”，单独计数。", "A look that failed does not mean `not yet visible`: it is counted apart."), "cps", vec![target(rate(Id::SyncUnknown, "surface", ""), "{{surface}}")]),
        Panel::new(Show::Lines, lang.of("距上次有发票可见", "Since one was last seen"), lang.of("各查询方式距最近一次有发票变为可见的时长。", "Since an invoice last became visible, by surface."), "s", vec![target(since, "{{surface}}")]),
    ]
}
