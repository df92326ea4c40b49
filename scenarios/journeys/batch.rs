//! Send a batch, send the same batch again (users do), and ask what became of it.

use super::Row;
use piaotan_client::invoice::Invoice;
use piaotan_client::port::{FieldName, Fields, Port, Stop};
use piaotan_record::{Operation, Outcome, Token};

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    let items: Vec<Fields<'_>> = row.batch.iter().map(item).collect();
    // By its first invoice: the platform knows the keys of the last run already.
    let key = format!("PT-{}", row.batch.first().map_or("empty", |invoice| invoice.number.as_str()));
    let mut fields = Fields::default().with(FieldName::BatchKey, &key);
    fields.items = &items;
    io.call(Operation::Batch, &fields).await.or_stop(Operation::Batch)?;
    fields.resend = true;
    let again = io.call(Operation::Batch, &fields).await;
    if !matches!(again.outcome, Outcome::Ok | Outcome::Duplicate) || again.held {
        return Err(Stop { step: Operation::Batch, outcome: again.outcome });
    }
    io.call(Operation::BatchStatus, &fields).await.or_stop(Operation::BatchStatus).map(drop)
}

/// An item with its token, by which the ledger knows it.
fn item(invoice: &Invoice) -> Fields<'_> {
    let mut fields = invoice.fields();
    fields.token = Some(Token(invoice.index));
    fields
}
