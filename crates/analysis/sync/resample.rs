//! An estimated curve that can be estimated again with whole clusters resampled: how far it would
//! have moved had other batches come.
//!
//! Cluster bootstrap: Field & Welsh 2007 (JRSS B 69:369). Counts of equal intervals are resampled
//! instead of rows, so that a draw costs the same for a thousand rows and for a million.

use super::cells::Cells;
use super::cluster::Clusters;
use super::delay::Delay;
use super::turnbull::{ROUNDS, Turnbull, even, maximise};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Clusters are dealt to at most so many groups, which are resampled: sums of clusters vary as they.
const GROUPS: usize = 240;
/// A draw starts from the full estimate and needs few rounds.
const AGAIN: usize = 40;

pub(super) struct Fit {
    cells: Cells,
    mass: Vec<f64>,
    /// How many delays of each group have each range.
    groups: Vec<Vec<(u32, f64)>>,
}

impl Fit {
    pub fn new(delays: &[Delay], clusters: &Clusters) -> Self {
        let cells = Cells::new(delays);
        let mass = maximise(&cells, &cells.counts(), even(&cells), ROUNDS);
        let groups = grouped(&cells, clusters);
        Self { cells, mass, groups }
    }

    pub fn curve(&self) -> Turnbull {
        Turnbull::new(&self.cells, &self.mass)
    }

    /// The curve of one bootstrap draw.
    pub fn redrawn(&self, rng: &mut ChaCha8Rng) -> Turnbull {
        let mut weights = vec![0.0; self.cells.ranges.len()];
        for _ in 0..self.groups.len() {
            for (range, weight) in &self.groups[rng.random_range(0..self.groups.len())] {
                weights[*range as usize] += weight;
            }
        }
        // A cell without mass could never win any back.
        let floor = 1e-3 / self.mass.len() as f64;
        let start = self.mass.iter().map(|m| (m + floor) / 1.001).collect();
        Turnbull::new(&self.cells, &maximise(&self.cells, &weights, start, AGAIN))
    }
}

fn grouped(cells: &Cells, clusters: &Clusters) -> Vec<Vec<(u32, f64)>> {
    let count = clusters.count.clamp(1, GROUPS);
    let mut groups = vec![BTreeMap::new(); count];
    for (range, cluster) in cells.of.iter().zip(&clusters.of) {
        *groups[*cluster as usize % count].entry(*range).or_insert(0.0) += 1.0;
    }
    groups.into_iter().map(|group| group.into_iter().collect()).collect()
}
