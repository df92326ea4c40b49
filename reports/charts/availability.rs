//! Availability raw and without maintenance, side by side: what users saw, and what was promised.

use super::canvas::{Canvas, Caption, Hold, picture};
use super::frame::{Frame, Margins};
use super::scale::Scale;
use super::style::{Ink, Style};
use crate::units;
use crate::words::Phrase;

/// One stretch of time: a day, as a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    pub name: String,
    /// Shares of good events; `None` where there were none.
    pub raw: Option<f64>,
    pub adjusted: Option<f64>,
    /// Seconds of maintenance in it.
    pub maintenance: f64,
}

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub stretches: &'a [Stretch],
    /// The share that is promised.
    pub objective: Option<f64>,
}

const ROW: f64 = 34.0;
/// How many stretches are drawn: the last ones.
const MOST: usize = 31;

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let lang = style.lang;
    let shown = &input.stretches[input.stretches.len().saturating_sub(MOST)..];
    let percent = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), units::availability);
    let desc: Vec<String> =
        shown.iter().map(|s| format!("{} {} / {}", s.name, percent(s.raw), percent(s.adjusted))).collect();
    let caption = Caption {
        id: "availability".into(),
        title: Phrase::Availability.say(lang).into(),
        desc: units::list(lang, &desc),
        legend: Phrase::AvailabilityAxis.say(lang).into(),
    };
    picture(style, shown.len().max(2) as f64 * ROW + 58.0, &caption, |canvas| plot(canvas, input, shown))
}

fn plot(canvas: &mut Canvas<'_>, input: &Input<'_>, shown: &[Stretch]) {
    let size = canvas.style.letters() - 1.0;
    let least = shown.iter().flat_map(|s| [s.raw, s.adjusted]).flatten().chain(input.objective);
    let least = least.filter(|v| v.is_finite()).fold(1.0, f64::min);
    let from = [0.999, 0.99, 0.95, 0.9, 0.8, 0.5, 0.0].into_iter().find(|f| *f < least).unwrap_or(0.0);
    let longest =
        shown.iter().map(|s| canvas.measured(&s.name)).fold(40.0, f64::max).min(canvas.width * 0.25);
    let right = canvas.measured(Phrase::AvailabilityAdjusted.say(canvas.style.lang))
        + canvas.measured(" 99.99 %")
        + 20.0;
    let margins = Margins { left: longest + 20.0, right };
    let top = canvas.top + 20.0;
    let bottom = top + shown.len().max(2) as f64 * ROW;
    let frame = Frame::new(
        canvas,
        margins,
        top,
        bottom,
        Scale::linear(from, 1.0, 0.0, 0.0),
        Scale::linear(0.0, 1.0, 0.0, 0.0),
    );
    for (i, stretch) in shown.iter().enumerate() {
        let y = top + i as f64 * ROW;
        canvas.text(&stretch.name, 8.0, y + ROW * 0.42, size, Ink::Text, Hold::Left);
        bar(canvas, &frame, stretch.raw, (y + 3.0, Ink::ShadeEdge), Phrase::AvailabilityRaw);
        bar(canvas, &frame, stretch.adjusted, (y + 16.0, Ink::Blue), Phrase::AvailabilityAdjusted);
    }
    if let Some(objective) = input.objective {
        let x = frame.x.at(objective);
        canvas.dashes((x, top - 4.0), (x, bottom), Ink::Good, 1.6);
        canvas.text(&units::availability(objective), x, top - 11.0, size, Ink::Good, Hold::Middle);
    }
    let ticks: Vec<(f64, String)> = frame.x.ticks(4).into_iter().map(|t| (t, units::percent(t))).collect();
    frame.x_axis(canvas, &ticks);
    if shown.is_empty() {
        frame.nothing(canvas, Phrase::NoData.say(canvas.style.lang));
    }
}

fn bar(canvas: &mut Canvas<'_>, frame: &Frame, share: Option<f64>, (y, ink): (f64, Ink), name: Phrase) {
    let size = canvas.style.letters() - 2.0;
    let Some(share) = share.filter(|s| s.is_finite()) else { return };
    canvas.rect([frame.left, y, frame.x.at(share).max(frame.left + 1.0), y + 10.0], ink, 0.85);
    let letters = if ink == Ink::ShadeEdge { Ink::ShadeText } else { ink };
    let text = format!("{} {}", units::availability(share), name.say(canvas.style.lang));
    canvas.text(&text, frame.right + 8.0, y + 5.0, size, letters, Hold::Left);
}
