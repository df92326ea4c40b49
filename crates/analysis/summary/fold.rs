//! From a run folder to its summary and series, in three passes over its files.

use super::bins::{Bins, SplitCells};
use super::findings::findings;
use super::judge::{Ground, judge};
use super::rolling::Stretches;
use super::series::Series;
use super::sync_fold::SyncFold;
use super::warm_up::{Settled, WarmUp};
use super::windows::summarize;
use super::{GeneratorSummary, Latency, Lateness, OperationSummary, Summary, Verdict, WarmUpSummary};
use crate::limit::Demand;
use chrono::{DateTime, FixedOffset, Utc};
use chrono_tz::Tz;
use piaotan_record::calendar::{Calendar, CalendarOptions, Correction, Register, Sighting};
use piaotan_record::conservation::{ArrivalCounts, RequestCounts};
use piaotan_record::folder::{Event, FolderError, Interval, Manifest, RunFolder, Seen, TallyLine};
use piaotan_record::window::Window;
use piaotan_record::{Class, Nanos, Operation, OutcomeKind};
use std::collections::{BTreeMap, HashMap};

/// What a reader knows beside the folder: what must hold, and what was corrected since.
#[derive(Debug, Clone)]
pub struct Terms {
    pub limits: Vec<Demand>,
    /// Look for the end of the warm-up from behaviour, at most so many seconds into the plan.
    pub detect: Option<f64>,
    /// How much longer the sync delay may become within the run.
    pub tolerance: f64,
    /// Past this many seconds an invoice is late.
    pub promise: f64,
    pub corrections: Vec<Correction>,
    pub sightings: Vec<Sighting>,
    /// Windows that became known after the run.
    pub windows: Vec<Window>,
    pub chinese: bool,
    /// Why the verdict is not the folder's alone to give: interrupted, limit that ended it.
    pub interrupted: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            limits: Vec::new(),
            detect: None,
            tolerance: 0.2,
            promise: 86_400.0,
            corrections: Vec::new(),
            sightings: Vec::new(),
            windows: Vec::new(),
            chinese: false,
            interrupted: false,
        }
    }
}

/// A run, folded.
#[derive(Debug, Clone)]
pub struct Folded {
    pub summary: Summary,
    pub series: Series,
    pub register: Register,
    /// Lines that were being written when the writer died.
    pub torn: usize,
    /// What was seen outside windows, warm-up excluded, with whole histograms.
    pub outside: SplitCells,
}

/// From when to when the run held back, for which window, and whether only writes.
pub(super) type Pause = (Nanos, Option<Nanos>, String, bool);

/// What the events of a run say.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub windows: BTreeMap<String, Window>,
    /// When each window became known, in nanoseconds of the run.
    pub known: BTreeMap<String, Nanos>,
    pub pauses: Vec<Pause>,
    pub steady: Nanos,
    /// What was found of the warm-up's end, where the scenario asks for it.
    pub warm_up: Option<WarmUpSummary>,
    pub ended: Option<(Nanos, String, u64)>,
    pub failures: Vec<Seen>,
    pub checks: Vec<(Nanos, String, String)>,
    pub generator: Option<GeneratorSummary>,
    pub sync: SyncFold,
    pub last: Nanos,
}

/// Reads a folder and folds it.
///
/// # Errors
/// When it cannot be read.
pub fn fold(folder: &RunFolder, terms: &Terms) -> Result<Folded, FolderError> {
    let manifest = folder.manifest();
    let mut story = Story::default();
    let mut torn = folder.events(|event| story.hear(event))?;
    let register = register(manifest, &story, terms);
    let calendar = Calendar::new(&register, CalendarOptions::default());
    if let Some(most) = terms.detect {
        story.settle(WarmUp::watch(folder, &calendar, story.steady)?.settled(most));
    }
    let mut bins = Bins::new(manifest, &calendar, story.steady);
    let mut stretches = Stretches::new(&terms.limits);
    torn += folder.latencies(|interval: Interval| {
        stretches.time(&interval);
        bins.time(&interval);
    })?;
    let (mut arrivals, mut requests) = (ArrivalCounts::default(), RequestCounts::default());
    torn += folder.tally(|line| {
        count(&mut arrivals, &mut requests, &line);
        bins.count(&line);
    })?;
    let zone: Tz = manifest.zone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
    let stretches = &stretches;
    let scene = Scene { manifest, story: &story, calendar: &calendar, bins: &bins, stretches, zone, terms };
    if story.ended.is_none() {
        arrivals.cut();
        requests.cut();
    }
    let summary = scene.summary(arrivals, requests);
    let series = scene.series(&summary);
    Ok(Folded { summary, series, register, torn, outside: bins.outside })
}

/// Everything that findings and series are made from.
pub(super) struct Scene<'a> {
    pub manifest: &'a Manifest,
    pub story: &'a Story,
    pub calendar: &'a Calendar,
    pub bins: &'a Bins<'a>,
    pub stretches: &'a Stretches,
    pub zone: Tz,
    pub terms: &'a Terms,
}

impl Scene<'_> {
    /// The instant of a moment, in the report's zone.
    pub fn at(&self, moment: Nanos) -> DateTime<FixedOffset> {
        self.local(self.manifest.wall(moment))
    }

    pub fn local(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        instant.with_timezone(&self.zone).fixed_offset()
    }

    /// The last moment of the run.
    pub fn end(&self) -> Nanos {
        let seen = Nanos(u64::from(self.bins.last_second() + 1) * Nanos::SECOND);
        self.story.ended.as_ref().map_or(seen, |(at, ..)| *at)
    }

    fn summary(&self, arrivals: ArrivalCounts, requests: RequestCounts) -> Summary {
        let (outside, inside) = self.bins.seconds();
        let generator = self.generator();
        let mut summary = Summary {
            schema: 1,
            kind: "summary".to_owned(),
            run: self.manifest.run.clone(),
            target: self.manifest.target.clone(),
            scenario: self.manifest.scenario.clone(),
            started: self.at(Nanos::default()),
            ended: self.at(self.end()),
            verdict: Verdict::Inconclusive,
            exit: 3,
            conserved: arrivals.check().is_ok() && requests.check().is_ok(),
            arrivals,
            requests,
            operations: operations(&self.bins.outside, outside, &self.bins.codes(false)),
            in_windows: operations(&self.bins.inside, inside, &self.bins.codes(true)),
            limits: Vec::new(),
            windows: summarize(self),
            sync: self.story.sync.summarize(self),
            generator,
            findings: Vec::new(),
            cut_short: self.cut_short(),
            warm_up: self.story.warm_up,
        };
        let ground = Ground {
            cells: &self.bins.outside,
            codes: &self.manifest.codes,
            rate: self.bins.rate_reached(),
            worst: &|demand| self.stretches.worst(demand, self),
            panicked: self.story.checks.iter().any(|(_, kind, _)| kind == "journey_panicked"),
            outside,
            inside,
            terms: self.terms,
        };
        judge(&mut summary, &ground);
        summary.findings = findings(self, &summary);
        summary
    }

    fn generator(&self) -> GeneratorSummary {
        let (asked, sent) = self.bins.rates();
        GeneratorSummary {
            rate_asked: asked,
            rate_sent: sent,
            ..self.story.generator.clone().unwrap_or_default()
        }
    }

    fn cut_short(&self) -> Option<String> {
        match &self.story.ended {
            Some((_, reason, _)) if reason == COMPLETE => None,
            Some((_, reason, _)) => Some(reason.clone()),
            None => Some("killed: the folder ends without an end".to_owned()),
        }
    }
}

fn register(manifest: &Manifest, story: &Story, terms: &Terms) -> Register {
    let mut windows = story.windows.clone();
    for window in &manifest.calendar {
        windows.entry(window.id.clone()).or_insert_with(|| window.clone());
    }
    // What is known now stands instead of what was known then.
    windows.extend(terms.windows.iter().map(|window| (window.id.clone(), window.clone())));
    Register {
        windows: windows.into_values().collect(),
        corrections: terms.corrections.clone(),
        sightings: terms.sightings.clone(),
    }
}

impl Story {
    fn hear(&mut self, event: Event) {
        match event {
            Event::WindowKnown { at, window } => {
                self.known.entry(window.id.clone()).or_insert(at);
                self.windows.insert(window.id.clone(), *window);
                self.last = self.last.max(at);
            }
            Event::Paused { at, window, writes_only } => self.paused(at, window, writes_only),
            Event::Resumed { at, window, .. } => self.resumed(at, &window),
            Event::WarmedUp { at } => self.steady = self.steady.max(at),
            Event::Ended { at, reason, cut_off } => self.end(at, reason, cut_off),
            Event::Observation(seen) => self.failures.push(*seen),
            Event::SelfCheck { at, kind, text } => self.checks.push((at, kind, text)),
            Event::Generator { lateness, cpu, saturated_seconds, .. } => {
                self.generated(lateness, cpu, saturated_seconds > 2);
            }
            Event::Issued { .. } | Event::NotYet { .. } | Event::Seen { .. } => self.sync.hear(&event),
        }
    }
}

/// In a folder merged of segments every generator says these things once, so that they are joined.
impl Story {
    fn paused(&mut self, at: Nanos, window: String, writes_only: bool) {
        let open = |pause: &Pause| pause.1.is_none() && pause.2 == window && pause.3 == writes_only;
        if !self.pauses.iter().any(open) {
            self.pauses.push((at, None, window, writes_only));
        }
    }

    fn resumed(&mut self, at: Nanos, window: &str) {
        if let Some(open) = self.pauses.iter_mut().rev().find(|pause| pause.1.is_none()) {
            open.1 = Some(at);
        } else if let Some(last) = self.pauses.last_mut().filter(|pause| pause.2 == window) {
            last.1 = last.1.max(Some(at));
        }
    }

    fn end(&mut self, at: Nanos, reason: String, cut_off: u64) {
        let Some((last, why, under_way)) = &mut self.ended else {
            self.ended = Some((at, reason, cut_off));
            return;
        };
        *last = (*last).max(at);
        *under_way += cut_off;
        if why == COMPLETE {
            *why = reason;
        } else if reason != COMPLETE && *why != reason {
            *why = format!("{why}; {reason}");
        }
    }

    /// The worst of all generators; their quantiles cannot be added up.
    fn generated(&mut self, [p50, p99, max]: [f64; 3], cpu: f64, saturated: bool) {
        let worst = self.generator.get_or_insert_default();
        let known = worst.lateness.unwrap_or(Lateness { p50, p99, max });
        worst.lateness =
            Some(Lateness { p50: known.p50.max(p50), p99: known.p99.max(p99), max: known.max.max(max) });
        worst.cpu = Some(worst.cpu.unwrap_or(0.0).max(cpu));
        worst.saturated |= saturated;
    }

    /// Leaves out what came before the steady state.
    fn settle(&mut self, found: Settled) {
        let begin = self.steady;
        let (settled, second) = match found {
            Settled::From(second) => (Some(true), second),
            Settled::NotBefore(second) => (Some(false), second),
            Settled::Unknown => (None, begin.second()),
        };
        self.steady = begin.max(Nanos(u64::from(second) * Nanos::SECOND));
        let seconds = self.steady.since(begin) as f64 / 1e9;
        self.warm_up = Some(WarmUpSummary { seconds, settled });
    }
}

/// The reason of a run that came to the end of its plan.
const COMPLETE: &str = "complete";

/// The two lines of the law: arrivals and sends from the pacer and the transport, the rest from outcomes.
fn count(arrivals: &mut ArrivalCounts, requests: &mut RequestCounts, line: &TallyLine) {
    match line {
        TallyLine::Arrivals(line) => arrivals.add_arrivals(&line.arrivals()),
        TallyLine::Cell(line) if line.op.is_journey() => {
            let (completed, cut_off) = (line.of(Class::Ok), line.of(Class::CutOff));
            arrivals.completed += completed;
            arrivals.cut_off += cut_off;
            arrivals.stopped += line.count() - completed - cut_off;
        }
        TallyLine::Cell(line) => {
            requests.sent += line.sent;
            requests.ok += line.of(Class::Ok);
            requests.business_no += line.of(Class::BusinessNo);
            requests.failed += line.of(Class::Failed);
            requests.timed_out += line.of(Class::TimedOut);
            requests.cut_off += line.of(Class::CutOff);
        }
    }
}

fn operations(
    cells: &SplitCells,
    seconds: f64,
    codes: &HashMap<Operation, BTreeMap<String, u64>>,
) -> BTreeMap<String, OperationSummary> {
    let each =
        Operation::ALL.iter().zip(cells).filter_map(|(operation, cell)| Some((operation, cell.as_ref()?)));
    let summarized = each.map(|(operation, cell)| {
        let outcomes =
            OutcomeKind::ALL.iter().map(|kind| (kind.as_str().to_owned(), cell.outcomes[kind.index()]));
        let summary = OperationSummary {
            count: cell.count(),
            rate: if seconds > 0.0 { cell.count() as f64 / seconds } else { 0.0 },
            response: latency(&cell.response),
            service: latency(&cell.service),
            outcomes: outcomes.filter(|(_, count)| *count > 0).collect(),
            codes: codes.get(operation).cloned().unwrap_or_default(),
        };
        (operation.as_str().to_owned(), summary)
    });
    summarized.filter(|(_, summary)| summary.count > 0).collect()
}

/// Quantiles in seconds of a histogram in nanoseconds.
#[must_use]
pub fn latency(histogram: &hdrhistogram::Histogram<u64>) -> Option<Latency> {
    if histogram.is_empty() {
        return None;
    }
    let at = |q: f64| histogram.value_at_quantile(q) as f64 / 1e9;
    Some(Latency {
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        max: histogram.max() as f64 / 1e9,
        mean: histogram.mean() / 1e9,
    })
}
