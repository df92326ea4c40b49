//! A text for customer service: everything that they will ask for.

use super::facts::Facts;
use super::rules::Decided;
use super::{Cause, Language, Step};
use chrono::{DateTime, Utc};

/// The text; empty where customer service has nothing to do with it.
pub(super) fn write(
    decided: &Decided,
    says: &str,
    facts: &Facts,
    evidence: &[Step],
    language: Language,
) -> String {
    if matches!(
        decided.cause,
        Cause::Visible | Cause::OwnNetwork | Cause::BrowserSide | Cause::MalformedNumber
    ) {
        return String::new();
    }
    let at =
        |time: DateTime<Utc>| time.with_timezone(&facts.zone).format("%Y-%m-%d %H:%M:%S %:z").to_string();
    let zh = language == Language::Zh;
    let label = |zh_text, en_text| if zh { zh_text } else { en_text };
    let subject = &facts.subject;
    let unknown = || label("未知", "unknown").to_owned();
    let mut lines = vec![
        label(
            "您好，以下发票查询不到，请协助核查。",
            "Please look into this invoice, which cannot be found.",
        )
        .to_owned(),
        format!("{}: {}", label("平台", "Platform"), facts.platform),
        format!("{}: {}", label("发票号码", "Invoice number"), subject.number),
        format!(
            "{}: {}",
            label("开票日期", "Issue date"),
            subject.issue_date.map_or_else(unknown, |date| date.to_string())
        ),
        format!("{}: {}", label("价税合计", "Total with tax"), subject.total.clone().unwrap_or_else(unknown)),
        format!(
            "{}: {}",
            label("上传时间", "Uploaded"),
            facts.subject.uploaded.or(facts.began()).map_or_else(unknown, at)
        ),
    ];
    lines.extend(subject.batch.as_ref().map(|key| format!("{}: {key}", label("批次号", "Batch"))));
    lines.push(format!("{}: {says} ({}, {})", label("判断", "Finding"), decided.cause, decided.certainty));
    lines.push(label("查询记录:", "What was asked:").to_owned());
    lines.extend(facts.attempts.iter().map(|(time, text)| format!("- {} {text}", at(*time))));
    lines.extend(evidence.iter().map(|step| {
        let time = at(step.at.unwrap_or(facts.now));
        format!("- {time} {}: {} {}", step.step, step.result, step.detail)
    }));
    lines.join("\n")
}
