//! Money as whole cents: decimal in, decimal out, never a binary fraction.

/// Reads `1409.5`, `1,409.50`, `-3`, `¥12.30`; `None` for anything that is not money in whole cents.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches(['¥', '￥']);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: String = whole.chars().filter(|c| *c != ',' && *c != '，').collect();
    let fraction = fraction.trim_end_matches('0');
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 2 || !plain(&whole) || !plain(fraction) {
        return None;
    }
    let yuan: i64 = whole.parse().ok()?;
    let cents: i64 = format!("{fraction:0<2}").parse().ok()?;
    let value = yuan.checked_mul(100)?.checked_add(cents)?;
    Some(if negative { -value } else { value })
}

/// Writes yuan with two decimals.
#[must_use]
pub fn write(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let value = cents.unsigned_abs();
    format!("{sign}{}.{:02}", value / 100, value % 100)
}

#[cfg(test)]
mod tests {
    use super::{parse, write};

    #[test]
    fn money_is_read_by_value() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(parse(text), expected, "{text}");
        check("1409.5", Some(140_950));
        check("¥1,409.50", Some(140_950));
        check("1409.500", Some(140_950));
        check("-3", Some(-300));
        check("0.01", Some(1));
        check("0.001", None);
        check(".5", None);
        check("12a", None);
        check("", None);
    }

    #[test]
    fn money_is_written_with_two_decimals() {
        assert_eq!((write(140_950), write(-5), write(0)), ("1409.50".into(), "-0.05".into(), "0.00".into()));
    }
}
