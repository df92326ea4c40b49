//! `piaotan report`: draw a run again, or a stretch of the watch.
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "answers, says where the report lies, and looks back from now"
)]

mod week;

use crate::door::{Common, Format};
use crate::{config, probing, telling};
use anyhow::{Result, anyhow, bail};
use clap::Args;
use piaotan_record::folder::RunFolder;
use piaotan_reports::Lang;
use piaotan_reports::compare::Comparison;
use piaotan_store::Store;
use std::path::{Path, PathBuf};

/// Draw the report of a run again, also of one that was killed; or of a stretch of the watch.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan report runs/steady_day-20261124-101500.000
  piaotan report runs/night --format json
  piaotan report runs/night --charts --lang zh
  piaotan report runs/night --store piaotan.db             with windows as they were corrected since
  piaotan report --compare runs/before runs/after         what differs; `gate` judges
  piaotan report --store piaotan.db --last 7d             a week of the watch, beside the week before
  piaotan report --last 1d --until '2026-11-23 00:00' --out monday.html")]
pub struct Report {
    /// The run folder.
    #[arg(required_unless_present_any = ["compare", "last"], conflicts_with_all = ["compare", "last"])]
    pub folder: Option<PathBuf>,
    /// Put two runs side by side: what was, and what is.
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"])]
    pub compare: Option<Vec<PathBuf>>,
    /// Also write every chart as SVG and PNG.
    #[arg(long)]
    pub charts: bool,
    /// Report on the watch instead: the last 24h, 7d, …, beside as long a time before.
    #[arg(long, value_name = "LENGTH", conflicts_with = "compare")]
    pub last: Option<String>,
    /// The end of that time: `2026-11-23 00:00` in the profile's zone, or with an offset [default: now].
    #[arg(long, value_name = "TIME", requires = "last")]
    pub until: Option<String>,
    /// File of the watch's store: of --last [default: [store] path, else piaotan.db]; of a run, what became
    /// known of windows since then.
    #[arg(long, value_name = "FILE|URL", conflicts_with = "compare")]
    pub store: Option<PathBuf>,
    /// Where the page of the watch is written; a name that ends in .md is written as Markdown.
    #[arg(long, value_name = "FILE", default_value = "week.html", requires = "last")]
    pub out: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Folds the folder anew and writes what it says.
///
/// # Errors
/// When it is no run folder, or cannot be written.
pub fn run(args: &Report, common: &Common) -> Result<u8> {
    let lang = common.lang();
    if let Some(last) = &args.last {
        return week::run(args, last, common);
    }
    let folder = match (&args.folder, args.compare.as_deref()) {
        (_, Some([before, after])) => return compare(before, after, args.format, lang),
        (Some(folder), _) => folder,
        _ => bail!("name a run folder, --compare BEFORE AFTER, or --last 7d for the watch"),
    };
    let store = args.store.as_deref().map(|path| kept(path, common)).transpose()?;
    let folded = telling::tell_as_known(folder, lang, false, args.charts, store.as_ref())?;
    telling::show(&folded, &RunFolder::open(folder)?, args.format, lang)?;
    if folded.torn > 0 {
        eprintln!("{} line(s) were being written when the run was killed; they are left out", folded.torn);
    }
    if args.format == Format::Human {
        eprintln!("{}", folder.join("report.html").display());
    }
    Ok(folded.summary.exit)
}

/// A store that must be there: opening would make an empty one.
fn kept(path: &Path, common: &Common) -> Result<Store> {
    let place = probing::place(Some(path), &config::load(common.config.as_deref())?)?;
    if !place.exists() {
        bail!("--store {place}: there is no such file; name the store that `watch` writes");
    }
    Store::at(&place).map_err(|e| anyhow!("--store {place}: {e}"))
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
