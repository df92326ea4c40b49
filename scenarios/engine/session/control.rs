//! The thread beside the workers: preparation, lookout, tracker.

use super::AgainstWindows;
use super::EngineError;
use super::Setup;
use super::parts::client;
use crate::engine::follow::{self, Tracking};
use crate::engine::herald::{self, Told};
use crate::engine::holds::Holds;
use crate::engine::lookout::Lookout;
use crate::engine::material::{Material, PREPARED, known_of};
use crate::engine::port::LoadPort;
use crate::engine::recorder::{Batch, Fact, Local, Recorder, Recording as _};
use crate::engine::segment::Stripe;
use crate::engine::stop::{Stop, Urgency};
use crate::engine::waits::Waits;
use crate::engine::witness::witness;
use crate::journeys::{Journey, Known};
use chrono::{DateTime, Utc};
use piaotan_client::announcements::Source;
use piaotan_client::ask::Client;
use piaotan_client::clock::Clock;
use piaotan_client::session::Session as LoginSession;
use piaotan_record::Outcome;
use piaotan_record::calendar::{Calendar, Register};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::LocalSet;

/// What that thread works with.
pub(super) struct Control {
    pub setup: Setup,
    pub clock: Clock,
    pub login: Arc<LoginSession>,
    pub holds: Arc<Holds>,
    pub material: Arc<Material>,
    pub batches: mpsc::Sender<Batch>,
    pub plan_through: Stop,
    pub waits: Arc<Waits>,
}

/// Told when everything is prepared, or why the run may not start.
pub(super) type Ready = mpsc::Sender<Result<(), String>>;

impl Control {
    pub fn run(
        self,
        facts: UnboundedReceiver<Vec<Fact>>,
        accepted: UnboundedReceiver<follow::Accepted>,
        ready: &Ready,
    ) -> Result<Register, EngineError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(LocalSet::new().block_on(&runtime, self.attend(facts, accepted, ready)))
    }

    async fn attend(
        self,
        facts: UnboundedReceiver<Vec<Fact>>,
        accepted: UnboundedReceiver<follow::Accepted>,
        ready: &Ready,
    ) -> Register {
        let codes = Arc::new(self.setup.profile.codes().clone());
        let record = Local(Rc::new(RefCell::new(Recorder::new(codes))));
        let client = client(&self.setup, self.clock, &self.login, 8, 0);
        let mut sources = self.sources();
        let asked = sources.iter_mut().map(|source| source.poll(client.pool(), self.clock, &record));
        futures_util::future::join_all(asked).await;
        let told = herald::told(&sources, &self.setup.register.windows);
        let refusal = self.refusal(&told);
        if refusal.is_none() {
            self.prepare(&client, &record).await;
        }
        let refused = refusal.clone();
        let _ = ready.send(refusal.map_or(Ok(()), Err));
        if refused.is_some() {
            return self.setup.register;
        }
        let looks = Local(Rc::new(RefCell::new(Recorder::new(Arc::new(self.setup.profile.codes().clone())))));
        let over = Stop::default();
        let reporting = [record.clone(), looks.clone()]
            .map(|each| tokio::task::spawn_local(follow::report(each, self.batches.clone())));
        let tracker = tokio::task::spawn_local(follow::track(
            client.clone(),
            self.holds.clone(),
            record.clone(),
            self.tracking(),
            accepted,
            over.clone(),
        ));
        let (tell, news) = unbounded_channel();
        let _ = tell.send(told);
        let known = self.setup.register.windows.clone();
        let herald = tokio::task::spawn_local(herald::follow(
            sources,
            known,
            client.clone(),
            record.clone(),
            tell,
            over.clone(),
        ));
        let lookout = Lookout {
            client: client.clone(),
            holds: self.holds.clone(),
            record: looks.clone(),
            options: self.setup.plan.scenario.maintenance.clone(),
            calendar: self.setup.calendar,
            register: self.setup.register.clone(),
            news,
            stop: over.clone(),
            trial: self.material.invoice(PREPARED - 1),
        };
        let ending = tokio::task::spawn_local(self.clone_end(over.clone(), client.clone()));
        let register = lookout.watch(facts).await;
        let _ = ending.await;
        let _ = herald.await;
        let _ = tracker.await;
        for (task, each) in reporting.into_iter().zip([record, looks]) {
            task.abort();
            let _ = self.batches.send(each.with(|recorder| recorder.take(0.0, false)));
        }
        register
    }

    /// Raises `over` when the plan is through and the tracker has had its time.
    fn clone_end(&self, over: Stop, client: Arc<Client>) -> impl Future<Output = ()> + use<> {
        let (through, stop) = (self.plan_through.clone(), self.setup.stop.clone());
        let drain = self.setup.plan.scenario.sync.drain.0;
        async move {
            tokio::select! {
                () = through.reached(Urgency::Drain) => tokio::select! {
                    () = tokio::time::sleep(drain) => {}
                    () = stop.reached(Urgency::Drain) => {}
                },
                () = stop.reached(Urgency::Now) => through.reached(Urgency::Drain).await,
            }
            client.stop();
            over.raise(Urgency::Now);
        }
    }

    fn sources(&self) -> Vec<Source> {
        let wanted = self.setup.maintenance != AgainstWindows::Press;
        self.setup.sources.iter().filter(|_| wanted).cloned().collect()
    }

    /// Why the run may not start: a window is open or falls inside its length.
    fn refusal(&self, told: &Told) -> Option<String> {
        if self.setup.maintenance != AgainstWindows::Refuse {
            return None;
        }
        let mut register = self.setup.register.clone();
        told.put_into(&mut register);
        let calendar = Calendar::new(&register, self.setup.calendar);
        let from = self.clock.wall();
        let to = from + chrono::Duration::milliseconds((self.setup.plan.seconds * 1e3) as i64 + 1_000);
        let operations = self.setup.plan.scenario.operations();
        let met =
            operations.iter().find_map(|op| calendar.overlapping(from, to, op.service()).first().copied())?;
        let zone = self.setup.profile.zone();
        let show = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %Z").to_string();
        let end = met.end.map_or_else(|| "until restored".to_owned(), show);
        Some(format!(
            "maintenance window {} ({} to {end}) falls into this run; start it later, or give --during-maintenance pause",
            met.id,
            show(met.start),
        ))
    }

    fn tracking(&self) -> Tracking {
        let profile = &self.setup.profile;
        let surfaces = self.setup.plan.surfaces.iter().copied();
        let quota = self
            .setup
            .plan
            .scenario
            .data
            .verify_quota
            .or(profile.verify_per_day())
            .filter(|quota| *quota > 0);
        Tracking {
            sync: self.setup.plan.scenario.sync.clone(),
            surfaces: surfaces.filter(|surface| profile.supports(surface.operation().wire())).collect(),
            regions: profile.regions().to_vec(),
            // One is left for the journey's own verification.
            verify_looks: quota.map(|quota| quota.saturating_sub(1)),
            waits: self.waits.clone(),
            seed: self.setup.plan.scenario.seed,
        }
    }

    /// Opens the account and uploads what reading journeys will ask for.
    async fn prepare(&self, client: &Arc<Client>, record: &Local) {
        let writes = self
            .setup
            .plan
            .mix
            .iter()
            .any(|mix| mix.journey.writes() && mix.journey != Journey::RegisterLogin);
        let segment = self.setup.segment;
        // The shares of all segments add up; one at least, or a segment could read nothing.
        let all = u64::from(self.setup.plan.scenario.data.prepare);
        let count = Stripe::segment(segment.index, segment.of).share(all).max(all.min(1));
        if writes || count > 0 {
            client.enrol(record).await;
        }
        if count == 0 || !self.setup.known.is_empty() {
            return;
        }
        let mut known = Vec::new();
        let lanes = 16.min(count);
        let lane = |lane: u64| async move {
            let mut done = Vec::new();
            for index in (lane..count).step_by(usize::try_from(lanes).unwrap_or(1)) {
                // Segments must not prepare the same invoices twice.
                let own = index * u64::from(segment.of) + u64::from(segment.index);
                done.extend(self.prepare_one(client, record, PREPARED + own).await);
            }
            done
        };
        for each in futures_util::future::join_all((0..lanes).map(lane)).await {
            known.extend(each);
        }
        self.material.know(known);
    }

    /// One journey of the preparation, counted like any other.
    async fn prepare_one(&self, client: &Arc<Client>, record: &Local, index: u64) -> Option<Known> {
        let due = self.clock.now();
        let journey = Journey::UploadReview;
        let drawn = self.material.draw(journey, index)?;
        record.with(|recorder| {
            let arrivals = recorder.tally().arrivals_at(due);
            (arrivals.scheduled, arrivals.started) = (arrivals.scheduled + 1, arrivals.started + 1);
            recorder.sent(journey.operation(), due);
        });
        let (holds, stop) = (self.holds.clone(), self.setup.stop.clone());
        let mut port = LoadPort::new(client.clone(), holds, stop, record.clone(), due, None);
        let row = drawn.row();
        let ended = witness(record, self.clock, journey, due, journey.run(&mut port, &row)).await;
        (ended == Outcome::Ok).then(|| known_of(&self.material.invoice(index)))
    }
}
