//! How a journey of a load test reaches the platform.

use super::holds::Holds;
use super::made::Made;
use super::recorder::Recording;
use super::stop::{Stop, Urgency};
use super::waits::Pipeline;
use piaotan_client::ask::Client;
use piaotan_client::port::{FieldName, Fields, Port, Reply};
use piaotan_record::folder::Event;
use piaotan_record::{Nanos, Operation, Outcome, Token};
use std::sync::Arc;
use std::time::Duration;

/// A user does not think to the millisecond: so much of a late wake-up is thinking, the rest is charged.
const THINKING: u64 = 2_000_000;

/// The port of one journey: it knows when the next step is due.
#[derive(Debug)]
pub struct LoadPort<R> {
    client: Arc<Client>,
    holds: Arc<Holds>,
    stop: Stop,
    record: R,
    due: Nanos,
    /// When the platform was last asked and had not accepted the invoice yet.
    not_accepted: Nanos,
    follow: Option<super::follow::Follower>,
}

impl<R: Recording> LoadPort<R> {
    /// A port whose first step is due at the arrival.
    #[must_use]
    pub fn new(
        client: Arc<Client>,
        holds: Arc<Holds>,
        stop: Stop,
        record: R,
        due: Nanos,
        follow: Option<super::follow::Follower>,
    ) -> Self {
        Self { client, holds, stop, record, due, not_accepted: due, follow }
    }
}

impl<R: Recording> LoadPort<R> {
    /// The delay until the invoice is visible starts now.
    ///
    /// Acceptance happened between two looks at the review; the middle is right on average, the later
    /// look alone would make every delay too short.
    fn issued(&self, token: Token, fields: &Fields<'_>) {
        let at = Nanos(self.not_accepted.0.midpoint(self.due.0));
        let number = fields.get(FieldName::Number).unwrap_or_default().to_owned();
        self.record.with(|recorder| recorder.push(Event::Issued { at, token, number }));
        if let Some(follow) = &self.follow {
            follow.begin(token, fields, at);
        }
    }
}

impl<R: Recording> LoadPort<R> {
    /// An upload enters the review; its decision came between two looks.
    fn reviewed(&self, operation: Operation, reply: &Reply, token: Token) {
        let Some(follow) = &self.follow else { return };
        let decided = || matches!(reply.values.get("review"), Some("accepted" | "rejected"));
        match operation {
            Operation::Upload
                if reply.outcome == Outcome::Ok && self.client.profile().supports(Operation::Review) =>
            {
                follow.waits.entered(Pipeline::Review, token, self.due);
            }
            Operation::Review if decided() => {
                let at = Nanos(self.not_accepted.0.midpoint(self.due.0));
                follow.waits.left(Pipeline::Review, token, at);
            }
            _ => {}
        }
    }
}

/// Whether the platform has just accepted the invoice of this call.
fn accepted(client: &Client, operation: Operation, reply: &Reply) -> bool {
    match operation {
        Operation::Review => reply.values.get("review") == Some("accepted"),
        Operation::Upload => reply.outcome == Outcome::Ok && !client.profile().supports(Operation::Review),
        _ => false,
    }
}

impl<R: Recording> Port for LoadPort<R> {
    async fn call(&mut self, operation: Operation, fields: &Fields<'_>) -> Reply {
        let clock = self.client.clock();
        let now = clock.now();
        if self.stop.is(Urgency::Now) {
            return Reply { outcome: Outcome::CutOff, ..Reply::held() };
        }
        if self.holds.forbids(operation, now) {
            return Reply::held();
        }
        let may_login = self.holds.may_login(now);
        let reply = self.client.ask(operation, fields, self.due, may_login, &self.record).await;
        self.due = clock.now();
        if operation.writes() {
            let made = Made::of(operation, fields, &reply, now);
            self.record.with(|recorder| recorder.made(made));
        }
        if let Some(token) = fields.token.filter(|_| accepted(&self.client, operation, &reply)) {
            self.issued(token, fields);
        }
        if let Some(token) = fields.token {
            self.reviewed(operation, &reply, token);
        }
        self.not_accepted = now;
        reply
    }

    async fn think(&mut self, time: Duration) {
        let clock = self.client.clock();
        let until = Nanos(self.due.0.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)));
        tokio::select! {
            () = tokio::time::sleep_until(clock.instant(until)) => {}
            () = self.stop.reached(Urgency::Now) => {}
        }
        self.due = Nanos(clock.now().0.min(until.0.saturating_add(THINKING)).max(until.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::mute;
    use piaotan_record::calendar::Calendar;

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_the_end_of_the_run_cuts_off_goes_into_the_ledger() {
        let (client, record, invoice) = (mute::client(), mute::record(), mute::invoice(7));
        let mut fields = invoice.fields();
        fields.token = Some(Token(7));
        let holds = Holds::new(client.clock(), Calendar::of(Vec::new()), Duration::ZERO, false);
        let mut port = LoadPort::new(client.clone(), holds, Stop::default(), record.clone(), Nanos(0), None);
        let (reply, ()) = tokio::join!(port.call(Operation::Upload, &fields), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.stop();
        });
        assert_eq!((reply.outcome, reply.held), (Outcome::CutOff, false));
        let made = record.with(|recorder| recorder.take(0.0, false)).made;
        let made: Vec<_> = made.into_iter().map(|made| (made.token, made.number)).collect();
        assert_eq!(made, [(Token(7), invoice.number.clone())]);
        // Once it is stopped nothing goes out, and nothing is made.
        let reply = port.call(Operation::Upload, &fields).await;
        assert_eq!((reply.outcome, reply.held), (Outcome::CutOff, true));
        let batch = record.with(|recorder| recorder.take(0.0, false));
        assert!(batch.made.is_empty() && batch.tally.cells().next().is_none());
    }
}
