//! Issue an invoice and wait until it has been pushed to its buyer.

use super::Row;
use piaotan_client::port::{FieldName, Port, Stop};
use piaotan_record::{Operation, Outcome};

/// Who gets it: nobody, by the rule of that domain (RFC 2606).
const RECIPIENT: &str = "piaotan@example.invalid";

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    let asked = row.fields().with(FieldName::Email, RECIPIENT).with(FieldName::Rate, "0.13");
    let issued = io.call(Operation::Issue, &asked).await.or_stop(Operation::Issue)?;
    let number = issued.values.get("number").unwrap_or_default().to_owned();
    let fields = row.fields().with(FieldName::Number, &number);
    for wait in row.polls.waits() {
        io.think(wait).await;
        let reply = io.call(Operation::Push, &fields).await.or_stop(Operation::Push)?;
        if reply.values.get("delivered_at").is_some_and(|at| !at.is_empty() && at != "null") {
            return Ok(());
        }
    }
    Err(Stop { step: Operation::Push, outcome: Outcome::NotYetVisible })
}
