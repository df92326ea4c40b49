//! What happened, at one glance: strips for latency, failures and sync delay; lanes for what was
//! announced, what was observed and what the run did; and beneath them the numbered findings.

use super::Shade;
use super::canvas::{Canvas, Caption, Hold, picture};
use super::family::{Family, counts};
use super::frame::{Frame, Margins, Segment, segments};
use super::measure;
use super::scale::{Scale, log_ends, round_up};
use super::style::{Ink, Style};
use crate::units;
use crate::words::{self, Lang, Phrase};
use piaotan_analysis::summary::{Bin, Lane, LaneName, LaneState, Series, Severity, Span};

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub shades: &'a [Shade],
    /// Numbered findings, where they have a moment.
    pub marks: &'a [Mark],
}

/// A finding on the time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// As in the list beneath the chart.
    pub number: usize,
    /// Seconds since the run's start.
    pub t: f64,
    pub severity: Severity,
    pub text: String,
}

const STRIP: f64 = 46.0;
const LANE: f64 = 22.0;
const GAP: f64 = 14.0;

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let strips = strips(input.series);
    let lanes = lanes(input.series);
    let height = strips.len() as f64 * (STRIP + GAP) + lanes.len() as f64 * (LANE + 6.0) + 30.0 + 42.0;
    picture(style, height, &caption(input, style), |canvas| {
        let names = strips.iter().map(|s| s.phrase).chain([
            Phrase::LaneAnnounced,
            Phrase::LaneRun,
            Phrase::LaneFindings,
        ]);
        let longest = names.map(|p| canvas.measured(p.say(canvas.style.lang))).fold(0.0, f64::max);
        let margins = Margins { left: longest + 20.0, right: canvas.measured("000 ms") + 10.0 };
        let mut top = canvas.top + 8.0;
        for strip in &strips {
            draw_strip(canvas, input, strip, margins, top);
            top += STRIP + GAP;
        }
        for lane in &lanes {
            draw_lane(canvas, input, lane, margins, top);
            top += LANE + 6.0;
        }
        draw_marks(canvas, input, margins, top);
    })
}

fn caption(input: &Input<'_>, style: &Style) -> Caption {
    let lang = style.lang;
    let zone = input.series.started.offset().to_string();
    let from = input.series.started.format("%Y-%m-%d %H:%M:%S").to_string();
    let legend = words::fill(lang, Phrase::FromTo, &[&from, &zone]);
    let marks: Vec<String> =
        input.marks.iter().map(|mark| format!("{}. {}", mark.number, mark.text)).collect();
    let desc = if marks.is_empty() { Phrase::NoFindings.say(lang).to_owned() } else { marks.join(" ") };
    Caption { id: "timeline".into(), title: Phrase::Timeline.say(lang).into(), desc, legend }
}

/// One value over time, small.
struct Strip {
    phrase: Phrase,
    ink: Ink,
    segments: Vec<Segment>,
    /// What happened inside windows: drawn, and quiet, for nobody judges it.
    excused: Vec<Segment>,
    log: bool,
    format: fn(f64) -> String,
}

fn strips(series: &Series) -> Vec<Strip> {
    let half = series.bin_seconds / 2.0;
    let over = |value: fn(&Bin) -> Option<f64>| {
        segments(series.bins.iter().map(|bin| (bin.t + half, value(bin))), series.bin_seconds * 1.5)
    };
    let mut all = vec![
        Strip {
            phrase: Phrase::StripLatency,
            ink: Ink::P95,
            // Refusals are quick: inside a window a dip would look like good news.
            segments: over(|bin| worst_p95(bin).filter(|_| bin.inside.is_none())),
            excused: Vec::new(),
            log: true,
            format: units::seconds,
        },
        Strip {
            phrase: Phrase::StripFailures,
            ink: Ink::Bad,
            segments: over(|bin| failed(bin).filter(|_| bin.inside.is_none())),
            excused: over(|bin| failed(bin).filter(|_| bin.inside.is_some())),
            log: false,
            format: units::percent,
        },
    ];
    if !series.sync_points.is_empty() {
        let segments = medians(series);
        all.push(Strip {
            phrase: Phrase::StripSync,
            ink: Ink::Teal,
            segments,
            excused: Vec::new(),
            log: true,
            format: units::seconds,
        });
    }
    all
}

/// The greatest p95 of any operation with a fair part of the bin's requests.
fn worst_p95(bin: &Bin) -> Option<f64> {
    let own = || bin.operations.iter().filter(|(op, _)| op.is_of_users());
    let most = own().map(|(_, cell)| cell.count).max()?;
    let fair = own().filter(|(_, cell)| cell.count * 5 >= most);
    fair.filter_map(|(_, cell)| Some(cell.response?.p95)).filter(|v| v.is_finite()).max_by(f64::total_cmp)
}

/// The share of requests that failed.
fn failed(bin: &Bin) -> Option<f64> {
    let mut sums = [0; 10];
    for (_, cell) in bin.operations.iter().filter(|(op, _)| !op.is_journey()) {
        sums.iter_mut().zip(counts(&cell.outcomes)).for_each(|(sum, n)| *sum += n);
    }
    let all: u64 = sums.iter().sum();
    let bad: u64 = Family::ALL.iter().filter(|f| f.failed()).map(|f| sums[*f as usize]).sum();
    (all > 0).then(|| bad as f64 / all as f64)
}

/// Between the last look that did not show it and the first that did, as the estimators count.
fn midpoint(lower: f64, upper: Option<f64>) -> f64 {
    upper.map_or(lower, |upper| f64::midpoint(lower, upper))
}

/// Medians of the sync delay by upload; an invoice never seen counts with its lower bound.
fn medians(series: &Series) -> Vec<Segment> {
    let mut points: Vec<(f64, f64)> =
        series.sync_points.iter().map(|p| (p.uploaded, midpoint(p.delay_lower, p.delay_upper))).collect();
    points.retain(|(t, delay)| t.is_finite() && delay.is_finite());
    let slots = (points.len() / 3).clamp(1, 40);
    let width = series.seconds().max(1e-9) / slots as f64;
    let mut by_slot = vec![Vec::new(); slots];
    for (t, delay) in points {
        by_slot[((t / width).max(0.0) as usize).min(slots - 1)].push(delay);
    }
    let median = |(slot, mut delays): (usize, Vec<f64>)| {
        delays.sort_by(f64::total_cmp);
        ((slot as f64 + 0.5) * width, delays.get(delays.len() / 2).copied())
    };
    segments(by_slot.into_iter().enumerate().map(median), width * 1.5)
}

fn draw_strip(canvas: &mut Canvas<'_>, input: &Input<'_>, strip: &Strip, margins: Margins, top: f64) {
    let values = || strip.segments.iter().chain(&strip.excused).flatten().map(|p| p.1);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let y = if strip.log {
        let (from, to) = log_ends(low, high);
        Scale::log(from, to, 0.0, 0.0)
    } else {
        Scale::linear(0.0, round_up(high.max(0.01)).min(1.0), 0.0, 0.0)
    };
    let frame = Frame::new(
        canvas,
        margins,
        top,
        top + STRIP,
        Scale::linear(0.0, input.series.seconds(), 0.0, 0.0),
        y,
    );
    frame.shade(canvas, input.shades, false);
    let size = canvas.style.letters() - 1.0;
    for value in [frame.y.from, frame.y.to] {
        let at = frame.y.at(value);
        canvas.line(&[(frame.left, at), (frame.right, at)], Ink::Grid, 1.0);
        canvas.text(&(strip.format)(value), frame.right + 6.0, at, size - 1.0, Ink::Quiet, Hold::Left);
    }
    frame.lines(canvas, &strip.excused, Ink::Axis, 1.2);
    // A line along zero is nothing to be alarmed at.
    let judged = strip.segments.iter().flatten().map(|p| p.1).fold(0.0, f64::max);
    let ink = if judged > 0.0 { strip.ink } else { Ink::Axis };
    frame.filled(canvas, &strip.segments, ink, 0.18);
    frame.lines(canvas, &strip.segments, ink, 1.8);
    canvas.text(strip.phrase.say(canvas.style.lang), 8.0, top + STRIP / 2.0, size, Ink::Text, Hold::Left);
}

/// The three lanes in their fixed order, also where nothing is known of one.
fn lanes(series: &Series) -> Vec<Lane> {
    let known = |name: &LaneName| {
        let spans =
            series.states.iter().filter(|lane| lane.name == *name).flat_map(|lane| lane.spans.clone());
        Lane { name: *name, spans: spans.collect() }
    };
    // Where nothing ran, as in a week of a watch, there is no lane of the run.
    let lanes = LaneName::ALL.iter().map(known);
    let ran = series.states.is_empty() || series.states.iter().any(|lane| lane.name == LaneName::Run);
    lanes.filter(|lane| ran || lane.name != LaneName::Run).collect()
}

fn draw_lane(canvas: &mut Canvas<'_>, input: &Input<'_>, lane: &Lane, margins: Margins, top: f64) {
    let (x, y) = (Scale::linear(0.0, input.series.seconds(), 0.0, 0.0), Scale::linear(0.0, 1.0, 0.0, 0.0));
    let frame = Frame::new(canvas, margins, top, top + LANE, x, y);
    let size = canvas.style.letters() - 1.0;
    canvas.rect([frame.left, top, frame.right, top + LANE], Ink::Grid, 0.45);
    for span in lane.spans.iter().filter(|span| span.t1 > span.t0) {
        draw_span(canvas, &frame, span, size);
    }
    let name = match lane.name {
        LaneName::Announced => Phrase::LaneAnnounced,
        LaneName::Observed => Phrase::LaneObserved,
        LaneName::Run => Phrase::LaneRun,
    };
    canvas.text(name.say(canvas.style.lang), 8.0, top + LANE / 2.0, size, Ink::Text, Hold::Left);
}

fn draw_span(canvas: &mut Canvas<'_>, frame: &Frame, span: &Span, size: f64) {
    let (fill, letters) = colours(span.state);
    let (x0, x1) = (frame.x.at(span.t0), frame.x.at(span.t1).max(frame.x.at(span.t0) + 2.0));
    canvas.rect([x0, frame.top, x1, frame.bottom], fill, 1.0);
    canvas.rect([x0, frame.top, x0 + 1.0, frame.bottom], Ink::Paper, 1.0);
    let text = words::state(canvas.style.lang, span.state);
    if measure::width(text, size) + 6.0 < x1 - x0 {
        canvas.text(
            text,
            f64::midpoint(x0, x1),
            f64::midpoint(frame.top, frame.bottom),
            size,
            letters,
            Hold::Middle,
        );
    }
}

/// The fill of a state and the letters that can be read on it.
fn colours(state: LaneState) -> (Ink, Ink) {
    match state {
        LaneState::Maintenance | LaneState::WritesOnly | LaneState::Paused => (Ink::Shade, Ink::ShadeText),
        LaneState::Overrun => (Ink::Overrun, Ink::OverrunText),
        LaneState::Down => (Ink::Bad, Ink::Paper),
        LaneState::Normal | LaneState::Running => (Ink::FamilyOk, Ink::Text),
        LaneState::Recovering | LaneState::WarmUp | LaneState::Ended => (Ink::Grid, Ink::Quiet),
    }
}

fn draw_marks(canvas: &mut Canvas<'_>, input: &Input<'_>, margins: Margins, top: f64) {
    let (x, y) = (Scale::linear(0.0, input.series.seconds(), 0.0, 0.0), Scale::linear(0.0, 1.0, 0.0, 0.0));
    let frame = Frame::new(canvas, margins, top, top + 26.0, x, y);
    let size = canvas.style.letters() - 1.0;
    canvas.text(Phrase::LaneFindings.say(canvas.style.lang), 8.0, top + 12.0, size, Ink::Text, Hold::Left);
    let mut free = frame.left;
    for mark in input.marks {
        let ink = mark_ink(mark.severity);
        let (text, true_x) = (mark.number.to_string(), frame.x.at(mark.t));
        let half = (measure::width(&text, size) / 2.0 + 5.0).max(9.0);
        let x = true_x.max(free + half).min(frame.right - half);
        canvas.line(&[(true_x, top - 4.0), (x, top + 4.0)], ink, 1.4);
        canvas.rect([x - half, top + 4.0, x + half, top + 21.0], ink, 1.0);
        canvas.text(&text, x, top + 12.5, size, Ink::Paper, Hold::Middle);
        free = x + half + 3.0;
    }
    let axis = Frame { top, bottom: top + 28.0, ..frame };
    axis.time_axis(canvas, input.series.started);
}

/// How grave a finding looks.
#[must_use]
pub fn mark_ink(severity: Severity) -> Ink {
    match severity {
        Severity::Critical => Ink::Bad,
        Severity::Warning => Ink::ShadeText,
        Severity::Info => Ink::Blue,
    }
}

/// The lanes in words, for readers who cannot see them.
#[must_use]
pub fn spoken(series: &Series, lang: Lang) -> String {
    let clock = |t: f64| series.wall(t).format("%H:%M:%S").to_string();
    let say =
        |span: &Span| format!("{} {}–{}", words::state(lang, span.state), clock(span.t0), clock(span.t1));
    let lanes = series.states.iter().flat_map(|lane| lane.spans.iter().take(20).map(say));
    units::list(lang, &lanes.collect::<Vec<_>>())
}
