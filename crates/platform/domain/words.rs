//! Amounts in words (金额大写), compared by value because several spellings of one amount are right.

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];

/// Reads an amount in words into fen; `None` where it is not an amount.
///
/// Accepts a leading 人民币, 圆 for 元, 萬 and 億, everyday numerals (一二三十百千), 整 or 正 at the end,
/// and 零 left out or written where either is usual.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_prefix("人民币").or_else(|| text.strip_prefix("人民幣")).unwrap_or(text);
    let (negative, text) = match text.strip_prefix('负') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let text = text.trim_end_matches(['整', '正']);
    let (yuan, rest) = match text.find(['元', '圆', '圓']) {
        Some(at) => {
            let after = text[at..].chars().next()?.len_utf8();
            (whole(&text[..at])?, &text[at + after..])
        }
        None => (0, text),
    };
    if text.is_empty() {
        return None;
    }
    let value = yuan.checked_mul(100)?.checked_add(small(rest)?)?;
    Some(if negative { -value } else { value })
}

/// Writes fen in words, in the spelling of the payment rules.
pub fn write(fen: i64) -> String {
    let size = fen.unsigned_abs();
    let (yuan, jiao, cent) = (size / 100, size / 10 % 10, size % 10);
    let mut out = String::from(if fen < 0 { "负" } else { "" });
    if yuan > 0 || (jiao == 0 && cent == 0) {
        out.push_str(&write_whole(yuan));
        out.push('元');
    }
    if jiao > 0 {
        out.push(DIGITS[jiao as usize]);
        out.push('角');
    } else if cent > 0 && yuan > 0 {
        out.push('零');
    }
    if cent > 0 {
        out.push(DIGITS[cent as usize]);
        out.push('分');
    } else {
        out.push('整');
    }
    out
}

fn digit(c: char) -> Option<i64> {
    let formal = DIGITS.iter().position(|d| *d == c);
    let plain = || "〇一二三四五六七八九".chars().position(|d| d == c);
    let other = || match c {
        '两' => Some(2),
        '貳' => Some(2),
        '參' | '叄' => Some(3),
        '陸' => Some(6),
        _ => None,
    };
    formal.or_else(plain).or_else(other).map(|d| d as i64)
}

/// Reads the part before 元. Sections of four digits are closed by 万 and 亿.
fn whole(text: &str) -> Option<i64> {
    let (mut total, mut section, mut pending) = (0i64, 0i64, None);
    if text.is_empty() {
        return None;
    }
    for c in text.chars() {
        if let Some(d) = digit(c) {
            if d == 0 {
                continue;
            }
            if pending.replace(d).is_some() {
                return None;
            }
            continue;
        }
        match c {
            '拾' | '十' => section += pending.take().unwrap_or(1) * 10,
            '佰' | '百' => section += pending.take()? * 100,
            '仟' | '千' => section += pending.take()? * 1000,
            '万' | '萬' => {
                section = (section + pending.take().unwrap_or(0)).checked_mul(10_000)?;
                total = total.checked_add(section)?;
                section = 0;
            }
            '亿' | '億' => {
                total = total.checked_add(section + pending.take().unwrap_or(0))?;
                total = total.checked_mul(100_000_000)?;
                section = 0;
            }
            _ => return None,
        }
    }
    total.checked_add(section + pending.unwrap_or(0))
}

/// Reads 角 and 分.
fn small(text: &str) -> Option<i64> {
    let (mut value, mut pending, mut unit) = (0, None, 100);
    for c in text.chars() {
        if let Some(d) = digit(c) {
            if d > 0 && pending.replace(d).is_some() {
                return None;
            }
            continue;
        }
        let worth = match c {
            '角' => 10,
            '分' => 1,
            _ => return None,
        };
        if worth >= unit {
            return None;
        }
        unit = worth;
        value += pending.take().unwrap_or(0) * worth;
    }
    pending.is_none().then_some(value)
}

fn write_whole(yuan: u64) -> String {
    if yuan == 0 {
        return "零".into();
    }
    let mut out = String::new();
    let mut gap = false;
    let sections = [(100_000_000, "亿"), (10_000, "万"), (1, "")];
    let mut rest = yuan;
    for (worth, name) in sections {
        let section = rest / worth;
        rest %= worth;
        if section == 0 {
            gap |= !out.is_empty();
            continue;
        }
        if !out.is_empty() && (gap || section < 1000) {
            out.push('零');
        }
        gap = false;
        if section >= 10_000 {
            out.push_str(&write_whole(section));
        } else {
            write_section(section, &mut out);
        }
        out.push_str(name);
    }
    out
}

fn write_section(section: u64, out: &mut String) {
    let (mut begun, mut gap) = (false, false);
    for (worth, name) in [(1000, "仟"), (100, "佰"), (10, "拾"), (1, "")] {
        let d = section / worth % 10;
        if d == 0 {
            gap |= begun;
            continue;
        }
        if gap {
            out.push('零');
        }
        (begun, gap) = (true, false);
        out.push(DIGITS[d as usize]);
        out.push_str(name);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(text: &str, fen: Option<i64>) {
        assert_eq!(parse(text), fen, "{text}");
    }

    #[test]
    fn spellings_of_one_amount() {
        check("人民币壹仟肆佰零玖元伍角", Some(140_950));
        check("陆仟零柒元壹角肆分", Some(600_714));
        check("壹拾万零柒仟元零伍角叁分", Some(10_700_053));
        check("壹拾万柒仟元伍角叁分", Some(10_700_053));
        check("壹萬陆仟肆佰零玖圆零贰分", Some(1_640_902));
        check("叁佰贰拾伍元零肆分", Some(32_504));
        check("一千二百元整", Some(120_000));
        check("伍角正", Some(50));
    }

    #[test]
    fn what_is_no_amount() {
        for text in ["", "整", "12.50", "元", "壹贰元", "壹分壹角", "壹元伍", "佰元"] {
            check(text, None);
        }
    }

    #[test]
    fn written_and_read_again() {
        let fixed =
            [0, 1, 10, 99, 100, 105, 100_000, 100_000_000, 10_700_053, 2_000_001_003, 9_999_999_999_999];
        let mut seed = 7u64;
        let drawn = (0..20_000).map(|_| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((seed >> 20) % 10u64.pow(1 + (seed >> 60) as u32 % 13)) as i64
        });
        for fen in fixed.into_iter().chain(drawn) {
            assert_eq!(parse(&write(fen)), Some(fen), "{}", write(fen));
        }
    }
}
