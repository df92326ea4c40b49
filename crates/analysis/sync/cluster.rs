//! Which invoices share a fate. A platform that synchronises in batches delays a whole batch at once:
//! then the batch, not the invoice, is the unit of replication.
//!
//! Where batches are not known they are recognised as bursts of visible times; where there are no
//! bursts, neighbours in upload order are kept together, so that a slow minute counts once.

use super::delay::Delay;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// What made the clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The batches named in the data.
    Batch,
    /// Bursts of visible times.
    Burst,
    /// Runs of neighbours in upload order.
    UploadBlock,
}

/// A partition of delays, numbered in the order of their first upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// For each delay, in the order given, its cluster.
    pub of: Vec<u32>,
    pub count: usize,
    pub basis: Basis,
}

/// Below so many per cluster, upload blocks are not worth their lost resolution.
const BLOCK: usize = 8;
/// The most upload blocks that are made: more would not sharpen a permutation.
const BLOCKS: usize = 60;
/// Fewer upload blocks could not show a change at one in a hundred.
const FEWEST: usize = 12;
/// So many delays are enough to recognise bursts.
const LOOKED_AT: usize = 20_000;
/// Bursts are believed when visible times need fewer than this share of the instants that the same
/// delays, dealt to other uploads, would need.
const BURSTY: f64 = 0.6;

/// Partitions the delays by the best knowledge there is of what they share.
pub fn clusters(delays: &[Delay]) -> Clusters {
    let known = delays.iter().filter(|d| d.batch.is_some()).count();
    if known * 2 > delays.len() {
        return by_batch(delays);
    }
    let bursts: Vec<Clusters> =
        burst_widths(delays).into_iter().map(|width| by_burst(delays, width)).collect();
    let order = upload_order(delays);
    match bursts.iter().find(|burst| consecutive(&order, burst)) {
        Some(batches) => batches.clone(),
        // Invoices uploaded far apart are seen together: not a batch that carried neighbours. What
        // they share is then shared by stretches of uploads as long as a burst draws from.
        None => by_upload(delays, bursts.first().map_or(0.0, |burst| span(delays, burst))),
    }
}

/// Whether clusters are runs of neighbours in upload order, with a few strays that missed their batch.
fn consecutive(order: &[usize], clusters: &Clusters) -> bool {
    let changes = order.windows(2).filter(|pair| clusters.of[pair[0]] != clusters.of[pair[1]]).count();
    changes < 4 * clusters.count && 3 * changes < order.len()
}

/// How many seconds of uploads a typical cluster draws from: twice the middle half of it.
fn span(delays: &[Delay], clusters: &Clusters) -> f64 {
    let mut uploads = vec![Vec::new(); clusters.count];
    for (delay, cluster) in delays.iter().zip(&clusters.of) {
        uploads[*cluster as usize].push(delay.uploaded);
    }
    let mut spans: Vec<f64> = uploads.into_iter().filter(|u| u.len() > 3).map(middle_half).collect();
    spans.sort_unstable_by(f64::total_cmp);
    2.0 * spans.get(spans.len() / 2).copied().unwrap_or(0.0)
}

fn middle_half(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[3 * values.len() / 4] - values[values.len() / 4]
}

/// Known batches; an invoice without one (never seen, as a rule) stands with the neighbour uploaded
/// just before it.
fn by_batch(delays: &[Delay]) -> Clusters {
    let order = upload_order(delays);
    let first = order.iter().find_map(|&i| delays[i].batch);
    let mut keys = vec![0; delays.len()];
    let mut last = first.map_or(0, u64::from);
    for &i in &order {
        last = delays[i].batch.map_or(last, u64::from);
        keys[i] = last;
    }
    numbered(&order, &keys, Basis::Batch)
}

/// Blocks of equal size in upload order, each at least `span` seconds long as far as that leaves
/// enough of them.
fn by_upload(delays: &[Delay], span: f64) -> Clusters {
    let order = upload_order(delays);
    let (first, last) = (
        order.first().map_or(0.0, |i| delays[*i].uploaded),
        order.last().map_or(0.0, |i| delays[*i].uploaded),
    );
    let longest = if span > 0.0 { ((last - first) / span) as usize } else { BLOCKS };
    let blocks =
        (delays.len() / BLOCK).max(20).min(longest.max(FEWEST)).clamp(1, BLOCKS).min(delays.len().max(1));
    let mut keys = vec![0; delays.len()];
    for (rank, &i) in order.iter().enumerate() {
        keys[i] = (rank * blocks / delays.len()) as u64;
    }
    numbered(&order, &keys, Basis::UploadBlock)
}

/// Bursts `width` seconds wide. The unseen stand with the seen neighbour uploaded just before them;
/// those after the last seen one are a batch still to come.
fn by_burst(delays: &[Delay], width: f64) -> Clusters {
    let order = upload_order(delays);
    let stabs = stab(&visible(delays, width));
    let last_seen = order.iter().rposition(|&i| delays[i].seen());
    let mut keys = vec![0; delays.len()];
    let mut last = 0;
    for (rank, &i) in order.iter().enumerate() {
        if delays[i].seen() {
            let from = interval(&delays[i], width).0;
            last = stabs.partition_point(|s| *s <= from) as u64;
        } else if last_seen.is_none_or(|end| rank > end) {
            last = u64::MAX;
        }
        keys[i] = last;
    }
    numbered(&order, &keys, Basis::Burst)
}

fn upload_order(delays: &[Delay]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..delays.len()).collect();
    order.sort_by(|&a, &b| delays[a].uploaded.total_cmp(&delays[b].uploaded));
    order
}

/// Renumbers keys 0, 1, 2 ... in the order in which they are first met.
fn numbered(order: &[usize], keys: &[u64], basis: Basis) -> Clusters {
    let mut number = std::collections::HashMap::new();
    let mut of = vec![0; keys.len()];
    for &i in order {
        let next = number.len() as u32;
        of[i] = *number.entry(keys[i]).or_insert(next);
    }
    Clusters { of, count: number.len(), basis }
}

/// The intervals of wall time in which the seen became visible, at least `width` long, by their ends.
fn visible(delays: &[Delay], width: f64) -> Vec<(f64, f64)> {
    let seen = delays.iter().filter(|d| d.seen());
    let mut intervals: Vec<(f64, f64)> = seen.map(|d| interval(d, width)).collect();
    intervals.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    intervals
}

fn interval(delay: &Delay, width: f64) -> (f64, f64) {
    let end = delay.uploaded + delay.upper;
    (end - (delay.upper - delay.lower).max(width), end)
}

/// The fewest instants that meet every interval: the greedy choice of ends is optimal.
fn stab(intervals: &[(f64, f64)]) -> Vec<f64> {
    let mut instants: Vec<f64> = Vec::new();
    for &(from, to) in intervals {
        if instants.last().is_none_or(|last| *last <= from) {
            instants.push(to);
        }
    }
    instants
}

/// The widths at which visible times lie in bursts, the widest first. The yardstick is the same
/// delays dealt to other uploads, so that bursts of *uploads* are not taken for batches.
fn burst_widths(delays: &[Delay]) -> Vec<f64> {
    let order = upload_order(delays);
    let looked_at: Vec<Delay> =
        order.iter().take(LOOKED_AT).map(|&i| delays[i]).filter(Delay::seen).collect();
    if looked_at.len() < 20 {
        return Vec::new();
    }
    let mut middles: Vec<f64> = looked_at.iter().map(|d| d.timed().seconds).collect();
    middles.sort_unstable_by(f64::total_cmp);
    let median = middles[middles.len() / 2];
    let mut dealt = looked_at.clone();
    deal(&mut dealt);
    let bursty = |width: &f64| {
        let found = stab(&visible(&looked_at, *width)).len() as f64;
        found >= 2.0 && found < BURSTY * stab(&visible(&dealt, *width)).len() as f64
    };
    [0.5, 0.25, 0.1, 0.02, 0.0].map(|share| share * median).into_iter().filter(bursty).collect()
}

fn deal(delays: &mut [Delay]) {
    let mut waits: Vec<(f64, f64)> = delays.iter().map(|d| (d.lower, d.upper)).collect();
    waits.shuffle(&mut ChaCha8Rng::seed_from_u64(0x6275_7273_7473));
    for (delay, (lower, upper)) in delays.iter_mut().zip(waits) {
        (delay.lower, delay.upper) = (lower, upper);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    /// 600 uploads over half an hour; polls every 5 s; delay given the upload.
    fn polled(delay: impl Fn(f64, &mut ChaCha8Rng) -> f64) -> Vec<Delay> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        (0..600)
            .map(|i| {
                let uploaded = 3.0 * i as f64;
                let phase = rng.random::<f64>() * 5.0;
                let looks = ((delay(uploaded, &mut rng) - phase) / 5.0).ceil().max(0.0);
                let upper = phase + 5.0 * looks;
                Delay { uploaded, lower: (upper - 5.0).max(0.0), upper, batch: None }
            })
            .collect()
    }

    #[test]
    fn batches_are_recognised_by_their_bursts() {
        let delays = polled(|uploaded, _| 60.0 - uploaded % 60.0 + 15.0);
        let found = clusters(&delays);
        assert_eq!(found.basis, Basis::Burst);
        assert!((29..=36).contains(&found.count), "{} of 30", found.count);
    }

    #[test]
    fn independent_delays_are_not_taken_for_batches() {
        let found = clusters(&polled(|_, rng| 30.0 + 60.0 * rng.random::<f64>()));
        assert_eq!((found.basis, found.count), (Basis::UploadBlock, BLOCKS));
    }

    #[test]
    fn named_batches_are_taken_at_their_word() {
        let mut delays = polled(|_, _| 30.0);
        delays.iter_mut().enumerate().for_each(|(i, d)| d.batch = (i % 7 != 0).then_some(i as u32 / 20));
        let found = clusters(&delays);
        assert_eq!((found.basis, found.count, found.of[599]), (Basis::Batch, 30, 29));
    }

    #[test]
    fn nothing_makes_no_cluster() {
        assert_eq!(clusters(&[]).count, 0);
    }
}
