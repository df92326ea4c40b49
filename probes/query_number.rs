//! Is a known invoice found by its number, and is it the one that we know?

use crate::live::known::known;
use crate::live::port::ProbePort;
use crate::{Found, Setting, say};
use piaotan_client::port::Port;
use piaotan_record::Operation;

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let Some(invoice) = known(setting).into_iter().next() else { return none_known(setting) };
    let reply = io.call(Operation::QueryNumber, &invoice.fields()).await;
    Found::of(&reply, Operation::QueryNumber, io, setting)
}

/// Nothing to ask for: neither a canary nor an invoice of ours that was seen.
pub(crate) fn none_known(setting: &Setting) -> Found {
    Found::skipped(say!(
        setting.language,
        "尚无可查询的发票；请在 [probes] 中列出 canaries，或等合成发票可见",
        "no invoice to ask for yet; list canaries in [probes], or wait until a synthetic one is visible"
    ))
}
