//! Which arrivals are whose: stripes by index, exact, without a coordinator.

use std::str::FromStr;

/// A share of the arrivals: a segment of a run, and within it a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stripe {
    segment: u64,
    segments: u64,
    worker: u64,
    workers: u64,
}

impl Stripe {
    /// Everything.
    pub const WHOLE: Self = Self { segment: 0, segments: 1, worker: 0, workers: 1 };

    /// The `index`-th segment (from 0) of `of`.
    #[must_use]
    pub fn segment(index: u32, of: u32) -> Self {
        Self { segment: index.into(), segments: of.into(), ..Self::WHOLE }
    }

    /// The part of one worker (from 0) of this segment.
    #[must_use]
    pub fn worker(self, worker: usize, workers: usize) -> Self {
        Self { worker: worker as u64, workers: workers as u64, ..self }
    }

    /// Whether an arrival belongs here.
    #[must_use]
    pub fn holds(self, index: u64) -> bool {
        index % self.segments == self.segment && (index / self.segments) % self.workers == self.worker
    }

    /// The `n`-th arrival (from 0) that belongs here.
    #[must_use]
    pub fn nth(self, n: u64) -> u64 {
        self.worker * self.segments + self.segment + n * self.segments * self.workers
    }

    /// How many of `all` are this segment's, so that the shares of all segments add up.
    #[must_use]
    pub fn share(self, all: u64) -> u64 {
        all / self.segments + u64::from(self.segment < all % self.segments)
    }

    /// The first arrival at or after `index` that belongs here.
    #[must_use]
    pub fn first_from(self, index: u64) -> u64 {
        let cycle = self.segments * self.workers;
        let first = self.worker * self.segments + self.segment;
        let rounds = index.saturating_sub(first).div_ceil(cycle);
        first + rounds * cycle
    }
}

/// `k/n` as people write it: the first of three is `1/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentArg {
    pub index: u32,
    pub of: u32,
}

impl FromStr for SegmentArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a segment; write K/N with 1 <= K <= N, such as 1/3");
        let (k, n) = text.split_once('/').ok_or_else(wrong)?;
        let (k, of) =
            (k.trim().parse::<u32>().map_err(|_| wrong())?, n.trim().parse::<u32>().map_err(|_| wrong())?);
        if k == 0 || k > of { Err(wrong()) } else { Ok(Self { index: k - 1, of }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn segments_are_written_from_one() {
        assert_eq!("2/3".parse(), Ok(SegmentArg { index: 1, of: 3 }));
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(wrong.parse::<SegmentArg>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_index_belongs_to_exactly_one(index in 0u64..100_000, of in 1u32..7, workers in 1usize..5) {
            let owners = (0..of).flat_map(|k| (0..workers).map(move |w| Stripe::segment(k, of).worker(w, workers)));
            prop_assert_eq!(owners.filter(|stripe| stripe.holds(index)).count(), 1);
        }

        #[test]
        fn the_nth_are_those_it_holds(k in 0u32..5, worker in 0usize..3, all in 0u64..500) {
            let stripe = Stripe::segment(k, 5).worker(worker, 3);
            let held: Vec<u64> = (0..all).filter(|index| stripe.holds(*index)).collect();
            let counted: Vec<u64> = (0..held.len() as u64).map(|n| stripe.nth(n)).collect();
            prop_assert_eq!(held, counted);
            prop_assert_eq!((0..5).map(|k| Stripe::segment(k, 5).share(all)).sum::<u64>(), all);
        }

        #[test]
        fn the_first_from_is_the_first(index in 0u64..10_000, k in 0u32..5, workers in 1usize..4) {
            let stripe = Stripe::segment(k, 5).worker(workers - 1, workers);
            let found = stripe.first_from(index);
            prop_assert!(found >= index && stripe.holds(found));
            prop_assert!((index..found).all(|each| !stripe.holds(each)));
        }
    }
}
