//! The capacity knee: the share of samples over the objective by rate, and the interval of the limit.

use super::canvas::{Canvas, Caption, Hold, picture};
use super::frame::{Frame, Margins};
use super::scale::{Scale, round_up};
use super::style::{Ink, Style};
use crate::units;
use crate::words::{self, Phrase};

/// One trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Arrivals per second.
    pub rate: f64,
    pub violations: u64,
    pub samples: u64,
}

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub trials: &'a [Trial],
    /// Share of samples that may be over the objective.
    pub allowed: f64,
    /// Interval and median of the limit, in arrivals per second.
    pub lower: Option<f64>,
    pub median: Option<f64>,
    pub upper: Option<f64>,
    /// The rate that must be carried.
    pub need: Option<f64>,
}

/// Shares below this are drawn here: a logarithmic axis has no zero.
const LEAST: f64 = 0.000_5;

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let lang = style.lang;
    let number = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), units::number);
    let desc = format!(
        "{} ({}–{})",
        words::fill(lang, Phrase::Knee, &[&number(input.median)]),
        number(input.lower),
        number(input.upper)
    );
    let caption = Caption {
        id: "capacity".into(),
        title: Phrase::Capacity.say(lang).into(),
        desc,
        legend: Phrase::CapacityAxis.say(lang).into(),
    };
    picture(style, 280.0, &caption, |canvas| plot(canvas, input))
}

fn plot(canvas: &mut Canvas<'_>, input: &Input<'_>) {
    let lang = canvas.style.lang;
    let rates = input.trials.iter().map(|trial| trial.rate).chain(input.upper).chain(input.need);
    let most = rates.filter(|r| r.is_finite()).fold(0.0, f64::max);
    let margins = Margins { left: canvas.measured("0.05 %") + 14.0, right: 24.0 };
    let top = canvas.top + 22.0;
    let x = Scale::linear(0.0, round_up(most), 0.0, 0.0);
    let frame = Frame::new(canvas, margins, top, top + 215.0, x, Scale::log(LEAST, 1.0, 0.0, 0.0));
    interval(canvas, &frame, input);
    frame.y_axis(canvas, &[0.001, 0.01, 0.1, 1.0], units::percent);
    let limit = words::fill(lang, Phrase::Limit, &[&units::percent(input.allowed), ""]);
    frame.limit(canvas, input.allowed, limit.trim_end(), false);
    for trial in input.trials.iter().filter(|trial| trial.samples > 0) {
        let share = trial.violations as f64 / trial.samples as f64;
        let ink = if share > input.allowed { Ink::Bad } else { Ink::Blue };
        canvas.dot((frame.x.at(trial.rate), frame.y.at(share.max(LEAST))), 4.0, ink, share > input.allowed);
    }
    if let Some(need) = input.need {
        let enough = input.lower.is_some_and(|lower| lower >= need);
        let ink = if enough { Ink::Good } else { Ink::Bad };
        let text = words::fill(lang, Phrase::Need, &[&units::number(need)]);
        frame.moment(canvas, need, &text, ink);
    }
    let ticks: Vec<(f64, String)> =
        frame.x.ticks(7).into_iter().map(|t| (t, format!("{}/s", units::number(t)))).collect();
    frame.x_axis(canvas, &ticks);
    if input.trials.is_empty() {
        frame.nothing(canvas, Phrase::NoData.say(lang));
    }
}

fn interval(canvas: &mut Canvas<'_>, frame: &Frame, input: &Input<'_>) {
    let (Some(lower), Some(upper)) = (input.lower, input.upper) else { return };
    canvas.rect(
        [frame.x.at(lower), frame.top, frame.x.at(upper).max(frame.x.at(lower) + 2.0), frame.bottom],
        Ink::P50,
        0.35,
    );
    let Some(median) = input.median else { return };
    let (x, size) = (frame.x.at(median), canvas.style.letters() - 1.0);
    canvas.line(&[(x, frame.top), (x, frame.bottom)], Ink::P99, 2.0);
    let text = words::fill(canvas.style.lang, Phrase::Knee, &[&units::number(median)]);
    canvas.text(&text, x, frame.top - 9.0, size, Ink::P99, Hold::Middle);
}
