//! Change points against truth: series without a change, series with one known step, and series that
//! people have labelled.
//!
//! `cargo run --release -p piaotan-analysis --example history_truth [repetitions] [seed]`
//!
//! Labelled series are read from `$PIAOTAN_SHARED/series` or `../shared/series`, and skipped loudly
//! when absent. Where `$OTAVA_PYTHON` names a Python that has `apache-otava`, it judges the same series
//! in the same run. F1 is that of van den Burg and Williams (2020, arXiv 2003.06222), margin 5.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use piaotan_analysis::history::{Options, detect};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

type Noise = fn(&mut ChaCha8Rng) -> Vec<f64>;
const POINTS: usize = 100;

const NOISES: [(&str, Noise); 8] = [
    ("independent, cv 3 %", |r| autoregressive(0.0, r)),
    ("AR 0.3", |r| autoregressive(0.3, r)),
    ("AR 0.6", |r| autoregressive(0.6, r)),
    ("spikes 4 %", spikes),
    ("log-normal cv 10 %", |r| (0..POINTS).map(|_| 100.0 * (0.1 * normal(r)).exp()).collect()),
    ("two levels (own)", two_levels),
    ("weekly rhythm (own)", weekly),
    ("calm and restless (own)", restless),
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|a| a.parse::<u64>().ok());
    let repetitions = arguments.next().unwrap_or(300) as usize;
    let seed = arguments.next().unwrap_or(7301);
    println!("{repetitions} repetitions, seed {seed}, series of {POINTS} points");
    println!("\nwithout a change: share of series with one found");
    for (name, noise) in NOISES {
        let found = (0..repetitions).filter(|&i| !changes(&noise(&mut rng(seed, i))).is_empty()).count();
        println!("  {name:26} {:.3}", found as f64 / repetitions as f64);
    }
    println!("\nstep at 60: found within 5 points / others found a series");
    for (name, noise) in NOISES {
        let cells: Vec<String> = [0.03, 0.05, 0.10]
            .iter()
            .map(|&step| format!("{:+3.0} %: {}", 100.0 * step, power(noise, step, repetitions, seed)))
            .collect();
        println!("  {name:26} {}", cells.join("   "));
    }
    labelled();
}

fn changes(values: &[f64]) -> Vec<usize> {
    detect(values, &Options::default())
}

fn rng(seed: u64, repetition: usize) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed * 1_000_003 + repetition as u64)
}

fn power(noise: Noise, step: f64, repetitions: usize, seed: u64) -> String {
    let (mut hits, mut others) = (0, 0);
    for i in 0..repetitions {
        let mut values = noise(&mut rng(seed + 1, i));
        values[60..].iter_mut().for_each(|v| *v *= 1.0 + step);
        let found = changes(&values);
        let near = found.iter().filter(|at| at.abs_diff(60) <= 5).count();
        hits += usize::from(near > 0);
        others += found.len() - near;
    }
    let share = |n: usize| n as f64 / repetitions as f64;
    format!("{:.3} / {:.3}", share(hits), share(others))
}

/// F1 of ours and of Otava on every labelled series.
fn labelled() {
    let shared = std::env::var_os("PIAOTAN_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(shared.join("series")) else {
        println!("\nSKIPPED: no labelled series at {}", shared.join("series").display());
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    let series: Vec<Labelled> = paths.iter().filter_map(Labelled::read).collect();
    let otava = otava(&series);
    println!("\nlabelled series: F1 (precision, recall), margin 5");
    let mut groups: BTreeMap<&str, Vec<[Score; 3]>> = BTreeMap::new();
    for (at, one) in series.iter().enumerate() {
        let ours = one.score(&changes(&one.values));
        let theirs = otava.as_ref().map_or(Score::default(), |o| one.score(&o[at]));
        println!("  {:26} ours {ours}   otava {theirs}   {:?}", one.name, changes(&one.values));
        groups.entry(one.group()).or_default().push([ours, theirs, one.score(&[])]);
        if one.is_quality() {
            groups.entry("quality").or_default().push([ours, theirs, one.score(&[])]);
        }
    }
    for (group, scores) in groups {
        let mean = |which: usize| Score::mean(scores.iter().map(|s| s[which]));
        println!(
            "  mean {group:10} n={:2} ours {}   otava {}   none {}",
            scores.len(),
            mean(0),
            mean(1),
            mean(2)
        );
    }
    if otava.is_none() {
        println!("  otava was not run: set OTAVA_PYTHON to a Python that has apache-otava");
    }
}

/// A series and where each annotator saw changes.
struct Labelled {
    name: String,
    values: Vec<f64>,
    annotators: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, Default)]
struct Score {
    f1: f64,
    precision: f64,
    recall: f64,
}

impl Labelled {
    fn read(path: &PathBuf) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let indices = |v: &serde_json::Value| -> Vec<usize> {
            let list = v.as_array().into_iter().flatten();
            list.filter_map(|i| Some(i.as_u64()? as usize)).collect()
        };
        let annotators: Vec<Vec<usize>> = json["cps"].as_object()?.values().map(indices).collect();
        let values = json["values"].as_array()?.iter().filter_map(serde_json::Value::as_f64).collect();
        let name = json["name"].as_str()?.to_owned();
        (!annotators.is_empty()).then_some(Self { name, values, annotators })
    }

    fn group(&self) -> &'static str {
        if self.name.starts_with("tcpd") { "tcpd" } else { "runs" }
    }

    fn is_quality(&self) -> bool {
        ["quality", "nile", "well_log"].iter().any(|k| self.name.contains(k))
    }

    fn score(&self, found: &[usize]) -> Score {
        let with_start = |points: &[usize]| {
            let mut all: Vec<usize> = points.iter().copied().chain([0]).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let found = with_start(found);
        let union = with_start(&self.annotators.concat());
        let precision = matched(&union, &found) as f64 / found.len() as f64;
        let recalls: Vec<f64> = self
            .annotators
            .iter()
            .map(|a| with_start(a))
            .map(|a| matched(&a, &found) as f64 / a.len() as f64)
            .collect();
        let recall = recalls.iter().sum::<f64>() / recalls.len() as f64;
        Score { f1: 2.0 * precision * recall / (precision + recall), precision, recall }
    }
}

impl Score {
    fn mean(scores: impl Iterator<Item = Self> + Clone) -> Self {
        let n = scores.clone().count() as f64;
        let sum = |pick: fn(Self) -> f64| scores.clone().map(pick).sum::<f64>() / n;
        Self { f1: sum(|s| s.f1), precision: sum(|s| s.precision), recall: sum(|s| s.recall) }
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} ({:.2}, {:.2})", self.f1, self.precision, self.recall)
    }
}

/// One-to-one matches within five points, the nearest first come.
fn matched(truth: &[usize], found: &[usize]) -> usize {
    let mut free: Vec<usize> = found.to_vec();
    truth
        .iter()
        .filter(|&&t| {
            let near = (0..free.len()).filter(|&i| free[i].abs_diff(t) <= 5);
            let nearest = near.min_by_key(|&i| free[i].abs_diff(t));
            nearest.map(|i| free.remove(i)).is_some()
        })
        .count()
}

const OTAVA: &str = "
import json, sys
from otava.analysis import compute_change_points
for line in sys.stdin:
    found, _ = compute_change_points(json.loads(line), window_len=50, max_pvalue=0.001, min_magnitude=0.0)
    print(json.dumps([int(c.index) for c in found]))
";

/// Otava at its defaults on the same series. `None` where it cannot be run.
fn otava(series: &[Labelled]) -> Option<Vec<Vec<usize>>> {
    let python = std::env::var_os("OTAVA_PYTHON")?;
    let mut child = Command::new(python)
        .args(["-c", OTAVA])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let lines: Vec<String> = series.iter().map(|s| serde_json::json!(s.values).to_string()).collect();
    child.stdin.take()?.write_all((lines.join("\n") + "\n").as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let found: Vec<Vec<usize>> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    (found.len() == series.len()).then_some(found)
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(StandardNormal)
}

fn autoregressive(rho: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let fresh = (1.0 - rho * rho).sqrt();
    let mut now = normal(rng);
    (0..POINTS)
        .map(|_| {
            now = rho * now + fresh * normal(rng);
            100.0 + 3.0 * now
        })
        .collect()
}

fn spikes(rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..POINTS)
        .map(|_| 100.0 + 3.0 * normal(rng) + if rng.random::<f64>() < 0.04 { 40.0 } else { 0.0 })
        .collect()
}

/// Runners of two kinds: a third of the runs take 8 % longer.
fn two_levels(rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..POINTS)
        .map(|_| 100.0 + 1.5 * normal(rng) + if rng.random::<f64>() < 0.33 { 8.0 } else { 0.0 })
        .collect()
}

/// Weekends are 4 % faster, and noise has heavy tails (Student's t with 3 degrees of freedom).
fn weekly(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let phase = rng.random_range(0..7usize);
    (0..POINTS)
        .map(|day| {
            let chi: f64 = (0..3).map(|_| normal(rng).powi(2)).sum::<f64>() / 3.0;
            let weekend = if (day + phase) % 7 < 2 { -4.0 } else { 0.0 };
            100.0 + weekend + 1.5 * normal(rng) / chi.sqrt()
        })
        .collect()
}

/// Spread that wanders between a half and twice its usual size, level unchanged.
fn restless(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut log_spread: f64 = 0.0;
    (0..POINTS)
        .map(|_| {
            log_spread = 0.9 * log_spread + 0.3 * normal(rng);
            100.0 + 2.5 * log_spread.clamp(-0.7, 0.7).exp() * normal(rng)
        })
        .collect()
}
