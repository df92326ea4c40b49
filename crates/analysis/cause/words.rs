//! The message catalogue: each cause in a sentence, and what to do about it.

use super::facts::{Facts, Found, Status, Verify};
use super::number::Fault;
use super::rules::{Decided, throttled};
use super::{Cause, Language};

/// The cause in one sentence, with what this invoice adds to it.
pub(super) fn says(decided: &Decided, facts: &Facts, language: Language) -> String {
    let mut text = sentence(decided.cause, language).to_owned();
    let valid = facts.verify == Verify::Genuine;
    if valid && matches!(decided.cause, Cause::NotYetSynced | Cause::Late | Cause::OtherRegion) {
        text.push_str(pick(
            language,
            "；查验一致：有效，尚不可见",
            "; verified as genuine: valid, not yet visible",
        ));
    }
    if let (Cause::ReviewRejected, Status::Known(history)) = (decided.cause, &facts.status)
        && !history.reasons.is_empty()
    {
        text = format!("{text}: {}", history.reasons.join("; "));
    }
    if decided.cause == Cause::OtherRegion {
        let list = |seen: bool| {
            let here = facts.looks.iter().filter(|look| matches!(look.found, Found::Seen(_)) == seen);
            let here = here.filter(|look| seen || look.found == Found::NotThere);
            here.map(|look| if look.region.is_empty() { look.surface.as_str() } else { &look.region })
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (seen, missing) = (list(true), list(false));
        if !seen.is_empty() {
            text.push_str(&match language {
                Language::Zh => format!("（可见：{seen}；不可见：{missing}）"),
                Language::En => format!(" (visible: {seen}; not: {missing})"),
            });
        }
    }
    if decided.cause == Cause::Unknown && throttled(facts) {
        text.push_str(pick(
            language,
            "；请求过频，部分未答",
            "; asked too fast, some questions were refused",
        ));
    }
    text
}

/// What is wrong with the form of a number.
pub(super) fn fault(fault: Fault, language: Language) -> String {
    match (language, fault) {
        (Language::En, fault) => fault.to_string(),
        (Language::Zh, Fault::Empty) => "没有号码".to_owned(),
        (Language::Zh, Fault::NotADigit(wrong)) => format!("“{wrong}”不是数字"),
        (Language::Zh, Fault::CodeMissing) => "只有 8 位：缺发票代码（10 或 12 位）".to_owned(),
        (Language::Zh, Fault::Length(length)) => format!("{length} 位，应为 20 位或 18 位"),
        (Language::Zh, Fault::Year(year)) => format!("年份为 {year}"),
    }
}

fn pick<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

fn sentence(cause: Cause, language: Language) -> &'static str {
    let (zh, en) = match cause {
        Cause::Visible => ("发票可查到", "the invoice is there"),
        Cause::OwnNetwork => ("本地网络不通", "your own network does not work"),
        Cause::Dns => ("平台域名无法解析", "the platform's name does not resolve"),
        Cause::Tls => ("与平台的加密连接失败", "no secure connection to the platform"),
        Cause::PlatformDown => ("平台故障，不能应答", "the platform is down or failing"),
        Cause::BrowserSide => {
            ("平台上可查到，问题在浏览器一侧", "the platform shows it: the trouble is in the browser")
        }
        Cause::Maintenance => ("平台正在维护", "the platform is in maintenance"),
        Cause::NotIssued => ("发票可能尚未开具", "the invoice may not have been issued"),
        Cause::NotUploaded => ("发票未上传到本平台", "the invoice was not uploaded to this platform"),
        Cause::UploadRefused => ("上传被平台拒绝", "the platform refused the upload"),
        Cause::BatchUnanswered => ("批次未得到答复", "the batch was never answered"),
        Cause::ReviewPending => ("已上传，正在审核", "uploaded, and under review"),
        Cause::ReviewRejected => ("审核被驳回", "the review rejected it"),
        Cause::DetailsDiffer => ("填写内容与平台记录不一致", "the details differ from the platform's record"),
        Cause::MalformedNumber => ("发票号码格式不对", "the number is no invoice number"),
        Cause::OtherRegion => ("在其他地区可见", "it is visible in another region"),
        Cause::AgentIssued => {
            ("代开发票，登记在代开方名下", "issued by an agent, and registered under the agent")
        }
        Cause::NotYetSynced => ("已入库，尚未同步", "accepted, and not yet synchronised"),
        Cause::Late => ("已超过承诺的同步时限", "later than the platform promises"),
        Cause::Lost => ("长时间不可见，可能已丢失", "not seen for so long that it counts as lost"),
        Cause::Voided => ("发票已作废或红冲", "the invoice is voided or red-flushed"),
        Cause::OverLimit => ("当日查验次数已用完", "today's verifications of it are used up"),
        Cause::Unknown => ("原因不明", "the cause is not known"),
    };
    pick(language, zh, en)
}

/// What to do next.
pub(super) fn advice(cause: Cause, language: Language) -> &'static str {
    let (zh, en) = match cause {
        Cause::Visible => ("无需处理。", "Nothing to do."),
        Cause::OwnNetwork => (
            "先打开任一普通网页确认网络，再重试。",
            "Open any plain page to check your network, then try again.",
        ),
        Cause::Dns => (
            "检查域名拼写与 DNS 设置，换一个网络再试。",
            "Check the spelling of the host and the DNS settings, or try another network.",
        ),
        Cause::Tls => (
            "检查本机时间与根证书；仍失败时联系平台。",
            "Check this machine's clock and root certificates; if it still fails, tell the platform.",
        ),
        Cause::PlatformDown => (
            "稍后再查，不要重复上传；持续故障请报障。",
            "Look again later and do not upload again; report it if it lasts.",
        ),
        Cause::BrowserSide => (
            "清除缓存、换浏览器（Chrome、Firefox、Edge）再看。",
            "Clear the cache or use another browser (Chrome, Firefox, Edge).",
        ),
        Cause::Maintenance => (
            "等维护结束后再查，期间不要登录或上传。",
            "Wait for the end of the maintenance; do not log in or upload meanwhile.",
        ),
        Cause::NotIssued => (
            "请开票方确认是否已开具，并核对号码与日期。",
            "Ask the issuer whether it was issued, and check number and date.",
        ),
        Cause::NotUploaded => (
            "请上传发票；已上传过的，核对账号与上传结果。",
            "Upload it; if that was done, check the account and the answer to the upload.",
        ),
        Cause::UploadRefused => {
            ("按返回原因更正后重新上传。", "Mend what the answer names and upload again.")
        }
        Cause::BatchUnanswered => (
            "用同一批次号查询或再次提交，勿改内容；仍无答复请报障。",
            "Ask for the batch by its key or send the same batch again, unchanged; report it if there is still no answer.",
        ),
        Cause::ReviewPending => ("等待审核完成，不要重复上传。", "Wait for the review; do not upload again."),
        Cause::ReviewRejected => {
            ("按驳回原因更正后重新提交。", "Correct what the reason names and resubmit.")
        }
        Cause::DetailsDiffer => (
            "与票面核对号码、日期、金额；票面无误时请开票方重开。",
            "Compare number, date and total with the paper; if the paper is right, ask the issuer to reissue.",
        ),
        Cause::MalformedNumber => (
            "核对号码：数电票 20 位；旧票为代码加号码。",
            "Check the number: 20 digits, or code and number of an older kind.",
        ),
        Cause::OtherRegion => (
            "到发票所属地区查询，或等待跨地区同步；发票有效。",
            "Look in the region that it belongs to, or wait for the regions to synchronise; the invoice is valid.",
        ),
        Cause::AgentIssued => (
            "联系代开方，由其上传或更正。",
            "Ask the agent who issued it: uploading and corrections are theirs.",
        ),
        Cause::NotYetSynced => {
            ("发票有效，等待同步，不要重复上传。", "The invoice is valid: wait, and do not upload again.")
        }
        Cause::Late => (
            "发票有效；请将下文发给客服催办。",
            "The invoice is valid; send the text below to customer service.",
        ),
        Cause::Lost => (
            "请将下文发给客服核查；必要时向税务机关反映。",
            "Send the text below to customer service; if need be, tell the tax office.",
        ),
        Cause::Voided => ("请开票方重新开具。", "Ask the issuer to reissue it."),
        Cause::OverLimit => {
            ("明日再查验；按号码查询不受限制。", "Verify again tomorrow; queries by number are not limited.")
        }
        Cause::Unknown => (
            "稍后再查；仍查不到时将下文发给客服。",
            "Look again later; if it stays so, send the text below to customer service.",
        ),
    };
    pick(language, zh, en)
}
