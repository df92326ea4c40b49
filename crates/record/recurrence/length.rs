//! How long an occurrence lasts, as people and calendars write it.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::{Length, Refused, Spec};

/// Longer than any maintenance that is still called a recurring one.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// The one length of `spec`.
pub(super) fn read(spec: &Spec) -> Result<Length, Refused> {
    match (&spec.duration, &spec.wall_duration, &spec.end) {
        (Some(text), None, None) => Ok(Length::Elapsed(bounded("duration", text)?)),
        (None, Some(text), None) => Ok(Length::Wall(bounded("wall_duration", text)?)),
        (None, None, Some(text)) => read_clock(text).map(Length::UntilClock),
        (None, None, None) => {
            Err(Refused::new("duration", "write how long it lasts, such as `2h`, or `end`"))
        }
        _ => Err(Refused::new("duration", "write one of `duration`, `wall_duration` and `end`, not several")),
    }
}

/// The next time after `wall` at which the clock shows `clock`; a whole day later where it shows it now.
pub(super) fn next_clock(wall: NaiveDateTime, clock: NaiveTime) -> NaiveDateTime {
    let today = wall.date().and_time(clock);
    if today > wall { today } else { today + TimeDelta::days(1) }
}

/// Reads `2h`, `1h30m`, `90 min`, `1d`, `PT2H` or `P1DT2H`; days count 24 hours.
///
/// # Errors
/// One line that says what to write instead.
pub fn read_duration(text: &str) -> Result<TimeDelta, String> {
    let refuse = || format!("cannot read `{text}`: write a duration such as `2h`, `90m` or `1h30m`");
    let lower = text.trim().to_ascii_lowercase();
    let mut rest = lower.strip_prefix('p').unwrap_or(&lower);
    let mut total = TimeDelta::zero();
    while !rest.is_empty() {
        rest = rest.trim_start_matches([' ', 't']);
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters =
            after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic() && c != 't').len();
        let (unit, after) = after.split_at(letters);
        let count: i64 = number.parse().map_err(|_| refuse())?;
        let seconds = unit_seconds(unit).ok_or_else(refuse)?.checked_mul(count).ok_or_else(refuse)?;
        let part = TimeDelta::try_seconds(seconds).ok_or_else(refuse)?;
        total = total.checked_add(&part).ok_or_else(refuse)?;
        rest = after.trim_start();
    }
    if total > TimeDelta::zero() { Ok(total) } else { Err(refuse()) }
}

fn unit_seconds(unit: &str) -> Option<i64> {
    match unit {
        "s" | "sec" | "secs" => Some(1),
        "m" | "min" | "mins" => Some(60),
        "h" | "hour" | "hours" => Some(3600),
        "d" | "day" | "days" => Some(86_400),
        "w" => Some(7 * 86_400),
        _ => None,
    }
}

fn bounded(field: &'static str, text: &str) -> Result<TimeDelta, Refused> {
    let length = read_duration(text).map_err(|advice| Refused::new(field, advice))?;
    if length > LONGEST {
        return Err(Refused::new(field, format!("`{text}` is over 31 days: write one-off windows instead")));
    }
    Ok(length)
}

fn read_clock(text: &str) -> Result<NaiveTime, Refused> {
    if text.trim() == "24:00" {
        return Ok(NaiveTime::MIN);
    }
    let read = |form| NaiveTime::parse_from_str(text.trim(), form).ok();
    let refuse =
        || Refused::new("end", format!("cannot read `{text}`: write a wall-clock time such as `06:00`"));
    read("%H:%M").or_else(|| read("%H:%M:%S")).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::read_duration;

    #[test]
    fn durations_are_read_as_written() {
        let check = |text: &str, minutes: i64| {
            assert_eq!(read_duration(text).unwrap().num_minutes(), minutes, "{text}")
        };
        check("2h", 120);
        check("1h30m", 90);
        check("90 min", 90);
        check("1 d", 1440);
        check("PT2H", 120);
        check("P1DT2H", 1560);
        check("120s", 2);
    }

    #[test]
    fn what_is_no_duration_says_what_to_write() {
        for text in
            ["", "2", "h", "2x", "-1h", "0h", "PT", "2h 3", "99999999999999999999h", "9223372036854775807w"]
        {
            let refused = read_duration(text).unwrap_err();
            assert!(refused.ends_with("write a duration such as `2h`, `90m` or `1h30m`"), "{text}");
        }
    }
}
