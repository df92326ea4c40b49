//! Windows as a calendar that any program can subscribe to (RFC 5545).

use crate::words::Lang;
use chrono::{DateTime, Utc};
use piaotan_record::window::{Services, Status, Window};
use std::fmt::Write as _;

/// Octets of a line before it must be folded.
const FOLD: usize = 73;

/// The calendar. Cancelled windows are in it as cancelled, so that who has them already forgets them; one
/// that is only proposed is tentative; one without an end lasts as long as it may be held.
#[must_use]
pub fn ical(windows: &[Window], now: DateTime<Utc>, lang: Lang) -> String {
    let mut out = String::new();
    for fixed in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//piaotan//windows//EN", "CALSCALE:GREGORIAN"] {
        line(&mut out, fixed);
    }
    for window in windows {
        event(&mut out, window, now, lang);
    }
    line(&mut out, "END:VCALENDAR");
    out
}

fn event(out: &mut String, window: &Window, now: DateTime<Utc>, lang: Lang) {
    let utc = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    let usual = lang.of("系统维护", "Maintenance");
    let title = if window.text.trim().is_empty() { usual } else { window.text.trim() };
    let status = match window.status {
        Status::Proposed => "TENTATIVE",
        Status::Confirmed => "CONFIRMED",
        Status::Cancelled => "CANCELLED",
    };
    line(out, "BEGIN:VEVENT");
    line(out, &format!("UID:{}", escaped(&window.id)));
    line(out, &format!("DTSTAMP:{}", utc(now)));
    line(out, &format!("DTSTART:{}", utc(window.start)));
    line(out, &format!("DTEND:{}", utc(window.held_until())));
    line(out, &format!("SUMMARY:{}", escaped(title)));
    if window.services != Services::ALL {
        line(out, &format!("CATEGORIES:{}", window.services.names().join(",")));
    }
    let mut about = format!("{} · {}", window.source, window.services.names().join(", "));
    if window.end.is_none() {
        let _ =
            write!(about, " · {}", lang.of("结束时间未公布，恢复为止", "no end announced: until restored"));
    }
    line(out, &format!("DESCRIPTION:{}", escaped(&about)));
    line(out, &format!("STATUS:{status}"));
    line(out, "END:VEVENT");
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    let text = text.replace("\r\n", "\n").replace(['\r', '\n'], "\\n");
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Folds between characters, never within one.
fn line(out: &mut String, text: &str) {
    let mut octets = 0;
    for c in text.chars() {
        if octets + c.len_utf8() > FOLD {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn long_lines_are_folded_and_signs_escaped() {
        let start: DateTime<Utc> = "2026-11-24T14:00:00Z".parse().unwrap();
        let text = format!("升级；a,b;c\\d\n{}", "电子发票服务平台".repeat(20));
        let window = Window { text: text.clone(), ..Window::new("w-1", start, None) };
        let shown = ical(&[window], start, Lang::En);
        assert!(shown.lines().all(|line| line.len() <= 75), "{shown}");
        assert!(shown.contains("DTSTART:20261124T140000Z\r\nDTEND:20261124T180000Z"), "{shown}");
        let unfolded = shown.replace("\r\n ", "");
        let summary = unfolded.lines().find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
        let read = summary.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
        assert_eq!(read, text);
    }
}
