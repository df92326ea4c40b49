//! The closed set of operations in words, for findings and for reports.

use piaotan_record::Operation;

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
