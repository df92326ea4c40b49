//! `piaotan grafana`: dashboards and rules, from the catalogue that the exporter uses too.
#![allow(clippy::print_stdout, reason = "answers on standard output")]

use crate::door::Common;
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use piaotan_record::Span;
use piaotan_reports::grafana::dashboards;
use piaotan_reports::rules::{Promise, rules};
use std::path::PathBuf;

/// Dashboards for Grafana, rules for Prometheus.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan grafana dashboards --out /var/lib/grafana/dashboards --lang zh
  piaotan grafana rules --objective 0.999 > /etc/prometheus/piaotan.rules.yml")]
pub struct Grafana {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// Write the dashboards, one JSON file each.
    Dashboards(Dashboards),
    /// Write recording and alerting rules to standard output.
    Rules(Rules),
}

/// Platform health, maintenance and week, load test, sync delay, capacity.
#[derive(Debug, Args)]
pub struct Dashboards {
    /// Folder that they are written into.
    #[arg(long, value_name = "DIR", default_value = "dashboards")]
    pub out: PathBuf,
}

/// The rules of a promise.
#[derive(Debug, Args)]
pub struct Rules {
    /// Share of good answers that is promised, above 0 and below 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.995)]
    pub objective: f64,
    /// Time within which an invoice is promised to be visible.
    #[arg(long, value_name = "TIME", default_value = "1d")]
    pub visible_within: Span,
}

/// # Errors
/// One line that names the flag.
pub fn run(args: &Grafana, common: &Common) -> Result<u8> {
    match &args.what {
        What::Dashboards(args) => {
            let named = || format!("--out {}", args.out.display());
            std::fs::create_dir_all(&args.out).with_context(named)?;
            for board in dashboards(common.lang()) {
                let path = args.out.join(format!("{}.json", board.uid));
                std::fs::write(&path, board.json()).with_context(named)?;
                println!("{}  {}", path.display(), board.title);
            }
        }
        What::Rules(args) => {
            if !(args.objective > 0.0 && args.objective < 1.0) {
                bail!("--objective {} is no share; write one such as 0.995", args.objective);
            }
            let visible_within = args.visible_within.0.as_secs_f64();
            print!("{}", rules(&Promise { objective: args.objective, visible_within, lang: common.lang() }));
        }
    }
    Ok(0)
}
