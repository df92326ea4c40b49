//! What every family must pass: upload, review, query, verify, and the refusals.

use crate::client::{Client, NOW};
use crate::server::Mood;
use chrono::NaiveDate;
use piaotan_client::invoice::{FileKind, Generator, Invoice, Options};
use piaotan_client::port::FieldName;
use piaotan_client::profile::{ReviewState, Step};
use piaotan_record::{Operation, Outcome, OutcomeKind};
use std::sync::{Arc, Mutex};

pub fn invoice(index: u64) -> Invoice {
    let options = Options {
        region: "11".into(),
        today: NaiveDate::from_ymd_opt(2026, 9, 21).unwrap(),
        days: 30,
        file_kind: FileKind::Pdf,
        file_bytes: 3000,
        seller: None,
        buyer: None,
    };
    Generator::new(11, options).invoice(index)
}

pub fn mood() -> Arc<Mutex<Mood>> {
    Arc::new(Mutex::new(Mood { now: NOW, ..Mood::default() }))
}

/// Upload, duplicate, review, query before and after it is visible, verify in all its answers.
pub async fn life_of_an_invoice(client: &mut Client) {
    let invoice = invoice(1);
    let mut fields = invoice.fields();
    let uploaded = client.ask(Operation::Upload, &fields).await;
    assert_eq!(uploaded.outcome, Outcome::Ok, "{uploaded:?}");
    assert_eq!(client.ask(Operation::Upload, &fields).await.outcome, Outcome::Duplicate);
    fields.resend = true;
    assert_eq!(client.ask(Operation::Upload, &fields).await.outcome, Outcome::Ok);
    if let Some(id) = uploaded.values.get("id") {
        fields.set(FieldName::Id, id);
    }
    let mut states = Vec::new();
    for _ in 0..2 {
        let judged = client.ask(Operation::Review, &fields).await;
        states.push(client.profile.review_state(&judged));
    }
    assert_eq!(states, [Some(ReviewState::Pending), Some(ReviewState::Accepted)]);
    fields.known = true;
    assert_eq!(client.ask(Operation::QueryNumber, &fields).await.outcome, Outcome::NotYetVisible);
    let seen = client.ask(Operation::TrackNumber, &fields).await;
    assert_eq!(seen.outcome, Outcome::Ok, "{seen:?}");
    assert_eq!(client.profile.compare(Operation::QueryNumber, &fields, &seen), None, "{seen:?}");
    verify(client, &invoice).await;
}

async fn verify(client: &mut Client, invoice: &Invoice) {
    let genuine = client.ask(Operation::Verify, &invoice.fields()).await;
    assert_eq!(genuine.outcome, Outcome::Ok, "{genuine:?}");
    let differs = invoice.fields().with(FieldName::Total, "1.00");
    assert_eq!(client.ask(Operation::Verify, &differs).await.outcome, Outcome::BusinessNo);
    let unknown = self::invoice(99);
    assert_eq!(client.ask(Operation::Verify, &unknown.fields()).await.outcome, Outcome::BusinessNo);
    assert_eq!(client.ask(Operation::QueryNumber, &unknown.fields()).await.outcome, Outcome::BusinessNo);
}

/// A stale time, a nonce used before and a wrong secret are refused, and nothing of it counts as `Ok`.
pub async fn signatures_are_checked(client: &mut Client, wrong: Client) {
    let invoice = invoice(2);
    let fields = invoice.fields();
    let refused = |outcome: Outcome| assert_eq!(outcome.kind(), OutcomeKind::ClientError);
    client.now = NOW - 3600;
    refused(client.ask(Operation::Verify, &fields).await.outcome);
    client.now = NOW;
    assert_eq!(client.ask(Operation::Verify, &fields).await.outcome, Outcome::BusinessNo);
    refused(client.again(Step::Operation(Operation::Verify), &fields).await.outcome);
    let mut wrong = wrong;
    wrong.token.clone_from(&client.token);
    wrong.carried = client.carried.clone();
    wrong.nonce = 1_000_000;
    refused(wrong.ask(Operation::Verify, &fields).await.outcome);
}

/// Maintenance and throttling are told apart from failures.
pub async fn moods_are_read(client: &mut Client, mood: &Arc<Mutex<Mood>>) {
    let invoice = invoice(3);
    let fields = invoice.fields();
    let mut ask = async |change: fn(&mut Mood)| {
        change(&mut mood.lock().unwrap());
        client.ask(Operation::QueryNumber, &fields).await.outcome
    };
    assert_eq!(ask(|mood| mood.maintenance = true).await.kind(), OutcomeKind::Maintenance);
    assert_eq!(
        ask(|mood| (mood.maintenance, mood.busy) = (false, true)).await.kind(),
        OutcomeKind::Throttled
    );
    assert_eq!(ask(|mood| (mood.busy, mood.page) = (false, true)).await.kind(), OutcomeKind::Maintenance);
    mood.lock().unwrap().page = false;
}

/// What people are shown holds neither secrets nor tokens.
pub async fn nothing_secret_is_shown(client: &Client, secrets: &[&str]) {
    let invoice = invoice(4);
    let fields =
        invoice.fields().with(FieldName::Password, "pa55 word").with(FieldName::Mobile, "13800000000");
    let fields = fields.with(FieldName::Id, "1");
    for operation in Operation::ALL.iter().filter(|op| client.profile.supports(**op)) {
        let context = client.context();
        let shown = client.profile.show(Step::Operation(*operation), &fields, &context).unwrap();
        let wire = client.profile.render(*operation, &fields, &context).unwrap();
        let text = format!("{shown}{shown:?}{wire:?}{context:?}{:?}", client.secrets);
        let token = client.token.as_deref();
        for secret in secrets.iter().copied().chain(token).chain(["pa55 word", "pa55%20word"]) {
            assert!(!text.contains(secret), "{operation} shows {secret}:\n{text}");
        }
    }
}
