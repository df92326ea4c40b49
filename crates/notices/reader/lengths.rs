//! Lengths of time: 约2小时, 15至30分钟, "no more than two and a half hours".

use super::atoms::{Length, Meaning};
use super::lexicon::lexicon;
use super::numerals::{arabic, digits, number, value};

/// The length that begins at `i`, and where it ends.
pub(crate) fn length(text: &[char], i: usize) -> Option<(Length, usize)> {
    let (mut total, mut end) = one(text, i)?;
    // 2小时30分, "2 hours and 30 minutes".
    if total.least % 60 == 0 {
        let at = skip_and(text, end);
        if let Some((more, after)) = one(text, at).filter(|(more, _)| more.most < 60) {
            total = Length { least: total.least + more.least, most: total.most + more.most };
            end = after;
        }
    }
    Some((total, end))
}

fn blanks(text: &[char], i: usize) -> usize {
    i + text.get(i..).map_or(0, |rest| rest.iter().take(3).take_while(|c| **c == ' ').count())
}

fn starts(text: &[char], i: usize, word: &str) -> bool {
    let mut j = i;
    word.chars().all(|c| {
        j += 1;
        text.get(j - 1) == Some(&c)
    })
}

fn skip_and(text: &[char], i: usize) -> usize {
    let at = blanks(text, i);
    if starts(text, at, "and ") { blanks(text, at + 4) } else { at }
}

/// Numbers in hundredths, so that 1.5 is exact.
fn one(text: &[char], i: usize) -> Option<(Length, usize)> {
    if let Some((minutes, end)) = half(text, i) {
        return Some((Length { least: minutes, most: minutes }, end));
    }
    let (first, at) = quantity(text, i)?;
    let (least, most, at) = match second(text, at) {
        Some((other, after)) if other >= first => (first, other, after),
        _ => (first, first, at),
    };
    let (minutes, extra, end) = unit(text, at)?;
    let scaled = |n: i64| n * minutes / 100 + extra;
    Some((Length { least: scaled(least), most: scaled(most) }, end))
}

/// 半小时, 半个小时, "half an hour".
fn half(text: &[char], i: usize) -> Option<(i64, usize)> {
    [
        ("半小时", 30),
        ("半个小时", 30),
        ("半天", 720),
        ("half an hour", 30),
        ("half hour", 30),
        ("half-hour", 30),
        ("an hour and a half", 90),
        ("an hour", 60),
        ("a minute", 1),
    ]
    .iter()
    .find(|(word, _)| starts(text, i, word))
    .map(|(word, minutes)| (*minutes, i + word.chars().count()))
}

const WORDS: [(&str, i64); 15] = [
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("fifteen", 15),
    ("thirty", 30),
    ("twenty", 20),
];

fn quantity(text: &[char], i: usize) -> Option<(i64, usize)> {
    if i > 0 && text[i - 1].is_ascii_alphabetic() {
        return None;
    }
    if let Some((word, n)) = WORDS.iter().find(|(word, _)| {
        starts(text, i, word) && !text.get(i + word.len()).is_some_and(char::is_ascii_alphabetic)
    }) {
        let end = i + word.len();
        return Some(if starts(text, end, " and a half") {
            (n * 100 + 50, end + 11)
        } else {
            (n * 100, end)
        });
    }
    let n = number(text, i, 3)?;
    let whole = i64::from(n.value) * 100;
    if text.get(n.end) == Some(&'.') && digits(text, n.end + 1) == 1 && !n.han {
        return Some((whole + i64::from(value(&text[n.end + 1..n.end + 2])) * 10, n.end + 2));
    }
    Some((whole, n.end))
}

/// The upper end of "2-3 hours", 15至30分钟.
fn second(text: &[char], i: usize) -> Option<(i64, usize)> {
    let at = blanks(text, i);
    let length = match lexicon().longest(text, at) {
        Some((Meaning::To, length)) => length,
        _ if starts(text, at, "or ") => 3,
        _ => return None,
    };
    let at = blanks(text, at + length);
    arabic(text, at, 3).map(|n| (i64::from(n.value) * 100, n.end)).or_else(|| quantity(text, at))
}

/// Minutes in the unit, minutes added by a half, and where the unit ends.
fn unit(text: &[char], i: usize) -> Option<(i64, i64, usize)> {
    let at = blanks(text, i);
    let at = if text.get(at) == Some(&'-') && at == i { at + 1 } else { at };
    const UNITS: [(&str, i64, i64); 19] = [
        ("个半小时", 60, 30),
        ("个多小时", 60, 60),
        ("个小时", 60, 0),
        ("小时", 60, 0),
        ("个钟头", 60, 0),
        ("钟头", 60, 0),
        ("分钟", 1, 0),
        ("天", 1440, 0),
        ("个工作天", 1440, 0),
        ("hours", 60, 0),
        ("hour", 60, 0),
        ("hrs", 60, 0),
        ("hr", 60, 0),
        ("minutes", 1, 0),
        ("minute", 1, 0),
        ("mins", 1, 0),
        ("min", 1, 0),
        ("days", 1440, 0),
        ("day", 1440, 0),
    ];
    let (word, minutes, extra) = UNITS.iter().find(|(word, _, _)| starts(text, at, word))?;
    let end = at + word.chars().count();
    (!text.get(end).is_some_and(char::is_ascii_alphabetic)).then_some((*minutes, *extra, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(i64, i64)>) {
        let text: Vec<char> = text.chars().collect();
        assert_eq!(length(&text, 0).map(|(l, _)| (l.least, l.most)), expected, "{text:?}");
    }

    #[test]
    fn lengths() {
        check("2小时", Some((120, 120)));
        check("两个半小时", Some((150, 150)));
        check("15至30分钟", Some((15, 30)));
        check("2小时30分钟", Some((150, 150)));
        check("半小时", Some((30, 30)));
        check("1.5 hours", Some((90, 90)));
        check("two to three hours", Some((120, 180)));
        check("two hours and 30 minutes", Some((150, 150)));
        check("4-hour", Some((240, 240)));
        check("60 minutes", Some((60, 60)));
        check("3 日", None);
        check("2 housing", None);
    }
}
