//! Which charts a report has, and which finding each of them shows.

use crate::charts::{
    self, Shade, Style, Theme, Width, codes, cohort, concurrency, delay, heat, latency, outcomes, quantiles,
    rate, survival, timeline, waiting,
};
use crate::marks::marks;
use crate::words::{Lang, Phrase};
use piaotan_analysis::summary::{FindingKind, Series, Summary};

/// A chart of a report, drawn.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Its anchor and file name.
    pub id: &'static str,
    pub title: &'static str,
    pub svg: String,
}

/// All charts for which there is something to draw, the one that tells the story first.
#[must_use]
pub fn figures(summary: &Summary, series: &Series, style: &Style) -> Vec<Figure> {
    let shades: &[Shade] = &charts::shades(&summary.windows, series);
    let (marks, limits, sync) = (&marks(summary, series), &summary.limits, &summary.sync);
    let mut all = vec![(
        "timeline",
        Phrase::Timeline,
        timeline::draw(&timeline::Input { series, shades, marks }, style),
    )];
    let mut put = |id, title: Phrase, svg: String| all.push((id, title, svg));
    put("latency", Phrase::Latency, latency::draw(&latency::Input { series, shades, limits }, style));
    if !sync.is_empty() {
        put("survival", Phrase::Survival, survival::draw(&survival::Input { sync, baseline: false }, style));
    }
    if !series.sync_points.is_empty() {
        put("delay", Phrase::Delay, delay::draw(&delay::Input { series, shades, sync }, style));
        put("cohort", Phrase::Cohort, cohort::draw(&cohort::Input { series }, style));
    }
    put("outcomes", Phrase::Outcomes, outcomes::draw(&outcomes::Input { series, shades }, style));
    if codes::any(series) {
        put("codes", Phrase::Codes, codes::draw(&codes::Input { series, shades }, style));
    }
    put("rate", Phrase::Rate, rate::draw(&rate::Input { series, shades }, style));
    if concurrency::any(series) {
        put(
            "concurrency",
            Phrase::Concurrency,
            concurrency::draw(&concurrency::Input { series, shades }, style),
        );
    }
    let operations = &summary.operations;
    put("waiting", Phrase::Waiting, waiting::draw(&waiting::Input { operations }, style));
    if !series.quantile_curve.is_empty() {
        put("quantiles", Phrase::Quantile, quantiles::draw(&quantiles::Input { series, limits }, style));
    }
    if let Some(heat) = &series.heat {
        put("heat", Phrase::Heat, heat::draw(&heat::Input { series, heat, shades }, style));
    }
    all.into_iter().map(|(id, title, svg)| Figure { id, title: title.say(style.lang), svg }).collect()
}

/// The same as pictures that stand alone: titled, on paper.
#[must_use]
pub fn pictures(summary: &Summary, series: &Series, lang: Lang) -> Vec<Figure> {
    figures(summary, series, &Style { lang, theme: Theme::Light, width: Width::Wide, titled: true })
}

/// The chart in which a finding can be seen.
#[must_use]
pub const fn shows(kind: FindingKind) -> &'static str {
    use FindingKind as Kind;
    match kind {
        Kind::SyncRegression | Kind::SyncImproved | Kind::SyncLost | Kind::SyncLate => "survival",
        Kind::LimitBroken | Kind::LatencyRegression => "latency",
        Kind::Mismatched
        | Kind::Vanished
        | Kind::Changed
        | Kind::Errors
        | Kind::Throttled
        | Kind::Unreachable => "outcomes",
        Kind::Suppressed
        | Kind::BacklogRush
        | Kind::GeneratorSaturated
        | Kind::NotConserved
        | Kind::JourneyPanicked
        | Kind::CapacityExceeded => "rate",
        _ => "timeline",
    }
}
