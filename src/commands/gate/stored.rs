//! Runs against runs, where there is no second deployment to press.
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the front door prints and reads the clock"
)]

use super::answer::{self, Facts};
use super::baseline::{Baseline, Kept};
use super::{Gate, SYNC_SHARE};
use crate::door::{Common, Format};
use anyhow::{Result, bail};
use chrono::{TimeDelta, Utc};
use piaotan_analysis::gate::{self, LEAST_RUNS, Mode, Reason, Run, Settings, SyncJudgement};
use piaotan_reports::Lang;
use std::collections::BTreeSet;

/// Judges folders or a baseline file; saves a baseline where that is asked for.
///
/// # Errors
/// One line that names the flag and what to write instead.
pub fn run(args: &Gate, common: &Common) -> Result<u8> {
    let (lang, begun) = (common.lang(), Utc::now());
    if args.scenario.is_some() {
        bail!("stored runs bring their scenario with them; leave SCENARIO out, or give two base URLs");
    }
    let before = Baseline::read("--baseline", &args.baseline, lang)?;
    if let Some(path) = &args.save {
        before.save(path)?;
        if args.format == Format::Human {
            eprintln!("{} ({} runs)", path.display(), before.runs.len());
        }
        if args.candidate.is_empty() {
            return Ok(0);
        }
    }
    if args.candidate.is_empty() {
        bail!(
            "--candidate is missing; name the run folders that are judged, or --save FILE to keep a baseline"
        );
    }
    let after = Baseline::read("--candidate", &args.candidate, lang)?;
    let mut notes = Vec::new();
    if let Some(differs) = before.differs(&after) {
        if !args.allow_mismatch {
            bail!(
                "baseline and candidate are not alike: {differs}; judge like with like, or give --allow-mismatch"
            );
        }
        notes.push(format!("{} {differs}", lang.of("不同之处（已允许）：", "allowed although not alike:")));
    }
    notes.extend(one_hour(&before, lang));
    let settings = Settings { mode: Mode::Stored, ..args.settings(1.0, 1.0)? };
    let mut verdict = gate::stored(&runs(&before), &runs(&after), &settings);
    let limited = limited(&before) + limited(&after);
    verdict.generator.blocks_void = limited;
    if limited > 0 && verdict.reason == Some(Reason::TooFewPairs) {
        verdict = verdict.given_up(Reason::Generator);
    }
    if let Some(tolerance) = args.sync_tolerance() {
        verdict = verdict.with_sync(sync(&before, &after, tolerance, args.floor));
    }
    if verdict.pairs < LEAST_RUNS {
        notes.push(too_few(&before, &after, lang));
    }
    let named = |side: &Baseline| match lang {
        Lang::Zh => format!("{} 次运行", side.runs.len()),
        Lang::En => format!("{} runs", side.runs.len()),
    };
    let facts = Facts {
        scenario: before.scenario.clone(),
        baseline: named(&before),
        candidate: named(&after),
        started: begun,
        seconds: (Utc::now() - begun).as_seconds_f64(),
        block: None,
        notes,
        signal: None,
    };
    answer::give(args, &verdict, &facts, args.out.as_deref(), lang)
}

/// The runs that measured the platform.
fn runs(side: &Baseline) -> Vec<Run> {
    side.runs.iter().filter(|kept| !kept.generator_limited).map(|kept| kept.what.clone()).collect()
}

fn limited(side: &Baseline) -> usize {
    side.runs.iter().filter(|kept| kept.generator_limited).count()
}

fn sync(before: &Baseline, after: &Baseline, tolerance: f64, floor: f64) -> Vec<SyncJudgement> {
    let surfaces = |side: &Baseline| -> BTreeSet<String> {
        side.runs.iter().flat_map(|kept| kept.sync.keys().cloned()).collect()
    };
    let both: Vec<String> = surfaces(before).intersection(&surfaces(after)).cloned().collect();
    let gate::Settings { alpha, beta, .. } = gate::Settings::default();
    let alpha = alpha * SYNC_SHARE / both.len().max(1) as f64;
    let judge = |surface: &String| {
        let sides = [before.delays(surface), after.delays(surface)];
        gate::stored_delays(surface, [&sides[0], &sides[1]], [tolerance, floor], [alpha, beta])
    };
    both.iter().map(judge).collect()
}

fn too_few(before: &Baseline, after: &Baseline, lang: Lang) -> String {
    let usable = |side: &Baseline| runs(side).iter().filter(|run| !run.spoilt_by_window).count();
    let (a, b) = (usable(before), usable(after));
    match lang {
        Lang::Zh => {
            format!("可用的运行：基准 {a} 次，候选 {b} 次；每侧至少需要 {LEAST_RUNS} 次，分布在不同的时段")
        }
        Lang::En => format!(
            "usable runs: {a} of the baseline, {b} of the candidate; {LEAST_RUNS} a side are the least, on different hours"
        ),
    }
}

/// What changes from hour to hour is in no spread of runs of one hour.
fn one_hour(before: &Baseline, lang: Lang) -> Option<String> {
    let times = || before.runs.iter().map(|kept: &Kept| kept.started);
    let span = times().max()? - times().min()?;
    (before.runs.len() > 1 && span < TimeDelta::hours(1)).then(|| match lang {
        Lang::Zh => format!("基准的运行都在 {} 分钟之内：时段之间的差异不在其中", span.num_minutes() + 1),
        Lang::En => format!(
            "all runs of the baseline began within {} min: what changes from hour to hour is not in their spread",
            span.num_minutes() + 1
        ),
    })
}
