//! What is shown while a run lasts: a bar on a terminal, plain lines when piped.
#![allow(clippy::print_stderr, reason = "progress is for people, on standard error")]

use indicatif::{ProgressBar, ProgressStyle};
use piaotan_record::{Nanos, calendar::PhaseName};
use piaotan_reports::Lang;
use piaotan_scenarios::engine::session::Running;
use std::io::IsTerminal as _;

/// Shows how a run gets on.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    told: u64,
    quiet: bool,
    lang: Lang,
}

impl Progress {
    #[must_use]
    pub fn new(seconds: f64, quiet: bool, lang: Lang) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = (terminal && !quiet).then(|| {
            let bar = ProgressBar::new(seconds.ceil() as u64);
            let style = ProgressStyle::with_template("{bar:24} {pos:>4}/{len} s  {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, told: 0, quiet, lang }
    }

    /// Shows the state of a run; plain lines come every five seconds.
    pub fn show(&mut self, running: &Running) {
        let now = running.clock.now();
        let passed = now.since(running.begin) as f64 / 1e9;
        let line = line(running, now, self.lang);
        match &self.bar {
            Some(bar) => {
                bar.set_position(passed as u64);
                bar.set_message(line);
            }
            None if !self.quiet && passed as u64 >= self.told + 5 => {
                self.told = passed as u64;
                eprintln!("{:>5.0} s / {:.0} s  {line}", passed, running.seconds);
            }
            None => {}
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(running: &Running, now: Nanos, lang: Lang) -> String {
    let recent = running.live.lock().recent.back().copied().unwrap_or_default();
    let paused = running.holds.holding(now);
    let phase =
        running.holds.calendar().phase_at(running.clock.wall_at(now), piaotan_record::Service::All).name();
    let zh = lang == Lang::Zh;
    let mut line = format!(
        "{:>5}/s  p50 {:>6.1} ms  p95 {:>6.1} ms  {} {}",
        recent.sent,
        recent.p50 * 1e3,
        recent.p95 * 1e3,
        if zh { "失败" } else { "failed" },
        recent.failed,
    );
    if let Some((window, everything)) = paused {
        let what = match (zh, everything) {
            (true, true) => "维护中,已暂停",
            (true, false) => "维护中,暂停写入",
            (false, true) => "maintenance, paused",
            (false, false) => "maintenance, writes held",
        };
        line.push_str(&format!("  [{what}: {window}]"));
    } else if phase != PhaseName::Outside {
        line.push_str(&format!("  [{phase}]"));
    }
    line
}
