//! The rate that was asked for, what became of it, and what the platform answered.

use super::Shade;
use super::canvas::{Canvas, Caption, picture};
use super::frame::{EndLabel, Frame, Margins, Segment, segments};
use super::scale::{Scale, round_up};
use super::style::{Ink, Style};
use crate::units;
use crate::words::Phrase;
use piaotan_analysis::summary::{Bin, Series};
use piaotan_record::OutcomeKind;

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub shades: &'a [Shade],
}

/// A line: its name, its colour and width, and the count of it in a bin.
struct Line {
    phrase: Phrase,
    ink: Ink,
    width: f64,
    count: fn(&Bin) -> u64,
    /// Whether it is drawn only where it ever happened, as an area.
    area: bool,
}

const JOURNEYS: [Line; 4] = [
    Line {
        phrase: Phrase::HeldBack,
        ink: Ink::ShadeEdge,
        width: 1.4,
        count: |bin| bin.suppressed,
        area: true,
    },
    Line { phrase: Phrase::Dropped, ink: Ink::Bad, width: 1.4, count: |bin| bin.dropped, area: true },
    Line { phrase: Phrase::Asked, ink: Ink::Quiet, width: 1.4, count: |bin| bin.scheduled, area: false },
    Line { phrase: Phrase::Started, ink: Ink::Blue, width: 2.0, count: |bin| bin.started, area: false },
];

const REQUESTS: [Line; 2] = [
    Line { phrase: Phrase::Sent, ink: Ink::Blue, width: 2.0, count: |bin| bin.sent, area: false },
    Line { phrase: Phrase::Answered, ink: Ink::Teal, width: 1.6, count: answered, area: false },
];

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    picture(style, 316.0, &caption(input, style), |canvas| {
        let names =
            JOURNEYS.iter().chain(&REQUESTS).map(|line| canvas.measured(line.phrase.say(canvas.style.lang)));
        let margins =
            Margins { left: canvas.measured("1,000") + 14.0, right: names.fold(0.0, f64::max) + 12.0 };
        let top = canvas.top + 26.0;
        plot(canvas, input, &JOURNEYS, Phrase::RateJourneys, margins, (top, top + 110.0));
        let lower = top + 148.0;
        let frame = plot(canvas, input, &REQUESTS, Phrase::RateRequests, margins, (lower, lower + 110.0));
        frame.time_axis(canvas, input.series.started);
    })
}

fn caption(input: &Input<'_>, style: &Style) -> Caption {
    let lang = style.lang;
    let total = |line: &Line| input.series.bins.iter().map(line.count).sum::<u64>();
    let part = |line: &Line| format!("{} {}", line.phrase.say(lang), units::count(total(line)));
    let parts: Vec<String> = JOURNEYS.iter().chain(&REQUESTS).map(part).collect();
    let desc = units::list(lang, &parts);
    Caption { id: "rate".into(), title: Phrase::Rate.say(lang).into(), desc, legend: String::new() }
}

/// Requests that were answered, by the second in which they were due.
fn answered(bin: &Bin) -> u64 {
    let unanswered = [
        OutcomeKind::Dns,
        OutcomeKind::Refused,
        OutcomeKind::Tls,
        OutcomeKind::Reset,
        OutcomeKind::TimedOut,
        OutcomeKind::CutOff,
    ];
    let cells = bin.operations.iter().filter(|(op, _)| !op.is_journey());
    cells
        .map(|(_, cell)| {
            cell.count
                - unanswered.iter().map(|kind| cell.outcomes[kind.index()]).sum::<u64>().min(cell.count)
        })
        .sum()
}

fn plot(
    canvas: &mut Canvas<'_>,
    input: &Input<'_>,
    lines: &[Line],
    name: Phrase,
    margins: Margins,
    (top, bottom): (f64, f64),
) -> Frame {
    let lang = canvas.style.lang;
    let drawn: Vec<(&Line, Vec<Segment>)> =
        lines.iter().map(|line| (line, rates(input.series, line))).collect();
    let most = drawn.iter().flat_map(|(_, all)| all.iter().flatten()).map(|(_, y)| *y).fold(0.0, f64::max);
    let x = Scale::linear(0.0, input.series.seconds(), 0.0, 0.0);
    let frame = Frame::new(canvas, margins, top, bottom, x, Scale::linear(0.0, round_up(most), 0.0, 0.0));
    frame.shade(canvas, input.shades, true);
    frame.y_axis(canvas, &frame.y.ticks(3), units::number);
    let mut labels = Vec::new();
    for (line, all) in
        drawn.iter().filter(|(line, all)| !line.area || all.iter().flatten().any(|p| p.1 > 0.0))
    {
        if line.area {
            frame.filled(canvas, all, line.ink, 0.35);
        }
        frame.lines(canvas, all, line.ink, line.width);
        let peak = all.iter().flatten().map(|p| p.1).fold(0.0, f64::max);
        let end = all.last().and_then(|segment| segment.last()).map_or(0.0, |p| p.1);
        let ink = if line.ink == Ink::ShadeEdge { Ink::ShadeText } else { line.ink };
        labels.push(EndLabel {
            value: if line.area { peak / 2.0 } else { end },
            text: line.phrase.say(lang).into(),
            ink,
        });
    }
    frame.end_labels(canvas, labels);
    frame.name(canvas, name.say(lang));
    frame.base(canvas);
    if input.series.bins.is_empty() {
        frame.nothing(canvas, Phrase::NoData.say(lang));
    }
    frame
}

fn rates(series: &Series, line: &Line) -> Vec<Segment> {
    let half = series.bin_seconds / 2.0;
    let points =
        series.bins.iter().map(|bin| (bin.t + half, Some((line.count)(bin) as f64 / series.bin_seconds)));
    segments(points, series.bin_seconds * 1.5)
}
