//! Cron starts. The pattern language is croner's; the clock it walks on is the wall's, without any
//! zone, because what an odd night does to a start is decided once, in [`zone`](crate::zone).

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use super::Refused;

/// A start every quarter of an hour is the most that can still be called a window.
pub(super) const MOST_A_DAY: usize = 96;

/// Reads five cron fields.
pub(super) fn read(line: &str) -> Result<Cron, Refused> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(line).map_err(|error| {
        let cause = error.to_string().trim_end_matches('.').to_lowercase();
        let advice = "write minute hour day month weekday, such as `0 2 * * 0`";
        Refused::new("cron", format!("cannot read `{line}` ({cause}): {advice}"))
    })?;
    let epoch = DateTime::<Utc>::UNIX_EPOCH.naive_utc();
    let Some(first) = starts(&cron, epoch).next() else {
        return Err(Refused::new("cron", format!("`{line}` never happens: write a day that exists")));
    };
    let day = starts(&cron, first).take_while(|start| *start < first + TimeDelta::days(1));
    if day.take(MOST_A_DAY + 1).count() > MOST_A_DAY {
        return Err(Refused::new(
            "cron",
            format!("`{line}` starts too often: write at most one start in 15 minutes"),
        ));
    }
    Ok(cron)
}

/// The wall-clock starts from `first` on.
pub(super) fn starts(cron: &Cron, first: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
    let mut next = cron.find_next_occurrence(&first.and_utc(), true).ok();
    std::iter::from_fn(move || {
        let found = next?;
        next = cron.find_next_occurrence(&found, false).ok();
        Some(found.naive_utc())
    })
}
