//! Virtual users and connections over time.

use super::Shade;
use super::canvas::{Caption, picture};
use super::frame::{EndLabel, Frame, Margins, Segment, segments};
use super::scale::{Scale, round_up};
use super::style::{Ink, Style};
use crate::units;
use crate::words::Phrase;
use piaotan_analysis::summary::{Bin, Series};

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub shades: &'a [Shade],
}

type Line = (Phrase, Ink, fn(&Bin) -> Option<u64>);

const LINES: [Line; 2] =
    [(Phrase::Users, Ink::Blue, |bin| bin.users), (Phrase::Connections, Ink::Teal, |bin| bin.connections)];

/// Whether the engine said anything to draw.
#[must_use]
pub fn any(series: &Series) -> bool {
    series.bins.iter().any(|bin| bin.users.is_some() || bin.connections.is_some())
}

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let lang = style.lang;
    let drawn: Vec<(Phrase, Ink, Vec<Segment>)> =
        LINES.iter().map(|(phrase, ink, value)| (*phrase, *ink, over(input.series, *value))).collect();
    let peak = |all: &[Segment]| all.iter().flatten().map(|p| p.1).fold(0.0, f64::max);
    let parts: Vec<String> =
        drawn.iter().map(|(p, _, all)| format!("{} ≤ {}", p.say(lang), units::number(peak(all)))).collect();
    let desc = units::list(lang, &parts);
    let caption = Caption {
        id: "concurrency".into(),
        title: Phrase::Concurrency.say(lang).into(),
        legend: desc.clone(),
        desc,
    };
    picture(style, 170.0, &caption, |canvas| {
        let most = drawn.iter().map(|(_, _, all)| peak(all)).fold(0.0, f64::max);
        let names = LINES.iter().map(|line| canvas.measured(line.0.say(lang))).fold(0.0, f64::max);
        let margins = Margins { left: canvas.measured("1,000") + 14.0, right: names + 12.0 };
        let (x, y) = (
            Scale::linear(0.0, input.series.seconds(), 0.0, 0.0),
            Scale::linear(0.0, round_up(most), 0.0, 0.0),
        );
        let top = canvas.top + 8.0;
        let frame = Frame::new(canvas, margins, top, top + 125.0, x, y);
        frame.shade(canvas, input.shades, true);
        frame.y_axis(canvas, &frame.y.ticks(4), units::number);
        let mut labels = Vec::new();
        for (phrase, ink, all) in &drawn {
            frame.lines(canvas, all, *ink, 2.0);
            if let Some(last) = all.last().and_then(|segment| segment.last()) {
                labels.push(EndLabel { value: last.1, text: phrase.say(lang).into(), ink: *ink });
            }
        }
        frame.end_labels(canvas, labels);
        frame.time_axis(canvas, input.series.started);
    })
}

fn over(series: &Series, value: fn(&Bin) -> Option<u64>) -> Vec<Segment> {
    let half = series.bin_seconds / 2.0;
    segments(
        series.bins.iter().map(|bin| (bin.t + half, value(bin).map(|n| n as f64))),
        series.bin_seconds * 1.5,
    )
}
