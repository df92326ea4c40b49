//! Calendar days in every written form. Each function answers what it read and where it ended.

use super::atoms::{DateText, Meaning};
use super::lexicon::lexicon;
use super::numerals::{Number, arabic, digits, number, value};

type Found = Option<(DateText, usize)>;

/// The date that begins at `i`. `after_weekday` tells that a day of the week stands just before,
/// which makes a date of a bare "29" or "9/27".
pub(crate) fn date(text: &[char], i: usize, after_weekday: bool) -> Found {
    chinese(text, i)
        .or_else(|| year_first(text, i))
        .or_else(|| compact(text, i))
        .or_else(|| english(text, i))
        .or_else(|| year_last(text, i))
        .or_else(|| month_slash_day(text, i, after_weekday))
        .or_else(|| shared_month(text, i))
        .or_else(|| if after_weekday { bare_day(text, i) } else { None })
}

fn blanks(text: &[char], i: usize) -> usize {
    i + text.get(i..).map_or(0, |rest| rest.iter().take(3).take_while(|c| **c == ' ').count())
}

fn is(text: &[char], i: usize, set: &str) -> bool {
    text.get(i).is_some_and(|c| set.contains(*c))
}

/// A number followed by one of `units`, blanks allowed between.
fn counted(text: &[char], i: usize, most: usize, units: &str) -> Option<(Number, usize)> {
    let n = number(text, i, most)?;
    let unit = blanks(text, n.end);
    is(text, unit, units).then_some((n, unit + 1))
}

/// The Gregorian year of a written one. Years of the Republic of China began with 1912.
fn year(n: Number, republic: bool) -> Option<i32> {
    let value = i32::try_from(n.value).ok()?;
    Some(match value {
        1900..=2200 => value,
        1..=200 if republic => value + 1911,
        80..=150 => value + 1911,
        0..=79 if n.digits == 2 => value + 2000,
        _ => return None,
    })
}

fn valid(month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn full(y: i32, m: u32, d: u32) -> DateText {
    DateText { year: Some(y), month: Some(m), day: Some(d), other: None }
}

/// 2026年11月24日, 二〇二六年十一月, 民国115年…, 今(2025)年4月20日, 11月24日, 24日.
fn chinese(text: &[char], i: usize) -> Found {
    let (republic, start) =
        if is(text, i, "民") && is(text, i + 1, "国") { (true, blanks(text, i + 2)) } else { (false, i) };
    if let Some((y, at)) = this_year(text, start).or_else(|| written_year(text, start, republic)) {
        let at = blanks(text, at);
        return match month_day(text, at) {
            Some((month_day, end)) => Some((DateText { year: Some(y), ..month_day }, end)),
            None => month_only(text, at).map(|(month, end)| {
                (DateText { year: Some(y), month: Some(month), ..DateText::default() }, end)
            }),
        };
    }
    month_day(text, i).or_else(|| day_only(text, i)).or_else(|| bracketed_day(text, i))
}

/// 今(20)日, 明(21)日.
fn bracketed_day(text: &[char], i: usize) -> Found {
    if !(is(text, i, "今明本昨") && is(text, i + 1, "(")) {
        return None;
    }
    let d = arabic(text, i + 2, 2)?;
    let day = DateText { day: Some(d.value), ..DateText::default() };
    (is(text, d.end, ")") && is(text, d.end + 1, "日天") && (1..=31).contains(&d.value))
        .then_some((day, d.end + 2))
}

fn written_year(text: &[char], i: usize, republic: bool) -> Option<(i32, usize)> {
    let (n, at) = counted(text, i, 4, "年")?;
    Some((year(n, republic)?, at))
}

/// 今(2025)年, 今(114)年.
fn this_year(text: &[char], i: usize) -> Option<(i32, usize)> {
    if !(is(text, i, "今本") && is(text, i + 1, "(")) {
        return None;
    }
    let n = arabic(text, blanks(text, i + 2), 4)?;
    let close = blanks(text, n.end);
    let at = if is(text, close, "年") { close + 1 } else { close };
    (is(text, at, ")") && (at > close || is(text, at + 1, "年"))).then_some(())?;
    Some((year(n, n.value < 1900)?, if at > close { at + 1 } else { at + 2 }))
}

fn month_only(text: &[char], i: usize) -> Option<(u32, usize)> {
    let (m, at) = counted(text, i, 2, "月")?;
    (1..=12).contains(&m.value).then_some((m.value, at))
}

fn month_day(text: &[char], i: usize) -> Found {
    let (month, at) = month_only(text, i)?;
    let d = number(text, blanks(text, at), 2)?;
    let unit = blanks(text, d.end);
    let end = if is(text, unit, "日号") {
        unit + 1
    } else if !d.han && (unit > d.end || is(text, unit, "-~至到、,及和( |")) {
        d.end
    } else {
        return None;
    };
    valid(month, d.value)
        .then_some((DateText { month: Some(month), day: Some(d.value), ..DateText::default() }, end))
}

/// 24日, 24号; not 3日内, 2号楼.
fn day_only(text: &[char], i: usize) -> Found {
    let (d, end) = counted(text, i, 2, "日号")?;
    let other = is(text, end, "内后常程均志之楼线窗门机院文令馆柜厅公游库仓店站令通元游店");
    let counted_days = i > 0 && is(text, i - 1, "第每近满");
    (!other && !counted_days && (1..=31).contains(&d.value))
        .then_some((DateText { day: Some(d.value), ..DateText::default() }, end))
}

/// "28-29日", "5 and 6 May", "5-7 May": the first day takes its month from the second.
fn shared_month(text: &[char], i: usize) -> Found {
    let d = arabic(text, i, 2)?;
    let mut at = blanks(text, ordinal(text, d.end));
    let (meaning, length) = lexicon().longest(text, at)?;
    if !(matches!(meaning, Meaning::To | Meaning::And) || is(text, at, "、,")) {
        return None;
    }
    at = blanks(text, at + length);
    let (second, _) = english(text, at).or_else(|| day_only(text, at))?;
    let shared = if Some(d.value) <= second.day { second } else { DateText::default() };
    let date = DateText { day: Some(d.value), other: None, ..shared };
    (1..=31).contains(&d.value).then_some((date, ordinal(text, d.end)))
}

/// 2024-09-27, 2024/9/27, 2024.9.27, 104/12/04, and a day run into the time after it.
fn year_first(text: &[char], i: usize) -> Found {
    let y = arabic(text, i, 4).filter(|n| n.digits >= 3)?;
    let separator = *text.get(y.end).filter(|c| "-/.".contains(**c))?;
    let m = arabic(text, blanks(text, y.end + 1), 2)?;
    if text.get(m.end) != Some(&separator) {
        return None;
    }
    let at = blanks(text, m.end + 1);
    let run = digits(text, at);
    let taken = match run {
        1 | 2 => run,
        3 | 4 if is(text, at + run, ":") => run - 2,
        _ => return None,
    };
    let d = value(&text[at..at + taken]);
    let y = year(y, y.digits == 3)?;
    let end = if is(text, at + taken, "日") { at + taken + 1 } else { at + taken };
    valid(m.value, d).then_some((full(y, m.value, d), end))
}

/// 20240927.
fn compact(text: &[char], i: usize) -> Found {
    // 2021101118时, 2018101700:00: the hour was run into the day.
    let run = digits(text, i);
    if run != 8 && !(run == 10 && is(text, i + run, "时:点")) {
        return None;
    }
    let (y, m, d) = (value(&text[i..i + 4]), value(&text[i + 4..i + 6]), value(&text[i + 6..i + 8]));
    ((1990..=2100).contains(&y) && valid(m, d)).then_some((full(i32::try_from(y).ok()?, m, d), i + 8))
}

const MONTHS: [(&str, u32); 12] = [
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("may", 5),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
];

/// The name of a month, whole or its first three letters (or "sept"), with or without a full stop.
fn month_name(text: &[char], i: usize) -> Option<(u32, usize)> {
    if i > 0 && text[i - 1].is_ascii_alphabetic() {
        return None;
    }
    let run = text.get(i..)?.iter().take(10).take_while(|c| c.is_ascii_alphabetic()).count();
    let word: String = text[i..i + run].iter().collect();
    let (_, month) = MONTHS
        .iter()
        .find(|(name, _)| *name == word || ((3..=4).contains(&run) && name.starts_with(&word)))?;
    let end = i + run;
    Some((*month, if run <= 4 && is(text, end, ".") { end + 1 } else { end }))
}

fn ordinal(text: &[char], i: usize) -> usize {
    let suffix: String = text.iter().skip(i).take(2).collect();
    let ends = !text.get(i + 2).is_some_and(char::is_ascii_alphabetic);
    if ends && ["st", "nd", "rd", "th"].contains(&suffix.as_str()) { i + 2 } else { i }
}

/// A year after a date: ", 2025", " 2025", "-2025", "'25"; where there is none the end stays.
fn year_after(text: &[char], i: usize) -> (Option<i32>, usize) {
    let mut at = blanks(text, i);
    if is(text, at, ",.-/") {
        at = blanks(text, at + 1);
    }
    match arabic(text, at, 4) {
        Some(n) if n.digits == 4 && (1990..=2100).contains(&n.value) && !is(text, n.end, ":") => {
            (i32::try_from(n.value).ok(), n.end)
        }
        _ => (None, i),
    }
}

/// 20 November 2025, 20th of November, 27-Sep-2024, November 20, 2025, Sept. 3.
fn english(text: &[char], i: usize) -> Found {
    day_month(text, i).or_else(|| month_then_day(text, i))
}

fn day_month(text: &[char], i: usize) -> Found {
    let d = arabic(text, i, 2)?;
    let mut at = blanks(text, ordinal(text, d.end));
    if is(text, at, "-/,") {
        at = blanks(text, at + 1);
    }
    if is(text, at, "o") && is(text, at + 1, "f") && is(text, at + 2, " ") {
        at = blanks(text, at + 2);
    }
    let (month, at) = month_name(text, at)?;
    let (year, end) = year_after(text, at);
    valid(month, d.value)
        .then_some((DateText { year, month: Some(month), day: Some(d.value), other: None }, end))
}

fn month_then_day(text: &[char], i: usize) -> Found {
    let (month, at) = month_name(text, i)?;
    let at = blanks(text, at);
    let at = if is(text, at, "-/") { at + 1 } else { at };
    let at = if text[at..].starts_with(&['t', 'h', 'e', ' ']) { at + 4 } else { at };
    let d = arabic(text, at, 2)?;
    let end = ordinal(text, d.end);
    // "May 8:00" and "March 10 pm" are no days.
    if is(text, end, ":") || meridiem_follows(text, end) || !valid(month, d.value) {
        return None;
    }
    let (year, end) = year_after(text, end);
    Some((DateText { year, month: Some(month), day: Some(d.value), other: None }, end))
}

pub(crate) fn meridiem_follows(text: &[char], i: usize) -> bool {
    let at = blanks(text, i);
    is(text, at, "ap")
        && (is(text, at + 1, "m") && !text.get(at + 2).is_some_and(char::is_ascii_alphabetic)
            || is(text, at + 1, ".") && is(text, at + 2, "m"))
}

/// 08/12/2019, 8-12-2019 (either order), 27.09.2024 (the day first).
fn year_last(text: &[char], i: usize) -> Found {
    let a = arabic(text, i, 2)?;
    let separator = *text.get(a.end).filter(|c| "/-.".contains(**c))?;
    let b = arabic(text, a.end + 1, 2)?;
    if text.get(b.end) != Some(&separator) {
        return None;
    }
    let y = arabic(text, b.end + 1, 4).filter(|n| n.digits == 4 || n.digits == 2)?;
    if y.digits == 2 && separator == '.' || is(text, y.end, "./") {
        return None;
    }
    let y_value = year(y, false).filter(|y| (1990..=2100).contains(y))?;
    let (month, day, other) = order(a.value, b.value, separator == '.')?;
    Some((DateText { year: Some(y_value), month: Some(month), day: Some(day), other }, y.end))
}

/// Month and day of two numbers, and the other reading where there is one.
type Ordered = (u32, u32, Option<(u32, u32)>);

fn order(a: u32, b: u32, day_first: bool) -> Option<Ordered> {
    match (valid(a, b), valid(b, a)) {
        (_, true) if day_first => Some((b, a, None)),
        (true, true) if a != b => Some((a, b, Some((b, a)))),
        (true, _) => Some((a, b, None)),
        (_, true) => Some((b, a, None)),
        _ => None,
    }
}

/// 9/27 and 4.25, only where a weekday, a time or a range beside them makes them dates.
fn month_slash_day(text: &[char], i: usize, after_weekday: bool) -> Found {
    let after_ratio = i > 1 && is(text, i - 1, ":") && text[i - 2].is_ascii_digit();
    if i > 0 && is(text, i - 1, "./$¥v") || after_ratio {
        return None;
    }
    let a = arabic(text, i, 2)?;
    let separator = *text.get(a.end).filter(|c| "/.".contains(**c))?;
    let b = arabic(text, a.end + 1, 2)?;
    if is(text, b.end, "/")
        || meridiem_follows(text, b.end)
        || is(text, b.end, ".") && digits(text, b.end + 1) > 0
    {
        return None;
    }
    let end = if is(text, b.end, "日号") { b.end + 1 } else { b.end };
    if !after_weekday && !anchored(text, end, separator) && end == b.end {
        return None;
    }
    let (month, day, other) = order(a.value, b.value, false)?;
    let other = if separator == '.' { None } else { other };
    Some((DateText { month: Some(month), day: Some(day), other, ..DateText::default() }, end))
}

/// Whether what follows a short date is a weekday, a time of day, or a range to another short date.
fn anchored(text: &[char], end: usize, separator: char) -> bool {
    let mut at = blanks(text, end);
    if is(text, at, "(") && is(text, at + 1, "一二三四五六日") && is(text, at + 2, ")") {
        return true;
    }
    while is(text, at, "(,") {
        at = blanks(text, at + 1);
    }
    let clock = |at: usize| {
        let run = digits(text, at);
        (1..=2).contains(&run)
            && (is(text, at + run, ":时点")
                || meridiem_follows(text, at + run)
                || is(text, at + run, " ") && is(text, at + run + 1, "时点"))
    };
    if clock(at) {
        return true;
    }
    match lexicon().longest(text, at) {
        Some((Meaning::Weekday(..) | Meaning::Part(_), _)) => true,
        Some((Meaning::To, length)) => {
            let at = blanks(text, at + length);
            arabic(text, at, 2).is_some_and(|n| {
                text.get(n.end) == Some(&separator)
                    && arabic(text, n.end + 1, 2).is_some_and(|b| anchored_end(text, b.end))
            })
        }
        Some((Meaning::Glue | Meaning::From, length)) => clock(blanks(text, at + length)),
        _ => false,
    }
}

fn anchored_end(text: &[char], end: usize) -> bool {
    let at = blanks(text, end);
    is(text, at, "(日号")
        || matches!(lexicon().longest(text, at), Some((Meaning::Weekday(..) | Meaning::Part(_), _)))
        || digits(text, at) > 0
}

/// "Friday 29", "Saturday the 3rd".
fn bare_day(text: &[char], i: usize) -> Found {
    let d = arabic(text, i, 2)?;
    let end = ordinal(text, d.end);
    let clock = is(text, end, ":.") && digits(text, end + 1) > 0
        || meridiem_follows(text, end)
        || is(text, blanks(text, end), "点时hn");
    let range_of_hours = is(text, blanks(text, end), "-~");
    let hours = clock || range_of_hours && end == d.end;
    (!hours && (1..=31).contains(&d.value))
        .then_some((DateText { day: Some(d.value), ..DateText::default() }, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, y: i32, m: u32, d: u32) {
        let text: Vec<char> = text.chars().collect();
        let zero = |n: u32| (n > 0).then_some(n);
        let expected = DateText { year: (y > 0).then_some(y), month: zero(m), day: zero(d), other: None };
        let got = date(&text, 0, false).map(|(date, _)| DateText { other: None, ..date });
        assert_eq!(got, (expected != DateText::default()).then_some(expected), "{text:?}");
    }

    #[test]
    fn chinese_forms() {
        check("2026年11月24日", 2026, 11, 24);
        check("二〇二六年十一月二十四日", 2026, 11, 24);
        check("民国115年11月24日", 2026, 11, 24);
        check("109年8月13日", 2020, 8, 13);
        check("今(2025)年4月20日", 2025, 4, 20);
        check("今(114)年4月20日", 2025, 4, 20);
        check("11月24日", 0, 11, 24);
        check("9月28、29日", 0, 9, 28);
        check("24号", 0, 0, 24);
        check("2号楼", 0, 0, 0);
        check("3日内", 0, 0, 0);
    }

    #[test]
    fn numeric_forms() {
        check("2024-09-27", 2024, 9, 27);
        check("104/12/04", 2015, 12, 4);
        check("2024.9.27", 2024, 9, 27);
        check("2024-9-2722:00", 2024, 9, 27);
        check("20240927", 2024, 9, 27);
        check("2024092718时", 2024, 9, 27);
        check("1234567890", 0, 0, 0);
        check("27.09.2024", 2024, 9, 27);
        check("12/27/2024", 2024, 12, 27);
        check("27/12/2024", 2024, 12, 27);
        check("4.25(周四)18时", 0, 4, 25);
        check("4.25元", 0, 0, 0);
        check("9/27 22:00", 0, 9, 27);
        check("24/7", 0, 0, 0);
    }

    #[test]
    fn english_forms() {
        check("20 november 2025", 2025, 11, 20);
        check("november 20, 2025", 2025, 11, 20);
        check("27-sep-2024", 2024, 9, 27);
        check("18th feb 11:45", 0, 2, 18);
        check("sept. 3", 0, 9, 3);
        check("3rd of june", 0, 6, 3);
        check("5-7 may", 0, 5, 5);
        check("may 8:00", 0, 0, 0);
        check("may be", 0, 0, 0);
    }
}
