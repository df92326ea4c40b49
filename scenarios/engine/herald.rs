//! Asks every source of announcements at its own pace, beside the lookout, which must not wait for them.

use super::recorder::{Local, Recording as _};
use super::stop::{Stop, Urgency};
use piaotan_client::announcements::{Source, union};
use piaotan_client::ask::Client;
use piaotan_record::Window;
use piaotan_record::calendar::{Correction, Register};
use piaotan_record::folder::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// What all sources say now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    pub windows: Vec<Window>,
    pub corrections: Vec<Correction>,
}

impl Told {
    /// Adds it to what is known besides; a window that is told anew stands instead of the earlier one.
    pub fn put_into(&self, register: &mut Register) {
        register.windows.retain(|known| self.windows.iter().all(|told| told.id != known.id));
        register.windows.extend(self.windows.iter().cloned());
        let new = |correction: &&Correction| !register.corrections.contains(*correction);
        let corrections: Vec<Correction> = self.corrections.iter().filter(new).cloned().collect();
        register.corrections.extend(corrections);
    }
}

/// Everything that the sources say; notices may speak of windows that are `known` besides.
#[must_use]
pub fn told(sources: &[Source], known: &[Window]) -> Told {
    let windows = union(sources.iter().flat_map(Source::windows));
    let all: Vec<Window> = windows.iter().chain(known).cloned().collect();
    let corrections = sources.iter().flat_map(|source| source.corrections(&all).0).collect();
    Told { windows, corrections }
}

/// Asks, and tells what is new, until the run is over. What goes wrong with a source is told once.
pub async fn follow(
    mut sources: Vec<Source>,
    known: Vec<Window>,
    client: Arc<Client>,
    record: Local,
    news: UnboundedSender<Told>,
    over: Stop,
) {
    let clock = client.clock();
    // They were asked a moment ago.
    let mut next: Vec<Instant> =
        sources.iter().map(|source| clock.instant(clock.now()) + source.every).collect();
    let mut troubles: Vec<Option<String>> = vec![None; sources.len()];
    loop {
        for (source, trouble) in sources.iter().zip(&mut troubles) {
            report(source, trouble, &client, &record);
        }
        let Some((at, due)) = next.iter().copied().enumerate().min_by_key(|(_, at)| *at) else {
            over.reached(Urgency::Now).await;
            return;
        };
        tokio::select! {
            () = over.reached(Urgency::Now) => return,
            () = tokio::time::sleep_until(due) => {}
        }
        let source = &mut sources[at];
        let changed = tokio::select! {
            () = over.reached(Urgency::Now) => return,
            changed = source.poll(client.pool(), clock, &record) => changed,
        };
        next[at] = clock.instant(clock.now()) + source.every.max(Duration::from_millis(100));
        if changed && news.send(told(&sources, &known)).is_err() {
            return;
        }
    }
}

/// A source that fails is a finding of the run; that it fails still is none.
fn report(source: &Source, before: &mut Option<String>, client: &Client, record: &Local) {
    let now = source.trouble.clone();
    if let (None, Some(why)) = (&before, &now) {
        let text = format!("{}: {why}", source.name);
        let at = client.clock().now();
        record
            .with(|recorder| recorder.push(Event::SelfCheck { at, kind: "source_failed".to_owned(), text }));
    }
    *before = now;
}
