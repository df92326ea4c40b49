//! Response against service time: what users waited before the platform was even asked.

use super::canvas::{Canvas, Caption, Hold, picture};
use super::frame::{Frame, Margins};
use super::measure;
use super::scale::{Scale, log_ends};
use super::style::{Ink, Style};
use crate::html::operation_name;
use crate::units;
use crate::words::Phrase;
use piaotan_analysis::summary::OperationSummary;
use std::collections::BTreeMap;

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub operations: &'a BTreeMap<String, OperationSummary>,
}

/// How many operations get a row.
const MOST: usize = 12;
const ROW: f64 = 24.0;

/// Name, p95 of service, p95 of response.
type Row = (String, f64, f64);

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let rows = rows(input, style);
    let desc: Vec<String> = rows
        .iter()
        .map(|(name, service, response)| {
            format!("{name} {} → {}", units::seconds(*service), units::seconds(*response))
        })
        .collect();
    let caption = Caption {
        id: "waiting".into(),
        title: Phrase::Waiting.say(style.lang).into(),
        desc: units::list(style.lang, &desc),
        legend: Phrase::WaitingAxis.say(style.lang).into(),
    };
    picture(style, rows.len().max(2) as f64 * ROW + 40.0, &caption, |canvas| plot(canvas, &rows))
}

fn rows(input: &Input<'_>, style: &Style) -> Vec<Row> {
    let own = input.operations.iter().filter(|(name, _)| !name.starts_with("track_"));
    let timed = own.filter_map(|(name, one)| {
        let (service, response) = (one.service?.p95, one.response?.p95);
        let usable = service > 0.0 && response.is_finite();
        usable.then(|| (operation_name(style.lang, name), service, response))
    });
    let mut all: Vec<Row> = timed.collect();
    all.sort_by(|a, b| b.2.total_cmp(&a.2));
    all.truncate(MOST);
    all
}

fn plot(canvas: &mut Canvas<'_>, rows: &[Row]) {
    let size = canvas.style.letters() - 1.0;
    let low = rows.iter().map(|row| row.1).fold(f64::INFINITY, f64::min);
    let (from, to) = log_ends(low, rows.iter().map(|row| row.2).fold(0.0, f64::max));
    let longest =
        rows.iter().map(|row| canvas.measured(&row.0)).fold(40.0, f64::max).min(canvas.width * 0.34);
    let margins = Margins { left: longest + 20.0, right: canvas.measured("000 ms") + 12.0 };
    let top = canvas.top + 4.0;
    let bottom = top + rows.len().max(2) as f64 * ROW;
    let (x, y) = (Scale::log(from, to, 0.0, 0.0), Scale::linear(0.0, 1.0, 0.0, 0.0));
    let frame = Frame::new(canvas, margins, top, bottom, x, y);
    for (i, (name, service, response)) in rows.iter().enumerate() {
        let y = top + (i as f64 + 0.5) * ROW;
        let (x0, x1) = (frame.x.at(*service), frame.x.at(*response));
        canvas.line(&[(frame.left, y), (frame.right, y)], Ink::Grid, 1.0);
        canvas.line(&[(x0, y), (x1, y)], Ink::Orange, 3.0);
        canvas.dot((x0, y), 4.0, Ink::Blue, true);
        canvas.dot((x1, y), 4.5, Ink::Blue, false);
        canvas.text(&measure::fitted(name, size, longest), 8.0, y, size, Ink::Text, Hold::Left);
        canvas.text(&units::seconds(*response), x1.max(x0) + 9.0, y, size, Ink::Text, Hold::Left);
    }
    let ticks: Vec<(f64, String)> = frame.x.ticks(6).into_iter().map(|t| (t, units::seconds(t))).collect();
    frame.x_axis(canvas, &ticks);
    if rows.is_empty() {
        frame.nothing(canvas, Phrase::NoData.say(canvas.style.lang));
    }
}
