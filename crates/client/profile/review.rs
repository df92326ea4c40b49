//! Work that is done later: the states of a review, and how to look for its end.

use chrono::TimeDelta;

/// How far the review of a submitted invoice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    Pending,
    Accepted,
    Rejected,
}

/// Which value of an answer tells the state, and which texts mean what.
#[derive(Debug, Clone)]
pub struct Review {
    pub(super) value: String,
    pub(super) pending: Vec<String>,
    pub(super) accepted: Vec<String>,
    pub(super) rejected: Vec<String>,
    pub(super) poll: Poll,
}

/// How often to look: a geometric schedule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poll {
    pub first: TimeDelta,
    pub factor: f64,
    /// The longest pause between two looks.
    pub longest: TimeDelta,
    /// After this long without an end, the review is late.
    pub give_up: TimeDelta,
}

impl Default for Poll {
    fn default() -> Self {
        Self {
            first: TimeDelta::milliseconds(200),
            factor: 1.5,
            longest: TimeDelta::seconds(10),
            give_up: TimeDelta::minutes(5),
        }
    }
}

impl Poll {
    /// The pause before the look of this number, counted from 0.
    #[must_use]
    pub fn pause(&self, look: u32) -> TimeDelta {
        let grown =
            self.first.num_milliseconds() as f64 * self.factor.powi(i32::try_from(look).unwrap_or(i32::MAX));
        TimeDelta::milliseconds(grown.min(self.longest.num_milliseconds() as f64) as i64)
    }
}

impl Review {
    /// What a state of the platform means. `None`: the profile does not declare it.
    #[must_use]
    pub fn state(&self, text: &str) -> Option<ReviewState> {
        let is = |list: &[String]| list.iter().any(|each| each == text);
        match () {
            () if is(&self.pending) => Some(ReviewState::Pending),
            () if is(&self.accepted) => Some(ReviewState::Accepted),
            () if is(&self.rejected) => Some(ReviewState::Rejected),
            () => None,
        }
    }

    #[must_use]
    pub const fn poll(&self) -> Poll {
        self.poll
    }
}
