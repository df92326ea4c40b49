//! What was read, as windows: ids, services, recurring rules cut one by one, later versions instead of
//! earlier ones, and nothing without bounds.

use super::source::Notice;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use chrono_tz::Tz;
use piaotan_notices::{Announced, Kind, Status as Told, Zone};
use piaotan_record::Window;
use piaotan_record::recurrence::{Recurrence, Recurring, Spec};
use piaotan_record::window::{Kind as WindowKind, Mode, Services, Source as From, Status};
use std::collections::BTreeMap;

/// More windows of one source than anybody has; the rest is left out with a doubt.
const MOST: usize = 2_000;

/// What is the same for all windows of a source.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    pub source: From,
    /// In front of every id, so that two sources cannot mean each other's windows.
    pub name: &'a str,
    /// What stops, where the source does not say.
    pub services: Option<Services>,
    /// Recurring ones are cut for this stretch.
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// The windows of notices, and what was doubtful. Cancelled ones stay, as cancelled.
#[must_use]
pub fn windows_of(notices: &[Notice], shape: &Shape<'_>) -> (Vec<Window>, Vec<String>) {
    let (mut windows, mut doubts) = (Vec::new(), Vec::new());
    for (told, kind) in latest(notices) {
        match cut(told, kind, shape) {
            Ok(each) => windows.extend(each),
            Err(why) => doubts.push(why),
        }
    }
    let longest = TimeDelta::days(31);
    for window in &mut windows {
        let long = window.end.is_some_and(|end| end - window.start > longest);
        if long && window.status == Status::Confirmed {
            doubts.push(format!("{} lasts longer than a month: only proposed", window.id));
            window.status = Status::Proposed;
        }
    }
    if windows.len() > MOST {
        doubts.push(format!("{} windows; only the first {MOST} are taken", windows.len()));
        windows.sort_by_key(|window| window.start);
        windows.truncate(MOST);
    }
    (windows, doubts)
}

/// Of several versions of one announcement the one of the highest sequence; notices keep all of theirs.
fn latest(notices: &[Notice]) -> Vec<(&Announced, WindowKind)> {
    let mut by_id: BTreeMap<(&str, usize), (&Announced, WindowKind)> = BTreeMap::new();
    for (place, notice) in notices.iter().enumerate() {
        let reading = notice.reading.as_ref().map(|reading| reading.notice);
        let kind = if reading == Some(Kind::Emergency) { WindowKind::Emergency } else { WindowKind::Planned };
        for told in &notice.announced {
            let place = if notice.reading.is_some() { place } else { 0 };
            let earlier = by_id
                .get(&(told.id.as_str(), place))
                .is_some_and(|(known, _)| known.sequence > told.sequence);
            if !earlier {
                by_id.insert((&told.id, place), (told, kind));
            }
        }
    }
    by_id.into_values().collect()
}

fn cut(told: &Announced, kind: WindowKind, shape: &Shape<'_>) -> Result<Vec<Window>, String> {
    let once = window(told, kind, shape);
    let Some(repeats) = &told.repeats else { return Ok(vec![once]) };
    let why = |reason: String| format!("{}: {reason}", once.id);
    let end = told.end.ok_or_else(|| why("it comes again, but does not say for how long".to_owned()))?;
    let (tz, shift) = clock(told.zone);
    let wall = |at: &DateTime<FixedOffset>| {
        (at.with_timezone(&tz).naive_local() + shift).format("%Y-%m-%dT%H:%M:%S").to_string()
    };
    let mut windows = Vec::new();
    if repeats.rrule.is_empty() {
        windows.push(Window { rule: Some(once.id.clone()), id: named(&once.id, once.start), ..once.clone() });
    } else {
        let spec = Spec {
            rrule: Some(repeats.rrule.clone()),
            start: Some(wall(&told.start)),
            duration: Some(format!("PT{}S", (end - told.start).num_seconds())),
            zone: tz.name().to_owned(),
            except: repeats.except.iter().map(wall).collect(),
            ..Spec::default()
        };
        let recurrence = Recurrence::try_from(spec).map_err(|refused| why(refused.to_string()))?;
        let rule = Recurring { window: once.clone(), recurrence };
        windows.extend(rule.windows(shape.from, shape.to).take(MOST + 1).map(|each| moved(each, shift)));
    }
    windows.extend(repeats.extra.iter().map(|extra| {
        let start = extra.with_timezone(&Utc);
        Window {
            id: named(&once.id, start),
            start,
            end: Some(start + (end - told.start)),
            rule: Some(once.id.clone()),
            ..once.clone()
        }
    }));
    Ok(windows)
}

/// Occurrences of a fixed offset that no zone has are reckoned by UTC and moved back.
fn moved(window: Window, shift: TimeDelta) -> Window {
    if shift.is_zero() {
        return window;
    }
    let rule = window.rule.clone().unwrap_or_default();
    let start = window.start - shift;
    Window { id: named(&rule, start), start, end: window.end.map(|end| end - shift), ..window }
}

fn named(rule: &str, start: DateTime<Utc>) -> String {
    format!("{rule}@{}", start.format("%Y%m%dT%H%M%SZ"))
}

fn clock(zone: Option<Zone>) -> (Tz, TimeDelta) {
    match zone {
        Some(Zone::Named(tz)) => (tz, TimeDelta::zero()),
        Some(Zone::Fixed(offset)) => (Tz::UTC, TimeDelta::seconds(i64::from(offset.local_minus_utc()))),
        None => (Tz::UTC, TimeDelta::zero()),
    }
}

fn window(told: &Announced, kind: WindowKind, shape: &Shape<'_>) -> Window {
    let services = told.services.iter().filter_map(|name| Services::in_text(name)).reduce(Services::union);
    let (start, end) = (told.start.with_timezone(&Utc), told.end.map(|end| end.with_timezone(&Utc)));
    // One occurrence of a rule that was moved stands instead of it.
    let id = match told.occurrence {
        Some((ref rule, at)) => named(&format!("{}-{rule}", shape.name), at.with_timezone(&Utc)),
        None => format!("{}-{}", shape.name, told.id),
    };
    Window {
        services: services.or(shape.services).unwrap_or(Services::ALL),
        source: shape.source,
        kind,
        status: match told.status {
            Told::Proposed => Status::Proposed,
            Told::Confirmed => Status::Confirmed,
            Told::Cancelled => Status::Cancelled,
        },
        zone: match told.zone {
            Some(Zone::Named(tz)) => Some(tz),
            _ => None,
        },
        text: if told.title.is_empty() { told.text.clone() } else { told.title.clone() },
        mode: Mode::ANNOUNCED,
        ..Window::new(id, start, end)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Shape, windows_of};
    use crate::announcements::Notice;
    use chrono::{DateTime, TimeDelta, Utc};
    use piaotan_notices::Zone;
    use piaotan_record::window::Source as From;

    fn check(events: &str, expected: &[&str], doubtful: usize) {
        let text = format!("BEGIN:VCALENDAR\n{events}\nEND:VCALENDAR\n");
        let listing = piaotan_notices::ical(&text, Some(Zone::Named(chrono_tz::Asia::Shanghai))).unwrap();
        let from: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
        let shape =
            Shape { source: From::Ical, name: "ops", services: None, from, to: from + TimeDelta::days(21) };
        let notices = [Notice { announced: listing.announced, ..Notice::default() }];
        let (windows, doubts) = windows_of(&notices, &shape);
        let shown: Vec<String> = piaotan_record::Calendar::of(windows)
            .windows()
            .iter()
            .map(|w| format!("{} {} {:?}", w.id, w.start.format("%dT%H:%M"), w.status))
            .collect();
        assert_eq!(
            (shown, doubts.len()),
            (expected.iter().map(|&s| s.to_owned()).collect(), doubtful),
            "{doubts:?}"
        );
    }

    #[test]
    fn a_rule_is_cut_and_one_of_it_moved() {
        check(
            "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Asia/Shanghai:20261104T020000\nDTEND;TZID=Asia/Shanghai:20261104T040000\nRRULE:FREQ=WEEKLY\nEXDATE;TZID=Asia/Shanghai:20261111T020000\nEND:VEVENT
BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;TZID=Asia/Shanghai:20261118T020000\nDTSTART;TZID=Asia/Shanghai:20261118T030000\nDURATION:PT1H\nEND:VEVENT",
            &["ops-a@20261103T180000Z 03T18:00 Confirmed", "ops-a@20261117T180000Z 17T19:00 Confirmed"],
            0,
        );
    }

    #[test]
    fn what_has_no_bounds_or_no_sense_is_a_doubt() {
        check(
            "BEGIN:VEVENT\nUID:a\nDTSTART:20261104T020000Z\nDTEND:20271104T020000Z\nEND:VEVENT",
            &["ops-a 04T02:00 Proposed"],
            1,
        );
        check(
            "BEGIN:VEVENT\nUID:a\nDTSTART:20261104T020000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY\nEND:VEVENT",
            &[],
            1,
        );
        check(
            "BEGIN:VEVENT\nUID:a\nSEQUENCE:2\nDTSTART:20261104T020000Z\nDURATION:PT1H\nSTATUS:CANCELLED\nEND:VEVENT
BEGIN:VEVENT\nUID:a\nSEQUENCE:1\nDTSTART:20261104T020000Z\nDURATION:PT1H\nEND:VEVENT",
            &["ops-a 04T02:00 Cancelled"],
            0,
        );
    }
}
