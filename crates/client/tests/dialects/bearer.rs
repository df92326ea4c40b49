//! Family 1: bearer token, envelope with an outer and an inner code.

use crate::client::Client;
use crate::invoices::{Invoices, Kept, Verified};
use crate::server::{Call, Dialect, Mood, Says, serve};
use crate::story;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use piaotan_client::port::Fields;
use piaotan_record::{Operation, Outcome};
use serde_json::{Value, json};
use std::time::Duration;

#[derive(Default)]
struct Bearer {
    invoices: Invoices,
    tasks: Vec<String>,
}

fn says(code: i64, data: Value) -> Says {
    Says::json(200, &json!({ "code": code, "message": "", "data": data }))
}

impl Dialect for Bearer {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says {
        if mood.maintenance {
            return says(50301, Value::Null);
        }
        if mood.busy {
            return says(42901, json!({ "retryAfter": 7 }));
        }
        if call.path == "/auth/token" {
            let body = call.json();
            let right = body["user"] == "13800000000"
                && body["secret"] == "pa55 word"
                && call.header("authorization").is_empty();
            return if right {
                says(200, json!({ "accessToken": "t0ken-of-bearer", "expiresIn": 3600, "tenant": "t-77" }))
            } else {
                says(40301, Value::Null)
            };
        }
        if call.header("authorization") != "Bearer t0ken-of-bearer" || call.header("x-tenant") != "t-77" {
            return says(40100, Value::Null);
        }
        match (call.method.as_str(), call.path.split('/').skip(1).collect::<Vec<_>>().as_slice()) {
            ("POST", ["invoice"]) => self.upload(&call.json()),
            ("GET", ["task", id]) => {
                let number =
                    id.parse::<usize>().ok().and_then(|id| self.tasks.get(id)).cloned().unwrap_or_default();
                let state = self.invoices.reviewed(&number).map(|done| if done { 2 } else { 20 });
                state.map_or_else(|| says(40401, Value::Null), |state| says(200, json!({ "state": state })))
            }
            ("GET", ["invoice", number]) => match self.invoices.look(number) {
                Some(kept) => says(
                    200,
                    json!({ "invoice": { "no": kept.number, "date": kept.date, "words": kept.words, "buyer": kept.title } }),
                ),
                None => says(40401, Value::Null),
            },
            ("POST", ["verify"]) => self.verify(&call.json()),
            _ => Says::json(404, &json!({ "error": "no such path" })),
        }
    }
}

impl Bearer {
    fn upload(&mut self, body: &Value) -> Says {
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let file = STANDARD.decode(text(&body["file"]["content"])).unwrap_or_default();
        let (net, tax, total) = (body["net"].as_i64(), body["tax"].as_i64(), body["total"].as_i64());
        let sums = net.zip(tax).map(|(net, tax)| net + tax);
        if total.is_none() || sums != total || !file.starts_with(b"%PDF") {
            return says(40301, Value::Null);
        }
        let kept = Kept {
            number: text(&body["no"]),
            date: text(&body["date"]),
            total: total.unwrap_or(0).to_string(),
            words: text(&body["words"]),
            title: text(&body["buyer"]["name"]),
            ..Kept::default()
        };
        self.tasks.push(kept.number.clone());
        if self.invoices.add(kept) {
            says(200, json!({ "taskId": self.tasks.len() - 1 }))
        } else {
            says(40901, Value::Null)
        }
    }

    fn verify(&self, body: &Value) -> Says {
        let total = body["total"].as_i64().unwrap_or(0).to_string();
        let text = |name: &str| body[name].as_str().unwrap_or("").to_owned();
        let code = match self.invoices.verify(&text("no"), &text("date"), &total) {
            Verified::Genuine => "01",
            Verified::Differs => "02",
            Verified::Unknown => "03",
        };
        says(200, json!({ "verifyCode": code }))
    }
}

#[tokio::test]
async fn the_life_of_an_invoice() {
    let mood = story::mood();
    let mut client = Client::new("bearer.toml", &[], serve(Bearer::default(), mood.clone()).await);
    client.login().await;
    story::life_of_an_invoice(&mut client).await;
    story::moods_are_read(&mut client, &mood).await;
    story::nothing_secret_is_shown(&client, &[]).await;
}

#[tokio::test]
async fn a_token_that_is_unknown_asks_for_a_new_login() {
    let mut client = Client::new("bearer.toml", &[], serve(Bearer::default(), story::mood()).await);
    client.token = Some("old".into());
    client.carried.set("tenant", "t-77");
    let judged = client.ask(Operation::Verify, &story::invoice(1).fields()).await;
    assert!(judged.login_again && judged.outcome == Outcome::ClientError);
    assert!(client.profile.needs_token(Operation::Verify) && !client.profile.needs_token(Operation::Login));
}

#[tokio::test]
async fn a_wait_is_read_from_the_body() {
    let mood = story::mood();
    mood.lock().unwrap().busy = true;
    let mut client = Client::new("bearer.toml", &[], serve(Bearer::default(), mood).await);
    client.token = Some("any".into());
    client.carried.set("tenant", "t-77");
    let judged = client
        .ask(Operation::QueryNumber, &Fields::default().with(piaotan_client::port::FieldName::Number, "1"))
        .await;
    assert_eq!(judged.outcome, Outcome::Throttled { retry_after: Some(Duration::from_secs(7)) });
}
