//! What a search leaves behind: `capacity.json`, the knee chart, the text, and the folder's own report.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "results are for people and pipes")]

use super::objective::Objective;
use super::search::{Ended, Found, LeftOut, Why};
use crate::door::Format;
use crate::telling;
use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use piaotan_analysis::capacity::{CapacityAnswer, CapacityVerdict, Change, Comparison, Interval, Trial};
use piaotan_reports::capacity::{Account, page, picture, text};
use piaotan_reports::{Lang, junit, png};
use piaotan_scenarios::scenario::Plan;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The answer with what belongs to this search.
#[derive(Debug, Serialize)]
pub struct Told {
    #[serde(flatten)]
    answer: CapacityAnswer,
    /// The objective in the operator's words, and the operation that it is about.
    objective: String,
    operation: Option<&'static str>,
    scenario: String,
    target: String,
    mix: Vec<String>,
    started: DateTime<Utc>,
    ended: DateTime<Utc>,
    reason: Ended,
    requests_per_journey: Option<f64>,
    left_out: Vec<LeftOut>,
    comparison: Option<Comparison>,
    /// Where the page tells its time.
    #[serde(skip)]
    zone: Tz,
}

/// What is read of an earlier answer.
#[derive(Debug, Deserialize)]
pub struct Before {
    kind: String,
    lower: Option<f64>,
    median: Option<f64>,
    upper: Option<f64>,
    objective: String,
    scenario: String,
}

/// Reads an earlier answer.
///
/// # Errors
/// One line that names the file and what to give instead.
pub fn before(path: &Path) -> Result<Before> {
    let text = crate::forge::read("--compare", path)?;
    let wrong = || anyhow!("--compare {}: not the capacity.json of an earlier search", path.display());
    let before: Before = serde_json::from_str(&text).map_err(|_| wrong())?;
    if before.kind == "capacity" { Ok(before) } else { Err(wrong()) }
}

impl Before {
    /// Refuses what cannot be compared before anything is pressed.
    ///
    /// # Errors
    /// One line that names the flag.
    pub fn must_be_like(&self, objective: &Objective, scenario: &str) -> Result<()> {
        if self.objective == objective.text && self.scenario == scenario {
            return Ok(());
        }
        bail!(
            "--compare: that search was of `{}` under `{}`; search the same, or leave the flag out",
            self.scenario,
            self.objective
        )
    }

    fn interval(&self) -> Option<Interval> {
        Some(Interval { lower: self.lower?, median: self.median?, upper: self.upper? })
    }
}

impl Told {
    pub fn of(
        found: &Found,
        objective: &Objective,
        plan: &Plan,
        before: Option<&Before>,
        started: DateTime<Utc>,
        (target, zone): (String, Tz),
    ) -> Self {
        let mut answer = found.answer.clone();
        let after = || Some(Interval { lower: answer.lower?, median: answer.median?, upper: answer.upper? });
        let comparison = before.map(|before| Comparison::of(before.interval(), after()));
        let windows = found.left_out.iter().any(|out| out.reason == Why::Window);
        if answer.verdict == CapacityVerdict::Inconclusive
            && (found.ended == Ended::Window || windows && found.ended == Ended::TimeUp)
        {
            answer.exit = crate::exit::MAINTENANCE;
        }
        if comparison.is_some_and(|c| c.verdict == Change::Lower) {
            (answer.verdict, answer.exit) = (CapacityVerdict::Fail, 1);
        }
        let weights = plan.scenario.mix.iter().map(|mix| format!("{} ×{}", mix.journey, mix.weight));
        Self {
            answer,
            objective: objective.text.clone(),
            operation: objective.operation.map(|op| op.as_str()),
            scenario: plan.scenario.name.clone(),
            target,
            zone,
            mix: weights.collect(),
            started,
            ended: Utc::now(),
            reason: found.ended,
            requests_per_journey: requests(&found.trials),
            left_out: found.left_out.clone(),
            comparison,
        }
    }

    pub const fn exit(&self) -> u8 {
        self.answer.exit
    }

    /// Writes everything into the folder of the search.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, out: &Path, lang: Lang) -> Result<()> {
        telling::tell(out, lang, self.reason == Ended::Interrupted, false)?;
        let write = |name: &str, bytes: &[u8]| {
            let at = out.join(name);
            std::fs::write(&at, bytes).with_context(|| format!("cannot write {}", at.display()))
        };
        write("capacity.json", serde_json::to_string_pretty(self)?.as_bytes())?;
        write("capacity.txt", self.text(lang).as_bytes())?;
        std::fs::create_dir_all(out.join("charts")).context("cannot create the folder of the charts")?;
        let when = self.started.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S %Z").to_string();
        let report = page(&self.account(lang), self.why(lang), &self.target, &when)?;
        // These are of the search as a whole: what the run's own report says of limits is beside the point.
        write("report.html", report.as_bytes())?;
        let suite = format!("capacity {}", self.scenario);
        let text = self.text(lang);
        let junit = junit::single(&suite, "capacity", self.answer.verdict.into(), &text)?;
        write("report.md", format!("```text\n{text}```\n").as_bytes())?;
        write("junit.xml", junit.as_bytes())?;
        let svg = picture(&self.answer, lang);
        write("charts/capacity.svg", svg.as_bytes())?;
        write("charts/capacity.png", &png::draw(&svg, 2.0)?)
    }

    /// JSON on standard output, or the answer in sentences.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn show(&self, out: &Path, format: Format, lang: Lang) -> Result<()> {
        match format {
            Format::Json => println!("{}", serde_json::to_string(self)?),
            Format::Human => {
                print!("{}", self.text(lang));
                eprintln!("{}", out.join("report.html").display());
            }
        }
        Ok(())
    }

    fn account(&self, lang: Lang) -> Account<'_> {
        Account {
            answer: &self.answer,
            objective: &self.objective,
            scenario: &self.scenario,
            requests_per_journey: self.requests_per_journey,
            comparison: self.comparison.as_ref(),
            lang,
        }
    }

    fn text(&self, lang: Lang) -> String {
        let told = text(&self.account(lang));
        match self.why(lang) {
            Some(why) => format!("{told}{why}\n"),
            None => told,
        }
    }

    /// Why the search ended before its time.
    fn why(&self, lang: Lang) -> Option<&'static str> {
        match self.reason {
            Ended::Complete => None,
            Ended::TimeUp => Some(lang.of(
                "--max-time 用完：区间可能比要求的宽",
                "--max-time was used up: the interval may be wider than wanted.",
            )),
            Ended::Window => Some(lang.of(
                "维护窗口在前：窗口之后再做",
                "A maintenance window is in the way: search again after it.",
            )),
            Ended::NoInvoices => Some(lang.of(
                "可用的发票已用完（每张每天的查验次数有限）：请用 --set data.prepare=2000 多准备一些",
                "No invoices are left that may be verified today: prepare more with --set data.prepare=2000.",
            )),
            Ended::Interrupted => Some(lang.of("已被中断", "Interrupted.")),
        }
    }
}

/// Requests that a journey sends, on average over the trials that were carried.
fn requests(trials: &[Trial]) -> Option<f64> {
    let whole = trials.iter().filter(|t| !t.collapsed && t.seconds > 0.0);
    let (sent, journeys) =
        whole.fold((0.0, 0.0), |(r, j), t| (r + t.requests * t.seconds, j + t.rate * t.seconds));
    (journeys > 0.0 && sent > 0.0).then(|| sent / journeys)
}
