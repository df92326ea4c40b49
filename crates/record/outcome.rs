//! What came of one request, in a closed set that keeps slow, broken, in maintenance and not yet
//! synchronised apart.

use crate::closed_enum;
use std::time::Duration;

/// What came of one request or journey. It holds no verdict: those are derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    /// The platform answered "no" as it should: not found, mismatch, rejected.
    BusinessNo,
    /// The platform knows of no such invoice *yet*.
    NotYetVisible,
    /// The platform has it already.
    Duplicate,
    /// A person is asked for (SMS code, face).
    AuthChallenge,
    /// Refused for its pace.
    Throttled {
        retry_after: Option<Duration>,
    },
    /// Refused because the platform says that it is being maintained.
    Maintenance {
        retry_after: Option<Duration>,
    },
    /// Our own request was wrong.
    ClientError,
    ServerError,
    Dns,
    Refused,
    Tls,
    Reset,
    TimedOut {
        phase: Phase,
    },
    /// An answer that cannot be classified; it never passes for a success.
    Unreadable,
    /// The record differs from what was uploaded.
    Mismatched {
        field: Field,
    },
    /// Still under way when the run ended; its time is a lower bound.
    CutOff,
}

closed_enum! {
    /// The phase of a request in which it was when its time ran out.
    pub enum Phase { Connect = "connect", Send = "send", Wait = "wait", Receive = "receive" }
}

closed_enum! {
    /// A field of an invoice that the entry check compares.
    pub enum Field {
        Number = "number",
        IssueDate = "issue_date",
        Title = "title",
        Amount = "amount",
        Tax = "tax",
        Total = "total",
        TotalWords = "total_words",
        BuyerTaxId = "buyer_tax_id",
        SellerTaxId = "seller_tax_id",
        File = "file",
        Other = "other",
    }
}

closed_enum! {
    /// An outcome without its details: index of a count and value of a label.
    pub enum OutcomeKind {
        Ok = "ok",
        BusinessNo = "business_no",
        NotYetVisible = "not_yet_visible",
        Duplicate = "duplicate",
        AuthChallenge = "auth_challenge",
        Throttled = "throttled",
        Maintenance = "maintenance",
        ClientError = "client_error",
        ServerError = "server_error",
        Dns = "dns",
        Refused = "refused",
        Tls = "tls",
        Reset = "reset",
        TimedOut = "timed_out",
        Unreadable = "unreadable",
        Mismatched = "mismatched",
        CutOff = "cut_off",
    }
}

closed_enum! {
    /// The unit in which requests are conserved: `sent = ok + business_no + failed + timed_out + cut_off`.
    pub enum Class {
        Ok = "ok",
        BusinessNo = "business_no",
        Failed = "failed",
        TimedOut = "timed_out",
        CutOff = "cut_off",
    }
}

/// Of whom an outcome says something: it counts for the availability of the platform by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The platform: good or bad as the probe found it, and a window may excuse it.
    Platform,
    /// The platform, or the path to it: it says nothing while the own-network probe fails too.
    Path,
    /// Nobody: our own pace or request was at fault, a person was asked for, or the run ended.
    Nothing,
}

impl Outcome {
    #[must_use]
    pub const fn kind(self) -> OutcomeKind {
        match self {
            Self::Ok => OutcomeKind::Ok,
            Self::BusinessNo => OutcomeKind::BusinessNo,
            Self::NotYetVisible => OutcomeKind::NotYetVisible,
            Self::Duplicate => OutcomeKind::Duplicate,
            Self::AuthChallenge => OutcomeKind::AuthChallenge,
            Self::Throttled { .. } => OutcomeKind::Throttled,
            Self::Maintenance { .. } => OutcomeKind::Maintenance,
            Self::ClientError => OutcomeKind::ClientError,
            Self::ServerError => OutcomeKind::ServerError,
            Self::Dns => OutcomeKind::Dns,
            Self::Refused => OutcomeKind::Refused,
            Self::Tls => OutcomeKind::Tls,
            Self::Reset => OutcomeKind::Reset,
            Self::TimedOut { .. } => OutcomeKind::TimedOut,
            Self::Unreadable => OutcomeKind::Unreadable,
            Self::Mismatched { .. } => OutcomeKind::Mismatched,
            Self::CutOff => OutcomeKind::CutOff,
        }
    }

    /// Whether the platform did what it was asked, or said a proper "no".
    #[must_use]
    pub const fn is_answer(self) -> bool {
        matches!(self.kind().class(), Class::Ok | Class::BusinessNo)
    }

    /// Whether a write that ended so left nothing with the platform: it said no, or never heard of it.
    /// After anything else, no answer or a broken one, it may have been taken.
    #[must_use]
    pub const fn left_nothing(self) -> bool {
        match self {
            Self::BusinessNo | Self::NotYetVisible | Self::Duplicate | Self::AuthChallenge => true,
            Self::Throttled { .. } | Self::Maintenance { .. } | Self::ClientError => true,
            Self::Dns | Self::Refused | Self::Tls | Self::TimedOut { phase: Phase::Connect } => true,
            Self::Ok | Self::Mismatched { .. } | Self::ServerError | Self::Unreadable => false,
            Self::Reset | Self::TimedOut { .. } | Self::CutOff => false,
        }
    }
}

impl OutcomeKind {
    /// How many kinds there are.
    pub const COUNT: usize = Self::ALL.len();

    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Ok => Class::Ok,
            Self::BusinessNo | Self::NotYetVisible | Self::Duplicate | Self::AuthChallenge => {
                Class::BusinessNo
            }
            Self::TimedOut => Class::TimedOut,
            Self::CutOff => Class::CutOff,
            _ => Class::Failed,
        }
    }

    /// Of whom it says something. A reset or a time that ran out may be the path's as much as a name that
    /// is not resolved; who answers with a broken certificate was reached.
    #[must_use]
    pub const fn says(self) -> Says {
        match self {
            Self::Dns | Self::Refused | Self::Reset | Self::TimedOut => Says::Path,
            Self::AuthChallenge | Self::Throttled | Self::ClientError | Self::CutOff => Says::Nothing,
            Self::Ok
            | Self::BusinessNo
            | Self::NotYetVisible
            | Self::Duplicate
            | Self::Maintenance
            | Self::ServerError
            | Self::Tls
            | Self::Unreadable
            | Self::Mismatched => Says::Platform,
        }
    }

    /// Whether a gate counts it in the error ratio.
    #[must_use]
    pub const fn is_error(self) -> bool {
        matches!(self.class(), Class::Failed | Class::TimedOut)
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Field, Outcome, OutcomeKind, Phase, Says};

    #[test]
    fn the_table_of_the_design_holds() {
        use OutcomeKind::*;
        let check = |kind: OutcomeKind, class, says, error| {
            assert_eq!((kind.class(), kind.says(), kind.is_error()), (class, says, error), "{kind}");
        };
        check(Ok, Class::Ok, Says::Platform, false);
        check(NotYetVisible, Class::BusinessNo, Says::Platform, false);
        check(AuthChallenge, Class::BusinessNo, Says::Nothing, false);
        check(Throttled, Class::Failed, Says::Nothing, true);
        check(Maintenance, Class::Failed, Says::Platform, true);
        check(ClientError, Class::Failed, Says::Nothing, true);
        check(Dns, Class::Failed, Says::Path, true);
        check(Refused, Class::Failed, Says::Path, true);
        check(Tls, Class::Failed, Says::Platform, true);
        check(Unreadable, Class::Failed, Says::Platform, true);
        check(TimedOut, Class::TimedOut, Says::Path, true);
        check(CutOff, Class::CutOff, Says::Nothing, false);
    }

    #[test]
    fn a_write_left_nothing_where_the_platform_said_no_or_never_heard_of_it() {
        use Outcome::*;
        let nothing = [
            BusinessNo,
            NotYetVisible,
            Duplicate,
            AuthChallenge,
            Throttled { retry_after: None },
            Maintenance { retry_after: None },
            ClientError,
            Dns,
            Refused,
            Tls,
            TimedOut { phase: Phase::Connect },
        ];
        let perhaps = [
            Ok,
            ServerError,
            Reset,
            TimedOut { phase: Phase::Send },
            TimedOut { phase: Phase::Wait },
            TimedOut { phase: Phase::Receive },
            Unreadable,
            Mismatched { field: Field::Other },
            CutOff,
        ];
        nothing.into_iter().for_each(|outcome| assert!(outcome.left_nothing(), "{outcome:?}"));
        perhaps.into_iter().for_each(|outcome| assert!(!outcome.left_nothing(), "{outcome:?}"));
    }
}
