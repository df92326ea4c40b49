//! Ask for an invoice by its number.

use super::Row;
use super::row::Known;
use super::upload_review::answered;
use piaotan_client::port::{Port, Stop};
use piaotan_record::Operation;

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    let fields = row.known.map_or_else(|| row.fields(), Known::fields);
    let reply = io.call(Operation::QueryNumber, &fields).await;
    answered(reply, Operation::QueryNumber)
}
