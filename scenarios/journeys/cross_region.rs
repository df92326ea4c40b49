//! Upload here, ask another region for it.

use super::Row;
use super::upload_review::{self, answered};
use piaotan_client::port::{FieldName, Port, Stop};
use piaotan_record::Operation;

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    upload_review::run(io, row).await?;
    let mut fields = row.fields().with(FieldName::Region, row.other_region);
    fields.known = true;
    let reply = io.call(Operation::QueryRegion, &fields).await;
    answered(reply, Operation::QueryRegion)
}
