//! One request by a profile, shown whole: what was sent, what came back, what was made of it.
#![allow(clippy::disallowed_methods, reason = "the front door reads the clock")]

use crate::config::Settings;
use crate::exit::Coded;
use crate::forge::{self, Platform};
use crate::probing::Silent;
use anyhow::{Result, anyhow};
use chrono::Utc;
use piaotan_client::ask::{self, Client, ClientOptions};
use piaotan_client::clock::Clock;
use piaotan_client::invoice::Invoice;
use piaotan_client::port::{FieldName, Fields, Values};
use piaotan_client::profile::{Answer, Context, Grant, Judged, Language, Profile, Read, Shown, Step};
use piaotan_client::session::Session;
use piaotan_client::transport::{Pool, PoolOptions};
use piaotan_record::{Operation, Outcome};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What is to be tried.
#[derive(Debug)]
pub struct Asked<'a> {
    pub operation: Operation,
    pub target: Option<&'a str>,
    pub profile: Option<&'a str>,
    /// Values that go before those of the synthetic invoice.
    pub fields: &'a [(FieldName, String)],
    pub language: Language,
}

/// What came of it.
#[derive(Debug)]
pub struct Trial {
    pub operation: Operation,
    /// Which request it is: a step of the login when that went no further.
    pub step: Step,
    pub shown: Shown,
    pub outcome: Outcome,
    pub code: Option<String>,
    /// The answer, or why there is none.
    pub read: Result<Read, String>,
    pub seconds: f64,
}

/// The parts of a session that is made for one request.
struct Desk<'a> {
    platform: &'a Platform,
    language: Language,
    clock: Clock,
    nonce: u64,
}

/// Logs in where that is needed, and sends the one request.
///
/// # Errors
/// One line, when the request cannot be made or may not be sent.
pub fn run(settings: &Settings, asked: &Asked<'_>) -> Result<Trial> {
    let target = match asked.target.or(settings.target.url.as_deref()) {
        Some(url) => url.to_owned(),
        None => base(asked.profile.or(settings.target.profile.as_deref()))?,
    };
    let platform = forge::platform(settings, Some(&target), asked.profile)?;
    if let Some(why) = platform.profile.missing(&[asked.operation]) {
        return Err(anyhow!("{why}; add [operation.{}] to it", asked.operation));
    }
    if let (Err(why), true) = (&platform.write, asked.operation.writes()) {
        return Err(Coded::refused(why));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(asking(&platform, asked))
}

/// Where the profile itself says that the platform answers.
fn base(named: Option<&str>) -> Result<String> {
    let profile = forge::profile(named)?;
    let bases = profile.bases().ok_or_else(|| {
        anyhow!(
            "no target; give --target URL, or write `base` into the profile or [target] url into piaotan.toml"
        )
    })?;
    Ok(bases.default_base().to_string())
}

async fn asking(platform: &Platform, asked: &Asked<'_>) -> Result<Trial> {
    let now = Utc::now();
    let seed = u64::try_from(now.timestamp_millis()).unwrap_or(1);
    let today = now.with_timezone(&platform.profile.zone()).date_naive();
    let region = platform.profile.regions().first().map_or("11", String::as_str);
    let invoice = forge::generator(seed, region, "mixed", 2_000, today)?.invoice(1);
    let mut desk = Desk { platform, language: asked.language, clock: Clock::start(), nonce: seed };
    let grant = if platform.profile.needs_token(asked.operation) && asked.operation != Operation::Login {
        desk.enrol().await;
        match desk.login().await? {
            Ok(grant) => grant,
            Err(stopped) => return Ok(*stopped),
        }
    } else {
        Grant::of_login(Values::default())
    };
    let key = format!("try-{seed}");
    let mut one = fields(&invoice, platform, &key);
    for (name, value) in asked.fields {
        one.set(*name, value);
    }
    let items = [one.clone()];
    one.items = &items;
    desk.send(asked.operation, Step::Operation(asked.operation.wire()), &one, &grant)
        .await
        .map(|(trial, _)| trial)
}

/// A synthetic invoice, and what else an operation may ask for.
fn fields<'a>(invoice: &'a Invoice, platform: &'a Platform, key: &'a str) -> Fields<'a> {
    account(platform, invoice.fields())
        .with(FieldName::From, &invoice.issue_date)
        .with(FieldName::To, &invoice.issue_date)
        .with(FieldName::Page, "1")
        .with(FieldName::Size, "10")
        .with(FieldName::After, "0")
        .with(FieldName::Id, "1")
        .with(FieldName::BatchKey, key)
}

fn account<'a>(platform: &'a Platform, fields: Fields<'a>) -> Fields<'a> {
    let account = &platform.account;
    fields
        .with(FieldName::Mobile, &account.mobile)
        .with(FieldName::Name, &account.name)
        .with(FieldName::Password, &account.password)
}

impl Desk<'_> {
    /// Opens the test account where SMS codes are handed to anybody and writing is allowed.
    async fn enrol(&self) {
        if self.platform.write.is_err() {
            return;
        }
        let client = Client::new(
            self.platform.profile.clone(),
            ClientOptions {
                bases: self.platform.bases.clone(),
                secrets: self.platform.secrets.clone(),
                language: self.language,
                session: Arc::new(Session::new(self.platform.account.clone())),
                dialer: self.platform.dialer.clone(),
                clock: self.clock,
                pool: pool(),
                nonce: self.nonce.wrapping_mul(31),
            },
        );
        client.enrol(&Silent).await;
        client.stop();
    }

    /// The token; or the step of the login that did not go well.
    async fn login(&mut self) -> Result<Result<Grant, Box<Trial>>> {
        let Some(plan) = self.platform.profile.login().cloned() else {
            return Ok(Ok(Grant::of_login(Values::default())));
        };
        let fields = account(self.platform, Fields::default());
        let mut grant = Grant::of_login(Values::default());
        for step in 0..plan.steps() {
            let (trial, judged) = self.send(Operation::Login, Step::Login(step), &fields, &grant).await?;
            let Some(judged) = judged.filter(|judged| judged.outcome == Outcome::Ok) else {
                return Ok(Err(Box::new(trial)));
            };
            for (name, value) in plan.carried(&judged).iter() {
                grant.carried.set(name, value);
            }
            if let Some(given) = plan.grant(&judged, Utc::now()) {
                grant.token = given.token;
            }
        }
        Ok(Ok(grant))
    }

    async fn send(
        &mut self,
        operation: Operation,
        step: Step,
        fields: &Fields<'_>,
        grant: &Grant,
    ) -> Result<(Trial, Option<Judged>)> {
        self.nonce += 1;
        let profile: &Profile = &self.platform.profile;
        let context = Context {
            bases: &self.platform.bases,
            token: Some(grant.token.as_str()).filter(|token| !token.is_empty()),
            carried: &grant.carried,
            secrets: &self.platform.secrets,
            now: Utc::now(),
            nonce: self.nonce,
            language: self.language,
        };
        let shown = profile.show(step, fields, &context)?;
        let wire = profile.render_step(step, fields, &context)?;
        let pool = Pool::new(ask::endpoint(&wire.base), self.platform.dialer.clone(), self.clock, pool());
        let lease = pool.lease().await.ok_or_else(|| anyhow!("the pool of connections is closed"))?;
        let exchange = lease.exchange(ask::outgoing(wire)).await;
        pool.stop();
        let seconds = exchange.done.as_seconds() - exchange.sent.as_seconds();
        let failed = |outcome, why| Trial {
            operation,
            step,
            shown: shown.clone(),
            outcome,
            code: None,
            read: Err(why),
            seconds,
        };
        let answer = match exchange.result {
            Ok(answer) => answer,
            Err(failure) => return Ok((failed(failure.outcome(), failure.text()), None)),
        };
        let view = Answer { status: answer.status, headers: &answer.headers, body: &answer.body };
        let judged = profile.judge_step(step, fields, &view);
        let read = Ok(profile.explain(step, fields, &context, &view)?);
        let code = judged.code_text.clone();
        let trial = Trial { operation, step, outcome: judged.outcome, code, read, seconds, shown };
        Ok((trial, Some(judged)))
    }
}

fn pool() -> PoolOptions {
    PoolOptions { connections: 1, timeout: Duration::from_secs(30), ..PoolOptions::default() }
}

impl Trial {
    /// 0 when the platform gave an answer, be it a proper no; else 1.
    #[must_use]
    pub fn exit(&self) -> u8 {
        let login_only = matches!(self.step, Step::Login(_)) && self.operation != Operation::Login;
        u8::from(login_only || !self.outcome.is_answer())
    }

    #[must_use]
    pub fn json(&self) -> Value {
        let signed = self.shown.signatures.iter();
        let signed: Vec<Value> = signed
            .map(|(name, text, result)| json!({"name": name, "over": text, "result": result}))
            .collect();
        let read = self.read.as_ref().ok();
        let values: Option<serde_json::Map<String, Value>> =
            read.map(|read| read.values.iter().map(|(name, value)| (name.clone(), json!(value))).collect());
        json!({
            "schema": 1, "kind": "profile_try", "verdict": if self.exit() == 0 { "pass" } else { "fail" },
            "exit": self.exit(), "operation": self.operation.as_str(), "seconds": self.seconds,
            "sent": self.shown.request, "signed": signed,
            "outcome": self.outcome.kind().as_str(), "code": self.code,
            "answer": read.map(|read| &read.answer), "failure": self.read.as_ref().err(),
            "values": values, "reasons": read.map(|read| &read.reasons),
        })
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Step::Login(step) = self.step {
            writeln!(f, "-- the login went no further than its request {} --", step + 1)?;
        }
        writeln!(f, "-- sent --\n{}", self.shown)?;
        match &self.read {
            Ok(read) => writeln!(f, "-- came back after {:.1} ms --\n{read}", self.seconds * 1e3),
            Err(why) => writeln!(
                f,
                "-- no answer after {:.1} ms --\n{why}\nverdict: {}",
                self.seconds * 1e3,
                self.outcome.kind()
            ),
        }
    }
}
