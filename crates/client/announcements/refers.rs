//! What a notice says of a window announced earlier: cancelled, put off, longer, over sooner.

use super::source::Notice;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_notices::{Reference, Relation};
use piaotan_record::Window;
use piaotan_record::calendar::{Change, Correction};
use piaotan_record::window::Status;

/// Corrections of `windows` by notices; what refers to none of them, or to several, is said and not guessed.
/// `read` is when the notices were read, for those that do not say when they were published.
#[must_use]
pub fn corrections(
    notices: &[Notice],
    windows: &[Window],
    read: DateTime<Utc>,
) -> (Vec<Correction>, Vec<String>) {
    let (mut corrections, mut doubts) = (Vec::new(), Vec::new());
    for notice in notices {
        let Some(reading) = &notice.reading else { continue };
        let made = notice.published.unwrap_or(read).min(read);
        for reference in &reading.refers {
            let found = meant(reference, windows, made);
            let changes = found.iter().filter_map(|window| Some((*window, change(reference, window, made)?)));
            let fitting: Vec<(&Window, Change)> =
                changes.filter(|(window, change)| change.applied_to(window).is_ok()).collect();
            let known = |at: DateTime<chrono::FixedOffset>| windows.iter().any(|window| window.start == at);
            if fitting.is_empty() && !reference.start.is_some_and(known) {
                doubts.push(format!("{}: refers to no window that is known", notice.title));
            }
            let by = format!("notice: {}", notice.title);
            let new = fitting.into_iter().filter(|(window, change)| {
                // Else the window says so itself already.
                change.applied_to(window).is_ok_and(|changed| changed != **window)
            });
            corrections.extend(new.map(|(window, change)| Correction {
                window: window.id.clone(),
                made,
                by: by.clone(),
                change,
            }));
        }
    }
    (corrections, doubts)
}

/// The windows that begin when the notice says, several where several sources announce the same; without a
/// time, the only one that it can mean.
fn meant<'w>(reference: &Reference, windows: &'w [Window], made: DateTime<Utc>) -> Vec<&'w Window> {
    let standing = windows.iter().filter(|window| window.status != Status::Cancelled);
    if let Some(start) = reference.start.map(|start| start.with_timezone(&Utc)) {
        return standing.filter(|window| window.start == start).collect();
    }
    let open = |window: &&Window| window.start <= made && made <= window.held_until();
    let coming = |window: &&Window| window.start > made && window.start - made < TimeDelta::days(31);
    let ending = matches!(reference.relation, Relation::EndedEarly | Relation::Extended);
    let fits: Vec<&Window> = standing.filter(|window| open(window) || (!ending && coming(window))).collect();
    if fits.len() == 1 { fits } else { Vec::new() }
}

fn change(reference: &Reference, window: &Window, made: DateTime<Utc>) -> Option<Change> {
    let end = reference.end.map(|end| end.with_timezone(&Utc));
    Some(match reference.relation {
        Relation::Cancelled | Relation::Postponed => Change::Cancel,
        Relation::EndedEarly => Change::Shorten {
            end: end.or_else(|| Some(made).filter(|made| window.end.is_some_and(|end| *made < end)))?,
        },
        Relation::Extended => Change::Extend { end: end? },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::corrections;
    use crate::announcements::Notice;
    use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
    use piaotan_notices::{Context, Zone};
    use piaotan_record::Window;
    use piaotan_record::calendar::Change;

    fn check(text: &str, expected: Option<Change>) {
        let published: DateTime<Utc> = "2026-11-27T04:00:00Z".parse().unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 11, 27);
        let context = Context { published: day, zone: Some(Zone::Named(chrono_tz::Asia::Shanghai)) };
        let reading = piaotan_notices::read(text, &context);
        let notice =
            Notice { published: Some(published), reading: Some(reading.clone()), ..Notice::default() };
        let start: DateTime<Utc> = "2026-11-28T14:00:00Z".parse().unwrap();
        let windows = [Window::new("w", start, Some(start + TimeDelta::hours(4)))];
        let (made, _) = corrections(&[notice], &windows, published);
        assert_eq!(made.first().map(|c| c.change), expected, "{:?}", reading.refers);
    }

    #[test]
    fn a_later_notice_corrects_an_earlier_window() {
        check(
            "关于取消系统维护的公告\n原定于2026年11月28日22:00至11月29日2:00的系统升级维护取消，特此公告。",
            Some(Change::Cancel),
        );
        check("系统正常运行的通知，感谢支持。", None);
    }
}
