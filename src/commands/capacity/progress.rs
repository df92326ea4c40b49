//! What is shown while a search lasts: one line a trial, and on a terminal how the present one gets on.
#![allow(clippy::print_stderr, reason = "progress is for people, on standard error")]

use super::attempt::Order;
use indicatif::ProgressBar;
use piaotan_analysis::capacity::{ShownTrial, Trial};
use piaotan_reports::capacity::{header, purpose, row};
use piaotan_reports::{Lang, units};
use piaotan_scenarios::engine::session::{Session, UnderWay};
use piaotan_scenarios::engine::waits::Pipeline;
use std::io::IsTerminal as _;

/// Shows how a search gets on.
#[derive(Debug)]
pub struct Progress {
    line: Option<ProgressBar>,
    quiet: bool,
    lang: Lang,
}

impl Progress {
    #[must_use]
    pub fn new(quiet: bool, lang: Lang) -> Self {
        let line = (std::io::stderr().is_terminal() && !quiet).then(ProgressBar::new_spinner);
        let this = Self { line, quiet, lang };
        this.say(&header(lang));
        this
    }

    /// How the trial under way gets on.
    pub fn during(&self, order: &Order, session: &Session, block: &UnderWay) {
        let Some(line) = &self.line else { return };
        let (requests, failed) = session.so_far();
        let waiting = [Pipeline::Review, Pipeline::Sync].map(|pipeline| session.waiting(pipeline));
        let zh = self.lang == Lang::Zh;
        let words = if zh {
            ["请求", "失败", "在途", "待审", "待同步"]
        } else {
            ["requests", "failed", "under way", "in review", "not yet visible"]
        };
        line.set_message(format!(
            "{} {}/s  {:.0}/{:.0} s  {} {requests}  {} {failed}  {} {}  {} {}  {} {}",
            purpose(order.purpose, self.lang),
            units::number(order.rate),
            session.passed(block).clamp(0.0, order.seconds),
            order.seconds,
            words[0],
            words[1],
            words[2],
            session.in_flight(),
            words[3],
            waiting[0],
            words[4],
            waiting[1],
        ));
        line.tick();
    }

    /// A trial is over.
    pub fn trial(&self, trial: &Trial) {
        self.say(&row(&ShownTrial::from(trial), self.lang));
    }

    /// Something that people should know now.
    pub fn say(&self, text: &str) {
        match &self.line {
            Some(line) => line.println(text),
            None if !self.quiet => eprintln!("{text}"),
            None => {}
        }
    }

    pub fn end(&self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}
