//! Reads the platform's announcements while the watch lasts, and keeps what they announce.
#![allow(clippy::disallowed_methods, reason = "the front door waits and reads the clock")]

use super::board::{Board, unix};
use super::outlet::log;
use chrono::Utc;
use piaotan_client::announcements::{Notice, Source, joined};
use piaotan_client::ask::Record;
use piaotan_notices::Kind;
use piaotan_probes::Setting;
use piaotan_record::window::{self, Window};
use piaotan_record::{Nanos, Observation, Operation};
use piaotan_store::{NoticeRead, Store};
use std::collections::BTreeMap;
use std::time::Duration;

/// Asks every source now and then, for ever; `renew` makes the calendar anew when something was said.
pub async fn follow(setting: &Setting, board: &Board, every: Duration, renew: impl Fn()) {
    let Some(store) = setting.store.as_deref() else { return std::future::pending().await };
    let profile = setting.client.profile();
    let mut sources: Vec<Source> =
        profile.notices().iter().map(|place| Source::new(place.clone(), profile.zone())).collect();
    let mut known: BTreeMap<String, Window> = BTreeMap::new();
    loop {
        let mut changed = false;
        for source in &mut sources {
            changed |= source.poll(setting.client.pool(), setting.client.clock(), &Unrecorded).await;
        }
        tell(&sources, board);
        if changed && let Err(error) = keep(&sources, store, &mut known) {
            log(&error.to_string());
            board.lock().trouble(Utc::now(), &error.to_string());
        }
        if changed {
            renew();
        }
        tokio::time::sleep(every).await;
    }
}

/// Puts windows that are new or other than before into the register, and notices beside them.
fn keep(
    sources: &[Source],
    store: &Store,
    known: &mut BTreeMap<String, Window>,
) -> Result<(), piaotan_store::Error> {
    let now = Utc::now();
    let fresh: Vec<Window> =
        joined(sources).into_iter().filter(|window| known.get(&window.id) != Some(window)).collect();
    store.put_windows(&fresh, now)?;
    for window in &fresh {
        log(&format!("{} window {} from {} is announced", window.status, window.id, window.start));
    }
    known.extend(fresh.into_iter().map(|window| (window.id.clone(), window)));
    for notice in sources.iter().flat_map(|source| &source.notices).filter(|notice| !notice.title.is_empty())
    {
        store.notice(&read(notice, now))?;
    }
    Ok(())
}

fn read(notice: &Notice, now: chrono::DateTime<Utc>) -> NoticeRead {
    let kind = notice.reading.as_ref().map(|reading| reading.notice.to_string());
    let texts: Vec<&str> = notice.announced.iter().map(|told| told.text.as_str()).collect();
    NoticeRead {
        source: window::Source::Notice.to_string(),
        id: notice.title.clone(),
        published: None,
        first_read: now,
        last_read: now,
        title: notice.title.clone(),
        text: texts.join("\n"),
        reading: serde_json::json!({ "notice": kind }),
    }
}

fn tell(sources: &[Source], board: &Board) {
    let mut board = board.lock();
    for source in sources {
        let totals = board.sources.entry(window::Source::Notice).or_default();
        totals.up = source.trouble.is_none() && source.last_good.is_some();
        if totals.up {
            totals.last_read = Some(unix(Utc::now()));
        }
        let doubtful = |notice: &&Notice| {
            let planned =
                notice.reading.as_ref().is_some_and(|reading| reading.notice != Kind::NotMaintenance);
            planned && notice.announced.iter().any(|told| told.status == piaotan_notices::Status::Proposed)
        };
        totals.doubtful = source.notices.iter().filter(doubtful).count() as u64;
    }
}

/// Looking for announcements is no probe.
struct Unrecorded;

impl Record for Unrecorded {
    fn sent(&self, _operation: Operation, _due: Nanos) {}
    fn seen(&self, _observation: Observation) {}
    fn unsendable(&self, _operation: Operation, _reason: &str) {}
}
