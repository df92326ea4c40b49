//! One invoice on one surface: every poll folded into a few numbers, because only the last look before
//! it was seen and the first look that saw it bear on its delay.

use chrono::{DateTime, Utc};
use piaotan_record::{Look, Surface, closed_enum};

closed_enum! {
    /// How far an invoice has come on a surface.
    pub enum SightState {
        Pending = "pending",
        Seen = "seen",
        /// Given up after the longest wait; a later look may still find it.
        Lost = "lost",
        /// Voided or rejected before it was seen: nothing is to be expected any more.
        Withdrawn = "withdrawn",
    }
}

/// What all looks for one invoice on one surface came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    pub surface: Surface,
    /// The region asked; empty for the platform's own.
    pub region: String,
    pub state: SightState,
    /// The last look that said "not yet" before the first that saw it.
    pub last_not_seen: Option<DateTime<Utc>>,
    pub first_seen: Option<DateTime<Utc>>,
    /// The last look of any result: from when the next poll is reckoned.
    pub last_asked: Option<DateTime<Utc>>,
    pub looks: u32,
    /// Looks whose question failed.
    pub unknowns: u32,
    /// Looks that found it, but not as uploaded.
    pub mismatches: u32,
    /// Looks that said "not there" after one had seen it.
    pub regressions: u32,
}

impl Sight {
    /// Nobody has looked yet.
    #[must_use]
    pub fn new(surface: Surface, region: impl Into<String>) -> Self {
        Self {
            surface,
            region: region.into(),
            state: SightState::Pending,
            last_not_seen: None,
            first_seen: None,
            last_asked: None,
            looks: 0,
            unknowns: 0,
            mismatches: 0,
            regressions: 0,
        }
    }

    /// Folds one look in. Looks may come out of order: only their own times count.
    pub fn add(&mut self, look: Look, asked: DateTime<Utc>) {
        self.looks += 1;
        self.last_asked = self.last_asked.max(Some(asked));
        match look {
            Look::Unknown => self.unknowns += 1,
            Look::NotYet => self.add_not_yet(asked),
            Look::Seen => self.add_seen(asked),
            Look::Mismatched => {
                self.mismatches += 1;
                self.add_seen(asked);
            }
        }
    }

    fn add_not_yet(&mut self, asked: DateTime<Utc>) {
        if self.first_seen.is_some_and(|seen| seen <= asked) {
            self.regressions += 1;
        } else {
            self.last_not_seen = self.last_not_seen.max(Some(asked));
        }
    }

    fn add_seen(&mut self, asked: DateTime<Utc>) {
        self.state = SightState::Seen;
        if self.first_seen.is_none_or(|seen| asked < seen) {
            self.first_seen = Some(asked);
        }
        if self.last_not_seen > self.first_seen {
            // A replica that was behind said "no" after another had said "yes".
            self.last_not_seen = None;
            self.regressions += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sight, SightState};
    use chrono::{DateTime, Utc};
    use piaotan_record::{Look, Surface};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap_or_default()
    }

    fn check(
        looks: &[(Look, i64)],
        state: SightState,
        interval: (Option<i64>, Option<i64>),
        regressions: u32,
    ) {
        let mut sight = Sight::new(Surface::Number, "");
        looks.iter().for_each(|&(look, second)| sight.add(look, at(second)));
        let expected = (state, interval.0.map(at), interval.1.map(at), regressions);
        assert_eq!(
            (sight.state, sight.last_not_seen, sight.first_seen, sight.regressions),
            expected,
            "{looks:?}"
        );
        assert_eq!(sight.looks as usize, looks.len());
    }

    #[test]
    fn looks_fold_into_the_interval_in_which_it_became_visible() {
        use Look::{Mismatched, NotYet, Seen, Unknown};
        check(&[], SightState::Pending, (None, None), 0);
        check(&[(NotYet, 1), (NotYet, 3), (Seen, 7)], SightState::Seen, (Some(3), Some(7)), 0);
        check(&[(NotYet, 1), (Unknown, 3)], SightState::Pending, (Some(1), None), 0);
        check(&[(Unknown, 1), (Mismatched, 3)], SightState::Seen, (None, Some(3)), 0);
        check(&[(Seen, 7), (NotYet, 3)], SightState::Seen, (Some(3), Some(7)), 0);
        check(&[(Seen, 7), (NotYet, 9), (Seen, 11)], SightState::Seen, (None, Some(7)), 1);
    }
}
