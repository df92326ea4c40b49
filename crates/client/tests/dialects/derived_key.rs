//! Family 8: the key is derived from day and service, the action stands in a signed header.

use crate::client::Client;
use crate::invoices::{Invoices, Kept, Verified};
use crate::server::{Call, Dialect, Mood, Nonces, Says, hex, serve, timely};
use crate::story;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SIGNED: &str = "content-type;host;x-fq-action;x-fq-nonce";

#[derive(Default)]
struct DerivedKey {
    invoices: Invoices,
    nonces: Nonces,
}

fn says(mut response: Value) -> Says {
    response["RequestId"] = json!("r-1");
    Says::json(200, &json!({ "Response": response }))
}

fn no(code: &str) -> Says {
    says(json!({ "Error": { "Code": code, "Message": "" } }))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// What the Authorization header of a call must be.
fn authorization(call: &Call) -> String {
    let (time, nonce) = (call.header("x-fq-timestamp"), call.header("x-fq-nonce"));
    let day = DateTime::from_timestamp(time.parse().unwrap_or(0), 0).unwrap().format("%Y-%m-%d");
    let (kind, host, action) = (call.header("content-type"), call.header("host"), call.header("x-fq-action"));
    let canonical = format!(
        "POST\n/\n\ncontent-type:{kind}\nhost:{host}\nx-fq-action:{action}\nx-fq-nonce:{nonce}\n\n{SIGNED}\n{}",
        hex(Sha256::digest(&call.body))
    );
    let scope = format!("{day}/invoice/fq3_request");
    let to_sign = format!("FQ3-HMAC-SHA256\n{time}\n{scope}\n{}", hex(Sha256::digest(canonical)));
    let key = mac(&mac(&mac(b"FQ3s3cret-8", &day.to_string()), "invoice"), "fq3_request");
    let signature = hex(mac(&key, &to_sign));
    format!("FQ3-HMAC-SHA256 Credential=id-8/{scope}, SignedHeaders={SIGNED}, Signature={signature}")
}

impl DerivedKey {
    fn upload(&mut self, invoice: &Value) -> Says {
        let text = |name: &str| invoice[name].as_str().unwrap_or("").to_owned();
        let cents = invoice["TotalCents"].as_i64();
        let Some(cents) = cents.filter(|_| STANDARD.decode(text("Pdf")).unwrap().starts_with(b"%PDF")) else {
            return no("InvalidParameter");
        };
        let kept = Kept {
            number: text("No"),
            date: text("IssueDate"),
            total: cents.to_string(),
            words: text("TotalWords"),
            title: text("Buyer"),
            ..Kept::default()
        };
        let id = format!("u-{}", kept.number);
        if self.invoices.add(kept) { says(json!({ "UploadId": id })) } else { no("ResourceInUse.Invoice") }
    }

    fn describe(&mut self, number: &str) -> Says {
        let one = |kept: Kept| {
            let cents: i64 = kept.total.parse().unwrap();
            json!({ "No": kept.number, "IssueDate": kept.date, "TotalCents": cents, "Buyer": kept.title })
        };
        says(json!({ "Invoices": self.invoices.look(number).map(one).into_iter().collect::<Vec<_>>() }))
    }

    fn verify(&self, body: &Value) -> Says {
        let text = |name: &str| body[name].as_str().unwrap_or("");
        match self.invoices.verify(text("No"), text("IssueDate"), &body["TotalCents"].to_string()) {
            Verified::Genuine => says(json!({})),
            Verified::Differs => no("FailedOperation.Differs"),
            Verified::Unknown => no("ResourceNotFound.Invoice"),
        }
    }
}

impl Dialect for DerivedKey {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says {
        if mood.maintenance || mood.busy {
            let code = if mood.busy { "RequestLimitExceeded.Qps" } else { "ResourceUnavailable.Maintenance" };
            return no(code);
        }
        if call.header("authorization") != authorization(call) {
            return no("AuthFailure.SignatureFailure");
        }
        if !timely(call.header("x-fq-timestamp"), 1, call.now)
            || !self.nonces.fresh(call.header("x-fq-nonce"))
        {
            return no("AuthFailure.SignatureExpire");
        }
        let body = call.json();
        match call.header("x-fq-action") {
            "UploadInvoice" => self.upload(&body["Invoice"]),
            "DescribeReview" => {
                let number = body["UploadId"].as_str().unwrap_or("").trim_start_matches("u-");
                match self.invoices.reviewed(number) {
                    Some(done) => says(json!({ "State": if done { "PASSED" } else { "CHECKING" } })),
                    None => no("ResourceNotFound.Invoice"),
                }
            }
            "DescribeInvoice" => self.describe(body["No"].as_str().unwrap_or("")),
            "VerifyInvoice" => self.verify(&body),
            _ => no("InvalidAction"),
        }
    }
}

const SECRETS: [&str; 2] = ["id-8", "s3cret-8"];

#[tokio::test]
async fn the_life_of_an_invoice() {
    let mood = story::mood();
    let address = serve(DerivedKey::default(), mood.clone()).await;
    let mut client = Client::new("derived-key.toml", &SECRETS, address);
    story::life_of_an_invoice(&mut client).await;
    let wrong = Client::new("derived-key.toml", &["id-8", "guess"], address);
    story::signatures_are_checked(&mut client, wrong).await;
    story::moods_are_read(&mut client, &mood).await;
    story::nothing_secret_is_shown(&client, &SECRETS).await;
}
