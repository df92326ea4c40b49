//! The platform's own codes over time: the most frequent by name, the rest together.

use super::Shade;
use super::canvas::{Canvas, Caption, picture};
use super::frame::{EndLabel, Frame, Margins, Segment, segments};
use super::measure;
use super::scale::{Scale, round_up};
use super::style::{Ink, KINDS, Style};
use crate::units;
use crate::words::Phrase;
use piaotan_analysis::summary::{Bin, Series};
use std::collections::BTreeMap;

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub shades: &'a [Shade],
}

/// How many codes get a line of their own.
const MOST: usize = 5;

/// One line: its name, its colour, and its count in a bin.
type Line = (String, Ink, Vec<Segment>);

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let totals = totals(input.series);
    picture(style, 200.0, &caption(&totals, style), |canvas| {
        let lines = lines(input.series, &totals, canvas.style.lang);
        let longest = lines.iter().map(|line| canvas.measured(&line.0)).fold(40.0, f64::max);
        let margins =
            Margins { left: canvas.measured("1,000") + 14.0, right: longest.min(canvas.width * 0.28) + 14.0 };
        plot(canvas, input, &lines, margins);
    })
}

/// Whether there is anything to draw.
#[must_use]
pub fn any(series: &Series) -> bool {
    series.bins.iter().any(|bin| bin.operations.values().any(|cell| !cell.codes.is_empty()))
}

fn caption(totals: &[(&str, u64)], style: &Style) -> Caption {
    let part = |(code, n): &(&str, u64)| format!("{} {}", units::clean(code, 40), units::count(*n));
    let parts: Vec<String> = totals.iter().take(MOST).map(part).collect();
    let desc = if parts.is_empty() {
        Phrase::NoCodes.say(style.lang).to_owned()
    } else {
        units::list(style.lang, &parts)
    };
    Caption { id: "codes".into(), title: Phrase::Codes.say(style.lang).into(), legend: desc.clone(), desc }
}

/// Every code with its count, the most frequent first.
fn totals(series: &Series) -> Vec<(&str, u64)> {
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    for bin in &series.bins {
        for (code, n) in codes(bin) {
            *totals.entry(code).or_default() += n;
        }
    }
    let mut all: Vec<(&str, u64)> = totals.into_iter().collect();
    all.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), *code));
    all
}

/// The codes of requests; a journey would count them twice.
fn codes(bin: &Bin) -> impl Iterator<Item = (&str, u64)> {
    let own = bin.operations.iter().filter(|(op, _)| !op.is_journey());
    own.flat_map(|(_, cell)| cell.codes.iter().map(|(code, n)| (code.as_str(), *n)))
}

fn lines(series: &Series, totals: &[(&str, u64)], lang: crate::Lang) -> Vec<Line> {
    let half = series.bin_seconds / 2.0;
    let line = |wanted: &dyn Fn(&str) -> bool| {
        let rate =
            |bin: &Bin| codes(bin).filter(|(code, _)| wanted(code)).map(|(_, n)| n).sum::<u64>() as f64;
        let points = series.bins.iter().map(|bin| (bin.t + half, Some(rate(bin) / series.bin_seconds)));
        segments(points, series.bin_seconds * 1.5)
    };
    let named = &totals[..totals.len().min(MOST)];
    let mut all: Vec<Line> = Vec::new();
    for ((name, _), ink) in named.iter().zip(KINDS) {
        all.push((units::clean(name, 30), ink, line(&|code| code == *name)));
    }
    if totals.len() > MOST {
        let rest = |code: &str| named.iter().all(|(name, _)| *name != code);
        all.push((Phrase::OtherCodes.say(lang).to_owned(), Ink::Quiet, line(&rest)));
    }
    all
}

fn plot(canvas: &mut Canvas<'_>, input: &Input<'_>, lines: &[Line], margins: Margins) {
    let most = lines.iter().flat_map(|line| line.2.iter().flatten()).map(|p| p.1).fold(0.0, f64::max);
    let x = Scale::linear(0.0, input.series.seconds(), 0.0, 0.0);
    let top = canvas.top + 26.0;
    let frame =
        Frame::new(canvas, margins, top, top + 140.0, x, Scale::linear(0.0, round_up(most), 0.0, 0.0));
    frame.shade(canvas, input.shades, true);
    frame.y_axis(canvas, &frame.y.ticks(4), units::number);
    let mut labels = Vec::new();
    for (name, ink, segments) in lines {
        frame.lines(canvas, segments, *ink, 1.8);
        let peak = segments.iter().flatten().map(|p| p.1).fold(0.0, f64::max);
        let text = measure::fitted(name, canvas.style.letters() - 1.0, margins.right - 12.0);
        labels.push(EndLabel { value: peak, text, ink: *ink });
    }
    frame.end_labels(canvas, labels);
    frame.name(canvas, Phrase::CodesAxis.say(canvas.style.lang));
    frame.time_axis(canvas, input.series.started);
    if lines.is_empty() {
        frame.nothing(canvas, Phrase::NoCodes.say(canvas.style.lang));
    }
}
