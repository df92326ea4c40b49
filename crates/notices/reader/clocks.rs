//! Times of day and offsets from UTC in every written form.

use super::atoms::{ClockText, Half, Meaning, Zoned};
use super::dates::meridiem_follows;
use super::lexicon::lexicon;
use super::numerals::{arabic, digits, number, value};

type Found = Option<(ClockText, usize)>;

/// The time of day that begins at `i`.
pub(crate) fn clock(text: &[char], i: usize) -> Found {
    colon(text, i)
        .or_else(|| chinese(text, i))
        .or_else(|| twelve(text, i))
        .or_else(|| h_form(text, i))
        .or_else(|| military(text, i))
        .or_else(|| dotted(text, i))
}

fn blanks(text: &[char], i: usize) -> usize {
    i + text.get(i..).map_or(0, |rest| rest.iter().take(3).take_while(|c| **c == ' ').count())
}

fn is(text: &[char], i: usize, set: &str) -> bool {
    text.get(i).is_some_and(|c| set.contains(*c))
}

fn word(text: &[char], i: usize, word: &str) -> bool {
    let length = word.chars().count();
    text.get(i..i + length).is_some_and(|found| found.iter().copied().eq(word.chars()))
        && !text.get(i + length).is_some_and(char::is_ascii_alphabetic)
}

fn valid(hour: u32, minute: u32, second: u32) -> bool {
    hour < 24 && minute < 60 && second < 60 || hour == 24 && minute == 0 && second == 0
}

/// Two digits of minutes or seconds, also where a year or another time was run into them.
fn sixty(text: &[char], i: usize) -> Option<(u32, usize)> {
    let run = digits(text, i);
    let cut = run == 2 || run == 6 || run == 8 || matches!(run, 3 | 4) && is(text, i + run, ":");
    cut.then(|| (value(&text[i..i + 2]), i + 2))
}

/// 22:00, 12:34:10, 8:30 pm, 20 :00.
fn colon(text: &[char], i: usize) -> Found {
    if i > 1 && is(text, i - 1, ":") && text[i - 2].is_ascii_digit() {
        return None;
    }
    let hour = arabic(text, i, 2)?;
    let at = blanks(text, hour.end);
    if !is(text, at, ":") {
        return None;
    }
    let (minute, mut end) = sixty(text, blanks(text, at + 1))?;
    let mut second = 0;
    if is(text, end, ":")
        && let Some((found, after)) = sixty(text, end + 1).filter(|(found, _)| *found < 60)
    {
        (second, end) = (found, after);
        if is(text, end, ".") && digits(text, end + 1) > 0 {
            end += 1 + digits(text, end + 1);
        }
    }
    // 20:00时至8:00时, not 8:00时段.
    let marked = is(text, end, "时") && !is(text, end + 1, "段间刻候长");
    finish(text, hour.value, minute, second, if marked { end + 1 } else { end })
}

/// Reads the am or pm, noon or midnight that may follow, and judges the whole.
fn finish(text: &[char], hour: u32, minute: u32, second: u32, end: usize) -> Found {
    let (half, after) = meridiem(text, end);
    let clock = ClockText { half, ..ClockText::at(hour, minute, second) };
    match half {
        Some(_) if (1..=12).contains(&hour) && valid(hour, minute, second) => Some((clock, after)),
        // "13:00 pm" is an afternoon all the same.
        Some(_) if valid(hour, minute, second) => Some((ClockText { half: None, ..clock }, after)),
        None if valid(hour, minute, second) => Some(named_twelve(text, clock, end).unwrap_or((clock, end))),
        _ => None,
    }
}

/// "12 noon", "12:00 midnight".
fn named_twelve(text: &[char], clock: ClockText, end: usize) -> Found {
    let at = blanks(text, end);
    if word(text, at, "noon") || word(text, at, "midday") {
        return Some((clock, at + if word(text, at, "noon") { 4 } else { 6 }));
    }
    let midnight = word(text, at, "midnight") && matches!(clock.hour, 0 | 12 | 24);
    midnight.then_some((ClockText { midnight: true, ..ClockText::at(0, 0, 0) }, at + 8))
}

fn meridiem(text: &[char], end: usize) -> (Option<Half>, usize) {
    if !meridiem_follows(text, end) {
        return (None, end);
    }
    let at = blanks(text, end);
    let half = if is(text, at, "a") { Half::Am } else { Half::Pm };
    let after = if is(text, at + 1, "m") { at + 2 } else { at + 3 };
    (Some(half), if is(text, at + 1, ".") && is(text, after, ".") { after + 1 } else { after })
}

/// 22点, 九时三十分, 8点半, 14时20分05秒, 零时.
fn chinese(text: &[char], i: usize) -> Found {
    let hour = number(text, i, 2)?;
    let unit = blanks(text, hour.end);
    let joined = is(text, unit + 1, "间段刻候效长限期代差击评名数位卡亮建要说注意");
    let period = is(text, unit + 1, "期") && is(text, unit + 2, "间");
    if !is(text, unit, "点时") || joined && !period {
        return None;
    }
    let after =
        if is(text, unit + 1, "钟整正") && !is(text, unit + 2, "式常在") { unit + 2 } else { unit + 1 };
    let (minute, end) = minutes(text, after);
    let (second, end) = if end > after { seconds(text, end) } else { (0, end) };
    valid(hour.value, minute, second).then_some((ClockText::at(hour.value, minute, second), end))
}

fn minutes(text: &[char], i: usize) -> (u32, usize) {
    if is(text, i, "半") {
        return (30, i + 1);
    }
    let Some(n) = number(text, blanks(text, i), 2) else { return (0, i) };
    let unit = blanks(text, n.end);
    match text.get(unit) {
        Some('分') if n.value < 60 && !is(text, unit + 1, "钟之") => (n.value, unit + 1),
        Some('刻') if n.value < 4 => (n.value * 15, unit + 1),
        // 22时00至: the 分 is left out.
        _ if !n.han
            && n.digits == 2
            && n.value < 60
            && n.end - 2 == i
            && !is(text, n.end, ":月日号年点时.") =>
        {
            (n.value, n.end)
        }
        _ => (0, i),
    }
}

fn seconds(text: &[char], i: usize) -> (u32, usize) {
    match number(text, i, 2) {
        Some(n) if is(text, n.end, "秒") && n.value < 60 => (n.value, n.end + 1),
        _ => (0, i),
    }
}

/// 8pm, 8.30pm, 11.59 p.m., 12 noon, noon, midnight.
fn twelve(text: &[char], i: usize) -> Found {
    if word(text, i, "noon") || word(text, i, "midday") {
        return Some((ClockText::at(12, 0, 0), i + if word(text, i, "noon") { 4 } else { 6 }));
    }
    if word(text, i, "midnight") {
        return Some((ClockText { midnight: true, ..ClockText::at(0, 0, 0) }, i + 8));
    }
    let hour = arabic(text, i, 2)?;
    let (minute, end) = match text.get(hour.end) {
        Some('.') if digits(text, hour.end + 1) == 2 => {
            (value(&text[hour.end + 1..hour.end + 3]), hour.end + 3)
        }
        _ => (0, hour.end),
    };
    let named = word(text, blanks(text, end), "noon")
        || word(text, blanks(text, end), "midday")
        || word(text, blanks(text, end), "midnight");
    let twelfth = named && hour.value == 12;
    if !twelfth && !meridiem_follows(text, end) {
        return None;
    }
    finish(text, hour.value, minute, 0, end)
}

/// 22h00, 22h, 22hrs.
fn h_form(text: &[char], i: usize) -> Found {
    let hour = arabic(text, i, 2)?;
    if !is(text, hour.end, "h") {
        return None;
    }
    if digits(text, hour.end + 1) == 2 {
        let minute = value(&text[hour.end + 1..hour.end + 3]);
        return valid(hour.value, minute, 0).then_some((ClockText::at(hour.value, minute, 0), hour.end + 3));
    }
    None
}

/// 2200 hrs, 0200 UTC, 0200-0400 UTC.
fn military(text: &[char], i: usize) -> Found {
    let n = arabic(text, i, 4).filter(|n| n.digits == 4)?;
    let (hour, minute) = (n.value / 100, n.value % 100);
    let marked = |end: usize| {
        let at = blanks(text, end);
        ["hrs", "hours", "h"].iter().any(|unit| word(text, at, unit))
            || matches!(lexicon().longest(text, at), Some((Meaning::Zone(_), _)))
    };
    let ranged = |end: usize| {
        let at = blanks(text, end);
        let (Meaning::To, length) = lexicon().longest(text, at)? else { return None };
        let other = arabic(text, blanks(text, at + length), 4).filter(|n| n.digits == 4)?;
        marked(other.end).then_some(())
    };
    (valid(hour, minute, 0) && (marked(n.end) || ranged(n.end).is_some()))
        .then_some((ClockText::at(hour, minute, 0), n.end))
}

/// 18.00-20.00 and 18.00 to 20.00: both sides, or it is a price.
fn dotted(text: &[char], i: usize) -> Found {
    let one = |i: usize| {
        let hour = arabic(text, i, 2)?;
        let minute = (is(text, hour.end, ".") && digits(text, hour.end + 1) == 2)
            .then(|| value(&text[hour.end + 1..hour.end + 3]))?;
        let end = hour.end + 3;
        (valid(hour.value, minute, 0) && !is(text, end, ".%"))
            .then_some((ClockText::at(hour.value, minute, 0), end))
    };
    let (clock, end) = one(i)?;
    let at = blanks(text, end);
    let to = |at: usize| matches!(lexicon().longest(text, at), Some((Meaning::To, _)));
    let follows = to(at)
        && lexicon().longest(text, at).is_some_and(|(_, length)| one(blanks(text, at + length)).is_some());
    (follows || preceded(text, i)).then_some((clock, end))
}

/// Whether a dotted time and a range sign stand just before.
fn preceded(text: &[char], i: usize) -> bool {
    let before: Vec<char> = text[i.saturating_sub(12)..i].iter().copied().filter(|c| *c != ' ').collect();
    let digits = |from: &[char]| {
        from.len() >= 5
            && from[from.len() - 3] == '.'
            && from[from.len() - 1].is_ascii_digit()
            && from[from.len() - 5].is_ascii_digit()
    };
    match before.last() {
        Some('-' | '~') => digits(&before[..before.len() - 1]),
        Some('o') if before.ends_with(&['t', 'o']) => digits(&before[..before.len() - 2]),
        _ => false,
    }
}

/// UTC+8, GMT+08:00, (UTC -5), and after a time of day a bare +08:00. A bare −05:00 is an offset only
/// after an ISO time (`iso`): in 22:00-05:00 it is the end of a range.
pub(crate) fn offset(text: &[char], i: usize, after_clock: bool, iso: bool) -> Option<(Zoned, usize)> {
    let named = word_start(text, i)
        && ["utc", "gmt"].iter().any(|name| text[i..].starts_with(&name.chars().collect::<Vec<_>>()));
    let at = if named { blanks(text, i + 3) } else { i };
    if !named && !after_clock {
        return None;
    }
    let sign = match text.get(at)? {
        '+' => 1,
        '-' if named || iso => -1,
        _ => return None,
    };
    let at = if named { blanks(text, at + 1) } else { at + 1 };
    let run = digits(text, at);
    let (hours, minutes, end) = match run {
        1 | 2 if is(text, at + run, ":") && digits(text, at + run + 1) == 2 => {
            (value(&text[at..at + run]), value(&text[at + run + 1..at + run + 3]), at + run + 3)
        }
        1 | 2 if named => (value(&text[at..at + run]), 0, at + run),
        4 => (value(&text[at..at + 2]), value(&text[at + 2..at + 4]), at + 4),
        _ => return None,
    };
    let minutes = i32::try_from(hours * 60 + minutes).ok().filter(|m| *m <= 15 * 60)?;
    Some((Zoned::Minutes(sign * minutes), end))
}

fn word_start(text: &[char], i: usize) -> bool {
    i == 0 || !text[i - 1].is_ascii_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(u32, u32, u32)>) {
        let text: Vec<char> = text.chars().collect();
        let hour = |c: ClockText| match c.half {
            Some(Half::Pm) => c.hour % 12 + 12,
            Some(Half::Am) => c.hour % 12,
            None => c.hour,
        };
        assert_eq!(clock(&text, 0).map(|(c, _)| (hour(c), c.minute, c.second)), expected, "{text:?}");
    }

    #[test]
    fn times_of_day() {
        check("22:00", Some((22, 0, 0)));
        check("12:34:10", Some((12, 34, 10)));
        check("20 :00", Some((20, 0, 0)));
        check("17:002026-3-1", Some((17, 0, 0)));
        check("二十二时三十分", Some((22, 30, 0)));
        check("十点半", Some((10, 30, 0)));
        check("14时20分05秒", Some((14, 20, 5)));
        check("零时", Some((0, 0, 0)));
        check("24时", Some((24, 0, 0)));
        check("8小时", None);
        check("25:00", None);
        check("3时间", None);
        check("8时期间", Some((8, 0, 0)));
    }

    #[test]
    fn english_times() {
        check("8.30pm", Some((20, 30, 0)));
        check("11:55 p.m. est", Some((23, 55, 0)));
        check("12am", Some((0, 0, 0)));
        check("12 noon", Some((12, 0, 0)));
        check("noon", Some((12, 0, 0)));
        check("0200 utc", Some((2, 0, 0)));
        check("0200-0400 utc", Some((2, 0, 0)));
        check("2200hrs", Some((22, 0, 0)));
        check("22h30", Some((22, 30, 0)));
        check("18.00-20.00", Some((18, 0, 0)));
        check("18.00", None);
        check("2024", None);
    }

    #[test]
    fn offsets() {
        let read = |text: &str, after| {
            offset(&text.chars().collect::<Vec<_>>(), 0, after, false).map(|(zone, _)| zone)
        };
        assert_eq!(read("utc+8", false), Some(Zoned::Minutes(480)));
        assert_eq!(read("gmt -05:30", false), Some(Zoned::Minutes(-330)));
        assert_eq!(read("+08:00", true), Some(Zoned::Minutes(480)));
        assert_eq!(read("-06:00", false), None);
        assert_eq!(read("utc", false), None);
    }
}
