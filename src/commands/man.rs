//! `piaotan man`: the manual, from the same declarations as `--help`.

use crate::door::Door;
use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory as _};
use std::path::PathBuf;

/// Write the manual pages.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan man | man -l -
  piaotan man --out /usr/local/share/man/man1")]
pub struct Man {
    /// Write a page for each verb into this folder, instead of the first page to standard output.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// # Errors
/// When the folder cannot be written.
pub fn run(args: &Man) -> Result<u8> {
    match &args.out {
        Some(dir) => {
            std::fs::create_dir_all(dir).with_context(|| format!("--out {}", dir.display()))?;
            clap_mangen::generate_to(Door::command(), dir)
                .with_context(|| format!("--out {}", dir.display()))?;
        }
        None => clap_mangen::Man::new(Door::command()).render(&mut std::io::stdout())?,
    }
    Ok(0)
}
