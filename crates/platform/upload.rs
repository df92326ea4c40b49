//! Upload and resubmission: from form fields to an invoice under review.

use crate::Code;
use crate::accounts::Caller;
use crate::domain::moment::{self, At, Nanos};
use crate::domain::{money, regions, tax_id, words};
use crate::invoice::{Fields, Invoice, Scan, Status};
use crate::ledger::Action;
use crate::review::{self, Reason, Why, kind_of};
use crate::storage::{Change, Ticket, saved};
use crate::warnings::Kind;
use crate::wire::{Answered, Form, Refusal, Refused};
use crate::world::World;
use bytes::Bytes;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::atomic::Ordering::Relaxed;

/// What an upload brings: the fields, and the file where there is one.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) fields: Fields,
    pub(crate) scan: Option<(Scan, Bytes)>,
}

/// How the platform came by an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Uploaded,
    /// Made here, so there is nothing to review.
    Issued,
}

/// Reads the fields of an invoice; `get` gives a field's text, `Some(None)` where it is not text.
pub(crate) fn fields<'a>(get: impl Fn(&str) -> Option<Option<&'a str>>) -> Result<Fields, Refused> {
    let mut read = Reading { get, wrong: Vec::new() };
    let number =
        read.parsed("number", "20 digits, or 18 of the older kinds", |t| is_number(t).then(|| t.into()));
    let issue_date = read.parsed("issue_date", "YYYY-MM-DD", moment::parse_day);
    let amount = read.parsed("amount", "yuan with at most two decimals", money::parse);
    let tax = read.parsed("tax", "yuan with at most two decimals", money::parse);
    let total = read.parsed("total", "yuan with at most two decimals", money::parse);
    let total_words =
        read.parsed("total_words", "an amount in words", |t| words::parse(t).map(|_| t.to_string()));
    let title = read.parsed("title", "1 to 200 characters", name);
    let buyer_tax_id = read.parsed("buyer_tax_id", "15 to 20 capital letters and digits", shaped);
    let seller_name = read.parsed("seller_name", "1 to 200 characters", name);
    let seller_tax_id = read.parsed("seller_tax_id", "15 to 20 capital letters and digits", shaped);
    let issuer_tax_id = read.optional("issuer_tax_id", "15 to 20 capital letters and digits", shaped);
    let region = read.optional("region", "two digits of a region", regions::parse);
    let special = read.optional("kind", "general or special", |t| match t {
        "general" => Some(false),
        "special" => Some(true),
        _ => None,
    });
    let wrong = read.wrong;
    let whole = || {
        let number: std::sync::Arc<str> = number?;
        Some(Fields {
            // A number that names no region is for the review to reject.
            region: region.or_else(|| regions::of_number(&number)).unwrap_or(0),
            number,
            special: special.unwrap_or(false),
            issue_date: issue_date?,
            amount: amount?,
            tax: tax?,
            total: total?,
            total_words: total_words?,
            title: title?,
            buyer_tax_id: buyer_tax_id?,
            seller_name: seller_name?,
            seller_tax_id: seller_tax_id?,
            issuer_tax_id,
        })
    };
    match whole().filter(|_| wrong.is_empty()) {
        Some(fields) => Ok(fields),
        None => Err(Box::new(Refusal { code: Code::BadField, fields: wrong })),
    }
}

/// 20 digits (fully digital), or 18 (ten-digit code and number of the older kinds).
pub(crate) fn is_number(text: &str) -> bool {
    matches!(text.len(), 18 | 20) && text.bytes().all(|b| b.is_ascii_digit())
}

struct Reading<G> {
    get: G,
    wrong: Vec<(&'static str, String)>,
}

impl<'a, G: Fn(&str) -> Option<Option<&'a str>>> Reading<G> {
    fn parsed<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let given = (self.get)(name);
        if given.is_none_or(|text| text == Some("")) {
            self.wrong.push((name, format!("missing: {wanted}")));
            return None;
        }
        self.optional(name, wanted, parse)
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = (self.get)(name)?.filter(|t| t.len() <= 1024);
        if text == Some("") {
            return None;
        }
        let value = text.and_then(parse);
        if value.is_none() {
            self.wrong.push((name, format!("must be {wanted}")));
        }
        value
    }
}

fn name(text: &str) -> Option<String> {
    let sized = (1..=200).contains(&text.chars().count());
    (sized && !text.chars().any(char::is_control)).then(|| text.to_string())
}

fn shaped(text: &str) -> Option<String> {
    (tax_id::check(text) != Err(tax_id::Doubt::Shape)).then(|| text.to_string())
}

impl World {
    pub(crate) fn upload(&self, now: Nanos, caller: Caller, form: &Form) -> Result<Answered, Refused> {
        let submission = self.submission(form)?;
        let number = submission.fields.number.clone();
        let (id, ticket) = self.enter(now, caller, submission, Origin::Uploaded)?;
        let at = At(now + self.sky().skew(now));
        let shown = json!({"id": id, "number": number, "status": Status::Submitted, "uploaded_at": at});
        Ok(Answered::success(&shown).after(ticket))
    }

    pub(crate) fn resubmit(
        &self,
        now: Nanos,
        caller: Caller,
        number: &str,
        form: &Form,
    ) -> Result<Answered, Refused> {
        let submission = self.submission(form)?;
        if &*submission.fields.number != number {
            return Err(Refusal::field(Code::BadField, "number", "must be the number in the path"));
        }
        let sky = self.sky();
        let worked = sky.work.worked(now);
        let changed = self.records.change(number, |old| -> Result<(u64, Option<Ticket>), Refused> {
            if old.owner != caller.account {
                return Err(Code::NotOwner.into());
            }
            if old.status(worked) != Status::Rejected {
                return Err(Code::NotRejected.into());
            }
            let mut new = self.reviewed(now, caller, &submission, old.attempt + 1, Origin::Uploaded);
            new.id = old.id;
            let ticket = self.written(now, Action::Resubmitted, &new, submission.scan.as_ref());
            *old = new;
            Ok((old.id, ticket))
        });
        let (id, ticket) = changed.ok_or(Code::NotSubmitted)??;
        let at = At(now + sky.skew(now));
        let shown = json!({"id": id, "number": number, "status": Status::Submitted, "uploaded_at": at});
        Ok(Answered::success(&shown).after(ticket))
    }

    /// Takes an invoice in, unless its number is here already; gives its id.
    pub(crate) fn enter(
        &self,
        now: Nanos,
        caller: Caller,
        submission: Submission,
        origin: Origin,
    ) -> Result<(u64, Option<Ticket>), Refused> {
        let number = submission.fields.number.clone();
        if self.records.contains(&number) {
            return Err(self.duplicate(now, &number));
        }
        let action = match origin {
            Origin::Uploaded => Action::Submitted,
            Origin::Issued => Action::Issued,
        };
        let entered = self.records.insert(&number, || {
            let mut invoice = self.reviewed(now, caller, &submission, 0, origin);
            invoice.id = self.ids.fetch_add(1, Relaxed) + 1;
            let ticket = self.written(now, action, &invoice, submission.scan.as_ref());
            let id = invoice.id;
            (invoice, (id, ticket))
        });
        entered.ok_or_else(|| self.duplicate(now, &number))
    }

    fn duplicate(&self, now: Nanos, number: &str) -> Refused {
        self.warn(now, Kind::DuplicateNumber, number, "a number that is here already was uploaded again");
        Code::NumberTaken.into()
    }

    fn submission(&self, form: &Form) -> Result<Submission, Refused> {
        let fields = fields(|name| form.text(name).map_or(Some(None), |text| text.map(Some)))?;
        let file = form.bytes("file");
        let file = file.ok_or_else(|| Refusal::field(Code::BadField, "file", "missing: PDF, JPG or PNG"))?;
        if file.len() > self.sky().rules().max_file {
            return Err(Refusal::field(Code::TooLarge, "file", "too large"));
        }
        let kind = kind_of(file).ok_or(Code::BadFileType)?;
        let sha256 = Sha256::digest(file).into();
        let scan = Scan { kind, bytes: file.len(), sha256 };
        Ok(Submission { fields, scan: Some((scan, file.clone())) })
    }

    /// The invoice as it comes out of review, in the index and with its warnings given.
    fn reviewed(
        &self,
        now: Nanos,
        caller: Caller,
        submission: &Submission,
        attempt: u32,
        origin: Origin,
    ) -> Invoice {
        let fields = &submission.fields;
        let readable = submission.scan.as_ref().is_none_or(|(scan, file)| review::readable(scan, file));
        let mut reasons = match origin {
            Origin::Uploaded => review::objections(fields, readable, now),
            Origin::Issued => Vec::new(),
        };
        let sky = self.sky();
        let course = match origin {
            Origin::Uploaded => self.course(&sky, now, &fields.number, attempt, &mut reasons),
            Origin::Issued => self.issued_course(&sky, now, &fields.number),
        };
        self.warn_of(now, fields, &reasons);
        let invoice = Invoice {
            fields: fields.clone(),
            id: 0,
            owner: caller.account,
            attempt,
            scan: submission.scan.as_ref().map(|(scan, _)| scan.clone()),
            uploaded: now,
            course,
            reasons,
            voided: None,
            red_flushed: None,
            red_number: None,
            sky: Some(sky),
            checks: Default::default(),
            touched: now.into(),
        };
        self.index.add(&invoice);
        invoice
    }

    fn warn_of(&self, now: Nanos, fields: &Fields, reasons: &[Reason]) {
        for reason in reasons {
            match reason.reason {
                Why::WordsDiffer => self.warn(now, Kind::WordsDiffer, &fields.number, &reason.text),
                Why::SumsDiffer => self.warn(now, Kind::SumsDiffer, &fields.number, &reason.text),
                _ => {}
            }
        }
        for id in [&fields.buyer_tax_id, &fields.seller_tax_id].into_iter().chain(&fields.issuer_tax_id) {
            if tax_id::check(id).is_err() {
                self.warn(now, Kind::TaxIdDoubtful, &fields.number, &format!("check character of {id}"));
            }
        }
    }

    /// Into the ledger, and onto the way to disk.
    pub(crate) fn written(
        &self,
        now: Nanos,
        action: Action,
        invoice: &Invoice,
        scan: Option<&(Scan, Bytes)>,
    ) -> Option<Ticket> {
        let number = &invoice.fields.number;
        self.record(now, action, invoice, || {
            let file = scan.map(|(_, file)| Change::Scan(number.clone(), file.clone()));
            let whole = Change::Invoice(number.clone(), saved(invoice));
            file.into_iter().chain([whole]).collect()
        })
    }
}
