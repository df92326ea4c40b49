//! Drawing in logical pixels on the SVG backend of plotters.
//!
//! The backend knows whole pixels only, so everything is drawn four times as large as it is shown.
//! Text widths are our own (see `measure`): without a font, plotters guesses them from bytes.

use super::measure;
use super::style::{Ink, Style};
use crate::units::clean;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{IntoDrawingArea, IntoFont, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBAColor, RGBColor, ShapeStyle, TextStyle};

/// Drawn pixels in one shown pixel.
const FINE: f64 = 4.0;
/// plotters writes a font size divided by this.
const FONT_FACTOR: f64 = 1.24;

/// The name, title and description of a picture; also what a screen reader says.
#[derive(Debug, Clone)]
pub struct Caption {
    /// Unique in a page.
    pub id: String,
    pub title: String,
    /// What is to be seen, in one sentence.
    pub desc: String,
    /// How to read the axes; drawn beneath the title.
    pub legend: String,
}

/// A sheet to draw on, in logical pixels from the upper left corner.
#[allow(missing_debug_implementations, reason = "the drawing area has none")]
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    pub style: Style,
    pub width: f64,
    /// Where the free space begins, below title and legend.
    pub top: f64,
}

/// Where a text is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    Left,
    Middle,
    Right,
}

/// Draws one picture of a height (title and legend come on top of it).
#[must_use]
pub fn picture(style: &Style, height: f64, caption: &Caption, draw: impl FnOnce(&mut Canvas<'_>)) -> String {
    let top = head_height(style, caption);
    let (width, height) = (style.pixels(), height + top);
    let mut text = String::new();
    {
        let size = (fine(width) as u32, fine(height) as u32);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let mut canvas = Canvas { area, style: *style, width, top };
        if style.titled {
            canvas.rect([0.0, 0.0, width, height], Ink::Paper, 1.0);
        }
        canvas.head(caption);
        draw(&mut canvas);
        canvas.area.present().expect("drawing into memory cannot fail");
    }
    dressed(&text, width, height, style, caption)
}

fn head_height(style: &Style, caption: &Caption) -> f64 {
    let title = if style.titled { style.letters() * 2.4 } else { 4.0 };
    let lines = legend_lines(style, &caption.legend).len() as f64;
    title + lines * style.letters() * 1.5 + 4.0
}

/// The legend in as many lines as the width asks for.
fn legend_lines(style: &Style, legend: &str) -> Vec<String> {
    // A browser may draw with a wider font than the one that widths were measured in.
    let (size, room) = (style.letters() - 1.0, (style.pixels() - 16.0) * 0.86);
    let mut lines = vec![String::new()];
    for word in words(legend) {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && measure::width(line, size) + measure::width(word.trim_end(), size) > room {
            lines.push(word.to_owned());
        } else {
            line.push_str(word);
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

/// Splits where a line may break: after a space, and after any ideograph.
fn words(text: &str) -> Vec<&str> {
    let breaks = |c: char| c == ' ' || u32::from(c) >= 0x2E80;
    text.split_inclusive(breaks).collect()
}

fn fine(value: f64) -> i32 {
    // Kept far inside what renderers can take, whatever the numbers were.
    (value * FINE).round().clamp(-40_000.0, 40_000.0) as i32
}

/// Gives the picture its view box, its names for screen readers and round joints.
fn dressed(svg: &str, width: f64, height: f64, style: &Style, caption: &Caption) -> String {
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let id = format!("{}-{}", caption.id, if style.is_phone() { "phone" } else { "wide" });
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height:.0}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\" stroke-linejoin=\"round\" font-family=\"sans-serif\">\n<title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>{}",
        fine(width),
        fine(height),
        escaped(&caption.title),
        escaped(&caption.desc),
        body.replace(" font-family=\"sans-serif\"", "")
            .replace(" opacity=\"1\"", "")
            .replace("\n</text>", "</text>"),
    )
}

fn escaped(text: &str) -> String {
    let text = clean(text, 600);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Canvas<'_> {
    fn head(&mut self, caption: &Caption) {
        let size = self.style.letters();
        let mut y = 4.0;
        if self.style.titled {
            self.text(&caption.title, 8.0, y + size * 1.1, size * 1.35, Ink::Text, Hold::Left);
            y += size * 2.4;
        }
        for line in legend_lines(&self.style, &caption.legend) {
            self.text(&line, 8.0, y + size * 0.6, size - 1.0, Ink::Quiet, Hold::Left);
            y += size * 1.5;
        }
    }

    fn rgba(&self, ink: Ink, opacity: f64) -> RGBAColor {
        let rgb = ink.rgb(self.style.theme);
        let part = |shift: u32| u8::try_from((rgb >> shift) & 0xFF).expect("masked to eight bits");
        RGBColor(part(16), part(8), part(0)).mix(opacity)
    }

    fn stroke(&self, ink: Ink, width: f64) -> ShapeStyle {
        self.rgba(ink, 1.0).stroke_width(fine(width).unsigned_abs().max(1))
    }

    /// A filled rectangle `[x0, y0, x1, y1]`.
    pub fn rect(&mut self, [x0, y0, x1, y1]: [f64; 4], ink: Ink, opacity: f64) {
        let corners = [(fine(x0), fine(y0)), (fine(x1), fine(y1))];
        let shape = Rectangle::new(corners, self.rgba(ink, opacity).filled());
        self.area.draw(&shape).expect("drawing into memory cannot fail");
    }

    /// A line through points; nothing where there are fewer than two.
    pub fn line(&mut self, points: &[(f64, f64)], ink: Ink, width: f64) {
        if points.len() < 2 {
            return;
        }
        let path = PathElement::new(fine_points(points), self.stroke(ink, width));
        self.area.draw(&path).expect("drawing into memory cannot fail");
    }

    /// A straight line of dashes.
    pub fn dashes(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink, width: f64) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let count = (length / 8.0).floor().clamp(1.0, 400.0);
        let at = |share: f64| (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
        for dash in 0..count as u32 {
            let start = f64::from(dash) / count;
            self.line(&[at(start), at(start + 0.6 / count)], ink, width);
        }
    }

    /// A path of dashes.
    pub fn dashed_path(&mut self, points: &[(f64, f64)], ink: Ink, width: f64) {
        let mut along: f64 = 0.0;
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let at = |d: f64| {
                let share = if length > 0.0 { d / length } else { 0.0 };
                (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
            };
            let mut done = 0.0;
            while done < length {
                let (phase, dash): (f64, f64) = (along % 8.0, 5.0);
                let step = if phase < dash { dash - phase } else { 8.0 - phase }.min(length - done).max(0.25);
                if phase < dash {
                    self.line(&[at(done), at((done + step).min(length))], ink, width);
                }
                done += step;
                along += step;
            }
        }
    }

    /// A filled area.
    pub fn area(&mut self, points: &[(f64, f64)], ink: Ink, opacity: f64) {
        if points.len() < 3 {
            return;
        }
        let shape = Polygon::new(fine_points(points), self.rgba(ink, opacity).filled());
        self.area.draw(&shape).expect("drawing into memory cannot fail");
    }

    /// A disc, or a ring where it is hollow.
    pub fn dot(&mut self, at: (f64, f64), radius: f64, ink: Ink, hollow: bool) {
        let style = if hollow { self.stroke(ink, 1.6) } else { self.rgba(ink, 1.0).filled() };
        let shape = Circle::new((fine(at.0), fine(at.1)), fine(radius), style);
        self.area.draw(&shape).expect("drawing into memory cannot fail");
    }

    /// A text on one line, its middle at the height `y`.
    pub fn text(&mut self, text: &str, x: f64, y: f64, size: f64, ink: Ink, hold: Hold) {
        let h = match hold {
            Hold::Left => HPos::Left,
            Hold::Middle => HPos::Center,
            Hold::Right => HPos::Right,
        };
        let font = ("sans-serif", size * FINE * FONT_FACTOR).into_font();
        let colour = self.rgba(ink, 1.0);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(h, VPos::Center));
        let shape = Text::new(clean(text, 400), (fine(x), fine(y)), style);
        self.area.draw(&shape).expect("drawing into memory cannot fail");
    }

    /// Width of a text of ordinary letters.
    #[must_use]
    pub fn measured(&self, text: &str) -> f64 {
        measure::width(text, self.style.letters())
    }
}

fn fine_points(points: &[(f64, f64)]) -> Vec<(i32, i32)> {
    points.iter().map(|&(x, y)| (fine(x), fine(y))).collect()
}
