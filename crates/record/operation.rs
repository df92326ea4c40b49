//! What can be asked of an invoice platform: the closed set that becomes labels, tags and keys.

use crate::closed_enum;
use crate::window::Service;

closed_enum! {
    /// One request, one look of the tracker, or one whole journey.
    ///
    /// A journey is an operation too: due at its arrival, done with its last step.
    pub enum Operation {
        SmsCode = "sms_code",
        Register = "register",
        Login = "login",
        ResetPassword = "reset_password",
        Upload = "upload",
        Resubmit = "resubmit",
        /// One poll of the review state of a submitted invoice.
        Review = "review",
        QueryNumber = "query_number",
        QueryKeyword = "query_keyword",
        QueryRegion = "query_region",
        Verify = "verify",
        Batch = "batch",
        BatchStatus = "batch_status",
        StatusHistory = "status_history",
        Issue = "issue",
        /// One look at the outbox for the delivery of an issued invoice.
        Push = "push",
        Warnings = "warnings",
        LedgerHead = "ledger_head",
        LedgerProof = "ledger_proof",
        Void = "void",
        RedFlush = "red_flush",
        Notices = "notices",
        Health = "health",
        Page = "page",
        /// The tracker's look for a pending invoice, by number.
        TrackNumber = "track_number",
        TrackKeyword = "track_keyword",
        TrackVerify = "track_verify",
        TrackRegion = "track_region",
        JourneyRegisterLogin = "journey_register_login",
        JourneyUploadReview = "journey_upload_review",
        JourneyRoundtrip = "journey_roundtrip",
        JourneyQueryNumber = "journey_query_number",
        JourneyQueryKeyword = "journey_query_keyword",
        JourneyVerify = "journey_verify",
        JourneyBatch = "journey_batch",
        JourneyStatusHistory = "journey_status_history",
        JourneyIssuePush = "journey_issue_push",
        JourneyCrossRegion = "journey_cross_region",
        JourneyAgentIssued = "journey_agent_issued",
        JourneyEntryCheck = "journey_entry_check",
        /// A single fixed request, for raw throughput.
        JourneyProbe = "journey_probe",
    }
}

impl Operation {
    /// How many operations there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Whether this is a whole journey rather than one request.
    #[must_use]
    pub const fn is_journey(self) -> bool {
        self.index() >= Self::JourneyRegisterLogin.index()
    }

    /// Whether this is a look of the sync tracker, which is no part of any journey.
    #[must_use]
    pub const fn is_tracking(self) -> bool {
        self.index() >= Self::TrackNumber.index() && !self.is_journey()
    }

    /// Requests of users: a journey is no request, and the looks of the tracker are our own.
    #[must_use]
    pub const fn is_of_users(self) -> bool {
        !self.is_journey() && !self.is_tracking()
    }

    /// The operation that goes over the wire: a look of the tracker is an ordinary question.
    #[must_use]
    pub const fn wire(self) -> Self {
        match self {
            Self::TrackNumber => Self::QueryNumber,
            Self::TrackKeyword => Self::QueryKeyword,
            Self::TrackVerify => Self::Verify,
            Self::TrackRegion => Self::QueryRegion,
            other => other,
        }
    }

    /// Whether the platform changes state when it answers: never sent inside a maintenance window.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::SmsCode
                | Self::Register
                | Self::Login
                | Self::ResetPassword
                | Self::Upload
                | Self::Resubmit
                | Self::Batch
                | Self::Issue
                | Self::Void
                | Self::RedFlush
                | Self::JourneyRegisterLogin
                | Self::JourneyUploadReview
                | Self::JourneyRoundtrip
                | Self::JourneyBatch
                | Self::JourneyIssuePush
                | Self::JourneyCrossRegion
                | Self::JourneyAgentIssued
                | Self::JourneyEntryCheck
        )
    }

    /// The service a notice would name for this operation.
    #[must_use]
    pub const fn service(self) -> Service {
        match self {
            Self::SmsCode
            | Self::Register
            | Self::Login
            | Self::ResetPassword
            | Self::JourneyRegisterLogin => Service::Login,
            Self::Verify | Self::TrackVerify | Self::JourneyVerify => Service::Verify,
            Self::Issue | Self::Push | Self::JourneyIssuePush => Service::Issue,
            Self::Notices | Self::Page | Self::Health | Self::JourneyProbe => Service::Notices,
            Self::QueryNumber
            | Self::QueryKeyword
            | Self::QueryRegion
            | Self::Review
            | Self::BatchStatus
            | Self::StatusHistory
            | Self::Warnings
            | Self::LedgerHead
            | Self::LedgerProof
            | Self::TrackNumber
            | Self::TrackKeyword
            | Self::TrackRegion
            | Self::JourneyQueryNumber
            | Self::JourneyQueryKeyword
            | Self::JourneyStatusHistory => Service::Query,
            _ => Service::Upload,
        }
    }
}

closed_enum! {
    /// Where an invoice can become visible, each with its own delay.
    pub enum Surface {
        Number = "number",
        Keyword = "keyword",
        Verify = "verify",
        Region = "region",
    }
}

impl Surface {
    /// The tracker's operation that looks at this surface.
    #[must_use]
    pub const fn operation(self) -> Operation {
        match self {
            Self::Number => Operation::TrackNumber,
            Self::Keyword => Operation::TrackKeyword,
            Self::Verify => Operation::TrackVerify,
            Self::Region => Operation::TrackRegion,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Operation;

    #[test]
    fn names_read_back_as_themselves() {
        for each in Operation::ALL {
            assert_eq!(each.as_str().parse::<Operation>().unwrap(), *each);
            assert_eq!(Operation::ALL[each.index()], *each);
        }
    }

    #[test]
    fn a_misspelt_operation_is_answered_with_the_right_one() {
        let error = "query_nmber".parse::<Operation>().unwrap_err().to_string();
        assert_eq!(error, "unknown name `query_nmber`; did you mean `query_number`?");
    }

    #[test]
    fn journeys_tracking_and_requests_are_disjoint() {
        assert!(Operation::JourneyVerify.is_journey() && !Operation::JourneyVerify.is_tracking());
        assert!(Operation::TrackVerify.is_tracking() && !Operation::TrackVerify.is_journey());
        assert!(!Operation::Page.is_tracking() && !Operation::Page.is_journey());
    }
}
