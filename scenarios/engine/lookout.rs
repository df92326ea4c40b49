//! The lookout of a run: takes up announcements, infers maintenance from behaviour, looks whether a
//! platform is back, and says through [`Holds`] what may be sent.

use super::herald::Told;
use super::holds::Holds;
use super::made::Made;
use super::recorder::{Fact, Local, Recording as _};
use super::stop::{Stop, Urgency};
use crate::scenario::{OnMaintenance, Then};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::phases::{self, Condition, ObservedPhases, PhaseOptions, Signal, Subject, episodes};
use piaotan_client::ask::Client;
use piaotan_client::invoice::Invoice;
use piaotan_client::port::{FieldName, Fields};
use piaotan_record::calendar::{Calendar, CalendarOptions, Register, Seen, Sighting};
use piaotan_record::folder::Event;
use piaotan_record::window::{Services, Source as From, Window};
use piaotan_record::{Nanos, Operation, Outcome, Token};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// A look that is answered this often in a row ends a window early.
const BACK: u32 = 2;
/// How soon to look again once an end is near.
const QUICK: Duration = Duration::from_millis(250);

/// What the lookout works with.
#[derive(Debug)]
pub struct Lookout {
    pub client: Arc<Client>,
    pub holds: Arc<Holds>,
    pub record: Local,
    pub options: OnMaintenance,
    pub calendar: CalendarOptions,
    pub register: Register,
    /// What sources say, as they say it.
    pub news: UnboundedReceiver<Told>,
    pub stop: Stop,
    /// An invoice to ask for, or to upload, when looking whether the platform is back.
    pub trial: Invoice,
}

/// The lookout's memory while it runs.
struct State {
    observed: ObservedPhases,
    /// Looks in a row that were good, and whether one was bad since the window opened.
    good: u32,
    bad: bool,
    /// Writes tried in vain.
    tried: i32,
    /// Reads were seen to work again then: what is concluded from earlier answers is over.
    restored: Option<DateTime<Utc>>,
    paused: Option<String>,
    announced: Told,
    /// What was known before the run, by the configuration and the store.
    known: Register,
    /// The windows that stand in the folder.
    written: BTreeMap<String, Window>,
    next_look: Nanos,
}

impl State {
    fn new(known: &Register) -> Self {
        let options = PhaseOptions { settle: TimeDelta::milliseconds(400), ..PhaseOptions::default() };
        Self {
            observed: ObservedPhases::new(options),
            good: 0,
            bad: false,
            tried: 0,
            restored: None,
            paused: None,
            announced: Told::default(),
            known: known.clone(),
            written: known.windows.iter().map(|w| (w.id.clone(), w.clone())).collect(),
            next_look: Nanos::default(),
        }
    }
}

impl Lookout {
    /// Watches until the run is over; gives back what is known of windows.
    pub async fn watch(mut self, mut facts: UnboundedReceiver<Vec<Fact>>) -> Register {
        let mut state = State::new(&self.register);
        self.publish(&mut state);
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !self.stop.is(Urgency::Now) {
            tokio::select! {
                () = self.stop.reached(Urgency::Now) => break,
                batch = facts.recv() => match batch {
                    Some(batch) => self.learn(&mut state, &batch),
                    None => break,
                },
                Some(told) = self.news.recv() => {
                    state.announced = told;
                    self.publish(&mut state);
                }
                _ = ticks.tick() => self.tick(&mut state).await,
            }
        }
        self.close(&mut state);
        self.register
    }

    async fn tick(&mut self, state: &mut State) {
        let now = self.client.clock().now();
        let waiting = || self.holds.is_restrained().then(|| (state.paused.clone().unwrap_or_default(), true));
        let holding = self.holds.holding(now).or_else(waiting);
        self.tell(state, holding.as_ref(), now);
        match holding {
            Some((window, everything)) if now >= state.next_look => {
                let pause = self.look(state, &window, everything).await;
                state.next_look =
                    Nanos(self.client.clock().now().0 + u64::try_from(pause.as_nanos()).unwrap_or(0));
            }
            Some(_) => {}
            None => (state.good, state.bad) = (0, false),
        }
    }

    /// Says once when the run pauses and when it goes on.
    fn tell(&self, state: &mut State, holding: Option<&(String, bool)>, now: Nanos) {
        match (&state.paused, holding) {
            (None, Some((window, everything))) => {
                let event = Event::Paused { at: now, window: window.clone(), writes_only: !everything };
                self.record.with(|recorder| recorder.push(event));
                state.paused = Some(window.clone());
                if self.options.then == Then::End {
                    self.stop.raise(Urgency::Drain);
                }
            }
            (Some(window), None) => {
                let reason =
                    if state.restored.is_some() { "seen to work again" } else { "the window is over" };
                let event = Event::Resumed { at: now, window: window.clone(), reason: reason.to_owned() };
                self.record.with(|recorder| recorder.push(event));
                state.paused = None;
            }
            _ => {}
        }
    }

    fn learn(&mut self, state: &mut State, batch: &[Fact]) {
        let clock = self.client.clock();
        let mut changed = false;
        for fact in batch {
            let fact = phases::Fact {
                // Asked when sent: what waited in our own line says nothing about the platform then.
                due: clock.wall_at(fact.sent),
                done: clock.wall_at(fact.done),
                subject: Subject::Platform(fact.operation),
                signal: Signal::from(&fact.outcome),
            };
            changed |= !state.observed.push(&fact).is_empty();
        }
        if changed {
            self.publish(state);
        }
    }

    /// Is the platform back? Returns how long to wait for the next look.
    async fn look(&mut self, state: &mut State, window: &str, everything: bool) -> Duration {
        let everything = everything || self.holds.is_restrained();
        let unannounced =
            self.holds.calendar().window(window).is_some_and(|known| known.source == From::Observed);
        match (everything, unannounced) {
            (true, _) => self.look_read_only(state, window).await,
            (false, true) => self.try_one_write(state).await,
            // Reads go on by themselves, and nobody writes into an announced window.
            (false, false) => self.options.look_every.0,
        }
    }

    /// One cheap read-only request.
    async fn look_read_only(&mut self, state: &mut State, window: &str) -> Duration {
        let number = self.trial.number.clone();
        let fields = Fields::default().with(FieldName::Number, &number);
        let Some((outcome, at)) = self.ask(state, Operation::QueryNumber, &fields).await else {
            return self.options.look_every.0;
        };
        if outcome.is_answer() {
            state.good += 1;
            if state.bad && state.good >= BACK {
                self.restored(state, window, at);
            }
        } else if matches!(outcome, Outcome::Maintenance { .. }) || state.bad {
            (state.good, state.bad) = (0, true);
            self.holds.restrain(true);
            self.still_down(state, window, at);
        }
        if state.bad { self.options.look_every.0.min(QUICK) } else { self.options.look_every.0 }
    }

    /// Writes alone were refused, and nobody announced for how long: only a write can tell. One, ever more rarely.
    async fn try_one_write(&mut self, state: &mut State) -> Duration {
        let trial = self.trial.clone();
        let mut fields = trial.fields();
        fields.token = Some(Token(trial.index));
        let asked = self.ask(state, Operation::Upload, &fields).await;
        if asked.is_some_and(|(outcome, _)| outcome.is_answer()) {
            state.tried = 0;
            return QUICK;
        }
        state.tried += 1;
        self.options.look_every.0.mul_f64(1.5f64.powi(state.tried.min(8))).min(Duration::from_secs(30))
    }

    /// Asks once and learns from it; `None` when nothing was sent, or the run ended meanwhile.
    async fn ask(
        &mut self,
        state: &mut State,
        operation: Operation,
        fields: &Fields<'_>,
    ) -> Option<(Outcome, DateTime<Utc>)> {
        let clock = self.client.clock();
        let asked = clock.now();
        let reply = self.client.ask(operation, fields, asked, false, &self.record).await;
        if reply.held {
            return None;
        }
        if operation.writes() {
            // A trial that the platform takes, or may have taken, has to be voided like any other.
            let made = Made::of(operation, fields, &reply, asked);
            self.record.with(|recorder| recorder.made(made));
        }
        if reply.outcome == Outcome::CutOff {
            return None;
        }
        // The look is a fact like any other; it is taken out of the recorder's so as not to count twice.
        self.record.with(|recorder| drop(recorder.take_facts()));
        self.learn(
            state,
            &[Fact { operation, due: asked, sent: asked, done: clock.now(), outcome: reply.outcome }],
        );
        Some((reply.outcome, clock.wall_at(asked)))
    }

    /// Past its announced end a window that is still down overruns.
    fn still_down(&mut self, state: &mut State, window: &str, at: DateTime<Utc>) {
        let ended = self.holds.calendar().window(window).and_then(|w| w.end).is_some_and(|end| at >= end);
        if ended {
            self.register.sightings.push(Sighting { window: window.to_owned(), at, seen: Seen::StillDown });
            self.publish(state);
        }
    }

    fn restored(&mut self, state: &mut State, window: &str, at: DateTime<Utc>) {
        self.holds.restrain(false);
        state.restored = Some(at);
        self.register.sightings.push(Sighting { window: window.to_owned(), at, seen: Seen::Recovered });
        (state.good, state.bad) = (0, false);
        self.publish(state);
    }

    /// Puts everything known into the calendar that the workers ask; what is new or other than before is
    /// written down, corrected as it is.
    fn publish(&mut self, state: &mut State) {
        // What was observed is observed anew; what an earlier watch saw is over.
        let mut next = Register { sightings: self.register.sightings.clone(), ..state.known.clone() };
        next.windows.retain(|window| window.source != From::Observed);
        state.announced.put_into(&mut next);
        if self.options.observed {
            next.windows.extend(observed(&state.observed, state.restored));
        }
        self.register = next;
        let calendar = Calendar::new(&self.register, self.calendar);
        let at = self.client.clock().now();
        for window in calendar.windows() {
            if state.written.get(&window.id) != Some(window) {
                let event = Event::WindowKnown { at, window: Box::new(window.clone()) };
                self.record.with(|recorder| recorder.push(event));
                state.written.insert(window.id.clone(), window.clone());
            }
        }
        self.holds.learn(calendar);
    }

    fn close(&mut self, state: &mut State) {
        let now = self.client.clock().now();
        if state.paused.take().is_some() {
            let window = String::new();
            let event = Event::Resumed { at: now, window, reason: "the run ended".to_owned() };
            self.record.with(|recorder| recorder.push(event));
        }
        self.publish(state);
    }
}

/// Windows that were seen, from the episodes of maintenance. One that reads were seen to outlive is over.
fn observed(phases: &ObservedPhases, restored: Option<DateTime<Utc>>) -> Vec<Window> {
    let all = episodes(&phases.spans());
    let maintenance = all.iter().filter(|episode| episode.condition == Condition::Maintenance);
    let windows = maintenance.enumerate().map(|(at, episode)| {
        let mut window = episode.window(format!("observed-{}", at + 1), TimeDelta::hours(4));
        let last = episode.spans.iter().map(|span| span.last_seen).max();
        if let Some(restored) = restored.filter(|restored| *restored >= window.start) {
            let over = last.is_none_or(|last| last <= restored);
            if window.end.is_none() && over {
                window.end = Some(restored);
            }
        }
        if !window.services.intersection(Services::READS).is_empty() && window.services != Services::ALL {
            // Reads and writes both stopped: what was not asked is not better off.
            window.services = Services::ALL;
        }
        window
    });
    windows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::mute;

    #[tokio::test(start_paused = true)]
    async fn a_write_that_is_tried_goes_into_the_ledger() {
        let (client, record) = (mute::client(), mute::record());
        let calendar = Calendar::of(Vec::new());
        let mut lookout = Lookout {
            holds: Holds::new(client.clock(), calendar, Duration::ZERO, false),
            client,
            record: record.clone(),
            options: OnMaintenance::default(),
            calendar: CalendarOptions::default(),
            register: Register::default(),
            news: tokio::sync::mpsc::unbounded_channel().1,
            stop: Stop::default(),
            trial: mute::invoice(5),
        };
        let mut state = State::new(&lookout.register);
        // No answer in time: it may have been taken.
        lookout.try_one_write(&mut state).await;
        let made = record.with(|recorder| recorder.take(0.0, false)).made;
        let made: Vec<_> = made.into_iter().map(|made| (made.token, made.number)).collect();
        assert_eq!(made, [(Token(5), lookout.trial.number.clone())]);
        assert_eq!(state.tried, 1);
    }
}
