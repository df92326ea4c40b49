//! Where the loop of the probes tells what happens: the board, the calendar, people, systemd.
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the log of a service is its standard error"
)]

use super::board::Board;
use super::systemd;
use crate::config::Settings;
use crate::notify::Post;
use crate::probing;
use chrono::Utc;
use piaotan_analysis::phases::{Change, Condition, Transition};
use piaotan_analysis::reconcile::{Finding, Recovery};
use piaotan_probes::live::notify::Message;
use piaotan_probes::live::state::Alerts;
use piaotan_probes::live::watch::Outlet;
use piaotan_probes::{ProbeKind, ProbeResult};
use piaotan_record::Calendar;
use piaotan_record::calendar::{Correction, Sighting};
use piaotan_store::Store;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// The outlet of `piaotan watch`.
#[derive(Debug)]
pub struct Telling<'a> {
    pub board: &'a Board,
    pub settings: &'a Settings,
    pub store: Arc<Store>,
    pub publish: watch::Sender<Arc<Calendar>>,
    pub post: &'a Post,
}

impl Telling<'_> {
    /// Makes the calendar anew from what is known now.
    pub fn renew(&mut self) {
        match probing::calendar(self.settings, &self.store, Utc::now()) {
            Ok(calendar) => {
                self.publish.send_replace(Arc::new(calendar));
            }
            Err(error) => self.trouble(&error.to_string()),
        }
    }
}

impl Outlet for Telling<'_> {
    fn probed(&mut self, result: &ProbeResult) {
        self.board.lock().probed(result);
    }

    fn message(&mut self, message: Message) {
        log(&format!("{} | {}", message.title, message.text));
        self.post.take(message);
    }

    fn sighted(&mut self, _sighting: &Sighting) {
        self.renew();
    }

    fn transition(&mut self, transition: &Transition) {
        let span = &transition.span;
        if span.condition != Condition::Slow {
            let word = match transition.change {
                Change::Ended => "over",
                _ => "seen",
            };
            log(&format!("{} of {} {word}", span.condition, span.service));
        }
        self.board.lock().transition(transition);
    }

    fn found(&mut self, finding: &Finding) {
        let (kind, about) = (finding.kind, finding.window.as_deref().unwrap_or("no window"));
        log(&format!("{kind}: {about}, {} from {}", finding.services, finding.start.to_rfc3339()));
        self.board.lock().found(finding);
    }

    fn corrected(&mut self, correction: &Correction) {
        log(&format!("window {} is confirmed: it was observed", correction.window));
        self.renew();
    }

    fn recovered(&mut self, recovery: &Recovery) {
        let mut board = self.board.lock();
        board.vanished += recovery.vanished.len() as u64;
        board.changed += recovery.changed.len() as u64;
    }

    fn missed(&mut self, probe: ProbeKind, slots: u64) {
        self.board.lock().probes.entry(probe.as_str()).or_default().missed += slots;
    }

    fn stored(&mut self, waiting: usize, dropped: u64) {
        let line = self.board.lock().stored(Utc::now(), waiting, dropped);
        line.iter().for_each(|line| log(line));
    }

    fn trouble(&mut self, text: &str) {
        trouble(self.board, text);
    }

    fn alive(&mut self, alerts: Alerts) {
        self.board.lock().alive(Instant::now(), alerts);
        systemd::tell("WATCHDOG=1");
    }
}

/// A trouble of the watch itself: counted, shown on the page, and a line of the log unless the log is full
/// of it already.
pub fn trouble(board: &Board, text: &str) {
    let line = board.lock().trouble(Utc::now(), Instant::now(), text);
    line.iter().for_each(|line| log(line));
}

/// One line of the log.
pub fn log(text: &str) {
    eprintln!("piaotan: {}", text.replace('\n', " | "));
}
