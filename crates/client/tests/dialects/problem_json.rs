//! Family 5: real HTTP statuses, problem+json, RSA-SHA256.

use crate::client::Client;
use crate::invoices::{Invoices, Kept, Verified};
use crate::server::{Call, Dialect, Mood, Nonces, Says, serve, timely};
use crate::story;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use piaotan_client::profile::Limiter;
use piaotan_record::{Operation, Outcome};
use serde_json::json;
use std::time::Duration;

struct ProblemJson {
    invoices: Invoices,
    nonces: Nonces,
    public_key: Vec<u8>,
}

fn problem(status: u16, code: &str) -> Says {
    let body = json!({ "type": "about:blank", "title": "problem", "status": status, "code": code });
    Says {
        status,
        headers: vec![("content-type", "application/problem+json".into())],
        body: body.to_string(),
    }
}

fn wait(status: u16, header: String) -> Says {
    let headers = vec![("retry-after", header), ("date", "Tue, 24 Nov 2026 05:00:00 GMT".into())];
    Says { status, headers, body: String::new() }
}

impl ProblemJson {
    fn is_signed(&mut self, call: &Call) -> bool {
        let header = call.header("authorization");
        let part = |name: &str| {
            header.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("")
        };
        let target = if call.raw_query.is_empty() {
            call.path.clone()
        } else {
            format!("{}?{}", call.path, call.raw_query)
        };
        let (time, nonce) = (part("timestamp"), part("nonce"));
        let mut text = format!("{}\n{target}\n{time}\n{nonce}\n", call.method).into_bytes();
        text.extend_from_slice(&call.body);
        text.push(b'\n');
        let signature = STANDARD.decode(part("signature")).unwrap_or_default();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key);
        let signed = header.starts_with("EINV-RSA-SHA256 ") && key.verify(&text, &signature).is_ok();
        signed && timely(time, 1, call.now) && self.nonces.fresh(nonce)
    }
}

impl Dialect for ProblemJson {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says {
        if mood.maintenance {
            return wait(503, "Tue, 24 Nov 2026 07:00:00 GMT".into());
        }
        if mood.busy {
            return wait(429, "3".into());
        }
        if !self.is_signed(call) {
            return problem(401, "SIGNATURE");
        }
        let body = call.json();
        let text = |name: &str| body[name].as_str().unwrap_or("").to_owned();
        match (call.method.as_str(), call.path.split('/').skip(1).collect::<Vec<_>>().as_slice()) {
            ("PUT", ["invoices", number]) => {
                let kept = Kept {
                    number: (*number).to_owned(),
                    date: text("issued"),
                    total: text("gross"),
                    words: text("words"),
                    title: text("buyer"),
                    ..Kept::default()
                };
                if self.invoices.add(kept) {
                    Says::json(202, &json!({ "state": "RECEIVED" }))
                } else {
                    problem(409, "EXISTS")
                }
            }
            ("GET", ["invoices", number, "state"]) => match self.invoices.reviewed(number) {
                Some(done) => {
                    Says::json(200, &json!({ "state": if done { "FINISHED" } else { "PROCESSING" } }))
                }
                None => problem(404, "NOT_FOUND"),
            },
            ("GET", ["invoices", number]) => match self.invoices.look(number) {
                Some(kept) => Says::json(
                    200,
                    &json!({ "number": kept.number, "issued": kept.date, "gross": kept.total, "words": kept.words, "buyer": kept.title }),
                ),
                None => problem(404, "NOT_FOUND"),
            },
            ("GET", ["verification"]) => {
                match self.invoices.verify(call.param("number"), call.param("date"), call.param("total")) {
                    Verified::Genuine => Says { status: 204, headers: vec![], body: String::new() },
                    Verified::Differs => problem(409, "DETAILS_DIFFER"),
                    Verified::Unknown => problem(404, "NOT_FOUND"),
                }
            }
            _ => problem(404, "NO_SUCH_PATH"),
        }
    }
}

/// A key made for this test, as PKCS#8 in PEM, and its public half.
fn key() -> (String, Vec<u8>) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let lines: Vec<String> = STANDARD
        .encode(der.as_ref())
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    (pem, pair.public_key().as_ref().to_vec())
}

async fn platform() -> (std::net::SocketAddr, String, std::sync::Arc<std::sync::Mutex<Mood>>) {
    let (pem, public_key) = key();
    let mood = story::mood();
    let dialect = ProblemJson { invoices: Invoices::default(), nonces: Nonces::default(), public_key };
    (serve(dialect, mood.clone()).await, pem, mood)
}

#[tokio::test]
async fn the_life_of_an_invoice() {
    let (address, pem, mood) = platform().await;
    let mut client = Client::new("problem-json.toml", &["merchant-5", &pem], address);
    story::life_of_an_invoice(&mut client).await;
    let wrong = Client::new("problem-json.toml", &["merchant-5", &key().0], address);
    story::signatures_are_checked(&mut client, wrong).await;
    story::moods_are_read(&mut client, &mood).await;
    story::nothing_secret_is_shown(&client, &["merchant-5", &pem]).await;
}

#[tokio::test]
async fn waits_are_read_as_seconds_and_as_dates() {
    let (address, pem, mood) = platform().await;
    let mut client = Client::new("problem-json.toml", &["merchant-5", &pem], address);
    let invoice = story::invoice(1);
    mood.lock().unwrap().maintenance = true;
    let judged = client.ask(Operation::QueryNumber, &invoice.fields()).await;
    assert_eq!(judged.outcome, Outcome::Maintenance { retry_after: Some(Duration::from_secs(7200)) });
    (mood.lock().unwrap().maintenance, mood.lock().unwrap().busy) = (false, true);
    let judged = client.ask(Operation::QueryNumber, &invoice.fields()).await;
    assert_eq!(judged.outcome, Outcome::Throttled { retry_after: Some(Duration::from_secs(3)) });
}

#[tokio::test]
async fn windows_in_parallel_bound_the_rate() {
    let (address, pem, _) = platform().await;
    let client = Client::new("problem-json.toml", &["merchant-5", &pem], address);
    let limiter = Limiter::new(client.profile.throttles());
    assert_eq!(limiter.rate(Operation::Upload), Some(0.05));
}
