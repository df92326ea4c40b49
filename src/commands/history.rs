//! `piaotan history FILE.csv`: change points.
#![allow(clippy::print_stdout, reason = "answers on standard output")]

use crate::door::{Common, Format};
use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use piaotan_analysis::history::{HistoryAnswer, Options, Series};
use std::path::PathBuf;

/// Find change points in a series of results.
#[derive(Debug, Args)]
#[command(after_help = "The file has the columns time,value, oldest first.

Examples:
  piaotan history p95-by-commit.csv
  piaotan history p95-by-commit.csv --format json")]
pub struct History {
    pub file: PathBuf,
    /// Smallest change that matters, as a share of the median.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub least_change: f64,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Searches and answers.
///
/// # Errors
/// One line that names the row and what to write instead.
pub fn run(args: &History, _common: &Common) -> Result<u8> {
    let origin = args.file.display().to_string();
    let text = std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {origin}"))?;
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
