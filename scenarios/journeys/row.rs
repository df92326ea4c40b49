//! What one arrival works on.

use piaotan_client::invoice::Invoice;
use piaotan_client::port::{FieldName, Fields};
use piaotan_record::{Span, Token};
use std::time::Duration;

/// The material of one journey. The same for the same seed and index.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// A synthetic invoice that was never uploaded.
    pub fresh: &'a Invoice,
    pub token: Token,
    /// An invoice that the platform has, for journeys that read.
    pub known: Option<&'a Known>,
    /// Fresh invoices for a batch.
    pub batch: &'a [Invoice],
    /// A region other than the invoice's own.
    pub other_region: &'a str,
    /// Tax id of an agent who issues on behalf of the seller.
    pub agent_tax_id: &'a str,
    /// Mobile number of a user who has no account yet.
    pub new_mobile: &'a str,
    pub polls: Polls,
}

/// An invoice that the platform accepted before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub number: String,
    pub issue_date: String,
    pub total: String,
    pub keyword: String,
}

/// How patiently something asynchronous is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Polls {
    pub first: Duration,
    pub factor: f64,
    pub longest: Duration,
    /// Looks at most.
    pub times: u32,
}

impl Default for Polls {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), factor: 1.6, longest: Span::seconds(5).0, times: 20 }
    }
}

impl Polls {
    /// The waits before each look.
    pub fn waits(self) -> impl Iterator<Item = Duration> {
        let grow = move |wait: &Duration| Some(wait.mul_f64(self.factor).min(self.longest));
        std::iter::successors(Some(self.first), grow).take(self.times as usize)
    }
}

impl Row<'_> {
    /// The fields of the fresh invoice, with its token.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        let mut fields = self.fresh.fields();
        fields.token = Some(self.token);
        fields
    }
}

impl Known {
    /// The fields by which it is asked for.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::default()
            .with(FieldName::Number, &self.number)
            .with(FieldName::IssueDate, &self.issue_date)
            .with(FieldName::Total, &self.total)
            .with(FieldName::Keyword, &self.keyword);
        fields.known = true;
        fields
    }
}
