//! `piaotan history`: change points of a series in a file, or of everything that a series of runs measured.
#![allow(clippy::print_stdout, reason = "answers on standard output")]

mod runs;

use crate::door::{Common, Format};
use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use piaotan_analysis::history::{HistoryAnswer, Options, Series};
use std::path::PathBuf;

/// Find change points in a series of results.
#[derive(Debug, Args)]
#[command(
    after_help = "A file has the columns time,value, oldest first. Of run folders every operation and metric is searched; a run
is called by its commit (run --commit, or what the CI system says), else by its folder.

Examples:
  piaotan history p95-by-commit.csv
  piaotan history p95-by-commit.csv --format json
  piaotan history runs/ --charts charts/
  piaotan history runs/2026-11-* --format json"
)]
pub struct History {
    /// A CSV, or run folders, or a folder that holds runs.
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub files: Vec<PathBuf>,
    /// Smallest change that matters, as a share of the median [default: 0; of run folders 0.02].
    #[arg(long, default_value_t = 0.0, hide_default_value = true, value_name = "SHARE")]
    pub least_change: f64,
    /// Draw each series of run folders that changed, as SVG and PNG.
    #[arg(long, value_name = "DIR")]
    pub charts: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Searches and answers.
///
/// # Errors
/// One line that names the row and what to write instead.
pub fn run(args: &History, common: &Common) -> Result<u8> {
    let file = match args.files.as_slice() {
        [file] if !file.is_dir() => file,
        files if files.iter().all(|path| path.is_dir()) => return runs::run(args, common.lang()),
        _ => bail!("name one CSV file, or run folders only"),
    };
    let origin = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {origin}"))?;
    let series = Series::parse(&text).map_err(|e| anyhow!("{origin}: {e}"))?;
    let options = Options { least_change: args.least_change, ..Options::default() };
    let answer = HistoryAnswer::of(&series, &options).map_err(|e| anyhow!("{origin}: {e}"))?;
    match args.format {
        Format::Json => println!("{}", serde_json::to_string(&answer)?),
        Format::Human => {
            println!("{} points, {} changes", answer.points, answer.changes.len());
            for change in &answer.changes {
                let by = change.change.map_or_else(|| "?".to_owned(), |by| format!("{:+.1} %", by * 100.0));
                println!(
                    "  {}  {:.4} -> {:.4}  {by}  {:?}",
                    change.time, change.before, change.after, change.status
                );
            }
        }
    }
    Ok(0)
}
