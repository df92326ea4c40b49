//! Following accepted invoices until they are visible, on a geometric schedule with a budget.
//!
//! Each look is a recorded request of its own (`track_…`); "the question failed" leaves the invoice
//! pending and says nothing about it.

use super::holds::Holds;
use super::recorder::{Local, Recording as _};
use super::stop::{Stop, Urgency};
use super::waits::{Pipeline, Waits};
use crate::scenario::Sync;
use crate::scenario::unit;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use piaotan_client::ask::Client;
use piaotan_client::port::{FieldName, Fields};
use piaotan_record::{Nanos, Outcome, Surface, Token};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Looks under way at once.
const AT_ONCE: usize = 16;

/// Hands accepted invoices to the tracker.
#[derive(Debug, Clone)]
pub struct Follower {
    to: UnboundedSender<Accepted>,
    /// Share of invoices that are followed.
    share: f64,
    /// The part of that share which the pace leaves room for, as the bits of a float.
    part: Arc<AtomicU64>,
    /// Invoices followed so far.
    begun: Arc<AtomicU64>,
    /// Of a session: how long each invoice waits.
    pub waits: Arc<Waits>,
    seed: u64,
}

/// An accepted invoice, with what is needed to ask for it.
#[derive(Debug)]
pub struct Accepted {
    token: Token,
    at: Nanos,
    fields: Vec<(FieldName, String)>,
}

/// One invoice on one surface.
#[derive(Debug)]
struct Search {
    invoice: Arc<Accepted>,
    surface: Surface,
    region: Option<String>,
    looks: u32,
}

/// Where and how patiently to look.
#[derive(Debug, Clone)]
pub struct Tracking {
    pub sync: Sync,
    pub surfaces: Vec<Surface>,
    pub regions: Vec<String>,
    /// Verifications of one invoice that the tracker may use.
    pub verify_looks: Option<u32>,
    pub waits: Arc<Waits>,
    pub seed: u64,
}

/// A follower and what it feeds.
#[must_use]
pub fn channel(share: f64, seed: u64) -> (Follower, UnboundedReceiver<Accepted>) {
    let (to, from) = unbounded_channel();
    let part = Arc::new(AtomicU64::new(1f64.to_bits()));
    let follower = Follower { to, share, part, begun: Arc::default(), waits: Arc::default(), seed };
    (follower, from)
}

impl Follower {
    /// Begins to follow an invoice, if it is among those that are.
    pub fn begin(&self, token: Token, fields: &Fields<'_>, at: Nanos) {
        let share = self.share.min(f64::from_bits(self.part.load(Ordering::Relaxed)));
        if unit(self.seed ^ 0x666f_6c6c, token.0) >= share {
            return;
        }
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.waits.entered(Pipeline::Sync, token, at);
        let owned = FieldName::ALL.iter().filter_map(|name| Some((*name, fields.get(*name)?.to_owned())));
        // The tracker has gone only when the run is over; then nothing is followed any more.
        let _ = self.to.send(Accepted { token, at, fields: owned.collect() });
    }
}

impl Follower {
    /// From now on follows at most this share of the invoices: the tracker must keep up, or what it
    /// has not got round to looks like a backlog of the platform.
    pub fn follow_at_most(&self, share: f64) {
        self.part.store(share.to_bits(), Ordering::Relaxed);
    }

    /// Invoices followed so far.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }
}

/// Looks for what comes in until everything is seen or the run is over.
pub async fn track(
    client: Arc<Client>,
    holds: Arc<Holds>,
    record: Local,
    tracking: Tracking,
    mut incoming: UnboundedReceiver<Accepted>,
    stop: Stop,
) {
    let clock = client.clock();
    let mut searches: BinaryHeap<Reverse<Turn>> = BinaryHeap::new();
    let mut under_way = FuturesUnordered::new();
    let mut next_allowed = Nanos::default();
    let mut open = true;
    loop {
        let ready = searches.peek().map(|Reverse(turn)| turn.due.max(next_allowed));
        let full = under_way.len() >= AT_ONCE;
        tokio::select! {
            () = stop.reached(Urgency::Now) => return,
            accepted = incoming.recv(), if open => match accepted {
                Some(accepted) => begin(&tracking, accepted, &mut searches),
                None => open = false,
            },
            Some(search) = under_way.next(), if !under_way.is_empty() => {
                if let Some(search) = search {
                    searches.push(Reverse(again(&tracking, search, clock.now())));
                }
            }
            () = tokio::time::sleep_until(clock.instant(ready.unwrap_or_default())), if ready.is_some() && !full => {
                if let Some(Reverse(turn)) = searches.pop() {
                    let now = clock.now();
                    next_allowed = Nanos(now.0 + (1e9 / tracking.sync.max_rate) as u64);
                    if holds.forbids(turn.search.surface.operation(), now) {
                        // A window says nothing about the invoice: look when it is over.
                        searches.push(Reverse(Turn { due: Nanos(now.0 + Nanos::SECOND / 4), ..turn }));
                    } else {
                        under_way.push(look(&client, &holds, &record, &tracking.waits, turn.search));
                    }
                }
            }
            else => return,
        }
    }
}

fn begin(tracking: &Tracking, accepted: Accepted, searches: &mut BinaryHeap<Reverse<Turn>>) {
    let room = tracking.sync.max_pending * tracking.surfaces.len().max(1);
    if searches.len() >= room {
        return;
    }
    let invoice = Arc::new(accepted);
    for surface in &tracking.surfaces {
        let regions = match surface {
            Surface::Region => tracking.regions.iter().skip(1).cloned().map(Some).collect(),
            _ => vec![None],
        };
        for region in regions {
            let salt = surface.index() as u64;
            // A random phase, or all invoices of one moment would be looked for at one moment.
            let phase = 0.5 + unit(tracking.seed ^ salt, invoice.token.0);
            let first = (tracking.sync.first.as_seconds() * phase * 1e9) as u64;
            let search = Search { invoice: invoice.clone(), surface: *surface, region, looks: 0 };
            searches.push(Reverse(Turn { due: Nanos(invoice.at.0 + first), search }));
        }
    }
}

/// One look; gives the search back unless it is over.
async fn look(
    client: &Client,
    holds: &Holds,
    record: &Local,
    waits: &Waits,
    mut search: Search,
) -> Option<Search> {
    let mut fields = Fields::default();
    for (name, value) in &search.invoice.fields {
        fields.set(*name, value);
    }
    if let Some(region) = &search.region {
        fields.set(FieldName::Region, region);
    }
    fields.token = Some(search.invoice.token);
    (fields.known, fields.compare) = (true, search.surface != Surface::Verify);
    let number = fields.get(FieldName::Number).unwrap_or_default();
    fields.set(FieldName::Keyword, number);
    let now = client.clock().now();
    let reply = client.ask(search.surface.operation(), &fields, now, holds.may_login(now), record).await;
    search.looks += 1;
    let seen = matches!(reply.outcome, Outcome::Ok | Outcome::Mismatched { .. });
    if seen && search.surface == Surface::Number {
        waits.left(Pipeline::Sync, search.invoice.token, now);
    }
    match reply.outcome {
        Outcome::Ok | Outcome::Mismatched { .. } => None,
        Outcome::CutOff => None,
        _ => Some(search),
    }
}

/// When to look again: the time since acceptance grows by a factor.
fn again(tracking: &Tracking, search: Search, now: Nanos) -> Turn {
    let sync = &tracking.sync;
    let age = now.since(search.invoice.at) as f64 / 1e9;
    let factor = match (search.surface, tracking.verify_looks) {
        // Few verifications a day: spread them wide.
        (Surface::Verify, Some(_)) => sync.factor.max(2.5),
        _ => sync.factor,
    };
    let wait = (age * (factor - 1.0)).clamp(sync.first.as_seconds() / 4.0, sync.longest.as_seconds());
    let used_up =
        search.surface == Surface::Verify && tracking.verify_looks.is_some_and(|most| search.looks >= most);
    let wait = if used_up { 86_400.0 } else { wait };
    let jitter = 0.9 + 0.2 * unit(tracking.seed ^ u64::from(search.looks), search.invoice.token.0);
    Turn { due: Nanos(now.0 + (wait * jitter * 1e9) as u64), search }
}

/// A search and when it is to be looked for next.
#[derive(Debug)]
struct Turn {
    due: Nanos,
    search: Search,
}

impl PartialEq for Turn {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Turn {}
impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Turn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |turn: &Self| (turn.due, turn.search.invoice.token, turn.search.surface);
        key(self).cmp(&key(other))
    }
}

/// The tracker's batches go out like a worker's.
pub async fn report(record: Local, to: std::sync::mpsc::Sender<super::recorder::Batch>) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let batch = record.with(|recorder| recorder.take(0.0, false));
        if to.send(batch).is_err() {
            return;
        }
    }
}
