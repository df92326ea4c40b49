//! Numbers in Arabic and in Chinese digits.

/// A number as written, and where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) value: u32,
    pub(crate) digits: usize,
    pub(crate) end: usize,
    pub(crate) han: bool,
}

/// A run of one to `most` Arabic digits that no further digit follows, or a Chinese numeral.
pub(crate) fn number(text: &[char], i: usize, most: usize) -> Option<Number> {
    arabic(text, i, most).or_else(|| chinese(text, i))
}

/// Arabic digits only.
pub(crate) fn arabic(text: &[char], i: usize, most: usize) -> Option<Number> {
    let run = digits(text, i);
    if run == 0 || run > most || run > 9 {
        return None;
    }
    Some(Number { value: value(&text[i..i + run]), digits: run, end: i + run, han: false })
}

/// How many Arabic digits begin at `i`, counted up to 40.
pub(crate) fn digits(text: &[char], i: usize) -> usize {
    text.get(i..).map_or(0, |rest| rest.iter().take(40).take_while(|c| c.is_ascii_digit()).count())
}

/// The value of at most nine digits.
pub(crate) fn value(digits: &[char]) -> u32 {
    digits.iter().filter_map(|c| c.to_digit(10)).fold(0, |sum, digit| sum * 10 + digit)
}

fn han_digit(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '○' | '零' => 0,
        '一' | '元' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

fn chinese(text: &[char], i: usize) -> Option<Number> {
    let run = text
        .get(i..)?
        .iter()
        .take(6)
        .take_while(|c| **c != '元' && (han_digit(**c).is_some() || matches!(c, '十' | '廿' | '卅' | '百')))
        .count();
    let word = &text[i..i + run];
    let value = if word.iter().any(|c| matches!(c, '十' | '廿' | '卅' | '百')) {
        tens(word)?
    } else if run > 0 && run < 5 {
        word.iter().filter_map(|c| han_digit(*c)).fold(0, |sum, digit| sum * 10 + digit)
    } else {
        return None;
    };
    Some(Number { value, digits: run, end: i + run, han: true })
}

/// 十一, 二十, 廿四, 三十一, 一百零四.
fn tens(word: &[char]) -> Option<u32> {
    let (mut total, mut unit) = (0, None);
    for c in word {
        match c {
            '百' => total += unit.take().unwrap_or(1) * 100,
            '十' => total += unit.take().unwrap_or(1) * 10,
            '廿' => total += 20,
            '卅' => total += 30,
            '零' | '〇' | '○' => {}
            c if unit.is_none() => unit = han_digit(*c),
            _ => return None,
        }
    }
    Some(total + unit.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u32>) {
        let text: Vec<char> = text.chars().collect();
        assert_eq!(number(&text, 0, 4).map(|n| n.value), expected);
    }

    #[test]
    fn numbers() {
        check("2026年", Some(2026));
        check("二〇二六年", Some(2026));
        check("二○一二年", Some(2012));
        check("十一月", Some(11));
        check("二十四日", Some(24));
        check("廿四日", Some(24));
        check("三十一", Some(31));
        check("一百零四年", Some(104));
        check("两点", Some(2));
        check("零时", Some(0));
        check("年", None);
        check("12345", None);
    }
}
