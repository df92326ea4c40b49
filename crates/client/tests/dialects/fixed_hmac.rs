//! Family 4: HMAC-SHA256 over a fixed string, multipart upload, no login.

use crate::client::Client;
use crate::invoices::{Invoices, Kept, Verified};
use crate::server::{Call, Dialect, Mood, Nonces, Says, hex, pairs, serve, timely};
use crate::story;
use chrono::NaiveDateTime;
use hmac::{Hmac, KeyInit, Mac};
use piaotan_record::{Operation, Outcome};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;

const SECRETS: [&str; 2] = ["key-4", "hmac secret 4"];

#[derive(Default)]
struct FixedHmac {
    invoices: Invoices,
    nonces: Nonces,
}

fn says(code: i64, data: Value) -> Says {
    Says::json(200, &json!({ "code": code, "message": "", "data": data }))
}

/// The parts of a multipart body, by name.
fn parts(call: &Call) -> BTreeMap<String, Vec<u8>> {
    let boundary = call.header("content-type").split("boundary=").nth(1).unwrap_or("none");
    let separator = format!("--{boundary}");
    let mut parts = BTreeMap::new();
    let mut rest = &call.body[..];
    let find = |text: &[u8], needle: &[u8]| text.windows(needle.len()).position(|window| window == needle);
    while let Some(at) = find(rest, separator.as_bytes()) {
        rest = &rest[at + separator.len()..];
        let (Some(head), Some(end)) = (find(rest, b"\r\n\r\n"), find(rest, separator.as_bytes())) else {
            break;
        };
        let name = String::from_utf8_lossy(&rest[..head])
            .split("name=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        parts.insert(name, rest[head + 4..end - 2].to_vec());
    }
    parts
}

impl FixedHmac {
    fn refusal(&mut self, call: &Call) -> Option<i64> {
        let (key, time, chance) =
            (call.header("appkey"), call.header("timestamp"), call.header("randomstring"));
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRETS[1].as_bytes()).unwrap();
        let text = format!(
            "Method={}&Path={}&RandomString={chance}&TimeStamp={time}&AppKey={key}",
            call.method, call.path
        );
        mac.update(text.as_bytes());
        if call.header("sign") != hex(mac.finalize().into_bytes()) || key != SECRETS[0] {
            return Some(432);
        }
        let beijing =
            NaiveDateTime::parse_from_str(time, "%Y%m%d%H%M%S").unwrap().and_utc().timestamp() - 8 * 3600;
        let fresh = timely(&beijing.to_string(), 1, call.now) && self.nonces.fresh(chance);
        (!fresh || chance.len() != 16).then_some(433)
    }

    fn add(&mut self, call: &Call) -> Says {
        let parts = parts(call);
        let text = |name: &str| {
            parts.get(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
        };
        let file = parts.get("attachment").cloned().unwrap_or_default();
        if !file.starts_with(b"%PDF") || file.len() != 3000 || text("items[0][name]").is_empty() {
            return says(430, Value::Null);
        }
        let kept = Kept {
            number: text("invoice[no]"),
            date: text("invoice[date]"),
            total: text("invoice[total]"),
            words: text("invoice[words]"),
            title: text("invoice[title]"),
            ..Kept::default()
        };
        if self.invoices.add(kept) { says(200, json!({})) } else { says(409, Value::Null) }
    }
}

impl Dialect for FixedHmac {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says {
        if mood.maintenance {
            return says(503, Value::Null);
        }
        if mood.busy {
            return says(429, Value::Null);
        }
        if let Some(code) = self.refusal(call) {
            return says(code, Value::Null);
        }
        let form = pairs(&String::from_utf8_lossy(&call.body));
        let text = |name: &str| form.get(name).map_or("", String::as_str);
        match call.path.as_str() {
            "/v3/invoice/add" => self.add(call),
            "/v3/invoice/issue" => says(419, Value::Null),
            "/v3/invoice/status" => match self.invoices.reviewed(text("no")) {
                Some(done) => says(200, json!({ "status": if done { "passed" } else { "processing" } })),
                None => says(404, Value::Null),
            },
            "/v3/invoice/find" => match self.invoices.look(text("no")) {
                Some(kept) => says(
                    200,
                    json!({ "no": kept.number, "date": kept.date, "total": kept.total, "words": kept.words, "title": kept.title }),
                ),
                None => says(404, Value::Null),
            },
            "/v3/invoice/verify" => match self.invoices.verify(text("no"), text("date"), text("total")) {
                Verified::Genuine => says(200, json!({})),
                Verified::Differs => says(410, Value::Null),
                Verified::Unknown => says(404, Value::Null),
            },
            _ => says(500, Value::Null),
        }
    }
}

#[tokio::test]
async fn the_life_of_an_invoice() {
    let mood = story::mood();
    let address = serve(FixedHmac::default(), mood.clone()).await;
    let mut client = Client::new("fixed-hmac.toml", &SECRETS, address);
    story::life_of_an_invoice(&mut client).await;
    let wrong = Client::new("fixed-hmac.toml", &["key-4", "guess"], address);
    story::signatures_are_checked(&mut client, wrong).await;
    story::moods_are_read(&mut client, &mood).await;
    story::nothing_secret_is_shown(&client, &SECRETS).await;
}

#[tokio::test]
async fn a_person_is_asked_for() {
    let mut client =
        Client::new("fixed-hmac.toml", &SECRETS, serve(FixedHmac::default(), story::mood()).await);
    let judged = client.ask(Operation::Issue, &story::invoice(1).fields()).await;
    assert_eq!(judged.outcome, Outcome::AuthChallenge);
    assert_eq!(client.profile.codes().entry(judged.code.unwrap()).meaning, "an SMS code is asked for");
}
