//! The gate against noise whose truth is known: false alarms, power, and whether the detectable
//! change that it prints is true.
//!
//! `cargo run --release -p piaotan-analysis --example gate_truth [repetitions] [seed] [table]`; the table is 1 to 4.
//!
//! Four worlds: the two models of the reference (per-session level, slow and fast drift, log-normal
//! requests with a Pareto tail, stalls) and two that the method was not tuned on.
#![allow(clippy::print_stdout)]

use hdrhistogram::Histogram;
use piaotan_analysis::gate::{
    Arm, Block, Gate, Judgement, Metric, Mode, Row, Run, Sample, Settings, Step, Verdict, stored,
};
use piaotan_analysis::quantile::LogSample;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp, Gamma, Normal, Poisson, StandardNormal, Weibull};

/// A world: how the log level moves from second to second, and how requests scatter about it.
#[derive(Clone, Copy)]
struct World {
    name: &'static str,
    level: fn(usize, &mut ChaCha8Rng) -> Vec<f64>,
    request: fn(&mut ChaCha8Rng) -> f64,
}

const WORLDS: [World; 4] = [
    World { name: "quiet", level: |n, r| reference([0.01, 0.02, 0.08], n, r), request: log_normal },
    World { name: "shared CI", level: |n, r| reference([0.04, 0.05, 0.10], n, r), request: log_normal },
    World { name: "co-tenant (own)", level: co_tenant, request: gamma_with_offset },
    World { name: "cron and cache (own)", level: cron, request: hit_or_miss },
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|a| a.parse::<u64>().ok());
    let repetitions = arguments.next().unwrap_or(300) as usize;
    let seed = arguments.next().unwrap_or(4101);
    let only = arguments.next();
    let wanted = |table: u64| only.is_none_or(|o| o == table);
    println!("{repetitions} repetitions, seed {seed}");
    if wanted(1) {
        println!("\n1. everything shifts alike; 60-s blocks, 5 s apart, looks 6 10 14 18 24");
        WORLDS.into_iter().for_each(|world| shifted_alike(world, repetitions, seed));
    }
    if wanted(2) {
        println!("\n2. one operation of six is slower; 5-s blocks, at most 12 pairs");
        for world in WORLDS {
            for rate in [20, 60] {
                one_of_six(world, rate, repetitions, seed);
            }
        }
        println!("\n   five of six become faster, the sixth stays: how often is it failed?");
        WORLDS.into_iter().for_each(|world| five_faster(world, repetitions, seed));
    }
    if wanted(3) {
        println!("\n3. stored: 10 runs of 300 s a side, each of its own session");
        WORLDS.into_iter().for_each(|world| stored_runs(world, repetitions, seed));
    }
    if wanted(4) {
        println!(
            "\n4. spread of one pair (standard deviation of the log ratio, root mean square) by length of block"
        );
        WORLDS.into_iter().for_each(|world| spreads(world, repetitions, seed));
    }
}

/// How fast the spread of a pair grows as blocks become shorter: the half power is that of independent requests.
fn spreads(world: World, repetitions: usize, seed: u64) {
    for metric in Metric::LATENCIES {
        let cells: Vec<String> = [5, 10, 20, 60]
            .into_iter()
            .map(|seconds| {
                let bench = Bench { world, mode: Mode::Interleaved, rate: 50, seconds, pairs: 12 };
                let differences: Vec<f64> = (0..repetitions)
                    .flat_map(|i| bench.session(seed + i as u64))
                    .filter_map(|(a, b)| Some(b.log(metric)? - a.log(metric)?))
                    .collect();
                let square = differences.iter().map(|d| d * d).sum::<f64>() / differences.len() as f64;
                let mut sizes: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
                sizes.sort_by(f64::total_cmp);
                // The median size of a normal difference is 0.674 of its standard deviation.
                format!("{seconds} s {:.3} (usual {:.3})", square.sqrt(), sizes[sizes.len() / 2] / 0.674)
            })
            .collect();
        println!("  {:20} {:8} {}", world.name, format!("{metric:?}"), cells.join("   "));
    }
}

/// The worlds' latencies are in microseconds.
fn in_micros() -> Settings {
    Settings { unit: 1e-6, ..Settings::default() }
}

fn shifted_alike(world: World, repetitions: usize, seed: u64) {
    for (mode, rate) in [(Mode::Interleaved, 50), (Mode::Duet, 50), (Mode::Interleaved, 200)] {
        let bench = Bench { world, mode, rate, seconds: 60, pairs: 24 };
        let sessions: Vec<_> = (0..repetitions).map(|i| bench.session(seed + i as u64)).collect();
        verdicts(&bench, &sessions);
        if rate == 50 {
            honesty(&bench, &sessions);
        }
    }
}

/// The unchanged operation is slower than the others' median, but not slower than it was.
fn five_faster(world: World, repetitions: usize, seed: u64) {
    let bench = Bench { world, mode: Mode::Interleaved, rate: 60, seconds: 5, pairs: 12 };
    let cells: Vec<String> = [0.03, 0.06, 0.10, 0.30]
        .into_iter()
        .map(|faster| {
            let change = |name: &str| if name == "query" { 0.0 } else { -faster };
            let failed = (0..repetitions)
                .filter(|&i| six(&bench, seed + 9_000 + i as u64, change).verdict == Judgement::Fail)
                .count();
            format!("by {:.0} %: {:.3}", 100.0 * faster, failed as f64 / repetitions as f64)
        })
        .collect();
    println!("  {:20} {}", world.name, cells.join("   "));
}

fn stored_runs(world: World, repetitions: usize, seed: u64) {
    let bench = Bench { world, mode: Mode::Stored, rate: 50, seconds: 300, pairs: 0 };
    let settings = in_micros();
    let mut failed = [0usize; 3];
    for i in 0..repetitions {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed + 20_000 + i as u64);
        let samples: Vec<Sample> = (0..20)
            .map(|_| {
                let level = (world.level)(300, rng);
                bench.latencies(&level, rng)
            })
            .collect();
        for (count, change) in failed.iter_mut().zip([0.0, 0.05, 0.10]) {
            let verdict = stored(&runs(&samples[..10], 0.0), &runs(&samples[10..], change), &settings);
            *count += usize::from(verdict.verdict == Judgement::Fail);
        }
    }
    let share = |n: usize| n as f64 / repetitions as f64;
    println!(
        "  {:20} FAIL at +0 %: {:.3}, +5 %: {:.3}, +10 %: {:.3}",
        world.name,
        share(failed[0]),
        share(failed[1]),
        share(failed[2])
    );
}

fn runs(samples: &[Sample], change: f64) -> Vec<Run> {
    let run = |s: &Sample| Run {
        operations: [("issue".to_owned(), s.clone().slower(1.0 + change))].into(),
        spoilt_by_window: false,
    };
    samples.iter().map(run).collect()
}

struct Bench {
    world: World,
    mode: Mode,
    rate: usize,
    seconds: usize,
    pairs: usize,
}

const GAP: usize = 5;

impl Bench {
    /// Blocks of an A/A session as (baseline, candidate) latencies of each pair.
    fn session(&self, seed: u64) -> Vec<(Sample, Sample)> {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let stride = self.seconds + GAP;
        let duet = self.mode == Mode::Duet;
        let level = (self.world.level)(stride * self.pairs * if duet { 1 } else { 2 }, rng);
        let mut block = |index: usize| {
            let from = index * stride + GAP;
            self.latencies(&level[from..from + self.seconds], rng)
        };
        (0..self.pairs)
            .map(|pair| match (duet, pair % 2 == 0) {
                (true, _) => (block(pair), block(pair)),
                (false, true) => (block(2 * pair), block(2 * pair + 1)),
                (false, false) => {
                    let candidate = block(2 * pair);
                    (block(2 * pair + 1), candidate)
                }
            })
            .collect()
    }

    fn latencies(&self, level: &[f64], rng: &mut ChaCha8Rng) -> Sample {
        let mut histogram = Histogram::<u64>::new(3).expect("three digits are allowed");
        for &second in level {
            for _ in 0..self.rate {
                let micros = 50_000.0 * (second + (self.world.request)(rng)).exp();
                histogram.record(micros as u64).expect("the histogram resizes itself");
            }
        }
        Sample::new(&LogSample::from_histogram(&histogram), histogram.len(), 0)
    }
}

/// Runs the machine over a session in which the candidate is `change` slower.
fn gate(machine: &Gate, session: &[(Sample, Sample)], change: f64) -> Verdict {
    let mut blocks = Vec::new();
    loop {
        match machine.next(&blocks) {
            Step::Done(verdict) => return *verdict,
            Step::Run { arm, .. } => {
                let (baseline, candidate) = &session[blocks.len() / 2];
                if arm != Arm::B {
                    blocks.push(block(Arm::A, [("issue", baseline.clone())]));
                }
                if arm != Arm::A {
                    blocks.push(block(Arm::B, [("issue", candidate.clone().slower(1.0 + change))]));
                }
            }
        }
    }
}

fn block<const N: usize>(arm: Arm, operations: [(&str, Sample); N]) -> Block {
    Block {
        arm,
        operations: operations.into_iter().map(|(n, s)| (n.to_owned(), s)).collect(),
        touched_by_window: false,
        generator_limited: false,
    }
}

fn verdicts(bench: &Bench, sessions: &[Vec<(Sample, Sample)>]) {
    println!("{}, {} rps, {:?}", bench.world.name, bench.rate, bench.mode);
    for change in [0.0, 0.05, 0.10, 0.20] {
        let settings = Settings { mode: bench.mode, ..in_micros() };
        let machine = Gate::new(settings).expect("the settings are sound");
        let all: Vec<Verdict> = sessions.iter().map(|s| gate(&machine, s, change)).collect();
        let share = |what: &dyn Fn(&Verdict) -> bool| {
            all.iter().filter(|v| what(v)).count() as f64 / all.len() as f64
        };
        let pairs = all.iter().map(|v| v.pairs as f64).sum::<f64>() / all.len() as f64;
        println!(
            "  {:+4.0} %: FAIL {:.3} (within 12 pairs {:.3})  PASS {:.3}  INCONCLUSIVE {:.3}  pairs {:.1}",
            100.0 * change,
            share(&|v| v.verdict == Judgement::Fail),
            share(&|v| v.verdict == Judgement::Fail && v.pairs <= 12),
            share(&|v| v.verdict == Judgement::Pass),
            share(&|v| v.verdict == Judgement::Inconclusive),
            pairs
        );
    }
}

/// The printed detectable change against the one that is really found in 80 % of sessions.
fn honesty(bench: &Bench, sessions: &[Vec<(Sample, Sample)>]) {
    for metric in [Metric::P50, Metric::P95, Metric::P99] {
        let cells: Vec<String> = [12, 24]
            .into_iter()
            .map(|pairs| {
                // A tolerance of almost nothing never passes, so that every gate runs to its end.
                let tolerances = vec![(metric, 1e-6)];
                let settings = Settings { mode: bench.mode, tolerances, max_pairs: pairs, ..in_micros() };
                let machine = Gate::new(settings).expect("the settings are sound");
                let printed: Vec<f64> =
                    sessions.iter().filter_map(|s| gate(&machine, s, 0.0).metrics[0].detectable).collect();
                let true_change = found_in_four_fifths(&machine, sessions);
                let mean = printed.iter().sum::<f64>() / printed.len() as f64;
                let near = printed.iter().filter(|p| (*p / true_change - 1.0).abs() <= 0.2).count();
                format!(
                    "{pairs} pairs: printed {:.1} % true {:.1} % ratio {:.2}, within 20 %: {:.2}",
                    100.0 * mean,
                    100.0 * true_change,
                    mean / true_change,
                    near as f64 / printed.len() as f64
                )
            })
            .collect();
        println!("    detectable {metric:?}: {}", cells.join(" | "));
    }
}

fn found_in_four_fifths(machine: &Gate, sessions: &[Vec<(Sample, Sample)>]) -> f64 {
    let found = |change: f64| {
        let fails = |s: &&Vec<_>| gate(machine, s, change).verdict == Judgement::Fail;
        sessions.iter().filter(fails).count() as f64 / sessions.len() as f64
    };
    let (mut low, mut high) = (0.0, 0.6);
    for _ in 0..9 {
        let middle = (low + high) / 2.0;
        if found(middle) < 0.8 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

const OPERATIONS: [&str; 6] = ["login", "issue", "upload", "query", "verify", "download"];

/// Six operations share the level of a world; one may be slower. `rate` is per operation.
fn one_of_six(world: World, rate: usize, repetitions: usize, seed: u64) {
    let bench = Bench { world, mode: Mode::Interleaved, rate, seconds: 5, pairs: 12 };
    for change in [0.0, 0.10, 0.20] {
        let (mut failed, mut right, mut wrong) = (0, 0, 0);
        for i in 0..repetitions {
            let only_query = |name: &str| if name == "query" { change } else { 0.0 };
            let verdict = six(&bench, seed + 7_000 + i as u64, only_query);
            let named = |row: &&Row| row.verdict == Judgement::Fail;
            failed += usize::from(verdict.verdict == Judgement::Fail);
            right += usize::from(verdict.metrics.iter().filter(named).any(|r| r.operation == "query"));
            wrong += usize::from(verdict.metrics.iter().filter(named).any(|r| r.operation != "query"));
        }
        let share = |n: usize| n as f64 / repetitions as f64;
        println!(
            "  {:20} {rate} rps an operation {:+4.0} %: FAIL {:.3}, right one named {:.3}, another named {:.3}",
            world.name,
            100.0 * change,
            share(failed),
            share(right),
            share(wrong)
        );
    }
}

fn six(bench: &Bench, seed: u64, change: impl Fn(&str) -> f64) -> Verdict {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let settings = Settings { max_pairs: bench.pairs, ..in_micros() };
    let machine = Gate::new(settings).expect("the settings are sound");
    let stride = bench.seconds + 1;
    let level = (bench.world.level)(stride * 2 * bench.pairs, rng);
    let mut blocks = Vec::new();
    loop {
        let arm = match machine.next(&blocks) {
            Step::Done(verdict) => return *verdict,
            Step::Run { arm, .. } => arm,
        };
        let second = &level[blocks.len() * stride + 1..][..bench.seconds];
        let operations = OPERATIONS.map(|name| {
            let slower = if arm == Arm::B { change(name) } else { 0.0 };
            (name, bench.latencies(second, rng).slower(1.0 + slower))
        });
        blocks.push(block(arm, operations));
    }
}

/// Session level, slow and fast drift, and stalls of 2 s x 3 about every 200 s.
fn reference([session, slow, fast]: [f64; 3], n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let base: f64 = session * rng.sample::<f64, _>(StandardNormal);
    let (slow, fast) = (drift(n, 600.0, slow, rng), drift(n, 5.0, fast, rng));
    let mut level: Vec<f64> = slow.iter().zip(&fast).map(|(s, f)| base + s + f).collect();
    let stalls = Poisson::new(n as f64 / 200.0).expect("the mean is positive").sample(rng) as usize;
    for _ in 0..stalls {
        let from = rng.random_range(0..n);
        level[from..(from + 2).min(n)].iter_mut().for_each(|l| *l += 3f64.ln());
    }
    level
}

/// Ornstein–Uhlenbeck, one step a second.
fn drift(n: usize, tau: f64, sd: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let keep = (-1.0 / tau).exp();
    let mut now = sd * rng.sample::<f64, _>(StandardNormal);
    (0..n)
        .map(|_| {
            now = keep * now + sd * (1.0 - keep * keep).sqrt() * rng.sample::<f64, _>(StandardNormal);
            now
        })
        .collect()
}

fn log_normal(rng: &mut ChaCha8Rng) -> f64 {
    let body = 0.5 * rng.sample::<f64, _>(StandardNormal);
    let tail = rng.random::<f64>() < 0.02;
    body + if tail { 5f64.ln() - (1.0 - rng.random::<f64>()).ln() / 2.5 } else { 0.0 }
}

/// A neighbour that takes a third of the machine for 20 s about every two minutes, pauses of a
/// second x 4 about every 40 s, and a slow drift.
fn co_tenant(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut level = drift(n, 300.0, 0.03, rng);
    for (every, length, factor) in [(120.0, 20.0, 1.5f64), (40.0, 1.0, 4.0)] {
        let (gap, stay) = (Exp::new(1.0 / every), Exp::new(1.0 / length));
        let (gap, stay) = (gap.expect("positive"), stay.expect("positive"));
        let mut at = gap.sample(rng);
        while at < n as f64 {
            let end: f64 = at + f64::max(stay.sample(rng), 1.0);
            (at as usize..(end as usize).min(n)).for_each(|s| level[s] += factor.ln());
            at = end + gap.sample(rng);
        }
    }
    level
}

fn gamma_with_offset(rng: &mut ChaCha8Rng) -> f64 {
    let gamma = Gamma::<f64>::new(2.0, 0.25).expect("positive");
    (0.4 + gamma.sample(rng)).ln()
}

/// A random walk, a job of 5 s at every full minute and one of 30 s every five, and white noise.
fn cron(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let step = Normal::new(0.0, 0.004).expect("positive");
    let phase = rng.random_range(0..300usize);
    let mut walk = 0.0;
    (0..n)
        .map(|s| {
            walk += step.sample(rng);
            let minute = if (s + phase) % 60 < 5 { 0.4 } else { 0.0 };
            let five = if (s + phase) % 300 < 30 { 0.25 } else { 0.0 };
            walk + minute + five + 0.05 * rng.sample::<f64, _>(StandardNormal)
        })
        .collect()
}

/// A cache that answers six of seven at once; the rest go the long way with a Weibull tail.
fn hit_or_miss(rng: &mut ChaCha8Rng) -> f64 {
    let weibull = Weibull::<f64>::new(1.0, 0.8).expect("positive");
    let jitter = 0.2 * rng.sample::<f64, _>(StandardNormal);
    let miss = rng.random::<f64>() < 1.0 / 7.0;
    jitter + if miss { (2.0 + 2.0 * weibull.sample(rng)).ln() } else { 0.0 }
}
