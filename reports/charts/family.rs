//! Outcomes in families, from harmless to grave: as many as an eye can tell apart.

use super::style::Ink;
use crate::words::Lang;
use piaotan_record::OutcomeKind;

/// Outcomes that mean the same to a reader at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Ok,
    No,
    Throttled,
    Maintenance,
    Ours,
    Timeout,
    Server,
    Network,
    Wrong,
    Cut,
}

impl Family {
    /// All of them, in the order in which they are stacked.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::No,
        Self::Throttled,
        Self::Maintenance,
        Self::Ours,
        Self::Timeout,
        Self::Server,
        Self::Network,
        Self::Wrong,
        Self::Cut,
    ];

    /// The family of an outcome.
    #[must_use]
    pub const fn of(kind: OutcomeKind) -> Self {
        match kind {
            OutcomeKind::Ok => Self::Ok,
            OutcomeKind::BusinessNo
            | OutcomeKind::NotYetVisible
            | OutcomeKind::Duplicate
            | OutcomeKind::AuthChallenge => Self::No,
            OutcomeKind::Throttled => Self::Throttled,
            OutcomeKind::Maintenance => Self::Maintenance,
            OutcomeKind::ClientError => Self::Ours,
            OutcomeKind::TimedOut => Self::Timeout,
            OutcomeKind::ServerError => Self::Server,
            OutcomeKind::Dns | OutcomeKind::Refused | OutcomeKind::Tls | OutcomeKind::Reset => Self::Network,
            OutcomeKind::Unreadable | OutcomeKind::Mismatched => Self::Wrong,
            OutcomeKind::CutOff => Self::Cut,
        }
    }

    /// Whether a reader would call it a failure.
    #[must_use]
    pub const fn failed(self) -> bool {
        !matches!(self, Self::Ok | Self::No | Self::Cut)
    }

    #[must_use]
    pub const fn ink(self) -> Ink {
        match self {
            Self::Ok => Ink::FamilyOk,
            Self::No => Ink::FamilyNo,
            Self::Throttled => Ink::FamilyThrottled,
            Self::Maintenance => Ink::FamilyMaintenance,
            Self::Ours => Ink::FamilyOurs,
            Self::Timeout => Ink::FamilyTimeout,
            Self::Server => Ink::FamilyServer,
            Self::Network => Ink::FamilyNetwork,
            Self::Wrong => Ink::FamilyWrong,
            Self::Cut => Ink::FamilyCut,
        }
    }

    #[must_use]
    pub const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Ok => lang.of("成功", "ok"),
            Self::No => lang.of("业务否定", "business no"),
            Self::Throttled => lang.of("被限流", "throttled"),
            Self::Maintenance => lang.of("维护应答", "in maintenance"),
            Self::Ours => lang.of("请求有误", "our request"),
            Self::Timeout => lang.of("超时", "timed out"),
            Self::Server => lang.of("服务器错误", "server error"),
            Self::Network => lang.of("网络", "network"),
            Self::Wrong => lang.of("应答有误", "wrong answer"),
            Self::Cut => lang.of("未完成", "cut off"),
        }
    }
}

/// The counts of outcomes, by family in the order of [`Family::ALL`].
#[must_use]
pub fn counts(outcomes: &[u64; OutcomeKind::COUNT]) -> [u64; 10] {
    let mut by_family = [0; 10];
    for kind in OutcomeKind::ALL {
        by_family[Family::of(*kind) as usize] += outcomes[kind.index()];
    }
    by_family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_the_record_is_one_here() {
        for kind in OutcomeKind::ALL {
            assert_eq!(Family::of(*kind).failed(), kind.is_error(), "{kind}");
        }
    }

    #[test]
    fn no_count_is_lost() {
        assert_eq!(counts(&[1; OutcomeKind::COUNT]).iter().sum::<u64>(), OutcomeKind::COUNT as u64);
    }
}
