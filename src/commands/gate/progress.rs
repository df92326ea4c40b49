//! What is shown while a gate lasts: a bar on a terminal, one line a block when piped.
#![allow(clippy::print_stderr, reason = "progress is for people, on standard error")]

use super::block::Pressed;
use indicatif::{ProgressBar, ProgressStyle};
use piaotan_analysis::gate::{Arm, Metric};
use piaotan_reports::{Lang, units};
use std::io::IsTerminal as _;

/// Shows how a gate gets on.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    lang: Lang,
    most: usize,
}

impl Progress {
    pub fn new(most: usize, quiet: bool, lang: Lang) -> Self {
        let bar = (std::io::stderr().is_terminal() && !quiet).then(|| {
            let bar = ProgressBar::new(most as u64);
            let style = ProgressStyle::with_template("{bar:24} {pos:>3}/{len}  {elapsed}  {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(std::time::Duration::from_millis(500));
            bar
        });
        Self { bar, quiet, lang, most }
    }

    /// Tells of a block, after which there are so many pairs.
    pub fn block(&self, pairs: usize, pressed: &Pressed) {
        let line = self.line(pressed);
        match &self.bar {
            Some(bar) => {
                bar.set_position(pairs as u64);
                bar.set_message(line);
            }
            None if !self.quiet => eprintln!("{pairs:>3}/{}  {line}", self.most),
            None => {}
        }
    }

    /// Tells of something else that takes time.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None if !self.quiet => eprintln!("{text}"),
            None => {}
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, pressed: &Pressed) -> String {
        let zh = self.lang == Lang::Zh;
        let side = match (pressed.block.arm, zh) {
            (Arm::A, true) => "基准",
            (Arm::A, false) => "baseline ",
            (_, true) => "候选",
            (_, false) => "candidate",
        };
        let (all, bad) = pressed.requests();
        let slowest = pressed.block.operations.values().filter_map(|s| s.log(Metric::P95)).fold(None, most);
        let slowest = slowest.map_or_else(|| "–".to_owned(), |log: f64| units::seconds(log.exp() / 1e9));
        let void = match (pressed.block.touched_by_window, pressed.block.generator_limited, zh) {
            (true, _, true) => "  [维护，不计]",
            (true, _, false) => "  [maintenance, left out]",
            (_, true, true) => "  [压测机跟不上，不计]",
            (_, true, false) => "  [generator fell behind, left out]",
            _ => "",
        };
        let words = if zh {
            format!("{all} 次请求，失败 {bad}，最慢操作 p95 {slowest}")
        } else {
            format!("{all} requests, {bad} failed, slowest operation p95 {slowest}")
        };
        format!("{side} {words}{void}")
    }
}

fn most(known: Option<f64>, next: f64) -> Option<f64> {
    Some(known.map_or(next, |known| known.max(next)))
}
