//! The walk: one rule a cause, in the order in which causes are ruled out. The first that holds decides.

use super::facts::{Batch, Check, Facts, Found, Looked, Standing, Status, Verify};
use super::number::{self, Fault, Form};
use super::{Cause, Certainty};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use piaotan_record::calendar::PhaseName;
use piaotan_record::{OutcomeKind, Surface};

/// What the walk ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decided {
    pub cause: Cause,
    pub certainty: Certainty,
    pub expected_by: Option<DateTime<Utc>>,
}

impl Decided {
    fn new(cause: Cause, certainty: Certainty) -> Self {
        Self { cause, certainty, expected_by: None }
    }
}

type Rule = fn(&Facts) -> Option<Decided>;

/// Oneself, the way, the platform, its maintenance; what the platform says of the invoice; the wait.
const RULES: [Rule; 14] = [
    own_network,
    name,
    secure_channel,
    maintenance,
    platform_down,
    voided,
    review_rejected,
    upload_refused,
    batch_unanswered,
    malformed_number,
    review_pending,
    details_differ,
    shown,
    not_shown,
];

pub(super) fn walk(facts: &Facts) -> Decided {
    let found = RULES.iter().find_map(|rule| rule(facts));
    found.unwrap_or_else(|| Decided::new(Cause::Unknown, Certainty::Possible))
}

fn sure(cause: Cause) -> Option<Decided> {
    Some(Decided::new(cause, Certainty::Sure))
}

fn likely(cause: Cause) -> Option<Decided> {
    Some(Decided::new(cause, Certainty::Likely))
}

fn possible(cause: Cause) -> Option<Decided> {
    Some(Decided::new(cause, Certainty::Possible))
}

fn failed(check: &Check) -> bool {
    matches!(check, Check::Failed(_))
}

/// An answer from the platform shows that the way to it works, whatever a reference says.
fn own_network(facts: &Facts) -> Option<Decided> {
    let reached = facts.answered() || matches!(facts.health, Check::Ok | Check::Maintenance);
    if !reached && failed(&facts.own_network) { sure(Cause::OwnNetwork) } else { None }
}

fn name(facts: &Facts) -> Option<Decided> {
    way(facts, &facts.dns, OutcomeKind::Dns, Cause::Dns)
}

fn secure_channel(facts: &Facts) -> Option<Decided> {
    way(facts, &facts.tls, OutcomeKind::Tls, Cause::Tls)
}

fn way(facts: &Facts, check: &Check, outcome: OutcomeKind, cause: Cause) -> Option<Decided> {
    let failures = facts.failures();
    let all_failed_so = !failures.is_empty() && failures.iter().all(|each| *each == outcome);
    match (facts.answered(), check, &facts.own_network) {
        (true, _, _) => None,
        // Without a look at one's own network, a name that does not resolve may be its fault.
        (false, Check::Failed(_), Check::NotAsked) if cause == Cause::Dns => likely(cause),
        (false, Check::Failed(_), _) => sure(cause),
        (false, Check::NotAsked, _) if all_failed_so => likely(cause),
        _ => None,
    }
}

fn maintenance(facts: &Facts) -> Option<Decided> {
    let failures = facts.failures();
    let says_so = facts.health == Check::Maintenance || failures.contains(&OutcomeKind::Maintenance);
    if facts.is_held() || (facts.answered() && !says_so) {
        return None;
    }
    let in_force = facts.announced.as_ref().filter(|window| is_now(window.phase));
    let broken = failed(&facts.health) || !failures.is_empty();
    let certainty = match in_force {
        _ if says_so => Certainty::Sure,
        _ if facts.observed_maintenance.is_some() && broken => Certainty::Sure,
        Some(window) if broken && window.confirmed => Certainty::Likely,
        Some(_) if broken => Certainty::Possible,
        _ => return None,
    };
    let expected_by = in_force.and_then(|window| window.end).filter(|end| *end > facts.now);
    Some(Decided { expected_by, ..Decided::new(Cause::Maintenance, certainty) })
}

fn is_now(phase: PhaseName) -> bool {
    matches!(phase, PhaseName::During | PhaseName::Overrun)
}

fn platform_down(facts: &Facts) -> Option<Decided> {
    let failures = facts.failures();
    let down = |outcome: &OutcomeKind| {
        matches!(
            outcome,
            OutcomeKind::ServerError
                | OutcomeKind::Refused
                | OutcomeKind::Reset
                | OutcomeKind::TimedOut
                | OutcomeKind::Unreadable
                | OutcomeKind::Dns
                | OutcomeKind::Tls
        )
    };
    let all_down = !failures.is_empty() && failures.iter().all(down);
    match (facts.answered(), &facts.health) {
        (true, _) => None,
        // Not knowing whether one's own network works, one cannot be sure that the platform does not.
        (false, Check::Failed(_)) if facts.own_network == Check::Ok => sure(Cause::PlatformDown),
        (false, Check::Failed(_)) => likely(Cause::PlatformDown),
        (false, _) if all_down => likely(Cause::PlatformDown),
        _ => None,
    }
}

fn voided(facts: &Facts) -> Option<Decided> {
    let gone = |standing: Standing| matches!(standing, Standing::Voided | Standing::RedFlushed);
    let by_status = matches!(&facts.status, Status::Known(history) if gone(history.standing));
    let by_record = facts.seen().and_then(|(_, record)| record.standing).is_some_and(gone);
    let by_verify = matches!(facts.verify, Verify::Voided | Verify::RedFlushed);
    if by_status || by_record || by_verify { sure(Cause::Voided) } else { None }
}

fn review_rejected(facts: &Facts) -> Option<Decided> {
    standing(facts, Standing::Rejected).then_some(()).and_then(|()| sure(Cause::ReviewRejected))
}

fn review_pending(facts: &Facts) -> Option<Decided> {
    standing(facts, Standing::InReview).then_some(()).and_then(|()| sure(Cause::ReviewPending))
}

fn standing(facts: &Facts, wanted: Standing) -> bool {
    matches!(&facts.status, Status::Known(history) if history.standing == wanted)
}

fn upload_refused(facts: &Facts) -> Option<Decided> {
    let refused =
        matches!(facts.batch, Batch::Refused { .. }) || facts.upload.as_ref().is_some_and(|up| !up.taken);
    match (&facts.status, refused && !facts.is_held()) {
        (_, false) => None,
        (Status::NotSubmitted, true) => sure(Cause::UploadRefused),
        // It may have been sent again since.
        (_, true) => likely(Cause::UploadRefused),
    }
}

fn batch_unanswered(facts: &Facts) -> Option<Decided> {
    if facts.is_held() {
        return None;
    }
    match facts.batch {
        Batch::NoSuchKey | Batch::NoItem if facts.status == Status::NotSubmitted => {
            sure(Cause::BatchUnanswered)
        }
        Batch::NoSuchKey | Batch::NoItem => likely(Cause::BatchUnanswered),
        Batch::Failed(_) if facts.status == Status::NotSubmitted => likely(Cause::BatchUnanswered),
        _ => None,
    }
}

fn malformed_number(facts: &Facts) -> Option<Decided> {
    // What the platform has under this number is a number, whatever its form.
    if !facts.subject.chinese_number || facts.is_held() {
        return None;
    }
    match number::form(&facts.subject.number, facts.now.with_timezone(&facts.zone)) {
        Err(Fault::Year(_)) => likely(Cause::MalformedNumber),
        Err(_) => sure(Cause::MalformedNumber),
        Ok(_) => None,
    }
}

fn details_differ(facts: &Facts) -> Option<Decided> {
    let by_record = facts.seen().is_some_and(|(_, record)| !record.differs.is_empty());
    if facts.verify == Verify::Mismatch || by_record { sure(Cause::DetailsDiffer) } else { None }
}

/// It is shown somewhere.
fn shown(facts: &Facts) -> Option<Decided> {
    let (look, record) = facts.seen()?;
    let missing: Vec<&Looked> = facts.missing().collect();
    let asked = |look: &&Looked| facts.subject.region.as_deref() == Some(look.region.as_str());
    let is_region = |look: &&Looked| look.surface == Surface::Region;
    if missing.iter().any(|look| is_region(look) && asked(look)) || look.surface == Surface::Region {
        return Some(Decided {
            expected_by: expected(facts),
            ..Decided::new(Cause::OtherRegion, Certainty::Sure)
        });
    }
    if missing.iter().any(|look| !is_region(look)) || facts.verify == Verify::NotFound {
        return waiting(facts, Certainty::Sure);
    }
    match facts.verify {
        Verify::OverLimit => return sure(Cause::OverLimit),
        Verify::IssuedToday | Verify::BeingChecked => {
            return Some(Decided {
                expected_by: None,
                ..Decided::new(Cause::NotYetSynced, Certainty::Likely)
            });
        }
        _ => {}
    }
    if !missing.is_empty() {
        return Some(Decided {
            expected_by: expected(facts),
            ..Decided::new(Cause::OtherRegion, Certainty::Likely)
        });
    }
    if failed(&facts.browser) || facts.subject.unseen_in_browser {
        return likely(Cause::BrowserSide);
    }
    if record.agent_issued { likely(Cause::AgentIssued) } else { sure(Cause::Visible) }
}

/// It is shown nowhere.
fn not_shown(facts: &Facts) -> Option<Decided> {
    match &facts.status {
        Status::Known(history) if history.standing == Standing::Accepted => waiting(facts, Certainty::Sure),
        Status::NotSubmitted => Some(never_submitted(facts)),
        _ if facts.subject.accepted.is_some() => waiting(facts, Certainty::Sure),
        _ => by_verification(facts),
    }
}

/// Accepted, and not (everywhere) visible: how long is that normal?
fn waiting(facts: &Facts, certainty: Certainty) -> Option<Decided> {
    // Questions that failed are no sign that it is not there.
    let not_there = facts.missing().next().is_some() || matches!(facts.verify, Verify::NotFound);
    let certainty = if not_there { certainty } else { certainty.min(Certainty::Likely) };
    let Some(began) = facts.began() else {
        return Some(Decided::new(Cause::NotYetSynced, certainty.min(Certainty::Likely)));
    };
    let age = facts.now - began;
    let cause = match age {
        _ if facts.subject.given_up => Cause::Lost,
        age if age <= facts.promise => Cause::NotYetSynced,
        age if age <= facts.give_up => Cause::Late,
        _ => Cause::Lost,
    };
    // That something is lost for ever cannot be known, only that nobody waits any more.
    let certainty = if cause == Cause::Lost && !facts.subject.given_up {
        certainty.min(Certainty::Likely)
    } else {
        certainty
    };
    let expected_by = if cause == Cause::NotYetSynced { expected(facts) } else { None };
    Some(Decided { cause, certainty, expected_by })
}

/// By the current curve where it tells, else by the platform's promise; never in the past.
fn expected(facts: &Facts) -> Option<DateTime<Utc>> {
    let promised = facts.began().map(|began| began + facts.promise);
    facts.expected_by.or(promised).filter(|at| *at > facts.now)
}

fn never_submitted(facts: &Facts) -> Decided {
    let subject = &facts.subject;
    let today = facts.now.with_timezone(&facts.zone).date_naive();
    let long_ago = subject.issue_date.is_some_and(|date| today - date > facts.promise + TimeDelta::days(1));
    let (cause, certainty) = match facts.verify {
        _ if subject.issue_date.is_some_and(|date| date > today) => (Cause::NotIssued, Certainty::Likely),
        Verify::Genuine => (Cause::NotUploaded, Certainty::Sure),
        _ if subject.by_agent => (Cause::AgentIssued, Certainty::Likely),
        _ if subject.uploaded.is_some() || subject.batch.is_some() => (Cause::NotUploaded, Certainty::Likely),
        _ if elsewhere(facts) => (Cause::OtherRegion, Certainty::Likely),
        // Neither submitted here nor known to verification long after its date: it may not exist.
        Verify::NotFound if long_ago => (Cause::NotIssued, Certainty::Possible),
        _ => (Cause::NotUploaded, Certainty::Likely),
    };
    Decided::new(cause, certainty)
}

/// Whether the number belongs to another region than the one in which it is looked for.
fn elsewhere(facts: &Facts) -> bool {
    let now = facts.now.with_timezone(&facts.zone);
    match (number::form(&facts.subject.number, now), &facts.subject.region) {
        (Ok(Form::Digital { region, .. }), Some(asked)) => region != *asked,
        _ => false,
    }
}

/// The review state is not known; verification may still say something.
fn by_verification(facts: &Facts) -> Option<Decided> {
    let nowhere = facts.missing().next().is_some();
    match facts.verify {
        // Valid, not yet visible.
        Verify::Genuine => {
            Some(Decided { expected_by: expected(facts), ..waiting(facts, Certainty::Likely)? })
        }
        Verify::OverLimit => likely(Cause::OverLimit),
        Verify::IssuedToday | Verify::BeingChecked => likely(Cause::NotYetSynced),
        Verify::NotFound | Verify::NotAsked if nowhere => unsettled(facts),
        _ if nowhere => unsettled(facts),
        _ => None,
    }
}

fn unsettled(facts: &Facts) -> Option<Decided> {
    if facts.subject.by_agent {
        return possible(Cause::AgentIssued);
    }
    if elsewhere(facts) {
        return possible(Cause::OtherRegion);
    }
    if facts.subject.uploaded.is_some() {
        return waiting(facts, Certainty::Possible);
    }
    None
}

/// When to look again: when something may have changed, and no sooner.
pub(super) fn look_again(decided: &Decided, facts: &Facts) -> Option<DateTime<Utc>> {
    let within = |minutes| Some(facts.now + TimeDelta::minutes(minutes));
    match decided.cause {
        Cause::OwnNetwork | Cause::Dns | Cause::Tls | Cause::PlatformDown => within(10),
        Cause::Maintenance => Some(decided.expected_by.map_or(facts.now, |end| end) + TimeDelta::minutes(15)),
        Cause::ReviewPending | Cause::BatchUnanswered => within(10),
        Cause::OverLimit => Some(tomorrow(facts)),
        Cause::NotYetSynced if matches!(facts.verify, Verify::IssuedToday) => Some(tomorrow(facts)),
        Cause::NotYetSynced | Cause::OtherRegion => {
            let age = facts.began().map_or(TimeDelta::minutes(20), |began| facts.now - began);
            let pause = (age / 4).clamp(TimeDelta::minutes(1), TimeDelta::hours(2));
            Some(decided.expected_by.map_or(facts.now + pause, |by| by.min(facts.now + pause)))
        }
        Cause::Late => within(120),
        Cause::Unknown => within(30),
        _ => None,
    }
}

/// Midnight at the platform.
fn tomorrow(facts: &Facts) -> DateTime<Utc> {
    let date = facts.now.with_timezone(&facts.zone).date_naive();
    let next = date.checked_add_days(Days::new(1)).unwrap_or(date).and_time(NaiveTime::MIN);
    facts.zone.from_local_datetime(&next).earliest().map_or(facts.now, |at| at.with_timezone(&Utc))
}

/// Whether any question failed for our own pace: the platform works, and must be asked more slowly.
pub(super) fn throttled(facts: &Facts) -> bool {
    facts.failures().contains(&OutcomeKind::Throttled)
        || facts.looks.iter().any(|look| look.found == Found::Failed(OutcomeKind::Throttled))
}
