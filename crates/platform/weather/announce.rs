//! The platform's notices, in several phrasings, with Beijing times to the second where it matters.

use super::form::{Maintenance, Weather};
use super::sky::Window;
use crate::domain::moment::{Nanos, instant};
use crate::operation::{Operation, Operations};
use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};

pub(crate) const PHRASES: [&str; 7] = ["zh1", "zh2", "zh3", "zh4", "en1", "en2", "en3"];

/// A notice as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) at: Nanos,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) lang: &'static str,
}

/// What a notice says about its window.
enum Said {
    Planned,
    Cancelled,
    PostponedTo(Nanos, Option<Nanos>),
    Resumed,
}

/// All notices of a weather; `windows` are its windows in the order of the entries.
pub(crate) fn notices(weather: &Weather, start: Nanos, windows: &[Window]) -> Vec<Notice> {
    let plain = weather.notice.iter().map(|n| Notice {
        at: n.at.resolve(start),
        title: n.title.clone(),
        text: n.text.clone(),
        lang: if n.lang == "en" { "en" } else { "zh" },
    });
    let mut all: Vec<Notice> = plain.collect();
    for (form, window) in weather.maintenance.iter().zip(windows) {
        all.extend(of_window(form, start, window));
    }
    all.sort_by_key(|n| n.at);
    all
}

fn of_window(form: &Maintenance, start: Nanos, window: &Window) -> Vec<Notice> {
    let planned = (window.planned_begin, window.planned_end);
    let mut out = Vec::new();
    let mut say = |at: Nanos, phrase: &Option<String>, said: Said| {
        if let Some(phrase) = phrase {
            out.push(phrased(at, phrase, planned, window, &said));
        }
    };
    if let Some(announce) = &form.announce {
        say(announce.at.resolve(start), &announce.phrase, Said::Planned);
    }
    if let Some(cancel) = &form.cancel {
        say(cancel.at.resolve(start), &cancel.phrase, Said::Cancelled);
    }
    if let Some(postpone) = &form.postpone {
        let to = postpone.to.resolve(start);
        let end = planned.1.map(|end| to + (end - planned.0));
        say(postpone.at.resolve(start), &postpone.phrase, Said::PostponedTo(to, end));
    }
    if window.called_off.is_none() && window.end != crate::domain::moment::NEVER {
        say(window.end, &form.resume, Said::Resumed);
    }
    out
}

fn phrased(at: Nanos, phrase: &str, planned: (Nanos, Option<Nanos>), window: &Window, said: &Said) -> Notice {
    let lang = if phrase.starts_with("en") { "en" } else { "zh" };
    let style = phrase.as_bytes()[2] - b'0';
    let services = services(window.operations, lang);
    let kept = kept(window.operations, lang);
    let (title, text) = if lang == "en" {
        english(style, planned, &services, &kept, said)
    } else {
        chinese(style, planned, &services, &kept, said)
    };
    Notice { at, title, text, lang }
}

fn chinese(
    style: u8,
    (begin, end): (Nanos, Option<Nanos>),
    services: &str,
    kept: &str,
    said: &Said,
) -> (String, String) {
    let span = |begin, end| zh_span(style, begin, end);
    match said {
        Said::Planned => {
            let text = match style {
                1 => format!(
                    "为提升服务质量，本平台将于{}进行系统升级维护，届时{services}暂停服务。{kept}给您带来的不便，敬请谅解。",
                    span(begin, end)
                ),
                2 => format!(
                    "尊敬的用户：\n因机房设备检修，定于{}停机。停机期间，{services}无法使用，请提前办理相关业务，勿在停机期间登录或重复提交。{kept}",
                    span(begin, end)
                ),
                3 => format!(
                    "一、维护时间：{}\n二、影响范围：{services}\n三、说明：维护期间请勿上传发票，维护完成后请检查已上传发票的审核状态。{kept}",
                    span(begin, end)
                ),
                _ => format!(
                    "系统维护提示：{}，{services}将短暂中断。{kept}如有疑问请联系客服。",
                    span(begin, end)
                ),
            };
            (
                ["系统升级维护公告", "停机检修通知", "关于系统维护的通知", "系统维护提示"]
                    [style as usize - 1]
                    .into(),
                text,
            )
        }
        Said::Cancelled => (
            "关于取消系统维护的公告".into(),
            format!("原定于{}的系统维护取消，{services}照常运行。", span(begin, end)),
        ),
        Said::PostponedTo(to, to_end) => (
            "关于系统维护延期的公告".into(),
            format!(
                "原定于{}的系统维护延期，调整为{}进行，届时{services}暂停服务。",
                span(begin, end),
                span(*to, *to_end)
            ),
        ),
        Said::Resumed => {
            ("系统恢复公告".into(), format!("系统维护已完成，{services}已恢复正常，感谢您的支持。"))
        }
    }
}

fn english(
    style: u8,
    (begin, end): (Nanos, Option<Nanos>),
    services: &str,
    kept: &str,
    said: &Said,
) -> (String, String) {
    let span = |begin, end| en_span(style, begin, end);
    match said {
        Said::Planned => {
            let text = match style {
                1 => format!(
                    "The platform will undergo scheduled maintenance from {}. {services} will be unavailable. {kept}We apologise for the inconvenience.",
                    span(begin, end)
                ),
                2 => format!(
                    "Please note that our engineers are upgrading the service: {}. Affected: {services}. Do not log in or submit invoices meanwhile. {kept}",
                    span(begin, end)
                ),
                _ => {
                    format!("Maintenance window: {}\nAffected services: {services}\n{kept}", span(begin, end))
                }
            };
            (
                ["Scheduled maintenance", "Service upgrade", "Planned downtime"][style as usize - 1].into(),
                text,
            )
        }
        Said::Cancelled => (
            "Maintenance cancelled".into(),
            format!(
                "The maintenance planned for {} has been cancelled. {services} will run as usual.",
                span(begin, end)
            ),
        ),
        Said::PostponedTo(to, to_end) => (
            "Maintenance postponed".into(),
            format!(
                "The maintenance planned for {} has been postponed. It will now take place from {}. {services} will be unavailable.",
                span(begin, end),
                span(*to, *to_end)
            ),
        ),
        Said::Resumed => {
            ("Service restored".into(), format!("Maintenance is complete. {services} is available again."))
        }
    }
}

fn beijing(at: Nanos) -> DateTime<FixedOffset> {
    let zone = FixedOffset::east_opt(8 * 3600).expect("eight hours is a valid offset");
    let utc: DateTime<Utc> = instant(at);
    utc.with_timezone(&zone)
}

fn zh_span(style: u8, begin: Nanos, end: Option<Nanos>) -> String {
    let from = beijing(begin);
    let seconds = from.second() != 0 || end.is_some_and(|e| beijing(e).second() != 0);
    let date = |t: &DateTime<FixedOffset>| match style {
        2 => format!("{}年{}月{}日（{}）", t.year(), t.month(), t.day(), weekday(t)),
        3 => t.format("%Y-%m-%d ").to_string(),
        _ => format!("{}年{}月{}日", t.year(), t.month(), t.day()),
    };
    let clock = |t: &DateTime<FixedOffset>| match (style, seconds) {
        (2, true) => format!("{}时{:02}分{:02}秒", t.hour(), t.minute(), t.second()),
        (2, false) => format!("{}时{:02}分", t.hour(), t.minute()),
        (_, true) => t.format("%H:%M:%S").to_string(),
        (_, false) => t.format("%H:%M").to_string(),
    };
    let first = format!("{}{}", date(&from), clock(&from));
    let Some(to) = end.map(beijing) else {
        return format!("{first}起（恢复时间另行通知）");
    };
    let day = if to.date_naive() == from.date_naive() { String::new() } else { date(&to) };
    let join = match style {
        2 => "起至",
        3 => " 至 ",
        4 => "—",
        _ => "至",
    };
    format!("{first}{join}{day}{}", clock(&to))
}

fn weekday(t: &DateTime<FixedOffset>) -> &'static str {
    ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"]
        [t.weekday().num_days_from_monday() as usize]
}

fn en_span(style: u8, begin: Nanos, end: Option<Nanos>) -> String {
    let from = beijing(begin);
    let seconds = from.second() != 0 || end.is_some_and(|e| beijing(e).second() != 0);
    let form = match (style, seconds) {
        (1, true) => "%-d %B %Y, %H:%M:%S",
        (1, false) => "%-d %B %Y, %H:%M",
        (2, true) => "%A %-d %B %Y %H:%M:%S",
        (2, false) => "%A %-d %B %Y %H:%M",
        (_, true) => "%Y-%m-%d %H:%M:%S",
        (_, false) => "%Y-%m-%d %H:%M",
    };
    let clock = if seconds { "%H:%M:%S" } else { "%H:%M" };
    let zone = ["(Beijing time, UTC+8)", "(UTC+08:00)", "UTC+8"][style as usize - 1];
    let Some(to) = end.map(beijing) else {
        return format!("{} until further notice {zone}", from.format(form));
    };
    let same = to.date_naive() == from.date_naive();
    format!("{} to {} {zone}", from.format(form), to.format(if same { clock } else { form }))
}

fn services(operations: Operations, lang: &str) -> String {
    let zh = lang == "zh";
    let whole = [
        (Operations::everything(), "全部服务", "All services"),
        (Operations::all(), "全部服务", "All services"),
    ];
    for (set, chinese, english) in whole {
        if set == operations {
            return if zh { chinese } else { english }.into();
        }
    }
    let names: Vec<&str> = named(operations, zh);
    names.join(if zh { "、" } else { ", " })
}

/// What stays up, where that is worth saying: reads in a window of writes.
fn kept(operations: Operations, lang: &str) -> String {
    let reads_stop = operations.contains(Operation::Query) || operations.contains(Operation::Verify);
    match (reads_stop, lang) {
        (true, _) => String::new(),
        (false, "zh") => "发票查询、真伪验证不受影响。".into(),
        (false, _) => "Invoice query and verification are not affected. ".into(),
    }
}

fn named(operations: Operations, zh: bool) -> Vec<&'static str> {
    use Operation::*;
    let words = [
        (Login, "登录", "Login"),
        (Register, "注册", "Registration"),
        (Upload, "发票上传", "Invoice upload"),
        (Batch, "批量上传", "Batch upload"),
        (Issue, "发票开具", "Invoice issue"),
        (Void, "发票作废", "Voiding"),
        (Query, "发票查询", "Invoice query"),
        (Verify, "真伪验证", "Invoice verification"),
        (Notices, "公告", "Notices"),
        (Health, "接口服务", "API"),
    ];
    let held = words.into_iter().filter(|(o, _, _)| operations.contains(*o));
    let names: Vec<&str> = held.map(|(_, c, e)| if zh { c } else { e }).collect();
    if !names.is_empty() {
        return names;
    }
    vec![if zh { "部分服务" } else { "Some services" }]
}
