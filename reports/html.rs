//! `report.html`: one file, offline, nothing loaded from anywhere.
//!
//! Verdict and findings come first, with the chart of what happened; then the other charts, then
//! tables, then the facts of the run. Every chart stands in it twice, drawn for a desk and for a
//! phone; the style sheet shows one of them, and turns it dark where the reader's screen is dark.

mod tables;
mod tiles;
mod view;
pub mod week;

pub use tables::{Table, all as tables};
pub use tiles::{failed, tiles};
pub use view::{heading, mark, operation_name, sentence};

use crate::Error;
use crate::charts::style::dark_rules;
use crate::words::Lang;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use piaotan_analysis::summary::{MOST_BINS, Series, Summary};
use piaotan_record::Manifest;

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub summary: &'a Summary,
    pub series: &'a Series,
    /// Absent where a report is made of a summary alone.
    pub manifest: Option<&'a Manifest>,
    pub lang: Lang,
}

/// Makes the report.
///
/// # Errors
/// When the template does not fit the view, which a test would have found.
pub fn html(report: &Report<'_>) -> Result<String, Error> {
    let series = report.series.clone().coarsened(MOST_BINS);
    page(&view::view(&Report { series: &series, ..*report }))
}

/// Fills the template.
fn page(view: &view::View) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("report.html", include_str!("html/report.html"))?;
    let style = include_str!("html/report.css");
    let script = include_str!("html/sort.js");
    Ok(environment
        .get_template("report.html")?
        .render(context! { view => Serde(view), style, script, dark => dark_rules() })?)
}
