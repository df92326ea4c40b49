//! The table of rules: how windows are put together and what is left out, each with an example that a test
//! reads. A new form is a new row here, and only then a change elsewhere.

use super::grammar::Join;

/// Which rule put a window together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Sign,
    BetweenAnd,
    Cell,
    Lost,
    EachDay,
    WholeDays,
    StartThenEnd,
    StartAndLength,
    OpenStart,
    FromNow,
    SameTimes,
    StagedEnd,
    EndedEarly,
    Extended,
    SameEnd,
}

impl Rule {
    pub(crate) fn of_join(join: Join) -> Self {
        match join {
            Join::Sign => Rule::Sign,
            Join::BetweenAnd => Rule::BetweenAnd,
            Join::Cell => Rule::Cell,
            Join::Lost => Rule::Lost,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Rule::Sign => "range",
            Rule::BetweenAnd => "between_and",
            Rule::Cell => "neighbouring_cells",
            Rule::Lost => "lost_sign",
            Rule::EachDay => "each_day",
            Rule::WholeDays => "whole_days",
            Rule::StartThenEnd => "start_then_end",
            Rule::StartAndLength => "start_and_length",
            Rule::OpenStart => "open_start",
            Rule::FromNow => "from_now",
            Rule::SameTimes => "same_times",
            Rule::StagedEnd => "staged_end",
            Rule::EndedEarly => "ended_early",
            Rule::Extended => "extended",
            Rule::SameEnd => "same_end",
        }
    }
}

/// One row of the table. Examples are read as published on 2026-11-20 (a Friday) at UTC+8.
#[derive(Debug)]
pub struct Row {
    /// The rule that must have made the first window; None for rules about days, times and judgement.
    pub(crate) rule: Option<Rule>,
    pub says: &'static str,
    pub example: &'static str,
    /// The kind, the windows as `11-24T22:00/11-25T06:00`, and rules that recur.
    pub reads: &'static str,
}

impl Row {
    /// The name that windows carry in `rules`; None for rules about days, times and judgement.
    pub fn name(&self) -> Option<&'static str> {
        self.rule.map(Rule::name)
    }
}

const fn row(rule: Option<Rule>, says: &'static str, example: &'static str, reads: &'static str) -> Row {
    Row { rule, says, example, reads }
}

/// All rules, in reading order.
pub const RULES: &[Row] = &[
    // How a window is put together.
    row(
        Some(Rule::Sign),
        "two moments with 至, -, ~, 到, until, to between",
        "11月24日22:00至11月25日6:00系统升级",
        "planned_maintenance 11-24T22:00/11-25T06:00",
    ),
    row(
        Some(Rule::BetweenAnd),
        "between X and Y",
        "The portal is down for maintenance between 1 am and 3 am on 24 November.",
        "planned_maintenance 11-24T01:00/11-24T03:00",
    ),
    row(
        Some(Rule::Cell),
        "start and end in neighbouring cells",
        "系统 | 开始 | 结束\n开票平台停机 | 11月24日22:00 | 11月25日6:00",
        "planned_maintenance 11-24T22:00/11-25T06:00",
    ),
    row(
        Some(Rule::Lost),
        "the sign between was lost in copying",
        "系统停机：11月24日22:00 11月25日6:00",
        "planned_maintenance 11-24T22:00/11-25T06:00",
    ),
    row(
        Some(Rule::EachDay),
        "a list or a range of days, and times on each of them",
        "11月24日、26日每日22:00至次日2:00系统割接",
        "planned_maintenance 11-24T22:00/11-25T02:00 11-26T22:00/11-27T02:00",
    ),
    row(
        Some(Rule::WholeDays),
        "days without times, where the text has nothing better: doubted",
        "11月24日至25日系统停机升级",
        "planned_maintenance 11-24T00:00/11-26T00:00",
    ),
    row(
        Some(Rule::WholeDays),
        "a day said to be affected the whole day",
        "11月24日全天停机维护",
        "planned_maintenance 11-24T00:00/11-25T00:00",
    ),
    row(
        Some(Rule::StartThenEnd),
        "start and end apart, each with its verb or label",
        "11月24日22:00起停用报账系统。11月25日6:00重新开放。",
        "planned_maintenance 11-24T22:00/11-25T06:00",
    ),
    row(
        Some(Rule::StartThenEnd),
        "several starts with one end",
        "系统升级：11月24日18时关闭填单；11月25日18时关闭审核；11月26日8时恢复。",
        "planned_maintenance 11-24T18:00/11-26T08:00 11-25T18:00/11-26T08:00",
    ),
    row(
        Some(Rule::StartAndLength),
        "a start and how long it takes: the longest that is said",
        "11月24日22:00停机维护，预计2至3小时",
        "planned_maintenance 11-24T22:00/11-25T01:00",
    ),
    row(
        Some(Rule::StartAndLength),
        "the length before the start",
        "Services will be interrupted for two hours starting at 1:00 am on 24 November.",
        "planned_maintenance 11-24T01:00/11-24T03:00",
    ),
    row(
        Some(Rule::OpenStart),
        "a start without an end: open, and doubted",
        "查验服务自11月20日14时20分起中断",
        "planned_maintenance 11-20T14:20/",
    ),
    row(
        Some(Rule::FromNow),
        "即日起 begins on the day of publication",
        "平台自即日起停止使用，恢复时间另行通知",
        "planned_maintenance 11-20T00:00/",
    ),
    row(
        Some(Rule::WholeDays),
        "即日起 until a time: the start is the day's beginning",
        "即日起至11月30日24:00，平台注册功能暂停",
        "planned_maintenance 11-20T00:00/12-01T00:00",
    ),
    row(
        Some(Rule::SameTimes),
        "a window put off to the same times of another day",
        "原定11月24日22:00-23:00的系统升级延期至11月26日同一时段进行",
        "postponed 11-26T22:00/11-26T23:00",
    ),
    row(
        Some(Rule::EndedEarly),
        "a window that ended early is told with its real end",
        "原定11月19日22:00至11月20日8:00的停机维护已于11月20日3:00提前完成，系统恢复正常",
        "resumed 11-19T22:00/11-20T03:00",
    ),
    // How a day is known.
    row(
        None,
        "a missing year is the one that puts the day near publication",
        "1月2日22:00-23:00系统升级",
        "planned_maintenance 2027-01-02T22:00/2027-01-02T23:00",
    ),
    row(
        None,
        "a year that the text names holds for the dates after it",
        "2027年12月30日系统升级，安排如下：1月2日22:00-23:00停机",
        "planned_maintenance 2028-01-02T22:00/2028-01-02T23:00",
    ),
    row(
        None,
        "years of the Republic of China began with 1912",
        "民國115年11月24日22時至24時系統維護",
        "planned_maintenance 11-24T22:00/11-25T00:00",
    ),
    row(
        None,
        "numbers in Chinese characters",
        "二〇二六年十一月二十四日晚上十点至次日凌晨两点半系统维护",
        "planned_maintenance 11-24T22:00/11-25T02:30",
    ),
    row(
        None,
        "an end without a day is on the day of the start, or after its midnight",
        "11月24日22:00-6:00系统维护",
        "planned_maintenance 11-24T22:00/11-25T06:00",
    ),
    row(
        None,
        "times without a day are on the day named before them",
        "11月24日\n8:00-12:00系统停机\n14:00-18:00网络中断",
        "planned_maintenance 11-24T08:00/11-24T12:00 11-24T14:00/11-24T18:00",
    ),
    row(
        None,
        "days relative to publication",
        "今晚22:00至明早6:00系统维护",
        "planned_maintenance 11-20T22:00/11-21T06:00",
    ),
    row(
        None,
        "days of the week relative to publication",
        "下周三22:00至23:00系统维护",
        "planned_maintenance 11-25T22:00/11-25T23:00",
    ),
    row(
        None,
        "month and year may stand only at the end",
        "The portal is unavailable from 8pm Tuesday 24 to 9pm Wednesday 25 November 2026.",
        "planned_maintenance 11-24T20:00/11-25T21:00",
    ),
    row(
        None,
        "a day without a month is the next such day",
        "11月24日22:00至26日6:00系统迁移",
        "planned_maintenance 11-24T22:00/11-26T06:00",
    ),
    row(
        None,
        "of 08/12 and 12/08 the one near publication",
        "System maintenance 01/12/2026 22:00 - 23:00",
        "planned_maintenance 12-01T22:00/12-01T23:00",
    ),
    // How a time of day is known.
    row(
        None,
        "24:00 is the beginning of the next day",
        "11月24日20:00—24:00系统停机",
        "planned_maintenance 11-24T20:00/11-25T00:00",
    ),
    row(
        None,
        "the part of the day carries over to the end",
        "11月24日晚上10点至12点系统维护",
        "planned_maintenance 11-24T22:00/11-25T00:00",
    ),
    row(
        None,
        "the am or pm of the end holds for the start",
        "The site is down for maintenance on 24 November, 8 to 10 pm.",
        "planned_maintenance 11-24T20:00/11-24T22:00",
    ),
    row(
        None,
        "noon and midnight",
        "The site is down for maintenance on 24 November from noon to midnight.",
        "planned_maintenance 11-24T12:00/11-25T00:00",
    ),
    row(
        None,
        "zones by offset",
        "Maintenance: the API is down 2026-11-24 14:00 - 15:00 (UTC).",
        "planned_maintenance 11-24T22:00/11-24T23:00",
    ),
    row(
        None,
        "CST is China's where the context is",
        "The site is down for maintenance on 24 November, 22:00 - 23:00 CST.",
        "planned_maintenance 11-24T22:00/11-24T23:00",
    ),
    // What recurs.
    row(
        None,
        "every week",
        "平台每周三凌晨2:00-4:00例行维护",
        "planned_maintenance [FREQ=WEEKLY;BYDAY=WE 02:00 7200]",
    ),
    row(
        None,
        "the nth weekday of the month",
        "每月第2个周六02:00-06:00系统换版",
        "planned_maintenance [FREQ=MONTHLY;BYDAY=2SA 02:00 14400]",
    ),
    row(
        None,
        "working days",
        "Routine maintenance: weekdays 1:00 am - 2:00 am, the portal may be slow.",
        "planned_maintenance [FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR 01:00 3600]",
    ),
    // What is taken back or over.
    row(None, "a window taken back is no window", "原定11月24日22:00至23:00的系统升级取消", "cancelled"),
    row(
        None,
        "of an old and a new window the new one stands",
        "原定11月24日22:00至23:00的系统升级推迟至11月26日22:00至23:00",
        "postponed 11-26T22:00/11-26T23:00",
    ),
    row(
        None,
        "what is over is told with its times",
        "11月19日9:15至10:40因故障平台无法访问，现已恢复",
        "resumed 11-19T09:15/11-19T10:40",
    ),
    row(
        None,
        "faults are emergencies",
        "紧急通知：11月20日15:00-15:30开票服务器紧急抢修",
        "emergency 11-20T15:00/11-20T15:30",
    ),
    // What is left out.
    row(None, "limits", "系统升级前，请于11月24日18:00前完成申报", "not_maintenance"),
    row(None, "training and meetings", "系统升级培训定于11月24日9:00至11:30举行", "not_maintenance"),
    row(None, "office hours and holidays", "放假期间平台照常运行，客服值班时间9:00-17:00", "not_maintenance"),
    row(None, "things that are no systems", "电梯检修：11月24日9:00-17:00停用", "not_maintenance"),
    row(None, "history", "上次系统升级（10月31日22:00至11月1日6:00）已顺利完成", "not_maintenance"),
    row(None, "advice", "银行系统维护一般在凌晨2点到5点进行", "not_maintenance"),
    row(
        Some(Rule::Extended),
        "a window whose end is put off is told with its new end",
        "原定11月19日22:00至11月20日8:00的停机升级延长至11月20日18:00",
        "planned_maintenance 11-19T22:00/11-20T18:00",
    ),
    row(
        Some(Rule::SameEnd),
        "only the start is moved",
        "11月24日20:00至11月25日8:00系统停机。现停机时间提前至11月24日18:00开始，结束时间不变。",
        "postponed 11-24T18:00/11-25T08:00",
    ),
    row(
        Some(Rule::StartThenEnd),
        "起 and 止 as labels of their own lines",
        "发票平台停机通告\n起：11月24日18:00\n止：11月25日8:00",
        "planned_maintenance 11-24T18:00/11-25T08:00",
    ),
    row(
        Some(Rule::EachDay),
        "a range of days, then a range of times for each",
        "The sandbox is rebuilt 24 November to 25 November, 02:00-03:00 each night.",
        "planned_maintenance 11-24T02:00/11-24T03:00 11-25T02:00/11-25T03:00",
    ),
    row(
        None,
        "of two days and one night the night",
        "On the night from Tuesday 24 November to Wednesday 25 November we carry out work on our network between 23:00 and 03:00.",
        "planned_maintenance 11-24T23:00/11-25T03:00",
    ),
    row(
        None,
        "what other people say, ask or suffer",
        "用户反映：今天上午10点到11点开票特别慢，能不能优化一下系统？",
        "not_maintenance",
    ),
    row(None, "lists of changes", "更新日志：优化归档任务，夜间2:00-5:00不再占用系统资源", "not_maintenance"),
    row(
        None,
        "a power company's own work",
        "停电通知：11月24日8:00-17:00线路检修，停电范围：东街、和平小区",
        "not_maintenance",
    ),
    row(
        None,
        "hours of people, also the second half of them",
        "11月24日22:00-23:00系统升级，办税厅照常办理（工作日9:00-12:00,13:30-17:00）",
        "planned_maintenance 11-24T22:00/11-24T23:00",
    ),
    row(
        Some(Rule::Extended),
        "a window whose end is put off, the new end after a comma",
        "原定11月24日22:00至11月25日6:00的系统升级，因故延长至11月25日12:00",
        "planned_maintenance 11-24T22:00/11-25T12:00",
    ),
    row(None, "power cuts that stop no system", "城西线11月24日9:00-17:00停电检修", "not_maintenance"),
    row(None, "release notes", "更新日志：报表自动归档改在2:00-5:00，11月19日升级", "not_maintenance"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::{DateTime, FixedOffset};

    use super::*;
    use crate::{Context, Reading, read};

    fn short(time: DateTime<FixedOffset>) -> String {
        let local = time.with_timezone(&FixedOffset::east_opt(8 * 3600).unwrap());
        local.format("%Y-%m-%dT%H:%M").to_string()
    }

    fn summary(reading: &Reading) -> String {
        let mut parts = vec![reading.notice.to_string()];
        parts.extend(
            reading
                .windows
                .iter()
                .map(|w| format!("{}/{}", short(w.start), w.end.map(short).unwrap_or_default())),
        );
        parts.extend(
            reading.recurring.iter().map(|r| {
                format!("[{} {} {}]", r.rrule, r.time.unwrap().format("%H:%M"), r.duration.unwrap())
            }),
        );
        parts.join(" ").replace("2026-11", "11").replace("2026-12", "12")
    }

    #[test]
    fn every_row_reads_its_example() {
        let context = Context { published: "2026-11-20".parse().ok(), zone: "+08:00".parse().ok() };
        for row in RULES {
            let reading = read(row.example, &context);
            assert_eq!(summary(&reading), row.reads, "{}: {}\n{:#?}", row.says, row.example, reading.doubts);
            if let Some(rule) = row.rule {
                assert_eq!(reading.windows[0].rules, [rule.name()], "{}: {}", row.says, row.example);
            }
        }
    }
}
