//! Where delays come from: a file line by line, or the ledger row by row.
#![allow(clippy::disallowed_methods, reason = "`--last` counts back from now")]

use super::Sync;
use crate::door::Common;
use crate::{config, probing};
use anyhow::{Context as _, Result, anyhow};
use chrono::{TimeDelta, Utc};
use piaotan_analysis::sync::{Assumption, Delay, Excluded, Fault, Reader, Span, Table, read};
use piaotan_probes::live::delays;
use piaotan_record::calendar::{Calendar, CalendarOptions};
use piaotan_record::window::Status;
use piaotan_store::{Store, Which};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// Delays, whence they are, and the windows that are known of their time.
pub struct Given {
    pub table: Table,
    pub origin: String,
    pub windows: Vec<Span>,
}

/// Reads a CSV.
///
/// # Errors
/// One line that names the row and what to write instead.
pub fn of_file(path: &Path) -> Result<Given> {
    let origin = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read {origin}"))?;
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    let mut reader = Reader::new(&line).map_err(|e| anyhow!("{origin}: {e}"))?;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        reader.line(line.trim_ascii_end()).map_err(|e| anyhow!("{origin}: {e}"))?;
    }
    let table = reader.finish().map_err(|e| anyhow!("{origin}: {e}"))?;
    Ok(Given { table, origin, windows: Vec::new() })
}

/// Reads one surface of the ledger, with the windows that the store and the configuration know.
///
/// # Errors
/// One line that names the flag.
pub fn of_ledger(path: &Path, args: &Sync, common: &Common) -> Result<Given> {
    let settings = config::load(common.config.as_deref())?;
    let named = probing::place(Some(path), &settings)?;
    let origin = format!("--store {named}");
    if !named.exists() {
        return Err(anyhow!("{origin}: no such file; name the store of a watch"));
    }
    let store = Store::at(&named).map_err(|e| anyhow!("{origin}: {e}"))?;
    let now = Utc::now();
    let since = args.last.map(|last| now - TimeDelta::from_std(last.0).unwrap_or(TimeDelta::MAX / 4));
    let target = settings.target.named();
    let which = Which { region: Some(&args.region), since, target, ..Which::default() };
    let (mut found, mut excluded) = (Vec::<Delay>::new(), Excluded::default());
    store
        .each_sample(args.surface, which, |sample| match delays::looked(&sample).delay() {
            Ok(delay) => found.push(delay),
            Err(Fault::LostAfterSeen) => excluded.lost_after_seen += 1,
            Err(Fault::SeenBeforeUpload | Fault::NotFinite) => excluded.seen_before_upload += 1,
        })
        .map_err(|e| anyhow!("{origin}: {e}"))?;
    if found.is_empty() {
        let known =
            store.surfaces_known(chrono::DateTime::UNIX_EPOCH).map_err(|e| anyhow!("{origin}: {e}"))?;
        return Err(anyhow!("{origin} holds no invoice on `{}`; {}", place(args), offered(&known)));
    }
    found.sort_by(|a, b| a.uploaded.total_cmp(&b.uploaded));
    let calendar = Calendar::new(&probing::register(&settings, &store, now)?, CalendarOptions::default());
    let known = calendar.windows().iter().filter(|w| w.status != Status::Cancelled && !w.writes_only());
    let windows = known.map(|w| (delays::seconds(w.start), delays::seconds(w.end.unwrap_or(now))));
    let windows = windows.filter(|(start, end)| start < end).collect();
    Ok(Given {
        table: Table { groups: vec![(String::new(), found)], excluded, assumed: Vec::new() },
        origin,
        windows,
    })
}

fn place(args: &Sync) -> String {
    let region = if args.region.is_empty() { String::new() } else { format!(":{}", args.region) };
    format!("{}{region}", args.surface)
}

/// What may be asked for instead.
fn offered(known: &[(piaotan_record::Surface, String)]) -> String {
    let flags = |(surface, region): &(piaotan_record::Surface, String)| match region.as_str() {
        "" => format!("--surface {surface}"),
        region => format!("--surface {surface} --region {region}"),
    };
    match known {
        [] => "it follows none yet".to_owned(),
        some => format!("it has {}", some.iter().map(flags).collect::<Vec<_>>().join(", ")),
    }
}

/// Reads `START/END`, each RFC 3339 or seconds.
///
/// # Errors
/// One line that says what to write instead.
pub fn window(text: &str) -> Result<Span> {
    let wrong = || {
        anyhow!(
            "--window: `{text}` is no stretch of time; write START/END, each as in the file, as \
             2026-11-21T22:00:00+08:00/2026-11-22T02:00:00+08:00"
        )
    };
    let (start, end) = text.split_once('/').ok_or_else(wrong)?;
    let span = (read::time(start).ok_or_else(wrong)?, read::time(end).ok_or_else(wrong)?);
    if span.0 < span.1 { Ok(span) } else { Err(anyhow!("--window: `{text}` ends before it begins")) }
}

/// What had to be assumed, for people.
pub const fn assumed(assumption: Assumption, zh: bool) -> &'static str {
    match (assumption, zh) {
        (Assumption::FirstSeenIsExact, true) => "没有 last_not_seen：把 first_seen 当作可见的时刻",
        (Assumption::FirstSeenIsExact, false) => {
            "no row found has a last_not_seen: first_seen is taken as the moment of visibility"
        }
        (Assumption::WatchedUntilLastInstant, true) => "没有 last_not_seen：未见者视为一直查到最后时刻",
        (Assumption::WatchedUntilLastInstant, false) => {
            "no row has a last_not_seen: those never seen are taken as watched until the last instant"
        }
    }
}
