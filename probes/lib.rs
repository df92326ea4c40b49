//! Watch: one file a probe, named after what it looks at.
//!
//! A probe asks the platform something, as a user would, and says what it found: healthy, degraded,
//! unhealthy, skipped (and why) or pending. It holds no verdict about maintenance: what it saw is kept
//! raw, and joined with the calendar by whoever judges, so that a window corrected later corrects the past.
//!
//! Not here: load ([`piaotan_client`] is shared with the scenarios), verdicts over many runs, drawing.
//!
//! Reading order: [`ProbeKind`] and [`run_once`]; any probe's file; then [`live`], the machinery: the
//! port through which probes ask, schedule, watch loop, trace, notifications, the check after a window.

pub mod live;

mod api_health;
mod batch_resubmit;
mod browser;
mod cross_region;
mod dns;
mod entry_check;
mod invoice_roundtrip;
mod ledger_integrity;
mod login;
mod notices_reachable;
mod own_network;
mod page;
mod push_delivery;
mod query_keyword;
mod query_number;
mod sync_delay;
mod tls;
mod upload_review;
mod verify;

pub use live::config::{Canary, ProbesSection};
pub use live::result::{Found, ProbeResult};
pub use live::setting::Setting;
pub use piaotan_store::Health;

use live::port::ProbePort;
use piaotan_record::{Operation, Outcome, Phase, Service};

piaotan_record::closed_enum! {
    /// What can be watched, by the name it has in configuration, labels and reports.
    pub enum ProbeKind {
        OwnNetwork = "own_network",
        Dns = "dns",
        Tls = "tls",
        Page = "page",
        ApiHealth = "api_health",
        Login = "login",
        UploadReview = "upload_review",
        QueryNumber = "query_number",
        QueryKeyword = "query_keyword",
        Verify = "verify",
        InvoiceRoundtrip = "invoice_roundtrip",
        SyncDelay = "sync_delay",
        CrossRegion = "cross_region",
        BatchResubmit = "batch_resubmit",
        EntryCheck = "entry_check",
        LedgerIntegrity = "ledger_integrity",
        NoticesReachable = "notices_reachable",
        PushDelivery = "push_delivery",
        Browser = "browser",
    }
}

impl ProbeKind {
    /// What a profile must be able to do for it; a probe whose profile cannot is skipped and says so.
    #[must_use]
    pub const fn operations(self) -> &'static [Operation] {
        use Operation as Op;
        match self {
            Self::OwnNetwork | Self::Dns | Self::Tls | Self::Browser => &[],
            Self::Page => &[Op::Page],
            Self::ApiHealth => &[Op::Health],
            Self::Login => &[Op::Login],
            Self::UploadReview => &[Op::Upload, Op::Review],
            Self::QueryNumber => &[Op::QueryNumber],
            Self::QueryKeyword => &[Op::QueryKeyword],
            Self::Verify => &[Op::Verify],
            Self::InvoiceRoundtrip => &[Op::Upload, Op::Review, Op::QueryNumber],
            Self::SyncDelay => &[Op::QueryNumber],
            Self::CrossRegion => &[Op::QueryRegion],
            Self::BatchResubmit => &[Op::Batch],
            Self::EntryCheck => &[Op::QueryNumber],
            Self::LedgerIntegrity => &[Op::LedgerHead],
            Self::NoticesReachable => &[Op::Notices],
            Self::PushDelivery => &[Op::Issue, Op::Push],
        }
    }

    /// Whether it makes synthetic invoices.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::UploadReview | Self::InvoiceRoundtrip | Self::BatchResubmit | Self::PushDelivery)
    }

    /// The service that a window must cover to hold it back.
    #[must_use]
    pub const fn service(self) -> Service {
        match self {
            Self::OwnNetwork | Self::Dns | Self::Tls | Self::Browser => Service::Notices,
            Self::Login => Service::Login,
            Self::Verify => Service::Verify,
            Self::PushDelivery => Service::Issue,
            Self::Page | Self::ApiHealth | Self::NoticesReachable => Service::Notices,
            Self::UploadReview | Self::InvoiceRoundtrip | Self::BatchResubmit => Service::Upload,
            _ => Service::Query,
        }
    }

    /// Whether it waits for something that takes its time (a review, a delivery): its length is then not
    /// the platform's speed in answering.
    #[must_use]
    pub const fn waits(self) -> bool {
        self.writes() || matches!(self, Self::SyncDelay | Self::Browser)
    }

    /// Whether it looks at the platform at all: what it finds counts for availability.
    #[must_use]
    pub const fn is_of_platform(self) -> bool {
        !matches!(self, Self::OwnNetwork)
    }
}

/// Runs the probes one after another, own network first so that the others can be read in its light.
///
/// Never an error: what could not be asked is a result that says so.
pub async fn run_once(kinds: &[ProbeKind], setting: &Setting) -> Vec<ProbeResult> {
    let mut results = Vec::with_capacity(kinds.len());
    for kind in kinds {
        results.push(run_one(*kind, setting).await);
    }
    results
}

/// Runs one probe, due now.
pub async fn run_one(kind: ProbeKind, setting: &Setting) -> ProbeResult {
    run_due(kind, setting, setting.client.clock().now()).await
}

/// Runs one probe that was due at a moment of the client's clock.
pub async fn run_due(kind: ProbeKind, setting: &Setting, due: piaotan_record::Nanos) -> ProbeResult {
    let mut port = ProbePort::new(setting);
    let found = match setting.why_not(kind) {
        Some(reason) => Found::skipped(reason),
        None => bounded(kind, &mut port, setting).await,
    };
    port.result(kind, due, found)
}

/// A request has the same patience as its probe, and tells more when that is up: it is let speak first.
const AFTER: std::time::Duration = std::time::Duration::from_millis(500);

/// A probe that hangs is a finding, and must not hold up the others.
async fn bounded(kind: ProbeKind, io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let patience = setting.section.timeout;
    let asked = tokio::time::timeout(patience.0 + AFTER, ask(kind, io, setting)).await;
    asked.unwrap_or_else(|_| {
        let text = say!(setting.language, "{patience} 内没有结果", "no result within {patience}");
        Found::new(Health::Unhealthy, Some(Outcome::TimedOut { phase: Phase::Wait }), text)
    })
}

async fn ask(kind: ProbeKind, io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    match kind {
        ProbeKind::OwnNetwork => own_network::run(setting).await,
        ProbeKind::Dns => dns::run(io, setting).await,
        ProbeKind::Tls => tls::run(io, setting).await,
        ProbeKind::Page => page::run(io, setting).await,
        ProbeKind::ApiHealth => api_health::run(io, setting).await,
        ProbeKind::Login => login::run(io, setting).await,
        ProbeKind::UploadReview => upload_review::run(io, setting).await,
        ProbeKind::QueryNumber => query_number::run(io, setting).await,
        ProbeKind::QueryKeyword => query_keyword::run(io, setting).await,
        ProbeKind::Verify => verify::run(io, setting).await,
        ProbeKind::InvoiceRoundtrip => invoice_roundtrip::run(io, setting).await,
        ProbeKind::SyncDelay => sync_delay::run(io, setting).await,
        ProbeKind::CrossRegion => cross_region::run(io, setting).await,
        ProbeKind::BatchResubmit => batch_resubmit::run(io, setting).await,
        ProbeKind::EntryCheck => entry_check::run(io, setting).await,
        ProbeKind::LedgerIntegrity => ledger_integrity::run(io, setting).await,
        ProbeKind::NoticesReachable => notices_reachable::run(io, setting).await,
        ProbeKind::PushDelivery => push_delivery::run(io, setting).await,
        ProbeKind::Browser => browser::run(setting).await,
    }
}
