//! Does the platform keep what it was given? Every field of an invoice of ours, compared.

use crate::live::known::known;
use crate::live::port::ProbePort;
use crate::query_number::none_known;
use crate::{Found, Health, Setting, say};
use piaotan_client::port::{FieldName, Port};
use piaotan_record::Operation;

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let Some(invoice) = known(setting).into_iter().next() else { return none_known(setting) };
    let made = invoice.issued.as_ref().map(|issued| setting.generator.invoice(issued.token.0));
    let whole = made.as_ref().filter(|made| made.number == invoice.number);
    // What was made with another seed is compared by number, date and total, which the ledger keeps.
    let mut fields = whole.map_or_else(|| invoice.fields(), |made| made.fields());
    fields.set(FieldName::IssueDate, &invoice.issue_date).set(FieldName::Total, &invoice.total);
    fields.compare = true;
    let reply = io.call(Operation::QueryNumber, &fields).await;
    let found = Found::of(&reply, Operation::QueryNumber, io, setting);
    if found.health != Health::Healthy {
        return found;
    }
    let number = &invoice.number;
    Found {
        detail: say!(setting.language, "{number} 各字段一致", "{number}: every field as uploaded"),
        ..found
    }
}
