//! The state machine: facts in, transitions out, one track a service.

use chrono::{DateTime, Utc};
use piaotan_record::Operation;
use piaotan_record::window::Service;

use super::episode::indistinct;
use super::track::{Moment, Run, Streak, Track};
use super::{Change, Condition, Edge, Fact, Heard, PhaseOptions, Signal, Span, Subject, Transition};

const _: () = assert!(Operation::COUNT <= 64, "operations are kept as bits of one word");

/// Observed phases so far. Facts are pushed in the order in which they are done, or nearly so.
#[derive(Debug, Clone)]
pub struct ObservedPhases {
    options: PhaseOptions,
    tracks: Vec<Track>,
    /// When each operation was last heard of, by its index.
    heard: Vec<Option<DateTime<Utc>>>,
    own: OwnNetwork,
    closed: Vec<Span>,
}

/// What is known of the network on our side.
#[derive(Debug, Clone, Copy, Default)]
struct OwnNetwork {
    last_good: Option<DateTime<Utc>>,
    last_bad: Option<DateTime<Utc>>,
    /// The first failure since the last good answer.
    failing: Option<DateTime<Utc>>,
}

impl ObservedPhases {
    pub fn new(options: PhaseOptions) -> Self {
        let tracks = Service::EACH.iter().map(|service| Track::new(*service)).collect();
        let heard = vec![None; Operation::COUNT];
        ObservedPhases { options, tracks, heard, own: OwnNetwork::default(), closed: Vec::new() }
    }

    /// The machine after a whole run of facts.
    pub fn over(facts: impl IntoIterator<Item = Fact>, options: PhaseOptions) -> Self {
        let mut phases = ObservedPhases::new(options);
        for fact in facts {
            phases.push(&fact);
        }
        phases
    }

    /// Takes one fact; returns what became known by it.
    pub fn push(&mut self, fact: &Fact) -> Vec<Transition> {
        let mut known = Vec::new();
        match (fact.subject, fact.signal) {
            (_, Signal::Nothing) => {}
            (Subject::OwnNetwork, Signal::Good) => self.own_network_works(fact, &mut known),
            (Subject::OwnNetwork, _) => self.own_network_fails(fact, &mut known),
            (Subject::Platform(operation), signal) => {
                let index = self.hear(operation, fact);
                if signal == Signal::Good {
                    self.good(index, fact, &mut known);
                    self.leave(fact, &mut known);
                    self.presume(fact, &mut known);
                } else {
                    self.bad(index, operation, fact);
                    self.enter(fact, &mut known);
                }
            }
        }
        known
    }

    /// The condition of a service as far as is known; for [`Service::All`] the gravest of all.
    pub fn condition(&self, service: Service) -> Condition {
        let asked = self.tracks.iter().filter(|track| service == Service::All || track.service == service);
        asked.map(Track::condition).max().unwrap_or(Condition::Healthy)
    }

    /// All spans by their beginning, those that last among them.
    pub fn spans(&self) -> Vec<Span> {
        let open = self.tracks.iter().filter_map(|track| track.open.as_ref());
        let mut spans: Vec<Span> = self.closed.iter().chain(open).cloned().collect();
        spans.sort_by_key(|span| (span.begin.at, span.service));
        spans
    }

    /// When a service was asked at all.
    pub fn heard(&self, service: Service) -> Heard {
        let asked = self.tracks.iter().filter(|track| service == Service::All || track.service == service);
        Heard(asked.flat_map(|track| track.heard.0.iter().copied()).collect())
    }

    fn hear(&mut self, operation: Operation, fact: &Fact) -> usize {
        self.heard[operation.index()] = Some(fact.due);
        let index = operation.service().index().min(self.tracks.len() - 1);
        let track = &mut self.tracks[index];
        track.heard.add(fact.due, self.options.silence);
        track.last_heard = Some(fact.due);
        index
    }

    fn good(&mut self, index: usize, fact: &Fact, known: &mut Vec<Transition>) {
        let slow = fact.done - fact.due > self.options.slow;
        let track = &mut self.tracks[index];
        let before = track.open.as_ref().map(|span| span.last_seen).or(track.last_good);
        track.good(Moment { due: fact.due, done: fact.done, before }, slow);
        let (count, first) = (track.slow.count, track.slow.first);
        if let Some(first) = first.filter(|_| count >= self.options.alone && track.open.is_none())
            && fact.due - first.due >= self.options.settle
        {
            self.open(index, Condition::Slow, first.edge(), fact, 1, known);
        }
    }

    fn bad(&mut self, index: usize, operation: Operation, fact: &Fact) {
        let track = &mut self.tracks[index];
        let moment = Moment { due: fact.due, done: fact.done, before: track.last_good };
        track.bad(fact, moment, 1 << operation.index(), &self.options);
    }

    /// Opens every span that this failure completes: what one service says convinces of others too.
    fn enter(&mut self, fact: &Fact, known: &mut Vec<Transition>) {
        for index in 0..self.tracks.len() {
            let condition = self.tracks[index].condition();
            let streak = self.tracks[index].streak;
            if condition == Condition::Maintenance {
                self.fade(index, fact, known);
            } else if let Some(begin) = self.maintenance_begins(&streak, fact) {
                self.open(index, Condition::Maintenance, begin, fact, self.speaking(), known);
            } else if let Some(begin) = self.joins_maintenance(&streak, fact) {
                self.open(index, Condition::Maintenance, begin, fact, self.speaking(), known);
            } else if let Some(begin) = self.outage_begins(&streak, fact)
                && matches!(condition, Condition::Healthy | Condition::Slow)
            {
                let condition =
                    if self.own_explains(&streak) { Condition::OwnNetwork } else { Condition::Outage };
                self.open(index, condition, begin, fact, self.failing_operations(), known);
            }
        }
    }

    /// Where maintenance began, if enough operations said the same, or one said it often.
    fn maintenance_begins(&self, streak: &Streak, fact: &Fact) -> Option<Edge> {
        let first = streak.first_maintenance.filter(|_| streak.speaks())?;
        let speaking = self.speaking();
        let alone = streak.maintenance >= self.options.alone;
        let some = speaking >= self.options.operations && streak.maintenance >= 2;
        let all = speaking >= self.options.operations.max(3) && self.nothing_good_since_first_maintenance();
        let earliest = self.tracks.iter().filter_map(|track| track.streak.first_maintenance);
        let since = if alone { first.due } else { earliest.map(|moment| moment.due).min()? };
        let settled = fact.due - since >= self.options.settle;
        if settled && (alone || some || all) {
            streak.begin(self.options.failures).map(Moment::edge)
        } else {
            None
        }
    }

    /// Then a single answer of a service is enough: the whole platform says the same.
    fn nothing_good_since_first_maintenance(&self) -> bool {
        let first = self
            .tracks
            .iter()
            .filter_map(|track| track.streak.first_maintenance)
            .map(|moment| moment.due)
            .min();
        self.tracks
            .iter()
            .all(|track| track.last_good.is_none_or(|good| first.is_some_and(|first| good < first)))
    }

    /// A service that fails otherwise while most operations speak of maintenance is part of it.
    fn joins_maintenance(&self, streak: &Streak, fact: &Fact) -> Option<Edge> {
        let open = self.tracks.iter().filter_map(|track| track.open.as_ref());
        let begins = open.filter(|span| span.condition == Condition::Maintenance).map(|span| span.begin.at);
        let begun = begins.min()?;
        let most = self.speaking() * 2 > self.heard_lately(fact.due);
        let first = streak.first.filter(|first| most && streak.in_a_row >= 2 && first.done >= begun)?;
        Some(first.edge())
    }

    fn outage_begins(&self, streak: &Streak, fact: &Fact) -> Option<Edge> {
        let first = streak.first.filter(|_| !streak.speaks())?;
        let services = self.tracks.iter().filter(|track| track.streak.in_a_row > 0).count();
        let enough = streak.in_a_row >= self.options.failures || (streak.in_a_row >= 2 && services >= 3);
        (enough && fact.due - first.due >= self.options.settle).then(|| first.edge())
    }

    /// Maintenance answers have stopped and failures have not: an outage since the first of those.
    fn fade(&mut self, index: usize, fact: &Fact, known: &mut Vec<Transition>) {
        let streak = self.tracks[index].streak;
        let open = self.tracks.iter().filter(|track| track.condition() == Condition::Maintenance);
        let last = open.filter_map(|track| track.streak.last_maintenance).max();
        let Some((first, last)) = streak.faded.first.zip(last) else { return };
        if streak.faded.count < self.options.failures || fact.due - last <= self.options.fade {
            return;
        }
        let edge = Edge { after: streak.last_maintenance, at: first.due, by: first.done };
        self.tracks[index].streak = Streak { in_a_row: streak.in_a_row, ..Streak::default() };
        self.open(index, Condition::Outage, edge, fact, self.failing_operations(), known);
    }

    /// Ends every span whose service has been good for long enough, or together with others.
    fn leave(&mut self, fact: &Fact, known: &mut Vec<Transition>) {
        for index in 0..self.tracks.len() {
            let track = &self.tracks[index];
            let condition = track.condition();
            let together = self.others_end_too(index);
            let enough = if together { 1 } else { 2 };
            if condition != Condition::Healthy && track.goods.settled(enough, fact.due, self.options.settle) {
                let Some(first) = track.goods.first else { continue };
                self.close(index, first.edge(), false, fact, known);
            }
        }
    }

    /// Whether another service in the same condition is good again, or was at the same time.
    fn others_end_too(&self, index: usize) -> bool {
        let track = &self.tracks[index];
        let condition = track.condition();
        let Some(end) = track.goods.first.map(Moment::edge) else { return false };
        let others = self.tracks.iter().filter(|other| other.service != track.service);
        let now = others.filter(|other| other.condition() == condition && other.goods.count > 0).count() > 0;
        let before =
            self.closed.iter().rev().take(Service::EACH.len()).filter(|span| span.condition == condition);
        now || before.filter_map(|span| span.end).any(|other| indistinct(other, end))
    }

    /// A service that nobody asks any more shares the end of those beside it.
    fn presume(&mut self, fact: &Fact, known: &mut Vec<Transition>) {
        for index in 0..self.tracks.len() {
            let track = &self.tracks[index];
            let silent = track.last_heard.is_some_and(|last| fact.due - last > self.options.silence);
            let Some(span) =
                track.open.as_ref().filter(|span| silent && span.condition == Condition::Maintenance)
            else {
                continue;
            };
            let beside =
                |other: &&Span| other.condition == Condition::Maintenance && other.begin.at <= span.last_seen;
            let ends = self.closed.iter().filter(beside).filter_map(|other| other.end);
            if let Some(end) = ends.filter(|end| end.at > span.last_seen).min_by_key(|end| end.at) {
                self.close(index, end, true, fact, known);
            }
        }
    }

    fn own_network_works(&mut self, fact: &Fact, known: &mut Vec<Transition>) {
        let (failing, last_bad) = (self.own.failing.take(), self.own.last_bad);
        self.own.last_good = Some(fact.due);
        for index in 0..self.tracks.len() {
            if self.tracks[index].condition() == Condition::OwnNetwork {
                self.close(index, Edge { after: last_bad, at: fact.due, by: fact.done }, false, fact, known);
            } else if failing.is_some()
                && self.tracks[index].open.is_none()
                && self.tracks[index].streak.failing == 0
            {
                self.tracks[index].streak = Streak::default();
            }
        }
    }

    fn own_network_fails(&mut self, fact: &Fact, known: &mut Vec<Transition>) {
        self.own.failing.get_or_insert(fact.due);
        self.own.last_bad = Some(fact.due);
        for index in 0..self.tracks.len() {
            let explained = self.own_explains(&self.tracks[index].streak);
            let Some(span) = &mut self.tracks[index].open else { continue };
            if explained && span.condition == Condition::Outage {
                span.condition = Condition::OwnNetwork;
                known.push(Transition { known: fact.done, change: Change::Reclassified, span: span.clone() });
            }
        }
    }

    /// Whether our own network failed with it: no answer came from anywhere since.
    fn own_explains(&self, streak: &Streak) -> bool {
        let Some((failing, first)) = self.own.failing.zip(streak.first) else { return false };
        let before = |at: Option<DateTime<Utc>>| at.is_none_or(|at| at < failing);
        let after_good = self.own.last_good.is_none_or(|good| first.done >= good || streak.count > 1);
        let silent =
            self.tracks.iter().all(|track| before(track.last_good) && before(track.streak.last_answered));
        streak.unreachable > 0 && after_good && silent
    }

    fn open(
        &mut self,
        index: usize,
        condition: Condition,
        begin: Edge,
        fact: &Fact,
        operations: u32,
        known: &mut Vec<Transition>,
    ) {
        let mut change = self.close_for(index, begin, fact, known);
        let heard = self.heard_lately(fact.due);
        let track = &mut self.tracks[index];
        let mut span = track.span(condition, begin, fact.due, operations, heard);
        let service = span.service;
        let previous = self.closed.iter().rposition(|closed| closed.service == service);
        if let Some(position) =
            previous.filter(|p| self.closed[*p].end_presumed && condition == Condition::Maintenance)
        {
            span.begin = self.closed.remove(position).begin;
            change = Change::Reopened;
        }
        known.push(Transition { known: fact.done, change, span: span.clone() });
        track.goods = Run::default();
        track.open = Some(span);
    }

    /// A span gives way to a graver one where that begins; where both begin at once, it never was.
    fn close_for(&mut self, index: usize, begin: Edge, fact: &Fact, known: &mut Vec<Transition>) -> Change {
        let Some(span) = self.tracks[index].close(begin) else { return Change::Began };
        if span.begin.at >= begin.at {
            return Change::Reclassified;
        }
        known.push(Transition { known: fact.done, change: Change::Ended, span: span.clone() });
        self.closed.push(span);
        Change::Began
    }

    fn close(&mut self, index: usize, end: Edge, presumed: bool, fact: &Fact, known: &mut Vec<Transition>) {
        let track = &mut self.tracks[index];
        track.forget();
        if let Some(mut span) = track.close(end) {
            span.end_presumed = presumed;
            known.push(Transition { known: fact.done, change: Change::Ended, span: span.clone() });
            self.closed.push(span);
        }
    }

    /// Operations that now speak of maintenance.
    fn speaking(&self) -> u32 {
        self.tracks.iter().fold(0, |all, track| all | track.streak.speaking).count_ones()
    }

    fn failing_operations(&self) -> u32 {
        self.tracks.iter().fold(0, |all, track| all | track.streak.failed).count_ones()
    }

    fn heard_lately(&self, now: DateTime<Utc>) -> u32 {
        let recent =
            |heard: &&Option<DateTime<Utc>>| heard.is_some_and(|at| now - at <= self.options.silence);
        self.heard.iter().filter(recent).count() as u32
    }
}

impl Default for ObservedPhases {
    fn default() -> Self {
        ObservedPhases::new(PhaseOptions::default())
    }
}
