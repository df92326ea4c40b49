//! The seventh dialect, whose profile was written with the tutorial alone: XML in base64 in a form.

use crate::client::Client;
use crate::invoices::{Invoices, Kept, Verified};
use crate::server::{Call, Dialect, Mood, Nonces, Says, hex, pairs, serve, timely};
use crate::story;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDateTime;
use md5::Md5;
use piaotan_record::Operation;
use sha2::{Digest, Sha256};

const SECRETS: [&str; 2] = ["app-7", "seal secret 7"];

#[derive(Default)]
struct PackedXml {
    invoices: Invoices,
    seen: Nonces,
}

fn says(ret: u32, rest: &str) -> Says {
    let body = format!("<?xml version=\"1.0\"?><response><ret>{ret}</ret><msg/>{rest}</response>");
    Says { status: 200, headers: vec![("content-type", "application/xml".into())], body }
}

fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let after = xml.split(&format!("<{name}>")).nth(1).unwrap_or("");
    after.split(&format!("</{name}>")).next().unwrap_or("")
}

impl PackedXml {
    fn refusal(&mut self, call: &Call, xml: &str) -> Option<u32> {
        let form = pairs(&String::from_utf8_lossy(&call.body));
        let text = format!("{}{}{}{}{}", SECRETS[1], form["data"], form["ts"], form["app"], SECRETS[1]);
        if form["seal"] != hex(Sha256::digest(text)) || form["app"] != SECRETS[0] {
            return Some(8);
        }
        let beijing =
            NaiveDateTime::parse_from_str(&form["ts"], "%Y%m%d%H%M%S").unwrap().and_utc().timestamp()
                - 8 * 3600;
        if !timely(&beijing.to_string(), 1, call.now) || !self.seen.fresh(element(xml, "seq")) {
            return Some(9);
        }
        (element(xml, "op") != "session.open" && element(xml, "ticket") != "tick<7>").then_some(7)
    }
}

impl Dialect for PackedXml {
    fn answer(&mut self, call: &Call, mood: &Mood) -> Says {
        if mood.maintenance {
            return says(90, "");
        }
        if mood.busy {
            return says(91, "");
        }
        let form = pairs(&String::from_utf8_lossy(&call.body));
        let data = form.get("data").map_or("", String::as_str);
        let xml = String::from_utf8(STANDARD.decode(data).unwrap_or_default())
            .unwrap()
            .replace("tick&lt;7&gt;", "tick<7>");
        if let Some(ret) = self.refusal(call, &xml) {
            return says(ret, "");
        }
        let text = |name: &str| element(&xml, name).to_owned();
        match element(&xml, "op") {
            "session.open" => {
                let right = text("pass") == hex(Md5::digest("pa55 word")).to_uppercase();
                if right { says(0, "<ticket>tick<7></ticket>") } else { says(8, "") }
            }
            "invoice.put" => {
                let kept = Kept {
                    number: text("no"),
                    date: text("day"),
                    total: text("total"),
                    words: text("words"),
                    title: text("buyer"),
                    ..Kept::default()
                };
                says(if self.invoices.add(kept) { 0 } else { 12 }, "")
            }
            "invoice.state" => match self.invoices.reviewed(&text("no")) {
                Some(done) => says(0, if done { "<state>2</state>" } else { "<state>1</state>" }),
                None => says(44, ""),
            },
            "invoice.get" => match self.invoices.look(&text("no")) {
                Some(kept) => says(
                    0,
                    &format!(
                        "<invoice><no>{}</no><day>{}</day><total>{}</total><words>{}</words><buyer>{}</buyer></invoice>",
                        kept.number, kept.date, kept.total, kept.words, kept.title
                    ),
                ),
                None => says(44, ""),
            },
            "invoice.check" => match self.invoices.verify(&text("no"), &text("day"), &text("total")) {
                Verified::Genuine => says(0, ""),
                Verified::Differs => says(45, ""),
                Verified::Unknown => says(44, ""),
            },
            _ => says(1, ""),
        }
    }
}

#[tokio::test]
async fn the_life_of_an_invoice() {
    let mood = story::mood();
    let address = serve(PackedXml::default(), mood.clone()).await;
    let mut client = Client::new("packed-xml.toml", &SECRETS, address);
    client.login().await;
    assert!(client.profile.needs_token(Operation::Verify) && !client.profile.needs_token(Operation::Login));
    story::life_of_an_invoice(&mut client).await;
    let wrong = Client::new("packed-xml.toml", &["app-7", "guess"], address);
    story::signatures_are_checked(&mut client, wrong).await;
    story::moods_are_read(&mut client, &mood).await;
    story::nothing_secret_is_shown(&client, &SECRETS).await;
}
