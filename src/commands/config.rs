//! `piaotan config`: check or show the configuration.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the front door prints and reads the clock"
)]

use crate::config;
use crate::door::Common;
use crate::forge;
use anyhow::Result;
use clap::{Args, Subcommand};

/// Check or show the configuration.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan config check
  piaotan config check --config /etc/piaotan.toml")]
pub struct Config {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// Read the configuration as every verb would, and say what it comes to.
    Check,
}

/// # Errors
/// One line that names the field and what to write instead.
pub fn run(args: &Config, common: &Common) -> Result<u8> {
    match args.what {
        What::Check => check(common),
    }
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
