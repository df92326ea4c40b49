//! The gate as a forest plot: every judged change with its interval, over the band that is tolerated.

use super::canvas::{Canvas, Caption, Hold, picture};
use super::frame::{Frame, Margins};
use super::measure;
use super::scale::Scale;
use super::style::{Ink, Style};
use crate::units;
use crate::words::{self, Lang, Phrase};
use piaotan_analysis::summary::Verdict;

/// One judged metric of one operation. All changes are ratios − 1, above zero is worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub change: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    /// The largest change that is tolerated.
    pub tolerance: f64,
    pub verdict: Verdict,
}

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub rows: &'a [Row],
}

const ROW: f64 = 26.0;
/// How many rows are drawn; the gravest come first.
const MOST: usize = 40;

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let mut rows: Vec<&Row> = input.rows.iter().collect();
    rows.sort_by_key(|row| (row.change.is_none(), grave(row.verdict), row.name.clone()));
    rows.truncate(MOST);
    let desc: Vec<String> =
        rows.iter().map(|row| format!("{} {}", row.name, said(row, style.lang))).collect();
    let caption = Caption {
        id: "forest".into(),
        title: Phrase::Forest.say(style.lang).into(),
        desc: units::list(style.lang, &desc),
        legend: Phrase::ForestAxis.say(style.lang).into(),
    };
    picture(style, rows.len().max(2) as f64 * ROW + 62.0, &caption, |canvas| plot(canvas, &rows))
}

const fn grave(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 0,
        Verdict::Pass => 2,
        _ => 1,
    }
}

fn said(row: &Row, lang: Lang) -> String {
    let change = row.change.map_or_else(|| "–".to_owned(), units::change);
    format!("{change} {}", words::verdict(lang, row.verdict))
}

fn plot(canvas: &mut Canvas<'_>, rows: &[&Row]) {
    let lang = canvas.style.lang;
    let room = canvas.width * if canvas.style.is_phone() { 0.34 } else { 0.28 };
    let longest = |texts: &mut dyn Iterator<Item = String>, canvas: &Canvas<'_>| {
        texts.map(|text| canvas.measured(&text)).fold(40.0, f64::max).min(room)
    };
    let left = longest(&mut rows.iter().map(|row| row.name.clone()), canvas) + 20.0;
    let right = longest(&mut rows.iter().map(|row| said(row, lang)), canvas) + 16.0;
    let reach = reach(rows);
    let top = canvas.top + 22.0;
    let bottom = top + rows.len().max(2) as f64 * ROW;
    let x = Scale::linear(-reach, reach, 0.0, 0.0);
    let frame =
        Frame::new(canvas, Margins { left, right }, top, bottom, x, Scale::linear(0.0, 1.0, 0.0, 0.0));
    for (i, row) in rows.iter().enumerate() {
        draw_row(canvas, &frame, row, top + (i as f64 + 0.5) * ROW, reach);
    }
    let (zero, size) = (frame.x.at(0.0), canvas.style.letters() - 1.0);
    canvas.line(&[(zero, top), (zero, bottom)], Ink::Axis, 1.4);
    canvas.text(
        &format!("← {}", Phrase::Better.say(lang)),
        zero - 8.0,
        top - 10.0,
        size,
        Ink::Good,
        Hold::Right,
    );
    canvas.text(
        &format!("{} →", Phrase::Worse.say(lang)),
        zero + 8.0,
        top - 10.0,
        size,
        Ink::Bad,
        Hold::Left,
    );
    let ticks: Vec<(f64, String)> = frame.x.ticks(5).into_iter().map(|t| (t, units::change(t))).collect();
    frame.x_axis(canvas, &ticks);
    if rows.is_empty() {
        frame.nothing(canvas, Phrase::NoData.say(lang));
    }
}

/// Far enough for nine of ten interval ends, for every row that failed, and for the usual tolerance; the few
/// that are wider than all else (what is short is tolerated several times over) are clipped at the edge.
fn reach(rows: &[&Row]) -> f64 {
    let ends = |row: &Row| [row.lower, row.upper, row.change].into_iter().flatten().map(f64::abs);
    let mut all: Vec<f64> = rows.iter().flat_map(|row| ends(row)).filter(|v| v.is_finite()).collect();
    all.sort_by(f64::total_cmp);
    let most = all.get(all.len() * 9 / 10).copied().unwrap_or(0.1);
    let failed = rows.iter().filter(|row| row.verdict == Verdict::Fail).flat_map(|row| ends(row));
    let most = failed.filter(|v| v.is_finite()).fold(most, f64::max);
    let mut tolerances: Vec<f64> = rows.iter().map(|row| row.tolerance).filter(|t| t.is_finite()).collect();
    tolerances.sort_by(f64::total_cmp);
    let tolerance = tolerances.get(tolerances.len() / 2).copied().unwrap_or(0.01).max(0.01);
    most.clamp(tolerance * 1.2, 3.0_f64.max(tolerance * 1.2)) * 1.05
}

fn draw_row(canvas: &mut Canvas<'_>, frame: &Frame, row: &Row, y: f64, reach: f64) {
    let at = |change: f64| frame.x.at(change.clamp(-reach, reach));
    let size = canvas.style.letters() - 1.0;
    let ink = match row.verdict {
        Verdict::Fail => Ink::Bad,
        Verdict::Pass => Ink::Good,
        _ => Ink::Quiet,
    };
    let band = [at(-row.tolerance), y - ROW * 0.42, at(row.tolerance), y + ROW * 0.42];
    canvas.rect(band, Ink::Grid, 0.8);
    if let (Some(lower), Some(upper)) = (row.lower, row.upper) {
        canvas.line(&[(at(lower), y), (at(upper), y)], ink, 2.4);
    }
    if let Some(change) = row.change.filter(|c| c.is_finite()) {
        canvas.dot((at(change), y), 4.5, ink, false);
    }
    canvas.text(&measure::fitted(&row.name, size, frame.left - 16.0), 8.0, y, size, Ink::Text, Hold::Left);
    let text = measure::fitted(&said(row, canvas.style.lang), size, canvas.width - frame.right - 10.0);
    canvas.text(&text, frame.right + 8.0, y, size, ink, Hold::Left);
}
