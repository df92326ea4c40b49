//! Invoices that the platform is known to have: canaries, and synthetic ones that were seen before.

use crate::live::setting::Setting;
use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use piaotan_client::port::{FieldName, Fields};
use piaotan_record::{Issued, OutcomeKind};
use piaotan_store::Attempt;

/// An invoice that may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownInvoice {
    pub number: String,
    pub issue_date: String,
    pub total: String,
    pub keyword: String,
    /// The row of the ledger, where it is one of ours.
    pub issued: Option<Issued>,
}

impl KnownInvoice {
    /// The fields of a question about it; the answer is compared with them.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::default()
            .with(FieldName::Number, &self.number)
            .with(FieldName::IssueDate, &self.issue_date)
            .with(FieldName::Total, &self.total)
            .with(FieldName::Keyword, &self.keyword);
        fields.compare = true;
        fields
    }
}

/// Everything that may be asked for: canaries first, then up to twenty of our own, latest first.
#[must_use]
pub fn known(setting: &Setting) -> Vec<KnownInvoice> {
    let canaries = setting.section.canaries.iter().map(|canary| KnownInvoice {
        number: canary.number.clone(),
        issue_date: canary.issue_date.to_string(),
        total: canary.total.clone(),
        keyword: canary.keyword.clone().unwrap_or_else(|| canary.number.clone()),
        issued: None,
    });
    let seen =
        setting.store.as_ref().and_then(|store| store.seen_before(&setting.target, setting.wall(), 20).ok());
    let ours = seen.unwrap_or_default().into_iter().map(|issued| KnownInvoice {
        number: issued.number.clone(),
        issue_date: issued.issue_date.to_string(),
        total: issued.total.clone(),
        keyword: keyword(setting, &issued),
        issued: Some(issued),
    });
    canaries.chain(ours).collect()
}

/// The bounds of the platform's day that holds `now`.
#[must_use]
pub fn day(setting: &Setting, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let zone = setting.client.profile().zone();
    let date = now.with_timezone(&zone).date_naive();
    let midnight = |date: chrono::NaiveDate| {
        let local = zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest();
        local.map_or(now, |local| local.with_timezone(&Utc))
    };
    (midnight(date), date.checked_add_days(Days::new(1)).map_or(now, midnight))
}

/// How many verifications of a number are left today, of the platform's limit and by our own account.
/// `None`: there is no limit.
#[must_use]
pub fn verifications_left(setting: &Setting, number: &str) -> Option<u32> {
    let limit = setting.client.profile().verify_per_day()?;
    let (from, to) = day(setting, setting.wall());
    let spent =
        setting.store.as_ref().and_then(|store| store.verifications(number, from, to).ok()).unwrap_or(0);
    Some(limit.saturating_sub(spent))
}

/// Writes down a verification that was spent.
///
/// # Errors
/// When the store cannot be written.
pub fn spend(
    setting: &Setting,
    number: &str,
    outcome: OutcomeKind,
    code: &str,
) -> Result<(), piaotan_store::Error> {
    let Some(store) = &setting.store else { return Ok(()) };
    store.attempt(&Attempt {
        number: number.to_owned(),
        at: setting.wall(),
        step: "verify".to_owned(),
        outcome,
        code: code.to_owned(),
        detail: String::new(),
        // A check that finds nothing is not counted by the platform.
        counts: outcome != OutcomeKind::NotYetVisible,
    })
}

/// A keyword that finds the invoice alone: as it was made, where it is one of ours and of this seed.
#[must_use]
pub fn keyword(setting: &Setting, issued: &Issued) -> String {
    let made = setting.generator.invoice(issued.token.0);
    if made.number == issued.number { made.keyword().to_owned() } else { issued.number.clone() }
}
