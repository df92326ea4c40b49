//! An instant in a file: seconds, or RFC 3339 with its offset.

/// How the instants of a file are written: all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Seconds,
    Rfc3339,
}

/// Reads an instant as seconds (since 1970 where it is RFC 3339). `None` for anything else.
pub(super) fn instant(field: &[u8]) -> Option<(f64, Kind)> {
    let text = std::str::from_utf8(field).ok()?;
    if let Some(seconds) = usual(field) {
        return Some((seconds, Kind::Rfc3339));
    }
    if text.contains([':', 'T', 't']) {
        let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        return Some((
            time.timestamp() as f64 + f64::from(time.timestamp_subsec_nanos()) * 1e-9,
            Kind::Rfc3339,
        ));
    }
    // Rust would also read `inf` and `nan`.
    let seconds = text.parse::<f64>().ok().filter(|s| s.is_finite())?;
    Some((seconds, Kind::Seconds))
}

/// The usual shape, `2026-03-01T08:00:00[.123](Z|+08:00)`, read without the generality that makes a
/// million rows slow. `None` where it is not quite that; chrono then decides.
fn usual(field: &[u8]) -> Option<f64> {
    let (head, tail) = field.split_at_checked(19)?;
    let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if shape.iter().any(|(place, byte)| head[*place] != *byte) {
        return None;
    }
    let number = |from: usize, to: usize| head[from..to].iter().try_fold(0, digit);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let date = chrono::NaiveDate::from_ymd_opt(year, month as u32, day as u32)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = f64::from(date.to_epoch_days());
    let clock = f64::from(hour * 3600 + minute * 60 + second);
    let (fraction, offset) = tail.split_at(tail.iter().position(|b| !b.is_ascii_digit() && *b != b'.')?);
    Some(days * 86_400.0 + clock + part_of_second(fraction)? - f64::from(seconds_east(offset)?))
}

fn digit(so_far: i32, byte: &u8) -> Option<i32> {
    byte.is_ascii_digit().then(|| so_far * 10 + i32::from(byte - b'0'))
}

fn part_of_second(digits: &[u8]) -> Option<f64> {
    match digits {
        [] => Some(0.0),
        [b'.', rest @ ..] if (1..=9).contains(&rest.len()) => {
            let value = rest.iter().try_fold(0, digit)?;
            Some(f64::from(value) / 10.0_f64.powi(rest.len() as i32))
        }
        _ => None,
    }
}

fn seconds_east(offset: &[u8]) -> Option<i32> {
    match offset {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), h @ .., b':', m1, m2] if h.len() == 2 => {
            let (hours, minutes) = (h.iter().try_fold(0, digit)?, [*m1, *m2].iter().try_fold(0, digit)?);
            let east = hours * 3600 + minutes * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'+' { east } else { -east })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<f64>) {
        assert_eq!(instant(text.as_bytes()).map(|found| found.0), expected, "{text}");
    }

    #[test]
    fn the_short_way_agrees_with_chrono() {
        for text in ["2026-03-01T08:00:00+08:00", "1999-12-31T23:59:59.250Z", "2024-02-29T12:30:01.5-03:30"] {
            let time = chrono::DateTime::parse_from_rfc3339(text);
            check(text, time.ok().map(|t| t.timestamp_millis() as f64 / 1e3));
        }
    }

    #[test]
    fn other_shapes_of_rfc_3339_are_read_too() {
        check("2026-03-01t00:00:00z", Some(1_772_323_200.0));
        check("2026-03-01 00:00:00Z", Some(1_772_323_200.0));
    }

    #[test]
    fn seconds_are_seconds() {
        check("12.5", Some(12.5));
        check("1e3", Some(1000.0));
    }

    #[test]
    fn nothing_else_is_an_instant() {
        for text in
            ["nan", "inf", "2026-02-30T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T00:00:00", "never"]
        {
            check(text, None);
        }
    }
}
