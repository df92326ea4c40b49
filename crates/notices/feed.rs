//! A national platform's status feed: one state, and messages with versions.
//!
//! Such a feed has been wrong for hours and for months: it is evidence, not a verdict.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::announced::{Announced, Listing, SourceKind};
use crate::context::Zone;
use crate::error::Error;
use crate::reading::{Doubt, DoubtKind, Status};
use crate::times::json_instant;

/// What the platform says of itself now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeedStatus {
    Available,
    Maintenance,
    Failure,
    TotalFailure,
}

/// The feed's state and the maintenance windows of its messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// None where the feed names none of the four.
    pub status: Option<FeedStatus>,
    pub listing: Listing,
}

/// Reads `{status, messages: [{id, event, category, type, title, text, start, end, version, published}]}`.
/// Of the messages of one event the highest version stands; a message of type "end" ends it. Messages
/// about failures are no windows. `zone` is for times that name none.
pub fn feed(json: &[u8], zone: Option<Zone>) -> Result<Feed, Error> {
    let value: Value = serde_json::from_slice(json).map_err(|error| Error::format("a status feed", error))?;
    let fields = lower(value.as_object().ok_or_else(|| Error::format("a status feed", "no object"))?);
    let status = fields.get("status").and_then(Value::as_str).and_then(status);
    let messages = fields.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
    if status.is_none() && messages.is_empty() {
        return Err(Error::format("a status feed", "it has neither status nor messages"));
    }
    let mut listing = Listing::default();
    let mut events: BTreeMap<String, Event> = BTreeMap::new();
    for message in messages.iter().filter_map(Value::as_object).map(lower) {
        take(&message, zone, &mut events, &mut listing.doubts);
    }
    listing.announced.extend(events.into_values().filter_map(Event::announced));
    Ok(Feed { status, listing })
}

fn status(text: &str) -> Option<FeedStatus> {
    Some(match text.to_ascii_uppercase().as_str() {
        "AVAILABLE" => FeedStatus::Available,
        "MAINTENANCE" => FeedStatus::Maintenance,
        "FAILURE" => FeedStatus::Failure,
        "TOTAL_FAILURE" => FeedStatus::TotalFailure,
        _ => return None,
    })
}

#[derive(Debug, Default)]
struct Event {
    announced: Option<Announced>,
    ended: Option<DateTime<FixedOffset>>,
}

impl Event {
    fn announced(self) -> Option<Announced> {
        let mut announced = self.announced?;
        if let Some(ended) = self.ended.filter(|ended| *ended > announced.start) {
            announced.end = Some(announced.end.map_or(ended, |end| end.min(ended)));
        }
        Some(announced)
    }
}

fn take(
    message: &Map<String, Value>,
    zone: Option<Zone>,
    events: &mut BTreeMap<String, Event>,
    doubts: &mut Vec<Doubt>,
) {
    let text =
        |names: &[&str]| names.iter().find_map(|name| message.get(*name)).map(plain).unwrap_or_default();
    let time = |names: &[&str]| {
        names.iter().find_map(|name| message.get(*name)).and_then(|value| json_instant(value, zone))
    };
    let kind = format!("{} {}", text(&["category"]), text(&["type"])).to_ascii_lowercase();
    if !kind.contains("maintenance") {
        return;
    }
    let id = text(&["event", "eventid", "event_id", "id"]);
    let event = events.entry(id.clone()).or_default();
    if kind.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word == "end") {
        event.ended = time(&["end", "published"]);
        return;
    }
    let Some(start) = time(&["start"]) else {
        doubts.push(Doubt::new(DoubtKind::Entry, &format!("message {}: no start", text(&["id"]))));
        return;
    };
    let version = message.get("version").and_then(Value::as_u64).unwrap_or(0);
    if event.announced.as_ref().is_some_and(|earlier| earlier.sequence > version) {
        return;
    }
    let end = time(&["end"]).filter(|end| *end > start);
    event.announced = Some(Announced {
        id,
        source: SourceKind::Feed,
        start,
        end,
        zone: None,
        repeats: None,
        services: Vec::new(),
        title: text(&["title"]),
        text: text(&["text"]),
        published: time(&["published", "publishedat"]),
        status: if end.is_some() { Status::Confirmed } else { Status::Proposed },
        sequence: version,
        occurrence: None,
    });
}

fn plain(value: &Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string())
}

fn lower(object: &Map<String, Value>) -> Map<String, Value> {
    object.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn versions_supersede_and_an_end_ends() {
        let json = r#"{"status":"MAINTENANCE","messages":[
            {"id":"1","event":"e1","category":"MAINTENANCE","type":"announcement","title":"t","start":"2026-11-28T22:00:00Z","end":"2026-11-29T02:00:00Z","version":1,"published":"2026-11-20T00:00:00Z"},
            {"id":"2","event":"e1","category":"MAINTENANCE","type":"announcement","start":"2026-11-28T23:00:00Z","end":"2026-11-29T03:00:00Z","version":2},
            {"id":"3","event":"e1","category":"MAINTENANCE","type":"end","end":"2026-11-29T01:00:00Z","version":3},
            {"id":"4","event":"e2","category":"FAILURE","type":"start","start":"2026-11-28T22:00:00Z"},
            {"id":"5","event":"e3","category":"MAINTENANCE","type":"announcement"}]}"#;
        let feed = feed(json.as_bytes(), None).unwrap();
        assert_eq!(feed.status, Some(FeedStatus::Maintenance));
        assert_eq!(feed.listing.announced.len(), 1);
        let window = &feed.listing.announced[0];
        assert_eq!(window.start.to_rfc3339(), "2026-11-28T23:00:00+00:00");
        assert_eq!(window.end.unwrap().to_rfc3339(), "2026-11-29T01:00:00+00:00");
        assert_eq!(feed.listing.doubts.len(), 1);
    }

    #[test]
    fn what_is_no_feed_is_one_error() {
        assert!(feed(b"[]", None).is_err() && feed(b"{}", None).is_err() && feed(b"\xff", None).is_err());
    }
}
