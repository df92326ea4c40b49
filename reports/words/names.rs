//! The closed sets of the house, in words.

use super::Lang;
use piaotan_analysis::summary::{FindingKind, LaneState, Severity, Verdict, spoken, words};
use piaotan_record::{Operation, OutcomeKind, Surface};

/// The big word.
#[must_use]
pub const fn verdict(lang: Lang, of: Verdict) -> &'static str {
    match of {
        Verdict::Pass => lang.of("通过", "PASS"),
        Verdict::Fail => lang.of("不通过", "FAIL"),
        Verdict::Inconclusive => lang.of("无法判定", "INCONCLUSIVE"),
        Verdict::Refused => lang.of("拒绝", "REFUSED"),
        Verdict::Interrupted => lang.of("中断", "INTERRUPTED"),
    }
}

/// How grave a finding is.
#[must_use]
pub const fn severity(lang: Lang, of: Severity) -> &'static str {
    match of {
        Severity::Info => lang.of("信息", "info"),
        Severity::Warning => lang.of("警告", "warning"),
        Severity::Critical => lang.of("严重", "critical"),
    }
}

/// A stretch of the timeline.
#[must_use]
pub const fn state(lang: Lang, of: LaneState) -> &'static str {
    match of {
        LaneState::Normal => lang.of("正常", "normal"),
        LaneState::WritesOnly => lang.of("仅停写入", "writes stopped"),
        LaneState::Maintenance => lang.of("维护", "maintenance"),
        LaneState::Overrun => lang.of("超期", "overrun"),
        LaneState::Recovering => lang.of("恢复中", "recovering"),
        LaneState::Down => lang.of("故障", "down"),
        LaneState::WarmUp => lang.of("预热", "warm-up"),
        LaneState::Running => lang.of("运行", "running"),
        LaneState::Paused => lang.of("暂停", "paused"),
        LaneState::Ended => lang.of("结束", "ended"),
    }
}

/// Where an invoice becomes visible.
#[must_use]
pub const fn surface(lang: Lang, of: Surface) -> &'static str {
    words::surface(of, matches!(lang, Lang::Zh))
}

/// What came of a request.
#[must_use]
pub const fn outcome(lang: Lang, of: OutcomeKind) -> &'static str {
    match of {
        OutcomeKind::Ok => lang.of("成功", "ok"),
        OutcomeKind::BusinessNo => lang.of("业务否定", "business no"),
        OutcomeKind::NotYetVisible => lang.of("尚未可见", "not yet visible"),
        OutcomeKind::Duplicate => lang.of("重复", "duplicate"),
        OutcomeKind::AuthChallenge => lang.of("需人工验证", "auth challenge"),
        OutcomeKind::Throttled => lang.of("被限流", "throttled"),
        OutcomeKind::Maintenance => lang.of("维护中", "maintenance"),
        OutcomeKind::ClientError => lang.of("请求有误", "client error"),
        OutcomeKind::ServerError => lang.of("服务器错误", "server error"),
        OutcomeKind::Dns => lang.of("域名解析失败", "DNS"),
        OutcomeKind::Refused => lang.of("拒绝连接", "refused"),
        OutcomeKind::Tls => lang.of("TLS 失败", "TLS"),
        OutcomeKind::Reset => lang.of("连接重置", "reset"),
        OutcomeKind::TimedOut => lang.of("超时", "timed out"),
        OutcomeKind::Unreadable => lang.of("应答无法解读", "unreadable"),
        OutcomeKind::Mismatched => lang.of("内容不符", "mismatched"),
        OutcomeKind::CutOff => lang.of("运行结束时未完成", "cut off"),
    }
}

/// The headline of a finding.
#[must_use]
pub const fn finding(lang: Lang, of: FindingKind) -> &'static str {
    match of {
        FindingKind::WindowAnnouncedAndObserved => lang.of("维护如公告进行", "maintenance as announced"),
        FindingKind::WindowAnnouncedNotObserved => lang.of("公告了维护但未观测到", "announced, not observed"),
        FindingKind::WindowObservedUnannounced => lang.of("未公告的维护", "unannounced maintenance"),
        FindingKind::WindowOverrun => lang.of("维护超出公告时间", "maintenance overran"),
        FindingKind::WindowEarlyEnd => lang.of("维护提前结束", "maintenance ended early"),
        FindingKind::WindowPartial => lang.of("部分服务维护", "partial maintenance"),
        FindingKind::Suppressed => lang.of("因维护暂缓发送", "held back for maintenance"),
        FindingKind::BacklogRush => lang.of("恢复后积压涌入", "backlog rush"),
        FindingKind::Recovered => lang.of("已恢复", "recovered"),
        FindingKind::SyncRegression => lang.of("同步变慢", "sync became slower"),
        FindingKind::SyncImproved => lang.of("同步变快", "sync became faster"),
        FindingKind::SyncLost => lang.of("发票丢失", "invoices lost"),
        FindingKind::SyncLate => lang.of("发票逾期未同步", "invoices late"),
        FindingKind::Mismatched => lang.of("内容与上传不符", "content differs"),
        FindingKind::Vanished => lang.of("发票消失", "invoices vanished"),
        FindingKind::Changed => lang.of("发票内容被改", "invoices changed"),
        FindingKind::LimitBroken => lang.of("超出限值", "limit broken"),
        FindingKind::Errors => lang.of("出错", "errors"),
        FindingKind::Throttled => lang.of("被限流", "throttled"),
        FindingKind::Unreachable => lang.of("无法连接", "unreachable"),
        FindingKind::GeneratorSaturated => lang.of("压测机饱和", "generator saturated"),
        FindingKind::NotConserved => lang.of("记录不守恒", "not conserved"),
        FindingKind::CutShort => lang.of("提前结束", "cut short"),
        FindingKind::JourneyPanicked => lang.of("流程崩溃", "journey panicked"),
        FindingKind::NotSteady => lang.of("未达稳态", "not settled"),
        FindingKind::SourceStale => lang.of("公告来源过期", "source stale"),
        FindingKind::NoticeDoubt => lang.of("公告有疑义", "doubtful notice"),
        FindingKind::LatencyRegression => lang.of("响应变慢", "responses became slower"),
        FindingKind::CapacityExceeded => lang.of("超出容量", "capacity exceeded"),
    }
}

/// What was asked of the platform.
#[must_use]
pub const fn operation(lang: Lang, of: Operation) -> &'static str {
    spoken(of, matches!(lang, Lang::Zh))
}

/// A probe in words; its own name where there are none.
#[must_use]
pub fn probe(lang: Lang, name: &str) -> String {
    let (zh, en) = match name {
        "own_network" => ("本机网络", "own network"),
        "dns" => ("域名解析", "DNS"),
        "tls" => ("TLS 证书", "TLS"),
        "page" => ("网页", "page"),
        "api_health" => ("接口健康", "API health"),
        "login" => ("登录", "login"),
        "upload_review" => ("上传与审核", "upload and review"),
        "query_number" => ("按号码查询", "query by number"),
        "query_keyword" => ("按关键字查询", "query by keyword"),
        "verify" => ("查验", "verification"),
        "invoice_roundtrip" => ("发票全流程", "invoice round trip"),
        "sync_delay" => ("同步延迟", "sync delay"),
        "cross_region" => ("跨地区查询", "other regions"),
        "batch_resubmit" => ("批量重传", "batch resubmit"),
        "entry_check" => ("逐字段核对", "entry check"),
        "ledger_integrity" => ("账本完整性", "ledger integrity"),
        "notices_reachable" => ("公告可读", "notices"),
        "push_delivery" => ("邮件短信推送", "push delivery"),
        "browser" => ("浏览器", "browser"),
        other => (other, other),
    };
    lang.of(zh, en).to_owned()
}
