//! Issue an invoice and wait until it has been pushed to its buyer.

use super::Row;
use piaotan_client::port::{FieldName, Port, Stop};
use piaotan_record::{Operation, Outcome};

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    let issued = io.call(Operation::Issue, &row.fields()).await.or_stop(Operation::Issue)?;
    let number = issued.values.get("number").unwrap_or_default().to_owned();
    let fields = row.fields().with(FieldName::Number, &number);
    for wait in row.polls.waits() {
        io.think(wait).await;
        let reply = io.call(Operation::Push, &fields).await.or_stop(Operation::Push)?;
        if reply.values.get("delivered").is_some_and(|at| !at.is_empty()) {
            return Ok(());
        }
    }
    Err(Stop { step: Operation::Push, outcome: Outcome::NotYetVisible })
}
