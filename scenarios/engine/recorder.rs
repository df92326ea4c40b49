//! What one worker saw since it was last asked. No other thread touches it.

use super::made::Made;
use hdrhistogram::Histogram;
use piaotan_client::ask::Record;
use piaotan_record::folder::{Event, Seen};
use piaotan_record::{CodeBook, Nanos, Observation, Operation, OutcomeKind, Tally, tally};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// Failures of one operation and outcome that one worker keeps whole, at most.
const KEPT: u32 = 200;

/// Increments since the last batch was taken.
#[derive(Debug)]
pub struct Recorder {
    tally: Tally,
    events: Vec<Event>,
    made: Vec<Made>,
    /// Small facts for the lookout, taken several times a second.
    facts: Vec<Fact>,
    /// The last success of each operation since the facts were taken: enough to know that it works.
    worked: [Option<Fact>; Operation::COUNT],
    kept: HashMap<(Operation, OutcomeKind), u32>,
    lateness: Histogram<u64>,
    codes: Arc<CodeBook>,
    unsendable: HashMap<Operation, String>,
}

/// One outcome with its times, for the inference of maintenance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fact {
    pub operation: Operation,
    pub due: Nanos,
    pub sent: Nanos,
    pub done: Nanos,
    pub outcome: piaotan_record::Outcome,
}

/// What a worker hands to the collector.
#[derive(Debug)]
pub struct Batch {
    pub tally: Tally,
    pub events: Vec<Event>,
    /// Synthetic invoices, for the ledger.
    pub made: Vec<Made>,
    /// How late arrivals were started, in nanoseconds.
    pub lateness: Histogram<u64>,
    /// CPU seconds that the worker's thread has used since the last batch.
    pub cpu: f64,
    /// Whether the sender keeps the pace (and its CPU counts towards saturation).
    pub paces: bool,
    /// Told when the collector has taken this batch and all before it.
    pub fence: Option<std::sync::mpsc::Sender<()>>,
}

impl Recorder {
    #[must_use]
    pub fn new(codes: Arc<CodeBook>) -> Self {
        Self {
            tally: Tally::default(),
            events: Vec::new(),
            made: Vec::new(),
            facts: Vec::new(),
            worked: [None; Operation::COUNT],
            kept: HashMap::new(),
            lateness: tally::latency_histogram(),
            codes,
            unsendable: HashMap::new(),
        }
    }

    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    pub fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Invoices that have to be in the ledger.
    pub fn made(&mut self, made: Vec<Made>) {
        self.made.extend(made);
    }

    /// How late an arrival was started, in nanoseconds.
    pub fn late(&mut self, nanos: u64) {
        self.lateness.saturating_record(nanos.max(tally::LOWEST));
    }

    pub fn sent(&mut self, operation: Operation, due: Nanos) {
        self.tally.sent(operation, due);
    }

    pub fn seen(&mut self, seen: &Observation) {
        self.tally.add(seen);
        if seen.operation.is_journey() {
            return;
        }
        let fact = Fact {
            operation: seen.operation,
            due: seen.due,
            sent: seen.sent,
            done: seen.done,
            outcome: seen.outcome,
        };
        if seen.outcome.is_answer() {
            self.worked[seen.operation.index()] = Some(fact);
        } else {
            self.facts.push(fact);
            self.keep(seen);
        }
        // That an invoice was issued is told by the port, which knows its number.
        self.events.extend(Event::of_mark(seen, ""));
    }

    /// A request that our own configuration cannot make: told once an operation.
    pub fn unsendable(&mut self, operation: Operation, at: Nanos, reason: &str) {
        if self.unsendable.insert(operation, reason.to_owned()).is_none() {
            let text = format!("{operation}: {reason}");
            self.events.push(Event::SelfCheck { at, kind: "unsendable".to_owned(), text });
        }
    }

    /// Facts since the last call, in the order seen; of successes the last one an operation.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        let mut facts = std::mem::take(&mut self.facts);
        facts.extend(self.worked.iter_mut().filter_map(Option::take));
        facts.sort_by_key(|fact| fact.done);
        facts
    }

    /// Everything since the last call, but facts.
    pub fn take(&mut self, cpu: f64, paces: bool) -> Batch {
        let lateness = std::mem::replace(&mut self.lateness, tally::latency_histogram());
        Batch {
            tally: std::mem::take(&mut self.tally),
            events: std::mem::take(&mut self.events),
            made: std::mem::take(&mut self.made),
            lateness,
            cpu,
            paces,
            fence: None,
        }
    }

    fn keep(&mut self, seen: &Observation) {
        let kept = self.kept.entry((seen.operation, seen.outcome.kind())).or_default();
        if *kept < KEPT {
            *kept += 1;
            self.events.push(Event::Observation(Box::new(Seen::new(seen, &self.codes))));
        }
    }
}

/// A recorder of one thread.
#[derive(Debug, Clone)]
pub struct Local(pub Rc<RefCell<Recorder>>);

/// A recorder that several tasks of a `Send` world share.
#[derive(Debug, Clone)]
pub struct Shared(pub Arc<Mutex<Recorder>>);

/// Lets engine code that is written once reach either.
pub trait Recording: Record + Clone {
    fn with<T>(&self, act: impl FnOnce(&mut Recorder) -> T) -> T;
}

impl Recording for Local {
    fn with<T>(&self, act: impl FnOnce(&mut Recorder) -> T) -> T {
        act(&mut self.0.borrow_mut())
    }
}

impl Recording for Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Recorder) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

macro_rules! record {
    ($kind:ty) => {
        impl Record for $kind {
            fn sent(&self, operation: Operation, due: Nanos) {
                self.with(|recorder| recorder.sent(operation, due));
            }
            fn seen(&self, observation: Observation) {
                self.with(|recorder| recorder.seen(&observation));
            }
            fn unsendable(&self, operation: Operation, reason: &str) {
                self.with(|recorder| recorder.unsendable(operation, Nanos::default(), reason));
            }
        }
    };
}
record!(Local);
record!(Shared);
