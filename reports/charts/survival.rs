//! The survival curve of the sync delay: what share of invoices cannot yet be found, by their age.
//!
//! Where a change was found, before and after are two curves with their bands; one plot a surface.

use super::canvas::{Canvas, Caption, Hold, picture};
use super::frame::{Frame, Margins};
use super::measure;
use super::scale::{Scale, log_ends};
use super::style::{Ink, Style};
use crate::units;
use crate::words::{self, Phrase};
use piaotan_analysis::summary::{SyncRegression, SyncSummary, Verdict};
use piaotan_record::Surface;
use std::collections::BTreeMap;

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// By the name of the surface.
    pub sync: &'a BTreeMap<String, SyncSummary>,
    /// Whether the curves before are those of a stretch of time before, and not of the same run.
    pub baseline: bool,
}

/// `[t, survival, lower, upper]`, steps.
type Curve = Vec<[f64; 4]>;

/// How many surfaces get a plot.
const MOST: usize = 4;
/// How many steps of a curve are drawn.
const MOST_STEPS: usize = 400;

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let shown: Vec<(&String, &SyncSummary)> = input.sync.iter().take(MOST).collect();
    let one = 190.0;
    let height = (one + 58.0) * shown.len().max(1) as f64 + 8.0;
    picture(style, height, &caption(input, &shown, style), |canvas| {
        let mut top = canvas.top + 26.0;
        for (surface, sync) in &shown {
            plot(canvas, surface, sync, input.baseline, (top, top + one));
            top += one + 58.0;
        }
        if shown.is_empty() {
            let margins = Margins { left: 60.0, right: 60.0 };
            let (x, y) = (Scale::log(1.0, 100.0, 0.0, 0.0), Scale::linear(0.0, 1.0, 0.0, 0.0));
            let frame = Frame::new(canvas, margins, top, top + one, x, y);
            frame.base(canvas);
            frame.nothing(canvas, Phrase::NoData.say(canvas.style.lang));
        }
    })
}

fn caption(input: &Input<'_>, shown: &[(&String, &SyncSummary)], style: &Style) -> Caption {
    let lang = style.lang;
    let part = |(surface, sync): &(&String, &SyncSummary)| {
        let medians: Vec<String> = curves(sync, input.baseline)
            .iter()
            .filter_map(|curve| {
                Some(format!("{} {}", curve.phrase.say(lang), units::seconds(median(&curve.steps)?)))
            })
            .collect();
        format!("{}: {}", surface_name(lang, surface), medians.join(" → "))
    };
    let desc = shown.iter().map(part).collect::<Vec<_>>().join("; ");
    Caption {
        id: "survival".into(),
        title: Phrase::Survival.say(lang).into(),
        desc,
        legend: Phrase::SurvivalAxis.say(lang).into(),
    }
}

fn surface_name(lang: words::Lang, surface: &str) -> String {
    surface
        .parse::<Surface>()
        .map_or_else(|_| units::clean(surface, 40), |known| words::surface(lang, known).to_owned())
}

struct Drawn {
    phrase: Phrase,
    ink: Ink,
    steps: Curve,
}

fn curves(sync: &SyncSummary, baseline: bool) -> Vec<Drawn> {
    let (earlier, later) =
        if baseline { (Phrase::WeekEarlier, Phrase::WeekLater) } else { (Phrase::Before, Phrase::After) };
    let before = Drawn { phrase: earlier, ink: Ink::Blue, steps: usable(&sync.curve_before) };
    let after = Drawn { phrase: later, ink: Ink::Orange, steps: usable(&sync.curve_after) };
    if before.steps.is_empty() && after.steps.is_empty() {
        return vec![Drawn { phrase: Phrase::AllInvoices, ink: Ink::Blue, steps: usable(&sync.curve) }];
    }
    vec![before, after]
}

/// Finite steps in order, no more than can be seen.
fn usable(curve: &[[f64; 4]]) -> Curve {
    let good: Curve =
        curve.iter().filter(|step| step.iter().all(|v| v.is_finite()) && step[0] >= 0.0).copied().collect();
    let every = good.len().div_ceil(MOST_STEPS).max(1);
    let last = good.len().saturating_sub(1);
    good.iter().enumerate().filter(|(i, _)| i % every == 0 || *i == last).map(|(_, step)| *step).collect()
}

/// The first age at which half are visible.
fn median(curve: &Curve) -> Option<f64> {
    curve.iter().find(|step| step[1] <= 0.5).map(|step| step[0])
}

fn plot(
    canvas: &mut Canvas<'_>,
    surface: &str,
    sync: &SyncSummary,
    baseline: bool,
    (top, bottom): (f64, f64),
) {
    let lang = canvas.style.lang;
    let drawn = curves(sync, baseline);
    let frame = frame(canvas, &drawn, (top, bottom));
    frame.y_axis(canvas, &[0.0, 0.25, 0.5, 0.75, 1.0], units::percent);
    for curve in &drawn {
        band(canvas, &frame, curve);
    }
    for curve in drawn.iter().filter(|curve| !curve.steps.is_empty()) {
        canvas.line(&stairs(&frame, &curve.steps, 1), curve.ink, 2.2);
    }
    medians(canvas, &frame, &drawn);
    frame.name(canvas, &headline(lang, surface, sync));
    let ticks = frame.x.ticks(if canvas.style.is_phone() { 5 } else { 9 });
    let ticks: Vec<(f64, String)> = ticks.into_iter().map(|t| (t, units::seconds(t))).collect();
    frame.x_axis(canvas, &ticks);
    if drawn.iter().all(|curve| curve.steps.is_empty()) {
        frame.nothing(canvas, Phrase::NoData.say(lang));
    }
}

/// The surface, and by how much it changed.
fn headline(lang: words::Lang, surface: &str, sync: &SyncSummary) -> String {
    let name = surface_name(lang, surface);
    let Some(SyncRegression { ratio: Some(ratio), ratio_lower, ratio_upper, verdict, .. }) = &sync.regression
    else {
        return name;
    };
    let mut text = format!(
        "{name}{}{}",
        lang.of("：", ": "),
        words::fill(lang, Phrase::Times, &[&units::number(*ratio)])
    );
    if let (Some(lower), Some(upper)) = (ratio_lower, ratio_upper) {
        text += &format!(" ({}–{})", units::number(*lower), units::number(*upper));
    }
    if *verdict == Verdict::Fail { text + lang.of("，变慢", ", slower") } else { text }
}

fn frame(canvas: &Canvas<'_>, drawn: &[Drawn], (top, bottom): (f64, f64)) -> Frame {
    let ages = || drawn.iter().flat_map(|curve| &curve.steps).map(|step| step[0]).filter(|t| *t > 0.0);
    let (from, to) = log_ends(ages().fold(f64::INFINITY, f64::min), ages().fold(0.0, f64::max));
    let margins = Margins { left: canvas.measured("100 %") + 14.0, right: 24.0 };
    Frame::new(
        canvas,
        margins,
        top,
        bottom,
        Scale::log(from, to, 0.0, 0.0),
        Scale::linear(0.0, 1.0, 0.0, 0.0),
    )
}

/// A curve as steps: it stays until the next one, and begins with all still invisible.
fn stairs(frame: &Frame, steps: &Curve, column: usize) -> Vec<(f64, f64)> {
    let mut points = Vec::with_capacity(steps.len() * 2 + 1);
    let mut before = 1.0;
    points.push((frame.x.start, frame.y.at(before)));
    for step in steps {
        let x = frame.x.at(step[0]);
        points.push((x, frame.y.at(before)));
        points.push((x, frame.y.at(step[column])));
        before = step[column];
    }
    points
}

fn band(canvas: &mut Canvas<'_>, frame: &Frame, curve: &Drawn) {
    let mut outline = stairs(frame, &curve.steps, 3);
    outline.extend(stairs(frame, &curve.steps, 2).into_iter().rev());
    canvas.area(&outline, curve.ink, 0.16);
}

/// A dashed drop from each curve at one half, with the median beside it.
fn medians(canvas: &mut Canvas<'_>, frame: &Frame, drawn: &[Drawn]) {
    let size = canvas.style.letters() - 1.0;
    let mut found: Vec<(f64, &Drawn)> = drawn.iter().filter_map(|c| Some((median(&c.steps)?, c))).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (i, (value, curve)) in found.iter().enumerate() {
        let (x, y) = (frame.x.at(*value), frame.y.at(0.5));
        canvas.dashes((x, y), (x, frame.bottom), curve.ink, 1.2);
        canvas.dot((x, y), 3.5, curve.ink, false);
        let (lang, value) = (canvas.style.lang, units::seconds(*value));
        let name = words::fill(lang, Phrase::Median, &[&value]);
        let text = if canvas.style.is_phone() { value } else { name };
        let text = format!("{} {text}", curve.phrase.say(lang));
        let room = measure::width(&text, size) + 10.0;
        // Below and left of a falling curve is free, and so is above and right of it.
        let (at, height, hold) = match (i == 0, x - frame.left > room, x + room > frame.right) {
            (true, true, _) => (x - 7.0, y + size * 1.2, Hold::Right),
            (true, false, _) if found.len() > 1 => (frame.left + 4.0, frame.bottom - size, Hold::Left),
            (_, _, true) => (x - 7.0, y - size * 1.2, Hold::Right),
            _ => (x + 7.0, y - size * 1.2, Hold::Left),
        };
        canvas.text(&text, at, height, size, curve.ink, hold);
    }
}
