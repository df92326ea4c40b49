//! Tell: one file a report, one file a chart, and the metrics that dashboards are made of.
//!
//! It is *not* a judge: verdicts and findings come from `analysis`, and nothing here changes them.
//! No socket, no clock, no tokio: the same facts always give the same bytes.
//!
//! Reading order: [`words`] is everything that is said, in both languages; [`charts`] draws;
//! [`html`] puts a report together; [`metrics`] is the catalogue that the exporter, the dashboards
//! and the alert rules share.

pub mod capacity;
pub mod charts;
pub mod compare;
pub mod csv;
pub mod figures;
pub mod gate;
pub mod grafana;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
mod marks;
pub mod metrics;
pub mod png;
pub mod rules;
pub mod text;
pub mod units;
pub mod windows;
pub mod words;

pub use figures::{Figure, figures, pictures, shows};
pub use html::{Report, html};
pub use marks::marks;
pub use words::Lang;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot draw the picture: {0}")]
    Picture(String),
    #[error("cannot fill the report's template: {0}")]
    Template(#[from] minijinja::Error),
    #[error("cannot write as JUnit XML: {0}")]
    Junit(String),
    #[error("cannot export metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("cannot write as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
