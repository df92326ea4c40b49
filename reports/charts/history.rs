//! A history of values with its change points: the level before, the level after, and by how much.

use super::canvas::{Canvas, Caption, Hold, picture};
use super::frame::{Frame, Margins, segments};
use super::measure;
use super::scale::{Scale, round_up};
use super::style::{Ink, Style};
use crate::units;
use crate::words::Phrase;
use piaotan_analysis::history::{Change, Status};

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the values are, for the axis.
    pub name: &'a str,
    /// In order of time; `None` where the file has none.
    pub values: &'a [Option<f64>],
    /// The time of each value as the file wrote it.
    pub times: &'a [String],
    pub changes: &'a [Change],
    /// How a value is written: [`units::seconds`] for durations.
    pub format: fn(f64) -> String,
}

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let say = |c: &Change| {
        let size = c.change.map_or_else(|| "–".to_owned(), units::change);
        format!("{} {} → {} ({size})", c.time, (input.format)(c.before), (input.format)(c.after))
    };
    let desc = units::list(style.lang, &input.changes.iter().map(say).collect::<Vec<_>>());
    let caption = Caption {
        id: "history".into(),
        title: Phrase::History.say(style.lang).into(),
        desc,
        legend: units::clean(input.name, 80),
    };
    picture(style, 250.0, &caption, |canvas| plot(canvas, input))
}

fn plot(canvas: &mut Canvas<'_>, input: &Input<'_>) {
    let known = || input.values.iter().flatten().copied().filter(|v| v.is_finite());
    let most = known().fold(0.0, f64::max);
    let margins = Margins { left: canvas.measured("500 ms") + 18.0, right: 20.0 };
    let x = Scale::linear(0.0, input.values.len().saturating_sub(1).max(1) as f64, 0.0, 0.0);
    let top = canvas.top + 22.0;
    let frame =
        Frame::new(canvas, margins, top, top + 185.0, x, Scale::linear(0.0, round_up(most), 0.0, 0.0));
    frame.y_axis(canvas, &frame.y.ticks(5), input.format);
    let points = input.values.iter().enumerate().map(|(i, v)| (i as f64, *v));
    frame.lines(canvas, &segments(points, 1.5), Ink::P50, 1.4);
    levels(canvas, &frame, input);
    for change in input.changes {
        flag(canvas, &frame, input, change);
    }
    frame.x_axis(canvas, &ticks(input, if canvas.style.is_phone() { 3 } else { 6 }));
    if known().next().is_none() {
        frame.nothing(canvas, Phrase::NoData.say(canvas.style.lang));
    }
}

/// The median of each stretch between changes, as a level.
fn levels(canvas: &mut Canvas<'_>, frame: &Frame, input: &Input<'_>) {
    let mut from = 0.0;
    let end = input.values.len().saturating_sub(1) as f64;
    for change in input.changes {
        let at = change.index as f64;
        canvas.line(
            &[(frame.x.at(from), frame.y.at(change.before)), (frame.x.at(at), frame.y.at(change.before))],
            Ink::P99,
            2.4,
        );
        from = at;
    }
    if let Some(last) = input.changes.last() {
        canvas.line(
            &[(frame.x.at(from), frame.y.at(last.after)), (frame.x.at(end), frame.y.at(last.after))],
            Ink::P99,
            2.4,
        );
    }
}

fn flag(canvas: &mut Canvas<'_>, frame: &Frame, input: &Input<'_>, change: &Change) {
    let (x, size) = (frame.x.at(change.index as f64), canvas.style.letters() - 1.0);
    let worse = change.after > change.before;
    let ink = match (change.status == Status::Confirmed, worse) {
        (false, _) => Ink::Quiet,
        (true, true) => Ink::Bad,
        (true, false) => Ink::Good,
    };
    canvas.dashes((x, frame.top), (x, frame.bottom), ink, 1.4);
    let size_text = change.change.map_or_else(|| (input.format)(change.after), units::change);
    let text = if change.status == Status::Confirmed { size_text } else { size_text + " ?" };
    let half = measure::width(&text, size) / 2.0;
    canvas.text(
        &text,
        x.clamp(frame.left + half, frame.right - half),
        frame.top - 8.0,
        size,
        ink,
        Hold::Middle,
    );
}

fn ticks(input: &Input<'_>, most: usize) -> Vec<(f64, String)> {
    let count = input.times.len().min(input.values.len());
    let step = count.div_ceil(most.max(1)).max(1);
    let label = |i: usize| (i as f64, units::clean(input.times[i].get(..10).unwrap_or(&input.times[i]), 12));
    (0..count).step_by(step).map(label).collect()
}
