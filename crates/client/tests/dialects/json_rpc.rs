//! Family 6: JSON-RPC with errors inside 200, SM3 over sorted parameters.

use crate::client::Client;
use crate::invoices::{Invoices, Kept, Verified};
use crate::server::{Call, Dialect, Mood, Nonces, Says, hex, serve, timely};
use crate::story;
use piaotan_record::{Operation, Outcome};
use serde_json::{Value, json};
use sm3::{Digest, Sm3};
use std::collections::BTreeMap;
use std::time::Duration;

const SECRETS: [&str; 2] = ["rpc-6", "sm3 secret"];

#[derive(Default)]
struct JsonRpc {
    invoices: Invoices,
    nonces: Nonces,
}

type Answer = Result<Value, (i64, Value)>;

impl JsonRpc {
    fn refusal(&mut self, params: &Value, now: i64) -> Option<i64> {
        let mut sorted = BTreeMap::new();
        for (name, value) in params.as_object()? {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if name != "sign" && !text.is_empty() {
                sorted.insert(name.clone(), text);
            }
        }
        let pairs: Vec<String> = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let digest = Sm3::digest(format!("{}&key={}", pairs.join("&"), SECRETS[1]));
        if params["sign"] != hex(digest).to_uppercase() || params["appId"] != SECRETS[0] {
            return Some(-32010);
        }
        let fresh = timely(&params["ts"].to_string(), 1000, now)
            && self.nonces.fresh(params["nonce"].as_str().unwrap_or(""));
        (!fresh).then_some(-32011)
    }

    fn call(&mut self, method: &str, params: &Value) -> Answer {
        let text = |name: &str| params[name].as_str().unwrap_or("").to_owned();
        let none = || (-32044, Value::Null);
        match method {
            "invoice.submit" => {
                let kept = Kept {
                    number: text("number"),
                    date: text("date"),
                    total: text("total"),
                    words: text("words"),
                    title: text("title"),
                    ..Kept::default()
                };
                if self.invoices.add(kept) { Ok(json!({ "ref": "r-1" })) } else { Err((-32009, Value::Null)) }
            }
            "invoice.progress" => {
                let done = self.invoices.reviewed(&text("number")).ok_or_else(none)?;
                Ok(json!({ "phase": if done { "stored" } else { "checking" } }))
            }
            "invoice.find" => {
                let kept = self.invoices.look(&text("number")).ok_or_else(none)?;
                Ok(
                    json!({ "number": kept.number, "date": kept.date, "total": kept.total, "words": kept.words, "title": kept.title }),
                )
            }
            "invoice.verify" => match self.invoices.verify(&text("number"), &text("date"), &text("total")) {
                Verified::Genuine => Ok(json!({ "match": "yes" })),
                Verified::Differs => Err((-32045, Value::Null)),
                Verified::Unknown => Err(none()),
            },
            _ => Err((-32601, Value::Null)),
        }
    }
}

impl Dialect for JsonRpc {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says {
        let body = call.json();
        let right = call.path == "/rpc" && body["jsonrpc"] == "2.0" && body["id"].is_u64();
        let answer = match () {
            () if mood.maintenance => Err((-32050, json!({ "wait": 600 }))),
            () if mood.busy => Err((-32029, json!({ "wait": 2 }))),
            () if !right => Err((-32600, Value::Null)),
            () => match self.refusal(&body["params"], call.now) {
                Some(code) => Err((code, Value::Null)),
                None => self.call(body["method"].as_str().unwrap_or(""), &body["params"]),
            },
        };
        let id = &body["id"];
        Says::json(
            200,
            &match answer {
                Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result, "error": null }),
                Err((code, data)) => {
                    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": "", "data": data } })
                }
            },
        )
    }
}

#[tokio::test]
async fn the_life_of_an_invoice() {
    let mood = story::mood();
    let address = serve(JsonRpc::default(), mood.clone()).await;
    let mut client = Client::new("json-rpc.toml", &SECRETS, address);
    story::life_of_an_invoice(&mut client).await;
    let wrong = Client::new("json-rpc.toml", &["rpc-6", "guess"], address);
    story::signatures_are_checked(&mut client, wrong).await;
    story::moods_are_read(&mut client, &mood).await;
    story::nothing_secret_is_shown(&client, &SECRETS).await;
}

#[tokio::test]
async fn an_error_inside_200_tells_how_long_to_wait() {
    let mood = story::mood();
    mood.lock().unwrap().maintenance = true;
    let mut client = Client::new("json-rpc.toml", &SECRETS, serve(JsonRpc::default(), mood).await);
    let judged = client.ask(Operation::Verify, &story::invoice(1).fields()).await;
    assert_eq!(judged.outcome, Outcome::Maintenance { retry_after: Some(Duration::from_secs(600)) });
}
