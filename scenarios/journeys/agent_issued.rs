//! Upload an invoice that an agent issued on behalf of the seller (代开).

use super::Row;
use super::upload_review::reviewed;
use piaotan_client::port::{FieldName, Port, Stop};
use piaotan_record::Operation;

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    let fields = row.fields().with(FieldName::IssuerTaxId, row.agent_tax_id);
    io.call(Operation::Upload, &fields).await.or_stop(Operation::Upload)?;
    reviewed(io, row).await
}
