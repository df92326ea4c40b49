//! Upload, review, read the record back and compare every field with what was uploaded.

use super::Row;
use super::upload_review;
use piaotan_client::port::{Port, Stop};
use piaotan_record::{Operation, Outcome};

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    upload_review::run(io, row).await?;
    let mut fields = row.fields();
    (fields.known, fields.compare) = (true, true);
    for wait in row.polls.waits() {
        let reply = io.call(Operation::QueryNumber, &fields).await;
        match reply.outcome {
            Outcome::Ok if !reply.held => return Ok(()),
            Outcome::NotYetVisible if !reply.held => io.think(wait).await,
            outcome => return Err(Stop { step: Operation::QueryNumber, outcome }),
        }
    }
    Err(Stop { step: Operation::QueryNumber, outcome: Outcome::NotYetVisible })
}
