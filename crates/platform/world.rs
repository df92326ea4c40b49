//! One request from its arrival to its reply.

use crate::accounts::Accounts;
use crate::batches::Batches;
use crate::counts::Counts;
use crate::domain::moment::{Nanos, instant, nanos, seconds};
use crate::issue::Outbox;
use crate::ledger::Ledger;
use crate::operation::{Operation, Route, route};
use crate::review::Pipelines;
use crate::storage::{Change, Index, Keeper, Records, Ticket, lock};
use crate::warnings::Warnings;
use crate::weather::{Answer, Chance, Era, Fault, FaultKind, Per, Sky, Verdict, Weather, Window};
use crate::wire::{Manner, Reply, Request};
use crate::{Code, Error};
use chrono::{DateTime, Utc};
use hyper::StatusCode;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use tokio::sync::Notify;

/// Where invoices are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In memory; gone with the process.
    Memory,
    /// In memory and in a database in this folder; nothing acknowledged is lost.
    Directory(PathBuf),
}

/// What a world begins with.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Everything drawn by chance follows from this.
    pub seed: u64,
    pub weather: Weather,
    pub storage: Storage,
    /// Second zero of the weather. Best a whole second: then announced windows begin on whole seconds.
    pub started: DateTime<Utc>,
}

/// The platform: its accounts, invoices, ledger, and the weather over them.
#[derive(Debug)]
pub struct World {
    pub(crate) seed: u64,
    pub(crate) started: Nanos,
    pub(crate) chance: Chance,
    pub(crate) sky: RwLock<Arc<Sky>>,
    pub(crate) eras: Mutex<Vec<Era>>,
    pub(crate) accounts: Accounts,
    pub(crate) records: Records,
    pub(crate) index: Index,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) batches: Batches,
    pub(crate) outbox: Outbox,
    pub(crate) warnings: Mutex<Warnings>,
    pub(crate) pipelines: Mutex<Pipelines>,
    pub(crate) counts: Counts,
    pub(crate) ids: AtomicU64,
    pub(crate) issued: AtomicU64,
    pub(crate) changed: Notify,
    keeper: Option<Keeper>,
}

impl World {
    /// Makes a world, and reads back what its storage holds. Fails where the stored ledger does not verify.
    pub fn new(options: WorldOptions) -> Result<World, Error> {
        let started = nanos(options.started);
        let mut world = World {
            seed: options.seed,
            started,
            chance: Chance::new(options.seed),
            sky: RwLock::new(Arc::new(Sky::new(options.weather, started, started, None))),
            eras: Mutex::default(),
            accounts: Accounts::default(),
            records: Records::new(),
            index: Index::default(),
            ledger: Mutex::default(),
            batches: Batches::default(),
            outbox: Outbox::default(),
            warnings: Mutex::default(),
            pipelines: Mutex::default(),
            counts: Counts::new(),
            ids: AtomicU64::new(0),
            issued: AtomicU64::new(0),
            changed: Notify::new(),
            keeper: None,
        };
        if let Storage::Directory(folder) = &options.storage {
            world.keeper = Some(Keeper::open(folder, &world)?);
        }
        Ok(world)
    }

    /// Answers a request that arrived at `now`. The reply is to be held back for its `delay`.
    pub fn handle(&self, now: DateTime<Utc>, request: &Request) -> Reply {
        self.handle_at(nanos(now), request)
    }

    /// The truth as JSON text: what was really applied, and up to `invoices` invoices' instants.
    pub fn truth(&self, now: DateTime<Utc>, invoices: usize) -> String {
        self.truth_at(nanos(now), invoices, 0).to_string()
    }

    /// Puts another weather into force, as `PUT /_weather` does; its second zero stays the world's start.
    pub fn change_weather(&self, now: DateTime<Utc>, weather: Weather) {
        self.put_weather(nanos(now), weather, false);
    }

    /// The next or present stretch in which nobody is to listen at all, if the weather has one.
    pub fn refusal(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (begin, end) = self.sky().refusal(nanos(now))?;
        Some((instant(begin), instant(end)))
    }

    /// Waits until what the reply tells of is on disk; false where it cannot be written. At once in memory.
    pub async fn durable(&self, reply: &Reply) -> bool {
        match (&self.keeper, reply.ticket) {
            (Some(keeper), Some(ticket)) => keeper.durable(ticket).await,
            _ => true,
        }
    }

    /// Ready when another weather has come into force.
    pub(crate) async fn weather_changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn handle_at(&self, now: Nanos, request: &Request) -> Reply {
        let path = request.parts.uri.path();
        let route = route(&request.parts.method, path);
        let operation = match route {
            Route::To(operation, _) => operation,
            _ => Operation::Other,
        };
        let seq = self.counts.arrived(operation);
        let sky = self.sky();
        let mut reply = match route {
            Route::To(operation, rest) => self.weathered(&sky, now, seq, operation, rest, request),
            Route::Method(allow) => self.plain(Code::NoMethod, request).with("allow", allow),
            Route::Nowhere => self.plain(Code::NoPath, request),
        };
        let skew = sky.skew(now);
        if skew != 0 {
            let date = instant(now + skew).format("%a, %d %b %Y %H:%M:%S GMT");
            reply = reply.with("date", date.to_string());
        }
        self.note(seq, now, operation, &reply, sky.form.log.keep);
        reply
    }

    pub(crate) fn sky(&self) -> Arc<Sky> {
        self.sky.read().expect("no thread panics while it holds this lock").clone()
    }

    /// Hands a change to storage, where there is one.
    pub(crate) fn keep(&self, change: impl FnOnce() -> Change) -> Option<Ticket> {
        self.keeper.as_ref().map(|keeper| keeper.take(change()))
    }

    /// The weather's part of a request: maintenance, throttling, the queue, latency and faults.
    fn weathered(
        &self,
        sky: &Sky,
        now: Nanos,
        seq: u64,
        operation: Operation,
        rest: &str,
        request: &Request,
    ) -> Reply {
        use Operation::{Control, Inbox, Metrics, Openapi};
        if matches!(operation, Control | Inbox | Metrics | Openapi) {
            return self.served(now, operation, rest, request);
        }
        if let Some(window) = sky.window(now, operation) {
            window.record(now);
            return refused_by(window, now, request.english());
        }
        let held = match self.throttled(sky, now, operation, request) {
            Ok(held) => held,
            Err(reply) => return *reply,
        };
        let chance = self.chance.of("request");
        let queued = match sky.form.capacity.is_empty() {
            true => Some(0),
            false => lock(&sky.queues).admit(sky, now, operation, self.chance.of("service")),
        };
        let Some(queued) = queued else {
            return self.plain(Code::Overloaded, request).with("retry-after", "1");
        };
        let draw = chance.nth(seq);
        let latency = sky.latency(now, operation, draw.of("latency"));
        let fault = sky.fault(now, operation, draw.of("fault"));
        let reply = match fault {
            Some((fault, end)) => self.faulty((fault, end), now, operation, rest, request),
            None => self.served(now, operation, rest, request),
        };
        let total = held.saturating_add(queued).saturating_add(latency);
        let delay = reply.delay + Duration::from_nanos(total.max(0) as u64);
        Reply { delay, ..reply }
    }

    fn throttled(
        &self,
        sky: &Sky,
        now: Nanos,
        operation: Operation,
        request: &Request,
    ) -> Result<Nanos, Box<Reply>> {
        let mut held = 0;
        for (index, form) in sky.throttles_on(now, operation) {
            let caller = match form.per {
                Per::All => 0,
                Per::Token => Chance::new(0).of(request.token().unwrap_or("")).bits(),
                Per::Address => request.peer.map_or(0, |ip| Chance::new(0).of(&ip.to_string()).bits()),
            };
            let verdict = lock(&sky.throttles).judge(index, form, caller, now);
            if verdict != Verdict::Pass {
                sky.throttled[index].fetch_add(1, Relaxed);
            }
            match verdict {
                Verdict::Pass => {}
                Verdict::Delay(by) => held += by,
                Verdict::Refuse(after) => {
                    let reply = self.plain(Code::TooMany, request);
                    return Err(Box::new(reply.with("retry-after", after.to_string())));
                }
            }
        }
        Ok(held)
    }

    /// A reply that goes wrong, after the request has taken effect or without.
    fn faulty(
        &self,
        (fault, end): (&Fault, Nanos),
        now: Nanos,
        operation: Operation,
        rest: &str,
        request: &Request,
    ) -> Reply {
        let length = Duration::from_nanos(seconds(fault.seconds) as u64);
        let without_effect = matches!(fault.kind, FaultKind::Error | FaultKind::Reset) && !fault.effect;
        let mut reply = match without_effect {
            true => self.plain(Code::ServerFault, request),
            false => self.served(now, operation, rest, request),
        };
        match fault.kind {
            FaultKind::Error => {
                let ticket = reply.ticket.take();
                reply = self.plain(Code::ServerFault, request);
                reply.ticket = ticket;
            }
            FaultKind::Reset => reply.manner = Manner::Reset,
            FaultKind::SlowBody => reply.manner = Manner::Slow(length),
            FaultKind::CutShort => reply.manner = Manner::CutShort,
            FaultKind::Stall => reply.delay += length,
            FaultKind::Freeze => reply.delay += Duration::from_nanos((end - now).max(0) as u64),
            FaultKind::Garbage => reply.body = "\u{fffd}{\"code\":00#<<garbage>>".into(),
            FaultKind::WrongField => falsify(&mut reply),
        }
        reply
    }

    fn plain(&self, code: Code, request: &Request) -> Reply {
        Reply::envelope(code, request.english(), b"null")
    }
}

fn refused_by(window: &Window, now: Nanos, english: bool) -> Reply {
    const PAGE: &str = "<!DOCTYPE html><html lang=\"zh\"><head><meta charset=\"utf-8\"><title>系统维护中</title></head><body><h1>系统维护中</h1><p>The system is under maintenance.</p></body></html>";
    let page = |status: StatusCode| Reply::new(status, crate::wire::HTML, PAGE);
    let reply = match window.answer {
        Answer::Unavailable => Reply::envelope(Code::Maintenance, english, b"null"),
        Answer::Code => Reply::envelope(Code::MaintenanceCode, english, b"null"),
        Answer::Page => page(StatusCode::SERVICE_UNAVAILABLE),
        Answer::Gateway => page(StatusCode::GATEWAY_TIMEOUT),
        Answer::Reset | Answer::Refuse => {
            let mut reply = page(StatusCode::SERVICE_UNAVAILABLE);
            reply.manner = Manner::Reset;
            reply
        }
    };
    match window.answer {
        Answer::Unavailable | Answer::Page if window.retry_after => {
            reply.with("retry-after", window.seconds_left(now).to_string())
        }
        _ => reply,
    }
}

/// Makes one amount or title in an answer another, keeping it well formed.
fn falsify(reply: &mut Reply) {
    let Ok(text) = std::str::from_utf8(&reply.body) else {
        return;
    };
    for (field, wrong) in [
        ("\"total\":\"", "\"total\":\"9"),
        ("\"number\":\"", "\"number\":\"9"),
        ("\"status\":\"", "\"status\":\"un"),
    ] {
        if text.contains(field) {
            reply.body = text.replacen(field, wrong, 1).into();
            return;
        }
    }
}
