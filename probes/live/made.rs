//! Synthetic invoices that probes make. Each is in the ledger before the platform hears of it, so that
//! none can be forgotten; one that was refused is marked so afterwards.

use crate::live::port::ProbePort;
use crate::live::result::{Found, describe};
use crate::live::setting::Setting;
use crate::say;
use piaotan_client::invoice::Invoice;
use piaotan_client::port::{Fields, Port, Reply};
use piaotan_record::{Issued, Operation, Outcome, Token};
use piaotan_store::{Attempt, Health, Store};
use std::time::Duration;

/// A synthetic invoice that the platform has accepted.
#[derive(Debug)]
pub struct Made {
    pub invoice: Invoice,
    pub issued: Issued,
}

impl Made {
    /// The fields of a question about it.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        let mut fields = self.invoice.fields();
        fields.token = Some(self.issued.token);
        fields.known = true;
        fields
    }
}

/// Uploads a new invoice and waits for its review.
///
/// # Errors
/// What the probe found instead.
pub async fn upload(io: &mut ProbePort<'_>, setting: &Setting) -> Result<Made, Found> {
    let invoice = setting.generator.invoice(setting.next_token());
    let mut made = Made { issued: issued_of(&invoice, setting), invoice };
    let store = setting
        .store
        .as_deref()
        .ok_or_else(|| Found::skipped(setting.may_not_write().unwrap_or_default()))?;
    store.issue_all(std::slice::from_ref(&made.issued)).map_err(Found::trouble)?;
    let mut fields = made.fields();
    fields.known = false;
    let reply = io.call(Operation::Upload, &fields).await;
    if reply.outcome != Outcome::Ok || reply.held {
        forget_if_refused(store, &made.issued, &reply, setting)?;
        return Err(Found::of(&reply, Operation::Upload, io, setting));
    }
    if setting.client.profile().supports(Operation::Review) {
        review(io, setting, &made, store).await?;
        let accepted = setting.wall();
        made.issued.accepted = Some(accepted);
        store.accepted(&setting.run, made.issued.token, accepted).map_err(Found::trouble)?;
    }
    Ok(made)
}

/// The row of the ledger for an invoice that is about to be sent.
#[must_use]
pub fn issued_of(invoice: &Invoice, setting: &Setting) -> Issued {
    Issued {
        token: Token(invoice.index),
        run: setting.run.clone(),
        target: setting.target.clone(),
        number: invoice.number.clone(),
        issue_date: invoice.issue_date.parse().unwrap_or_else(|_| setting.wall().date_naive()),
        total: invoice.total.clone(),
        owner: setting.client.session().account().mobile.clone(),
        uploaded: setting.wall(),
        accepted: None,
    }
}

/// An answer that says "no" means that the platform has nothing of it. No answer means nothing: the
/// invoice may be there, and stays in the ledger.
fn forget_if_refused(store: &Store, issued: &Issued, reply: &Reply, setting: &Setting) -> Result<(), Found> {
    if !reply.held && !reply.outcome.left_nothing() {
        return Ok(());
    }
    // Whoever looks for it later is told what was answered; what was never sent has no answer.
    if !reply.held {
        let (number, at, step) = (issued.number.clone(), setting.wall(), Operation::Upload.to_string());
        let code = reply.code.map(|code| setting.client.profile().codes().name(code).to_owned());
        let detail = describe(reply, Operation::Upload, setting);
        let (code, outcome) = (code.unwrap_or_default(), reply.outcome.kind());
        let attempt = Attempt { number, at, step, outcome, code, detail, counts: false };
        store.attempt(&attempt).map_err(Found::trouble)?;
    }
    store.rejected(&setting.run, issued.token, setting.wall()).map_err(Found::trouble)
}

async fn review(io: &mut ProbePort<'_>, setting: &Setting, made: &Made, store: &Store) -> Result<(), Found> {
    let poll = setting.client.profile().review().map(|review| review.poll()).unwrap_or_default();
    let begun = io.elapsed();
    for look in 0.. {
        let reply = io.call(Operation::Review, &made.fields()).await;
        match reply.values.get("review") {
            Some("accepted") => return Ok(()),
            Some("rejected") => {
                store.rejected(&setting.run, made.issued.token, setting.wall()).map_err(Found::trouble)?;
                return Err(rejected(&reply, setting));
            }
            Some(_) => {}
            None => return Err(Found::of(&reply, Operation::Review, io, setting)),
        }
        if io.elapsed().saturating_sub(begun) >= setting.section.review_patience.0 {
            break;
        }
        io.think(poll.pause(look).to_std().unwrap_or(Duration::from_secs(1))).await;
    }
    let waited = setting.section.review_patience;
    let text = say!(
        setting.language,
        "上传成功，{waited} 后仍在审核",
        "uploaded, still under review after {waited}"
    );
    Err(Found::new(Health::Degraded, Some(Outcome::Ok), text))
}

fn rejected(reply: &Reply, setting: &Setting) -> Found {
    let reason = reply.values.get("reason").unwrap_or("?");
    let text = say!(
        setting.language,
        "合成发票被驳回：{reason}",
        "a synthetic invoice that is right was rejected: {reason}"
    );
    Found::new(Health::Unhealthy, Some(Outcome::BusinessNo), text)
}
