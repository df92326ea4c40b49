//! Latency quantiles over time, one plot an operation, windows shaded, limits dashed.

use super::canvas::{Canvas, Caption, picture};
use super::frame::{EndLabel, Frame, Margins, Segment, TEN_TIMES, segments};
use super::scale::{Scale, log_ends};
use super::style::{Ink, Style};
use super::{Shade, limits, pick};
use crate::units;
use crate::words::{self, Phrase};
use piaotan_analysis::summary::{LimitResult, Quantiles, Series};
use piaotan_record::Operation;

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub shades: &'a [Shade],
    pub limits: &'a [LimitResult],
}

/// How many operations get a plot.
const MOST: usize = 4;

/// A quantile: what its line is called, its colour and width, where its value lies.
type Line = (&'static str, Ink, f64, fn(&Quantiles) -> f64);

const LINES: [Line; 3] =
    [("p99", Ink::P99, 1.4, |q| q.p99), ("p95", Ink::P95, 2.0, |q| q.p95), ("p50", Ink::P50, 2.0, |q| q.p50)];

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let shown = pick::operations(input.series, input.limits, MOST);
    let one = if style.is_phone() { 130.0 } else { 140.0 };
    let height = (one + 38.0) * shown.len().max(1) as f64 + 14.0;
    picture(style, height, &caption(input, style, &shown), |canvas| {
        let margins = Margins {
            left: canvas.measured("500 ms") + 14.0 + TEN_TIMES,
            right: canvas.measured("p99") + 12.0,
        };
        let mut top = canvas.top + 26.0;
        for (i, operation) in shown.iter().enumerate() {
            let last = i + 1 == shown.len();
            plot(canvas, input, *operation, margins, (top, top + one), last);
            top += one + 38.0;
        }
        if shown.is_empty() {
            empty(canvas, input, margins, (top, top + one));
        }
    })
}

fn caption(input: &Input<'_>, style: &Style, shown: &[Operation]) -> Caption {
    let lang = style.lang;
    let all = input.series.operations().len();
    let mut legend = Phrase::LatencyAxis.say(lang).to_owned();
    if all > shown.len() {
        legend += lang.of("。", ". ");
        legend += &words::fill(lang, Phrase::OperationsShown, &[&shown.len().to_string(), &all.to_string()]);
    }
    let worst = shown.iter().map(|op| {
        let top = quantiles(input.series, *op).map(|q| q.p99).fold(0.0, f64::max);
        format!("{} p99 ≤ {}", words::operation(lang, *op), units::seconds(top))
    });
    let desc = units::list(lang, &worst.collect::<Vec<_>>());
    Caption { id: "latency".into(), title: Phrase::Latency.say(lang).into(), desc, legend }
}

fn quantiles(series: &Series, operation: Operation) -> impl Iterator<Item = Quantiles> + '_ {
    series.bins.iter().filter_map(move |bin| bin.operations.get(&operation)?.response)
}

fn plot(
    canvas: &mut Canvas<'_>,
    input: &Input<'_>,
    op: Operation,
    margins: Margins,
    (top, bottom): (f64, f64),
    last: bool,
) {
    let limits: Vec<limits::Drawn> = limits::of(input.limits, op);
    let frame = frame(canvas, input, op, &limits, margins, (top, bottom));
    frame.shade(canvas, input.shades, true);
    frame.y_axis(canvas, &frame.y.ticks(5), units::seconds);
    for limit in &limits {
        let text =
            words::fill(canvas.style.lang, Phrase::Limit, &[&limit.name, &units::seconds(limit.value)]);
        frame.limit(canvas, limit.value, &text, limit.broken);
    }
    let mut labels = Vec::new();
    for (name, ink, width, value) in LINES {
        let line = line(input.series, op, value);
        frame.lines(canvas, &line, ink, width);
        if let Some((_, y)) = line.last().and_then(|segment| segment.last()) {
            labels.push(EndLabel { value: *y, text: name.into(), ink: readable(ink) });
        }
    }
    frame.end_labels(canvas, labels);
    frame.ten_times(canvas);
    frame.name(canvas, words::operation(canvas.style.lang, op));
    if last {
        frame.time_axis(canvas, input.series.started);
    } else {
        frame.base(canvas);
    }
}

/// The palest step is for lines only: letters in it could not be read.
fn readable(ink: Ink) -> Ink {
    if ink == Ink::P50 { Ink::Quiet } else { ink }
}

fn frame(
    canvas: &Canvas<'_>,
    input: &Input<'_>,
    op: Operation,
    limits: &[limits::Drawn],
    margins: Margins,
    (top, bottom): (f64, f64),
) -> Frame {
    let low = quantiles(input.series, op).map(|q| q.p50).fold(f64::INFINITY, f64::min);
    let high = quantiles(input.series, op).map(|q| q.p99).fold(0.0, f64::max);
    let high = limits.iter().map(|limit| limit.value * 1.3).fold(high, f64::max);
    let (from, to) = log_ends(low, high);
    let x = Scale::linear(0.0, input.series.seconds(), 0.0, 0.0);
    Frame::new(canvas, margins, top, bottom, x, Scale::log(from, to, 0.0, 0.0))
}

fn line(series: &Series, op: Operation, value: fn(&Quantiles) -> f64) -> Vec<Segment> {
    let half = series.bin_seconds / 2.0;
    let points = series.bins.iter().map(|bin| {
        let cell = bin.operations.get(&op).and_then(|cell| cell.response.as_ref());
        (bin.t + half, cell.map(value))
    });
    segments(points, series.bin_seconds * 1.5)
}

fn empty(canvas: &mut Canvas<'_>, input: &Input<'_>, margins: Margins, (top, bottom): (f64, f64)) {
    let x = Scale::linear(0.0, input.series.seconds(), 0.0, 0.0);
    let frame = Frame::new(canvas, margins, top, bottom, x, Scale::log(0.01, 1.0, 0.0, 0.0));
    frame.shade(canvas, input.shades, true);
    frame.time_axis(canvas, input.series.started);
    frame.nothing(canvas, Phrase::NoData.say(canvas.style.lang));
}
