//! Cells inside and outside windows, and bins of time for charts.
//!
//! A bin keeps latencies in buckets one per cent wide: enough for a picture, small enough for a day.

use super::slower::{Group, Pick};
use crate::summary::series::{Bin, OpBin, QuantilePoint, Quantiles};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::{Calendar, Phase};
use piaotan_record::folder::{Interval, Manifest, TallyLine};
use piaotan_record::{Cell, Code, Nanos, Operation, Service};
use std::collections::{BTreeMap, HashMap};

/// Cells by [`Operation::index`].
pub type SplitCells = Vec<Option<Box<Cell>>>;

/// Width of a bucket: one per cent.
const STEP: f64 = 1.01;
/// Bins of a chart at most.
const BINS: f64 = 600.0;

/// Everything counted, split by window and by time.
#[derive(Debug)]
pub struct Bins<'a> {
    manifest: &'a Manifest,
    calendar: &'a Calendar,
    steady: Nanos,
    pub outside: SplitCells,
    pub inside: SplitCells,
    codes: [HashMap<Operation, BTreeMap<String, u64>>; 2],
    /// Longest response of a second and operation, for telling whether it may have met a window.
    longest: HashMap<(u32, Operation), u64>,
    seconds: BTreeMap<u32, Second>,
    sketches: HashMap<(u32, Operation, bool), BTreeMap<u16, u64>>,
    width: u32,
}

/// What one second adds to its bin.
#[derive(Debug, Default, Clone)]
struct Second {
    scheduled: u64,
    started: u64,
    dropped: u64,
    suppressed: u64,
    sent: u64,
    operations: BTreeMap<Operation, OpBin>,
}

impl<'a> Bins<'a> {
    #[must_use]
    pub fn new(manifest: &'a Manifest, calendar: &'a Calendar, steady: Nanos) -> Self {
        let width = (manifest.planned / BINS).ceil().max(1.0) as u32;
        Self {
            manifest,
            calendar,
            steady,
            outside: vec![None; Operation::COUNT],
            inside: vec![None; Operation::COUNT],
            codes: [HashMap::new(), HashMap::new()],
            longest: HashMap::new(),
            seconds: BTreeMap::new(),
            sketches: HashMap::new(),
            width,
        }
    }

    /// Takes the latencies of a second.
    pub fn time(&mut self, interval: &Interval) {
        let Interval { second, operation, service, histogram } = interval;
        let longest = self.longest.entry((*second, *operation)).or_default();
        *longest = (*longest).max(histogram.max());
        let sketch = self.sketches.entry((second / self.width, *operation, *service)).or_default();
        for bucket in histogram.iter_recorded() {
            *sketch.entry(bucket_of(bucket.value_iterated_to())).or_default() += bucket.count_at_value();
        }
        if let Some(cell) = self.cell(*second, *operation) {
            let mine = if *service { &mut cell.service } else { &mut cell.response };
            // A histogram that another program wrote may have another shape; its values still count.
            let _ = mine.add(histogram);
        }
    }

    /// Takes the counts of a second.
    pub fn count(&mut self, line: &TallyLine) {
        match line {
            TallyLine::Arrivals(line) => {
                let second = self.seconds.entry(line.t).or_default();
                second.scheduled += line.scheduled;
                second.started += line.started;
                second.suppressed += line.suppressed;
                second.dropped += line.dropped.values().sum::<u64>();
            }
            TallyLine::Cell(line) => {
                let second = self.seconds.entry(line.t).or_default();
                if !line.op.is_journey() {
                    second.sent += line.sent;
                }
                let bin = second.operations.entry(line.op).or_default();
                bin.count += line.count();
                for (kind, count) in &line.outcomes {
                    bin.outcomes[kind.index()] += count;
                }
                for (code, count) in &line.codes {
                    *bin.codes.entry(code.clone()).or_default() += count;
                }
                self.count_cell(line);
            }
        }
    }

    fn count_cell(&mut self, line: &piaotan_record::folder::CellLine) {
        let inside = usize::from(self.is_inside(line.t, line.op));
        let codes: Vec<(Code, u64)> =
            line.codes.iter().map(|(code, count)| (self.manifest.codes.code(code), *count)).collect();
        let Some(cell) = self.cell(line.t, line.op) else { return };
        cell.sent += line.sent;
        cell.bytes_sent += line.bytes_sent;
        cell.bytes_received += line.bytes_received;
        for (kind, count) in &line.outcomes {
            cell.outcomes[kind.index()] += count;
        }
        for (code, count) in codes {
            match cell.codes.iter_mut().find(|(known, _)| *known == code) {
                Some((_, total)) => *total += count,
                None => cell.codes.push((code, count)),
            }
        }
        let named = self.codes[inside].entry(line.op).or_default();
        for (code, count) in &line.codes {
            *named.entry(code.clone()).or_default() += count;
        }
    }

    /// The cell that a second belongs to; none during the warm-up.
    fn cell(&mut self, second: u32, operation: Operation) -> Option<&mut Cell> {
        if self.is_warm_up(second) {
            return None;
        }
        let cells = if self.is_inside(second, operation) { &mut self.inside } else { &mut self.outside };
        Some(cells[operation.index()].get_or_insert_default())
    }

    fn is_warm_up(&self, second: u32) -> bool {
        u64::from(second) * Nanos::SECOND < self.steady.0
    }

    /// What an operation did in a second that is judged: steady, and outside windows.
    pub(super) fn judged(&self, second: u32, operation: Operation) -> Option<&OpBin> {
        let counted = self.seconds.get(&second)?.operations.get(&operation)?;
        (!self.is_warm_up(second) && !self.is_inside(second, operation)).then_some(counted)
    }

    /// Operations that did anything in a second.
    pub(super) fn operations_of(&self, second: u32) -> impl Iterator<Item = Operation> + '_ {
        self.seconds.get(&second).into_iter().flat_map(|each| each.operations.keys().copied())
    }

    /// Arrivals of a steady second: started, and asked for (suppressed ones left out).
    pub(super) fn arrivals_of(&self, second: u32) -> (u64, u64) {
        let each = self.seconds.get(&second).filter(|_| !self.is_warm_up(second));
        each.map_or((0, 0), |each| (each.started, each.scheduled - each.suppressed))
    }

    /// The steady seconds in which anything was due, first and last.
    pub(super) fn steady_span(&self) -> Option<(u32, u32)> {
        let first = self.seconds.keys().find(|second| !self.is_warm_up(**second))?;
        Some((*first, self.last_second()))
    }

    /// Whether any sample of the second may have met a window.
    fn is_inside(&self, second: u32, operation: Operation) -> bool {
        let longest = self.longest.get(&(second, operation)).copied().unwrap_or(0);
        let from = self.wall(second);
        let to = from + TimeDelta::seconds(1) + TimeDelta::nanoseconds(i64::try_from(longest).unwrap_or(0));
        self.calendar.inside(from, to, operation.service()).is_some()
    }

    fn wall(&self, second: u32) -> DateTime<Utc> {
        self.manifest.started + TimeDelta::seconds(second.into())
    }

    /// Codes by operation, outside or inside windows.
    #[must_use]
    pub fn codes(&self, inside: bool) -> HashMap<Operation, BTreeMap<String, u64>> {
        self.codes[usize::from(inside)].clone()
    }

    #[must_use]
    pub fn last_second(&self) -> u32 {
        self.seconds.keys().next_back().copied().unwrap_or(0)
    }

    /// Seconds outside and inside windows, warm-up left out.
    #[must_use]
    pub fn seconds(&self) -> (f64, f64) {
        let (mut outside, mut inside) = (0.0, 0.0);
        for second in self.steady_seconds() {
            let in_window =
                self.calendar.inside(self.wall(second), self.wall(second + 1), Service::All).is_some();
            *(if in_window { &mut inside } else { &mut outside }) += 1.0;
        }
        (outside, inside)
    }

    /// Seconds in which arrivals were due, after the warm-up.
    fn steady_seconds(&self) -> impl Iterator<Item = u32> + '_ {
        let due = self.seconds.iter().filter(|(_, second)| second.scheduled > 0);
        due.map(|(second, _)| *second).filter(|second| !self.is_warm_up(*second))
    }

    /// Arrivals per second asked for (suppressed ones left out) and started.
    #[must_use]
    pub fn rates(&self) -> (Option<f64>, Option<f64>) {
        let (asked, started, seconds) = self.arrivals();
        let per_second = |count: u64| (seconds > 0).then(|| count as f64 / seconds as f64);
        (per_second(asked), per_second(started))
    }

    /// Started over asked for.
    #[must_use]
    pub fn rate_reached(&self) -> Option<f64> {
        let (asked, started, _) = self.arrivals();
        (asked > 0).then(|| started as f64 / asked as f64)
    }

    fn arrivals(&self) -> (u64, u64, u64) {
        self.steady_seconds().map(|second| &self.seconds[&second]).fold(
            (0, 0, 0),
            |(asked, started, seconds), each| {
                let wanted = each.scheduled - each.suppressed;
                (asked + wanted, started + each.started, seconds + u64::from(wanted > 0))
            },
        )
    }

    /// The bins of charts.
    #[must_use]
    pub fn bins(&self) -> (f64, Vec<Bin>) {
        let mut bins: BTreeMap<u32, Bin> = BTreeMap::new();
        for (second, each) in &self.seconds {
            let number = second / self.width;
            let bin = bins
                .entry(number)
                .or_insert_with(|| Bin { t: f64::from(number * self.width), ..Bin::default() });
            bin.scheduled += each.scheduled;
            bin.started += each.started;
            bin.dropped += each.dropped;
            bin.suppressed += each.suppressed;
            bin.sent += each.sent;
            for (operation, counted) in &each.operations {
                add(bin.operations.entry(*operation).or_default(), counted);
            }
        }
        for (number, bin) in &mut bins {
            for (operation, counted) in &mut bin.operations {
                let sketch = |service| self.sketches.get(&(*number, *operation, service)).and_then(quantiles);
                (counted.response, counted.service) = (sketch(false), sketch(true));
            }
            let (from, to) = (self.wall(number * self.width), self.wall((number + 1) * self.width));
            bin.inside = self.calendar.inside(from, to, Service::All).map(|window| window.id.clone());
        }
        (f64::from(self.width), bins.into_values().collect())
    }

    /// Neighbouring bins of one operation, joined until they hold `enough` requests that were timed.
    /// What met a window, recovered from one or warmed up is left out.
    pub(super) fn timed(&self, operation: Operation, pick: Pick, enough: u64) -> Vec<Group> {
        let mut groups = Vec::new();
        let mut open: Option<Joining> = None;
        for number in 0..=self.last_second() / self.width {
            let Some(sketch) = self.sketches.get(&(number, operation, false)) else { continue };
            if !self.is_steady(number, operation) {
                open = None;
                continue;
            }
            let due = number * self.width..(number + 1) * self.width;
            let joining = open.get_or_insert_with(|| Joining::from(f64::from(due.start)));
            for (bucket, count) in sketch {
                *joining.buckets.entry(*bucket).or_default() += count;
            }
            joining.seconds += f64::from(self.width);
            let to = f64::from(due.end);
            joining.asked += self.seconds.range(due).map(|(_, second)| second.scheduled).sum::<u64>();
            if joining.buckets.values().sum::<u64>() >= enough {
                groups.extend(open.take().and_then(|joining| joining.group(to, pick)));
            }
        }
        groups
    }

    /// Whether a bin lies after the warm-up and outside windows and the recovery after them.
    fn is_steady(&self, number: u32, operation: Operation) -> bool {
        let mut seconds = number * self.width..(number + 1) * self.width;
        seconds.all(|second| {
            let phase = self.calendar.phase_at(self.wall(second), operation.service());
            let quiet = matches!(phase, Phase::Outside | Phase::Approaching(_));
            quiet && !self.is_warm_up(second) && !self.is_inside(second, operation)
        })
    }

    /// Quantile curves to 99.99 %, outside windows.
    #[must_use]
    pub fn curves(&self) -> BTreeMap<Operation, Vec<QuantilePoint>> {
        const AT: [f64; 12] = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999];
        let cells =
            Operation::ALL.iter().zip(&self.outside).filter_map(|(op, cell)| Some((*op, cell.as_deref()?)));
        let timed = cells.filter(|(_, cell)| !cell.response.is_empty());
        let curve = |cell: &Cell| {
            let at = |q: f64| QuantilePoint {
                q,
                response: cell.response.value_at_quantile(q) as f64 / 1e9,
                service: cell.service.value_at_quantile(q) as f64 / 1e9,
            };
            // A quantile beyond the sample's reach would only repeat its maximum.
            AT.iter()
                .copied()
                .filter(|q| (1.0 - q) * cell.response.len() as f64 >= 1.0 || *q <= 0.5)
                .map(at)
                .collect()
        };
        timed.map(|(op, cell)| (op, curve(cell))).collect()
    }

    /// The heat map: columns of time, rows of latency from a tenth of a millisecond to a minute.
    #[must_use]
    pub fn heat(&self) -> Option<crate::summary::series::Heat> {
        const ROWS: usize = 48;
        let edges: Vec<f64> = (0..=ROWS).map(|row| 1e-4 * (6e5f64).powf(row as f64 / ROWS as f64)).collect();
        // Latencies are written before counts: a killed run may have a second of them more.
        let timed = self.sketches.keys().map(|(number, ..)| *number).max().unwrap_or(0);
        let columns = timed.max(self.last_second() / self.width) + 1;
        let mut counts = vec![vec![0; ROWS]; columns as usize];
        let of_requests = self.sketches.iter().filter(|((_, op, service), _)| !service && op.is_of_users());
        for ((number, ..), sketch) in of_requests {
            for (bucket, count) in sketch {
                let row = edges.partition_point(|edge| *edge <= value_of(*bucket)).clamp(1, ROWS) - 1;
                counts[*number as usize][row] += count;
            }
        }
        let any = counts.iter().flatten().any(|count| *count > 0);
        any.then(|| crate::summary::series::Heat {
            start: 0.0,
            column_seconds: f64::from(self.width),
            edges,
            counts,
        })
    }
}

fn add(into: &mut OpBin, from: &OpBin) {
    into.count += from.count;
    for (mine, theirs) in into.outcomes.iter_mut().zip(from.outcomes) {
        *mine += theirs;
    }
    for (code, count) in &from.codes {
        *into.codes.entry(code.clone()).or_default() += count;
    }
}

fn bucket_of(nanos: u64) -> u16 {
    ((nanos.max(1_000) as f64 / 1_000.0).ln() / STEP.ln()).round() as u16
}

/// Seconds.
fn value_of(bucket: u16) -> f64 {
    1e-6 * STEP.powi(bucket.into())
}

/// Neighbouring bins on their way to becoming a group.
#[derive(Debug, Default)]
struct Joining {
    from: f64,
    /// Counts by bucket of the sketch.
    buckets: BTreeMap<u16, u64>,
    /// Arrivals that were due, and over how many seconds.
    asked: u64,
    seconds: f64,
}

impl Joining {
    fn from(from: f64) -> Self {
        Self { from, ..Self::default() }
    }

    fn group(&self, to: f64, pick: Pick) -> Option<Group> {
        let value = pick(&quantiles(&self.buckets)?);
        Some(Group { from: self.from, to, value, asked: self.asked as f64 / self.seconds })
    }
}

fn quantiles(sketch: &BTreeMap<u16, u64>) -> Option<Quantiles> {
    let total: u64 = sketch.values().sum();
    let at = |q: f64| {
        let rank = (q * total as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let found = sketch.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        found.map_or(0.0, |(bucket, _)| value_of(*bucket))
    };
    let max = sketch.keys().next_back().map(|bucket| value_of(*bucket))?;
    (total > 0).then(|| Quantiles { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max })
}
