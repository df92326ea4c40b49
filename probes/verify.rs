//! Is a known invoice verified as genuine? Spends as few of its daily verifications as can be.

use crate::live::known::{self, known, verifications_left};
use crate::live::port::ProbePort;
use crate::query_number::none_known;
use crate::{Found, Health, Setting, say};
use piaotan_client::port::Port;
use piaotan_record::{Operation, Outcome};

/// So many of an invoice's daily verifications are left to people.
const FOR_PEOPLE: u32 = 1;

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let invoices = known(setting);
    let none = invoices.is_empty();
    let may = |number: &str| verifications_left(setting, number).is_none_or(|left| left > FOR_PEOPLE);
    let Some(invoice) = invoices.into_iter().find(|invoice| may(&invoice.number)) else {
        let spent = say!(setting.language, "今日查验次数已用尽", "today's verifications are used up");
        return if none { none_known(setting) } else { Found::skipped(spent) };
    };
    let reply = io.call(Operation::Verify, &invoice.fields()).await;
    let found = Found::of(&reply, Operation::Verify, io, setting);
    if reply.held {
        return found;
    }
    if let Err(error) = known::spend(setting, &invoice.number, reply.outcome.kind(), &found.code) {
        return Found::trouble(error);
    }
    match (reply.outcome, reply.values.get("result")) {
        // The platform keeps its own limit: it works.
        (Outcome::BusinessNo, Some("over_limit" | "issued_today" | "being_checked")) => {
            Found { health: Health::Skipped, ..found }
        }
        (Outcome::BusinessNo | Outcome::NotYetVisible, Some("not_found")) if invoice.issued.is_some() => {
            Found { health: Health::Pending, ..found }
        }
        _ => found,
    }
}
