//! Sync delay over time: every tracked invoice with the bounds between which it became visible.

use super::Shade;
use super::canvas::{Canvas, Caption, picture};
use super::frame::{Frame, Margins, TEN_TIMES};
use super::scale::{Scale, log_ends};
use super::style::{Ink, Style};
use crate::units;
use crate::words::{self, Phrase};
use piaotan_analysis::summary::{Series, SyncPoint, SyncSummary, Verdict};
use piaotan_record::Surface;
use std::collections::BTreeMap;

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub shades: &'a [Shade],
    /// By the name of the surface; where a change was found, it is flagged.
    pub sync: &'a BTreeMap<String, SyncSummary>,
}

const ONE: f64 = 150.0;
/// At most this many invoices are drawn on a surface; of more, every n-th.
const MOST: usize = 700;

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let lang = style.lang;
    let shown: Vec<Surface> =
        Surface::ALL.iter().copied().filter(|s| points(input.series, *s).next().is_some()).collect();
    let part = |surface: &Surface| {
        let unseen = points(input.series, *surface).filter(|p| p.delay_upper.is_none()).count();
        let all = points(input.series, *surface).count();
        format!("{}: {all}, {} {unseen}", words::surface(lang, *surface), Phrase::Pending.say(lang))
    };
    let caption = Caption {
        id: "delay".into(),
        title: Phrase::Delay.say(lang).into(),
        desc: shown.iter().map(part).collect::<Vec<_>>().join("; "),
        legend: Phrase::DelayAxis.say(lang).into(),
    };
    picture(style, (ONE + 38.0) * shown.len().max(1) as f64 + 14.0, &caption, |canvas| {
        let mut top = canvas.top + 26.0;
        for (i, surface) in shown.iter().enumerate() {
            plot(canvas, input, *surface, top, i + 1 == shown.len());
            top += ONE + 38.0;
        }
    })
}

fn points(series: &Series, surface: Surface) -> impl Iterator<Item = &SyncPoint> {
    let finite = |p: &&SyncPoint| {
        p.uploaded.is_finite() && p.delay_lower.is_finite() && p.delay_upper.is_none_or(f64::is_finite)
    };
    series.sync_points.iter().filter(move |p| p.surface == surface).filter(finite)
}

fn plot(canvas: &mut Canvas<'_>, input: &Input<'_>, surface: Surface, top: f64, last: bool) {
    let ends =
        || points(input.series, surface).map(|p| p.delay_upper.unwrap_or(p.delay_lower)).filter(|d| *d > 0.0);
    let (from, to) = log_ends(ends().fold(f64::INFINITY, f64::min), ends().fold(0.0, f64::max));
    let margins = Margins { left: canvas.measured("000 min") + 14.0 + TEN_TIMES, right: 16.0 };
    let x = Scale::linear(0.0, input.series.seconds(), 0.0, 0.0);
    let frame = Frame::new(canvas, margins, top, top + ONE, x, Scale::log(from, to, 0.0, 0.0));
    frame.shade(canvas, input.shades, true);
    frame.y_axis(canvas, &frame.y.ticks(6), units::seconds);
    let every = points(input.series, surface).count().div_ceil(MOST).max(1);
    for point in points(input.series, surface).step_by(every) {
        invoice(canvas, &frame, point);
    }
    frame.ten_times(canvas);
    flag(canvas, &frame, input, surface);
    frame.name(canvas, words::surface(canvas.style.lang, surface));
    if last { frame.time_axis(canvas, input.series.started) } else { frame.base(canvas) }
}

/// A bar between the last look without and the first look with it; a triangle where it was never seen.
fn invoice(canvas: &mut Canvas<'_>, frame: &Frame, point: &SyncPoint) {
    let (x, low) = (frame.x.at(point.uploaded), frame.y.at(point.delay_lower));
    match point.delay_upper {
        Some(upper) => {
            let high = frame.y.at(upper);
            canvas.line(&[(x, low.min(frame.bottom)), (x, high)], Ink::Teal, 1.0);
            canvas.dot((x, high), 2.0, Ink::Teal, false);
        }
        None => canvas.area(&[(x - 4.0, low + 3.0), (x + 4.0, low + 3.0), (x, low - 5.0)], Ink::Orange, 1.0),
    }
}

/// A change that was found, with its size.
fn flag(canvas: &mut Canvas<'_>, frame: &Frame, input: &Input<'_>, surface: Surface) {
    let regression = input.sync.get(surface.as_str()).and_then(|sync| sync.regression.as_ref());
    let Some((found, at)) = regression.and_then(|r| Some((r, r.at?))) else { return };
    let lang = canvas.style.lang;
    let times =
        found.ratio.map(|r| words::fill(lang, Phrase::Times, &[&units::number(r)])).unwrap_or_default();
    let ink = if found.verdict == Verdict::Fail { Ink::Bad } else { Ink::Quiet };
    frame.moment(canvas, input.series.moment(at), &format!("{} {times}", Phrase::ChangedAt.say(lang)), ink);
}
