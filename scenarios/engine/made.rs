//! Synthetic invoices that a run makes, for the ledger: whatever load leaves on a platform can be voided.

use chrono::NaiveDate;
use piaotan_client::port::{FieldName, Fields, Reply};
use piaotan_record::folder::Manifest;
use piaotan_record::ledger::{Ledger, LedgerError};
use piaotan_record::{Issued, Nanos, Operation, Token};
use std::fmt;
use std::sync::Arc;

/// An invoice that the platform has taken, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub token: Token,
    pub number: String,
    /// As it was sent, `YYYY-MM-DD`.
    pub issue_date: String,
    pub total: String,
    /// When it was sent.
    pub at: Nanos,
}

/// Where they are written down, and whose they are.
#[derive(Clone)]
pub struct Book {
    ledger: Arc<dyn Ledger>,
    owner: String,
}

impl Made {
    /// What a call at `at` made: an invoice, the items of a batch, or nothing.
    ///
    /// Where no answer came, or a broken one, it may be there all the same.
    #[must_use]
    pub fn of(operation: Operation, fields: &Fields<'_>, reply: &Reply, at: Nanos) -> Vec<Self> {
        if reply.held || reply.outcome.left_nothing() || fields.resend {
            return Vec::new();
        }
        let own = |of: &Fields<'_>| Self::one(of, of.get(FieldName::Number)?, at);
        match operation {
            Operation::Upload => own(fields).into_iter().collect(),
            Operation::Batch => fields.items.iter().filter_map(own).collect(),
            // The platform gives the number; our own is not in the request, and voids nothing.
            Operation::Issue => reply
                .values
                .get("number")
                .and_then(|given| Self::one(fields, given, at))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Without a number nothing can be voided.
    fn one(fields: &Fields<'_>, number: &str, at: Nanos) -> Option<Self> {
        let text = |name| fields.get(name).unwrap_or_default().to_owned();
        let token = fields.token.filter(|_| !number.is_empty())?;
        let (issue_date, total) = (text(FieldName::IssueDate), text(FieldName::Total));
        Some(Self { token, number: number.to_owned(), issue_date, total, at })
    }
}

impl Book {
    /// `owner` is the account that may void them.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, owner: String) -> Self {
        Self { ledger, owner }
    }

    /// Writes down what a run made, durably.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn write(&self, made: &[Made], run: &Manifest) -> Result<(), LedgerError> {
        if made.is_empty() {
            return Ok(());
        }
        let issued = made.iter().map(|each| Issued {
            token: each.token,
            run: run.run.clone(),
            target: run.target.clone(),
            number: each.number.clone(),
            issue_date: each.issue_date.parse().unwrap_or_else(|_| today(run, each.at)),
            total: each.total.clone(),
            owner: self.owner.clone(),
            uploaded: run.wall(each.at),
            accepted: None,
        });
        self.ledger.issue_all(&issued.collect::<Vec<_>>())
    }
}

fn today(run: &Manifest, at: Nanos) -> NaiveDate {
    run.wall(at).date_naive()
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("owner", &self.owner).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use piaotan_record::Outcome;

    fn check(operation: Operation, outcome: Outcome, resend: bool, expected: &[&str]) {
        let invoice = |number, token| {
            let mut fields = Fields::default().with(FieldName::Number, number);
            fields.token = Some(Token(token));
            fields
        };
        let items = [invoice("2", 2), invoice("3", 3)];
        let mut fields = invoice("1", 1);
        (fields.items, fields.resend) = (&items, resend);
        let mut reply = Reply { outcome, held: false, ..Reply::held() };
        if outcome == Outcome::Ok {
            reply.values.set("number", "9");
        }
        let made = Made::of(operation, &fields, &reply, Nanos::default());
        let numbers: Vec<&str> = made.iter().map(|each| each.number.as_str()).collect();
        assert_eq!(numbers, expected, "{operation} {outcome:?}");
    }

    #[test]
    fn what_the_platform_took_or_may_have_taken_is_made() {
        check(Operation::Upload, Outcome::Ok, false, &["1"]);
        check(Operation::Upload, Outcome::Reset, false, &["1"]);
        check(Operation::Upload, Outcome::CutOff, false, &["1"]);
        check(Operation::Upload, Outcome::BusinessNo, false, &[]);
        check(Operation::Upload, Outcome::Refused, false, &[]);
        check(Operation::Issue, Outcome::Ok, false, &["9"]);
        check(Operation::Issue, Outcome::Reset, false, &[]);
        check(Operation::Batch, Outcome::Ok, false, &["2", "3"]);
        check(Operation::Batch, Outcome::Ok, true, &[]);
        check(Operation::QueryNumber, Outcome::Ok, false, &[]);
    }
}
