use crate::{at, fresh, issued};
use chrono::TimeDelta;
use piaotan_record::{Ledger, Look, Surface, Token};
use piaotan_store::{SightState, SyncCounts, Which};

const TARGET: &str = "http://127.0.0.1:8080";

#[test]
fn an_invoice_is_pending_on_every_surface_until_seen() {
    let fresh = fresh();
    let store =
        fresh.again().with_surfaces(vec![(Surface::Number, String::new()), (Surface::Region, "31".into())]);
    store.issue(&issued("r", 7, 10)).unwrap();
    assert_eq!(store.pending().unwrap().len(), 2);
    store.look("r", Token(7), Surface::Number, "", at(15), Look::NotYet).unwrap();
    store.look("r", Token(7), Surface::Number, "", at(20), Look::Seen).unwrap();
    store.look("r", Token(7), Surface::Region, "31", at(21), Look::NotYet).unwrap();
    let left = fresh.again().pending().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].region.as_str(), left[0].last_not_seen, left[0].looks), ("31", Some(at(21)), 1));
    assert_eq!(left[0].issued, issued("r", 7, 10));
}

#[test]
fn issuing_twice_adds_only_the_acceptance() {
    let store = fresh().store;
    store.issue(&issued("r", 1, 0)).unwrap();
    store.look("r", Token(1), Surface::Number, "", at(4), Look::NotYet).unwrap();
    let mut again = issued("r", 1, 0);
    again.accepted = Some(at(2));
    store.issue(&again).unwrap();
    let known = store.find(&again.number).unwrap();
    assert_eq!((known.len(), known[0].issued.accepted, known[0].sights[0].looks), (1, Some(at(2)), 1));
}

#[test]
fn one_token_is_one_invoice_and_must_be_issued_first() {
    let store = fresh().store;
    store.issue(&issued("r", 1, 0)).unwrap();
    let mut other = issued("r", 1, 0);
    other.number = "26110999999999999999".into();
    let error = store.issue_all(&[issued("r", 2, 0), other]).unwrap_err().to_string();
    assert!(error.ends_with("give each run its own name"), "{error}");
    assert!(store.find(&issued("r", 2, 0).number).unwrap().is_empty(), "nothing of a refused batch stays");
    let error = store.look("s", Token(1), Surface::Number, "", at(1), Look::Seen).unwrap_err().to_string();
    assert!(error.contains("holds no invoice 1 of run `s`"), "{error}");
}

#[test]
fn samples_keep_censored_ones_and_drop_rejected_ones() {
    let store = fresh().store;
    store.issue_all(&[issued("r", 1, 0), issued("r", 2, 1), issued("r", 3, 2), issued("s", 1, 3)]).unwrap();
    store.look("r", Token(1), Surface::Number, "", at(9), Look::Seen).unwrap();
    store.rejected("r", Token(3), at(5)).unwrap();
    let which = Which { run: Some("r"), ..Which::default() };
    let samples = store.samples(Surface::Number, which).unwrap();
    let seen: Vec<_> = samples.iter().map(|sample| (sample.token.0, sample.first_seen)).collect();
    assert_eq!(seen, [(1, Some(at(9))), (2, None)]);
    assert_eq!(store.samples(Surface::Keyword, which).unwrap(), []);
    let since = Which { since: Some(at(1)), until: Some(at(3)), ..Which::default() };
    assert_eq!(store.samples(Surface::Number, since).unwrap().len(), 1);
}

#[test]
fn counts_tell_pending_late_lost_and_mismatched_apart() {
    let store = fresh().store;
    (1..=5).for_each(|token| store.issue(&issued("r", token, 0)).unwrap());
    let look =
        |token, second, look| store.look("r", Token(token), Surface::Number, "", at(second), look).unwrap();
    look(1, 10, Look::Seen);
    look(2, 200, Look::Mismatched);
    look(3, 10, Look::Seen);
    look(3, 20, Look::NotYet);
    store.lost("r", Token(4), Surface::Number, "").unwrap();
    let counts =
        store.sync_counts(Surface::Number, Which::default(), at(150), TimeDelta::seconds(100)).unwrap();
    let expected = SyncCounts {
        tracked: 5,
        seen: 3,
        pending: 1,
        lost: 1,
        late: 3,
        mismatched: 1,
        regressed: 1,
        unknown: 0,
        last_seen: Some(at(200)),
        oldest_pending: TimeDelta::seconds(150),
    };
    assert_eq!(counts, expected);
}

#[test]
fn days_counted_apart_are_what_all_of_them_are_together() {
    let store = fresh().store;
    (1..=9).for_each(|token| store.issue(&issued("r", token, 10 * token.cast_signed())).unwrap());
    (1..=6).for_each(|token| {
        store.look("r", Token(token), Surface::Number, "", at(200), Look::Seen).unwrap();
    });
    let counts = |which| store.sync_counts(Surface::Number, which, at(300), TimeDelta::seconds(150)).unwrap();
    let whole = Which { target: Some(TARGET), region: Some(""), ..Which::default() };
    let parts = (Which { until: Some(at(45)), ..whole }, Which { since: Some(at(45)), ..whole });
    assert_eq!(counts(parts.0).and(counts(parts.1)), counts(whole));
    assert_eq!((counts(parts.0).tracked, counts(whole).tracked), (4, 9));
    assert_eq!(store.oldest_pending(TARGET).unwrap(), Some(at(70)));
    assert_eq!(store.oldest_pending("http://elsewhere").unwrap(), None);
    assert_eq!(store.surfaces_known(at(45)).unwrap(), [(Surface::Number, String::new())]);
    assert!(store.tracks(TARGET).unwrap() && !store.tracks("http://elsewhere").unwrap());
}

#[test]
fn a_lost_invoice_may_still_be_found() {
    let store = fresh().store;
    store.issue(&issued("r", 1, 0)).unwrap();
    store.lost("r", Token(1), Surface::Number, "").unwrap();
    assert!(store.pending().unwrap().is_empty());
    store.look("r", Token(1), Surface::Number, "", at(90_000), Look::Seen).unwrap();
    let sight = store.find(&issued("r", 1, 0).number).unwrap()[0].sights[0].clone();
    assert_eq!((sight.state, sight.first_seen), (SightState::Seen, Some(at(90_000))));
}

#[test]
fn voiding_resumes_where_it_stopped_and_says_what_could_not_be_voided() {
    let fresh = fresh();
    (1..=4).for_each(|token| fresh.store.issue(&issued("r", token, 0)).unwrap());
    fresh.store.voided("r", Token(1), at(50)).unwrap();
    fresh.store.not_voided("r", Token(2), at(51), "2007 only an accepted invoice can be voided").unwrap();
    let left: Vec<u64> = fresh.again().to_void(TARGET, 10).unwrap().iter().map(|each| each.token.0).collect();
    assert_eq!(left, [3, 4, 2], "what was tried comes last");
    assert_eq!(fresh.store.to_void("http://elsewhere", 10).unwrap(), []);
    let reasons = fresh.store.void_reasons(TARGET).unwrap();
    assert_eq!(reasons, [(String::new(), 2), ("2007 only an accepted invoice can be voided".into(), 1)]);
    assert_eq!(fresh.store.pending().unwrap().len(), 3, "nobody looks for a voided one");
}

#[test]
fn what_was_seen_before_a_window_can_be_read_again() {
    let store = fresh().store;
    (1..=3).for_each(|token| store.issue(&issued("r", token, 0)).unwrap());
    store.look("r", Token(1), Surface::Number, "", at(10), Look::Seen).unwrap();
    store.look("r", Token(2), Surface::Number, "", at(90), Look::Seen).unwrap();
    let seen = store.seen_before(TARGET, at(60), 10).unwrap();
    assert_eq!(seen.iter().map(|each| each.token.0).collect::<Vec<_>>(), [1]);
}

also_on_postgres!(
    an_invoice_is_pending_on_every_surface_until_seen,
    issuing_twice_adds_only_the_acceptance,
    one_token_is_one_invoice_and_must_be_issued_first,
    samples_keep_censored_ones_and_drop_rejected_ones,
    counts_tell_pending_late_lost_and_mismatched_apart,
    days_counted_apart_are_what_all_of_them_are_together,
    a_lost_invoice_may_still_be_found,
    voiding_resumes_where_it_stopped_and_says_what_could_not_be_voided,
    what_was_seen_before_a_window_can_be_read_again,
);
