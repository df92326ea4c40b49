//! `windows list`: what is known now, corrections applied.
#![allow(clippy::print_stdout, reason = "answers on standard output")]
#![allow(clippy::disallowed_methods, reason = "lists what is known now")]

use super::{Kept, time};
use crate::door::Format;
use crate::probing;
use anyhow::{Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use piaotan_record::Window;
use piaotan_record::calendar::Calendar;
use piaotan_reports::Lang;
use piaotan_reports::windows::{Row, table};
use serde_json::{Value, json};

/// List the windows of a stretch of time, as they are known now.
#[derive(Debug, Args)]
pub struct List {
    /// From when on [default: seven days ago].
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Until when [default: 31 days after --from or now, whichever is later].
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

pub(super) fn run(args: &List, kept: &Kept, lang: Lang) -> Result<u8> {
    let now = Utc::now();
    let (from, to) = stretch(args.from.as_deref(), args.to.as_deref(), now - TimeDelta::days(7), kept)?;
    let calendar = probing::calendar(&kept.settings, &kept.store, now)?;
    let windows = between(&calendar, from, to);
    match args.format {
        Format::Json => {
            let windows: Vec<Value> = windows.iter().map(|window| one(window, &calendar, now)).collect();
            let answer = json!({
                "schema": 1, "kind": "windows", "at": now.to_rfc3339(), "from": from.to_rfc3339(),
                "to": to.to_rfc3339(), "windows": windows, "sources": kept.sources_as_json(now),
            });
            println!("{answer}");
        }
        Format::Human if windows.is_empty() => {
            println!("{}", lang.of("这段时间没有已知的维护窗口", "no windows are known in this time"));
        }
        Format::Human => {
            let row = |window| Row { window, standing: calendar.standing(window, now) };
            let rows: Vec<Row<'_>> = windows.into_iter().map(row).collect();
            print!("{}", table(&rows, kept.zone, lang));
        }
    }
    Ok(0)
}

/// The stretch that flags name.
pub(super) fn stretch(
    from: Option<&str>,
    to: Option<&str>,
    usual: DateTime<Utc>,
    kept: &Kept,
) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    let now = Utc::now();
    let from = from.map(|written| time::instant("--from", written, kept.zone)).transpose()?;
    let to = to.map(|written| time::instant("--to", written, kept.zone)).transpose()?;
    let from = from.unwrap_or(usual);
    let to = to.unwrap_or(from.max(now) + TimeDelta::days(31));
    if to <= from {
        bail!("--to {to} is not after --from {from}");
    }
    Ok((from, to))
}

/// The windows that meet `[from, to)`, cancelled ones among them.
pub(super) fn between(calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<&Window> {
    let all = calendar.windows().iter();
    all.filter(|window| window.start < to && window.held_until() > from).collect()
}

/// A window as programs read it, with where it stands.
pub(super) fn one(window: &Window, calendar: &Calendar, now: DateTime<Utc>) -> Value {
    let mut value = serde_json::to_value(window).unwrap_or_default();
    value["phase"] = json!(calendar.standing(window, now).as_str());
    value
}
