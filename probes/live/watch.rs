//! The watch: probes at their slots, maintenance seen and told, invoices followed, people woken when it
//! is news and not before.
//!
//! Alerts are judged by the phase in which their evidence was taken, not by the phase of the moment: what
//! a probe saw inside a window does not page when the window ends, only what it sees after.

use crate::live::before::plan;
pub use crate::live::before::{Before, Begin};
use crate::live::lease::Lease;
use crate::live::notify::Message;
use crate::live::recovery;
use crate::live::schedule::Schedule;
use crate::live::setting::Setting;
use crate::live::state::{Alerts, State};
use crate::live::writes::{Write, Writes};
use crate::{ProbeKind, ProbeResult, run_due};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use piaotan_analysis::phases::Transition;
use piaotan_analysis::reconcile::{Baseline, Finding, Recovery, Round};
use piaotan_record::calendar::{Correction, Phase, Seen, Sighting};
use piaotan_record::{Calendar, Nanos, Service, Window};
use piaotan_store::{Error, Retention};
use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::time::Duration;

/// The watch looks at the calendar and renews its lease at least so often.
const TICK: TimeDelta = TimeDelta::seconds(5);
/// What is under way when the watch is stopped may take so long. What it issued is in the ledger already.
const GRACE: Duration = Duration::from_millis(1500);
/// How often announced and observed maintenance are compared.
const COMPARE: TimeDelta = TimeDelta::seconds(5);
/// Time between two rounds of the check after a window.
const BETWEEN_ROUNDS: TimeDelta = TimeDelta::seconds(30);

/// Where the watch tells what happens: metrics, status page, webhooks. Called from the loop: quick.
pub trait Outlet {
    fn probed(&mut self, result: &ProbeResult);
    fn message(&mut self, message: Message);
    /// Already in the store; whoever publishes the calendar makes a new one.
    fn sighted(&mut self, sighting: &Sighting);
    fn transition(&mut self, _transition: &Transition) {}
    /// How an announcement and what was seen stand to each other; each is told once.
    fn found(&mut self, _finding: &Finding) {}
    /// A proposed window is confirmed. Already in the store; whoever publishes the calendar makes a new one.
    fn corrected(&mut self, _correction: &Correction) {}
    fn recovered(&mut self, _recovery: &Recovery) {}
    /// Slots that nobody kept: the machine slept, or the run before was still under way.
    fn missed(&mut self, _probe: ProbeKind, _slots: u64) {}
    /// A write to the store was tried: so many results still wait for it, so many were given up before.
    fn stored(&mut self, _waiting: usize, _dropped: u64) {}
    /// The tool itself could not do something; it goes on.
    fn trouble(&mut self, _text: &str) {}
    /// The loop goes round; at least every five seconds.
    fn alive(&mut self, _alerts: Alerts) {}
}

/// Why a watch cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(
        "another watch of {0} writes to the same store; end it, or give this one another [probes] location"
    )]
    Leased(String),
    #[error("a watch needs a store; name one")]
    NoStore,
}

/// What the loop has under way.
enum Job {
    Probe(ProbeKind, Nanos),
    Recovery { window: Box<Window>, restored: DateTime<Utc>, rounds: Vec<Round> },
}

enum Done {
    Probe(Box<ProbeResult>),
    Recovery(Box<Recovery>, Round),
}

async fn job(job: Job, setting: &Setting) -> Done {
    match job {
        Job::Probe(kind, due) => Done::Probe(Box::new(run_due(kind, setting, due).await)),
        Job::Recovery { window, restored, rounds } => {
            let before = Baseline::new();
            let (recovery, round) = recovery::check(setting, &window, restored, &rounds, &before).await;
            Done::Recovery(Box::new(recovery), round)
        }
    }
}

/// Watches until `stop` is there; what was under way then is waited for, but not for long.
///
/// `before` is what an earlier watch of this process handed on; what this one hands on comes back.
///
/// # Errors
/// When the watch cannot begin. Later troubles are told to the outlet.
pub async fn watch<O: Outlet>(
    setting: &Setting,
    outlet: &mut O,
    before: Before,
    stop: impl Future<Output = ()>,
) -> Result<Before, WatchError> {
    let mut lease = Lease::take(setting, before.begin != Begin::Anew)?;
    let mut watch =
        Watch::new(setting, outlet, State::recall(lease.store, &setting.section.location)?, before);
    let mut running = FuturesUnordered::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        watch.plan();
        while running.len() < setting.section.concurrency {
            let Some(next) = watch.waiting.pop_front() else { break };
            running.push(job(next, setting));
        }
        let clock = setting.client.clock();
        let wake = clock.instant(clock.moment(watch.wake()));
        tokio::select! {
            () = &mut stop => break,
            Some(done) = running.next(), if !running.is_empty() => watch.done(done),
            () = tokio::time::sleep_until(wake) => {}
        }
        watch.look_around();
        if let Err(why) = lease.renew(setting.wall()) {
            watch.outlet.trouble(&why);
        }
        let alerts = watch.state.alerts();
        watch.outlet.alive(alerts);
    }
    let drained = async {
        while let Some(done) = running.next().await {
            watch.done(done);
        }
    };
    // Late is the same as never here: a restart looks for what is in the ledger.
    let _ = tokio::time::timeout(GRACE, drained).await;
    if let Err(error) = lease.give_back() {
        watch.outlet.trouble(&error.to_string());
    }
    Ok(watch.end())
}

struct Watch<'a, O> {
    setting: &'a Setting,
    outlet: &'a mut O,
    state: State,
    schedule: Schedule,
    waiting: VecDeque<Job>,
    /// Probes waiting or at work: none runs beside itself.
    busy: BTreeSet<ProbeKind>,
    rolled: DateTime<Utc>,
    compared: DateTime<Utc>,
    recovering: Option<Recovering>,
    writes: Writes,
}

/// The check after one window.
struct Recovering {
    window: String,
    rounds: Vec<Round>,
    last: DateTime<Utc>,
    under_way: bool,
    passed: bool,
}

impl<'a, O: Outlet> Watch<'a, O> {
    fn new(setting: &'a Setting, outlet: &'a mut O, mut state: State, before: Before) -> Self {
        let now = setting.wall();
        let (schedule, missed) = plan(setting, before.begin, before.schedule, now);
        missed.into_iter().for_each(|(kind, slots)| outlet.missed(kind, slots));
        if let Some(unkept) = before.unkept {
            state.restore(unkept);
        }
        let mut writes = before.writes;
        writes.make_ready();
        Self {
            setting,
            outlet,
            state,
            schedule,
            waiting: VecDeque::new(),
            busy: BTreeSet::new(),
            rolled: now,
            compared: now,
            recovering: None,
            writes,
        }
    }

    /// What is left for the next watch, after a last try to write it. Probes that were cut off kept no slot.
    fn end(mut self) -> Before {
        self.busy.iter().for_each(|kind| self.outlet.missed(*kind, 1));
        self.writes.make_ready();
        self.flush();
        self.keep();
        let unkept = self.state.changed.then(|| self.state.unkept());
        Before { begin: Begin::Anew, writes: self.writes, unkept, schedule: Some(self.schedule) }
    }

    /// Puts what is due into the queue.
    fn plan(&mut self) {
        let clock = self.setting.client.clock();
        for (kind, slot, mut missed) in self.schedule.due(clock.wall()) {
            if self.busy.insert(kind) {
                self.waiting.push_back(Job::Probe(kind, clock.moment(slot)));
            } else {
                missed += 1;
            }
            if missed > 0 {
                self.outlet.missed(kind, missed);
            }
        }
    }

    fn wake(&self) -> DateTime<Utc> {
        let tick = self.setting.wall() + TICK;
        self.schedule.next().map_or(tick, |next| next.min(tick))
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Probe(result) => self.probed(&result),
            Done::Recovery(recovery, round) => self.recovered(&recovery, round),
        }
    }

    fn probed(&mut self, result: &ProbeResult) {
        self.busy.remove(&result.probe);
        self.write(Write::Probed(Box::new(result.stored())));
        if let Some(trouble) = &result.trouble {
            self.outlet.trouble(trouble);
        }
        let epoch = self.setting.client.clock().wall_at(Nanos(0));
        for transition in self.state.observe(result, epoch) {
            self.outlet.transition(&transition);
            if let Some(seen) = State::restored(&transition) {
                self.sight(transition.span.service, seen, transition.known);
            }
        }
        if result.outcome == Some(piaotan_record::OutcomeKind::Maintenance) {
            self.sight(result.probe.service(), Seen::StillDown, result.started);
        }
        let calendar = self.setting.calendar();
        let messages = self.state.judge(result, &calendar, self.setting.language);
        self.tell(messages);
        self.outlet.probed(result);
    }

    /// Writes down what was seen of the window that governs, where it matters: past its end it still
    /// holds, or it was seen to end.
    fn sight(&mut self, service: Service, seen: Seen, at: DateTime<Utc>) {
        let calendar = self.setting.calendar();
        let phase = calendar.phase_at(at, service);
        let Some(window) = phase.window().filter(|_| !matches!(phase, Phase::Approaching(_))) else { return };
        let past_end = window.held_until() <= at;
        if seen == Seen::StillDown && (!past_end || self.state.said_lately(&window.id, at)) {
            return;
        }
        self.write(Write::Sighted(Sighting { window: window.id.clone(), at, seen }));
    }

    /// Writes something down, now or as soon as the store takes it.
    fn write(&mut self, write: Write) {
        self.writes.put(write);
        self.flush();
    }

    fn flush(&mut self) {
        let clock = self.setting.client.clock();
        let Some(store) = self.setting.store.as_deref() else { return };
        if self.writes.waiting() == 0 || !self.writes.may_try(clock) {
            return;
        }
        let flushed = self.writes.flush(store, clock);
        for write in &flushed.written {
            match write {
                Write::Probed(_) => {}
                Write::Sighted(sighting) => self.outlet.sighted(sighting),
                Write::Corrected(correction) => self.outlet.corrected(correction),
            }
        }
        if let Some(error) = flushed.error {
            self.outlet.trouble(&error.to_string());
        }
        self.outlet.stored(self.writes.waiting(), self.writes.dropped());
    }

    /// What the calendar asks for now: alarms of overruns, the check after a window, the hourly fold.
    fn look_around(&mut self) {
        self.flush();
        let (calendar, now) = (self.setting.calendar(), self.setting.wall());
        self.compare(&calendar, now);
        let messages = self.state.overruns(&calendar, now, self.setting.language);
        self.tell(messages);
        if let Phase::Recovering(window) = calendar.phase_at(now, Service::All) {
            self.recover(window, now);
        }
        self.roll(now);
    }

    /// The hourly fold; one that failed is made up for, so that no hour is left out.
    fn roll(&mut self, now: DateTime<Utc>) {
        let clock = self.setting.client.clock();
        if now - self.rolled < TimeDelta::hours(1) || !self.writes.may_try(clock) {
            return;
        }
        let store = self.setting.store.as_ref();
        match store.map(|store| store.roll(self.rolled, now, &Retention::default())) {
            Some(Err(error)) => {
                self.writes.failed(clock);
                self.outlet.trouble(&error.to_string());
            }
            _ => self.rolled = now,
        }
    }

    /// Announced against observed, now and then: findings are told, proposed windows confirmed.
    fn compare(&mut self, calendar: &Calendar, now: DateTime<Utc>) {
        if now - self.compared < COMPARE {
            return;
        }
        self.compared = now;
        let news = self.state.agree(calendar, now);
        news.confirmed.iter().for_each(|correction| self.write(Write::Corrected(correction.clone())));
        news.findings.iter().for_each(|finding| self.outlet.found(finding));
    }

    fn recover(&mut self, window: &Window, now: DateTime<Utc>) {
        if self.recovering.as_ref().is_none_or(|checking| checking.window != window.id) {
            let (window, last) = (window.id.clone(), now - BETWEEN_ROUNDS);
            self.recovering =
                Some(Recovering { window, rounds: Vec::new(), last, under_way: false, passed: false });
        }
        let Some(checking) = self.recovering.as_mut() else { return };
        if checking.under_way || checking.passed || now - checking.last < BETWEEN_ROUNDS {
            return;
        }
        (checking.under_way, checking.last) = (true, now);
        let restored = window.end.map_or(now, |end| end.min(now));
        let rounds = checking.rounds.clone();
        self.waiting.push_front(Job::Recovery { window: Box::new(window.clone()), restored, rounds });
    }

    fn recovered(&mut self, recovery: &Recovery, round: Round) {
        let Some(checking) = self.recovering.as_mut() else { return };
        checking.rounds.push(round);
        (checking.under_way, checking.passed) = (false, recovery.passed.is_some());
        if let Some(at) = recovery.passed {
            self.write(Write::Sighted(Sighting { window: recovery.window.clone(), at, seen: Seen::Passed }));
        }
        let messages = self.state.lost_in_window(recovery, self.setting.wall(), self.setting.language);
        self.tell(messages);
        self.outlet.recovered(recovery);
    }

    /// Tells people, after the state is safe where it can be: a restart does not tell it again.
    fn tell(&mut self, messages: Vec<Message>) {
        if self.writes.may_try(self.setting.client.clock()) {
            self.keep();
        }
        messages.into_iter().for_each(|message| self.outlet.message(message));
    }

    /// Writes the state down where it is other than the store knows.
    fn keep(&mut self) {
        if !self.state.changed {
            return;
        }
        let (now, place) = (self.setting.wall(), &self.setting.section.location);
        let kept = self.setting.store.as_ref().map(|store| self.state.keep(store, place, now));
        match kept {
            Some(Err(error)) => {
                self.writes.failed(self.setting.client.clock());
                self.outlet.trouble(&error.to_string());
            }
            _ => self.state.changed = false,
        }
    }
}
