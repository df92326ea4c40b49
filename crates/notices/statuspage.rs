//! Scheduled maintenances as Atlassian Statuspage publishes them (`/api/v2/scheduled-maintenances.json`).

use serde::Deserialize;

use crate::announced::{Announced, Listing, SourceKind};
use crate::error::Error;
use crate::reading::{Doubt, DoubtKind, Status};
use crate::times::instant;

#[derive(Debug, Deserialize)]
struct Page {
    scheduled_maintenances: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Maintenance {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    scheduled_for: String,
    scheduled_until: Option<String>,
    resolved_at: Option<String>,
    updated_at: Option<String>,
    created_at: Option<String>,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    incident_updates: Vec<Update>,
}

#[derive(Debug, Deserialize)]
struct Component {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Update {
    #[serde(default)]
    body: String,
}

/// Reads the page's JSON. An entry that cannot be read is left out with a doubt.
pub fn statuspage(json: &[u8]) -> Result<Listing, Error> {
    let page: Page = serde_json::from_slice(json).map_err(|error| Error::format("Statuspage JSON", error))?;
    let mut listing = Listing::default();
    for value in page.scheduled_maintenances {
        match serde_json::from_value::<Maintenance>(value)
            .map_err(|error| error.to_string())
            .and_then(announced)
        {
            Ok(announced) => listing.announced.push(announced),
            Err(reason) => listing.doubts.push(Doubt::new(DoubtKind::Entry, &reason)),
        }
    }
    Ok(listing)
}

fn announced(entry: Maintenance) -> Result<Announced, String> {
    let start = instant(&entry.scheduled_for)
        .ok_or(format!("{}: scheduled_for {:?}", entry.id, entry.scheduled_for))?;
    let planned = entry.scheduled_until.as_deref().and_then(instant);
    // What was completed early ended early.
    let completed = entry.resolved_at.as_deref().and_then(instant).filter(|_| entry.status == "completed");
    let end = match (planned, completed) {
        (Some(planned), Some(completed)) => Some(planned.min(completed)),
        (planned, completed) => planned.or(completed),
    };
    let end = end.filter(|end| *end > start);
    let updated = entry.updated_at.as_deref().and_then(instant);
    Ok(Announced {
        id: entry.id,
        source: SourceKind::Statuspage,
        start,
        end,
        zone: None,
        repeats: None,
        services: entry.components.into_iter().map(|component| component.name).collect(),
        title: entry.name,
        text: entry.incident_updates.into_iter().next().map(|update| update.body).unwrap_or_default(),
        published: entry.created_at.as_deref().and_then(instant).or(updated),
        status: match entry.status.as_str() {
            "cancelled" | "canceled" => Status::Cancelled,
            _ if end.is_some() => Status::Confirmed,
            _ => Status::Proposed,
        },
        sequence: updated.map_or(0, |time| u64::try_from(time.timestamp()).unwrap_or(0)),
        occurrence: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_page_with_a_good_and_a_bad_entry() {
        let json = r#"{"page":{},"scheduled_maintenances":[
            {"id":"m1","name":"Ledger move","status":"scheduled","scheduled_for":"2026-11-28T22:00:00.000Z","scheduled_until":"2026-11-29T02:00:00.000Z","components":[{"name":"Ledger"}],"incident_updates":[{"body":"We move it."}]},
            {"id":"m2","status":"completed","scheduled_for":"2026-11-01T22:00:00Z","scheduled_until":"2026-11-02T02:00:00Z","resolved_at":"2026-11-01T23:00:00Z"},
            {"id":"m3","scheduled_for":"soon"}]}"#;
        let listing = statuspage(json.as_bytes()).unwrap();
        assert_eq!(listing.announced.len(), 2);
        assert_eq!(listing.announced[0].services, ["Ledger"]);
        assert_eq!(listing.announced[1].end.unwrap().to_rfc3339(), "2026-11-01T23:00:00+00:00");
        assert_eq!(listing.doubts.len(), 1);
    }

    #[test]
    fn broken_input_is_one_line() {
        let error = statuspage(b"<html>").unwrap_err().to_string();
        assert!(error.starts_with("not Statuspage JSON: ") && !error.contains('\n'), "{error}");
    }
}
