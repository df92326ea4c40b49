//! Visibility by upload cohort: a row for when invoices were taken, a column for how long ago.
//!
//! An invoice that was not watched for as long as a column says is not counted in that column.

use super::canvas::{Canvas, Caption, Hold, picture};
use super::frame::{Frame, Margins};
use super::scale::Scale;
use super::style::{Ink, Style, Theme};
use crate::units;
use crate::words::Phrase;
use piaotan_analysis::summary::{Series, SyncPoint};

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
}

const ROWS: usize = 8;
const ROW: f64 = 24.0;
/// Ages that may head a column, in seconds.
const AGES: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
    28_800.0, 43_200.0, 86_400.0, 172_800.0,
];

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let lang = style.lang;
    let count = units::count(input.series.sync_points.len() as u64);
    let caption = Caption {
        id: "cohort".into(),
        title: Phrase::Cohort.say(lang).into(),
        desc: format!("{} {count}", Phrase::Tracked.say(lang)),
        legend: Phrase::CohortAxis.say(lang).into(),
    };
    picture(style, ROWS as f64 * ROW + 40.0, &caption, |canvas| plot(canvas, input))
}

fn plot(canvas: &mut Canvas<'_>, input: &Input<'_>) {
    let (series, size) = (input.series, canvas.style.letters() - 1.0);
    let ages = ages(&series.sync_points, if canvas.style.is_phone() { 5 } else { 9 });
    let margins = Margins { left: canvas.measured("00:00:00") + 16.0, right: 16.0 };
    let (x, y) = (Scale::linear(0.0, ages.len().max(1) as f64, 0.0, 0.0), Scale::linear(0.0, 1.0, 0.0, 0.0));
    let top = canvas.top + 4.0;
    let frame = Frame::new(canvas, margins, top, top + ROWS as f64 * ROW, x, y);
    let span = series.seconds().max(1e-9) / ROWS as f64;
    for row in 0..ROWS {
        let (t0, y) = (row as f64 * span, top + row as f64 * ROW);
        let cohort: Vec<&SyncPoint> =
            series.sync_points.iter().filter(|p| p.uploaded >= t0 && p.uploaded < t0 + span).collect();
        let label = series.wall(t0).format(if span < 60.0 { "%H:%M:%S" } else { "%H:%M" }).to_string();
        canvas.text(&label, frame.left - 8.0, y + ROW / 2.0, size, Ink::Quiet, Hold::Right);
        for (column, age) in ages.iter().enumerate() {
            let (x0, x1) = (frame.x.at(column as f64), frame.x.at(column as f64 + 1.0));
            cell(canvas, [x0, y, x1 - 2.0, y + ROW - 2.0], visible(&cohort, *age));
        }
    }
    let middle = |(column, age): (usize, &f64)| (column as f64 + 0.5, units::seconds(*age));
    frame.x_axis(canvas, &ages.iter().enumerate().map(middle).collect::<Vec<_>>());
}

/// The ages around which delays lie, at most `most`.
fn ages(points: &[SyncPoint], most: usize) -> Vec<f64> {
    let delays = || points.iter().map(|p| p.delay_upper.unwrap_or(p.delay_lower)).filter(|d| d.is_finite());
    let (low, high) = (delays().fold(f64::INFINITY, f64::min), delays().fold(0.0, f64::max));
    let after = AGES.iter().position(|age| *age >= high).unwrap_or(AGES.len() - 1);
    let first = AGES.iter().position(|age| *age >= low / 2.0).unwrap_or(0).min(after);
    AGES[first.max((after + 1).saturating_sub(most))..=after].to_vec()
}

/// The share visible at an age, of those watched for so long; `None` where none was.
fn visible(cohort: &[&SyncPoint], age: f64) -> Option<f64> {
    let seen = cohort.iter().filter(|p| p.delay_upper.is_some_and(|upper| upper <= age)).count();
    let not_yet = cohort.iter().filter(|p| p.delay_upper.map_or(p.delay_lower, |upper| upper) > age).count();
    (seen + not_yet > 0).then(|| seen as f64 / (seen + not_yet) as f64)
}

fn cell(canvas: &mut Canvas<'_>, at: [f64; 4], share: Option<f64>) {
    canvas.rect(at, Ink::Grid, 0.45);
    let Some(share) = share else { return };
    canvas.rect(at, Ink::Teal, share.max(0.04));
    // Where the paper's colour reads better on the cell than the text's.
    let turn = if canvas.style.theme == Theme::Light { 0.82 } else { 0.6 };
    let ink = if share > turn { Ink::Paper } else { Ink::Text };
    let text = format!("{:.0} %", share * 100.0);
    let size = canvas.style.letters() - 2.0;
    canvas.text(&text, f64::midpoint(at[0], at[2]), f64::midpoint(at[1], at[3]), size, ink, Hold::Middle);
}

#[cfg(test)]
mod tests {
    use super::*;
    use piaotan_record::Surface;

    #[test]
    fn what_was_not_watched_long_enough_is_not_counted() {
        let point = |lower: f64, upper| SyncPoint {
            uploaded: 0.0,
            delay_lower: lower,
            delay_upper: upper,
            surface: Surface::Number,
        };
        let (seen, slow, cut) = (point(1.0, Some(2.0)), point(8.0, Some(9.0)), point(3.0, None));
        let check = |age, expected| assert_eq!(visible(&[&seen, &slow, &cut], age), expected, "{age}");
        check(2.0, Some(1.0 / 3.0));
        check(5.0, Some(0.5));
        check(9.0, Some(1.0));
        assert_eq!(visible(&[], 1.0), None);
    }
}
