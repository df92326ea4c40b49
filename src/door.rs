//! The command line: verbs, and what all of them understand.

use crate::commands;
use clap::{Args, Parser, Subcommand, ValueEnum};
use piaotan_client::profile::Language;
use piaotan_reports::Lang;
use std::path::PathBuf;

/// Maintenance-aware load tests and health probes for electronic-invoice platforms.
///
/// Puts synthetic invoices through a platform and tells apart what others mix up: slow, broken, in
/// maintenance, or merely not yet synchronised.
#[derive(Debug, Parser)]
#[command(name = "piaotan", version, propagate_version = true, disable_help_subcommand = true, after_help = AFTER)]
pub struct Door {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub verb: Verb,
}

const AFTER: &str =
    "Exit codes: 0 pass · 1 fail · 2 usage, input or disk · 3 inconclusive · 4 inconclusive: maintenance · \
5 refused target · 130/143 interrupted

Examples:
  piaotan demo                                        see all of it in a minute, nothing installed
  piaotan run steady_day --target http://127.0.0.1:8080
  piaotan check --target http://127.0.0.1:8080
  piaotan watch --target http://127.0.0.1:8080        then open http://127.0.0.1:9465/
  piaotan gate steady_day --baseline http://127.0.0.1:8080 --candidate http://127.0.0.1:8081
  piaotan report runs/steady_day-20261124-101500
  piaotan windows parse notice.txt --published 2026-11-20";

/// Options of every verb.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Configuration file [default: ./piaotan.toml where there is one].
    #[arg(long, global = true, env = "PIAOTAN_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Language of everything that people read [default: from the locale].
    #[arg(long, global = true, env = "PIAOTAN_LANG", value_enum)]
    pub lang: Option<Tongue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tongue {
    Zh,
    En,
}

/// What a verb answers on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// See the whole story in about a minute: a window, a pause, a slower synchronisation, a report.
    Demo(commands::demo::Demo),
    /// Run the reference invoice platform, with weather whose truth is known.
    Platform(commands::platform::Platform),
    /// Run a scenario against a platform: a load test.
    Run(commands::run::Run),
    /// Find the highest rate that a platform carries under an objective.
    Capacity(commands::capacity::Capacity),
    /// Run health probes once: for cron, CI, and to see whether everything is set up right.
    Check(commands::check::Check),
    /// Watch a platform day and night: probes at their slots, metrics, status page, alerts that know windows.
    Watch(commands::watch::Watch),
    /// Find out why an invoice cannot be found: the cause, the evidence, what to do.
    Trace(commands::trace::Trace),
    /// Void every synthetic invoice that the ledger knows.
    Cleanup(commands::cleanup::Cleanup),
    /// Judge a candidate against a baseline: slower, later, or less reliable?
    Gate(commands::gate::Gate),
    /// Draw the report of a run again, with what is known of windows now.
    Report(commands::report::Report),
    /// Join the segments of a run, pressed by several machines, into one folder.
    Merge(commands::merge::Merge),
    /// Estimate sync delays from a CSV of anybody's invoices.
    Sync(commands::sync::Sync),
    /// Find change points in a series of results.
    History(commands::history::History),
    /// Maintenance windows: what a notice announces.
    Windows(commands::windows::Windows),
    /// Profiles of platforms: check one, try one request, see what there is.
    Profile(commands::profile::ProfileVerb),
    /// Write dashboards for Grafana, and rules for Prometheus.
    Grafana(commands::grafana::Grafana),
    /// Check or show the configuration.
    Config(commands::config::Config),
    /// Write shell completions.
    Completions(commands::completions::Completions),
    /// Write the manual pages.
    Man(commands::man::Man),
}

impl Common {
    /// The language asked for, or that of the locale.
    #[must_use]
    pub fn lang(&self) -> Lang {
        match self.lang {
            Some(Tongue::Zh) => Lang::Zh,
            Some(Tongue::En) => Lang::En,
            None => locale(),
        }
    }

    /// The same, for the platform's answers.
    #[must_use]
    pub fn language(&self) -> Language {
        if self.lang() == Lang::Zh { Language::Zh } else { Language::En }
    }
}

fn locale() -> Lang {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    if set.is_some_and(|value| value.to_lowercase().starts_with("zh")) { Lang::Zh } else { Lang::En }
}
