//! Amounts in words (大写), written in the usual spelling and read in every valid one.

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
const GROUPS: [&str; 3] = ["", "万", "亿"];

/// Writes an amount of cents in words: `人民币壹仟肆佰零玖元伍角`, `…元整`.
///
/// 整 follows 元 when nothing does; one 零 stands for inner zeros, also before 分 without 角.
#[must_use]
pub fn of_cents(cents: i64) -> String {
    let value = cents.unsigned_abs();
    let (yuan, jiao, fen) = (value / 100, (value / 10 % 10) as usize, (value % 10) as usize);
    let mut words = String::from(if cents < 0 { "人民币负" } else { "人民币" });
    if yuan > 0 {
        whole(yuan, &mut words);
        words.push('元');
    } else if jiao == 0 && fen == 0 {
        words.push_str("零元");
    }
    match (jiao, fen) {
        (0, 0) => words.push('整'),
        (0, fen) if yuan > 0 => words.extend(['零', DIGITS[fen], '分']),
        (0, fen) => words.extend([DIGITS[fen], '分']),
        (jiao, 0) => words.extend([DIGITS[jiao], '角']),
        (jiao, fen) => words.extend([DIGITS[jiao], '角', DIGITS[fen], '分']),
    }
    words
}

fn whole(yuan: u64, words: &mut String) {
    // 兆 is ambiguous, so that the part above 亿 is written as a number of 亿 itself.
    if yuan >= 1_0000_0000_0000 {
        whole(yuan / 1_0000_0000, words);
        words.push('亿');
        let rest = yuan % 1_0000_0000;
        if rest > 0 {
            if rest < 1000_0000 {
                words.push('零');
            }
            whole(rest, words);
        }
        return;
    }
    let mut started = false;
    let mut zero = false;
    for group in (0..3).rev() {
        let part = yuan / 10_000_u64.pow(group) % 10_000;
        for place in (0..4).rev() {
            let digit = (part / 10_u64.pow(place) % 10) as usize;
            if digit == 0 {
                zero = started;
                continue;
            }
            if zero {
                words.push('零');
                zero = false;
            }
            words.push(DIGITS[digit]);
            words.push_str(PLACES[place as usize]);
            started = true;
        }
        if part > 0 {
            words.push_str(GROUPS[group as usize]);
        }
    }
}

/// Reads an amount in words by its value, in cents; `None` for what is no amount in words.
///
/// 圆 and 圓 are 元, 整 is 正, 萬 is 万, 億 is 亿; 人民币, ￥, blanks and colons before the amount, and extra
/// 零, do not matter; small numerals (一二三) count as large ones.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && !"：:￥¥（）()".contains(*c)).collect();
    let text = text.strip_prefix("人民币").or_else(|| text.strip_prefix("人民幣")).unwrap_or(&text);
    let (negative, text) = match text.strip_prefix('负').or_else(|| text.strip_prefix('負')) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let text = text.trim_end_matches(['整', '正']);
    let (yuan, rest) = match text.split_once(['元', '圆', '圓', '块']) {
        Some((yuan, rest)) => (number(yuan)?, rest),
        None => (0, text),
    };
    let no_yuan = !text.contains(['元', '圆', '圓', '块']);
    let (jiao, fen) = coins(rest)?;
    if no_yuan && !rest.contains(['角', '毛', '分']) {
        return None;
    }
    let cents = i64::try_from(yuan).ok()?.checked_mul(100)?.checked_add(jiao * 10 + fen)?;
    Some(if negative { -cents } else { cents })
}

/// What follows 元: `伍角`, `零叁分`, `壹角肆分` or nothing.
fn coins(text: &str) -> Option<(i64, i64)> {
    let (mut jiao, mut fen) = (0, 0);
    let mut digit = None;
    let mut last = 3;
    for c in text.chars() {
        match c {
            '角' | '毛' if last > 2 => {
                jiao = digit.take()?;
                last = 2;
            }
            '分' if last > 1 => {
                fen = digit.take()?;
                last = 1;
            }
            '零' | '〇' if digit.is_none() => digit = Some(0),
            _ => match (value(c)?, digit) {
                (value, None | Some(0)) => digit = Some(value),
                _ => return None,
            },
        }
    }
    // `元零整` is written by some; a digit without its coin is not.
    (digit.is_none() || digit == Some(0)).then_some((jiao, fen))
}

/// A whole number in words.
fn number(text: &str) -> Option<u64> {
    let (mut total, mut group, mut digit) = (0_u64, 0_u64, None::<u64>);
    // Units must fall inside a group of four, and groups must fall in the whole.
    let (mut unit, mut large) = (10_000_u64, u64::MAX);
    let mut seen = false;
    for c in text.chars() {
        seen = true;
        let scale = match c {
            '拾' | '十' => 10,
            '佰' | '百' => 100,
            '仟' | '千' => 1000,
            '万' | '萬' => 10_000,
            '亿' | '億' => 100_000_000,
            '零' | '〇' if digit.is_none_or(|digit| digit == 0) => {
                digit = Some(0);
                continue;
            }
            _ => match (u64::try_from(value(c)?).ok()?, digit) {
                (value, None | Some(0)) => {
                    digit = Some(value);
                    continue;
                }
                _ => return None,
            },
        };
        if scale < 10_000 {
            if scale >= unit {
                return None;
            }
            // 拾 alone at the beginning of a group is ten.
            let count = match digit.take() {
                None | Some(0) if scale == 10 && group == 0 => 1,
                Some(0) | None => return None,
                Some(count) => count,
            };
            group += count * scale;
            unit = scale;
        } else {
            group += digit.take().unwrap_or(0);
            // 亿 closes everything before it, as in 壹万亿; 万 closes its group only.
            total = if scale == 100_000_000 && total > 0 && large == 10_000 {
                (total + group).checked_mul(scale)?
            } else if scale >= large {
                return None;
            } else {
                total.checked_add(group.checked_mul(scale)?)?
            };
            large = scale;
            (group, unit) = (0, 10_000);
        }
    }
    seen.then(|| total.checked_add(group + digit.unwrap_or(0))).flatten()
}

fn value(c: char) -> Option<i64> {
    Some(match c {
        '壹' | '一' | '弌' | '幺' => 1,
        '贰' | '貳' | '二' | '两' | '兩' | '弍' => 2,
        '叁' | '參' | '叄' | '三' | '参' => 3,
        '肆' | '四' => 4,
        '伍' | '五' => 5,
        '陆' | '陸' | '六' => 6,
        '柒' | '七' => 7,
        '捌' | '八' => 8,
        '玖' | '九' => 9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{of_cents, parse};

    #[test]
    fn amounts_are_written_as_the_rules_say() {
        let check = |cents: i64, words: &str| assert_eq!(of_cents(cents), words);
        check(140_950, "人民币壹仟肆佰零玖元伍角");
        check(600_714, "人民币陆仟零柒元壹角肆分");
        check(168_032, "人民币壹仟陆佰捌拾元叁角贰分");
        check(10_700_053, "人民币壹拾万零柒仟元伍角叁分");
        check(1_640_902, "人民币壹万陆仟肆佰零玖元零贰分");
        check(32_504, "人民币叁佰贰拾伍元零肆分");
        check(1000, "人民币壹拾元整");
        check(10_000_000_100, "人民币壹亿零壹元整");
        check(100_000_000, "人民币壹佰万元整");
        check(1_001_000_000, "人民币壹仟零壹万元整");
        check(5, "人民币伍分");
        check(50, "人民币伍角");
        check(0, "人民币零元整");
        check(-100, "人民币负壹元整");
    }

    #[test]
    fn every_valid_spelling_has_its_value() {
        let check = |words: &str, cents: Option<i64>| assert_eq!(parse(words), cents, "{words}");
        check("壹仟肆佰零玖元伍角整", Some(140_950));
        check("人民币壹仟肆佰零玖圆伍角正", Some(140_950));
        check("壹仟陆佰捌拾元零叁角贰分", Some(168_032));
        check("壹拾万柒仟元零伍角叁分", Some(10_700_053));
        check("壹拾万零柒仟元伍角叁分", Some(10_700_053));
        check("拾万柒仟元伍角叁分", Some(10_700_053));
        check("壹拾萬零柒仟圓伍角叁分", Some(10_700_053));
        check("叁佰贰拾伍元零肆分", Some(32_504));
        check("叁佰贰拾伍元零角肆分", Some(32_504));
        check("壹億元整", Some(10_000_000_000));
        check("壹万亿元整", Some(100_000_000_000_000));
        check("伍角", Some(50));
        check("零元整", Some(0));
        check("（大写）", None);
        check("壹仟", None);
        check("壹仟元伍", None);
        check("壹壹元", None);
        check("壹佰仟元", None);
        check("元伍角", None);
        check("一千四百零九元五角", Some(140_950));
    }

    #[test]
    fn what_is_written_reads_back() {
        let around = [0, 9, 10, 99, 100, 999, 1000, 1001, 10_000, 10_010, 100_000_000, 1_000_000_000_000];
        for yuan in around {
            for cents in 0..=101 {
                let value = yuan * 100 + cents;
                assert_eq!(parse(&of_cents(value)), Some(value), "{}", of_cents(value));
            }
        }
        for at in 0..20_000_i64 {
            let value = at.wrapping_mul(7_919_999_983) % 100_000_000_000_000;
            assert_eq!(parse(&of_cents(value)), Some(value), "{}", of_cents(value));
        }
    }
}
