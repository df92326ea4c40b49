#![allow(clippy::unwrap_used)]

use super::facts::{
    Announced, Batch, Check, Facts, Found, History, Looked, Record, Standing, Status, Upload, Verify,
};
use super::{Cause, Certainty, Language, decide};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::PhaseName;
use piaotan_record::window::Services;
use piaotan_record::{Field, OutcomeKind, Surface};

const NUMBER: &str = "26112000000012345678";

fn now() -> DateTime<Utc> {
    "2026-11-24T10:00:00+08:00".parse().unwrap()
}

/// The platform is up and the way to it works; nothing was asked about the invoice yet.
fn up() -> Facts {
    let mut facts = Facts::new(NUMBER, now());
    (facts.own_network, facts.dns, facts.tls, facts.health) = (Check::Ok, Check::Ok, Check::Ok, Check::Ok);
    facts
}

fn look(surface: Surface, region: &str, found: Found) -> Looked {
    Looked { surface, region: region.into(), found, code: String::new(), at: None }
}

fn number(found: Found) -> Vec<Looked> {
    vec![look(Surface::Number, "", found)]
}

fn seen() -> Found {
    Found::Seen(Record::default())
}

fn status(standing: Standing, hours_ago: i64) -> Status {
    let at = Some(now() - TimeDelta::hours(hours_ago));
    Status::Known(History { standing, uploaded: at, reviewed: at, reasons: Vec::new(), at })
}

fn check(cause: Cause, certainty: Certainty, prepare: impl FnOnce(&mut Facts)) {
    let mut facts = up();
    prepare(&mut facts);
    let told = decide(&facts, Language::En);
    assert_eq!((told.cause, told.certainty), (cause, certainty), "{:#?}", told.evidence);
    for language in [Language::Zh, Language::En] {
        let told = decide(&facts, language);
        assert!(!told.says.is_empty() && !told.advice.is_empty());
        assert!(told.look_again_at.is_none_or(|at| at > facts.now), "{told:?}");
        assert!(told.expected_by.is_none_or(|at| at > facts.now), "{told:?}");
    }
}

fn unreachable(facts: &mut Facts, outcome: OutcomeKind) {
    facts.health = Check::Failed(outcome.to_string());
    facts.status = Status::Failed(outcome);
    facts.looks = number(Found::Failed(outcome));
}

fn window(phase: PhaseName, confirmed: bool) -> Announced {
    let (start, end) = (now() - TimeDelta::hours(1), Some(now() + TimeDelta::hours(1)));
    Announced { id: "w".into(), phase, start, end, services: Services::ALL, confirmed }
}

#[test]
fn oneself_and_the_way() {
    use Certainty::{Likely, Sure};
    check(Cause::OwnNetwork, Sure, |facts| {
        unreachable(facts, OutcomeKind::Dns);
        (facts.own_network, facts.dns) = (Check::Failed("none answers".into()), Check::Failed("no".into()));
    });
    check(Cause::OwnNetwork, Sure, |facts| {
        unreachable(facts, OutcomeKind::TimedOut);
        facts.own_network = Check::Failed("none answers".into());
    });
    check(Cause::OwnNetwork, Sure, |facts| {
        (facts.own_network, facts.health) = (Check::Failed("x".into()), Check::NotAsked);
    });
    check(Cause::Dns, Sure, |facts| {
        unreachable(facts, OutcomeKind::Dns);
        facts.dns = Check::Failed("no such name".into());
    });
    check(Cause::Dns, Likely, |facts| {
        unreachable(facts, OutcomeKind::Dns);
        (facts.own_network, facts.dns) = (Check::NotAsked, Check::Failed("no such name".into()));
    });
    check(Cause::Dns, Likely, |facts| {
        unreachable(facts, OutcomeKind::Dns);
        facts.dns = Check::NotAsked;
    });
    check(Cause::Tls, Sure, |facts| {
        unreachable(facts, OutcomeKind::Tls);
        facts.tls = Check::Failed("certificate expired".into());
    });
    check(Cause::Tls, Sure, |facts| facts.tls = Check::Failed("unknown issuer".into()));
    check(Cause::Tls, Likely, |facts| {
        unreachable(facts, OutcomeKind::Tls);
        facts.tls = Check::NotAsked;
    });
}

#[test]
fn an_answer_clears_the_way() {
    check(Cause::Visible, Certainty::Sure, |facts| {
        (facts.own_network, facts.dns) = (Check::Failed("x".into()), Check::Failed("y".into()));
        facts.looks = number(seen());
    });
}

#[test]
fn the_platform_and_its_maintenance() {
    use Certainty::{Likely, Possible, Sure};
    check(Cause::PlatformDown, Sure, |facts| unreachable(facts, OutcomeKind::ServerError));
    check(Cause::PlatformDown, Sure, |facts| unreachable(facts, OutcomeKind::TimedOut));
    check(Cause::PlatformDown, Likely, |facts| {
        unreachable(facts, OutcomeKind::Refused);
        facts.own_network = Check::NotAsked;
    });
    check(Cause::PlatformDown, Likely, |facts| {
        // It says that it is up, and answers no question.
        facts.status = Status::Failed(OutcomeKind::ServerError);
        facts.looks = number(Found::Failed(OutcomeKind::TimedOut));
    });
    check(Cause::Maintenance, Sure, |facts| {
        facts.health = Check::Maintenance;
        facts.looks = number(Found::Failed(OutcomeKind::Maintenance));
    });
    check(Cause::Maintenance, Sure, |facts| {
        facts.status = Status::Failed(OutcomeKind::Maintenance);
    });
    check(Cause::Maintenance, Likely, |facts| {
        unreachable(facts, OutcomeKind::ServerError);
        facts.announced = Some(window(PhaseName::During, true));
    });
    check(Cause::Maintenance, Possible, |facts| {
        unreachable(facts, OutcomeKind::ServerError);
        facts.announced = Some(window(PhaseName::During, false));
    });
    check(Cause::Maintenance, Sure, |facts| {
        unreachable(facts, OutcomeKind::ServerError);
        facts.observed_maintenance = Some(now() - TimeDelta::minutes(5));
    });
    check(Cause::PlatformDown, Sure, |facts| {
        // A window that is still to come excuses nothing.
        unreachable(facts, OutcomeKind::ServerError);
        facts.announced = Some(window(PhaseName::Approaching, true));
    });
}

#[test]
fn a_window_does_not_hide_what_the_platform_says_of_the_invoice() {
    check(Cause::ReviewRejected, Certainty::Sure, |facts| {
        facts.announced = Some(window(PhaseName::During, true));
        facts.status = status(Standing::Rejected, 1);
        facts.looks = number(Found::Failed(OutcomeKind::Maintenance));
    });
}

#[test]
fn the_fate_of_the_invoice() {
    use Certainty::{Likely, Sure};
    for standing in [Standing::Voided, Standing::RedFlushed] {
        check(Cause::Voided, Sure, |facts| facts.status = status(standing, 30));
    }
    check(Cause::Voided, Sure, |facts| facts.verify = Verify::RedFlushed);
    check(Cause::Voided, Sure, |facts| {
        let record = Record { standing: Some(Standing::Voided), ..Record::default() };
        facts.looks = number(Found::Seen(record));
    });
    for missing in [vec![], number(Found::NotThere), number(Found::Failed(OutcomeKind::TimedOut))] {
        check(Cause::ReviewRejected, Sure, |facts| {
            facts.status = status(Standing::Rejected, 1);
            facts.looks = missing.clone();
        });
        check(Cause::ReviewPending, Sure, |facts| {
            facts.status = status(Standing::InReview, 1);
            facts.looks = missing;
        });
    }
    let refusal = || Batch::Refused { code: "2003".into(), message: "no PDF".into() };
    check(Cause::UploadRefused, Sure, |facts| {
        (facts.batch, facts.status) = (refusal(), Status::NotSubmitted);
    });
    check(Cause::UploadRefused, Likely, |facts| facts.batch = refusal());
    check(Cause::UploadRefused, Sure, |facts| {
        let upload = Upload { at: now(), taken: false, code: "2004".into(), message: "too large".into() };
        (facts.upload, facts.status) = (Some(upload), Status::NotSubmitted);
    });
}

#[test]
fn a_refusal_of_long_ago_is_no_cause_once_it_was_taken() {
    check(Cause::NotYetSynced, Certainty::Sure, |facts| {
        facts.batch = Batch::Refused { code: "2003".into(), message: "no PDF".into() };
        facts.status = status(Standing::Accepted, 1);
        facts.looks = number(Found::NotThere);
    });
}

#[test]
fn batches_and_numbers() {
    use Certainty::{Likely, Sure};
    check(Cause::BatchUnanswered, Sure, |facts| {
        (facts.batch, facts.status) = (Batch::NoSuchKey, Status::NotSubmitted);
    });
    check(Cause::BatchUnanswered, Sure, |facts| {
        (facts.batch, facts.status) = (Batch::NoItem, Status::NotSubmitted);
    });
    check(Cause::BatchUnanswered, Likely, |facts| {
        (facts.batch, facts.status) = (Batch::Failed(OutcomeKind::TimedOut), Status::NotSubmitted);
    });
    for wrong in ["1234567", "12345678", "2611200000001234567O"] {
        check(Cause::MalformedNumber, Sure, |facts| {
            facts.subject.number = wrong.into();
            facts.status = Status::NotSubmitted;
            facts.looks = number(Found::NotThere);
        });
    }
    check(Cause::MalformedNumber, Likely, |facts| {
        facts.subject.number = "28112000000012345678".into();
        facts.status = Status::NotSubmitted;
    });
    check(Cause::Visible, Sure, |facts| {
        // What the platform has under a number is a number.
        facts.subject.number = "INV-7".into();
        facts.looks = number(seen());
    });
}

#[test]
fn details_that_differ() {
    use Certainty::Sure;
    check(Cause::DetailsDiffer, Sure, |facts| facts.verify = Verify::Mismatch);
    check(Cause::DetailsDiffer, Sure, |facts| {
        facts.looks = number(seen());
        facts.verify = Verify::Mismatch;
    });
    check(Cause::DetailsDiffer, Sure, |facts| {
        let record = Record { differs: vec![Field::Total], ..Record::default() };
        facts.looks = number(Found::Seen(record));
    });
}

#[test]
fn seen_here_and_not_there() {
    use Certainty::{Likely, Sure};
    let regions =
        |own: Found, other: Found| vec![look(Surface::Number, "", own), look(Surface::Region, "31", other)];
    check(Cause::OtherRegion, Sure, |facts| {
        facts.status = status(Standing::Accepted, 2);
        facts.looks = regions(seen(), Found::NotThere);
        facts.subject.region = Some("31".into());
    });
    check(Cause::OtherRegion, Likely, |facts| {
        facts.status = status(Standing::Accepted, 2);
        facts.looks = regions(seen(), Found::NotThere);
    });
    check(Cause::OtherRegion, Likely, |facts| {
        facts.subject.region = Some("31".into());
        facts.status = Status::NotSubmitted;
        facts.looks = number(Found::NotThere);
    });
    check(Cause::AgentIssued, Likely, |facts| {
        facts.looks = number(Found::Seen(Record { agent_issued: true, ..Record::default() }));
    });
    check(Cause::AgentIssued, Likely, |facts| {
        facts.subject.by_agent = true;
        facts.status = Status::NotSubmitted;
        facts.looks = number(Found::NotThere);
    });
    check(Cause::AgentIssued, Certainty::Possible, |facts| {
        facts.subject.by_agent = true;
        facts.looks = number(Found::NotThere);
    });
    check(Cause::BrowserSide, Likely, |facts| {
        facts.looks = number(seen());
        facts.subject.unseen_in_browser = true;
    });
    check(Cause::BrowserSide, Likely, |facts| {
        facts.looks = number(seen());
        facts.browser = Check::Failed("an empty page".into());
    });
    check(Cause::BrowserSide, Likely, |facts| {
        facts.looks = vec![look(Surface::Number, "", seen()), look(Surface::Keyword, "", seen())];
        (facts.verify, facts.browser) = (Verify::Genuine, Check::Failed("no page".into()));
    });
}

#[test]
fn the_wait() {
    use Certainty::{Likely, Possible, Sure};
    let accepted = |facts: &mut Facts, hours: i64| {
        facts.status = status(Standing::Accepted, hours);
        facts.looks = number(Found::NotThere);
    };
    check(Cause::NotYetSynced, Sure, |facts| accepted(facts, 1));
    check(Cause::NotYetSynced, Sure, |facts| {
        facts.status = status(Standing::Accepted, 1);
        facts.looks = vec![look(Surface::Number, "", seen()), look(Surface::Keyword, "", Found::NotThere)];
    });
    check(Cause::NotYetSynced, Likely, |facts| {
        facts.looks = number(Found::NotThere);
        facts.verify = Verify::Genuine;
    });
    check(Cause::NotYetSynced, Likely, |facts| {
        // The query failed: that it is not there was never said.
        facts.status = status(Standing::Accepted, 1);
        facts.looks = number(Found::Failed(OutcomeKind::TimedOut));
    });
    check(Cause::NotYetSynced, Possible, |facts| {
        facts.subject.uploaded = Some(now() - TimeDelta::hours(2));
        facts.looks = number(Found::NotThere);
    });
    check(Cause::Late, Sure, |facts| accepted(facts, 30));
    check(Cause::Late, Sure, |facts| accepted(facts, 70));
    check(Cause::Late, Possible, |facts| {
        facts.subject.uploaded = Some(now() - TimeDelta::hours(40));
        facts.looks = number(Found::NotThere);
    });
    check(Cause::Lost, Likely, |facts| accepted(facts, 100));
    check(Cause::Lost, Sure, |facts| {
        accepted(facts, 100);
        facts.subject.given_up = true;
    });
    check(Cause::Lost, Likely, |facts| {
        facts.subject.accepted = Some(now() - TimeDelta::hours(200));
        facts.looks = number(Found::NotThere);
    });
}

#[test]
fn what_was_never_there() {
    use Certainty::{Likely, Possible, Sure};
    let absent = |facts: &mut Facts, verify: Verify| {
        facts.status = Status::NotSubmitted;
        facts.looks = number(Found::NotThere);
        facts.verify = verify;
    };
    check(Cause::NotUploaded, Sure, |facts| absent(facts, Verify::Genuine));
    check(Cause::NotUploaded, Likely, |facts| absent(facts, Verify::NotAsked));
    check(Cause::NotUploaded, Likely, |facts| {
        absent(facts, Verify::NotFound);
        facts.subject.uploaded = Some(now() - TimeDelta::hours(1));
    });
    check(Cause::NotIssued, Likely, |facts| {
        absent(facts, Verify::NotFound);
        facts.subject.issue_date = Some("2026-12-01".parse().unwrap());
    });
    check(Cause::NotIssued, Possible, |facts| {
        absent(facts, Verify::NotFound);
        facts.subject.issue_date = Some("2026-11-01".parse().unwrap());
    });
    check(Cause::NotIssued, Likely, |facts| {
        absent(facts, Verify::NotAsked);
        facts.subject.issue_date = Some("2027-01-01".parse().unwrap());
    });
}

#[test]
fn limits_and_the_unknown() {
    use Certainty::{Likely, Possible, Sure};
    check(Cause::OverLimit, Sure, |facts| {
        facts.looks = number(seen());
        facts.verify = Verify::OverLimit;
    });
    check(Cause::OverLimit, Likely, |facts| facts.verify = Verify::OverLimit);
    check(Cause::OverLimit, Likely, |facts| {
        facts.status = Status::Failed(OutcomeKind::ClientError);
        facts.verify = Verify::OverLimit;
    });
    check(Cause::Unknown, Possible, |_| {});
    check(Cause::Unknown, Possible, |facts| facts.looks = number(Found::NotThere));
    check(Cause::Unknown, Possible, |facts| {
        facts.status = Status::Failed(OutcomeKind::Throttled);
        facts.looks = number(Found::Failed(OutcomeKind::Throttled));
    });
}

#[test]
fn the_ticket_has_all_that_will_be_asked_for() {
    let mut facts = up();
    facts.platform = "https://example.test".into();
    facts.subject.total = Some("1409.50".into());
    facts.subject.issue_date = Some("2026-11-20".parse().unwrap());
    facts.status = status(Standing::Accepted, 30);
    facts.looks = number(Found::NotThere);
    facts.attempts = vec![(now() - TimeDelta::hours(5), "query_number 3001".into())];
    for language in [Language::Zh, Language::En] {
        let ticket = decide(&facts, language).ticket;
        let needed =
            [NUMBER, "1409.50", "2026-11-20", "2026-11-23 04:00:00 +08:00", "query_number 3001", "late"];
        needed.iter().for_each(|part| assert!(ticket.contains(part), "{part} is not in {ticket}"));
    }
}

#[test]
fn every_cause_has_its_words() {
    for cause in Cause::ALL {
        for language in [Language::Zh, Language::En] {
            assert!(super::words::advice(*cause, language).len() > 5, "{cause}");
        }
    }
}
