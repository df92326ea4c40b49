//! Where do the invoices stand that were accepted and not yet seen? Looks for those whose time has come,
//! and never waits for the others.

use crate::live::look::{due, look};
use crate::live::made;
use crate::live::port::ProbePort;
use crate::{Found, Health, Setting, say};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_client::port::{FieldName, Fields, Port as _};
use piaotan_record::{Issued, Look, Operation, Outcome, Surface};
use piaotan_store::{Sight, Store, SyncCounts, Which};
use std::collections::BTreeSet;

/// An upload so young may still be answered.
const UNDER_WAY: TimeDelta = TimeDelta::minutes(3);

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let Some(store) = setting.store.as_deref() else {
        return Found::skipped(say!(setting.language, "没有台账", "no ledger"));
    };
    match looked(io, setting, store).await {
        Ok(()) => told(setting, store).unwrap_or_else(|found| found),
        Err(found) => found,
    }
}

/// Looks for what is due. An empty ledger is given its first invoice, so that there is something to see.
async fn looked(io: &mut ProbePort<'_>, setting: &Setting, store: &Store) -> Result<(), Found> {
    let may =
        setting.forbids(Operation::Upload).is_none() && setting.client.profile().supports(Operation::Upload);
    if may && !store.tracks(&setting.target).map_err(Found::trouble)? {
        made::upload(io, setting).await?;
    }
    let pending = due(setting, store, setting.wall())?;
    let mut settled = BTreeSet::new();
    for (issued, sight) in pending.iter().take(setting.section.looks_per_run) {
        if issued.accepted.is_none()
            && settled.insert(issued.token)
            && !settle(io, setting, store, issued).await?
        {
            continue;
        }
        if !setting.client.profile().supports(sight.surface.operation().wire()) {
            continue;
        }
        match look(io, setting, store, issued, sight.surface, &sight.region).await? {
            None => return Err(Found::skipped(io.why_held().unwrap_or_default())),
            Some((Look::NotYet, _)) => give_up(setting, store, issued, sight)?,
            Some((Look::Unknown, reply)) if !reply.outcome.is_answer() => {
                // The question failed: the others would fail as well, and it says nothing of any invoice.
                return Err(Found::of(&reply, sight.surface.operation(), io, setting));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// What became of an upload whose answer never came, or was a failure? The platform may have it or not:
/// one that it never took is not late, and is never lost. False when nothing is to be looked for.
async fn settle(
    io: &mut ProbePort<'_>,
    setting: &Setting,
    store: &Store,
    issued: &Issued,
) -> Result<bool, Found> {
    let under_way = setting.wall() - issued.uploaded < UNDER_WAY;
    if under_way || !setting.client.profile().supports(Operation::Review) {
        return Ok(true);
    }
    let date = issued.issue_date.to_string();
    let mut fields = Fields::default()
        .with(FieldName::Number, &issued.number)
        .with(FieldName::IssueDate, &date)
        .with(FieldName::Total, &issued.total);
    (fields.token, fields.known) = (Some(issued.token), false);
    let reply = io.call(Operation::Review, &fields).await;
    let (run, token, now) = (issued.run.as_str(), issued.token, setting.wall());
    match reply.values.get("review") {
        Some("accepted") => {
            let told = reply.values.get("reviewed_at").and_then(|text| text.parse::<DateTime<Utc>>().ok());
            // A clock that is wrong there must not move the beginning out of what we saw.
            let at = told.filter(|at| (issued.uploaded..=now).contains(at)).unwrap_or(now);
            store.accepted(run, token, at).map_err(Found::trouble)?;
        }
        Some("rejected") => {
            store.rejected(run, token, now).map_err(Found::trouble)?;
            return Ok(false);
        }
        // An answer that is no review says that it has no such invoice.
        None if !reply.held && matches!(reply.outcome, Outcome::BusinessNo | Outcome::NotYetVisible) => {
            store.rejected(run, token, now).map_err(Found::trouble)?;
            return Ok(false);
        }
        _ => {}
    }
    Ok(true)
}

fn give_up(setting: &Setting, store: &Store, issued: &Issued, sight: &Sight) -> Result<(), Found> {
    let age = setting.wall() - issued.accepted.unwrap_or(issued.uploaded);
    let patience = TimeDelta::from_std(setting.section.give_up.0).unwrap_or(TimeDelta::MAX);
    if age < patience {
        return Ok(());
    }
    store.lost(&issued.run, issued.token, sight.surface, &sight.region).map_err(Found::trouble)
}

fn told(setting: &Setting, store: &Store) -> Result<Found, Found> {
    let promise = TimeDelta::from_std(setting.section.promise.0).unwrap_or(TimeDelta::MAX);
    let mut worst = (Health::Healthy, Vec::new());
    for (surface, region) in store.surfaces_known(recent(setting)).map_err(Found::trouble)? {
        // Late and lost ones of long ago are history, and told by the reports.
        let since = Some(recent(setting));
        let which = Which { target: Some(&setting.target), region: Some(&region), since, ..Which::default() };
        let counts = store.sync_counts(surface, which, setting.wall(), promise).map_err(Found::trouble)?;
        if counts.tracked > 0 {
            worst.0 = worse(worst.0, judged(counts));
            worst.1.push(line(setting, surface, &region, counts));
        }
    }
    let outcome = match worst.0 {
        Health::Pending => Outcome::NotYetVisible,
        _ => Outcome::Ok,
    };
    Ok(Found::new(worst.0, Some(outcome), worst.1.join("; ")))
}

fn recent(setting: &Setting) -> DateTime<Utc> {
    let patience = TimeDelta::from_std(setting.section.give_up.0).unwrap_or_else(|_| TimeDelta::days(3));
    setting.wall() - patience - TimeDelta::days(1)
}

fn judged(counts: SyncCounts) -> Health {
    match counts {
        SyncCounts { lost, mismatched, .. } if lost + mismatched > 0 => Health::Unhealthy,
        SyncCounts { late, regressed, .. } if late + regressed > 0 => Health::Degraded,
        SyncCounts { pending, .. } if pending > 0 => Health::Pending,
        _ => Health::Healthy,
    }
}

fn worse(one: Health, other: Health) -> Health {
    let rank = |health| {
        [Health::Healthy, Health::Pending, Health::Degraded, Health::Unhealthy]
            .iter()
            .position(|h| *h == health)
    };
    if rank(other) > rank(one) { other } else { one }
}

fn line(setting: &Setting, surface: Surface, region: &str, counts: SyncCounts) -> String {
    let place = if region.is_empty() { surface.to_string() } else { format!("{surface}:{region}") };
    let SyncCounts { tracked, seen, pending, lost, late, mismatched, .. } = counts;
    let oldest = counts.oldest_pending.num_seconds();
    say!(
        setting.language,
        "{place}：跟踪 {tracked}，可见 {seen}，待同步 {pending}（最久 {oldest} 秒），迟 {late}，丢失 {lost}，不符 {mismatched}",
        "{place}: {tracked} tracked, {seen} seen, {pending} pending (oldest {oldest} s), {late} late, {lost} lost, {mismatched} mismatched"
    )
}

#[cfg(test)]
mod tests {
    use super::{judged, worse};
    use crate::Health;
    use piaotan_store::SyncCounts;

    #[test]
    fn what_is_lost_is_worse_than_what_is_late() {
        let check = |pending, late, lost, expected| {
            let counts = SyncCounts { tracked: 9, pending, late, lost, ..SyncCounts::default() };
            assert_eq!(judged(counts), expected);
        };
        check(0, 0, 0, Health::Healthy);
        check(1, 0, 0, Health::Pending);
        check(1, 1, 0, Health::Degraded);
        check(1, 1, 1, Health::Unhealthy);
        assert_eq!(worse(Health::Degraded, Health::Pending), Health::Degraded);
        assert_eq!(worse(Health::Healthy, Health::Pending), Health::Pending);
    }
}
