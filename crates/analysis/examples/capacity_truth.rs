//! The capacity search on queues whose limit is known, beside a ramp and a bisection.
//!
//! `cargo run --release -p piaotan-analysis --example capacity_truth [repetitions] [seed] [verify] [NAME]`
//!
//! Five queues: M/M/8 (limit by formula), two of our own, and two that came after the method was done
//! (limits by long simulation, which `verify` repeats). `NAME`, a part of a name, chooses among them. All start cold and have capacity noise from trial to trial.
#![allow(clippy::print_stdout)]

use piaotan_analysis::capacity::{
    Capacity, CapacityAnswer, Growth, Peaks, Purpose, Second, Settings, Slo, Step, Trial,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Gamma, StandardNormal};

/// A queue with several servers, first come first served.
#[derive(Clone, Copy)]
struct Queue {
    name: &'static str,
    servers: usize,
    service: fn(&mut ChaCha8Rng) -> f64,
    /// Everything stops for the first many seconds, on average once in the second many.
    pause: Option<(f64, f64)>,
    slo: Slo,
    trial_noise: f64,
    from: f64,
    ceiling: f64,
    /// True limit: by the Erlang C formula for M/M/8, else by `verify` with seed 9201.
    limit: f64,
}

const QUEUES: [Queue; 5] = [
    Queue {
        name: "M/M/8, 80 ms, p99 <= 500 ms",
        servers: 8,
        service: |r| 0.08 * exponential(r),
        pause: None,
        slo: Slo { latency: 0.5, share: 0.01 },
        trial_noise: 0.02,
        from: 20.0,
        ceiling: 160.0,
        limit: 87.68,
    },
    Queue {
        name: "M/LN/4, 60 ms sigma 1, p95 <= 400 ms (own)",
        servers: 4,
        service: |r| 0.06 * (normal(r) - 0.5).exp(),
        pause: None,
        slo: Slo { latency: 0.4, share: 0.05 },
        trial_noise: 0.03,
        from: 10.0,
        ceiling: 200.0,
        limit: 54.83,
    },
    Queue {
        name: "M/G/16 with pauses, 100 ms, p99 <= 800 ms (own)",
        servers: 16,
        service: |r| Gamma::new(3.0, 0.1 / 3.0).expect("positive").sample(r),
        pause: Some((0.4, 15.0)),
        slo: Slo { latency: 0.8, share: 0.01 },
        trial_noise: 0.02,
        from: 30.0,
        ceiling: 400.0,
        limit: 146.35,
    },
    Queue {
        name: "M/H2/6, 30 or 300 ms, p95 <= 600 ms (after)",
        servers: 6,
        service: |r| exponential(r) * if r.random::<f64>() < 0.9 { 0.03 } else { 0.3 },
        pause: None,
        slo: Slo { latency: 0.6, share: 0.05 },
        trial_noise: 0.025,
        from: 15.0,
        ceiling: 300.0,
        limit: 88.91,
    },
    Queue {
        name: "M/U/3 with short pauses, 20 to 60 ms, p90 <= 300 ms (after)",
        servers: 3,
        service: |r| 0.02 + 0.04 * r.random::<f64>(),
        pause: Some((0.2, 5.0)),
        slo: Slo { latency: 0.3, share: 0.1 },
        trial_noise: 0.03,
        from: 10.0,
        ceiling: 200.0,
        limit: 65.57,
    },
];

type Search = fn(&Queue, u64) -> (f64, f64);

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|a| a.parse::<u64>().ok());
    let repetitions = arguments.next().unwrap_or(300);
    let seed = arguments.next().unwrap_or(9201);
    println!("{repetitions} repetitions, seed {seed}");
    let words: Vec<String> =
        std::env::args().skip(1).filter(|a| a.parse::<u64>().is_err() && a != "verify").collect();
    for queue in QUEUES.into_iter().filter(|q| words.iter().all(|word| q.name.contains(word.as_str()))) {
        let truth = queue.limit;
        println!("\n{}: true limit {truth:.2} per second", queue.name);
        if std::env::args().any(|a| a == "verify") {
            println!("  by long simulation {:.2}", queue.simulated_limit(seed));
        }
        for (name, thorough) in [("30-s trials", false), ("60-s trials", true)] {
            let answers: Vec<CapacityAnswer> =
                (0..repetitions).map(|i| queue.search(thorough, seed + 10_000 + i)).collect();
            show(name, truth, &answers);
            headroom(truth, &answers);
        }
        let others: [(&str, Search); 2] = [("ramp, cumulative", ramp), ("bisection, 60-s trials", bisection)];
        for (name, search) in others {
            let found: Vec<(f64, f64)> =
                (0..repetitions).map(|i| search(&queue, seed + 10_000 + i)).collect();
            println!("  {name:24} {}", errors(truth, found.iter().copied()));
        }
    }
    forecast(repetitions, seed);
}

fn show(name: &str, truth: f64, answers: &[CapacityAnswer]) {
    let share = |what: &dyn Fn(f64, f64) -> bool| {
        let bounds = answers.iter().filter_map(|a| Some((a.lower?, a.upper?)));
        bounds.filter(|b| what(b.0, b.1)).count() as f64 / answers.len() as f64
    };
    let found = answers.iter().map(|a| (a.median.unwrap_or(f64::NAN), a.seconds));
    println!(
        "  {name:24} {}  90 % interval covers {:.2}, lower <= true {:.2}",
        errors(truth, found),
        share(&|lower, upper| lower <= truth && truth <= upper),
        share(&|lower, _| lower <= truth)
    );
}

fn headroom(truth: f64, answers: &[CapacityAnswer]) {
    let cells: Vec<String> = [0.80, 0.90, 0.95, 1.00, 1.05, 1.10, 1.20]
        .iter()
        .map(|ratio| {
            let exits: Vec<u8> =
                answers.iter().map(|a| a.clone().with_need(Some(ratio * truth)).exit).collect();
            let share = |exit: u8| exits.iter().filter(|e| **e == exit).count() as f64 / exits.len() as f64;
            format!("{ratio:.2}: {:.2}/{:.2}", share(0), share(1))
        })
        .collect();
    println!("    need / true: GO/NO-GO  {}", cells.join("  "));
}

fn errors(truth: f64, found: impl Iterator<Item = (f64, f64)>) -> String {
    let (mut errors, mut seconds) = (Vec::new(), 0.0);
    for (rate, took) in found {
        errors.push(rate / truth - 1.0);
        seconds += took;
    }
    let n = errors.len() as f64;
    let bias = errors.iter().sum::<f64>() / n;
    errors.iter_mut().for_each(|e| *e = e.abs());
    errors.sort_by(f64::total_cmp);
    let mae = errors.iter().sum::<f64>() / n;
    let p90 = errors[(0.9 * (n - 1.0)).round() as usize];
    format!(
        "bias {:+.1} %  MAE {:.1} %  p90 {:.1} %  {:.0} s",
        100.0 * bias,
        100.0 * mae,
        100.0 * p90,
        seconds / n
    )
}

/// A platform that is being loaded: it warms up, queues, and needs time to drain.
struct Platform<'a> {
    queue: &'a Queue,
    rng: ChaCha8Rng,
    now: f64,
    free: Vec<f64>,
    loaded: f64,
    next_pause: f64,
}

/// A request: when it was due, and how long it took.
type Request = (f64, f64);

impl<'a> Platform<'a> {
    fn new(queue: &'a Queue, seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { queue, rng, now: 0.0, free: vec![0.0; queue.servers], loaded: 0.0, next_pause: 0.0 }
    }

    /// Loads for `seconds` at a rate that may change with time, at most `most`.
    fn load(&mut self, rate: impl Fn(f64) -> f64, most: f64, seconds: f64, noise: f64) -> Vec<Request> {
        let slower = (noise * normal(&mut self.rng)).exp();
        let (mut at, mut requests) = (0.0, Vec::new());
        loop {
            at += exponential(&mut self.rng) / most;
            if at >= seconds {
                break;
            }
            if self.rng.random::<f64>() * most < rate(at) {
                requests.push((at, self.serve(at, slower)));
            }
        }
        self.now += seconds;
        self.loaded += seconds;
        requests
    }

    fn serve(&mut self, at: f64, slower: f64) -> f64 {
        let due = self.now + at;
        let first = self.free.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("there are servers");
        let mut start = due.max(*first);
        if let Some((length, every)) = self.queue.pause {
            while start >= self.next_pause + length {
                self.next_pause += length + every * exponential(&mut self.rng);
            }
            start = if start >= self.next_pause { self.next_pause + length } else { start };
        }
        let cold = 1.0 + 0.5 * (-(self.loaded + at) / 10.0).exp();
        *first = start + (self.queue.service)(&mut self.rng) * slower * cold;
        *first - due
    }

    /// Waits until everything is answered, at most half a minute, and a second more.
    fn drain(&mut self) -> f64 {
        let last = self.free.iter().copied().fold(0.0, f64::max);
        let wait = (last - self.now).clamp(0.0, 30.0);
        if last - self.now > 30.0 {
            self.free.fill(self.now + wait);
        }
        self.now += wait + 1.0;
        wait + 1.0
    }

    fn trial(&mut self, purpose: Purpose, rate: f64, seconds: f64) -> Trial {
        let requests = self.load(|_| rate, rate, seconds, self.queue.trial_noise);
        let mut each_second = vec![Second::default(); seconds.ceil() as usize];
        for &(at, latency) in &requests {
            let second = &mut each_second[at as usize];
            second.due += 1;
            second.slow += u64::from(latency > self.queue.slo.latency);
            second.mean += latency;
        }
        each_second.iter_mut().for_each(|s| s.mean /= s.due as f64);
        let (review, sync) = (Growth::Unknown, Growth::Unknown);
        let drain = self.drain();
        Trial { purpose, rate, seconds, each_second, requests: rate, review, sync, collapsed: false, drain }
    }
}

impl Queue {
    fn search(&self, thorough: bool, seed: u64) -> CapacityAnswer {
        let settings = if thorough {
            Settings::thorough(self.slo, self.from, self.ceiling)
        } else {
            Settings::new(self.slo, self.from, self.ceiling)
        };
        let capacity = Capacity::new(settings).expect("the settings are sound");
        let mut platform = Platform::new(self, seed);
        let mut trials = Vec::new();
        loop {
            match capacity.next(&trials) {
                Step::Done(answer) => return *answer,
                Step::Run { purpose, rate, seconds } => trials.push(platform.trial(purpose, rate, seconds)),
            }
        }
    }

    /// The rate at which the long-run share of violations is the allowed one, without trial noise.
    fn simulated_limit(&self, seed: u64) -> f64 {
        let (mut low, mut high) = (self.from, self.ceiling);
        for _ in 0..16 {
            let middle = (low + high) / 2.0;
            let mut platform = Platform::new(self, seed);
            platform.loaded = 1e6;
            let requests = platform.load(|_| middle, middle, 40_000.0, 0.0);
            let slow = requests.iter().filter(|r| r.1 > self.slo.latency).count() as f64;
            if slow > self.slo.share * requests.len() as f64 { high = middle } else { low = middle }
        }
        (low + high) / 2.0
    }
}

/// A ramp over ten minutes, stopped when the cumulative share of violations is above the allowed one:
/// what a threshold with abort does.
fn ramp(queue: &Queue, seed: u64) -> (f64, f64) {
    let (low, high, length) = (queue.from / 2.0, queue.ceiling, 600.0);
    let rate = |t: f64| low + (high - low) * t / length;
    let mut requests = Platform::new(queue, seed).load(rate, high, length, queue.trial_noise);
    requests.sort_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1)));
    let (mut slow, mut next_look) = (0usize, 20.0);
    for (seen, (due, latency)) in requests.iter().enumerate() {
        if due + latency > next_look {
            if seen >= 50 && slow as f64 > queue.slo.share * seen as f64 {
                return (rate(next_look.min(length)), next_look);
            }
            next_look += 2.0;
        }
        slow += usize::from(*latency > queue.slo.latency);
    }
    (high, length)
}

/// Bisection to three per cent, one 60-s trial a rate.
fn bisection(queue: &Queue, seed: u64) -> (f64, f64) {
    let mut platform = Platform::new(queue, seed);
    let (mut low, mut high, mut seconds) = (queue.from / 2.0, queue.ceiling, 0.0);
    while high / low > 1.03 {
        let middle = f64::sqrt(low * high);
        let trial = platform.trial(Purpose::Search, middle, 60.0);
        seconds += trial.seconds + trial.drain;
        let (slow, due) =
            trial.each_second.iter().fold((0, 0), |(slow, due), s| (slow + s.slow, due + s.due));
        if slow as f64 > queue.slo.share * due as f64 { high = middle } else { low = middle }
    }
    (low, seconds)
}

/// How often the next month's peak stays under its 90 % bound.
fn forecast(repetitions: u64, seed: u64) {
    println!("\npeaks: share of next month-ends under the 90 % bound, and bound / median peak");
    for (months, growth) in [(6, 0.0), (12, 0.0), (12, 0.02), (24, 0.02)] {
        let (mut under, mut above) = (0u64, 0.0);
        for i in 0..10 * repetitions {
            let rng = &mut ChaCha8Rng::seed_from_u64(seed + 50_000 + i);
            let trend = |m: i32| 100.0 * (growth * f64::from(m)).exp();
            let mut text = String::from("time,rate\n");
            for m in 0..months {
                let rate = trend(m) * (0.15 * normal(rng)).exp();
                text += &format!("{}-{:02}-28,{rate}\n", 2020 + m / 12, 1 + m % 12);
            }
            let bound = Peaks::parse(&text).and_then(|p| p.next_peak()).expect("six months are enough");
            under += u64::from(trend(months) * (0.15 * normal(rng)).exp() <= bound);
            above += bound / trend(months);
        }
        let n = (10 * repetitions) as f64;
        println!(
            "  {months:2} months, growth {:.0} % a month: {:.3}, {:.2}",
            100.0 * growth,
            under as f64 / n,
            above / n
        );
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(StandardNormal)
}

fn exponential(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(Exp1)
}
