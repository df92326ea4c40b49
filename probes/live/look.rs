//! Looking for a synthetic invoice on one surface, and writing down what came of it.

use crate::live::known::keyword;
use crate::live::poll::Polls;
use crate::live::port::ProbePort;
use crate::live::result::Found;
use crate::live::setting::Setting;
use chrono::{DateTime, Utc};
use piaotan_client::port::{FieldName, Fields, Port, Reply};
use piaotan_record::{Issued, Look, Outcome, Surface};
use piaotan_store::{LookAt, Sight, Store};

/// Asks for an issued invoice on one surface and writes the look into the ledger. `None`: a window or
/// the end of the watch held it back, which is no look.
///
/// # Errors
/// When the ledger cannot be written.
pub async fn look(
    io: &mut ProbePort<'_>,
    setting: &Setting,
    store: &Store,
    issued: &Issued,
    surface: Surface,
    region: &str,
) -> Result<Option<(Look, Reply)>, Found> {
    let date = issued.issue_date.to_string();
    let keyword = keyword(setting, issued);
    let mut fields = Fields::default()
        .with(FieldName::Number, &issued.number)
        .with(FieldName::IssueDate, &date)
        .with(FieldName::Total, &issued.total)
        .with(FieldName::Keyword, &keyword);
    if !region.is_empty() {
        fields.set(FieldName::Region, region);
    }
    (fields.token, fields.known, fields.compare) = (Some(issued.token), true, true);
    let asked = setting.wall();
    let reply = io.call(surface.operation(), &fields).await;
    if reply.held || reply.outcome == Outcome::CutOff {
        return Ok(None);
    }
    let look = looked(&reply);
    let (run, token, region) = (issued.run.clone(), issued.token, region.to_owned());
    store.look_all(&[LookAt { run, token, surface, region, asked, look }]).map_err(Found::trouble)?;
    Ok(Some((look, reply)))
}

/// What an answer says of an invoice that is known to be accepted.
#[must_use]
pub fn looked(reply: &Reply) -> Look {
    match reply.outcome {
        Outcome::Ok => Look::Seen,
        Outcome::NotYetVisible => Look::NotYet,
        Outcome::Mismatched { .. } => Look::Mismatched,
        // A verification that finds other details says so by its result, and is a successful call.
        Outcome::BusinessNo if reply.values.get("result") == Some("mismatch") => Look::Mismatched,
        // Issued today, over the limit, being checked: the question failed, which is no answer.
        _ => Look::Unknown,
    }
}

/// The pending invoices of this target that are to be looked for by `now`, the most overdue first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn due(setting: &Setting, store: &Store, now: DateTime<Utc>) -> Result<Vec<(Issued, Sight)>, Found> {
    let polls = Polls::default();
    let pending = store.pending_sights().map_err(Found::trouble)?;
    let mut due: Vec<(DateTime<Utc>, (Issued, Sight))> = pending
        .into_iter()
        .filter(|(issued, _)| issued.target == setting.target)
        .map(|(issued, sight)| {
            let began = issued.accepted.unwrap_or(issued.uploaded);
            (polls.next(issued.token, began, sight.last_asked), (issued, sight))
        })
        .filter(|(at, _)| *at <= now)
        .collect();
    due.sort_by_key(|(at, _)| *at);
    Ok(due.into_iter().map(|(_, pending)| pending).collect())
}
