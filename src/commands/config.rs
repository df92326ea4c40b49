//! `piaotan config`: check or show the configuration, or its schema.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the front door prints and reads the clock"
)]

use crate::config;
use crate::door::{Common, Format};
use crate::forge;
use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

/// Check or show the configuration.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan config check
  piaotan config check --config /etc/piaotan.toml
  piaotan config show                     every value, and whether file, environment or default set it
  piaotan config schema > piaotan.schema.json             for editors that complete and check")]
pub struct Config {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// Read the configuration as every verb would, and say what it comes to.
    Check,
    /// Show every value in effect and where it came from; secrets are masked.
    Show {
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Write the JSON Schema of piaotan.toml.
    Schema,
}

/// # Errors
/// One line that names the field and what to write instead.
pub fn run(args: &Config, common: &Common) -> Result<u8> {
    match args.what {
        What::Check => check(common),
        What::Show { format } => show(common, format),
        What::Schema => {
            let schema = config::schema::of::<config::Settings>("piaotan.toml");
            println!("{}", serde_json::to_string_pretty(&schema)?);
            Ok(0)
        }
    }
}

fn show(common: &Common, format: Format) -> Result<u8> {
    let named = common.config.as_deref();
    let settings = config::load(named)?;
    let file = config::file(named);
    let text = file.as_deref().map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    let all = config::show::effective(&settings, &text.parse()?, |name| std::env::var(name).ok())?;
    if format == Format::Json {
        let values = json!({"schema": 1, "kind": "config", "file": file, "values": all});
        println!("{}", serde_json::to_string_pretty(&values)?);
        return Ok(0);
    }
    let width = all.iter().map(|one| one.field.len()).max().unwrap_or(0);
    for one in &all {
        println!("{:width$}  {:11}  {}", one.field, one.from, one.value);
    }
    Ok(0)
}

fn check(common: &Common) -> Result<u8> {
    let settings = config::load(common.config.as_deref())?;
    let windows = settings.maintenance.windows(chrono::Utc::now())?;
    let profile = forge::profile(settings.target.profile.as_deref())?;
    let sources = settings.maintenance.sources(&profile)?;
    println!("the configuration is right");
    if settings.target.url.is_some() {
        let platform = forge::platform(&settings, None, None)?;
        println!("target    {} (profile {})", platform.url, platform.profile.name());
        match &platform.write {
            Ok(()) => println!("writes    allowed"),
            Err(why) => println!("writes    no: {why}"),
        }
    }
    println!("windows   {}", windows.len());
    for source in sources {
        println!("source    {} ({}) {}", source.name, source.kind, source.at_place());
    }
    Ok(0)
}
