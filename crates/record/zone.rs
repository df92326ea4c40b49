//! Wall-clock time to instants and back, with both odd nights of the year defined.
//!
//! - *Gap* (clocks go forward, the time does not exist): shifted forward by the length of the gap, so
//!   02:30 becomes 03:30. This is what RFC 5545 says, and what calendars do.
//! - *Fold* (clocks go back, the time exists twice): the first occurrence.
//!
//! Both hold for every place where a source states local time, and nowhere else is it decided.

use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::names::nearest;

/// The instant at which clocks in `zone` show `wall`.
pub fn instant(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    if let Some(found) = zone.from_local_datetime(&wall).earliest() {
        return found.with_timezone(&Utc);
    }
    let offset = offset_before_gap(zone, wall);
    wall.checked_sub_signed(offset).unwrap_or(wall).and_utc()
}

/// What clocks in `zone` show at `instant`.
pub fn wall(zone: Tz, instant: DateTime<Utc>) -> NaiveDateTime {
    instant.with_timezone(&zone).naive_local()
}

/// Reads an IANA name, offering the nearest one where it is misspelt.
///
/// # Errors
/// One line that says what to write instead.
pub fn named(name: &str) -> Result<Tz, String> {
    Tz::from_str(name.trim()).map_err(|_| {
        let known = TZ_VARIANTS.iter().map(|zone| zone.name());
        match nearest(name, known) {
            Some(right) => format!("unknown zone `{name}`: did you mean `{right}`?"),
            None => format!("unknown zone `{name}`: write an IANA name such as `Asia/Shanghai`"),
        }
    })
}

/// The offset in force just before the gap in which `wall` lies. The longest gap on record is the day
/// that Samoa left out, so a search through two days finds the near edge of any.
fn offset_before_gap(zone: Tz, wall: NaiveDateTime) -> TimeDelta {
    let step = TimeDelta::minutes(15);
    let earlier = (1..=192).filter_map(|steps| wall.checked_sub_signed(step * steps));
    let before = earlier.filter_map(|wall| zone.from_local_datetime(&wall).latest()).next();
    let seconds = before.map_or(0, |found| found.offset().fix().local_minus_utc());
    TimeDelta::seconds(i64::from(seconds))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{instant, named};

    fn check(zone: &str, wall: &str, expected: &str) {
        let found = instant(named(zone).unwrap(), wall.parse().unwrap());
        assert_eq!(found.format("%Y-%m-%dT%H:%MZ").to_string(), expected, "{zone} {wall}");
    }

    #[test]
    fn ordinary_times_are_what_clocks_show() {
        check("Asia/Shanghai", "2026-11-24T22:00:00", "2026-11-24T14:00Z");
        check("Asia/Kathmandu", "2026-11-24T00:00:00", "2026-11-23T18:15Z");
    }

    #[test]
    fn a_time_in_a_gap_is_shifted_forward_by_its_length() {
        check("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30Z");
        check("America/New_York", "2026-03-08T02:00:00", "2026-03-08T07:00Z");
        check("Australia/Lord_Howe", "2026-10-04T02:10:00", "2026-10-03T15:40Z");
        check("America/Sao_Paulo", "2018-11-04T00:30:00", "2018-11-04T03:30Z");
    }

    #[test]
    fn a_skipped_day_is_the_next_day() {
        check("Pacific/Apia", "2011-12-30T09:00:00", "2011-12-30T19:00Z");
        check("Pacific/Apia", "2011-12-31T09:00:00", "2011-12-30T19:00Z");
    }

    #[test]
    fn a_time_in_a_fold_is_its_first_occurrence() {
        check("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30Z");
        check("America/St_Johns", "2010-11-07T00:00:30", "2010-11-07T02:30Z");
    }

    #[test]
    fn a_misspelt_zone_is_answered_with_the_right_one() {
        let refused = |name: &str| named(name).unwrap_err();
        assert_eq!(refused("Asia/Shangai"), "unknown zone `Asia/Shangai`: did you mean `Asia/Shanghai`?");
        assert_eq!(refused("北京"), "unknown zone `北京`: write an IANA name such as `Asia/Shanghai`");
    }
}
