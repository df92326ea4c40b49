//! `piaotan windows parse`: what a notice announces.
#![allow(clippy::print_stdout, reason = "answers on standard output")]

use crate::door::Format;
use anyhow::{Context as _, Result, anyhow};
use chrono::NaiveDate;
use clap::Args;
use piaotan_notices::{Context, Reading, Zone, decode, html_text, read};
use std::io::Read as _;
use std::path::PathBuf;

/// Read a notice: text or HTML, Chinese or English.
#[derive(Debug, Args)]
pub struct Parse {
    /// The notice; standard input where it is `-` or not named.
    pub file: Option<PathBuf>,
    /// The day on which it was published, for years and weekdays that it leaves out.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub published: Option<NaiveDate>,
    /// The zone of times that name none: an IANA name or an offset.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub zone: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// # Errors
/// One line that names the flag or file.
pub fn run(args: &Parse) -> Result<u8> {
    let zone =
        args.zone.as_deref().map(str::parse::<Zone>).transpose().map_err(|e| anyhow!("--zone: {e}"))?;
    let bytes = input(args)?;
    let text = decode(&bytes, None);
    let text = if looks_like_html(&text) { html_text(&text) } else { text };
    let reading = read(&text, &Context { published: args.published, zone });
    match args.format {
        Format::Json => println!("{}", reading.to_json()),
        Format::Human => tell(&reading),
    }
    Ok(0)
}

fn input(args: &Parse) -> Result<Vec<u8>> {
    match args.file.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => std::fs::read(path).with_context(|| format!("cannot read {}", path.display())),
        None => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            Ok(bytes)
        }
    }
}

fn looks_like_html(text: &str) -> bool {
    let head = text.trim_start().to_lowercase();
    ["<!doctype html", "<html", "<div", "<p>", "<table", "<body"].iter().any(|start| head.starts_with(start))
}

fn tell(reading: &Reading) {
    println!("{:?}", reading.notice);
    for window in &reading.windows {
        let end = window.end.map_or_else(|| "until restored".to_owned(), |end| end.to_rfc3339());
        let services = if window.services.is_empty() {
            String::new()
        } else {
            format!("  [{}]", window.services.join(", "))
        };
        println!("  {} -> {end}  {:?}{services}", window.start.to_rfc3339(), window.status);
        println!("    \"{}\"", window.evidence.excerpt.trim());
    }
    for rule in &reading.recurring {
        println!("  every: {}", rule.rrule);
    }
    if !reading.unaffected.is_empty() {
        println!("  stays up: {}", reading.unaffected.join(", "));
    }
    for doubt in &reading.doubts {
        println!("  doubt: {}", doubt.text);
    }
}
