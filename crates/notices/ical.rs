//! iCalendar files (RFC 5545): events become windows, their rules are handed on as text.
//!
//! Content lines are read directly, without recursion: nesting costs nothing, and a broken file is one error.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime};

use crate::announced::{Announced, Listing, Repeats, SourceKind};
use crate::context::Zone;
use crate::error::Error;
use crate::reading::{Doubt, DoubtKind, Status};

/// Reads the events of a calendar. `zone` is for floating times; an event that needs it where it is not
/// given, or that cannot be read, is left out with a doubt. Durations are elapsed time.
pub fn ical(text: &str, zone: Option<Zone>) -> Result<Listing, Error> {
    let lines = unfold(text);
    let mut properties =
        lines.iter().filter(|line| !line.trim().is_empty()).map(|line| Property::parse(line));
    match properties.next().flatten() {
        Some(first) if first.name == "BEGIN" && first.value.eq_ignore_ascii_case("VCALENDAR") => {}
        _ => return Err(Error::format("an iCalendar file", "it does not begin with BEGIN:VCALENDAR")),
    }
    let mut listing = Listing::default();
    let mut open = vec!["VCALENDAR".to_owned()];
    let mut event: Option<Vec<Property>> = None;
    for (number, property) in properties.enumerate() {
        let property = property.ok_or_else(|| {
            Error::format("an iCalendar file", format!("content line {} has no colon", number + 2))
        })?;
        match property.name.as_str() {
            "BEGIN" => {
                open.push(property.value.to_ascii_uppercase());
                if open.last().is_some_and(|name| name == "VEVENT") {
                    event = Some(Vec::new());
                }
            }
            "END" => {
                let opened = open.pop().unwrap_or_default();
                if !opened.eq_ignore_ascii_case(&property.value) {
                    return Err(Error::format(
                        "an iCalendar file",
                        format!("END:{} closes {opened:?}", property.value),
                    ));
                }
                if opened == "VEVENT" {
                    close(event.take(), zone, &mut listing);
                }
            }
            // Alarms inside an event have times of their own.
            _ if open.last().is_some_and(|name| name == "VEVENT") => {
                event.iter_mut().for_each(|event| event.push(property.clone()))
            }
            _ => {}
        }
    }
    if open.is_empty() {
        Ok(listing)
    } else {
        Err(Error::format("an iCalendar file", format!("{} is not closed", open.join(" in "))))
    }
}

fn close(event: Option<Vec<Property>>, zone: Option<Zone>, listing: &mut Listing) {
    match event.map(|event| announced(&event, zone)) {
        Some(Ok(announced)) => listing.announced.push(announced),
        Some(Err(reason)) => listing.doubts.push(Doubt::new(DoubtKind::Entry, &reason)),
        None => {}
    }
}

/// Lines that begin with a blank continue the line before them.
fn unfold(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').split('\n').map(|line| line.trim_end_matches('\r')) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

#[derive(Debug, Clone)]
struct Property {
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
}

impl Property {
    /// `NAME;PARAM=value;PARAM="quoted:value":value`.
    fn parse(line: &str) -> Option<Self> {
        let mut quoted = false;
        let colon = line.char_indices().find(|(_, c)| {
            quoted ^= *c == '"';
            *c == ':' && !quoted
        })?;
        let (head, value) = (&line[..colon.0], &line[colon.0 + 1..]);
        let mut parts = head.split(';');
        let name = parts.next()?.trim().to_ascii_uppercase();
        let parameters = parts
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.to_ascii_uppercase(), value.trim_matches('"').to_owned()))
            .collect();
        (!name.is_empty()).then(|| Property { name, parameters, value: value.to_owned() })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn announced(event: &[Property], zone: Option<Zone>) -> Result<Announced, String> {
    let get = |name: &str| event.iter().find(|property| property.name == name);
    let text = |name: &str| get(name).map(|property| unescape(&property.value)).unwrap_or_default();
    let uid = text("UID");
    let start_at = get("DTSTART").ok_or(format!("event {uid:?}: no DTSTART"))?;
    let start = time(start_at, zone).ok_or(format!("event {uid:?}: DTSTART {:?}", start_at.value))?;
    let end = end_of(event, start_at, start, zone).map_err(|reason| format!("event {uid:?}: {reason}"))?;
    let tentative = text("STATUS").eq_ignore_ascii_case("TENTATIVE") || end.is_none();
    let cancelled = text("STATUS").eq_ignore_ascii_case("CANCELLED");
    let stamp = get("LAST-MODIFIED").or(get("DTSTAMP")).and_then(|property| time(property, zone));
    Ok(Announced {
        id: if let Some(id) = get("RECURRENCE-ID") { format!("{uid}/{}", id.value) } else { uid.clone() },
        source: SourceKind::Ical,
        start,
        end,
        zone: zone_of(start_at).or(zone),
        repeats: repeats(event, zone),
        services: services(event),
        title: text("SUMMARY"),
        text: text("DESCRIPTION"),
        published: stamp,
        status: if cancelled {
            Status::Cancelled
        } else if tentative {
            Status::Proposed
        } else {
            Status::Confirmed
        },
        sequence: text("SEQUENCE").parse().unwrap_or(0),
        occurrence: get("RECURRENCE-ID").and_then(|id| time(id, zone)).map(|at| (uid, at)),
    })
}

/// CATEGORIES, and the objects that the network operators' convention names.
fn services(event: &[Property]) -> Vec<String> {
    let named = event
        .iter()
        .filter(|property| matches!(property.name.as_str(), "CATEGORIES" | "X-MAINTNOTE-OBJECT-ID"));
    let split = named.flat_map(|property| property.value.split(','));
    split.map(|name| unescape(name).trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn end_of(
    event: &[Property],
    start_at: &Property,
    start: DateTime<FixedOffset>,
    zone: Option<Zone>,
) -> Result<Option<DateTime<FixedOffset>>, String> {
    let get = |name: &str| event.iter().find(|property| property.name == name);
    let end = match (get("DTEND"), get("DURATION")) {
        (Some(end), _) => Some(time(end, zone).ok_or(format!("DTEND {:?}", end.value))?),
        (None, Some(length)) => {
            let seconds = duration(&length.value).ok_or(format!("DURATION {:?}", length.value))?;
            Some(start.checked_add_signed(Duration::seconds(seconds)).ok_or("DURATION out of range")?)
        }
        // A day without an end is that whole day.
        (None, None) if start_at.value.len() == 8 => start.checked_add_signed(Duration::days(1)),
        (None, None) => None,
    };
    match end {
        Some(end) if end <= start => Err("it ends before it starts".to_owned()),
        end => Ok(end),
    }
}

fn repeats(event: &[Property], zone: Option<Zone>) -> Option<Repeats> {
    let times = |name: &str| -> Vec<DateTime<FixedOffset>> {
        let lines = event.iter().filter(|property| property.name == name);
        lines
            .flat_map(|property| {
                property
                    .value
                    .split(',')
                    .filter_map(|value| time(&Property { value: value.to_owned(), ..property.clone() }, zone))
            })
            .collect()
    };
    let rrule = event
        .iter()
        .find(|property| property.name == "RRULE")
        .map(|property| property.value.trim().to_owned())
        .unwrap_or_default();
    let repeats = Repeats { rrule, extra: times("RDATE"), except: times("EXDATE") };
    (!repeats.rrule.is_empty() || !repeats.extra.is_empty()).then_some(repeats)
}

fn zone_of(property: &Property) -> Option<Zone> {
    if property.value.ends_with('Z') {
        return Some(Zone::UTC);
    }
    let name = property.parameter("TZID")?;
    name.trim_start_matches('/').parse().ok().or_else(|| windows_zone(name))
}

/// The names that Microsoft's programs write instead of IANA names.
fn windows_zone(name: &str) -> Option<Zone> {
    let iana = match name {
        "China Standard Time" => "Asia/Shanghai",
        "Taipei Standard Time" => "Asia/Taipei",
        "Tokyo Standard Time" => "Asia/Tokyo",
        "Singapore Standard Time" => "Asia/Singapore",
        "India Standard Time" => "Asia/Kolkata",
        "GMT Standard Time" => "Europe/London",
        "W. Europe Standard Time" => "Europe/Berlin",
        "Romance Standard Time" => "Europe/Paris",
        "Central European Standard Time" => "Europe/Warsaw",
        "Eastern Standard Time" => "America/New_York",
        "Central Standard Time" => "America/Chicago",
        "Mountain Standard Time" => "America/Denver",
        "Pacific Standard Time" => "America/Los_Angeles",
        "AUS Eastern Standard Time" => "Australia/Sydney",
        _ => return None,
    };
    iana.parse().ok()
}

/// 20261128T220000Z, 20261128T220000 with TZID or floating, 20261128.
fn time(property: &Property, zone: Option<Zone>) -> Option<DateTime<FixedOffset>> {
    let value = property.value.trim();
    let local = match NaiveDateTime::parse_from_str(value.trim_end_matches('Z'), "%Y%m%dT%H%M%S") {
        Ok(local) => local,
        Err(_) => NaiveDate::parse_from_str(value, "%Y%m%d").ok()?.and_time(chrono::NaiveTime::MIN),
    };
    // A zone that is named and not known is not the same as none.
    let zone = match (zone_of(property), property.parameter("TZID")) {
        (Some(zone), _) => zone,
        (None, Some(_)) => return None,
        (None, None) => zone?,
    };
    crate::times::in_zone(local, zone)
}

/// Seconds of P1DT2H30M, PT45M, P2W.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.trim().trim_start_matches('+').strip_prefix('P')?;
    let (mut seconds, mut in_time) = (0_i64, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (in_time, rest) = (true, after);
            continue;
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        let unit = match (rest[digits..].chars().next()?, in_time) {
            ('W', false) => 604_800,
            ('D', false) => 86_400,
            ('H', true) => 3600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    Some(seconds)
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(c) => plain.push(c),
                None => {}
            },
            (c, false) => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn calendar(event: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    fn check(event: &str, start: &str, end: Option<&str>) {
        let listing = ical(&calendar(event), None).unwrap();
        assert_eq!(listing.doubts, []);
        assert_eq!(listing.announced[0].start.to_rfc3339(), start);
        assert_eq!(listing.announced[0].end.map(|end| end.to_rfc3339()).as_deref(), end);
    }

    #[test]
    fn times_in_their_forms() {
        check(
            "UID:1\r\nDTSTART:20261128T220000Z\r\nDTEND:20261129T020000Z",
            "2026-11-28T22:00:00+00:00",
            Some("2026-11-29T02:00:00+00:00"),
        );
        check(
            "UID:1\r\nDTSTART;TZID=Asia/Shanghai:20261128T220000\r\nDURATION:PT2H30M",
            "2026-11-28T22:00:00+08:00",
            Some("2026-11-29T00:30:00+08:00"),
        );
        check(
            "UID:1\r\nDTSTART;TZID=\"China Standard Time\":20261128T220000",
            "2026-11-28T22:00:00+08:00",
            None,
        );
        check(
            "UID:1\r\nDTSTART:20261128T220000Z\r\nSUMMARY:a\r\n  folded line\r\nBEGIN:VALARM\r\nDURATION:PT1M\r\nEND:VALARM",
            "2026-11-28T22:00:00+00:00",
            None,
        );
    }

    #[test]
    fn rules_status_and_services() {
        let event = "UID:1\r\nSEQUENCE:3\r\nSTATUS:CANCELLED\r\nCATEGORIES:query,verify\r\nSUMMARY:Weekly\\, long\r\nDTSTART;TZID=Europe/Berlin:20261128T220000\r\nDTEND;TZID=Europe/Berlin:20261129T020000\r\nRRULE:FREQ=WEEKLY;BYDAY=SA\r\nEXDATE;TZID=Europe/Berlin:20261205T220000";
        let listing = ical(&calendar(event), None).unwrap();
        let announced = &listing.announced[0];
        assert_eq!((announced.status, announced.sequence), (Status::Cancelled, 3));
        assert_eq!(announced.services, ["query", "verify"]);
        assert_eq!(announced.title, "Weekly, long");
        let repeats = announced.repeats.as_ref().unwrap();
        assert_eq!(repeats.rrule, "FREQ=WEEKLY;BYDAY=SA");
        assert_eq!(repeats.except[0].to_rfc3339(), "2026-12-05T22:00:00+01:00");
    }

    #[test]
    fn floating_times_need_a_zone() {
        let text = calendar("UID:1\r\nDTSTART:20261128T220000\r\nDTEND:20261129T020000");
        assert_eq!(ical(&text, None).unwrap().doubts.len(), 1);
        assert_eq!(ical(&text, Some("+08:00".parse().unwrap())).unwrap().announced.len(), 1);
    }

    #[test]
    fn broken_files_are_one_line() {
        for text in [
            "",
            "hello",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\nno colon here\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT",
        ] {
            let error = ical(text, None).unwrap_err().to_string();
            assert!(error.starts_with("not an iCalendar file: ") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn deep_nesting_is_cheap() {
        let text = format!("BEGIN:VCALENDAR\n{}", "BEGIN:X\n".repeat(200_000));
        assert!(ical(&text, None).is_err());
    }
}
