//! What a platform's operations look like on the wire, as data.
//!
//! A profile is a TOML file that is compiled when it is loaded: templates are parsed once, the order in
//! which a request's parts are rendered is fixed, places in answers become one tree that is walked once.
//! What can be known to be wrong is refused then, all of it at once ([`Problems`]).
//!
//! Reading order: `scope` and `template` (slots), `exchange` (a request), `sign` and `digest`
//! (signatures), `extract` and `json` (places in an answer), `verdict` (what an answer means),
//! `login` and `review` (what takes more than one request), `throttle` (how often), `show` and `explain`
//! (for people), `load` (from TOML to all of these).
//!
//! Not here: sockets, clocks, the environment. Time, chance and secrets are arguments.

mod body;
mod digest;
mod exchange;
mod explain;
mod extract;
mod json;
mod load;
mod login;
mod made;
mod problem;
mod review;
mod scene;
mod scope;
mod secret;
mod show;
mod sign;
mod source;
mod template;
#[cfg(test)]
mod tests;
mod throttle;
mod verdict;

pub use exchange::Wire;
pub use extract::Answer;
pub use login::{Budget, Grant, LoginPlan};
pub use problem::{Problem, Problems};
pub use review::{Poll, Review, ReviewState};
pub use scene::{Base, Bases, Context, Language, RenderError};
pub use secret::{SecretRef, Secrets};
pub use show::{Read, Shown};
pub use throttle::Limiter;
pub use verdict::Judged;

use crate::invoice::{money, words};
use crate::port::{FieldName, Fields};
use chrono_tz::Tz;
use exchange::Exchange;
use piaotan_record::{CodeBook, Field, Operation, Surface};

/// A platform's interface, compiled.
#[derive(Debug, Clone)]
pub struct Profile {
    name: String,
    zone: Tz,
    base: Option<Bases>,
    regions: Vec<String>,
    scope: scope::Scope,
    secrets: Vec<SecretRef>,
    values: Vec<made::Made>,
    signs: Vec<sign::Sign>,
    exchanges: Vec<Exchange>,
    /// Which exchange an operation is, by [`Operation::index`].
    operations: Vec<Option<usize>>,
    login: Option<LoginPlan>,
    /// The exchanges of the login before its last step.
    prelude: Vec<usize>,
    inbox: Option<usize>,
    codes: verdict::Codes,
    signals: verdict::Signals,
    review: Option<Review>,
    notices: Vec<NoticeSource>,
    throttles: Vec<Throttle>,
    after_timeout: Vec<(Operation, Operation)>,
    verify_per_day: Option<u32>,
}

/// One request of the session, which may be a step of the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Operation(Operation),
    /// A step of the login by its number; the last one is [`Operation::Login`].
    Login(usize),
    /// Reads the SMS code from the platform's test inbox.
    Inbox,
}

/// Where a platform announces its maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeSource {
    pub path: String,
    pub format: NoticeFormat,
}

piaotan_record::closed_enum! {
    /// How a source of notices is written.
    pub enum NoticeFormat { Html = "html", Json = "json", Rss = "rss", Text = "text", Feed = "feed" }
}

/// A limit that the platform states for some operations together; several hold at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttle {
    /// Empty: all of them.
    pub operations: Vec<Operation>,
    pub budget: Budget,
}

impl Profile {
    /// Compiles the text of a profile; `origin` is how messages name it.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines.
    pub fn parse(text: &str, origin: &str) -> Result<Self, Problems> {
        load::load(text, origin)
    }

    /// The names of the profiles that come with the program.
    pub const BUILT_IN: &[&str] = &["reference"];

    /// A profile that comes with the program, by its name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        (name == "reference").then(Self::reference)
    }

    /// The profile of the reference platform.
    #[must_use]
    pub fn reference() -> Self {
        Self::parse(include_str!("profiles/reference.toml"), "reference")
            .expect("the profile is a part of this crate, with a test")
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone of the platform's local times.
    #[must_use]
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// Where the profile says that the platform answers; the target's configuration goes before it.
    #[must_use]
    pub const fn bases(&self) -> Option<&Bases> {
        self.base.as_ref()
    }

    /// The regions whose invoices can be asked for.
    #[must_use]
    pub fn regions(&self) -> &[String] {
        &self.regions
    }

    #[must_use]
    pub const fn codes(&self) -> &CodeBook {
        &self.codes.book
    }

    /// The secrets that it needs: name and where to find it, in the order of [`Secrets::new`].
    pub fn secrets(&self) -> impl Iterator<Item = (&str, &SecretRef)> {
        self.scope.secrets.iter().map(|secret| secret.name.as_str()).zip(&self.secrets)
    }

    /// The name of a secret that is no RSA key and is to sign as one. `None`: all of them can be used.
    #[must_use]
    pub fn unusable(&self, secrets: &Secrets) -> Option<&str> {
        let keys = self.signs.iter().filter(|sign| sign.digest == digest::Digest::RsaSha256);
        let mut keys = keys.filter_map(|sign| sign.key.as_ref()?.secret());
        let wrong =
            keys.find(|at| secrets.get(*at).is_none_or(|key| secrets.rsa(key.as_bytes()).is_none()))?;
        Some(&self.scope.secrets[wrong].name)
    }

    #[must_use]
    pub fn supports(&self, operation: Operation) -> bool {
        self.exchange(operation).is_some()
    }

    /// Which of the operations the profile lacks, as one line. `None`: none.
    #[must_use]
    pub fn missing(&self, operations: &[Operation]) -> Option<String> {
        let missing: Vec<&str> =
            operations.iter().filter(|op| !self.supports(**op)).map(|op| op.as_str()).collect();
        let list = missing.join(", ");
        (!missing.is_empty()).then(|| format!("the profile `{}` does not say how to do {list}", self.name))
    }

    /// Whether an operation needs the token of a session.
    #[must_use]
    pub fn needs_token(&self, operation: Operation) -> bool {
        self.exchange(operation).is_some_and(|exchange| exchange.needs_token)
    }

    /// The surfaces on which an invoice can be looked for.
    pub fn surfaces(&self) -> impl Iterator<Item = Surface> {
        Surface::ALL.iter().copied().filter(|surface| self.supports(surface.operation()))
    }

    /// How a session gets its token. `None`: the platform wants none.
    #[must_use]
    pub const fn login(&self) -> Option<&LoginPlan> {
        self.login.as_ref()
    }

    /// Whether SMS codes can be read from the platform's test inbox ([`Step::Inbox`]).
    #[must_use]
    pub const fn has_inbox(&self) -> bool {
        self.inbox.is_some()
    }

    #[must_use]
    pub fn notices(&self) -> &[NoticeSource] {
        &self.notices
    }

    /// Limits that hold at once; a pacer honours them all.
    #[must_use]
    pub fn throttles(&self) -> &[Throttle] {
        &self.throttles
    }

    /// What to ask before a call whose answer did not come is sent again. `None`: it may be repeated.
    #[must_use]
    pub fn ask_before_resending(&self, operation: Operation) -> Option<Operation> {
        self.after_timeout.iter().find(|(sent, _)| *sent == operation).map(|(_, ask)| *ask)
    }

    /// How often one invoice may be verified in a day; `None`: as often as one likes.
    #[must_use]
    pub const fn verify_per_day(&self) -> Option<u32> {
        self.verify_per_day
    }

    #[must_use]
    pub const fn review(&self) -> Option<&Review> {
        self.review.as_ref()
    }

    /// Renders the request of an operation. Costs microseconds: nothing is parsed here.
    ///
    /// # Errors
    /// When the profile lacks the operation, or the call a value that it needs.
    pub fn render(
        &self,
        operation: Operation,
        fields: &Fields<'_>,
        context: &Context<'_>,
    ) -> Result<Wire, RenderError> {
        self.render_step(Step::Operation(operation), fields, context)
    }

    /// Renders a request that may be a step of the login.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn render_step(
        &self,
        step: Step,
        fields: &Fields<'_>,
        context: &Context<'_>,
    ) -> Result<Wire, RenderError> {
        let exchange = self.step(step).ok_or_else(|| self.unsupported(step))?;
        exchange.render(self, fields, context)
    }

    /// Says what an answer means; it is never `Ok` when it cannot be classified.
    #[must_use]
    pub fn judge(&self, operation: Operation, fields: &Fields<'_>, answer: &Answer<'_>) -> Judged {
        self.judge_step(Step::Operation(operation), fields, answer)
    }

    /// Says what the answer to a step means.
    #[must_use]
    pub fn judge_step(&self, step: Step, fields: &Fields<'_>, answer: &Answer<'_>) -> Judged {
        let nothing = verdict::Reading::default();
        let reading = self.step(step).map_or(&nothing, |exchange| &exchange.reading);
        verdict::judge(self, reading, fields, answer)
    }

    /// Shows the request that a step would send, with secrets masked, and what was signed.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn show(&self, step: Step, fields: &Fields<'_>, context: &Context<'_>) -> Result<Shown, RenderError> {
        let exchange = self.step(step).ok_or_else(|| self.unsupported(step))?;
        show::show(self, exchange, fields, context)
    }

    /// Shows an answer with secrets masked, what was extracted, the verdict and the reasons for it.
    ///
    /// # Errors
    /// When the profile lacks the operation.
    pub fn explain(
        &self,
        step: Step,
        fields: &Fields<'_>,
        context: &Context<'_>,
        answer: &Answer<'_>,
    ) -> Result<Read, RenderError> {
        let exchange = self.step(step).ok_or_else(|| self.unsupported(step))?;
        Ok(show::read(self, exchange, fields, context, answer))
    }

    /// The first field of the record that differs from what the fields say: money and words by value.
    #[must_use]
    pub fn compare(&self, operation: Operation, fields: &Fields<'_>, judged: &Judged) -> Option<Field> {
        let record = &self.exchange(operation)?.reading.record;
        let differs = |name: &&FieldName| match (fields.get(**name), judged.values.get(name.as_str())) {
            (Some(ours), Some(theirs)) => !same(**name, ours, theirs),
            _ => false,
        };
        record.iter().find(differs).map(|name| compared(*name))
    }

    /// How far the review has come, in an answer that tells it.
    #[must_use]
    pub fn review_state(&self, judged: &Judged) -> Option<ReviewState> {
        let review = self.review.as_ref()?;
        review.state(judged.values.get(&review.value)?)
    }

    fn exchange(&self, operation: Operation) -> Option<&Exchange> {
        self.exchanges.get((*self.operations.get(operation.index())?)?)
    }

    fn step(&self, step: Step) -> Option<&Exchange> {
        match step {
            Step::Operation(operation) => self.exchange(operation),
            Step::Login(at) if at >= self.prelude.len() => self.exchange(Operation::Login),
            Step::Login(at) => self.exchanges.get(self.prelude[at]),
            Step::Inbox => self.exchanges.get(self.inbox?),
        }
    }

    fn unsupported(&self, step: Step) -> RenderError {
        let step = match step {
            Step::Operation(operation) => operation.as_str().to_owned(),
            Step::Login(at) => format!("login step {at}"),
            Step::Inbox => "inbox".to_owned(),
        };
        RenderError::Unsupported { profile: self.name.clone(), step }
    }
}

/// Whether two texts of a field say the same.
fn same(name: FieldName, ours: &str, theirs: &str) -> bool {
    let by_value = |read: fn(&str) -> Option<i64>| match (read(ours), read(theirs)) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => ours.trim() == theirs.trim(),
    };
    match name {
        FieldName::Amount | FieldName::Tax | FieldName::Total => by_value(money::parse),
        FieldName::TotalWords => by_value(words::parse),
        FieldName::IssueDate => day(ours) == day(theirs),
        _ => ours.trim() == theirs.trim(),
    }
}

/// The digits of a date: `2026-11-24`, `20261124` and `2026年11月24日` are one day.
fn day(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).take(8).collect()
}

/// The field of the entry check that a value belongs to.
fn compared(name: FieldName) -> Field {
    match name {
        FieldName::Number => Field::Number,
        FieldName::IssueDate => Field::IssueDate,
        FieldName::Title => Field::Title,
        FieldName::Amount => Field::Amount,
        FieldName::Tax => Field::Tax,
        FieldName::Total => Field::Total,
        FieldName::TotalWords => Field::TotalWords,
        FieldName::BuyerTaxId => Field::BuyerTaxId,
        FieldName::SellerTaxId => Field::SellerTaxId,
        _ => Field::Other,
    }
}
