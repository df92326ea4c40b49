//! Sends what a profile renders over plain hyper, and judges what comes back.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use piaotan_client::port::{FieldName, Fields, Values};
use piaotan_client::profile::{Answer, Base, Bases, Context, Judged, Language, Profile, Secrets, Step};
use piaotan_record::{Operation, Outcome};
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// The instant of every test.
pub const NOW: i64 = 1_790_000_000;

pub struct Client {
    pub profile: Profile,
    pub bases: Bases,
    pub secrets: Secrets,
    pub token: Option<String>,
    pub carried: Values,
    pub now: i64,
    pub nonce: u64,
    address: SocketAddr,
}

impl Client {
    /// A client of the profile in `docs/profiles`, with these secrets in the order of the profile.
    pub fn new(file: &str, secrets: &[&str], address: SocketAddr) -> Self {
        let path = format!("{}/../../docs/profiles/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let profile = Profile::parse(&text, file).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(profile.secrets().count(), secrets.len());
        let bases = Bases::new(Base::parse(&format!("http://{address}")).unwrap());
        let secrets = Secrets::new(secrets.iter().map(|secret| (*secret).to_owned()).collect());
        Self { profile, bases, secrets, token: None, carried: Values::default(), now: NOW, nonce: 1, address }
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            bases: &self.bases,
            token: self.token.as_deref(),
            carried: &self.carried,
            secrets: &self.secrets,
            now: DateTime::<Utc>::from_timestamp(self.now, 0).unwrap(),
            nonce: self.nonce,
            language: Language::Zh,
        }
    }

    pub async fn login(&mut self) {
        let Some(plan) = self.profile.login().cloned() else { return };
        let account =
            Fields::default().with(FieldName::Mobile, "13800000000").with(FieldName::Password, "pa55 word");
        for step in 0..plan.steps() {
            let judged = self.send(Step::Login(step), &account).await;
            assert_eq!(judged.outcome, Outcome::Ok, "login step {step}: {judged:?}");
            for (name, value) in plan.carried(&judged).iter() {
                self.carried.set(name, value);
            }
            if let Some(grant) = plan.grant(&judged, self.context().now) {
                self.token = Some(grant.token);
            }
        }
    }

    pub async fn ask(&mut self, operation: Operation, fields: &Fields<'_>) -> Judged {
        self.send(Step::Operation(operation), fields).await
    }

    /// Sends with the next nonce.
    pub async fn send(&mut self, step: Step, fields: &Fields<'_>) -> Judged {
        self.nonce += 1;
        self.again(step, fields).await
    }

    /// Sends with the same nonce as before.
    pub async fn again(&self, step: Step, fields: &Fields<'_>) -> Judged {
        let wire = self.profile.render_step(step, fields, &self.context()).unwrap();
        let mut request =
            Request::builder().method(wire.method).uri(wire.target).header(HOST, wire.base.authority());
        for (name, value) in wire.headers {
            request = request.header(name, value);
        }
        if let Some(kind) = wire.content_type {
            request = request.header(CONTENT_TYPE, kind);
        }
        let request = request.body(Full::new(wire.body)).unwrap();
        let (status, headers, body) = exchange(self.address, request).await;
        let answer = Answer { status, headers: &headers, body: &body };
        let judged = self.profile.judge_step(step, fields, &answer);
        if judged.outcome == Outcome::Unreadable {
            let read = self.profile.explain(step, fields, &self.context(), &answer).unwrap();
            eprintln!("unreadable: {read}");
        }
        judged
    }
}

async fn exchange(address: SocketAddr, request: Request<Full<Bytes>>) -> (u16, hyper::HeaderMap, Bytes) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    drop(sender);
    connection.await.unwrap().unwrap();
    (head.status.as_u16(), head.headers, body)
}
