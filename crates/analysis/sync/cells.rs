//! Interval-censored delays sorted into cells between shared edges, equal ones counted together: the
//! form in which a million rows are estimated as fast as a thousand.

use super::delay::Delay;
use std::collections::HashMap;

/// Up to so many distinct end points are kept as they are: looks on a regular lattice.
const LATTICE: usize = 200;
/// More are rounded to a grid of at most so many edges, which lie evenly on a scale that is linear
/// near zero and logarithmic beyond. Its cells are half as wide as the narrower intervals: finer
/// ones only let the estimate chase noise between the looks.
const EDGES: usize = 1200;

/// The cells `(edges[j], edges[j + 1]]`, the last reaching to infinity, and the distinct intervals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cells {
    pub edges: Vec<f64>,
    /// Distinct intervals as half-open ranges of cells.
    pub ranges: Vec<(u32, u32)>,
    /// For each delay, in the order given, which range it has.
    pub of: Vec<u32>,
}

impl Cells {
    pub fn new(delays: &[Delay]) -> Self {
        let edges = edges(delays);
        let mut known = HashMap::new();
        let mut ranges = Vec::new();
        let of = delays
            .iter()
            .map(|delay| {
                let range = range(&edges, delay);
                *known.entry(range).or_insert_with(|| {
                    ranges.push(range);
                    ranges.len() as u32 - 1
                })
            })
            .collect();
        Self { edges, ranges, of }
    }

    /// How many delays have each range.
    pub fn counts(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.ranges.len()];
        for &range in &self.of {
            counts[range as usize] += 1.0;
        }
        counts
    }
}

fn edges(delays: &[Delay]) -> Vec<f64> {
    let mut distinct = vec![0.0];
    for some in delays.chunks(4 * EDGES) {
        distinct.extend(ends(some));
        distinct.sort_unstable_by(f64::total_cmp);
        distinct.dedup();
        if distinct.len() > EDGES {
            return grid(delays);
        }
    }
    let coarser = (distinct.len() > LATTICE).then(|| grid(delays));
    coarser.filter(|grid| grid.len() < distinct.len()).unwrap_or(distinct)
}

/// The end points of all intervals. A delay known to the moment gets a cell of its own, of no width:
/// spread over the gap below it, its quantiles would come out too small.
fn ends(delays: &[Delay]) -> impl Iterator<Item = f64> + '_ {
    let ends =
        |d: &Delay| if d.lower == d.upper { [d.upper * (1.0 - 1e-12), d.upper] } else { [d.lower, d.upper] };
    delays.iter().flat_map(ends).filter(|t| t.is_finite())
}

fn grid(delays: &[Delay]) -> Vec<f64> {
    let some: Vec<Delay> = delays.iter().step_by(delays.len().div_ceil(4 * EDGES)).copied().collect();
    let scale = (one_in(2, ends(&some).collect()) / 20.0).max(1e-6);
    let reach = (ends(delays).fold(0.0, f64::max) / scale).ln_1p();
    let cells = ((reach / finest(&some, scale)) as usize).clamp(1, EDGES);
    (0..=cells).map(|i| scale * (reach * i as f64 / cells as f64).exp_m1()).collect()
}

/// Half of a narrow interval (the tenth percentile of them), on the grid's scale.
fn finest(delays: &[Delay], scale: f64) -> f64 {
    let on_scale = |t: f64| (t / scale).ln_1p();
    let seen = delays.iter().filter(|d| d.seen());
    one_in(10, seen.map(|d| on_scale(d.upper) - on_scale(d.lower)).collect()) / 2.0
}

/// The value below which one in `k` lies; zero for none.
fn one_in(k: usize, mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / k).copied().unwrap_or(0.0)
}

/// The cells that a delay may lie in: its ends moved to the nearest edges, at least one cell.
fn range(edges: &[f64], delay: &Delay) -> (u32, u32) {
    let cells = edges.len() as u32;
    if !delay.seen() {
        return (nearest(edges, delay.lower).min(cells - 1), cells);
    }
    let end = nearest(edges, delay.upper).max(1);
    let start = nearest(edges, delay.lower).min(end - 1);
    (start, end)
}

fn nearest(edges: &[f64], t: f64) -> u32 {
    let above = edges.partition_point(|e| *e < t);
    let below_is_nearer = above > 0 && (above == edges.len() || t - edges[above - 1] < edges[above] - t);
    (if below_is_nearer { above - 1 } else { above }) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(lower: f64, upper: f64) -> Delay {
        Delay { uploaded: 0.0, lower, upper, batch: None }
    }

    #[test]
    fn few_end_points_are_kept_exactly() {
        let cells =
            Cells::new(&[delay(0.0, 5.0), delay(5.0, 10.0), delay(5.0, f64::INFINITY), delay(0.0, 5.0)]);
        assert_eq!(cells.edges, [0.0, 5.0, 10.0]);
        assert_eq!(cells.ranges, [(0, 1), (1, 2), (1, 3)]);
        assert_eq!(cells.counts(), [2.0, 1.0, 1.0]);
    }

    #[test]
    fn an_exact_delay_has_a_cell_of_no_width() {
        let cells = Cells::new(&[delay(3.0, 3.0), delay(0.0, 1.0)]);
        assert_eq!(cells.ranges, [(2, 3), (0, 1)]);
        assert!(cells.edges[3] - cells.edges[2] < 1e-9);
    }

    #[test]
    fn many_end_points_meet_a_grid() {
        let delays: Vec<Delay> = (1..20_000).map(|i| delay(i as f64 * 0.01, i as f64 * 0.01 + 5.0)).collect();
        let cells = Cells::new(&delays);
        assert!(cells.edges.len() <= EDGES + 1 && cells.ranges.len() < 8 * EDGES);
        let widest = cells.edges.windows(2).map(|e| e[1] - e[0]).fold(0.0, f64::max);
        assert!(widest < 10.0, "a cell {widest} s wide under intervals of 5 s");
    }
}
