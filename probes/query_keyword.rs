//! Is a known invoice found by a keyword?

use crate::live::known::known;
use crate::live::port::ProbePort;
use crate::query_number::none_known;
use crate::{Found, Health, Setting, say};
use piaotan_client::port::Port;
use piaotan_record::{Operation, Outcome};

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let Some(invoice) = known(setting).into_iter().next() else { return none_known(setting) };
    let reply = io.call(Operation::QueryKeyword, &invoice.fields()).await;
    let found = Found::of(&reply, Operation::QueryKeyword, io, setting);
    // The index of words has a delay of its own: the number is visible, so this one may still be under way.
    let promised = invoice.issued.as_ref().is_some_and(|issued| {
        let age = setting.wall() - issued.accepted.unwrap_or(issued.uploaded);
        age.to_std().is_ok_and(|age| age < setting.section.promise.0)
    });
    if promised && matches!(reply.outcome, Outcome::BusinessNo | Outcome::NotYetVisible) {
        let text =
            say!(setting.language, "按号码可查，按关键词尚不可查", "found by number, not yet by keyword");
        return Found { health: Health::Pending, detail: text, ..found };
    }
    found
}
