//! Which run folders a path means.

use anyhow::{Context as _, Result, bail};
use piaotan_record::folder::{FolderError, RunFolder};
use std::path::{Path, PathBuf};

/// Opens every run that the paths mean, oldest first: a run folder, or a folder that holds some.
///
/// # Errors
/// One line that names the path that is neither.
pub fn open(paths: &[PathBuf]) -> Result<Vec<RunFolder>> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(of(path)?);
    }
    all.sort_by(|a, b| (a.manifest().started, a.path()).cmp(&(b.manifest().started, b.path())));
    all.dedup_by(|a, b| a.path() == b.path());
    Ok(all)
}

fn of(path: &Path) -> Result<Vec<RunFolder>> {
    match RunFolder::open(path) {
        Err(FolderError::NotARun(_)) if path.is_dir() => {}
        opened => return Ok(vec![opened?]),
    }
    let inside = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut runs = Vec::new();
    for each in inside {
        match RunFolder::open(&each?.path()) {
            Err(FolderError::NotARun(_)) => {}
            opened => runs.push(opened?),
        }
    }
    if runs.is_empty() {
        bail!("{} is not a run folder, and holds none", path.display());
    }
    Ok(runs)
}
