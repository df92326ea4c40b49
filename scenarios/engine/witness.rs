//! A journey from outside: whatever happens in it, a panic included, it leaves exactly one observation.

use super::recorder::Recording;
use crate::journeys::Journey;
use futures_util::FutureExt as _;
use piaotan_client::clock::Clock;
use piaotan_client::port;
use piaotan_record::folder::Event;
use piaotan_record::{Nanos, Observation, Outcome};
use std::panic::AssertUnwindSafe;

/// Lets a started journey run to its end and records it. A panic is told in the folder; it ends this
/// journey and no other. Gives its outcome.
pub async fn witness<R: Recording>(
    record: &R,
    clock: Clock,
    journey: Journey,
    due: Nanos,
    run: impl Future<Output = Result<(), port::Stop>>,
) -> Outcome {
    let sent = clock.now();
    let ended = AssertUnwindSafe(run).catch_unwind().await;
    let done = clock.now();
    let outcome = match ended {
        Ok(Ok(())) => Outcome::Ok,
        Ok(Err(stop)) => stop.outcome,
        Err(panic) => {
            let text = format!("{journey}: {}", panic_text(&*panic));
            record.with(|r| r.push(Event::SelfCheck { at: done, kind: "journey_panicked".to_owned(), text }));
            Outcome::ClientError
        }
    };
    record.seen(Observation::new(journey.operation(), due, sent, done, outcome));
    outcome
}

/// What a panic said.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("panicked")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::recorder::{Local, Recorder};
    use piaotan_record::{Operation, OutcomeKind};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_panic_is_told_and_counted_and_the_next_journey_runs() {
        let record = Local(Rc::new(RefCell::new(Recorder::new(Arc::default()))));
        let clock = Clock::start();
        // Tests print panics; this one is meant.
        witness(&record, clock, Journey::Verify, Nanos(7), async { panic!("no such field") }).await;
        witness(&record, clock, Journey::Verify, Nanos(9), async { Ok(()) }).await;
        let batch = record.with(|recorder| recorder.take(0.0, false));
        let cells: Vec<_> = batch.tally.cells().collect();
        let [(0, Operation::JourneyVerify, cell)] = cells[..] else { panic!("{} cells", cells.len()) };
        assert_eq!(cell.outcomes[OutcomeKind::ClientError.index()], 1);
        assert_eq!(cell.outcomes[OutcomeKind::Ok.index()], 1);
        let [Event::SelfCheck { kind, text, .. }] = &batch.events[..] else { panic!("{:?}", batch.events) };
        assert_eq!((kind.as_str(), text.as_str()), ("journey_panicked", "verify: no such field"));
    }
}
