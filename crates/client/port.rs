//! What a journey sees of a platform: ask, get a classified answer, think.

use bytes::Bytes;
use piaotan_record::{Code, Operation, Outcome, Token};
use std::time::Duration;

/// How a journey reaches the platform. Load engines and probes each have their own.
///
/// No `dyn`, no boxes and no `Send` bound: `Send` is inferred where goose boxes a journey once, while
/// the open engine's worker-local port may hold an `Rc`.
#[allow(
    async_fn_in_trait,
    reason = "Send is inferred where it is needed; the open engine's port is not Send"
)]
pub trait Port {
    /// Sends one request and classifies what came back. A failure of the platform is a `Reply`.
    async fn call(&mut self, operation: Operation, fields: &Fields<'_>) -> Reply;

    /// Waits as a user would. The wait belongs to the user, not to any response time.
    async fn think(&mut self, time: Duration);
}

/// What came of one call.
#[derive(Debug, Clone)]
pub struct Reply {
    pub outcome: Outcome,
    pub code: Option<Code>,
    /// What the profile extracts from the answer, by name.
    pub values: Values,
    pub status: Option<u16>,
    pub body: Bytes,
    /// The port refused to send: a window forbids it, or the run is over.
    pub held: bool,
}

impl Reply {
    /// A call that was not made.
    #[must_use]
    pub fn held() -> Self {
        Self {
            outcome: Outcome::Maintenance { retry_after: None },
            code: None,
            values: Values::default(),
            status: None,
            body: Bytes::new(),
            held: true,
        }
    }

    /// # Errors
    /// Where the journey stops: the platform did not do what this step asked.
    pub fn or_stop(self, step: Operation) -> Result<Self, Stop> {
        if self.outcome == Outcome::Ok && !self.held {
            Ok(self)
        } else {
            Err(Stop { step, outcome: self.outcome })
        }
    }
}

/// Where and why a journey ended before its last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    pub step: Operation,
    pub outcome: Outcome,
}

/// Values extracted from an answer: few, so a list is faster than a map.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values(Vec<(Box<str>, String)>);

impl Values {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| &**known == name).map(|(_, value)| value.as_str())
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| &**known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.into(), value)),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_str()))
    }
}

piaotan_record::closed_enum! {
    /// What a template may refer to. `token`, time, nonce and signature come from the session, not from here.
    pub enum FieldName {
        Number = "number",
        IssueDate = "issue_date",
        Amount = "amount",
        Tax = "tax",
        Total = "total",
        TotalWords = "total_words",
        Title = "title",
        BuyerTaxId = "buyer_tax_id",
        SellerName = "seller_name",
        SellerTaxId = "seller_tax_id",
        IssuerTaxId = "issuer_tax_id",
        Region = "region",
        Kind = "kind",
        Keyword = "keyword",
        From = "from",
        To = "to",
        Page = "page",
        Size = "size",
        Mobile = "mobile",
        Name = "name",
        Password = "password",
        SmsCode = "sms_code",
        BatchKey = "batch_key",
        /// An identifier that an earlier answer gave (submission id, reference).
        Id = "id",
        Email = "email",
        ItemName = "item_name",
        Rate = "rate",
        /// Number of the first pending thing: `after` of a listing.
        After = "after",
    }
}

/// What one call says: values by name, a file, items of a batch.
#[derive(Clone)]
pub struct Fields<'a> {
    values: [Option<&'a str>; FieldName::ALL.len()],
    pub file: Option<&'a File>,
    /// Items of a batch, each with fields of its own.
    pub items: &'a [Fields<'a>],
    /// We know that the platform accepted this invoice: "no such invoice" then means *not yet visible*.
    pub known: bool,
    /// The synthetic invoice that this call is about, where it is about one.
    pub token: Option<Token>,
    /// We sent this before: "duplicate" is then a good answer.
    pub resend: bool,
    /// Compare every field of the record that comes back with these values.
    pub compare: bool,
}

impl std::fmt::Debug for Values {
    /// Names only: a value may be a token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl std::fmt::Debug for Fields<'_> {
    /// Names only: a value may be a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = FieldName::ALL.iter().filter(|name| self.get(**name).is_some());
        f.debug_list().entries(named.map(|name| name.as_str())).finish()
    }
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self {
            values: [None; FieldName::ALL.len()],
            file: None,
            items: &[],
            known: false,
            token: None,
            resend: false,
            compare: false,
        }
    }
}

impl<'a> Fields<'a> {
    #[must_use]
    pub fn get(&self, name: FieldName) -> Option<&'a str> {
        self.values[name.index()]
    }

    pub fn set(&mut self, name: FieldName, value: &'a str) -> &mut Self {
        self.values[name.index()] = Some(value);
        self
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, name: FieldName, value: &'a str) -> Self {
        self.set(name, value);
        self
    }
}

/// A file to upload. Its bytes are shared, not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Bytes,
}
