//! `windows add|confirm|cancel|extend`: what people know better than any source.
#![allow(clippy::print_stdout, reason = "answers on standard output")]
#![allow(clippy::disallowed_methods, reason = "a correction is made now")]

use super::{Kept, time};
use crate::probing;
use anyhow::{Result, anyhow, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use piaotan_record::Window;
use piaotan_record::calendar::{Calendar, CalendarOptions, Change, Correction};
use piaotan_record::window::{Services, Source};

/// Add a window that you know of.
#[derive(Debug, Args)]
pub struct Add {
    /// When it begins: `2026-12-01 22:00` in the zone, or with an offset.
    #[arg(long, value_name = "TIME")]
    pub start: String,
    /// When it ends.
    #[arg(long, value_name = "TIME", conflicts_with = "length", required_unless_present = "length")]
    pub end: Option<String>,
    /// How long it lasts, such as 2h.
    #[arg(long = "for", value_name = "LENGTH")]
    pub length: Option<String>,
    /// What it touches [default: everything].
    #[arg(long, value_delimiter = ',', value_name = "SERVICE,…")]
    pub services: Vec<String>,
    #[arg(long, default_value = "")]
    pub title: String,
    /// Zone of times without an offset [default: the profile's].
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
}

/// Names a window.
#[derive(Debug, Args)]
pub struct Named {
    /// The window, as `windows list` names it.
    pub id: String,
}

/// Let a window last longer.
#[derive(Debug, Args)]
pub struct Extend {
    /// The window, as `windows list` names it.
    pub id: String,
    /// Its new end.
    #[arg(long, value_name = "TIME", conflicts_with = "by", required_unless_present = "by")]
    pub end: Option<String>,
    /// How much longer, such as 1h.
    #[arg(long, value_name = "LENGTH")]
    pub by: Option<String>,
}

pub(super) fn add(args: &Add, kept: &Kept) -> Result<u8> {
    let zone = args.zone.as_deref().map(piaotan_record::zone::named).transpose();
    let zone = zone.map_err(|e| anyhow!("--zone: {e}"))?.unwrap_or(kept.zone);
    let start = time::instant("--start", &args.start, zone)?;
    let end = match (&args.end, &args.length) {
        (Some(end), _) => time::instant("--end", end, zone)?,
        (None, length) => start + time::length("--for", length.as_deref().unwrap_or_default())?,
    };
    if end <= start {
        bail!("--end {end} is not after --start {start}");
    }
    let services = if args.services.is_empty() {
        Services::ALL
    } else {
        Services::from_names(&args.services).map_err(|e| anyhow!("--services: {e}"))?
    };
    let now = Utc::now();
    let window = Window {
        services,
        source: Source::Person,
        zone: Some(zone),
        text: args.title.clone(),
        ..Window::new(format!("person-{}", now.timestamp_micros()), start, Some(end))
    };
    kept.store.put_windows(std::slice::from_ref(&window), now)?;
    println!("{}", window.id);
    Ok(0)
}

pub(super) fn confirm(args: &Named, kept: &Kept) -> Result<u8> {
    correct(&args.id, kept, |_| Ok(Change::Confirm))
}

pub(super) fn cancel(args: &Named, kept: &Kept) -> Result<u8> {
    correct(&args.id, kept, |_| Ok(Change::Cancel))
}

pub(super) fn extend(args: &Extend, kept: &Kept) -> Result<u8> {
    correct(&args.id, kept, |window| Ok(Change::Extend { end: later(args, window, kept)? }))
}

fn later(args: &Extend, window: &Window, kept: &Kept) -> Result<DateTime<Utc>> {
    if let Some(end) = &args.end {
        return time::instant("--end", end, window.zone.unwrap_or(kept.zone));
    }
    let by = time::length("--by", args.by.as_deref().unwrap_or_default())?;
    let end = window.end.ok_or_else(|| anyhow!("--by: {} has no end yet; write --end", window.id))?;
    Ok(end + by)
}

fn correct(id: &str, kept: &Kept, change: impl Fn(&Window) -> Result<Change>) -> Result<u8> {
    let now = Utc::now();
    let register = probing::register(&kept.settings, &kept.store, now)?;
    let calendar = Calendar::new(&register, CalendarOptions::default());
    let Some(window) = calendar.window(id) else {
        let known = calendar.windows().iter().map(|window| window.id.as_str());
        let near = piaotan_record::names::nearest(id, known);
        let advice =
            near.map_or("see `piaotan windows list`".to_owned(), |word| format!("did you mean `{word}`?"));
        bail!("no window is called `{id}`; {advice}");
    };
    let change = change(window)?;
    change.applied_to(window).map_err(|e| anyhow!("{e}"))?;
    kept.store.correct(&Correction { window: id.to_owned(), made: now, by: "person".to_owned(), change })?;
    Ok(0)
}
