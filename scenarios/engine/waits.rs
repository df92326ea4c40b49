//! How long each invoice of a block waits for its review, and then to become visible.
//!
//! Only a session keeps these: a run of any length must not grow with its invoices.

use piaotan_analysis::capacity::Wait;
use piaotan_record::{Nanos, Token};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A pipeline behind the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipeline {
    Review,
    Sync,
}

/// When each invoice of a pipeline entered it, and when it left.
type Kept = HashMap<u64, (Nanos, Option<Nanos>)>;

/// The waits of the block under way; nothing is kept before the first.
#[derive(Debug, Default)]
pub struct Waits(Mutex<Option<[Kept; 2]>>);

impl Waits {
    /// Forgets what was and begins to keep: a block starts.
    pub fn renew(&self) {
        *self.lock() = Some(<[Kept; 2]>::default());
    }

    /// An invoice entered a pipeline.
    pub fn entered(&self, pipeline: Pipeline, token: Token, at: Nanos) {
        if let Some(kept) = self.lock().as_mut() {
            kept[pipeline as usize].entry(token.0).or_insert((at, None));
        }
    }

    /// It left it, if it entered in this block.
    pub fn left(&self, pipeline: Pipeline, token: Token, at: Nanos) {
        if let Some(kept) = self.lock().as_mut()
            && let Some((_, left)) = kept[pipeline as usize].get_mut(&token.0)
        {
            left.get_or_insert(at);
        }
    }

    /// How many of a pipeline have not left it.
    #[must_use]
    pub fn waiting(&self, pipeline: Pipeline) -> usize {
        let kept = self.lock();
        kept.as_ref().map_or(0, |kept| kept[pipeline as usize].values().filter(|w| w.1.is_none()).count())
    }

    /// All waits as of now, in seconds since `begin`.
    #[must_use]
    pub fn all(&self, pipeline: Pipeline, begin: Nanos, now: Nanos) -> Vec<Wait> {
        let kept = self.lock();
        let each = kept.as_ref().into_iter().flat_map(|kept| kept[pipeline as usize].values());
        let wait = |&(from, left): &(Nanos, Option<Nanos>)| Wait {
            began: from.as_seconds() - begin.as_seconds(),
            waited: left.unwrap_or(now).since(from) as f64 / 1e9,
            left: left.is_some(),
        };
        each.map(wait).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Option<[Kept; 2]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_kept_from_the_first_block_on() {
        let (waits, second) = (Waits::default(), |n: u64| Nanos(n * Nanos::SECOND));
        waits.entered(Pipeline::Review, Token(1), second(1));
        assert_eq!(waits.waiting(Pipeline::Review), 0);
        waits.renew();
        waits.entered(Pipeline::Review, Token(1), second(12));
        waits.entered(Pipeline::Review, Token(2), second(13));
        waits.left(Pipeline::Review, Token(1), second(15));
        waits.left(Pipeline::Sync, Token(2), second(15));
        let mut all = waits.all(Pipeline::Review, second(10), second(20));
        all.sort_by(|a, b| a.began.total_cmp(&b.began));
        assert_eq!(all[0], Wait { began: 2.0, waited: 3.0, left: true });
        assert_eq!(all[1], Wait { began: 3.0, waited: 7.0, left: false });
        assert_eq!(waits.waiting(Pipeline::Review), 1);
    }
}
