//! When to look again for an invoice that is not visible yet: a geometric schedule. Pure.
//!
//! The relative error of a delay is bounded by the factor, whatever the delay is. The first look comes
//! at a phase of its own for each invoice, so that looks neither bunch nor resonate with batches.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::Token;

/// A geometric schedule of looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Polls {
    /// Age at which an invoice is first looked for.
    pub first: TimeDelta,
    /// Age at each look over age at the one before.
    pub factor: f64,
    /// The longest time between two looks.
    pub longest: TimeDelta,
}

impl Default for Polls {
    fn default() -> Self {
        Self { first: TimeDelta::seconds(2), factor: 1.15, longest: TimeDelta::minutes(15) }
    }
}

impl Polls {
    /// When an invoice is to be looked for next, from when its delay began and when it was last looked for.
    ///
    /// Nothing but the ledger is needed, so a restart changes nothing.
    #[must_use]
    pub fn next(
        &self,
        token: Token,
        began: DateTime<Utc>,
        last_asked: Option<DateTime<Utc>>,
    ) -> DateTime<Utc> {
        let first = seconds(self.first) * (1.0 + (self.factor - 1.0) * share(token));
        let Some(asked) = last_asked.filter(|asked| *asked > began) else { return later(began, first) };
        let age = seconds(asked - began);
        let next = (age * self.factor).max(first).min(age + seconds(self.longest));
        // A look that came early must not be followed by another at once.
        later(began, next.max(age + seconds(self.first) * 0.1))
    }
}

/// A number from 0 to 1 that belongs to the token (the finaliser of SplitMix64).
fn share(token: Token) -> f64 {
    let mut x = token.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn seconds(length: TimeDelta) -> f64 {
    length.as_seconds_f64()
}

fn later(began: DateTime<Utc>, seconds: f64) -> DateTime<Utc> {
    began + TimeDelta::microseconds((seconds * 1e6) as i64)
}

#[cfg(test)]
mod tests {
    use super::{Polls, share};
    use chrono::{DateTime, TimeDelta, Utc};
    use piaotan_record::Token;

    fn ages(polls: Polls, token: u64, until: f64) -> Vec<f64> {
        let began = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        let mut last = None;
        let looks = std::iter::from_fn(|| {
            last = Some(polls.next(Token(token), began, last));
            last.map(|at| (at - began).as_seconds_f64())
        });
        looks.take_while(|age| *age < until).collect()
    }

    #[test]
    fn a_day_takes_some_hundred_looks_and_never_two_at_once() {
        let looks = ages(Polls::default(), 1, 86_400.0);
        assert!((100..200).contains(&looks.len()), "{}", looks.len());
        let gaps: Vec<f64> = looks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| *gap > 0.2 && *gap <= 900.001));
        assert!(looks.windows(2).take(40).all(|pair| pair[1] / pair[0] < 1.151));
    }

    #[test]
    fn every_invoice_begins_at_a_phase_of_its_own() {
        let firsts: Vec<f64> = (0..1000).map(|token| ages(Polls::default(), token, 10.0)[0]).collect();
        assert!(firsts.iter().all(|first| (2.0..=2.3).contains(first)));
        let mean = (0..1000).map(|token| share(Token(token))).sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
    }
}
