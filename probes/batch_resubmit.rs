//! Is a batch that is sent again answered as before? People do send it again, and used to get no answer.

use crate::live::made::issued_of;
use crate::live::port::ProbePort;
use crate::{Found, Health, Setting, say};
use piaotan_client::invoice::Invoice;
use piaotan_client::port::{FieldName, Fields, Port, Reply};
use piaotan_record::{Issued, Operation, Outcome};

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let Some(store) = setting.store.as_deref() else {
        return Found::skipped(setting.may_not_write().unwrap_or_default());
    };
    let invoices: [Invoice; 2] = std::array::from_fn(|_| setting.generator.invoice(setting.next_token()));
    let issued: Vec<Issued> = invoices.iter().map(|invoice| issued_of(invoice, setting)).collect();
    if let Err(error) = store.issue_all(&issued) {
        return Found::trouble(error);
    }
    let key = format!("PT-{}", invoices[0].number);
    let items: Vec<Fields<'_>> = invoices.iter().map(Invoice::fields).collect();
    let mut fields = Fields::default().with(FieldName::BatchKey, &key);
    fields.items = &items;
    let first = io.call(Operation::Batch, &fields).await;
    if first.held || first.outcome != Outcome::Ok {
        let none_arrived = first.held || first.outcome.left_nothing();
        let gone =
            || issued.iter().try_for_each(|each| store.rejected(&each.run, each.token, setting.wall()));
        if let (true, Err(error)) = (none_arrived, if none_arrived { gone() } else { Ok(()) }) {
            return Found::trouble(error);
        }
        return Found::of(&first, Operation::Batch, io, setting);
    }
    fields.resend = true;
    let again = io.call(Operation::Batch, &fields).await;
    compared(&first, &again, io, setting)
}

fn compared(first: &Reply, again: &Reply, io: &ProbePort<'_>, setting: &Setting) -> Found {
    let found = Found::of(again, Operation::Batch, io, setting);
    match again.outcome {
        Outcome::Ok if first.values == again.values => Found::healthy(say!(
            setting.language,
            "同一批次重复提交，答复相同",
            "the same batch sent again is answered as before"
        )),
        Outcome::Ok => Found {
            health: Health::Unhealthy,
            detail: say!(
                setting.language,
                "同一批次重复提交，答复不同",
                "the same batch sent again is answered differently"
            ),
            ..found
        },
        Outcome::Duplicate => Found { health: Health::Healthy, ..found },
        _ => found,
    }
}
