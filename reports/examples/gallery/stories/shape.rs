//! What the platform did at each moment, as bins, points and heat. Seeded by arithmetic.

use super::start;
use piaotan_analysis::summary::{Bin, Heat, LaneState, OpBin, QuantilePoint, Quantiles, Series, SyncPoint};
use piaotan_record::{Operation, OutcomeKind, Surface};

pub(super) const RATE: u64 = 40;

/// Deterministic noise in 0..1.
pub(super) fn noise(seed: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x >> 11) as f64 / (1u64 << 53) as f64
}

pub(super) struct Shape<'a> {
    pub(super) seconds: usize,
    pub(super) bin: f64,
    /// How many times as slow as ever, at a moment.
    pub(super) slow: &'a dyn Fn(f64) -> f64,
    /// What the platform is doing at a moment.
    pub(super) state: &'a dyn Fn(f64) -> LaneState,
    /// Sync delay in seconds by upload moment.
    pub(super) delay: &'a dyn Fn(f64) -> f64,
}

impl Default for Shape<'_> {
    fn default() -> Self {
        Shape { seconds: 240, bin: 1.0, slow: &|_| 1.0, state: &|_| LaneState::Normal, delay: &|_| 4.0 }
    }
}

pub(super) const OPS: [(Operation, f64, u64); 4] = [
    (Operation::Upload, 0.110, 4),
    (Operation::Review, 0.030, 6),
    (Operation::QueryNumber, 0.038, 5),
    (Operation::Verify, 0.055, 3),
];

fn op_bin(base: f64, per_second: u64, shape: &Shape<'_>, t: f64, seed: u64) -> OpBin {
    let state = (shape.state)(t);
    let count = (per_second as f64 * shape.bin * (0.8 + 0.4 * noise(seed))).round() as u64;
    let mut cell = OpBin { count, ..OpBin::default() };
    let mut put = |kind: OutcomeKind, n: u64| cell.outcomes[kind.index()] += n;
    match state {
        LaneState::Maintenance | LaneState::Overrun => {
            cell.count = shape.bin as u64;
            put(OutcomeKind::Maintenance, cell.count);
            cell.codes.insert("SYS_MAINTENANCE".into(), cell.count);
            return cell;
        }
        LaneState::Down => {
            let failed = count * 3 / 10;
            put(OutcomeKind::ServerError, failed);
            put(OutcomeKind::Ok, count - failed);
            cell.codes.insert("SYS_BUSY".into(), failed);
        }
        _ => {
            let no = u64::from(noise(seed + 7) > 0.93).min(count);
            put(OutcomeKind::NotYetVisible, no);
            put(OutcomeKind::Ok, count - no);
        }
    }
    let slow = (shape.slow)(t);
    let q = |m: f64, s: u64| base * slow * m * (0.9 + 0.2 * noise(seed + s));
    let service =
        Quantiles { p50: q(1.0, 1), p90: q(1.6, 2), p95: q(1.9, 3), p99: q(2.9, 4), max: q(4.0, 5) };
    let wait = if slow > 2.0 { 0.6 * base * slow } else { 0.002 };
    let add = |v: f64| v + wait;
    let Quantiles { p50, p90, p95, p99, max } = service;
    cell.response =
        Some(Quantiles { p50: add(p50), p90: add(p90), p95: add(p95), p99: add(p99), max: add(max) });
    cell.service = Some(service);
    cell
}

fn bin(i: usize, shape: &Shape<'_>) -> Bin {
    let t = i as f64 * shape.bin;
    let mut bin = Bin { t, scheduled: (RATE as f64 / 10.0 * shape.bin) as u64, ..Bin::default() };
    let stopped = matches!((shape.state)(t), LaneState::Maintenance | LaneState::Overrun);
    let writes_stopped = (shape.state)(t) == LaneState::WritesOnly;
    if stopped || writes_stopped {
        bin.suppressed = bin.scheduled;
        bin.inside = Some("w1".into());
    } else {
        bin.started = bin.scheduled;
    }
    bin.users = Some(bin.started * 2);
    bin.connections = Some(8);
    for (k, (op, base, per_second)) in OPS.iter().enumerate() {
        let only = stopped && *op != Operation::QueryNumber || writes_stopped && op.writes();
        if !only {
            let per_second = if writes_stopped { 1 } else { *per_second };
            bin.operations.insert(*op, op_bin(*base, per_second, shape, t, (i * 31 + k * 7) as u64));
        }
    }
    bin.sent = bin.operations.values().map(|cell| cell.count).sum();
    bin
}

pub(super) fn series(shape: &Shape<'_>) -> Series {
    let count = (shape.seconds as f64 / shape.bin) as usize;
    let bins: Vec<Bin> = (0..count).map(|i| bin(i, shape)).collect();
    let curve = |base: f64| {
        let point = |q: f64| {
            let service = base * (1.0 + 1.1 * (1.0 / (1.0 - q)).ln() / 2.0);
            QuantilePoint { q, response: service * (1.0 + (1.0 / (1.0 - q)).log10() * 0.12), service }
        };
        [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999].map(point).to_vec()
    };
    Series {
        bin_seconds: shape.bin,
        quantile_curve: OPS.iter().map(|(op, base, _)| (*op, curve(*base))).collect(),
        heat: Some(heat(shape)),
        sync_points: points(shape),
        bins,
        ..Series::empty(start())
    }
}

fn heat(shape: &Shape<'_>) -> Heat {
    let edges: Vec<f64> = (0..=24).map(|i| 0.005 * 10f64.powf(f64::from(i) / 8.0)).collect();
    let columns = 80;
    let width = shape.seconds as f64 / f64::from(columns);
    let column = |c: u32| {
        let t = f64::from(c) * width;
        let quiet = matches!((shape.state)(t), LaneState::Maintenance | LaneState::Overrun);
        let middle = (0.05 * (shape.slow)(t)).ln();
        let row = |i: usize| {
            let at = f64::midpoint(edges[i].ln(), edges[i + 1].ln());
            let spread = (-(at - middle).powi(2) / 0.5).exp();
            if quiet { 0 } else { (60.0 * spread * (0.7 + 0.6 * noise(u64::from(c) * 40 + i as u64))) as u64 }
        };
        (0..24).map(row).collect()
    };
    Heat { start: 0.0, column_seconds: width, counts: (0..columns).map(column).collect(), edges }
}

fn points(shape: &Shape<'_>) -> Vec<SyncPoint> {
    let every = shape.seconds as f64 / 120.0;
    let mut all = Vec::new();
    for i in 0..120u64 {
        let t = i as f64 * every;
        if !matches!((shape.state)(t), LaneState::Normal | LaneState::Down) {
            continue;
        }
        let delay = (shape.delay)(t) * (0.5 + noise(i * 3 + 1) + 0.6 * noise(i * 5 + 2).powi(3));
        let seen = t + delay < shape.seconds as f64;
        let delay_upper = seen.then_some(delay * 1.15);
        let delay_lower = if seen { delay * 0.9 } else { shape.seconds as f64 - t };
        all.push(SyncPoint { uploaded: t, delay_lower, delay_upper, surface: Surface::Number });
    }
    all
}
