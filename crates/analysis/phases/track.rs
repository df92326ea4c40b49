//! One service: its answers since the last good one, and the span it is in.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::window::Service;

use super::{Condition, Confidence, Edge, Evidence, Fact, Heard, PhaseOptions, Signal, Span};

#[derive(Debug, Clone)]
pub(super) struct Track {
    pub service: Service,
    pub heard: Heard,
    pub last_heard: Option<DateTime<Utc>>,
    /// When the last good answer was asked for.
    pub last_good: Option<DateTime<Utc>>,
    /// Failures since the last good answer, or since the open span began.
    pub streak: Streak,
    /// Good answers that may be the end of the open span.
    pub goods: Run,
    /// Slow answers that may be the beginning of a slow span.
    pub slow: Run,
    pub open: Option<Span>,
}

/// Failures of one service with no good answer between them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Streak {
    pub count: u32,
    pub first: Option<Moment>,
    pub maintenance: u32,
    pub unreachable: u32,
    pub failing: u32,
    /// Answers of any kind since the first maintenance answer.
    pub since: u32,
    pub first_maintenance: Option<Moment>,
    pub last_maintenance: Option<DateTime<Utc>>,
    /// The first failure after the last maintenance answer, and how many there were.
    pub faded: Run,
    /// Operations that spoke of maintenance, one bit each.
    pub speaking: u64,
    /// Operations that failed in any way, one bit each.
    pub failed: u64,
    pub promised: Option<DateTime<Utc>>,
    /// The last failure that was an answer: then our own network was there.
    pub last_answered: Option<DateTime<Utc>>,
    /// Failures without a good answer between them, whatever the span.
    pub in_a_row: u32,
}

/// A run of like answers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    pub count: u32,
    pub first: Option<Moment>,
}

/// One answer's times, and the last good answer before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub due: DateTime<Utc>,
    pub done: DateTime<Utc>,
    pub before: Option<DateTime<Utc>>,
}

impl Run {
    pub fn add(&mut self, moment: Moment) {
        self.count += 1;
        self.first.get_or_insert(moment);
    }

    /// Whether there are at least `count`, over at least `settle` up to `now`.
    pub fn settled(&self, count: u32, now: DateTime<Utc>, settle: TimeDelta) -> bool {
        self.count >= count && self.first.is_some_and(|first| now - first.due >= settle)
    }
}

impl Moment {
    pub fn edge(self) -> Edge {
        Edge { after: self.before, at: self.due, by: self.done }
    }
}

impl Streak {
    pub fn add(&mut self, fact: &Fact, moment: Moment, bit: u64, fade: TimeDelta) {
        let faded = self.last_maintenance.is_some_and(|last| fact.due - last > fade);
        if faded && matches!(fact.signal, Signal::Maintenance { .. }) {
            // What was said long ago is another story.
            *self =
                Streak { count: self.count, first: self.first, in_a_row: self.in_a_row, ..Streak::default() };
        }
        self.count += 1;
        self.in_a_row += 1;
        self.failed |= bit;
        self.first.get_or_insert(moment);
        match fact.signal {
            Signal::Maintenance { retry_after } => {
                self.maintenance += 1;
                self.speaking |= bit;
                self.first_maintenance.get_or_insert(moment);
                self.last_maintenance = Some(fact.due);
                self.faded = Run::default();
                self.promised = self.promised.max(retry_after.map(|after| fact.done + after));
            }
            Signal::Unreachable => self.unreachable += 1,
            _ => self.failing += 1,
        }
        if fact.signal != Signal::Unreachable {
            self.last_answered = Some(fact.due);
        }
        if self.first_maintenance.is_some() {
            self.since += 1;
        }
        if !matches!(fact.signal, Signal::Maintenance { .. }) {
            self.faded.add(moment);
        }
    }

    /// Whether a quarter at least of what came since the first maintenance answer was one.
    pub fn speaks(&self) -> bool {
        self.maintenance > 0 && self.maintenance * 4 >= self.since
    }

    /// The failure by which maintenance began. Those before the first maintenance answer belong to it
    /// as long as they are too few for an outage of their own.
    pub fn begin(&self, failures: u32) -> Option<Moment> {
        let before = self.count - self.since;
        if before < failures { self.first } else { self.first_maintenance }
    }
}

impl Track {
    pub fn new(service: Service) -> Track {
        Track {
            service,
            heard: Heard::default(),
            last_heard: None,
            last_good: None,
            streak: Streak::default(),
            goods: Run::default(),
            slow: Run::default(),
            open: None,
        }
    }

    pub fn condition(&self) -> Condition {
        self.open.as_ref().map_or(Condition::Healthy, |span| span.condition)
    }

    /// Takes a good answer; the open span, if any, is not ended here.
    pub fn good(&mut self, moment: Moment, slow: bool) {
        self.last_good = Some(moment.due);
        self.streak.in_a_row = 0;
        self.streak.faded = Run::default();
        if self.open.is_none() {
            self.streak = Streak::default();
        }
        match (slow, self.condition()) {
            (true, Condition::Slow) => {
                self.goods = Run::default();
                self.note(moment.due, |evidence| evidence.slow += 1);
            }
            (true, _) => {
                self.slow.add(moment);
                self.goods.add(moment);
            }
            (false, _) => {
                self.slow = Run::default();
                self.goods.add(moment);
            }
        }
    }

    /// Takes a failure. One that is no maintenance answer does not yet undo a good answer before it.
    pub fn bad(&mut self, fact: &Fact, moment: Moment, bit: u64, options: &PhaseOptions) {
        self.streak.add(fact, moment, bit, options.fade);
        self.slow = Run::default();
        let insists = matches!(fact.signal, Signal::Maintenance { .. }) || self.streak.in_a_row >= 2;
        if insists {
            self.goods = Run::default();
        }
        let promised = self.streak.promised;
        self.note(fact.due, |evidence| {
            match fact.signal {
                Signal::Maintenance { .. } => evidence.maintenance += 1,
                Signal::Unreachable => evidence.unreachable += 1,
                _ => evidence.failing += 1,
            }
            evidence.promised = evidence.promised.max(promised);
        });
    }

    fn note(&mut self, at: DateTime<Utc>, change: impl FnOnce(&mut Evidence)) {
        if let Some(span) = &mut self.open {
            span.last_seen = at;
            change(&mut span.evidence);
        }
    }

    /// A span that begins now, with what the streak holds as its evidence.
    pub fn span(
        &self,
        condition: Condition,
        begin: Edge,
        last_seen: DateTime<Utc>,
        operations: u32,
        heard: u32,
    ) -> Span {
        let confidence = match operations {
            0 | 1 => Confidence::Low,
            many if many >= 3 || many * 2 >= heard => Confidence::High,
            _ => Confidence::Medium,
        };
        let evidence = Evidence {
            maintenance: self.streak.maintenance,
            unreachable: self.streak.unreachable,
            failing: self.streak.failing,
            slow: self.slow.count,
            operations,
            heard,
            promised: self.streak.promised,
        };
        let service = self.service;
        Span { service, condition, begin, end: None, confidence, evidence, last_seen, end_presumed: false }
    }

    pub fn close(&mut self, end: Edge) -> Option<Span> {
        let mut span = self.open.take()?;
        span.end = Some(end);
        Some(span)
    }

    /// What comes next starts from nothing; but answers may have been slow from the restore on.
    pub fn forget(&mut self) {
        self.streak = Streak::default();
        self.goods = Run::default();
        if self.condition() == Condition::Slow {
            self.slow = Run::default();
        }
    }
}
