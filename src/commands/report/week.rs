//! `piaotan report --last 7d`: a stretch of the watch, as a page, Markdown or JSON.

use super::Report;
use crate::commands::windows::time;
use crate::config;
use crate::door::{Common, Format};
use crate::looking_back::{self, Stretch};
use crate::{forge, probing};
use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use piaotan_reports::html::week::{self, WeekReport};
use piaotan_reports::markdown;
use std::path::Path;

/// Gathers and tells.
///
/// # Errors
/// One line that names the flag.
pub(super) fn run(args: &Report, last: &str, common: &Common) -> Result<u8> {
    let settings = config::load(common.config.as_deref())?;
    let profile = forge::profile(settings.target.profile.as_deref())?;
    let place = probing::place(args.store.as_deref(), &settings)?;
    // Opening would make a new one, and a report of nothing.
    if !place.exists() {
        bail!("--store {place}: there is no such file; name the store that `watch` writes");
    }
    let length = time::length("--last", last)?;
    let to =
        args.until.as_deref().map(|written| time::instant("--until", written, profile.zone())).transpose()?;
    let now = Utc::now();
    let to = to.unwrap_or(now);
    if to > now {
        bail!(
            "--until {} has not come yet; write a time that is over",
            args.until.as_deref().unwrap_or_default()
        );
    }
    let Some(from) = to.checked_sub_signed(length).filter(|from| from.timestamp() > 0) else {
        bail!("--last {last} reaches too far back; write 24h, 7d or 30d");
    };
    let store = probing::store(args.store.as_deref(), &settings, &profile)?;
    let lang = common.lang();
    let chinese = lang == piaotan_reports::Lang::Zh;
    let stretch = Stretch { settings: &settings, profile: &profile, store: &store, from, to, now, chinese };
    let found = looking_back::week(&stretch)?;
    let version = env!("CARGO_PKG_VERSION");
    let report = WeekReport { week: &found, codes: profile.codes(), lang, version };
    let markdown = markdown::week(&report);
    let is_markdown = args.out.extension().is_some_and(|ending| ending == "md");
    write(&args.out, &if is_markdown { markdown.clone() } else { week::html(&report)? })?;
    match args.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&found)?),
        Format::Human => print!("{markdown}"),
    }
    eprintln!("{}", args.out.display());
    Ok(0)
}

fn write(at: &Path, text: &str) -> Result<()> {
    std::fs::write(at, text).with_context(|| format!("--out {}: cannot be written", at.display()))
}
