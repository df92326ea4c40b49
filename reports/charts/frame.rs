//! A plot: axes, shaded windows, lines with gaps, limits, labels at the ends of lines.

use super::canvas::{Canvas, Hold};
use super::measure;
use super::scale::{Scale, wall_ticks};
use super::shade::Shade;
use super::style::Ink;
use crate::words::Phrase;
use chrono::{DateTime, FixedOffset};

/// One plot on a canvas.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub x: Scale,
    pub y: Scale,
}

/// What a line is called, beside its end.
#[derive(Debug, Clone, PartialEq)]
pub struct EndLabel {
    /// The value at the line's end.
    pub value: f64,
    pub text: String,
    pub ink: Ink,
}

/// Room around a column of plots.
#[derive(Debug, Clone, Copy)]
pub struct Margins {
    pub left: f64,
    pub right: f64,
}

/// Width of the sign that a logarithmic axis bears.
pub const TEN_TIMES: f64 = 24.0;

/// A run of values without a gap.
pub type Segment = Vec<(f64, f64)>;

/// Splits where a value is missing, or where more than `reach` lies between two moments.
#[must_use]
pub fn segments(points: impl Iterator<Item = (f64, Option<f64>)>, reach: f64) -> Vec<Segment> {
    let mut all: Vec<Segment> = vec![Vec::new()];
    let mut before = None;
    for (x, y) in points {
        let far = before.is_some_and(|b: f64| x - b > reach || x < b);
        before = Some(x);
        if far {
            all.push(Vec::new());
        }
        match y.filter(|y| y.is_finite()) {
            Some(y) => all.last_mut().expect("there is always a segment").push((x, y)),
            None => all.push(Vec::new()),
        }
    }
    all.retain(|segment| !segment.is_empty());
    all
}

impl Frame {
    /// A frame between two heights; `x` and `y` are in values, their pixels are set here.
    #[must_use]
    pub fn new(
        canvas: &Canvas<'_>,
        margins: Margins,
        top: f64,
        bottom: f64,
        mut x: Scale,
        mut y: Scale,
    ) -> Self {
        let (left, right) = (margins.left, canvas.width - margins.right);
        (x.start, x.end, y.start, y.end) = (left, right, bottom, top);
        Self { left, top, right, bottom, x, y }
    }

    /// Shades windows behind everything, and names them where `named`.
    pub fn shade(&self, canvas: &mut Canvas<'_>, shades: &[Shade], named: bool) {
        let mut free = self.left;
        for shade in shades {
            let (x0, x1) = (self.x.at(shade.t0), self.x.at(shade.t1).max(self.x.at(shade.t0) + 1.0));
            let over = shade.overrun_from.map_or(x1, |t| self.x.at(t));
            canvas.rect([x0, self.top, over, self.bottom], Ink::Shade, 1.0);
            canvas.rect([over, self.top, x1, self.bottom], Ink::Overrun, 1.0);
            if named {
                free = self.shade_name(canvas, Phrase::Maintenance, Ink::ShadeText, (x0, over), free);
            }
            if named && shade.overrun_from.is_some() {
                free = self.shade_name(canvas, Phrase::Overrun, Ink::OverrunText, (over, x1), free);
            }
        }
    }

    /// Names a stretch above its middle, unless another name is there; returns where there is room again.
    fn shade_name(
        &self,
        canvas: &mut Canvas<'_>,
        phrase: Phrase,
        ink: Ink,
        (x0, x1): (f64, f64),
        free: f64,
    ) -> f64 {
        let size = canvas.style.letters() - 1.0;
        let text = phrase.say(canvas.style.lang);
        let half = measure::width(text, size) / 2.0;
        let middle = f64::midpoint(x0, x1).clamp(self.left + half, (self.right - half).max(self.left + half));
        if middle - half < free {
            return free;
        }
        canvas.text(text, middle, self.top + size * 0.8, size, ink, Hold::Middle);
        middle + half + 6.0
    }

    /// Horizontal grid lines with their values, and no vertical ones.
    pub fn y_axis(&self, canvas: &mut Canvas<'_>, ticks: &[f64], label: impl Fn(f64) -> String) {
        let size = canvas.style.letters() - 1.0;
        for &tick in ticks {
            let y = self.y.at(tick);
            canvas.line(&[(self.left, y), (self.right, y)], Ink::Grid, 1.0);
            canvas.text(&label(tick), self.left - 6.0, y, size, Ink::Quiet, Hold::Right);
        }
    }

    /// Left of the axis, how far up ten times as much is: a logarithmic axis goes unnoticed otherwise.
    /// The left margin must hold [`TEN_TIMES`] more for it.
    pub fn ten_times(&self, canvas: &mut Canvas<'_>) {
        let (low, high) = (self.y.at(self.y.from), self.y.at(self.y.from * 10.0));
        if !self.y.log || low - high < 24.0 || self.y.to < self.y.from * 9.9 {
            return;
        }
        let (x, size) = (TEN_TIMES / 2.0 + 2.0, canvas.style.letters() - 2.0);
        let middle = f64::midpoint(low, high);
        canvas.line(&[(x, low - 1.0), (x, middle + size * 0.8)], Ink::Quiet, 1.2);
        canvas.line(&[(x, middle - size * 0.8), (x, high)], Ink::Quiet, 1.2);
        canvas.line(&[(x - 3.5, high + 5.0), (x, high), (x + 3.5, high + 5.0)], Ink::Quiet, 1.2);
        canvas.text("×10", x, middle, size, Ink::Quiet, Hold::Middle);
    }

    /// The base line, with ticks at round moments of the wall clock.
    pub fn time_axis(&self, canvas: &mut Canvas<'_>, started: DateTime<FixedOffset>) {
        let most = if canvas.style.is_phone() { 4 } else { 9 };
        let ticks = wall_ticks(started, self.x.to, most);
        self.x_axis(canvas, &ticks);
    }

    /// The base line with ticks as given.
    pub fn x_axis(&self, canvas: &mut Canvas<'_>, ticks: &[(f64, String)]) {
        let size = canvas.style.letters() - 1.0;
        self.base(canvas);
        let mut free = f64::NEG_INFINITY;
        for (value, label) in ticks {
            let (x, half) = (self.x.at(*value), measure::width(label, size) / 2.0);
            canvas.line(&[(x, self.bottom), (x, self.bottom + 4.0)], Ink::Axis, 1.0);
            let middle = x.min(canvas.width - half - 2.0).max(half + 2.0);
            if middle - half > free {
                canvas.text(label, middle, self.bottom + 6.0 + size * 0.6, size, Ink::Quiet, Hold::Middle);
                free = middle + half + 8.0;
            }
        }
    }

    /// The base line alone.
    pub fn base(&self, canvas: &mut Canvas<'_>) {
        canvas.line(&[(self.left, self.bottom), (self.right, self.bottom)], Ink::Axis, 1.0);
    }

    /// Lines; a value that stands alone becomes a dot.
    pub fn lines(&self, canvas: &mut Canvas<'_>, segments: &[Segment], ink: Ink, width: f64) {
        for segment in segments {
            let points = self.placed(segment);
            match points.as_slice() {
                [alone] => canvas.dot(*alone, 2.4, ink, false),
                many => canvas.line(many, ink, width),
            }
        }
    }

    /// The area between a line and the base.
    pub fn filled(&self, canvas: &mut Canvas<'_>, segments: &[Segment], ink: Ink, opacity: f64) {
        for segment in segments {
            let mut points = self.placed(segment);
            if let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) {
                points.push((last.0, self.bottom));
                points.push((first.0, self.bottom));
                canvas.area(&points, ink, opacity);
            }
        }
    }

    /// A dashed line at a value, named at its left end.
    pub fn limit(&self, canvas: &mut Canvas<'_>, value: f64, text: &str, broken: bool) {
        let (y, ink) = (self.y.at(value), if broken { Ink::Bad } else { Ink::Good });
        let size = canvas.style.letters() - 1.0;
        canvas.dashes((self.left, y), (self.right, y), ink, 1.4);
        let above = y - size * 0.8 > self.top;
        let at = if above { y - size * 0.7 } else { y + size * 0.8 };
        canvas.text(text, self.left + 4.0, at, size, ink, Hold::Left);
    }

    /// A dashed vertical line at a moment, named at the top.
    pub fn moment(&self, canvas: &mut Canvas<'_>, t: f64, text: &str, ink: Ink) {
        let (x, size) = (self.x.at(t), canvas.style.letters() - 1.0);
        canvas.dashes((x, self.top), (x, self.bottom), ink, 1.4);
        let room = measure::width(text, size);
        let (at, hold) =
            if x + room + 6.0 > self.right { (x - 5.0, Hold::Right) } else { (x + 5.0, Hold::Left) };
        canvas.text(text, at, self.top + size * 0.8, size, ink, hold);
    }

    /// Names lines beside their ends, moved apart where they would overlap.
    pub fn end_labels(&self, canvas: &mut Canvas<'_>, mut labels: Vec<EndLabel>) {
        let size = canvas.style.letters() - 1.0;
        labels.sort_by(|a, b| b.value.total_cmp(&a.value));
        let wanted: Vec<f64> = labels.iter().map(|label| self.y.at(label.value)).collect();
        let heights = apart(&wanted, size * 1.15, self.top, self.bottom);
        for (label, y) in labels.iter().zip(heights) {
            let room = canvas.width - self.right - 10.0;
            let text = measure::fitted(&label.text, size, room);
            canvas.text(&text, self.right + 7.0, y, size, label.ink, Hold::Left);
        }
    }

    /// What the plot shows, at its upper left corner.
    pub fn name(&self, canvas: &mut Canvas<'_>, text: &str) {
        let size = canvas.style.letters();
        let text = measure::fitted(text, size, canvas.width - 16.0);
        canvas.text(&text, 8.0, self.top - size * 1.25, size, Ink::Text, Hold::Left);
    }

    /// Says that there is nothing to draw.
    pub fn nothing(&self, canvas: &mut Canvas<'_>, text: &str) {
        let (x, y) = (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom));
        canvas.text(text, x, y, canvas.style.letters(), Ink::Quiet, Hold::Middle);
    }

    fn placed(&self, segment: &[(f64, f64)]) -> Vec<(f64, f64)> {
        segment.iter().map(|&(x, y)| (self.x.at(x), self.y.at(y))).collect()
    }
}

/// Heights at least `step` apart, near to those wanted (ascending), between two bounds.
fn apart(wanted: &[f64], step: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut heights = Vec::with_capacity(wanted.len());
    let mut free = top;
    for &y in wanted {
        let at = y.max(free);
        heights.push(at);
        free = at + step;
    }
    let mut ceiling = bottom.max(top + step * wanted.len().saturating_sub(1) as f64);
    for y in heights.iter_mut().rev() {
        *y = y.min(ceiling);
        ceiling = *y - step;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_gap() {
        let points = [
            (0.0, Some(1.0)),
            (1.0, Some(2.0)),
            (2.0, None),
            (3.0, Some(1.0)),
            (9.0, Some(1.0)),
            (8.0, Some(f64::NAN)),
        ];
        let found = segments(points.into_iter(), 1.5);
        assert_eq!(found, [vec![(0.0, 1.0), (1.0, 2.0)], vec![(3.0, 1.0)], vec![(9.0, 1.0)]]);
    }

    #[test]
    fn labels_do_not_overlap() {
        assert_eq!(apart(&[10.0, 11.0, 12.0], 10.0, 0.0, 100.0), [10.0, 20.0, 30.0]);
        assert_eq!(apart(&[95.0, 99.0], 10.0, 0.0, 100.0), [90.0, 100.0]);
    }
}
