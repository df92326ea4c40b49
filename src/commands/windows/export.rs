//! `windows export`: windows for calendars and for an Alertmanager.
#![allow(clippy::print_stdout, reason = "answers on standard output")]
#![allow(clippy::disallowed_methods, reason = "exports what is known now")]

use super::{Kept, list};
use crate::probing;
use anyhow::{Result, anyhow, bail};
use chrono::Utc;
use clap::{Args, ValueEnum};
use piaotan_record::Window;
use piaotan_record::window::{Source, Status};
use piaotan_reports::Lang;
use piaotan_reports::windows::{Matcher, ical, mute_times, silences};
use serde_json::json;

/// Write windows for other programs, on standard output.
#[derive(Debug, Args)]
pub struct Export {
    /// In which form.
    #[arg(long = "as", value_enum, default_value_t = As::Ical)]
    pub form: As,
    /// From when on [default: now].
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Until when [default: 31 days after --from or now, whichever is later].
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Which alerts silences are for, such as job=invoices or service=~"upload|login"; may be given again.
    #[arg(long, value_name = "LABEL=VALUE")]
    pub matcher: Vec<String>,
    /// Name of the time interval of --as mute-times.
    #[arg(long, default_value = "maintenance")]
    pub name: String,
    /// Also windows that are only proposed, in silences and mute times.
    #[arg(long)]
    pub proposed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum As {
    /// A calendar, for people's calendars and for other programs.
    Ical,
    /// What `windows list --format json` answers, of the time to come.
    Json,
    /// Silences, for `amtool silence import` or the API of an Alertmanager.
    Silences,
    /// A time interval for `mute_time_intervals` of an Alertmanager.
    MuteTimes,
}

pub(super) fn run(args: &Export, kept: &Kept, lang: Lang) -> Result<u8> {
    let now = Utc::now();
    let (from, to) = list::stretch(args.from.as_deref(), args.to.as_deref(), now, kept)?;
    let calendar = probing::calendar(&kept.settings, &kept.store, now)?;
    let windows = list::between(&calendar, from, to);
    let muting = || -> Vec<Window> {
        let counts = |window: &&&Window| {
            let believed =
                window.status == Status::Confirmed || (args.proposed && window.status == Status::Proposed);
            // What came from silences is silenced already; what was merely seen is to wake people.
            believed && !matches!(window.source, Source::Silence | Source::Observed)
        };
        windows.iter().filter(counts).map(|window| (*window).clone()).collect()
    };
    match args.form {
        As::Ical => {
            let all: Vec<Window> = windows.iter().map(|window| (*window).clone()).collect();
            print!("{}", ical(&all, now, lang));
        }
        As::Json => {
            let each: Vec<_> = windows.iter().map(|window| list::one(window, &calendar, now)).collect();
            let answer = json!({
                "schema": 1, "kind": "windows", "at": now.to_rfc3339(), "from": from.to_rfc3339(),
                "to": to.to_rfc3339(), "windows": each, "sources": kept.sources_as_json(now),
            });
            println!("{answer}");
        }
        As::Silences => {
            if args.matcher.is_empty() {
                bail!(
                    "--matcher: say which alerts, such as --matcher job=invoices; without, everything would be silent"
                );
            }
            let matchers: Result<Vec<Matcher>, String> =
                args.matcher.iter().map(|text| text.parse()).collect();
            let matchers = matchers.map_err(|why| anyhow!("--matcher {why}"))?;
            println!("{}", serde_json::to_string_pretty(&silences(&muting(), &matchers))?);
        }
        As::MuteTimes => print!("{}", mute_times(&muting(), &args.name, kept.zone)),
    }
    Ok(0)
}
