//! Seeded intervals, narrowest over the threshold, merge and placing again.

use super::Options;
use super::cusum::{best_split, critical, edges, inflation};
use crate::stats::median;

/// First points of all new levels. The first round takes the points for independent; the second
/// knows the autocorrelation that the first round's segments leave.
pub(super) fn changes(values: &[f64], options: &Options) -> Vec<usize> {
    let (n, least) = (values.len(), options.least_segment.max(1));
    if n < 2 * least + 2 {
        return Vec::new();
    }
    let splits: Vec<Split> = seeded(n, 2 * least)
        .into_iter()
        .map(|(from, to)| {
            let (z, at) = best_split(&values[from..to], least);
            Split { from, to, at: from + at, z }
        })
        .collect();
    let base = critical(n, options.alpha);
    let mut found = Vec::new();
    let mut threshold = base;
    for _ in 0..2 {
        found = merge(values, narrowest(&splits, threshold), threshold, options);
        threshold = base * inflation(values, &found).sqrt();
    }
    found
}

/// Best split of one interval.
#[derive(Debug, Clone, Copy)]
struct Split {
    from: usize,
    to: usize,
    at: usize,
    z: f64,
}

/// Intervals of all lengths down to `least`, each length a root of two shorter than the last and
/// overlapping by half, so that every change has an interval in which it is alone and central.
fn seeded(n: usize, least: usize) -> Vec<(usize, usize)> {
    let mut intervals = vec![(0, n)];
    let mut length = n as f64 / std::f64::consts::SQRT_2;
    while length >= least as f64 {
        let width = length.ceil() as usize;
        let count = ((2.0 * n as f64 / width as f64).ceil() as usize).saturating_sub(1).max(1);
        let stride = (n - width) as f64 / (count.max(2) - 1) as f64;
        intervals.extend((0..count).map(|i| (i as f64 * stride) as usize).map(|s| (s, s + width)));
        length /= std::f64::consts::SQRT_2;
    }
    intervals.dedup();
    intervals
}

/// Takes significant splits from the narrowest interval up, none from an interval that already holds
/// one.
fn narrowest(splits: &[Split], threshold: f64) -> Vec<usize> {
    let mut over: Vec<&Split> = splits.iter().filter(|s| s.z > threshold).collect();
    over.sort_by(|a, b| (a.to - a.from).cmp(&(b.to - b.from)).then(b.z.total_cmp(&a.z)));
    let mut found: Vec<usize> = Vec::new();
    for split in over {
        if !found.iter().any(|&f| split.from < f && f < split.to) {
            found.push(split.at);
        }
    }
    found.sort_unstable();
    found
}

/// Drops the weakest change while it is not significant between its neighbours, or too small, and
/// places the others again between theirs.
fn merge(values: &[f64], mut found: Vec<usize>, threshold: f64, options: &Options) -> Vec<usize> {
    while !found.is_empty() {
        let edges = edges(&found, values.len());
        let placed: Vec<(f64, usize)> = edges
            .windows(3)
            .map(|w| {
                let (z, at) = best_split(&values[w[0]..w[2]], options.least_segment);
                (z, w[0] + at)
            })
            .collect();
        let weakest = least(placed.iter().map(|p| p.0));
        if placed[weakest].0 <= threshold {
            found.remove(weakest);
            continue;
        }
        if placed.windows(2).all(|p| p[0].1 < p[1].1) {
            found = placed.iter().map(|p| p.1).collect();
        }
        let sizes = sizes(values, &found);
        let smallest = least(sizes.iter().copied());
        if sizes[smallest] >= options.least_change {
            return found;
        }
        found.remove(smallest);
    }
    found
}

/// Relative change of the median at each change point.
fn sizes(values: &[f64], found: &[usize]) -> Vec<f64> {
    let medians: Vec<f64> =
        edges(found, values.len()).windows(2).map(|w| median(&values[w[0]..w[1]])).collect();
    medians
        .windows(2)
        .map(|m| (m[1] - m[0]).abs() / m[0].abs().min(m[1].abs()).max(f64::MIN_POSITIVE))
        .collect()
}

fn least(values: impl Iterator<Item = f64>) -> usize {
    let smallest = values.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
    smallest.map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_lies_well_inside_some_short_interval() {
        let intervals = seeded(100, 6);
        for point in 6..94 {
            let inside =
                |&&(from, to): &&(usize, usize)| from + 3 <= point && point + 3 <= to && to - from <= 14;
            assert!(intervals.iter().find(inside).is_some(), "{point} has none");
        }
    }

    #[test]
    fn intervals_stay_within_the_series() {
        for n in 8..200 {
            assert!(seeded(n, 6).iter().all(|&(from, to)| from < to && to <= n), "{n}");
        }
    }
}
