use crate::{at, fresh};
use chrono::TimeDelta;
use piaotan_record::calendar::{Change, Correction, Seen, Sighting};
use piaotan_record::{OutcomeKind, Window};
use piaotan_store::{Asked, Attempt, NoticeRead};

#[test]
fn windows_corrections_and_sightings_come_back() {
    let fresh = fresh();
    let mut window = Window::new("night", at(0), Some(at(3_600)));
    fresh.store.put_windows(&[window.clone()], at(-10)).unwrap();
    window.text = "moved".into();
    fresh.store.put_windows(&[window.clone()], at(-5)).unwrap();
    let correction = Correction {
        window: "night".into(),
        made: at(9),
        by: "li".into(),
        change: Change::Extend { end: at(7_200) },
    };
    fresh.store.correct(&correction).unwrap();
    let sighting = Sighting { window: "night".into(), at: at(30), seen: Seen::StillDown };
    (0..2).for_each(|_| fresh.store.sighted(&sighting).unwrap());
    let register = fresh.again().register(at(-60)).unwrap();
    assert_eq!((register.windows, register.corrections), (vec![window], vec![correction]));
    assert_eq!(register.sightings, [sighting]);
    assert!(fresh.store.register(at(1)).unwrap().windows.is_empty());
}

#[test]
fn a_notice_is_new_once_and_again_when_it_changes() {
    let store = fresh().store;
    let mut notice = NoticeRead {
        source: "page".into(),
        id: "12".into(),
        published: Some(at(0)),
        first_read: at(5),
        last_read: at(5),
        title: "维护".into(),
        text: "今晚维护".into(),
        reading: serde_json::json!({"windows": []}),
    };
    assert!(store.notice(&notice).unwrap());
    notice.last_read = at(65);
    assert!(!store.notice(&notice).unwrap());
    notice.text = "今晚维护取消".into();
    assert!(store.notice(&notice).unwrap());
    assert_eq!(store.notices(5).unwrap(), [notice]);
}

#[test]
fn a_real_invoice_is_asked_once_and_its_attempts_are_kept() {
    let store = fresh().store;
    let mut asked = Asked {
        number: "26112000000000000001".into(),
        issue_date: Some(at(0).date_naive()),
        total: None,
        uploaded: None,
        batch: None,
        first_asked: at(0),
        closed: None,
    };
    store.ask(&asked).unwrap();
    asked.total = Some("88.00".into());
    store.ask(&Asked { first_asked: at(99), ..asked.clone() }).unwrap();
    assert_eq!(store.asked_open().unwrap(), [asked.clone()], "the first time stays, the total is filled in");
    let attempt = |second, step: &str, counts| Attempt {
        number: asked.number.clone(),
        at: at(second),
        step: step.into(),
        outcome: OutcomeKind::BusinessNo,
        code: "3102".into(),
        detail: "查无此票".into(),
        counts,
    };
    store.attempt(&attempt(1, "verify", true)).unwrap();
    store.attempt(&attempt(2, "query_number", false)).unwrap();
    store.attempt(&attempt(90_000, "verify", true)).unwrap();
    assert_eq!(store.verifications(&asked.number, at(0), at(86_400)).unwrap(), 1);
    assert_eq!(store.attempts(&asked.number).unwrap().len(), 3);
    store.close_asked(&asked.number, at(100)).unwrap();
    assert!(store.asked_open().unwrap().is_empty());
    assert_eq!(store.asked(&asked.number).unwrap().unwrap().closed, Some(at(100)));
}

#[test]
fn small_things_survive_and_a_lease_has_one_holder() {
    let fresh = fresh();
    fresh.store.remember("held", &vec![1, 2], at(0)).unwrap();
    let other = fresh.again();
    assert_eq!(other.recall::<Vec<i32>>("held").unwrap(), Some(vec![1, 2]));
    assert_eq!(other.recall::<Vec<i32>>("nothing").unwrap(), None);
    let minute = TimeDelta::seconds(60);
    assert!(fresh.store.lease("watch", "a", at(0), minute).unwrap());
    assert!(!other.lease("watch", "b", at(59), minute).unwrap());
    assert!(fresh.store.lease("watch", "a", at(59), minute).unwrap(), "its holder may renew it");
    assert!(other.lease("watch", "b", at(119), minute).unwrap(), "it runs out when nobody renews it");
    other.release("watch", "b").unwrap();
    assert!(fresh.store.lease("watch", "a", at(120), minute).unwrap());
}

also_on_postgres!(
    windows_corrections_and_sightings_come_back,
    a_notice_is_new_once_and_again_when_it_changes,
    a_real_invoice_is_asked_once_and_its_attempts_are_kept,
    small_things_survive_and_a_lease_has_one_holder,
);
