//! Silences of an Alertmanager (`/api/v2/silences`).

use serde::Deserialize;

use crate::announced::{Announced, Listing, SourceKind};
use crate::error::Error;
use crate::reading::{Doubt, DoubtKind, Status};
use crate::times::instant;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Silence {
    id: String,
    starts_at: String,
    ends_at: String,
    #[serde(default)]
    updated_at: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    matchers: Vec<Matcher>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matcher {
    name: String,
    value: String,
    #[serde(default)]
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

/// Labels whose value names the service that is silenced.
const SERVICE_LABELS: [&str; 5] = ["service", "job", "component", "app", "system"];

/// Reads the list. A silence with an invalid matcher or time is left out with a doubt.
pub fn silences(json: &[u8]) -> Result<Listing, Error> {
    let values: Vec<serde_json::Value> =
        serde_json::from_slice(json).map_err(|error| Error::format("Alertmanager silences", error))?;
    let mut listing = Listing::default();
    for value in values {
        match serde_json::from_value::<Silence>(value).map_err(|error| error.to_string()).and_then(announced)
        {
            Ok(announced) => listing.announced.push(announced),
            Err(reason) => listing.doubts.push(Doubt::new(DoubtKind::Entry, &reason)),
        }
    }
    Ok(listing)
}

fn announced(silence: Silence) -> Result<Announced, String> {
    let time = |text: &str| instant(text).ok_or(format!("silence {}: time {text:?}", silence.id));
    let (start, end) = (time(&silence.starts_at)?, time(&silence.ends_at)?);
    if end <= start {
        return Err(format!("silence {}: it ends before it starts", silence.id));
    }
    if let Some(bad) = silence.matchers.iter().find(|matcher| !is_label(&matcher.name)) {
        return Err(format!("silence {}: matcher {:?} is no label name", silence.id, bad.name));
    }
    let updated = instant(&silence.updated_at);
    Ok(Announced {
        services: services(&silence.matchers),
        id: silence.id,
        source: SourceKind::Silences,
        start,
        end: Some(end),
        zone: None,
        repeats: None,
        title: silence.comment,
        text: if silence.created_by.is_empty() {
            String::new()
        } else {
            format!("silenced by {}", silence.created_by)
        },
        published: updated,
        // A silence mutes alerts; that there is maintenance is only its likely reason.
        status: Status::Proposed,
        sequence: updated.map_or(0, |time| u64::try_from(time.timestamp()).unwrap_or(0)),
        occurrence: None,
    })
}

fn is_label(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Values of the labels that name services; "a|b" of a regular expression names two.
fn services(matchers: &[Matcher]) -> Vec<String> {
    let named =
        matchers.iter().filter(|matcher| matcher.is_equal && SERVICE_LABELS.contains(&matcher.name.as_str()));
    named
        .flat_map(|matcher| {
            let plain = |part: &str| part.chars().all(|c| c.is_alphanumeric() || "-_ ".contains(c));
            let parts: Vec<String> = matcher.value.split('|').map(str::to_owned).collect();
            if !matcher.is_regex {
                vec![matcher.value.clone()]
            } else if parts.iter().all(|part| plain(part)) {
                parts
            } else {
                Vec::new()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn silences_name_their_services() {
        let json = r#"[
            {"id":"a","status":{"state":"active"},"startsAt":"2026-11-28T22:00:00Z","endsAt":"2026-11-29T02:00:00Z","updatedAt":"2026-11-20T00:00:00Z","createdBy":"ops","comment":"ledger move","matchers":[{"name":"service","value":"ledger|verify","isRegex":true,"isEqual":true}]},
            {"id":"b","startsAt":"2026-11-28T22:00:00Z","endsAt":"2026-11-29T02:00:00Z","matchers":[{"name":"9bad","value":"x","isRegex":false}]}]"#;
        let listing = silences(json.as_bytes()).unwrap();
        assert_eq!(listing.announced[0].services, ["ledger", "verify"]);
        assert_eq!(listing.announced[0].status, Status::Proposed);
        assert!(listing.doubts[0].text.contains("9bad"));
    }

    #[test]
    fn broken_input_is_one_line() {
        assert!(silences(b"{").unwrap_err().to_string().starts_with("not Alertmanager silences: "));
    }
}
