//! One file a chart; each is a pure function from what it shows and a [`Style`] to SVG.
//!
//! Reading order: [`style`] says how everything looks, `canvas` draws in logical pixels, `scale`
//! chooses ticks, `frame` is a plot with axes, shaded windows and labels at line ends; the rest are
//! the charts themselves.

pub mod style;

mod canvas;
pub(crate) mod family;
mod frame;
mod limits;
mod measure;
mod pick;
mod scale;
mod shade;

pub mod availability;
pub mod capacity;
pub mod codes;
pub mod cohort;
pub mod concurrency;
pub mod delay;
pub mod forest;
pub mod heat;
pub mod history;
pub mod latency;
pub mod outcomes;
pub mod quantiles;
pub mod rate;
pub mod survival;
pub mod timeline;
pub mod waiting;

pub use shade::{Shade, shades};
pub use style::{Style, Theme, Width};
