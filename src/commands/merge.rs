//! `piaotan merge`: the segments of one run, joined.
#![allow(clippy::print_stderr, reason = "says where the report lies")]

use crate::door::{Common, Format};
use crate::telling;
use anyhow::{Context as _, Result};
use clap::Args;
use piaotan_record::folder::{RunFolder, joined, merge};
use std::path::PathBuf;

/// Join the segments of a run into one folder, and judge the whole.
#[derive(Debug, Args)]
#[command(
    after_help = "Histograms are joined, never averaged. The machines' clocks must agree to well below a second.

Examples:
  piaotan merge runs/part-1 runs/part-2 runs/part-3 --out runs/whole
  piaotan merge runs/part-* --out runs/whole --allow-missing --format json"
)]
pub struct Merge {
    /// The folder of every segment, in any order.
    #[arg(required = true)]
    pub folders: Vec<PathBuf>,
    /// Folder of the joined run.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Join what there is; the run can then not pass.
    #[arg(long)]
    pub allow_missing: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Joins, folds and reports.
///
/// # Errors
/// One line that says why the folders are not the segments of one run.
pub fn run(args: &Merge, common: &Common) -> Result<u8> {
    let lang = common.lang();
    let opened: Result<Vec<RunFolder>, _> = args.folders.iter().map(|path| RunFolder::open(path)).collect();
    let folders = opened?;
    let (mut manifest, missing) = joined(&folders, args.allow_missing)?;
    let name = args.out.file_name().context("--out needs the name of a folder, such as runs/whole")?;
    manifest.run = name.to_string_lossy().into_owned();
    merge(&folders, manifest, &missing, &args.out)?;
    let folded = telling::tell(&args.out, lang, false, false)?;
    telling::show(&folded, &RunFolder::open(&args.out)?, args.format, lang)?;
    if args.format == Format::Human {
        eprintln!("{}", args.out.join("report.html").display());
    }
    Ok(folded.summary.exit)
}
