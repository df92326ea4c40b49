//! Windows as a table for a terminal, and the words for where they stand.

use crate::text;
use crate::units;
use crate::words::Lang;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use piaotan_record::calendar::Standing;
use piaotan_record::window::{Services, Source, Status, Window};

/// A window, and where it stands now.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub window: &'a Window,
    pub standing: Standing,
}

/// One line a window, under a line of headings, by the clock of `zone`. Each line ends in a newline.
#[must_use]
pub fn table(rows: &[Row<'_>], zone: Tz, lang: Lang) -> String {
    let heads = [
        ("阶段", "PHASE"),
        ("开始", "START"),
        ("结束", "END"),
        ("时长", "LENGTH"),
        ("状态", "STATUS"),
        ("来源", "SOURCE"),
        ("服务", "SERVICES"),
        ("标识", "ID"),
        ("说明", "TEXT"),
    ];
    let mut lines = vec![heads.iter().map(|(zh, en)| lang.of(zh, en).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| cells(row, zone, lang)));
    text::left_aligned(&lines)
}

fn cells(row: &Row<'_>, zone: Tz, lang: Lang) -> Vec<String> {
    let window = row.window;
    let until = || lang.of("恢复为止", "until restored").to_owned();
    vec![
        standing(row.standing, lang).to_owned(),
        moment(window.start, zone),
        window.end.map_or_else(until, |end| moment(end, zone)),
        window.end.map_or_else(|| "–".to_owned(), |end| length(end - window.start, lang)),
        status(window.status, lang).to_owned(),
        source(window.source, lang).to_owned(),
        services(window.services, lang),
        units::clean(&window.id, 60),
        units::clean(&window.text, 60),
    ]
}

/// An instant by the clock of a zone, with the offset that holds then.
#[must_use]
pub fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M %:z").to_string()
}

/// A length in the two greatest units that it has.
#[must_use]
pub fn length(length: TimeDelta, lang: Lang) -> String {
    let seconds = length.num_seconds().max(0);
    let units = [
        (86_400, lang.of("天", "d")),
        (3_600, lang.of("小时", "h")),
        (60, lang.of("分", "min")),
        (1, lang.of("秒", "s")),
    ];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units {
        if rest >= unit && parts.len() < 2 {
            parts.push(format!("{}{}{name}", rest / unit, lang.of("", " ")));
            rest %= unit;
        }
    }
    if parts.is_empty() { format!("0{}", lang.of("秒", " s")) } else { parts.join(lang.of("", " ")) }
}

/// Where a window stands, in a word.
#[must_use]
pub const fn standing(of: Standing, lang: Lang) -> &'static str {
    match of {
        Standing::Ahead => lang.of("未开始", "ahead"),
        Standing::Approaching => lang.of("临近", "approaching"),
        Standing::During => lang.of("进行中", "during"),
        Standing::Overrun => lang.of("超期", "overrun"),
        Standing::Recovering => lang.of("恢复中", "recovering"),
        Standing::Over => lang.of("已结束", "over"),
        Standing::Cancelled => lang.of("已取消", "cancelled"),
    }
}

/// How far a window is believed, in a word.
#[must_use]
pub const fn status(of: Status, lang: Lang) -> &'static str {
    match of {
        Status::Proposed => lang.of("待确认", "proposed"),
        Status::Confirmed => lang.of("已确认", "confirmed"),
        Status::Cancelled => lang.of("已取消", "cancelled"),
    }
}

/// Where a window came from, in a word.
#[must_use]
pub const fn source(of: Source, lang: Lang) -> &'static str {
    match of {
        Source::Config => lang.of("配置", "config"),
        Source::Ical => lang.of("日历", "ical"),
        Source::Silence => lang.of("静默", "silence"),
        Source::Statuspage => lang.of("状态页", "statuspage"),
        Source::Feed => lang.of("状态源", "feed"),
        Source::Notice => lang.of("公告", "notice"),
        Source::Person => lang.of("人工", "person"),
        Source::Observed => lang.of("观测", "observed"),
    }
}

/// What a window is of, in words.
#[must_use]
pub fn services(of: Services, lang: Lang) -> String {
    if of == Services::ALL {
        return lang.of("全部", "all").to_owned();
    }
    let in_chinese = |name: &'static str| match name {
        "login" => "登录",
        "upload" => "上传",
        "query" => "查询",
        "verify" => "查验",
        "issue" => "开票",
        "notices" => "公告",
        other => other,
    };
    let named = of.names().into_iter().map(|name| lang.of(in_chinese(name), name));
    named.collect::<Vec<_>>().join(lang.of("、", ","))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn columns_stand_under_their_heads_in_both_scripts() {
        let start: DateTime<Utc> = "2026-11-24T14:00:00Z".parse().unwrap();
        let window = Window {
            text: "系统升级".to_owned(),
            services: Services::WRITES,
            ..Window::new("notice-1", start, Some(start + TimeDelta::minutes(150)))
        };
        let open = Window { end: None, ..window.clone() };
        let row = |window, standing| Row { window, standing };
        let shown = table(
            &[row(&window, Standing::Ahead), row(&open, Standing::During)],
            chrono_tz::Asia::Shanghai,
            Lang::Zh,
        );
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[1].contains("2026-11-24 22:00 +08:00") && lines[1].contains("2小时30分"), "{shown}");
        assert!(lines[2].contains("恢复为止") && lines[2].contains("登录、上传、开票"), "{shown}");
        let column = |line: &str, word: &str| text::shown_width(&line[..line.find(word).unwrap()]);
        assert_eq!(column(lines[0], "标识"), column(lines[1], "notice-1"), "{shown}");
        assert_eq!(column(lines[1], "notice-1"), column(lines[2], "notice-1"), "{shown}");
    }

    #[test]
    fn a_length_has_two_units_at_most() {
        let check = |seconds, expected: &str| {
            assert_eq!(length(TimeDelta::seconds(seconds), Lang::En), expected);
        };
        check(0, "0 s");
        check(90, "1 min 30 s");
        check(7_200, "2 h");
        check(93_784, "1 d 2 h");
    }
}
