//! A series of run folders: since when is which operation slower, later, or less reliable?
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "answers on standard output")]

use super::History;
use crate::door::Format;
use crate::folders;
use crate::telling;
use anyhow::{Context as _, Result, anyhow, bail};
use piaotan_analysis::history::{HistoryAnswer, Options, Series, Status};
use piaotan_analysis::summary::Summary;
use piaotan_record::Operation;
use piaotan_record::folder::RunFolder;
use piaotan_reports::charts::{Style, history};
use piaotan_reports::html::{failed, operation_name};
use piaotan_reports::{Lang, png, units};
use piaotan_scenarios::scenario::Scenario;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// One run on the axis: what its folder is called, the commit where one was said, and when.
#[derive(Debug)]
struct Point {
    name: String,
    commit: Option<String>,
    started: String,
}

impl Point {
    /// What people call it: the first digits of its commit, or else its folder.
    fn label(&self) -> String {
        let short = |commit: &String| match commit.chars().all(|c| c.is_ascii_hexdigit()) {
            true => commit.chars().take(10).collect(),
            false => commit.clone(),
        };
        self.commit.as_ref().map_or_else(|| self.name.clone(), short)
    }
}

/// One operation's metric over all runs.
#[derive(Debug)]
struct Track {
    operation: String,
    metric: &'static str,
    values: Vec<Option<f64>>,
    answer: HistoryAnswer,
}

/// The smallest change that is told of, unless told otherwise: what a machine's next boot does alone.
const LEAST: f64 = 0.02;

/// Searches every operation and metric of the runs and answers.
///
/// # Errors
/// One line that names the folder and what to write instead.
pub fn run(args: &History, lang: Lang) -> Result<u8> {
    let folders = folders::open(&args.files)?;
    if folders.len() < 2 {
        bail!("{} run is no history; name the folders of several, oldest first or not", folders.len());
    }
    alike(&folders)?;
    let (points, values) = read(&folders, lang)?;
    let tracks = search(args, &points, values)?;
    if let Some(dir) = &args.charts {
        draw(dir, &points, &tracks, lang)?;
    }
    match args.format {
        Format::Json => println!("{}", answer(&points, &tracks)),
        Format::Human => show(&points, &tracks, lang),
    }
    Ok(0)
}

/// Runs of several scenarios are several histories.
fn alike(folders: &[RunFolder]) -> Result<()> {
    let first = &folders[0].manifest().scenario;
    match folders.iter().find(|folder| folder.manifest().scenario != *first) {
        Some(other) => bail!(
            "{} is a run of `{}`, the others are of `{first}`; name runs of one scenario",
            other.path().display(),
            other.manifest().scenario
        ),
        None => Ok(()),
    }
}

type Values = BTreeMap<(String, &'static str), Vec<Option<f64>>>;

fn read(folders: &[RunFolder], lang: Lang) -> Result<(Vec<Point>, Values)> {
    let (mut points, mut values) = (Vec::new(), Values::new());
    for (at, folder) in folders.iter().enumerate() {
        let summary = telling::read(folder.path(), lang)?.summary;
        let name = folder.path().file_name().map(|name| name.to_string_lossy().into_owned());
        points.push(Point {
            name: name.unwrap_or_else(|| summary.run.clone()),
            commit: folder.manifest().commit.clone(),
            started: folder.manifest().started.to_rfc3339(),
        });
        let scenario = Scenario::parse(&folder.manifest().scenario_text, "the run's scenario", &[])?;
        let sent = scenario.operations();
        // A run that was cut short is a gap, not a value.
        let measured = if summary.cut_short.is_none() { measures(&summary, &sent) } else { Vec::new() };
        for (key, value) in measured {
            let track = values.entry(key).or_default();
            track.resize(at, None);
            track.push(Some(value));
        }
    }
    values.values_mut().for_each(|track| track.resize(folders.len(), None));
    Ok((points, values))
}

/// Everything of a run that has a history: response times outside windows, failures, delays.
fn measures(summary: &Summary, sent: &[Operation]) -> Vec<((String, &'static str), f64)> {
    let mut all = Vec::new();
    let judged = |name: &str| sent.iter().any(|op| op.as_str() == name);
    for (name, operation) in summary.operations.iter().filter(|(name, _)| judged(name)) {
        if let Some(response) = &operation.response {
            let quantiles = [("p50", response.p50), ("p95", response.p95), ("p99", response.p99)];
            all.extend(quantiles.map(|(metric, value)| ((name.clone(), metric), value)));
        }
        let share = failed(operation) as f64 / operation.count.max(1) as f64;
        all.push(((name.clone(), "error_ratio"), share));
    }
    for (surface, sync) in &summary.sync {
        if let Some(median) = sync.quantiles.get("p50").filter(|q| q.reached) {
            all.push(((format!("sync.{surface}"), "p50"), median.value));
        }
    }
    all
}

fn search(args: &History, points: &[Point], values: Values) -> Result<Vec<Track>> {
    let usual = Options::default();
    let options = Options {
        least_change: if args.least_change > 0.0 { args.least_change } else { LEAST },
        // All series together cry wolf no oftener than one would.
        alpha: usual.alpha / values.len().max(1) as f64,
        ..usual
    };
    let times: Vec<String> = points.iter().map(|point| point.started.clone()).collect();
    let each = values.into_iter().map(|((operation, metric), values)| {
        let series = Series::of_runs(&times, &values);
        let answer =
            HistoryAnswer::of(&series, &options).map_err(|e| anyhow!("{operation}.{metric}: {e}"))?;
        Ok(Track { operation, metric, values, answer })
    });
    each.collect()
}

fn answer(points: &[Point], tracks: &[Track]) -> Value {
    let change = |change: &piaotan_analysis::history::Change| {
        json!({
            "index": change.index, "run": points[change.index].name, "time": change.time,
            "before": change.before, "after": change.after, "change": change.change, "status": change.status,
        })
    };
    let series = tracks.iter().map(|track| {
        let changes: Vec<Value> = track.answer.changes.iter().map(change).collect();
        json!({
            "operation": track.operation, "metric": track.metric, "points": track.answer.points,
            "gaps": track.answer.gaps, "changes": changes,
        })
    });
    let runs = points
        .iter()
        .map(|point| json!({"run": point.name, "commit": point.commit, "started": point.started}));
    json!({
        "schema": 1, "kind": "history_runs", "runs": runs.collect::<Vec<_>>(), "series": series.collect::<Vec<_>>(),
    })
}

fn show(points: &[Point], tracks: &[Track], lang: Lang) {
    let found: usize = tracks.iter().map(|track| track.answer.changes.len()).sum();
    let (runs, series) = (points.len(), tracks.len());
    println!(
        "{}",
        match lang {
            Lang::Zh => format!("{runs} 次运行，{series} 条序列，{found} 处变化"),
            Lang::En => format!("{runs} runs, {series} series, {found} changes"),
        }
    );
    for track in tracks {
        for change in &track.answer.changes {
            let by = change.change.map_or_else(|| "–".to_owned(), units::change);
            let status = match change.status {
                Status::Confirmed => lang.of("已确认", "confirmed"),
                Status::Candidate => {
                    lang.of("候选（之后的运行还太少）", "candidate: too few runs after it yet")
                }
            };
            let write = writer(track.metric);
            println!(
                "  {}  {} → {}  {by}  {} {}  {status}",
                name(track, lang),
                write(change.before),
                write(change.after),
                lang.of("自", "since"),
                points[change.index].label(),
            );
        }
    }
}

fn name(track: &Track, lang: Lang) -> String {
    format!("{} {}", operation_name(lang, &track.operation), track.metric)
}

fn writer(metric: &str) -> fn(f64) -> String {
    if metric == "error_ratio" { units::percent } else { units::seconds }
}

/// One chart a series that changed; its ticks are the commits of the runs, or the names of their folders.
fn draw(dir: &Path, points: &[Point], tracks: &[Track], lang: Lang) -> Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("--charts {}", dir.display()))?;
    let times: Vec<String> = points.iter().map(Point::label).collect();
    for track in tracks.iter().filter(|track| !track.answer.changes.is_empty()) {
        let mut changes = track.answer.changes.clone();
        for change in &mut changes {
            change.time.clone_from(&times[change.index]);
        }
        let title = name(track, lang);
        let input = history::Input {
            name: &title,
            values: &track.values,
            times: &times,
            changes: &changes,
            format: writer(track.metric),
        };
        let svg = history::draw(&input, &Style { lang, titled: true, ..Style::default() });
        for (ending, bytes) in [("svg", svg.clone().into_bytes()), ("png", png::draw(&svg, 2.0)?)] {
            let at = dir.join(format!("{}.{}.{ending}", track.operation, track.metric));
            std::fs::write(&at, bytes).with_context(|| format!("cannot write {}", at.display()))?;
        }
    }
    Ok(())
}
