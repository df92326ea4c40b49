//! Family 2: one URL, the operation in a header, HMAC-SHA1.

use crate::client::Client;
use crate::invoices::{Invoices, Kept, Verified};
use crate::server::{Call, Dialect, Mood, Nonces, Says, pairs, serve, timely};
use crate::story;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

#[derive(Default)]
struct OperationHeader {
    invoices: Invoices,
    nonces: Nonces,
}

fn says(code: &str, result: Value) -> Says {
    Says::json(200, &json!({ "code": code, "describe": "", "result": result }))
}

impl OperationHeader {
    fn refusal(&mut self, call: &Call) -> Option<&'static str> {
        let (senid, nonce, time) = (call.param("senid"), call.param("nonce"), call.param("timestamp"));
        let mut mac = Hmac::<Sha1>::new_from_slice(b"s3cret/of+app").unwrap();
        mac.update(
            format!("a=services&l=v1&p=open&k={}&i={senid}&n={nonce}&t={time}&f=", call.param("appkey"))
                .as_bytes(),
        );
        mac.update(&call.body);
        let expected = STANDARD.encode(mac.finalize().into_bytes());
        if call.header("accesstoken") != "access-1" {
            return Some("E4001");
        }
        if call.header("x-sign") != expected
            || call.param("appkey") != "key-1"
            || nonce.len() != 8
            || senid.len() != 32
        {
            return Some("E4004");
        }
        if !timely(time, 1, call.now) || !self.nonces.fresh(senid) {
            return Some("E4005");
        }
        (call.header("usertax") != "91110105MA00TEST0X").then_some("E9101")
    }

    fn upload(&mut self, order: &Value) -> Says {
        let text = |name: &str| order[name].as_str().unwrap_or("").to_owned();
        if !STANDARD.decode(text("pdf")).unwrap_or_default().starts_with(b"%PDF") {
            return says("E9102", Value::Null);
        }
        let kept = Kept {
            number: text("orderNo"),
            date: text("invoiceDate"),
            total: text("total"),
            words: text("totalWords"),
            title: text("buyerName"),
            ..Kept::default()
        };
        let serial = kept.number.clone();
        if self.invoices.add(kept) {
            says("E0000", json!({ "serial": serial }))
        } else {
            says("E9106", Value::Null)
        }
    }

    fn check(&self, body: &Value) -> Says {
        let text = |name: &str| body[name].as_str().unwrap_or("");
        match self.invoices.verify(text("invoiceNo"), text("invoiceDate"), text("total")) {
            Verified::Genuine => says("E0000", json!({ "agrees": true })),
            Verified::Differs => says("E9501", Value::Null),
            Verified::Unknown => says("E9500", Value::Null),
        }
    }
}

impl Dialect for OperationHeader {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says {
        if mood.maintenance {
            return says("E8002", Value::Null);
        }
        if mood.busy {
            return says("E8001", Value::Null);
        }
        if call.path == "/accessToken" {
            let form = pairs(&String::from_utf8_lossy(&call.body));
            let right = form["client_id"] == "key-1"
                && form["client_secret"] == "s3cret/of+app"
                && form["grant_type"] == "client_credentials";
            let granted = json!({ "access_token": "access-1", "expires_in": "86400" });
            return Says::json(200, &if right { granted } else { json!({ "error": "invalid_client" }) });
        }
        if call.path != "/open/v1/services" || call.method != "POST" {
            return says("E4000", Value::Null);
        }
        if let Some(code) = self.refusal(call) {
            return says(code, Value::Null);
        }
        let body = call.json();
        match call.header("method") {
            "invoice.upload" => self.upload(&body["order"]),
            "invoice.state" => match self.invoices.reviewed(body["serial"].as_str().unwrap_or("")) {
                Some(done) => says("E0000", json!({ "status": if done { "2" } else { "20" } })),
                None => says("E9500", Value::Null),
            },
            "invoice.query" => {
                let found = self.invoices.look(body["numbers"][0].as_str().unwrap_or(""));
                let list: Vec<Value> = found.iter().map(|kept| json!({ "invoiceNo": kept.number, "invoiceDate": kept.date, "total": kept.total, "totalWords": kept.words, "buyerName": kept.title })).collect();
                says("E0000", Value::from(list))
            }
            "invoice.check" => self.check(&body),
            _ => says("E4000", Value::Null),
        }
    }
}

const SECRETS: [&str; 2] = ["key-1", "s3cret/of+app"];

#[tokio::test]
async fn the_life_of_an_invoice() {
    let mood = story::mood();
    let address = serve(OperationHeader::default(), mood.clone()).await;
    let mut client = Client::new("operation-header.toml", &SECRETS, address);
    client.login().await;
    story::life_of_an_invoice(&mut client).await;
    let wrong = Client::new("operation-header.toml", &["key-1", "guess"], address);
    story::signatures_are_checked(&mut client, wrong).await;
    story::moods_are_read(&mut client, &mood).await;
    story::nothing_secret_is_shown(&client, &SECRETS).await;
}

#[tokio::test]
async fn budgets_are_told() {
    let client = Client::new(
        "operation-header.toml",
        &SECRETS,
        serve(OperationHeader::default(), story::mood()).await,
    );
    let budget = client.profile.login().unwrap().budget().unwrap();
    assert_eq!((budget.calls, budget.per.num_days()), (50, 30));
    assert_eq!(client.profile.throttles().len(), 2);
}
