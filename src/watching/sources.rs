//! Reads announcements while the watch lasts, and shows how their sources fare.
#![allow(clippy::disallowed_methods, reason = "the front door waits and reads the clock")]

use super::board::{Board, unix};
use super::outlet::{log, trouble};
use crate::announced::Sources;
use chrono::Utc;
use piaotan_client::announcements::Notice;
use piaotan_notices::Kind;
use piaotan_probes::Setting;
use piaotan_record::window::Source as From;
use piaotan_reports::metrics::SourceTotals;
use piaotan_store::{RegisterMark, Store};
use std::collections::BTreeMap;
use std::time::Duration;

/// At least so often it is looked which source is due.
const LOOK: Duration = Duration::from_secs(60);
/// So often it is looked whether somebody else wrote to the store of windows: a person who corrects one
/// expects it to be so.
const CORRECTED: Duration = Duration::from_secs(1);

/// Asks every source at its own pace, for ever; `renew` makes the calendar anew when a source or a person
/// said something.
pub async fn follow(setting: &Setting, board: &Board, mut sources: Sources, renew: impl Fn()) {
    let Some(store) = setting.store.as_deref() else { return std::future::pending().await };
    // Unknown at first: what was written while the calendar was made is not missed.
    let mut known = None;
    loop {
        let changed = sources.ask(Some(setting.client.pool()), setting.client.clock()).await;
        let now = Utc::now();
        if changed {
            match sources.keep(store, now) {
                Ok(lines) => lines.iter().for_each(|line| log(line)),
                Err(error) => trouble(board, &error.to_string()),
            }
            renew();
        }
        sources.news(now).iter().for_each(|line| trouble(board, line));
        tell(&sources, board);
        let wait = sources.next().map_or(LOOK, |next| (next - setting.wall()).to_std().unwrap_or_default());
        let _ = tokio::time::timeout(wait.min(LOOK), heed(store, &mut known, &renew)).await;
    }
}

/// Takes up what `piaotan windows` writes meanwhile. A store that cannot be read now is told of by those
/// who write to it.
async fn heed(store: &Store, known: &mut Option<RegisterMark>, renew: &impl Fn()) {
    loop {
        tokio::time::sleep(CORRECTED).await;
        let mark = store.register_mark().ok();
        if mark.is_some() && mark != *known {
            *known = mark;
            renew();
        }
    }
}

/// Several sources of one kind share a label: it is as bad as the worst of them.
fn tell(sources: &Sources, board: &Board) {
    let mut by_kind: BTreeMap<From, SourceTotals> = BTreeMap::new();
    for heard in sources.iter() {
        let source = &heard.source;
        let up = source.trouble.is_none() && source.last_good.is_some();
        // One that was never read has no age; the label is absent then, and `up` says 0.
        let read = source.last_good.map(unix);
        let doubtful =
            heard.doubts.len() + source.notices.iter().filter(|notice| is_doubtful(notice)).count();
        by_kind
            .entry(source.kind.of_window())
            .and_modify(|totals| {
                totals.up &= up;
                totals.last_read = totals.last_read.zip(read).map(|(a, b)| a.min(b));
                totals.doubtful += doubtful as u64;
            })
            .or_insert(SourceTotals { up, last_read: read, doubtful: doubtful as u64 });
    }
    board.lock().sources = by_kind;
}

fn is_doubtful(notice: &Notice) -> bool {
    let planned = notice.reading.as_ref().is_some_and(|reading| reading.notice != Kind::NotMaintenance);
    planned && notice.announced.iter().any(|told| told.status == piaotan_notices::Status::Proposed)
}
