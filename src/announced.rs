//! What sources say of maintenance, asked and kept in the store: for the watch, `check` and `windows`.
//!
//! A source that fails keeps what it said last, and grows old. Windows that a complete list no longer
//! holds were withdrawn; notices merely leave their page.
#![allow(clippy::disallowed_methods, reason = "the front door reads the clock")]

use crate::config::Settings;
use crate::forge;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use piaotan_client::announcements::{Kept, Notice, Source, Unrecorded, union};
use piaotan_client::clock::Clock;
use piaotan_client::profile::Profile;
use piaotan_client::target::Endpoint;
use piaotan_client::transport::{Pool, PoolOptions};
use piaotan_record::calendar::{Change, Correction};
use piaotan_record::window::{self, Status, Window};
use piaotan_store::{NoticeRead, Store};
use serde_json::{Value, json};
use std::mem::discriminant;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// All sources, with what they said before.
#[derive(Debug)]
pub struct Sources(Vec<Heard>);

/// One source as it stands.
#[derive(Debug)]
pub struct Heard {
    pub source: Source,
    /// What could not be read in its last good answer, or fits nothing that is known.
    pub doubts: Vec<String>,
    /// Its windows as they stand in the store.
    before: Vec<Window>,
    next: DateTime<Utc>,
    /// How it stood when people were last told.
    told: Option<String>,
}

impl Sources {
    /// Those of the configuration, beginning with what the store remembers of them.
    ///
    /// # Errors
    /// One line, when the configuration or the store cannot be read.
    pub fn open(settings: &Settings, profile: &Profile, store: &Store) -> Result<Self> {
        let recalled = settings.maintenance.sources(profile)?.into_iter().map(|source| {
            // What cannot be recalled is asked anew: an older program may have kept it otherwise.
            let kept: Kept = store.recall(&key(&source)).ok().flatten().unwrap_or_default();
            let before = kept.windows.clone();
            let next = DateTime::UNIX_EPOCH;
            Heard { source: source.with_kept(kept), doubts: Vec::new(), before, next, told: None }
        });
        Ok(Self(recalled.collect()))
    }

    /// Leaves out the platform's own pages, where there is no platform to ask.
    #[must_use]
    pub fn without_platform(mut self) -> Self {
        self.0.retain(|heard| !heard.source.is_of_platform());
        self
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Heard> {
        self.0.iter()
    }

    /// When the next one is to be asked.
    #[must_use]
    pub fn next(&self) -> Option<DateTime<Utc>> {
        self.0.iter().map(|heard| heard.next).min()
    }

    /// Asks all that are due, side by side; says whether anything new was read.
    pub async fn ask(&mut self, pool: Option<&Pool>, clock: Clock) -> bool {
        let now = clock.wall();
        let due = self.0.iter_mut().filter(|heard| heard.next <= now);
        let asked = due.map(|heard| async move {
            heard.next = now + heard.source.every;
            heard.source.poll_by(pool, clock, &Unrecorded).await
        });
        futures_util::future::join_all(asked).await.contains(&true)
    }

    /// Puts what is new or other than before into the store; says each change in a line.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn keep(&mut self, store: &Store, now: DateTime<Utc>) -> Result<Vec<String>, piaotan_store::Error> {
        let mut lines = Vec::new();
        let said: Vec<(Vec<Window>, Vec<String>)> = self.0.iter().map(|heard| heard.source.told()).collect();
        let known = store.register(now - super::probing::MEMORY)?;
        let mut fresh = Vec::new();
        for window in union(said.iter().flat_map(|(windows, _)| windows.iter().cloned())) {
            if known.windows.iter().all(|old| *old != window) {
                lines.push(format!(
                    "{} window {} from {} is announced",
                    window.status, window.id, window.start
                ));
                fresh.push(window);
            }
        }
        for (heard, (windows, _)) in self.0.iter().zip(&said) {
            for withdrawn in heard.withdrawn(windows, &known.windows, now) {
                lines.push(format!("window {} was withdrawn by {}", withdrawn.id, heard.source.name));
                fresh.push(withdrawn);
            }
        }
        store.put_windows(&fresh, now)?;
        let all = store.register(now - super::probing::MEMORY)?;
        for (heard, (windows, doubts)) in self.0.iter_mut().zip(said) {
            let (corrections, unreferred) = heard.source.corrections(&all.windows);
            for correction in corrections.iter().filter(|one| is_new(one, &all.corrections)) {
                lines.push(format!("window {} is corrected by {}", correction.window, correction.by));
                store.correct(correction)?;
            }
            for notice in heard.source.notices.iter().filter(|notice| !notice.title.is_empty()) {
                store.notice(&read(notice, now))?;
            }
            let kept = Kept { windows: windows.clone(), corrections, last_good: heard.source.last_good };
            store.remember(&key(&heard.source), &kept, now)?;
            heard.before = windows;
            heard.doubts = doubts.into_iter().chain(unreferred).collect();
        }
        Ok(lines)
    }

    /// What is wrong with sources, where it was not told before: it failed, it is old, or well again.
    pub fn news(&mut self, now: DateTime<Utc>) -> Vec<String> {
        let mut news = Vec::new();
        for heard in &mut self.0 {
            let trouble = heard.trouble(now);
            match (&heard.told, &trouble) {
                (before, Some(why)) if before.as_ref() != Some(why) => {
                    news.push(format!("source {}: {why}", heard.source.name));
                }
                (Some(_), None) => news.push(format!("source {}: read again", heard.source.name)),
                _ => {}
            }
            heard.told = trouble;
        }
        news
    }
}

impl Heard {
    /// Why what it says should not be relied on now, in one line.
    #[must_use]
    pub fn trouble(&self, now: DateTime<Utc>) -> Option<String> {
        let source = &self.source;
        let good = source.last_good.map_or("never read".to_owned(), |good| {
            format!("last read {} UTC", good.format("%Y-%m-%d %H:%M"))
        });
        match &source.trouble {
            Some(why) => Some(format!("{why}; {good}")),
            None if source.is_stale(now) => Some(format!("{}: {good}", source.at_place())),
            None => None,
        }
    }

    #[must_use]
    pub fn as_json(&self, now: DateTime<Utc>) -> Value {
        let source = &self.source;
        json!({
            "name": source.name, "kind": source.kind.as_str(), "place": source.at_place(),
            "read": source.last_good.map(|good| good.to_rfc3339()), "up": source.trouble.is_none(),
            "stale": source.is_stale(now), "trouble": self.trouble(now), "doubts": self.doubts,
        })
    }

    /// What it listed before and no longer does, as it stands from now on.
    fn withdrawn(&self, windows: &[Window], known: &[Window], now: DateTime<Utc>) -> Vec<Window> {
        if !self.source.is_complete() {
            return Vec::new();
        }
        let gone = self.before.iter().filter(|old| windows.iter().all(|window| window.id != old.id));
        // A window of the same stretch and services stands in the store by the name that came first.
        let stored = gone.filter_map(|old| known.iter().find(|known| known.id == old.id));
        let over = stored.filter(|old| old.status != Status::Cancelled && old.held_until() > now);
        over.map(|old| match old.start < now {
            true => Window { end: Some(now), ..old.clone() },
            false => Window { status: Status::Cancelled, ..old.clone() },
        })
        .collect()
    }
}

/// Notices are read again and again: the same change for the same reason is made once.
fn is_new(correction: &Correction, known: &[Correction]) -> bool {
    let same = |old: &Correction| {
        // Without a date of publication an early end is dated by the reading, which differs each time.
        let change = old.change == correction.change
            || (matches!(old.change, Change::Shorten { .. })
                && discriminant(&old.change) == discriminant(&correction.change));
        old.window == correction.window && old.by == correction.by && change
    };
    !known.iter().any(same)
}

fn key(source: &Source) -> String {
    // The platform's own pages share a name.
    format!("source {} {}", source.name, source.at_place())
}

fn read(notice: &Notice, now: DateTime<Utc>) -> NoticeRead {
    let kind = notice.reading.as_ref().map(|reading| reading.notice.to_string());
    let texts: Vec<&str> = notice.announced.iter().map(|told| told.text.as_str()).collect();
    NoticeRead {
        source: window::Source::Notice.to_string(),
        id: notice.title.clone(),
        published: notice.published,
        first_read: now,
        last_read: now,
        title: notice.title.clone(),
        text: texts.join("\n"),
        reading: json!({ "notice": kind }),
    }
}

/// Asks all sources once and keeps what they say: for verbs that end soon. What is wrong is for the
/// caller to tell.
///
/// # Errors
/// One line, when the configuration is wrong or the store cannot be used.
pub fn ask_once(settings: &Settings, profile: &Profile, store: &Store) -> Result<Sources> {
    let mut sources = Sources::open(settings, profile, store)?;
    let clock = Clock::start();
    let pool = match settings.target.url.as_deref() {
        Some(url) => Some(platform(url, settings.target.ca_file.as_deref(), clock)?),
        None => None,
    };
    if pool.is_none() {
        sources = sources.without_platform();
    }
    if sources.is_empty() {
        return Ok(sources);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(sources.ask(pool.as_deref(), clock));
    sources.keep(store, clock.wall()).with_context(|| format!("--store {}", store.path()))?;
    Ok(sources)
}

/// Connections to a platform whose notices alone are asked for: no account, no secrets.
fn platform(url: &str, ca_file: Option<&Path>, clock: Clock) -> Result<Arc<Pool>> {
    let endpoint = Endpoint::parse(url).map_err(|e| anyhow::anyhow!("[target] url: {e}"))?;
    let dialer = forge::dialer(&endpoint, ca_file)?;
    let options = PoolOptions { connections: 2, timeout: Duration::from_secs(15), ..PoolOptions::default() };
    Ok(Pool::new(endpoint, dialer, clock, options))
}
