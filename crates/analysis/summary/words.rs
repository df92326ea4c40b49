//! Operations, surfaces and limits in words, for findings and for reports.

use super::LimitResult;
use crate::limit::{Limit, Point, Subject, label};
use crate::numbers::{number, percent, seconds};
use piaotan_record::{Operation, Surface};

/// An operation in the reader's words.
#[must_use]
pub const fn spoken(of: Operation, chinese: bool) -> &'static str {
    let (zh, en) = match of {
        Operation::SmsCode => ("短信验证码", "SMS code"),
        Operation::Register => ("注册", "register"),
        Operation::Login => ("登录", "login"),
        Operation::ResetPassword => ("重置密码", "reset password"),
        Operation::Upload => ("上传", "upload"),
        Operation::Resubmit => ("重新提交", "resubmit"),
        Operation::Review => ("审核状态", "review state"),
        Operation::QueryNumber => ("按号码查询", "query by number"),
        Operation::QueryKeyword => ("按关键字查询", "query by keyword"),
        Operation::QueryRegion => ("异地查询", "query in a region"),
        Operation::Verify => ("查验", "verify"),
        Operation::Batch => ("批量上传", "batch upload"),
        Operation::BatchStatus => ("批次状态", "batch state"),
        Operation::StatusHistory => ("状态历史", "status history"),
        Operation::Issue => ("开具", "issue"),
        Operation::Push => ("推送", "push"),
        Operation::Warnings => ("预警", "warnings"),
        Operation::LedgerHead => ("账本头", "ledger head"),
        Operation::LedgerProof => ("账本证明", "ledger proof"),
        Operation::Void => ("作废", "void"),
        Operation::RedFlush => ("红冲", "red flush"),
        Operation::Notices => ("公告", "notices"),
        Operation::Health => ("健康检查", "health"),
        Operation::Page => ("网页", "page"),
        Operation::TrackNumber => ("跟踪：按号码", "track by number"),
        Operation::TrackKeyword => ("跟踪：按关键字", "track by keyword"),
        Operation::TrackVerify => ("跟踪：查验", "track by verification"),
        Operation::TrackRegion => ("跟踪：异地", "track in a region"),
        Operation::JourneyRegisterLogin => ("流程：注册登录", "journey: register, login"),
        Operation::JourneyUploadReview => ("流程：上传审核", "journey: upload, review"),
        Operation::JourneyRoundtrip => ("流程：上传到查验", "journey: round trip"),
        Operation::JourneyQueryNumber => ("流程：号码查询", "journey: query by number"),
        Operation::JourneyQueryKeyword => ("流程：关键字查询", "journey: query by keyword"),
        Operation::JourneyVerify => ("流程：查验", "journey: verify"),
        Operation::JourneyBatch => ("流程：批量", "journey: batch"),
        Operation::JourneyStatusHistory => ("流程：状态历史", "journey: status history"),
        Operation::JourneyIssuePush => ("流程：开具推送", "journey: issue, push"),
        Operation::JourneyCrossRegion => ("流程：异地", "journey: cross region"),
        Operation::JourneyAgentIssued => ("流程：代开", "journey: agent issued"),
        Operation::JourneyEntryCheck => ("流程：录入核对", "journey: entry check"),
        Operation::JourneyProbe => ("流程：单一请求", "journey: single request"),
    };
    if chinese { zh } else { en }
}

/// A surface in the reader's words.
#[must_use]
pub const fn surface(of: Surface, chinese: bool) -> &'static str {
    let (zh, en) = match of {
        Surface::Number => ("按号码", "by number"),
        Surface::Keyword => ("按关键字", "by keyword"),
        Surface::Verify => ("查验", "by verification"),
        Surface::Region => ("异地", "in another region"),
    };
    if chinese { zh } else { en }
}

/// A limit as people say it: what it is about, what was measured, what was allowed.
///
/// `upload.response.p95 < 500ms` is `upload response p95: 680 ms, limit 500 ms`. What is no limit stays as it is.
#[must_use]
pub fn limit_spoken(text: &str, value: Option<f64>, chinese: bool) -> String {
    let Ok(limit) = text.parse::<Limit>() else { return text.to_owned() };
    let shown = |value: f64| if limit.is_timed() { seconds(value) } else { percent(value) };
    let none = if chinese { "无样本" } else { "no samples" };
    let value = value.map_or_else(|| none.to_owned(), shown);
    let (what, bound) = (about(&limit.subject, chinese), shown(limit.bound));
    match (chinese, limit.above) {
        (true, false) => format!("{what}：{value}，上限 {bound}"),
        (true, true) => format!("{what}：{value}，下限 {bound}"),
        (false, false) => format!("{what}: {value}, limit {bound}"),
        (false, true) => format!("{what}: {value}, at least {bound} wanted"),
    }
}

fn about(subject: &Subject, chinese: bool) -> String {
    let pick = |zh: &'static str, en: &'static str| if chinese { zh } else { en };
    match subject {
        Subject::Latency { operation, service, point } => {
            let kind =
                if *service { pick("服务时间", " service") } else { pick("响应时间", " response") };
            format!("{}{kind} {}", spoken(*operation, chinese), at(*point, chinese))
        }
        Subject::Errors(Some(operation)) => {
            format!("{}{}", spoken(*operation, chinese), pick("失败率", " failures"))
        }
        Subject::Errors(None) => pick("失败率", "failures").to_owned(),
        Subject::Code(code) => format!("{} {code}", pick("应答码", "answers with code")),
        Subject::Outcome(kind) => format!("{} {kind}", pick("结果", "answers that are")),
        Subject::Rate => pick("达到的速率", "rate reached").to_owned(),
        Subject::Sync { surface: of, point } => {
            let name = surface(*of, chinese);
            format!("{}{name} {}", pick("同步延迟：", "sync delay "), at(*point, chinese))
        }
    }
}

fn at(point: Point, chinese: bool) -> String {
    match point {
        Point::Quantile(q) => label(q),
        Point::Max => if chinese { "最大值" } else { "max" }.to_owned(),
        Point::Mean => if chinese { "平均值" } else { "mean" }.to_owned(),
    }
}

impl LimitResult {
    /// What was measured, in the unit of the limit: a length of time or a share. What is no limit, as a
    /// folder of others may hold it, has no unit.
    #[must_use]
    pub fn measured(&self) -> Option<String> {
        let shown = match self.limit.parse::<Limit>() {
            Ok(limit) if limit.is_timed() => seconds,
            Ok(_) => percent,
            Err(_) => number,
        };
        self.value.map(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::limit_spoken;

    #[test]
    fn limits_are_said_as_people_say_them() {
        let check = |text: &str, value: Option<f64>, zh: &str, en: &str| {
            assert_eq!(limit_spoken(text, value, true), zh);
            assert_eq!(limit_spoken(text, value, false), en);
        };
        check(
            "upload.response.p95 < 500ms",
            Some(0.68),
            "上传响应时间 p95：680 ms，上限 500 ms",
            "upload response p95: 680 ms, limit 500 ms",
        );
        check(
            "upload.response.p95 < 1.2s",
            Some(1.24),
            "上传响应时间 p95：1.24 s，上限 1.2 s",
            "upload response p95: 1.24 s, limit 1.2 s",
        );
        check("errors < 1%", Some(0.0125), "失败率：1.25 %，上限 1 %", "failures: 1.25 %, limit 1 %");
        check(
            "rate > 99%",
            None,
            "达到的速率：无样本，下限 99 %",
            "rate reached: no samples, at least 99 % wanted",
        );
        check(
            "sync.number.p95 < 60s",
            Some(75.0),
            "同步延迟：按号码 p95：75 s，上限 60 s",
            "sync delay by number p95: 75 s, limit 60 s",
        );
        check("whatever", Some(1.0), "whatever", "whatever");
    }
}
