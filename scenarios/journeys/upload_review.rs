//! Upload an invoice and wait until its review is decided.

use super::Row;
use piaotan_client::port::{Port, Reply, Stop};
use piaotan_record::{Operation, Outcome};

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    io.call(Operation::Upload, &row.fields()).await.or_stop(Operation::Upload)?;
    reviewed(io, row).await
}

/// Looks at the review until it is decided: accepted goes on, rejected or undecided stops.
pub(super) async fn reviewed<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    for wait in row.polls.waits() {
        io.think(wait).await;
        let reply = io.call(Operation::Review, &row.fields()).await.or_stop(Operation::Review)?;
        match reply.values.get("review") {
            Some("accepted") => return Ok(()),
            Some("rejected") => return Err(Stop { step: Operation::Review, outcome: Outcome::BusinessNo }),
            _ => {}
        }
    }
    Err(Stop { step: Operation::Review, outcome: Outcome::NotYetVisible })
}

/// "Not there yet" is an answer to a question about an invoice, not a failure of the journey.
pub(super) fn answered(reply: Reply, step: Operation) -> Result<(), Stop> {
    match reply.outcome {
        Outcome::Ok | Outcome::NotYetVisible if !reply.held => Ok(()),
        outcome => Err(Stop { step, outcome }),
    }
}
