//! Numbers as people read them: the same in findings, reports and on the status page.

/// A duration with three significant digits at most: `350 ms`, `1.24 s`, `4.5 min`, `26 h`.
#[must_use]
pub fn seconds(value: f64) -> String {
    let size = value.abs();
    let (scaled, unit) = match size {
        _ if !value.is_finite() => return "–".to_owned(),
        0.0 => return "0".to_owned(),
        s if s < 0.000_999_5 => (value * 1e6, "µs"),
        s if s < 0.999_5 => (value * 1e3, "ms"),
        s if s < 119.5 => (value, "s"),
        s if s < 7_170.0 => (value / 60.0, "min"),
        s if s < 172_800.0 => (value / 3_600.0, "h"),
        _ => (value / 86_400.0, "d"),
    };
    format!("{} {unit}", number(scaled))
}

/// A number with three significant digits at most and no trailing zeros.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    let digits = match size {
        s if s >= 99.95 => 0,
        s if s >= 9.995 => 1,
        s if s >= 0.999_5 => 2,
        0.0 => 0,
        s => (2 - s.log10().floor() as i32).clamp(0, 9) as usize,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    match text.strip_prefix('-') {
        Some(rest) => format!("−{}", grouped(rest)),
        None => grouped(text),
    }
}

/// A count with its thousands set apart.
#[must_use]
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// A share as per cent.
#[must_use]
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{} %", number(share * 100.0)) } else { "–".to_owned() }
}

fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(w, r)| (w, Some(r)));
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) && whole.len() > 4 {
            out.push(',');
        }
        out.push(c);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_change_their_unit_where_people_do() {
        let check = |value, expected: &str| assert_eq!(seconds(value), expected);
        check(0.000_25, "250 µs");
        check(0.0999, "99.9 ms");
        check(0.9996, "1 s");
        check(1.236, "1.24 s");
        check(90.0, "90 s");
        check(600.0, "10 min");
        check(93_600.0, "26 h");
        check(f64::NAN, "–");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(1234), "1234");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(number(-0.05), "−0.05");
    }
}
