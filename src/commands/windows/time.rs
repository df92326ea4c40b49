//! Times that people write: with an offset, or as clocks of a zone show them.

use anyhow::{Result, anyhow, bail};
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// Reads an instant. Unlike a source's, a person's time that does not exist or exists twice is refused:
/// the person can be asked.
///
/// # Errors
/// One line that names the flag and what to write instead.
pub fn instant(flag: &str, written: &str, zone: Tz) -> Result<DateTime<Utc>> {
    if let Ok(fixed) = DateTime::parse_from_rfc3339(&written.replacen(' ', "T", 1)) {
        return Ok(fixed.with_timezone(&Utc));
    }
    // A day alone is its beginning.
    let whole = format!("{written} 00:00");
    let written =
        if chrono::NaiveDate::parse_from_str(written, "%Y-%m-%d").is_ok() { &whole } else { written };
    let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];
    let wall = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(written, form).ok());
    let wall = wall.ok_or_else(|| {
        anyhow!("{flag} `{written}` is no time; write 2026-12-01 22:00 or 2026-12-01T22:00:00+08:00")
    })?;
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(found) => Ok(found.with_timezone(&Utc)),
        LocalResult::None => {
            bail!("{flag} {written} does not exist in {zone}: clocks go forward then; write an offset")
        }
        LocalResult::Ambiguous(first, second) => bail!(
            "{flag} {written} exists twice in {zone}; write {} or {}",
            first.to_rfc3339(),
            second.to_rfc3339()
        ),
    }
}

/// Reads a length such as `90m` or `2h`.
///
/// # Errors
/// One line that names the flag and what to write instead.
pub fn length(flag: &str, written: &str) -> Result<TimeDelta> {
    let wrong = || anyhow!("{flag} `{written}` is no length; write 90m, 2h or 1d");
    let unit = written.chars().last().ok_or_else(wrong)?;
    let count: u32 = written.strip_suffix(unit).unwrap_or_default().parse().map_err(|_| wrong())?;
    let length = match unit {
        's' => TimeDelta::seconds(count.into()),
        'm' => TimeDelta::minutes(count.into()),
        'h' => TimeDelta::hours(count.into()),
        'd' => TimeDelta::days(count.into()),
        _ => return Err(wrong()),
    };
    if length.is_zero() { Err(wrong()) } else { Ok(length) }
}
