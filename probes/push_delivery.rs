//! Is an issued invoice pushed to its buyer?

use crate::live::made::issued_of;
use crate::live::port::ProbePort;
use crate::{Found, Health, Setting, say};
use piaotan_client::port::{FieldName, Fields, Port};
use piaotan_record::{Issued, Operation, Outcome};
use std::time::Duration;

/// Goes nowhere: the name is reserved (RFC 2606).
const RECIPIENT: &str = "piaotan@example.invalid";

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let invoice = setting.generator.invoice(setting.next_token());
    let fields = invoice.fields().with(FieldName::Email, RECIPIENT).with(FieldName::Rate, "0.13");
    let reply = io.call(Operation::Issue, &fields).await;
    let Some(number) = reply.values.get("number").filter(|_| reply.outcome == Outcome::Ok && !reply.held)
    else {
        return Found::of(&reply, Operation::Issue, io, setting);
    };
    // The platform gives the number, so the ledger can only hear of it now.
    let total = reply.values.get("total").unwrap_or(&invoice.total).to_owned();
    let row = issued_of(&invoice, setting);
    // Its date is the platform's as well: a later comparison with ours would call it altered.
    let issue_date =
        reply.values.get("issue_date").and_then(|date| date.parse().ok()).unwrap_or(row.issue_date);
    let issued =
        Issued { number: number.to_owned(), issue_date, total, accepted: Some(setting.wall()), ..row };
    if let Some(Err(error)) =
        setting.store.as_ref().map(|store| store.issue_all(std::slice::from_ref(&issued)))
    {
        return Found::trouble(error);
    }
    delivered(io, setting, number).await
}

async fn delivered(io: &mut ProbePort<'_>, setting: &Setting, number: &str) -> Found {
    let begun = io.elapsed();
    let fields = Fields::default().with(FieldName::Number, number);
    loop {
        let reply = io.call(Operation::Push, &fields).await;
        if reply.held || reply.outcome != Outcome::Ok {
            return Found::of(&reply, Operation::Push, io, setting);
        }
        let waited = io.elapsed().saturating_sub(begun);
        if reply.values.get("delivered_at").is_some_and(|at| !at.is_empty() && at != "null") {
            let seconds = waited.as_secs_f64();
            let text = say!(
                setting.language,
                "{number} {seconds:.2} 秒内送达",
                "{number} delivered within {seconds:.2} s"
            );
            return Found::healthy(text);
        }
        if waited >= setting.section.visible_patience.0 {
            let text = say!(setting.language, "{number} 尚未送达", "{number} is not delivered yet");
            return Found::new(Health::Pending, Some(Outcome::NotYetVisible), text);
        }
        io.think(Duration::from_millis(500)).await;
    }
}
