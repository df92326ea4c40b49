//! `windows next`: what is open, and what comes.
#![allow(clippy::print_stdout, reason = "answers on standard output")]
#![allow(clippy::disallowed_methods, reason = "asks as of now")]

use super::{Kept, list};
use crate::door::Format;
use crate::probing;
use anyhow::Result;
use chrono::Utc;
use clap::Args;
use piaotan_record::Window;
use piaotan_record::calendar::Phase;
use piaotan_record::window::Service;
use piaotan_reports::Lang;
use piaotan_reports::windows::{Row, length, table};
use serde_json::json;

/// Say which window is open and which comes next.
#[derive(Debug, Args)]
pub struct Next {
    /// Of one service only: login, upload, query, verify, issue, notices.
    #[arg(long, value_name = "SERVICE", default_value = "all")]
    pub service: Service,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

pub(super) fn run(args: &Next, kept: &Kept, lang: Lang) -> Result<u8> {
    let now = Utc::now();
    let calendar = probing::calendar(&kept.settings, &kept.store, now)?;
    let phase = calendar.phase_at(now, args.service);
    let open = phase.window().filter(|_| !matches!(phase, Phase::Approaching(_)));
    let next = calendar.next(now, args.service);
    if args.format == Format::Json {
        let shown = |window: Option<&Window>| window.map(|window| list::one(window, &calendar, now));
        let wait = next.map(|window| (window.start - now).as_seconds_f64());
        let answer = json!({
            "schema": 1, "kind": "windows_next", "at": now.to_rfc3339(), "service": args.service.as_str(),
            "phase": phase.name().as_str(), "open": shown(open), "next": shown(next), "seconds": wait,
            "sources": kept.sources_as_json(now),
        });
        println!("{answer}");
        return Ok(0);
    }
    let row = |window| Row { window, standing: calendar.standing(window, now) };
    let rows: Vec<Row<'_>> = open.into_iter().chain(next).map(row).collect();
    if rows.is_empty() {
        println!("{}", lang.of("没有已知的维护窗口", "no windows are known"));
        return Ok(0);
    }
    print!("{}", table(&rows, kept.zone, lang));
    if let Some(next) = next {
        let wait = length(next.start - now, lang);
        println!("{}", lang.of("距下一次还有 {0}", "the next one begins in {0}").replace("{0}", &wait));
    }
    Ok(0)
}
