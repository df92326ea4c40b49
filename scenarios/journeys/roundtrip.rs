//! The main job of a user: upload, review, query by number, verify.

use super::Row;
use super::upload_review::{self, answered};
use piaotan_client::port::{Port, Stop};
use piaotan_record::Operation;

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    upload_review::run(io, row).await?;
    let mut fields = row.fields();
    fields.known = true;
    let reply = io.call(Operation::QueryNumber, &fields).await;
    answered(reply, Operation::QueryNumber)?;
    let reply = io.call(Operation::Verify, &fields).await;
    answered(reply, Operation::Verify)
}
