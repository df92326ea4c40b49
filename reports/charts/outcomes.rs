//! Outcomes over time: all requests above, and beneath them what failed, on its own scale.

use super::Shade;
use super::canvas::{Canvas, Caption, Hold, picture};
use super::family::{Family, counts};
use super::frame::{Frame, Margins};
use super::scale::{Scale, round_up};
use super::style::{Ink, Style};
use crate::units;
use crate::words::Phrase;
use piaotan_analysis::summary::{Bin, Series};

/// What the chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a Series,
    pub shades: &'a [Shade],
}

/// Rates by family, one entry a bin: its left edge and the rates.
type Rates = Vec<(f64, [f64; 10])>;

/// Draws the chart.
#[must_use]
pub fn draw(input: &Input<'_>, style: &Style) -> String {
    let rates: Rates =
        input.series.bins.iter().map(|bin| (bin.t, rates(bin, input.series.bin_seconds))).collect();
    picture(style, 334.0, &caption(input, style), |canvas| {
        let longest =
            Family::ALL.iter().map(|f| canvas.measured(f.name(canvas.style.lang))).fold(0.0, f64::max);
        let margins = Margins { left: canvas.measured("1,000") + 14.0, right: longest + 24.0 };
        let top = canvas.top + 26.0;
        stack(canvas, input, &rates, margins, (top, top + 110.0), false);
        let lower = top + 110.0 + 38.0;
        stack(canvas, input, &rates, margins, (lower, lower + 130.0), true);
    })
}

fn caption(input: &Input<'_>, style: &Style) -> Caption {
    let lang = style.lang;
    let mut totals = [0u64; 10];
    for cell in input.series.bins.iter().flat_map(requests) {
        totals.iter_mut().zip(counts(cell)).for_each(|(total, n)| *total += n);
    }
    let parts = Family::ALL.iter().filter(|f| totals[**f as usize] > 0);
    let parts: Vec<String> =
        parts.map(|f| format!("{} {}", f.name(lang), units::count(totals[*f as usize]))).collect();
    let desc = if parts.is_empty() { Phrase::NoData.say(lang).to_owned() } else { units::list(lang, &parts) };
    Caption { id: "outcomes".into(), title: Phrase::Outcomes.say(lang).into(), legend: desc.clone(), desc }
}

/// The outcomes of requests; journeys and looks of the tracker would count them twice.
fn requests(bin: &Bin) -> impl Iterator<Item = &[u64; piaotan_record::OutcomeKind::COUNT]> {
    let own = bin.operations.iter().filter(|(op, _)| !op.is_journey());
    own.map(|(_, cell)| &cell.outcomes)
}

fn rates(bin: &Bin, seconds: f64) -> [f64; 10] {
    let mut sums = [0.0; 10];
    for outcomes in requests(bin) {
        sums.iter_mut().zip(counts(outcomes)).for_each(|(sum, n)| *sum += n as f64 / seconds);
    }
    sums
}

fn stack(
    canvas: &mut Canvas<'_>,
    input: &Input<'_>,
    rates: &Rates,
    margins: Margins,
    (top, bottom): (f64, f64),
    failures: bool,
) {
    let lang = canvas.style.lang;
    let shown = |f: &Family| !failures || f.failed();
    let height =
        |of: &[f64; 10]| Family::ALL.iter().filter(|f| shown(f)).map(|f| of[*f as usize]).sum::<f64>();
    let most = rates.iter().map(|(_, of)| height(of)).fold(0.0, f64::max);
    let x = Scale::linear(0.0, input.series.seconds(), 0.0, 0.0);
    let frame = Frame::new(canvas, margins, top, bottom, x, Scale::linear(0.0, round_up(most), 0.0, 0.0));
    frame.shade(canvas, input.shades, true);
    frame.y_axis(canvas, &frame.y.ticks(3), units::number);
    let mut below = vec![0.0; rates.len()];
    let mut drawn = Vec::new();
    for family in Family::ALL.into_iter().filter(shown) {
        if layer(canvas, &frame, input.series.bin_seconds, rates, family, &mut below) {
            drawn.push(family);
        }
    }
    key(canvas, &frame, &drawn);
    frame.name(canvas, if failures { Phrase::OutcomesFailed } else { Phrase::OutcomesAll }.say(lang));
    if most <= 0.0 {
        frame.nothing(
            canvas,
            if failures && !rates.is_empty() { Phrase::NoFailures } else { Phrase::NoData }.say(lang),
        );
    }
    if failures { frame.time_axis(canvas, input.series.started) } else { frame.base(canvas) }
}

/// Stacks one family on what lies below; says whether there was any of it.
fn layer(
    canvas: &mut Canvas<'_>,
    frame: &Frame,
    seconds: f64,
    rates: &Rates,
    family: Family,
    below: &mut [f64],
) -> bool {
    let value = |i: usize| rates[i].1[family as usize];
    let mut start = 0;
    let mut any = false;
    while start < rates.len() {
        let run = (start..rates.len()).take_while(|i| value(*i) > 0.0).count();
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for i in start..start + run {
            let (x0, x1) = (frame.x.at(rates[i].0), frame.x.at(rates[i].0 + seconds));
            let (from, to) = (frame.y.at(below[i]), frame.y.at(below[i] + value(i)));
            upper.extend([(x0, to), (x1, to)]);
            lower.extend([(x0, from), (x1, from)]);
            below[i] += value(i);
        }
        upper.extend(lower.into_iter().rev());
        canvas.area(&upper, family.ink(), 1.0);
        any |= run > 0;
        start += run.max(1);
    }
    any
}

/// Names with a patch of their colour, in the order of the stack: fills are too pale for letters.
fn key(canvas: &mut Canvas<'_>, frame: &Frame, drawn: &[Family]) {
    let (step, size) = (canvas.style.letters() * 1.35, canvas.style.letters() - 1.0);
    let mut y = frame.top + step / 2.0;
    for family in drawn.iter().rev() {
        canvas.rect([frame.right + 6.0, y - 4.0, frame.right + 14.0, y + 4.0], family.ink(), 1.0);
        canvas.text(family.name(canvas.style.lang), frame.right + 18.0, y, size, Ink::Quiet, Hold::Left);
        y += step;
    }
}
