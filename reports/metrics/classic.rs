//! Classic histograms: cumulative buckets with fixed edges, as the text format has them.

use hdrhistogram::Histogram;

/// Edges of latency buckets, in seconds.
pub const LATENCY_EDGES: &[f64] =
    &[0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Edges of sync delay buckets, in seconds: one second to two days.
pub const SYNC_EDGES: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
    28_800.0, 43_200.0, 64_800.0, 86_400.0, 129_600.0, 172_800.0,
];

/// Edges of buckets for how late the generator was, in seconds.
pub const LATENESS_EDGES: &[f64] = &[0.000_1, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0];

/// Counts by bucket, the last one for what lies beyond the greatest edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Classic {
    edges: &'static [f64],
    counts: Vec<u64>,
    sum: f64,
}

impl Classic {
    /// An empty histogram with the edges given.
    #[must_use]
    pub fn new(edges: &'static [f64]) -> Self {
        Self { edges, counts: vec![0; edges.len() + 1], sum: 0.0 }
    }

    /// Counts one value, in seconds. What is not a number is not counted.
    pub fn observe(&mut self, seconds: f64) {
        self.add(seconds, 1);
    }

    /// Adds a histogram of nanoseconds. Its buckets are at most 0.1 % wide, so a value that close
    /// above an edge may be counted below it.
    pub fn add_nanos(&mut self, nanos: &Histogram<u64>) {
        for bucket in nanos.iter_recorded() {
            let middle = nanos.median_equivalent(bucket.value_iterated_to());
            self.add(middle as f64 / 1e9, bucket.count_at_value());
        }
    }

    /// The histogram of a whole HDR histogram of nanoseconds.
    #[must_use]
    pub fn of_nanos(edges: &'static [f64], nanos: &Histogram<u64>) -> Self {
        let mut classic = Self::new(edges);
        classic.add_nanos(nanos);
        classic
    }

    /// Adds another histogram of the same edges.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.edges, other.edges, "only like is added to like");
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.sum += other.sum;
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The sum of all values, in seconds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Every edge with how many values lie at or below it.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.edges.iter().zip(&self.counts).scan(0, |below, (edge, count)| {
            *below += count;
            Some((*edge, *below))
        })
    }

    fn add(&mut self, seconds: f64, count: u64) {
        if seconds.is_nan() {
            return;
        }
        let at = self.edges.partition_point(|edge| *edge < seconds);
        self.counts[at] += count;
        self.sum += seconds * count as f64;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use piaotan_record::tally::latency_histogram;

    #[test]
    fn a_value_on_an_edge_lies_below_it_and_nothing_is_lost_beyond() {
        let mut classic = Classic::new(SYNC_EDGES);
        [1.0, 1.1, 200_000.0, f64::NAN].into_iter().for_each(|v| classic.observe(v));
        let found: Vec<u64> = classic.cumulative().map(|(_, n)| n).collect();
        assert_eq!((found[0], found[1], found[found.len() - 1], classic.count()), (1, 2, 2, 3));
        assert_eq!(classic.sum(), 200_002.1);
    }

    #[test]
    fn nanoseconds_become_seconds() {
        let mut nanos = latency_histogram();
        nanos.record_n(30_000_000, 4).unwrap();
        nanos.record(90_000_000_000).unwrap();
        let classic = Classic::of_nanos(LATENCY_EDGES, &nanos);
        let at = |edge: f64| classic.cumulative().find(|(e, _)| *e == edge).unwrap().1;
        assert_eq!((at(0.025), at(0.05), at(60.0), classic.count()), (0, 4, 4, 5));
        assert!((classic.sum() - 90.12).abs() < 0.1);
    }
}
