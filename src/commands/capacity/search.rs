//! The search: the step machine's trials, one after another, as far as time and windows allow.
#![allow(clippy::disallowed_methods, reason = "the front door waits")]

use super::attempt::{Order, Seen, Usual, attempt};
use super::objective::Objective;
use super::progress::Progress;
use crate::signals::Signals;
use anyhow::{Result, anyhow};
use chrono::Utc;
use chrono_tz::Tz;
use piaotan_analysis::capacity::{Capacity, CapacityAnswer, Purpose, Settings, Step, Trial};
use piaotan_record::Window;
use piaotan_reports::Lang;
use piaotan_scenarios::engine::session::Session;
use serde::Serialize;
use std::time::{Duration, Instant};

/// A search under way.
#[derive(Debug)]
pub struct Search<'a> {
    pub session: Session,
    pub settings: Settings,
    pub objective: &'a Objective,
    /// Seconds from the first trial to the end of the last.
    pub max_time: f64,
    /// Invoices a second that are followed, at most.
    pub follow: f64,
    pub signals: &'a Signals,
    pub progress: Progress,
    pub lang: Lang,
    /// Where windows are told in local time.
    pub zone: Tz,
    began: Instant,
    trials: Vec<Trial>,
    left_out: Vec<LeftOut>,
    usual: Usual,
    attempts: u64,
    /// The generator was the limit, and the ceiling is what it could send.
    generator: bool,
}

/// A trial that says nothing about the platform's limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOut {
    pub rate: f64,
    pub seconds: f64,
    pub reason: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    Window,
    Generator,
}

/// Why the search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Complete,
    TimeUp,
    Window,
    NoInvoices,
    Interrupted,
}

/// What a search came to.
#[derive(Debug)]
pub struct Found {
    pub session: Session,
    pub answer: CapacityAnswer,
    pub trials: Vec<Trial>,
    pub left_out: Vec<LeftOut>,
    pub ended: Ended,
}

/// Seconds that are kept free between the end of a trial and a window.
pub const NEAR: f64 = 30.0;
/// Trials that measured the generator before its limit is believed: the machine may have been busy.
const GENERATOR: usize = 2;

impl<'a> Search<'a> {
    pub fn new(session: Session, settings: Settings, objective: &'a Objective, signals: &'a Signals) -> Self {
        Self {
            session,
            settings,
            objective,
            max_time: 900.0,
            follow: 3.0,
            signals,
            progress: Progress::new(true, Lang::En),
            lang: Lang::En,
            zone: Tz::UTC,
            began: Instant::now(),
            trials: Vec::new(),
            left_out: Vec::new(),
            usual: Usual::default(),
            attempts: 0,
            generator: false,
        }
    }

    /// Runs trials until there is an answer.
    ///
    /// # Errors
    /// When a thread of the engine died, or the settings cannot work.
    pub fn climb(mut self) -> Result<Found> {
        self.began = Instant::now();
        let (answer, ended) = loop {
            let machine = Capacity::new(self.settings.clone()).map_err(|e| anyhow!("{e}"))?;
            let (step, late) = self.next(&machine);
            let (purpose, rate, seconds) = match step {
                Step::Run { purpose, rate, seconds } => (purpose, rate, seconds),
                Step::Done(answer) => break (*answer, if late { Ended::TimeUp } else { Ended::Complete }),
            };
            if let Some(ended) = self.hindrance(seconds) {
                break (machine.finish(&self.trials), ended);
            }
            self.attempts += 1;
            let order = Order { purpose, rate, seconds, number: self.attempts, follow: self.follow };
            let (objective, usual) = (self.objective, &mut self.usual);
            let seen = attempt(&mut self.session, &order, objective, usual, &self.progress, self.signals)?;
            if self.signals.code().is_some() {
                break (machine.finish(&self.trials), Ended::Interrupted);
            }
            if let Some(ended) = self.take(&order, seen) {
                break (machine.finish(&self.trials), ended);
            }
        };
        self.progress.end();
        let answer = if self.generator { answer.at_the_generators_limit() } else { answer };
        Ok(Found { session: self.session, answer, trials: self.trials, left_out: self.left_out, ended })
    }

    /// The next step for which there is time, and whether time was what decided.
    fn next(&self, machine: &Capacity) -> (Step, bool) {
        let step = machine.next(&self.trials);
        let Step::Run { purpose, seconds, .. } = step else { return (step, false) };
        let confirmed = self.trials.iter().any(|t| t.purpose == Purpose::Confirm);
        let last = matches!(purpose, Purpose::Confirm | Purpose::Ceiling);
        let confirm = if confirmed || last { 0.0 } else { self.settings.confirm + self.drain() };
        if self.passed() + seconds + self.drain() + confirm <= self.max_time {
            return (step, false);
        }
        match machine.conclude(&self.trials) {
            // A confirming trial was always kept room for; waiting for a window may have used it up.
            Step::Run { seconds, .. } if self.passed() + seconds > self.max_time + NEAR => {
                (Step::Done(Box::new(machine.finish(&self.trials))), true)
            }
            last => (last, true),
        }
    }

    /// Why a trial of so many seconds may not be begun, after waiting for what passes.
    fn hindrance(&self, seconds: f64) -> Option<Ended> {
        let mut told = false;
        loop {
            if self.signals.code().is_some() {
                return Some(Ended::Interrupted);
            }
            let window = self.session.window_within(seconds + NEAR);
            if window.is_none() && !self.session.is_restrained() {
                return None;
            }
            let left = window.as_ref().map_or(0.0, remaining);
            if self.passed() + left + seconds > self.max_time {
                return Some(Ended::Window);
            }
            if !told {
                self.progress.say(&waits(window.as_ref(), self.zone, self.lang));
                told = true;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Keeps what a trial showed; `Some` where that ends the search.
    fn take(&mut self, order: &Order, seen: Seen) -> Option<Ended> {
        let mut leave_out = |reason| {
            self.left_out.push(LeftOut { rate: order.rate, seconds: order.seconds, reason });
        };
        match seen {
            Seen::Trial(trial) => {
                self.progress.trial(&trial);
                self.trials.push(trial);
                None
            }
            Seen::Touched => {
                leave_out(Why::Window);
                self.progress.say(
                    self.lang.of(
                        "维护窗口影响了本次试压，作废重做",
                        "a window touched this trial: it is left out",
                    ),
                );
                None
            }
            Seen::Generator => {
                leave_out(Why::Generator);
                self.progress.say(self.lang.of(
                    "压测机跟不上，本次试压作废",
                    "the generator could not keep up: this trial is left out",
                ));
                self.lower_the_ceiling(order.rate)
            }
            Seen::NoInvoices => Some(Ended::NoInvoices),
        }
    }

    /// After two such trials at a rate or below, the highest rate that could be sent is the ceiling.
    fn lower_the_ceiling(&mut self, rate: f64) -> Option<Ended> {
        let limited = |out: &&LeftOut| out.reason == Why::Generator && out.rate <= rate * 1.001;
        if self.left_out.iter().filter(limited).count() < GENERATOR {
            return None;
        }
        self.generator = true;
        let sent = self.trials.iter().map(|t| t.rate).filter(|sent| *sent < rate);
        match sent.max_by(f64::total_cmp).filter(|sent| *sent > self.settings.from) {
            Some(ceiling) => self.settings.ceiling = ceiling,
            None => return Some(Ended::Complete),
        }
        None
    }

    fn passed(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// What working off a trial may take, with what getting the next one ready takes.
    fn drain(&self) -> f64 {
        1.0 + self.trials.iter().map(|t| t.drain).fold(0.0, f64::max)
    }
}

/// Seconds until a window ends at the earliest: one that was observed may end at any moment.
fn remaining(window: &Window) -> f64 {
    window.end.map_or(0.0, |end| ((end - Utc::now()).num_milliseconds() as f64 / 1e3).max(0.0))
}

fn waits(window: Option<&Window>, zone: Tz, lang: Lang) -> String {
    match window {
        Some(window) => format!(
            "{} {} ({})",
            lang.of("等待维护窗口结束：", "waiting for a window to pass:"),
            window.id,
            window.start.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %Z")
        ),
        None => lang.of("平台不可用，等待恢复", "the platform is down: waiting for it").to_owned(),
    }
}
