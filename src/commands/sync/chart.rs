//! The curve as a picture.

use anyhow::{Context as _, Result, anyhow};
use piaotan_analysis::summary::SyncSummary;
use piaotan_analysis::sync::SyncAnswer;
use piaotan_reports::charts::{Style, survival};
use piaotan_reports::{Lang, png};
use std::collections::BTreeMap;
use std::path::Path;

/// Whether the name says which picture is wanted: before a million rows are read.
///
/// # Errors
/// One line that names the flag.
pub fn check(path: Option<&Path>) -> Result<()> {
    match path {
        Some(path) if ending(path).is_none() => {
            Err(anyhow!("--chart {}: write a name that ends in .svg or .png", path.display()))
        }
        _ => Ok(()),
    }
}

fn ending(path: &Path) -> Option<&str> {
    path.extension().and_then(|ending| ending.to_str()).filter(|ending| ["svg", "png"].contains(ending))
}

/// Draws the curve; where two groups are compared, both.
///
/// # Errors
/// When the file cannot be written.
pub fn draw(answer: &SyncAnswer, name: &str, path: &Path, lang: Lang) -> Result<()> {
    let mut shown = SyncSummary { curve: answer.curve.clone(), ..SyncSummary::default() };
    if let Some(compared) = &answer.regression {
        let of = |name: &str| answer.groups.iter().find(|group| group.group == name);
        let curve = |name: &str| of(name).map(|group| group.curve.clone()).unwrap_or_default();
        (shown.curve_before, shown.curve_after) = (curve(&compared.baseline), curve(&compared.candidate));
    }
    let sync = BTreeMap::from([(name.to_owned(), shown)]);
    let style = Style { lang, titled: true, ..Style::default() };
    let svg = survival::draw(&survival::Input { sync: &sync, baseline: false }, &style);
    let bytes = if ending(path) == Some("png") { png::draw(&svg, 2.0)? } else { svg.into_bytes() };
    std::fs::write(path, bytes).with_context(|| format!("--chart: cannot write {}", path.display()))
}
