//! Which charts a report has, and which finding each of them shows.

use crate::charts::{self, Shade, Style, Theme, Width, latency, outcomes, rate, survival, timeline};
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
    let marks = &marks(summary, series);
    let limits = &summary.limits;
    let mut all = vec![
        (
            "timeline",
            Phrase::Timeline,
            timeline::draw(&timeline::Input { series, shades, marks }, style),
        ),
        ("latency", Phrase::Latency, latency::draw(&latency::Input { series, shades, limits }, style)),
        ("outcomes", Phrase::Outcomes, outcomes::draw(&outcomes::Input { series, shades }, style)),
        ("rate", Phrase::Rate, rate::draw(&rate::Input { series, shades }, style)),
    ];
    if !summary.sync.is_empty() {
        all.push(("survival", Phrase::Survival, survival::draw(&survival::Input { sync: &summary.sync }, style)));
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
        Kind::Mismatched | Kind::Vanished | Kind::Changed | Kind::Errors | Kind::Throttled | Kind::Unreachable => "outcomes",
        Kind::Suppressed
        | Kind::BacklogRush
        | Kind::GeneratorSaturated
        | Kind::NotConserved
        | Kind::JourneyPanicked
        | Kind::CapacityExceeded => "rate",
        _ => "timeline",
    }
}
