//! `piaotan report`: draw a run again.
#![allow(clippy::print_stderr, reason = "says where the report lies")]

use crate::door::{Common, Format};
use crate::telling;
use anyhow::Result;
use clap::Args;
use piaotan_record::folder::RunFolder;
use std::path::PathBuf;

/// Draw the report of a run again, also of one that was killed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan report runs/steady_day-20261124-101500.000
  piaotan report runs/night --format json
  piaotan report runs/night --charts --lang zh")]
pub struct Report {
    /// The run folder.
    pub folder: PathBuf,
    /// Also write every chart as SVG and PNG.
    #[arg(long)]
    pub charts: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Folds the folder anew and writes what it says.
///
/// # Errors
/// When it is no run folder, or cannot be written.
pub fn run(args: &Report, common: &Common) -> Result<u8> {
    let lang = common.lang();
    let folded = telling::tell(&args.folder, lang, false, args.charts)?;
    telling::show(&folded, &RunFolder::open(&args.folder)?, args.format, lang)?;
    if folded.torn > 0 {
        eprintln!("{} line(s) were being written when the run was killed; they are left out", folded.torn);
    }
    if args.format == Format::Human {
        eprintln!("{}", args.folder.join("report.html").display());
    }
    Ok(folded.summary.exit)
}
