//! Response times as a heat map: what a quantile line hides, two humps for instance, is seen here.

use super::Shade;
use super::canvas::{Canvas, Caption, picture};
use super::frame::{Frame, Margins, TEN_TIMES};
use super::scale::{Scale, log_ends};
use super::style::{Ink, Style};
use crate::units;
use crate::words::Phrase;
use piaotan_analysis::summary::{Heat, Series};

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub heat: &'a Heat,
    pub shades: &'a [Shade],
}

/// Darkness in this many steps, by the logarithm of the count.
const STEPS: u32 = 6;
/// At most this many columns are drawn; neighbours are added up.
const MOST_COLUMNS: usize = 120;

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let lang = style.lang;
    let all: u64 = input.heat.counts.iter().flatten().sum();
    let caption = Caption {
        id: "heat".into(),
        title: Phrase::Heat.say(lang).into(),
        desc: format!("{} {}", Phrase::Count.say(lang), units::count(all)),
        legend: Phrase::HeatAxis.say(lang).into(),
    };
    picture(style, 250.0, &caption, |canvas| {
        let margins = Margins { left: canvas.measured("500 ms") + 14.0 + TEN_TIMES, right: 16.0 };
        let (from, to) = ends(input.heat);
        let x = Scale::linear(0.0, input.series.seconds(), 0.0, 0.0);
        let top = canvas.top + 8.0;
        let frame = Frame::new(canvas, margins, top, top + 205.0, x, Scale::log(from, to, 0.0, 0.0));
        frame.shade(canvas, input.shades, true);
        frame.y_axis(canvas, &frame.y.ticks(8), units::seconds);
        cells(canvas, &frame, input.heat);
        frame.ten_times(canvas);
        frame.time_axis(canvas, input.series.started);
        if all == 0 {
            frame.nothing(canvas, Phrase::NoData.say(lang));
        }
    })
}

/// The edges between which anything was counted.
fn ends(heat: &Heat) -> (f64, f64) {
    let used = |row: &usize| heat.counts.iter().any(|column| column.get(*row).is_some_and(|n| *n > 0));
    let rows: Vec<usize> = (0..heat.edges.len().saturating_sub(1)).filter(used).collect();
    match (rows.first(), rows.last()) {
        (Some(first), Some(last)) => log_ends(heat.edges[*first], heat.edges[*last + 1]),
        _ => (0.01, 1.0),
    }
}

fn cells(canvas: &mut Canvas<'_>, frame: &Frame, heat: &Heat) {
    let columns = coarse(heat);
    let step = heat.counts.len().div_ceil(MOST_COLUMNS).max(1) as f64 * heat.column_seconds;
    let most = columns.iter().flatten().copied().max().unwrap_or(0);
    for row in 0..heat.edges.len().saturating_sub(1) {
        let level = |column: &Vec<u64>| darkness(column.get(row).copied().unwrap_or(0), most);
        let (y0, y1) = (frame.y.at(heat.edges[row + 1]), frame.y.at(heat.edges[row]));
        let mut start = 0;
        while start < columns.len() {
            let dark = level(&columns[start]);
            let run = columns[start..].iter().take_while(|column| level(column) == dark).count();
            if dark > 0 {
                let (t0, t1) = (heat.start + start as f64 * step, heat.start + (start + run) as f64 * step);
                let opacity = f64::from(dark) / f64::from(STEPS);
                canvas.rect([frame.x.at(t0), y0, frame.x.at(t1), y1], Ink::P99, opacity);
            }
            start += run;
        }
    }
}

fn coarse(heat: &Heat) -> Vec<Vec<u64>> {
    let step = heat.counts.len().div_ceil(MOST_COLUMNS).max(1);
    let add = |columns: &[Vec<u64>]| {
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
        (0..rows).map(|row| columns.iter().filter_map(|column| column.get(row)).sum()).collect()
    };
    heat.counts.chunks(step).map(add).collect()
}

/// Nothing is 0; one is seen; the greatest is darkest.
fn darkness(count: u64, most: u64) -> u32 {
    if count == 0 {
        return 0;
    }
    let share = (count as f64).ln_1p() / (most.max(1) as f64).ln_1p();
    ((share * f64::from(STEPS)).ceil() as u32).clamp(1, STEPS)
}
