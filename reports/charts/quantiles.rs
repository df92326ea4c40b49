//! The quantile curve to 99.99 %: how bad the rare slow request is, response beside service time.

use super::canvas::{Canvas, Caption, picture};
use super::frame::{EndLabel, Frame, Margins, TEN_TIMES};
use super::pick;
use super::scale::{Scale, log_ends};
use super::style::{KINDS, Style};
use crate::units;
use crate::words::{self, Phrase};
use piaotan_analysis::summary::{LimitResult, QuantilePoint, Series};
use piaotan_record::Operation;

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub limits: &'a [LimitResult],
}

/// How many operations get a curve.
const MOST: usize = 4;
/// Shares of requests that get a tick.
const TICKS: [(f64, &str); 6] =
    [(0.0, "0 %"), (0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")];

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let lang = style.lang;
    let shown = shown(input);
    let worst = shown.iter().filter_map(|(op, points)| {
        let last = points.last()?;
        Some(format!("{} {} {}", words::operation(lang, *op), percent(last.q), units::seconds(last.response)))
    });
    let caption = Caption {
        id: "quantiles".into(),
        title: Phrase::Quantile.say(lang).into(),
        desc: units::list(lang, &worst.collect::<Vec<_>>()),
        legend: Phrase::QuantileAxis.say(lang).into(),
    };
    picture(style, 290.0, &caption, |canvas| plot(canvas, &shown))
}

fn percent(q: f64) -> String {
    format!("{} %", units::number((q * 1e6).round() / 1e4))
}

fn shown<'a>(input: &Input<'a>) -> Vec<(Operation, &'a [QuantilePoint])> {
    let picked = pick::operations(input.series, input.limits, MOST);
    let curve = |op: Operation| Some((op, input.series.quantile_curve.get(&op)?.as_slice()));
    let all: Vec<_> = picked.into_iter().filter_map(curve).filter(|(_, points)| !points.is_empty()).collect();
    if all.is_empty() {
        return input
            .series
            .quantile_curve
            .iter()
            .map(|(op, points)| (*op, points.as_slice()))
            .take(MOST)
            .collect();
    }
    all
}

/// Every nine is as wide as the one before it.
fn nines(q: f64) -> f64 {
    -(1.0 - q.clamp(0.0, 0.999_95)).log10()
}

fn plot(canvas: &mut Canvas<'_>, shown: &[(Operation, &[QuantilePoint])]) {
    let lang = canvas.style.lang;
    let values = || shown.iter().flat_map(|(_, points)| points.iter().flat_map(|p| [p.response, p.service]));
    let (from, to) =
        log_ends(values().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let longest =
        shown.iter().map(|(op, _)| canvas.measured(words::operation(lang, *op))).fold(30.0, f64::max);
    let margins = Margins {
        left: canvas.measured("500 ms") + 14.0 + TEN_TIMES,
        right: longest.min(canvas.width * 0.3) + 14.0,
    };
    let top = canvas.top + 8.0;
    let x = Scale::linear(0.0, nines(0.9999), 0.0, 0.0);
    let frame = Frame::new(canvas, margins, top, top + 245.0, x, Scale::log(from, to, 0.0, 0.0));
    frame.y_axis(canvas, &frame.y.ticks(8), units::seconds);
    let mut labels = Vec::new();
    for ((op, points), ink) in shown.iter().zip(KINDS) {
        let along = |value: fn(&QuantilePoint) -> f64| {
            let good = points.iter().filter(move |p| value(p).is_finite());
            good.map(|p| (frame.x.at(nines(p.q)), frame.y.at(value(p)))).collect::<Vec<_>>()
        };
        canvas.dashed_path(&along(|p| p.service), ink, 1.4);
        canvas.line(&along(|p| p.response), ink, 2.0);
        let value = points.last().map_or(from, |p| p.response);
        labels.push(EndLabel { value, text: words::operation(lang, *op).into(), ink });
    }
    frame.end_labels(canvas, labels);
    frame.ten_times(canvas);
    frame.x_axis(canvas, &TICKS.map(|(q, label)| (nines(q), label.to_owned())));
    if shown.is_empty() {
        frame.nothing(canvas, Phrase::NoData.say(lang));
    }
}
