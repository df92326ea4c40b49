//! The capacity search beside a ramp and a bisection, all by the same engine, on the same three queues.
//!
//! `cargo bench --bench capacity_e2e [-- REPETITIONS [SEED]]`: about twenty minutes a repetition.
//!
//! Each queue is a reference platform of its own, whose limit the platform itself knows (Erlang C, or its
//! own simulation). The order of the three methods turns with each repetition, so that a busy quarter of
//! an hour of the machine hits each of them once.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program that measures time and tells it"
)]

use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

#[derive(Debug, Clone, Copy)]
struct Queue {
    name: &'static str,
    weather: &'static str,
    quantile: &'static str,
    latency: &'static str,
    seconds: f64,
    /// Where ramp and bisection begin and end; the search begins at the first.
    from: f64,
    to: f64,
}

const QUEUES: [Queue; 3] = [
    Queue {
        name: "M/M/8, 80 ms, p99 < 500 ms",
        weather: "servers = 8\nservice = {kind = \"exponential\", mean = 0.08}",
        quantile: "99",
        latency: "500ms",
        seconds: 0.5,
        from: 10.0,
        to: 160.0,
    },
    Queue {
        name: "M/LN/4, 40 ms sigma 1, p95 < 400 ms",
        weather: "servers = 4\nservice = {kind = \"lognormal\", median = 0.04, sigma = 1.0}",
        quantile: "95",
        latency: "400ms",
        seconds: 0.4,
        from: 8.0,
        to: 128.0,
    },
    Queue {
        name: "M/U/2, 20 to 80 ms, p95 < 250 ms",
        weather: "servers = 2\nservice = {kind = \"uniform\", low = 0.02, high = 0.08}",
        quantile: "95",
        latency: "250ms",
        seconds: 0.25,
        from: 5.0,
        to: 80.0,
    },
];

/// What one method found, and how long it took.
#[derive(Debug, Clone, Copy)]
struct Found {
    rate: f64,
    seconds: f64,
    interval: Option<(f64, f64)>,
}

/// A way to find the limit of a site, with its name.
type Method = (&'static str, fn(&Site) -> Found);

const METHODS: [Method; 3] =
    [("capacity", capacity), ("ramp 300 s, cumulative", ramp), ("bisection, 60-s trials", bisection)];

/// Ratio at which the bisection ends.
const NARROW: f64 = 1.05;
const RAMP: f64 = 300.0;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse::<u64>().ok());
    let (repetitions, seed) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
    println!("{repetitions} repetitions, seed {seed}");
    let queues = QUEUES.map(|queue| std::thread::spawn(move || table(queue, repetitions, seed)));
    for queue in queues {
        println!("{}", queue.join().expect("a queue's thread does not panic"));
    }
}

fn table(queue: Queue, repetitions: u64, seed: u64) -> String {
    let mut out = String::new();
    for repetition in 0..repetitions {
        let site = Site::start(queue, seed + repetition);
        if repetition == 0 {
            let _ = writeln!(out, "\n{}: true limit {:.2}/s", queue.name, site.truth());
        }
        let truth = site.truth();
        for turn in 0..METHODS.len() {
            let (name, method) = METHODS[(turn + repetition as usize) % METHODS.len()];
            let found = method(&site);
            let interval = found.interval.map_or_else(String::new, |(lower, upper)| {
                let holds = if lower <= truth && truth <= upper { "holds" } else { "misses" };
                format!("  90 % interval {lower:.1} to {upper:.1} {holds} the truth")
            });
            let error = 100.0 * (found.rate / truth - 1.0);
            let line = format!(
                "  {name:24} {:7.2}/s  {error:+6.1} %  {:4.0} s{interval}",
                found.rate, found.seconds
            );
            println!("{} #{repetition}{line}", queue.name);
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

/// A platform with one queue, and a folder to work in.
struct Site {
    queue: Queue,
    seed: u64,
    url: String,
    platform: Child,
    dir: tempfile::TempDir,
}

impl Site {
    fn start(queue: Queue, seed: u64) -> Self {
        let dir = tempfile::tempdir().expect("a folder for a while");
        let weather = dir.path().join("weather.toml");
        let text =
            format!("[rules]\ndaily_limit = 0\n[[capacity]]\noperations = [\"query\"]\n{}\n", queue.weather);
        std::fs::write(&weather, text).expect("the folder can be written");
        let mut platform = piaotan(dir.path())
            .args(["platform", "--listen", "127.0.0.1:0", "--exit-with-stdin", "--seed", &seed.to_string()])
            .arg("--weather")
            .arg(&weather)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the platform starts");
        let mut line = String::new();
        let told = platform.stdout.take().expect("its output is a pipe");
        BufReader::new(told).read_line(&mut line).expect("it says where it listens");
        let url = line.trim().trim_start_matches("listening on ").to_owned();
        Self { queue, seed, url, platform, dir }
    }

    /// The rate that the platform says this queue sustains.
    fn truth(&self) -> f64 {
        let quantile = format!("0.{}", self.queue.quantile);
        let path =
            format!("/_weather/sustainable?quantile={quantile}&seconds={}&entry=0", self.queue.seconds);
        let answer: Value =
            serde_json::from_str(&get(&self.url, &path)).expect("the platform answers in JSON");
        answer["data"]["rate"].as_f64().expect("the queue has a limit")
    }

    /// A scenario that only asks for invoices by number, with this load.
    fn scenario(&self, load: &str, limits: &str) -> PathBuf {
        let path = self.dir.path().join("scenario.toml");
        let text = format!(
            "name = \"queue\"\nseed = {}\n{limits}\n[data]\nprepare = 50\n[sync]\ntrack = 0.0\n[warmup]\nlength = \"5s\"\n[[mix]]\njourney = \"query_number\"\n[load]\narrivals = \"poisson\"\nconnections = 256\n{load}\n",
            self.seed
        );
        std::fs::write(&path, text).expect("the folder can be written");
        path
    }

    /// The limit of a run, as an entry of `limits`.
    fn limit(&self, abort: bool) -> String {
        let limit = format!("query_number.response.p{} < {}", self.queue.quantile, self.queue.latency);
        let delay = if abort { ", abort = true, delay = \"20s\"" } else { "" };
        format!("limits = [{{limit = \"{limit}\"{delay}}}]")
    }

    /// A verb's answer on standard output.
    fn ask(&self, verb: &[&str], scenario: &Path) -> Value {
        let out = self
            .dir
            .path()
            .join(format!("out-{}", std::fs::read_dir(self.dir.path()).map_or(0, Iterator::count)));
        let output = piaotan(self.dir.path())
            .arg(verb[0])
            .arg(scenario)
            .args(&verb[1..])
            .args(["--target", &self.url, "--format", "json", "--out"])
            .arg(&out)
            .output()
            .expect("the program starts");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{verb:?}: {e}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.platform.kill();
        let _ = self.platform.wait();
    }
}

fn capacity(site: &Site) -> Found {
    let scenario = site.scenario(&format!("rate = {}\nduration = \"1m\"", site.queue.from), "");
    let slo = format!("query_number.p{} < {}", site.queue.quantile, site.queue.latency);
    let start = site.queue.from.to_string();
    let began = Instant::now();
    let answer = site.ask(&["capacity", "--slo", &slo, "--start", &start, "--max-time", "12m"], &scenario);
    let number = |name: &str| answer[name].as_f64().unwrap_or(f64::NAN);
    Found {
        rate: number("median"),
        seconds: began.elapsed().as_secs_f64(),
        interval: Some((number("lower"), number("upper"))),
    }
}

/// What a script with a threshold that aborts does: the rate when the cumulative quantile broke it.
fn ramp(site: &Site) -> Found {
    let Queue { from, to, .. } = site.queue;
    let load = format!("[[load.stage]]\nshape = \"ramp\"\nfrom = {from}\nto = {to}\nlength = \"{RAMP}s\"");
    let scenario = site.scenario(&load, &site.limit(true));
    let began = Instant::now();
    let answer = site.ask(&["run", "--listen", "127.0.0.1:0"], &scenario);
    let sent = answer["arrivals"]["scheduled"].as_f64().unwrap_or(f64::NAN) - 50.0;
    // sent = from t + (to - from) t^2 / 2 RAMP, and the rate then is from + (to - from) t / RAMP.
    let rate = (from * from + 2.0 * (to - from) / RAMP * sent).sqrt();
    Found { rate, seconds: began.elapsed().as_secs_f64(), interval: None }
}

fn bisection(site: &Site) -> Found {
    let (mut low, mut high) = (site.queue.from, site.queue.to);
    let began = Instant::now();
    while high / low > NARROW {
        let middle = f64::sqrt(low * high);
        let scenario = site.scenario(&format!("rate = {middle}\nduration = \"60s\""), &site.limit(false));
        let answer = site.ask(&["run", "--listen", "127.0.0.1:0"], &scenario);
        if answer["verdict"] == "pass" { low = middle } else { high = middle }
    }
    Found { rate: f64::sqrt(low * high), seconds: began.elapsed().as_secs_f64(), interval: None }
}

/// The program, with no configuration of the machine's.
fn piaotan(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_piaotan"));
    command.current_dir(dir).env("PIAOTAN_LANG", "en");
    for name in ["PIAOTAN_CONFIG", "PIAOTAN_TARGET", "PIAOTAN_PROFILE"] {
        command.env_remove(name);
    }
    command
}

fn get(url: &str, path: &str) -> String {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the platform listens");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n")
        .expect("it can be asked");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    text.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned())
}
