//! One question to the platform, from fields to a recorded observation.

use crate::clock::Clock;
use crate::port::{FieldName, Fields, Reply, Values};
use crate::profile::{self, Bases, Context, Judged, Language, Profile, ReviewState, Secrets, Step, Wire};
use crate::session::Session;
use crate::target::Endpoint;
use crate::transport::{Dialer, Exchange, Outgoing, Pool, PoolOptions};
use crate::under_way::UnderWay;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName};
use piaotan_record::{Evidence, Mark, Nanos, Observation, Operation, Outcome, Surface};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where what was sent and what was seen is counted: apart, so that a lost observation shows.
pub trait Record {
    /// A request is about to be handed to a connection.
    fn sent(&self, operation: Operation, due: Nanos);
    /// What came of it. Exactly one for every `sent`.
    fn seen(&self, observation: Observation);
    /// Our own configuration could not make the request; nothing was sent.
    fn unsendable(&self, operation: Operation, reason: &str);
    /// Whether the phases of a new connection are wanted on answers too, and not on failures alone.
    fn wants_phases(&self) -> bool {
        false
    }
}

/// A platform as one account of ours sees it.
#[derive(Debug)]
pub struct Client {
    profile: Arc<Profile>,
    bases: Bases,
    secrets: Secrets,
    language: Language,
    session: Arc<Session>,
    /// The pool of each base, the default one first.
    pools: Vec<(Endpoint, Arc<Pool>)>,
    clock: Clock,
    nonce: AtomicU64,
}

/// What a client needs beside its profile.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    pub bases: Bases,
    pub secrets: Secrets,
    pub language: Language,
    pub session: Arc<Session>,
    pub dialer: Dialer,
    pub clock: Clock,
    pub pool: PoolOptions,
    /// First of the numbers from which nonces are made; clients that share a platform need different ones.
    pub nonce: u64,
}

impl Client {
    #[must_use]
    pub fn new(profile: Arc<Profile>, options: ClientOptions) -> Self {
        let ClientOptions { bases, secrets, language, session, dialer, clock, pool, nonce } = options;
        let pools = bases.all().map(|base| {
            let endpoint = endpoint(base);
            (endpoint.clone(), Pool::new(endpoint, dialer.clone(), clock, pool))
        });
        let pools = pools.collect();
        Self { profile, secrets, language, session, pools, clock, nonce: AtomicU64::new(nonce), bases }
    }

    #[must_use]
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    #[must_use]
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Connections open now, to all bases.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.pools.iter().map(|(_, pool)| pool.connections()).sum()
    }

    /// The pool of the default base.
    #[must_use]
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pools[0].1
    }

    /// Ends everything under way; what was being asked comes back as cut off.
    pub fn stop(&self) {
        self.pools.iter().for_each(|(_, pool)| pool.stop());
    }

    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.pool().is_stopped()
    }

    /// Asks, logging in first where that is needed; `may_login` is false inside a window.
    ///
    /// Every request, logins included, is recorded with the instant it was due.
    pub async fn ask<R: Record>(
        &self,
        operation: Operation,
        fields: &Fields<'_>,
        due: Nanos,
        may_login: bool,
        record: &R,
    ) -> Reply {
        let wire = operation.wire();
        if !self.profile.needs_token(wire) || wire == Operation::Login {
            let reply = self.send(operation, Step::Operation(wire), fields, due, None, record).await.0;
            let read_inbox =
                wire == Operation::SmsCode && reply.outcome == Outcome::Ok && self.profile.has_inbox();
            return if read_inbox {
                Box::pin(self.send(operation, Step::Inbox, fields, self.clock.now(), None, record)).await.0
            } else {
                reply
            };
        }
        let grant = match self.grant(due, may_login, record).await {
            Ok(grant) => grant,
            Err(reply) => return reply,
        };
        let (reply, login_again) =
            self.send(operation, Step::Operation(wire), fields, due, Some(&grant), record).await;
        if login_again {
            self.session.forget();
        }
        reply
    }

    /// Opens the session's account on a platform that hands out SMS codes in a test inbox.
    /// An account that is there already is left as it is.
    pub async fn enrol<R: Record>(&self, record: &R) {
        let can = self.profile.has_inbox() && self.profile.supports(Operation::Register);
        if !can {
            return;
        }
        let account = self.session.account();
        let user = Fields::default()
            .with(FieldName::Mobile, &account.mobile)
            .with(FieldName::Name, &account.name)
            .with(FieldName::Password, &account.password);
        let asked = self.ask(Operation::SmsCode, &user, self.clock.now(), true, record).await;
        let Some(code) = asked.values.get("sms_code") else { return };
        self.ask(Operation::Register, &user.with(FieldName::SmsCode, code), self.clock.now(), true, record)
            .await;
    }

    /// The token of the session, asked for if need be; the reply of the login where there is none.
    async fn grant<R: Record>(
        &self,
        due: Nanos,
        may_login: bool,
        record: &R,
    ) -> Result<Arc<profile::Grant>, Reply> {
        let now = self.clock.wall();
        if let Some(grant) = self.session.fresh(now) {
            return Ok(grant);
        }
        if !may_login {
            return self.session.valid(now).ok_or_else(Reply::held);
        }
        let _asking = self.session.asking.lock().await;
        if let Some(grant) = self.session.fresh(self.clock.wall()) {
            return Ok(grant);
        }
        // Boxed, as it is rare: what every request moves about stays small.
        Box::pin(self.login(due, record)).await
    }

    /// Goes through the steps of the login.
    async fn login<R: Record>(&self, due: Nanos, record: &R) -> Result<Arc<profile::Grant>, Reply> {
        let plan = self.profile.login().ok_or_else(|| reply_of(Outcome::ClientError))?;
        let made = self.session.count_call();
        if plan.budget().is_some_and(|budget| made >= budget.calls) {
            record.unsendable(Operation::Login, "the platform's budget of token calls is used up");
            return Err(reply_of(Outcome::Throttled { retry_after: None }));
        }
        let account = self.session.account();
        let fields = Fields::default()
            .with(FieldName::Mobile, &account.mobile)
            .with(FieldName::Name, &account.name)
            .with(FieldName::Password, &account.password);
        let mut due = due;
        let mut carried = Values::default();
        for step in 0..plan.steps() {
            // What an earlier step gave (a challenge, a reference) goes into the next.
            let so_far = profile::Grant::of_login(carried.clone());
            let (reply, _) =
                self.send(Operation::Login, Step::Login(step), &fields, due, Some(&so_far), record).await;
            due = self.clock.now();
            if reply.outcome != Outcome::Ok {
                return Err(reply);
            }
            let judged = judged_of(&reply);
            for (name, value) in plan.carried(&judged).iter() {
                carried.set(name, value);
            }
            if let Some(grant) = plan.grant(&judged, self.clock.wall()).filter(|_| step + 1 == plan.steps()) {
                self.session.keep(profile::Grant { carried: carried.clone(), ..grant });
            }
        }
        self.session.valid(self.clock.wall()).ok_or_else(|| reply_of(Outcome::Unreadable))
    }

    /// Sends one request and records it. The flag says that the platform no longer knows our token.
    async fn send<R: Record>(
        &self,
        operation: Operation,
        step: Step,
        fields: &Fields<'_>,
        due: Nanos,
        grant: Option<&profile::Grant>,
        record: &R,
    ) -> (Reply, bool) {
        let nothing = Values::default();
        let context = Context {
            bases: &self.bases,
            token: grant.map(|grant| grant.token.as_str()).filter(|token| !token.is_empty()),
            carried: grant.map_or(&nothing, |grant| &grant.carried),
            secrets: &self.secrets,
            now: self.clock.wall(),
            nonce: self.nonce.fetch_add(1, Ordering::Relaxed),
            language: self.language,
        };
        let wire = match self.profile.render_step(step, fields, &context) {
            Ok(wire) => wire,
            Err(e) => {
                record.unsendable(operation, &e.to_string());
                return (reply_of(Outcome::ClientError), false);
            }
        };
        let pool = self.pool_of(&wire);
        let Some(lease) = pool.lease().await else {
            // Not counted as sent, and never heard of: the one cut off that is held.
            return (Reply { outcome: Outcome::CutOff, ..Reply::held() }, false);
        };
        let request = outgoing(wire);
        let under_way = UnderWay::begin(operation, due, self.clock, record);
        let exchange = lease.exchange(request).await;
        let connected = exchange.connected.filter(|_| record.wants_phases());
        let (mut observation, reply, login_again) = self.read(operation, step, fields, due, exchange, grant);
        if observation.evidence.is_none() {
            observation.evidence =
                connected.map(|phases| Box::new(Evidence { phases: Some(phases), ..Evidence::default() }));
        }
        under_way.end(observation);
        (reply, login_again)
    }

    fn pool_of(&self, wire: &Wire) -> &Pool {
        if self.pools.len() == 1 {
            return &self.pools[0].1;
        }
        let wanted = endpoint(&wire.base);
        self.pools.iter().find(|(at, _)| *at == wanted).map_or(&self.pools[0].1, |(_, pool)| pool)
    }

    /// From what the transport saw to an observation and a reply.
    fn read(
        &self,
        operation: Operation,
        step: Step,
        fields: &Fields<'_>,
        due: Nanos,
        exchange: Exchange,
        grant: Option<&profile::Grant>,
    ) -> (Observation, Reply, bool) {
        let Exchange { sent, first_byte, done, bytes_sent, bytes_received, connected, result } = exchange;
        let mut observation = Observation {
            first_byte,
            bytes_sent,
            bytes_received,
            ..Observation::new(operation, due, sent, done, Outcome::Ok)
        };
        let answer = match result {
            Ok(answer) => answer,
            Err(failure) => {
                observation.outcome = failure.outcome();
                let evidence =
                    Evidence { text: bounded(&failure.text()), phases: connected, ..Evidence::default() };
                observation.evidence = Some(Box::new(evidence));
                return (observation, reply_of(failure.outcome()), false);
            }
        };
        let view = profile::Answer { status: answer.status, headers: &answer.headers, body: &answer.body };
        let mut judged = self.profile.judge_step(step, fields, &view);
        let compare = judged.outcome == Outcome::Ok && fields.compare;
        if let Some(field) =
            compare.then(|| self.profile.compare(operation.wire(), fields, &judged)).flatten()
        {
            judged.outcome = Outcome::Mismatched { field };
        }
        observation.outcome = judged.outcome;
        observation.code = judged.code;
        observation.mark = self.mark(operation, fields, &mut judged);
        if !judged.outcome.is_answer() {
            observation.evidence = Some(Box::new(Evidence {
                status: Some(answer.status),
                code: bounded(judged.code_text.as_deref().unwrap_or_default()),
                text: self.masked(&answer.body, grant),
                phases: connected,
            }));
        }
        let login_again = judged.login_again;
        let Judged { outcome, code, values, .. } = judged;
        let reply =
            Reply { outcome, code, values, status: Some(answer.status), body: answer.body, held: false };
        (observation, reply, login_again)
    }

    /// The first kilobyte of a body, without token, password and secrets, which a platform may echo.
    fn masked(&self, body: &[u8], grant: Option<&profile::Grant>) -> String {
        let mut text = String::from_utf8_lossy(&body[..body.len().min(8 * EVIDENCE)]).into_owned();
        let carried = grant.into_iter().flat_map(|grant| grant.carried.iter().map(|(_, value)| value));
        let token = grant.map(|grant| grant.token.as_str());
        let hidden = carried.chain(token).chain([self.session.account().password.as_str()]);
        for secret in hidden.chain(self.secrets.values()).filter(|secret| !secret.is_empty()) {
            if text.contains(secret) {
                text = text.replace(secret, "***");
            }
        }
        bounded(&text)
    }

    /// What the answer means for the delay until the invoice is visible. Names the state of a review.
    fn mark(&self, operation: Operation, fields: &Fields<'_>, judged: &mut Judged) -> Option<Mark> {
        if operation == Operation::Review {
            let state = self.profile.review_state(judged)?;
            let (name, accepted) = match state {
                ReviewState::Pending => ("pending", false),
                ReviewState::Accepted => ("accepted", true),
                ReviewState::Rejected => ("rejected", false),
            };
            judged.values.set("review", name);
            return fields.token.filter(|_| accepted).map(Mark::Issued);
        }
        let token = fields.token?;
        if operation == Operation::Upload && !self.profile.supports(Operation::Review) {
            return (judged.outcome == Outcome::Ok).then_some(Mark::Issued(token));
        }
        let surface = Surface::ALL.iter().copied().find(|surface| surface.operation() == operation)?;
        match judged.outcome {
            Outcome::Ok => Some(Mark::Seen(token, surface)),
            Outcome::NotYetVisible => Some(Mark::NotYet(token, surface)),
            // Visible, but not as uploaded: it is seen, and the mismatch is a finding of its own.
            Outcome::Mismatched { .. } => Some(Mark::Seen(token, surface)),
            _ => None,
        }
    }
}

/// The endpoint of a base.
#[must_use]
pub fn endpoint(base: &profile::Base) -> Endpoint {
    let (host, prefix) = (base.host().to_owned(), base.prefix().to_owned());
    Endpoint { tls: base.tls(), host, port: base.port(), prefix }
}

/// The request as our transport sends it.
#[must_use]
pub fn outgoing(wire: Wire) -> Outgoing {
    let Wire { base, method, target, headers, body, content_type } = wire;
    let has = |name: &HeaderName| headers.iter().any(|(known, _)| known == name);
    let host = (!has(&HOST)).then_some((&HOST, base.authority().as_bytes()));
    let kind =
        content_type.as_ref().filter(|_| !has(&CONTENT_TYPE)).map(|kind| (&CONTENT_TYPE, kind.as_bytes()));
    let own = headers.iter().map(|(name, value)| (name, value.as_bytes()));
    Outgoing::new(&method, &target, host.into_iter().chain(kind).chain(own), body)
}

/// A reply without an answer to a call that was made, or could not be.
fn reply_of(outcome: Outcome) -> Reply {
    Reply { outcome, held: false, ..Reply::held() }
}

fn judged_of(reply: &Reply) -> Judged {
    Judged {
        outcome: reply.outcome,
        code: reply.code,
        code_text: None,
        values: reply.values.clone(),
        login_again: false,
    }
}

const EVIDENCE: usize = 1_024;

/// At most the first kilobyte, at a character's end.
fn bounded(text: &str) -> String {
    let end = (0..=text.len().min(EVIDENCE)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..end].to_owned()
}
