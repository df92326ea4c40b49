//! `windows list`: what is known now, corrections applied.
#![allow(clippy::print_stdout, reason = "answers on standard output")]
#![allow(clippy::disallowed_methods, reason = "lists what is known now")]

use super::Kept;
use crate::door::Format;
use crate::probing;
use anyhow::Result;
use chrono::Utc;
use clap::Args;
use piaotan_record::Window;
use piaotan_reports::Lang;
use serde_json::json;

/// List the windows that are known now.
#[derive(Debug, Args)]
pub struct List {
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

pub(super) fn run(args: &List, kept: &Kept, lang: Lang) -> Result<u8> {
    let calendar = probing::calendar(&kept.settings, &kept.store, Utc::now())?;
    let windows = calendar.windows();
    match args.format {
        Format::Json => {
            println!(
                "{}",
                serde_json::to_string(&json!({"schema": 1, "kind": "windows", "windows": windows}))?
            );
        }
        Format::Human if windows.is_empty() => {
            println!("{}", if lang == Lang::Zh { "没有已知的维护窗口" } else { "no windows are known" });
        }
        Format::Human => windows.iter().for_each(|window| println!("{}", line(window, kept))),
    }
    Ok(0)
}

fn line(window: &Window, kept: &Kept) -> String {
    let local = |at: chrono::DateTime<Utc>| at.with_timezone(&kept.zone).to_rfc3339();
    format!(
        "{}  {} -> {}  {}  {}  [{}]  {}",
        window.id,
        local(window.start),
        window.end.map_or_else(|| "?".to_owned(), local),
        window.status.as_str(),
        window.source.as_str(),
        window.services.names().join(", "),
        window.text
    )
}
