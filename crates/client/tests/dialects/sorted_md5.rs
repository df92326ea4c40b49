//! Family 3: one URL, the operation in a parameter, MD5 over sorted parameters.

use crate::client::Client;
use crate::invoices::{Invoices, Kept, Verified};
use crate::server::{Call, Dialect, Mood, Nonces, Says, hex, serve, timely};
use crate::story;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use sha1::Sha1;

const SECRETS: [&str; 3] = ["app-9", "Zm9vYmFy", "s4lt"];

#[derive(Default)]
struct SortedMd5 {
    invoices: Invoices,
    nonces: Nonces,
}

fn good(response: Value) -> Says {
    Says::json(200, &json!({ "success": true, "response": response, "errorResponse": null }))
}

fn bad(code: i64) -> Says {
    Says::json(
        200,
        &json!({ "success": false, "errorResponse": { "code": code.to_string(), "message": "" } }),
    )
}

impl SortedMd5 {
    fn refusal(&mut self, call: &Call, login: bool) -> Option<i64> {
        let mut text = SECRETS[1].to_owned();
        for (name, value) in call.query.iter().filter(|(name, _)| *name != "sign") {
            text.push_str(name);
            text.push_str(value);
        }
        let mut digest = Md5::new();
        digest.update(text.as_bytes());
        digest.update(&call.body);
        digest.update(SECRETS[1].as_bytes());
        if call.param("sign") != hex(digest.finalize()).to_uppercase() || call.param("appKey") != SECRETS[0] {
            return Some(100_002);
        }
        if !timely(call.param("timestamp"), 1000, call.now) || !self.nonces.fresh(call.param("requestId")) {
            return Some(100_003);
        }
        (login != call.param("token").is_empty() || (!login && call.param("token") != "tok/9="))
            .then_some(100_001)
    }
}

impl Dialect for SortedMd5 {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says {
        if mood.maintenance {
            return bad(300_002);
        }
        if mood.busy {
            return bad(300_001);
        }
        let method = call.param("method");
        if let Some(code) = self.refusal(call, method == "oauth.token") {
            return bad(code);
        }
        let body = call.json();
        let text = |name: &str| body[name].as_str().unwrap_or("").to_owned();
        let money = |name: &str| format!("{:.2}", body[name].as_f64().unwrap_or(0.0));
        match method {
            "oauth.token" => {
                let inner = hex(Md5::digest(format!("pa55 word{}", SECRETS[2])));
                let right = text("password") == hex(Sha1::digest(inner));
                if right {
                    good(json!({ "access_token": "tok/9=", "expires_in": 7200 }))
                } else {
                    bad(100_001)
                }
            }
            "output.invoice.upload" => {
                let kept = Kept {
                    number: text("invoiceNumber"),
                    date: text("invoiceDate"),
                    total: money("total"),
                    words: text("totalWords"),
                    title: text("buyer"),
                    ..Kept::default()
                };
                if self.invoices.add(kept) { good(json!({})) } else { bad(200_010) }
            }
            "output.invoice.status" => match self.invoices.reviewed(&text("invoiceNumber")) {
                Some(done) => good(json!({ "status": if done { "DONE" } else { "QUEUED" } })),
                None => bad(200_404),
            },
            "output.invoice.get" => match self.invoices.look(&text("invoiceNumber")) {
                Some(kept) => good(
                    json!({ "invoiceNumber": kept.number, "invoiceDate": kept.date, "total": kept.total.parse::<f64>().unwrap(), "totalWords": kept.words, "buyer": kept.title }),
                ),
                None => bad(200_404),
            },
            "output.invoice.verify" => {
                match self.invoices.verify(&text("invoiceNumber"), &text("invoiceDate"), &money("total")) {
                    Verified::Genuine => good(json!({})),
                    Verified::Differs => bad(200_405),
                    Verified::Unknown => bad(200_404),
                }
            }
            _ => bad(100_000),
        }
    }
}

#[tokio::test]
async fn the_life_of_an_invoice() {
    let mood = story::mood();
    let address = serve(SortedMd5::default(), mood.clone()).await;
    let mut client = Client::new("sorted-md5.toml", &SECRETS, address);
    client.login().await;
    story::life_of_an_invoice(&mut client).await;
    let wrong = Client::new("sorted-md5.toml", &["app-9", "guess", "s4lt"], address);
    story::signatures_are_checked(&mut client, wrong).await;
    story::moods_are_read(&mut client, &mood).await;
    let hash = hex(Sha1::digest(hex(Md5::digest(format!("pa55 word{}", SECRETS[2])))));
    story::nothing_secret_is_shown(&client, &[&SECRETS[..], &[&hash]].concat()).await;
}
