//! What users do, each written once against a port: the open engine, goose and probes all run these.
//!
//! A journey stops at the first step that did not do what was asked; "not there yet" is an answer.

mod agent_issued;
mod batch;
mod cross_region;
mod entry_check;
mod issue_push;
mod probe;
mod query_keyword;
mod query_number;
mod register_login;
mod roundtrip;
mod row;
mod status_history;
mod upload_review;
mod verify;

pub use row::{Known, Polls, Row};

use piaotan_client::port::{Port, Stop};
use piaotan_record::Operation as Op;

piaotan_record::closed_enum! {
    /// A journey, by the name it has in a scenario.
    pub enum Journey {
        RegisterLogin = "register_login",
        UploadReview = "upload_review",
        /// Upload, review, query, verify.
        Roundtrip = "roundtrip",
        QueryNumber = "query_number",
        QueryKeyword = "query_keyword",
        Verify = "verify",
        Batch = "batch",
        StatusHistory = "status_history",
        IssuePush = "issue_push",
        CrossRegion = "cross_region",
        AgentIssued = "agent_issued",
        EntryCheck = "entry_check",
        /// One plain page: raw throughput.
        Probe = "probe",
    }
}

impl Journey {
    /// The journey of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The journey as an operation.
    #[must_use]
    pub const fn operation(self) -> Op {
        match self {
            Self::RegisterLogin => Op::JourneyRegisterLogin,
            Self::UploadReview => Op::JourneyUploadReview,
            Self::Roundtrip => Op::JourneyRoundtrip,
            Self::QueryNumber => Op::JourneyQueryNumber,
            Self::QueryKeyword => Op::JourneyQueryKeyword,
            Self::Verify => Op::JourneyVerify,
            Self::Batch => Op::JourneyBatch,
            Self::StatusHistory => Op::JourneyStatusHistory,
            Self::IssuePush => Op::JourneyIssuePush,
            Self::CrossRegion => Op::JourneyCrossRegion,
            Self::AgentIssued => Op::JourneyAgentIssued,
            Self::EntryCheck => Op::JourneyEntryCheck,
            Self::Probe => Op::JourneyProbe,
        }
    }

    /// The operations it sends: a profile that lacks one cannot run it.
    #[must_use]
    pub const fn operations(self) -> &'static [Op] {
        match self {
            Self::RegisterLogin => &[Op::SmsCode, Op::Register, Op::Login],
            Self::UploadReview | Self::AgentIssued => &[Op::Upload, Op::Review],
            Self::Roundtrip => &[Op::Upload, Op::Review, Op::QueryNumber, Op::Verify],
            Self::QueryNumber => &[Op::QueryNumber],
            Self::QueryKeyword => &[Op::QueryKeyword],
            Self::Verify => &[Op::Verify],
            Self::Batch => &[Op::Batch, Op::BatchStatus],
            Self::StatusHistory => &[Op::StatusHistory],
            Self::IssuePush => &[Op::Issue, Op::Push],
            Self::CrossRegion => &[Op::Upload, Op::Review, Op::QueryRegion],
            Self::EntryCheck => &[Op::Upload, Op::Review, Op::QueryNumber],
            Self::Probe => &[Op::Health],
        }
    }

    /// Whether it reads invoices that must be there already.
    #[must_use]
    pub const fn needs_known(self) -> bool {
        matches!(self, Self::QueryNumber | Self::QueryKeyword | Self::Verify | Self::StatusHistory)
    }

    /// Whether it changes anything on the platform.
    #[must_use]
    pub const fn writes(self) -> bool {
        self.operation().writes()
    }

    /// Runs it.
    ///
    /// # Errors
    /// Where and why it stopped before its last step.
    pub async fn run<P: Port>(self, io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
        match self {
            Self::RegisterLogin => register_login::run(io, row).await,
            Self::UploadReview => upload_review::run(io, row).await,
            Self::Roundtrip => roundtrip::run(io, row).await,
            Self::QueryNumber => query_number::run(io, row).await,
            Self::QueryKeyword => query_keyword::run(io, row).await,
            Self::Verify => verify::run(io, row).await,
            Self::Batch => batch::run(io, row).await,
            Self::StatusHistory => status_history::run(io, row).await,
            Self::IssuePush => issue_push::run(io, row).await,
            Self::CrossRegion => cross_region::run(io, row).await,
            Self::AgentIssued => agent_issued::run(io, row).await,
            Self::EntryCheck => entry_check::run(io, row).await,
            Self::Probe => probe::run(io, row).await,
        }
    }
}
