//! How long an occurrence lasts, as people and calendars write it.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::{Length, Refused, Spec};
use crate::span::Span;

/// Longer than any maintenance that is still called a recurring one.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// The one length of `spec`.
pub(crate) fn read(spec: &Spec) -> Result<Length, Refused> {
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

/// Reads `2h`, `1h30m`, `1d`, and iCalendar's `PT2H` or `P1DT2H`; days count 24 hours.
///
/// # Errors
/// One line that says what to write instead.
pub fn read_duration(text: &str) -> Result<TimeDelta, String> {
    let refuse = || format!("cannot read `{text}`: write a duration such as `2h`, `90m` or `1h30m`");
    let lower = text.trim().to_ascii_lowercase();
    let plain = lower.strip_prefix('p').map_or_else(|| lower.clone(), |period| period.replace('t', ""));
    let length = plain.parse::<Span>().ok().and_then(|span| TimeDelta::from_std(span.0).ok());
    length.filter(|length| *length > TimeDelta::zero()).ok_or_else(refuse)
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
        check("90m", 90);
        check("1d", 1440);
        check("PT2H", 120);
        check("P1DT2H", 1560);
        check("120s", 2);
    }

    #[test]
    fn what_is_no_duration_says_what_to_write() {
        for text in
            ["", "2", "h", "2x", "-1h", "0h", "PT", "2h 3", "99999999999999999999h", "9223372036854775807d"]
        {
            let refused = read_duration(text).unwrap_err();
            assert!(refused.ends_with("write a duration such as `2h`, `90m` or `1h30m`"), "{text}");
        }
    }
}
