//! Two deployments, pressed block by block until the verdict stands.
#![allow(clippy::print_stderr, clippy::disallowed_methods, reason = "the front door prints and waits")]

use super::answer::{self, Facts};
use super::block::{Pressed, press};
use super::budget::{self, Lengths};
use super::progress::Progress;
use super::side::{self, NAMES, Side};
use super::{Gate, notes, sync};
use crate::commands::run;
use crate::config;
use crate::door::{Common, Format};
use crate::signals::Signals;
use crate::telling;
use anyhow::{Context as _, Result, anyhow, bail};
use chrono::Utc;
use chrono_tz::Tz;
use piaotan_analysis::gate::{self, Arm, Block, Mode, Reason, Step, Verdict};
use piaotan_analysis::summary::Folded;
use piaotan_record::Window;
use piaotan_reports::{Lang, units};
use piaotan_scenarios::engine::pace::{Curve, Shape};
use piaotan_scenarios::engine::session::Ask;
use piaotan_scenarios::engine::stop::Stop;
use piaotan_scenarios::scenario::Plan;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Judges two URLs.
///
/// # Errors
/// One line that names the flag or field, or the refusal of a target.
pub fn run(args: &Gate, common: &Common, scenario: &str, urls: [&String; 2]) -> Result<u8> {
    let (lang, begun, now) = (common.lang(), Instant::now(), Utc::now());
    let settings = config::load(common.config.as_deref())?;
    let lengths = Lengths::of(args)?;
    let mut plan = run::plan(scenario, &args.set)?;
    let rate = rate(args, &plan)?;
    let mut terms = args.settings(rate, f64::from(lengths.block))?;
    let operations = plan.scenario.operations().len();
    let budget = budget::plan(args, &mut terms, lengths, operations)?;
    let gate = gate::Gate::new(terms.clone()).map_err(|e| anyhow!("{e}"))?;
    pace(&mut plan, rate, lengths, &budget, terms.mode);
    let (plan, name) = (Arc::new(plan.clone()), plan.scenario.name);
    let out = out_folder(args, &name, now.format("%Y%m%d-%H%M%S").to_string())?;
    let stop = Stop::default();
    let ready = side::check(args, common, &settings, &plan, urls, &out, &stop)?;
    let signals = Signals::watch(stop)?;
    if args.format == Format::Human {
        eprintln!("{}", planned(&budget, lengths, rate, lang));
    }
    let started = side::start(args, &ready, &out, &signals)?;
    let [a, b] = ready;
    let zone = a.setup.profile.zone();
    let course = Course {
        gate,
        sides: [a.open()?, b.open()?],
        mode: terms.mode,
        rate,
        lengths,
        blocks: Vec::new(),
        half: false,
        number: 0,
        notes: Vec::new(),
        progress: Progress::new(budget.pairs, args.format == Format::Json, lang),
        signals: signals.clone(),
        deadline: args.max_time.map(|most| begun + most.0),
        first_look: budget.looks.first().copied(),
        zone,
        lang,
    };
    let (verdict, notes, sides) = course.through()?;
    let folded = close(sides, signals.code().is_some(), lang)?;
    drop(started);
    let verdict = match args.sync_tolerance() {
        Some(tolerance) => verdict.with_sync(sync::judge(&folded, [tolerance, args.floor], lengths.whole())),
        None => verdict,
    };
    let facts = Facts {
        scenario: name,
        baseline: urls[0].clone(),
        candidate: urls[1].clone(),
        started: now,
        seconds: begun.elapsed().as_secs_f64(),
        block: Some((f64::from(lengths.block), rate)),
        notes,
        signal: signals.code(),
    };
    answer::give(args, &verdict, &facts, Some(&out), lang)
}

/// Arrivals per second of every block.
fn rate(args: &Gate, plan: &Plan) -> Result<f64> {
    let mean = || plan.curve.as_ref().map(|curve| curve.total() / curve.seconds());
    let rate = args.rate.or_else(mean);
    let rate = rate.ok_or_else(|| {
        anyhow!("the scenario has no pace (a closed model, or rate = \"max\"); give --rate and an open model")
    })?;
    if plan.scenario.load.model == piaotan_scenarios::scenario::Model::Closed {
        bail!("a gate presses at a rate, not with users; give --set load.model=open and a rate");
    }
    if !(rate.is_finite() && rate > 0.0) {
        bail!("--rate is arrivals per second; write a number above 0");
    }
    Ok(rate)
}

/// The pace of the blocks, for the ceiling of a target; and as long as the first look takes, which no
/// known window may meet.
fn pace(plan: &mut Plan, rate: f64, lengths: Lengths, budget: &gate::Plan, mode: Mode) {
    let first = budget.looks.first().copied().unwrap_or(budget.pairs).min(budget.pairs);
    let blocks = if mode == Mode::Duet { first } else { 2 * first };
    plan.seconds = blocks as f64 * lengths.whole();
    plan.curve = Some(Curve::new(&[(Shape::Constant { rate }, plan.seconds)]));
}

fn out_folder(args: &Gate, name: &str, stamp: String) -> Result<PathBuf> {
    let out = args.out.clone().unwrap_or_else(|| Path::new("gates").join(format!("{name}-{stamp}")));
    if NAMES.iter().any(|side| out.join(side).exists()) {
        bail!("--out {} holds a gate already; write another folder, or remove it", out.display());
    }
    std::fs::create_dir_all(&out).with_context(|| format!("--out {}", out.display()))?;
    Ok(out)
}

/// What is about to happen, and what it could find.
fn planned(budget: &gate::Plan, lengths: Lengths, rate: f64, lang: Lang) -> String {
    let found: Vec<String> = budget
        .detectable
        .iter()
        .map(|(metric, [quiet, shared])| {
            let (quiet, shared) = (units::number(100.0 * quiet), units::percent(*shared));
            format!("{metric} {quiet}–{shared}")
        })
        .collect();
    let (pairs, block) = (budget.pairs, lengths.block);
    let (time, found) = (units::seconds(budget.seconds), found.join(", "));
    let rate = units::number(rate);
    match lang {
        Lang::Zh => format!(
            "至多 {pairs} 对 {block} 秒的时间段，每秒 {rate} 个到达，至多 {time}；可测出（安静的机器–共享 CI 机器）：{found}"
        ),
        Lang::En => format!(
            "at most {pairs} pairs of {block}-s blocks at {rate} arrivals/s, at most {time}; that finds, on a quiet machine or a shared one: {found}"
        ),
    }
}

/// A gate under way.
struct Course {
    gate: gate::Gate,
    sides: [Side; 2],
    mode: Mode,
    rate: f64,
    lengths: Lengths,
    blocks: Vec<Block>,
    /// One block of a pair is through and its partner is not.
    half: bool,
    /// Of the pair: both blocks of one see the same arrivals.
    number: u64,
    notes: Vec<String>,
    progress: Progress,
    signals: Signals,
    deadline: Option<Instant>,
    /// Pairs at which it says what it can find; `None` once it has.
    first_look: Option<usize>,
    zone: Tz,
    lang: Lang,
}

/// How the way to the next block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Clear,
    /// A window did not end in time.
    Closed,
    Interrupted,
}

/// The longest that a window is waited for where no time was given.
const PATIENCE: Duration = Duration::from_secs(4 * 3_600);
/// The longest that a recovery lasts whose trials never pass.
const RECOVERY: Duration = Duration::from_secs(900);
/// A trial after a window passes when no operation is slower than this, against the blocks before.
const NORMAL: f64 = 1.5;

impl Course {
    /// Presses until the verdict stands, time is up, a window does not end, or a signal comes.
    fn through(mut self) -> Result<(Verdict, Vec<String>, [Side; 2])> {
        let verdict = match self.first()? {
            Some(reason) => self.gate.finish(&self.blocks).given_up(reason),
            None => self.blocks()?,
        };
        self.progress.end();
        self.explain(&verdict);
        Ok((verdict, self.notes, self.sides))
    }

    /// Connections, caches and pools are cold once: both sides are pressed before anything counts.
    fn first(&mut self) -> Result<Option<Reason>> {
        let Some(trials) = self.trial(&[0, 1])? else { return Ok(None) };
        for (at, trial) in trials.iter().enumerate() {
            if trial.block.touched_by_window {
                let window = self.near(0.0).and_then(|near| near.1);
                self.notes.push(notes::waiting(at, window.as_ref(), self.zone, self.lang));
                return Ok(Some(Reason::Maintenance));
            }
            if trial.is_dead() {
                let (all, bad) = trial.requests();
                self.notes.push(notes::dead(at, &self.sides[at].url, all, bad, self.lang));
                return Ok(Some([Reason::BaselineFailed, Reason::CandidateFailed][at]));
            }
        }
        Ok(None)
    }

    fn blocks(&mut self) -> Result<Verdict> {
        loop {
            if let Step::Done(verdict) = self.gate.next(&self.blocks) {
                return Ok(*verdict);
            }
            self.say_what_it_finds();
            let blocks = if self.half || self.mode == Mode::Duet { 1.0 } else { 2.0 };
            let length = blocks * self.lengths.whole();
            let late = |at: Instant| Instant::now() + Duration::from_secs_f64(length) > at;
            if self.deadline.is_some_and(late) && !self.half {
                self.notes.push(notes::time_up(self.pairs(), self.gate.most_pairs(), self.lang));
                return Ok(self.gate.finish(&self.blocks));
            }
            match self.clear(length)? {
                Way::Clear => {}
                Way::Interrupted => return Ok(self.gate.finish(&self.blocks)),
                Way::Closed => return Ok(self.gate.finish(&self.blocks).given_up(Reason::Maintenance)),
            }
            // A window may have cost the first block of this pair.
            let Step::Run { arm, .. } = self.gate.next(&self.blocks) else { continue };
            if !self.step(arm)? {
                return Ok(self.gate.finish(&self.blocks));
            }
        }
    }

    /// One block, or the two of a duet. False when a signal came.
    fn step(&mut self, arm: Arm) -> Result<bool> {
        let which: &[usize] = match arm {
            Arm::A => &[0],
            Arm::B => &[1],
            Arm::Both => &[0, 1],
        };
        let ask = self.ask(self.lengths.block + self.lengths.settle, self.lengths.settle);
        let Some(pressed) = press(&mut self.sides, which, &ask, &self.signals)? else { return Ok(false) };
        if self.signals.code().is_some() {
            return Ok(false);
        }
        for each in pressed {
            self.half = self.mode != Mode::Duet && !self.half && !each.is_void();
            self.blocks.push(each.block.clone());
            self.progress.block(self.pairs(), &each);
        }
        if !self.half {
            self.number += 1;
        }
        Ok(true)
    }

    /// At the first look, what the noise of these very deployments lets it find.
    fn say_what_it_finds(&mut self) {
        if self.half || self.first_look != Some(self.pairs()) {
            return;
        }
        self.first_look = None;
        let found = notes::finds(&self.gate.finish(&self.blocks), self.lang);
        found.iter().for_each(|text| self.progress.say(text));
    }

    fn ask(&self, seconds: u32, settle: u32) -> Ask {
        Ask { rate: self.rate, seconds, settle, number: self.number, too_slow: None, follow: f64::INFINITY }
    }

    /// A few seconds of load that nothing is judged by. `None` when a signal came.
    fn trial(&mut self, which: &[usize]) -> Result<Option<Vec<Pressed>>> {
        let ask = self.ask((self.lengths.block / 2).clamp(2, 10), 1);
        let pressed = press(&mut self.sides, which, &ask, &self.signals)?;
        Ok(pressed.filter(|_| self.signals.code().is_none()))
    }

    /// Waits while a window is open or would meet the next so many seconds, and until both sides are
    /// as they were.
    fn clear(&mut self, seconds: f64) -> Result<Way> {
        let Some((at, window)) = self.near(seconds) else { return Ok(Way::Clear) };
        if let Some(first) = self.blocks.last_mut().filter(|_| self.half) {
            // Its partner would be pressed in another hour.
            first.touched_by_window = true;
            self.half = false;
        }
        let note = notes::waiting(at, window.as_ref(), self.zone, self.lang);
        self.progress.say(&note);
        self.notes.push(note);
        let since = Instant::now();
        let until = self.deadline.unwrap_or(since + PATIENCE);
        while self.near(2.0 * self.lengths.whole()).is_some() {
            if self.signals.code().is_some() {
                return Ok(Way::Interrupted);
            }
            if Instant::now() > until {
                self.notes.push(notes::gave_up(since.elapsed().as_secs_f64(), self.lang));
                return Ok(Way::Closed);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.recovered(since, until.min(Instant::now() + RECOVERY))
    }

    /// Tries both sides until they are as before the window.
    fn recovered(&mut self, since: Instant, until: Instant) -> Result<Way> {
        let mut trials = 0;
        loop {
            let mut normal = true;
            for at in 0..2 {
                let Some(trial) = self.trial(&[at])? else { return Ok(Way::Interrupted) };
                normal &= trial.iter().all(|t| !t.is_void() && self.is_normal(at, &t.block));
            }
            trials += 1;
            if normal || Instant::now() > until {
                let note = notes::resumed(since.elapsed().as_secs_f64(), trials, self.lang);
                self.progress.say(&note);
                self.notes.push(note);
                return Ok(Way::Clear);
            }
        }
    }

    fn is_normal(&self, at: usize, trial: &Block) -> bool {
        let arm = [Arm::A, Arm::B][at];
        let usable = |b: &&Block| b.arm == arm && !b.touched_by_window && !b.generator_limited;
        let before: Vec<&Block> = self.blocks.iter().filter(usable).collect();
        let errors = |blocks: &[&Block]| {
            let samples = || blocks.iter().flat_map(|block| block.operations.values());
            let (all, bad): (u64, u64) =
                (samples().map(|s| s.requests).sum(), samples().map(|s| s.errors).sum());
            bad as f64 / all.max(1) as f64
        };
        let slower = trial.operations.iter().any(|(operation, sample)| {
            let metric = gate::Metric::Typical;
            let known: Vec<f64> =
                before.iter().filter_map(|b| b.operations.get(operation)?.log(metric)).collect();
            let usual = piaotan_analysis::stats::median(&known);
            sample.log(metric).is_some_and(|now| !known.is_empty() && now > usual + NORMAL.ln())
        });
        !slower && errors(&[trial]) <= errors(&before) + 0.05
    }

    /// The side that is in a window, or would meet one within so many seconds.
    fn near(&self, seconds: f64) -> Option<(usize, Option<Window>)> {
        self.sides.iter().enumerate().find_map(|(at, side)| {
            let window = side.session.window_within(seconds);
            (window.is_some() || side.session.is_restrained()).then_some((at, window))
        })
    }

    fn pairs(&self) -> usize {
        self.gate.pairs(&self.blocks)
    }

    /// Adds to the notes what a bare verdict leaves open.
    fn explain(&mut self, verdict: &Verdict) {
        let at = match verdict.reason {
            Some(Reason::BaselineFailed) => 0,
            Some(Reason::CandidateFailed) => 1,
            _ => return,
        };
        let arm = [Arm::A, Arm::B][at];
        let Some(last) = self.blocks.iter().rev().find(|block| block.arm == arm) else { return };
        let add = |(all, bad), s: &gate::Sample| (all + s.requests, bad + s.errors);
        let (all, bad) = last.operations.values().fold((0, 0), add);
        self.notes.push(notes::dead(at, &self.sides[at].url, all, bad, self.lang));
    }
}

/// Ends both sessions side by side, and writes the report of each.
fn close(sides: [Side; 2], interrupted: bool, lang: Lang) -> Result<[Folded; 2]> {
    let reason = if interrupted { "interrupted" } else { "complete" };
    let folders = sides.each_ref().map(|side| side.folder.clone());
    let ended = std::thread::scope(|scope| {
        sides.map(|side| scope.spawn(|| side.session.finish(reason))).map(|thread| {
            thread.join().map_err(|_| anyhow!("a thread of the gate died")).and_then(|ended| Ok(ended?))
        })
    });
    for side in ended {
        side?;
    }
    let [a, b] = folders.map(|folder| telling::tell(&folder, lang, interrupted, false));
    Ok([a?, b?])
}
