//! `piaotan windows`: what is known of maintenance, and what people say of it.
#![allow(clippy::print_stderr, clippy::disallowed_methods, reason = "complaints about sources, as of now")]

mod change;
mod check;
mod export;
mod list;
mod next;
mod parse;
pub mod time;

use crate::announced::{self, Sources};
use crate::config::{self, Settings};
use crate::door::Common;
use crate::{forge, probing};
use anyhow::Result;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use piaotan_store::Store;
use std::path::PathBuf;

/// Maintenance windows.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan windows list --from 2026-12-01 --to 2026-12-31
  piaotan windows next --service upload
  piaotan windows check --for 45m --service upload && ./deploy      exit 4 inside or near a window
  piaotan windows export > maintenance.ics
  piaotan windows export --as silences --matcher job=invoices | amtool silence import
  piaotan windows add --start '2026-12-01 22:00' --for 2h --services upload,login --title 'Upgrade'
  piaotan windows extend ID --by 1h
  piaotan windows cancel ID
  piaotan windows parse notice.txt --published 2026-11-20 --zone Asia/Shanghai
  curl -s https://example.org/notice | piaotan windows parse --format json")]
pub struct Windows {
    #[command(subcommand)]
    pub what: What,
    /// File of the store [default: [store] path, else piaotan.db].
    #[arg(long, global = true, value_name = "FILE|URL")]
    pub store: Option<PathBuf>,
    /// Do not ask sources of announcements: tell what the store and the configuration know.
    #[arg(long, global = true)]
    pub offline: bool,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// Read a notice and say which windows it announces.
    Parse(parse::Parse),
    /// List the windows of a stretch of time, as they are known now.
    List(list::List),
    /// Say which window is open and which comes next.
    Next(next::Next),
    /// Exit 0 when no window is open or near, 4 when one is: to be asked before a deployment.
    Check(check::Check),
    /// Write windows for calendars (iCalendar), for an Alertmanager, or as JSON.
    Export(export::Export),
    /// Add a window that you know of.
    Add(change::Add),
    /// Confirm a proposed window.
    Confirm(change::Named),
    /// Cancel a window.
    Cancel(change::Named),
    /// Let a window last longer.
    Extend(change::Extend),
}

/// Where windows are kept, what sources said just now, and the zone of times that name none.
struct Kept {
    settings: Settings,
    store: Store,
    sources: Option<Sources>,
    zone: Tz,
}

impl Kept {
    fn sources_as_json(&self, now: DateTime<Utc>) -> Vec<serde_json::Value> {
        self.sources.iter().flat_map(Sources::iter).map(|heard| heard.as_json(now)).collect()
    }

    /// Says which sources could not be read: what they announce may be missing.
    fn complain(&self) {
        for heard in self.sources.iter().flat_map(Sources::iter) {
            if let Some(why) = heard.trouble(Utc::now()) {
                eprintln!("source {}: {why}", heard.source.name);
            }
        }
    }
}

/// # Errors
/// One line that names the flag or file.
pub fn run(args: &Windows, common: &Common) -> Result<u8> {
    if let What::Parse(parse) = &args.what {
        return parse::run(parse);
    }
    let settings = config::load(common.config.as_deref())?;
    let profile = forge::profile(settings.target.profile.as_deref())?;
    let store = probing::store(args.store.as_deref(), &settings, &profile)?;
    let asking = match args.what {
        What::List(_) | What::Next(_) | What::Check(_) | What::Export(_) => !args.offline,
        _ => false,
    };
    let sources = asking.then(|| announced::ask_once(&settings, &profile, &store)).transpose()?;
    let kept = Kept { settings, store, sources, zone: profile.zone() };
    kept.complain();
    match &args.what {
        What::Parse(_) => Ok(0),
        What::List(list) => list::run(list, &kept, common.lang()),
        What::Next(next) => next::run(next, &kept, common.lang()),
        What::Check(check) => check::run(check, &kept, common.lang()),
        What::Export(export) => export::run(export, &kept, common.lang()),
        What::Add(add) => change::add(add, &kept),
        What::Confirm(named) => change::confirm(named, &kept),
        What::Cancel(named) => change::cancel(named, &kept),
        What::Extend(extend) => change::extend(extend, &kept),
    }
}
