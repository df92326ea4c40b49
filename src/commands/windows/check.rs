//! `windows check`: may something be done now, or then? For CI, before a deployment or a load test.
#![allow(clippy::print_stdout, reason = "answers on standard output")]
#![allow(clippy::disallowed_methods, reason = "asks as of now")]

use super::{Kept, list, time};
use crate::announced::Heard;
use crate::door::Format;
use crate::exit;
use crate::probing;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use piaotan_record::Window;
use piaotan_record::calendar::{Calendar, Phase, PhaseName};
use piaotan_record::window::{Service, Status};
use piaotan_reports::Lang;
use piaotan_reports::windows::{length, moment};
use serde_json::{Value, json};

/// Exit 0 when no window is open or near, 4 when one is: to be asked before a deployment.
#[derive(Debug, Args)]
pub struct Check {
    /// When [default: now]: `2026-12-01 22:00` in the zone, or with an offset.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Of one service only: login, upload, query, verify, issue, notices.
    #[arg(long, value_name = "SERVICE", default_value = "all")]
    pub service: Service,
    /// How long that which is to be done takes, such as 45m.
    #[arg(long = "for", value_name = "LENGTH")]
    pub length: Option<String>,
    /// A window that begins this soon after is near.
    #[arg(long, value_name = "LENGTH", default_value = "30m")]
    pub margin: String,
    /// Exit 3 when a source of announcements could not be read: windows may be missing.
    #[arg(long)]
    pub strict: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// What was asked, and what was found.
struct Found<'a> {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    phase: PhaseName,
    /// In force within the stretch, then those that are near.
    inside: Vec<&'a Window>,
    near: Vec<&'a Window>,
}

pub(super) fn run(args: &Check, kept: &Kept, lang: Lang) -> Result<u8> {
    let now = Utc::now();
    let from = args.at.as_deref().map(|at| time::instant("--at", at, kept.zone)).transpose()?.unwrap_or(now);
    let long = args.length.as_deref().map(|text| time::length("--for", text)).transpose()?;
    let margin = if args.margin == "0" { TimeDelta::zero() } else { time::length("--margin", &args.margin)? };
    let calendar = probing::calendar(&kept.settings, &kept.store, now)?;
    let found = look(&calendar, args.service, from, from + long.unwrap_or_default(), margin);
    let unread = kept.sources().any(|heard| heard.trouble(now).is_some());
    let code = match () {
        () if !found.inside.is_empty() || !found.near.is_empty() => exit::MAINTENANCE,
        () if args.strict && unread => exit::INCONCLUSIVE,
        () => 0,
    };
    match args.format {
        Format::Json => println!("{}", as_json(&found, args, &calendar, kept, code, now)),
        Format::Human => println!("{}", told(&found, kept, lang, unread)),
    }
    Ok(code)
}

fn look(
    calendar: &Calendar,
    service: Service,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    margin: TimeDelta,
) -> Found<'_> {
    // A moment is a stretch too: half-open windows are asked for with one that is not empty.
    let inside = calendar.overlapping(from, to.max(from + TimeDelta::milliseconds(1)), service);
    let phase = calendar.phase_at(from, service);
    let soon = |window: &&Window| {
        let touches = window.status != Status::Cancelled && window.services.contains(service);
        touches && window.start >= to && window.start - to <= margin
    };
    let recovering = matches!(phase, Phase::Recovering(_)).then(|| phase.window()).flatten();
    let near = recovering.into_iter().chain(calendar.windows().iter().filter(soon));
    let near = near.filter(|window| inside.iter().all(|other| other.id != window.id)).collect();
    Found { from, to, phase: phase.name(), inside, near }
}

fn as_json(
    found: &Found<'_>,
    args: &Check,
    calendar: &Calendar,
    kept: &Kept,
    code: u8,
    now: DateTime<Utc>,
) -> Value {
    let shown = |windows: &[&Window]| -> Vec<Value> {
        windows.iter().map(|window| list::one(window, calendar, now)).collect()
    };
    json!({
        "schema": 1, "kind": "windows_check", "verdict": if code == 0 { "pass" } else { "inconclusive" },
        "exit": code, "from": found.from.to_rfc3339(), "to": found.to.to_rfc3339(),
        "service": args.service.as_str(), "phase": found.phase.as_str(), "inside": shown(&found.inside),
        "near": shown(&found.near), "sources": kept.sources_as_json(now),
    })
}

fn told(found: &Found<'_>, kept: &Kept, lang: Lang, unread: bool) -> String {
    let span = |window: &Window| {
        let until = || lang.of("恢复为止", "until restored").to_owned();
        let end = window.end.map_or_else(until, |end| moment(end, kept.zone));
        let doubt =
            if window.status == Status::Proposed { lang.of("（待确认）", " (proposed)") } else { "" };
        format!("{} {} → {end}{doubt}", window.id, moment(window.start, kept.zone))
    };
    if let Some(window) = found.inside.first() {
        return format!("{}{}", lang.of("维护窗口之内：", "inside a window: "), span(window));
    }
    if let Some(window) = found.near.first() {
        let wait = length(window.start - found.to, lang);
        let (before, after) = match found.phase {
            PhaseName::Recovering => (lang.of("维护刚结束：", "just after a window: "), ""),
            _ => (lang.of("维护窗口将在 {0} 后开始：", "a window begins in {0}: "), wait.as_str()),
        };
        return before.replace("{0}", after) + &span(window);
    }
    match unread {
        true => lang
            .of(
                "没有已知的维护窗口，但有公告来源读不到",
                "no window is known, but a source could not be read",
            )
            .to_owned(),
        false => lang.of("不在维护窗口内，临近也没有", "no window is open or near").to_owned(),
    }
}

impl Kept {
    fn sources(&self) -> impl Iterator<Item = &Heard> {
        self.sources.iter().flat_map(crate::announced::Sources::iter)
    }
}
