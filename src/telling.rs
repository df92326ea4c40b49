//! Writing what a run comes to: summary, report, charts.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "results and reports are for people and pipes")]

use crate::door::Format;
use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use piaotan_analysis::summary::{Folded, Terms, fold};
use piaotan_record::folder::{RunFolder, write_json};
use piaotan_record::window::{Source, Window};
use piaotan_reports::Lang;
use piaotan_reports::charts::Style;
use piaotan_reports::html::{self, Report};
use piaotan_reports::{csv, figures, junit, markdown, png, text};
use piaotan_scenarios::scenario::{Plan, Scenario};
use piaotan_store::Store;
use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

/// What the folder's own scenario demands, for judging it (again).
///
/// # Errors
/// When the scenario in the manifest cannot be read.
pub fn terms(folder: &RunFolder, lang: Lang) -> Result<Terms> {
    let text = &folder.manifest().scenario_text;
    let scenario = Scenario::parse(text, "the run's scenario", &[])?;
    let (tolerance, promise) = (scenario.sync.tolerance, scenario.sync.promise.as_seconds());
    // A replayed curve is not in the folder; limits do not need it.
    let limits = Plan::limits(&scenario).map_err(|e| anyhow::anyhow!("{e}"))?;
    let detect = scenario.warmup.detect.map(|span| span.as_seconds());
    Ok(Terms { limits, detect, tolerance, promise, chinese: lang == Lang::Zh, ..Terms::default() })
}

/// What became known of windows after the run: all that a store remembers of its stretch of time.
///
/// # Errors
/// When the store cannot be read.
pub fn known_now(terms: Terms, store: &Store, folder: &RunFolder) -> Result<Terms> {
    let manifest = folder.manifest();
    let register = store.register(manifest.started - TimeDelta::days(31))?;
    let ended =
        manifest.started + TimeDelta::milliseconds((manifest.planned * 1e3) as i64) + TimeDelta::days(1);
    // The run has seen for itself; what a watch saw then is of other requests.
    let counts = |window: &Window| window.start < ended && window.source != Source::Observed;
    let windows = register.windows.into_iter().filter(counts).collect();
    Ok(Terms { windows, corrections: register.corrections, sightings: register.sightings, ..terms })
}

/// Folds a folder and writes nothing.
///
/// # Errors
/// When the folder cannot be read.
pub fn read(path: &Path, lang: Lang) -> Result<Folded> {
    let folder = RunFolder::open(path)?;
    Ok(fold(&folder, &terms(&folder, lang)?)?)
}

/// Folds a folder and writes its summary and reports into it. PNGs only where asked for.
///
/// # Errors
/// When the folder cannot be read or written.
pub fn tell(path: &Path, lang: Lang, interrupted: bool, pictures: bool) -> Result<Folded> {
    tell_as_known(path, lang, interrupted, pictures, None)
}

/// The same, with what a store remembers of windows, corrected since or made known only then.
///
/// # Errors
/// When the folder cannot be read or written, or the store not be read.
pub fn tell_as_known(
    path: &Path,
    lang: Lang,
    interrupted: bool,
    pictures: bool,
    store: Option<&Store>,
) -> Result<Folded> {
    let folder = RunFolder::open(path)?;
    let mut terms = Terms { interrupted, ..terms(&folder, lang)? };
    if let Some(store) = store {
        terms = known_now(terms, store, &folder)?;
    }
    let folded = fold(&folder, &terms)?;
    write_json(&path.join(piaotan_record::folder::SUMMARY), &folded.summary)?;
    let report =
        Report { summary: &folded.summary, series: &folded.series, manifest: Some(folder.manifest()), lang };
    let write = |name: &str, text: String| {
        let at = path.join(name);
        fs::write(&at, text).with_context(|| format!("cannot write {}", at.display()))
    };
    write("report.html", html::html(&report)?)?;
    write("report.md", markdown::markdown(&report))?;
    write("junit.xml", junit::junit(&folded.summary, lang)?)?;
    write("series.csv", csv::csv(&folded.series))?;
    if pictures {
        draw(path, &report)?;
    }
    Ok(folded)
}

/// Writes every chart as SVG and PNG.
fn draw(path: &Path, report: &Report<'_>) -> Result<()> {
    let charts = path.join("charts");
    fs::create_dir_all(&charts).with_context(|| format!("cannot create {}", charts.display()))?;
    let style = Style { lang: report.lang, titled: true, ..Style::default() };
    for figure in figures::figures(report.summary, report.series, &style) {
        let (name, svg) = (figure.id, figure.svg);
        let write = |ending: &str, bytes: &[u8]| {
            let at = charts.join(format!("{name}.{ending}"));
            fs::write(&at, bytes).with_context(|| format!("cannot write {}", at.display()))
        };
        write("svg", svg.as_bytes())?;
        write("png", &png::draw(&svg, 2.0)?)?;
    }
    Ok(())
}

/// Shows a summary: JSON on standard output, or a table on standard error.
///
/// # Errors
/// When it cannot be written.
pub fn show(folded: &Folded, folder: &RunFolder, format: Format, lang: Lang) -> Result<()> {
    if format == Format::Json {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", piaotan_reports::json::json(&folded.summary)?)?;
        return Ok(());
    }
    let report =
        Report { summary: &folded.summary, series: &folded.series, manifest: Some(folder.manifest()), lang };
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    eprint!("{}", text::terminal(&report, text::Terminal { columns, colour }));
    Ok(())
}
