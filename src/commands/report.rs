//! `piaotan report`: draw a run again.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "answers, and says where the report lies")]

use crate::door::{Common, Format};
use crate::telling;
use anyhow::{Result, bail};
use clap::Args;
use piaotan_record::folder::RunFolder;
use piaotan_reports::Lang;
use piaotan_reports::compare::Comparison;
use std::path::{Path, PathBuf};

/// Draw the report of a run again, also of one that was killed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan report runs/steady_day-20261124-101500.000
  piaotan report runs/night --format json
  piaotan report runs/night --charts --lang zh
  piaotan report --compare runs/before runs/after         what differs; `gate` judges")]
pub struct Report {
    /// The run folder.
    #[arg(required_unless_present = "compare", conflicts_with = "compare")]
    pub folder: Option<PathBuf>,
    /// Put two runs side by side: what was, and what is.
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"])]
    pub compare: Option<Vec<PathBuf>>,
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
    let folder = match (&args.folder, args.compare.as_deref()) {
        (_, Some([before, after])) => return compare(before, after, args.format, lang),
        (Some(folder), _) => folder,
        _ => bail!("name a run folder, or --compare BEFORE AFTER"),
    };
    let folded = telling::tell(folder, lang, false, args.charts)?;
    telling::show(&folded, &RunFolder::open(folder)?, args.format, lang)?;
    if folded.torn > 0 {
        eprintln!("{} line(s) were being written when the run was killed; they are left out", folded.torn);
    }
    if args.format == Format::Human {
        eprintln!("{}", folder.join("report.html").display());
    }
    Ok(folded.summary.exit)
}

/// Folds both folders as they are known now; neither is written to.
fn compare(before: &Path, after: &Path, format: Format, lang: Lang) -> Result<u8> {
    let (before, after) = (telling::read(before, lang)?, telling::read(after, lang)?);
    let comparison = Comparison { before: &before.summary, after: &after.summary };
    match format {
        Format::Json => println!("{}", comparison.json()),
        Format::Human => print!("{}", comparison.markdown(lang)),
    }
    Ok(0)
}
