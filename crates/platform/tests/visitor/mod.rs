//! A visitor of a world without sockets: registered, logged in, at an instant that the test moves.

#![allow(dead_code)]
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use hyper::Method;
use piaotan_platform::{Reply, Request, Storage, Weather, World, WorldOptions, words};
use serde_json::{Value, json};
use std::sync::Arc;

pub const MOBILE: &str = "13800000001";
pub const BUYER: &str = "91350100M000100Y43";

#[derive(Debug)]
pub struct Visitor {
    pub world: Arc<World>,
    pub now: DateTime<Utc>,
    pub token: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub code: String,
    pub data: Value,
    pub reply: Reply,
}

/// 12:00:00 in Beijing.
pub fn start() -> DateTime<Utc> {
    "2026-11-24T04:00:00Z".parse().unwrap()
}

pub fn world(weather: &str, storage: Storage) -> Arc<World> {
    let options =
        WorldOptions { seed: 7, weather: Weather::parse(weather).unwrap(), storage, started: start() };
    Arc::new(World::new(options).unwrap())
}

impl Visitor {
    pub fn new(weather: &str) -> Visitor {
        Visitor::of(world(weather, Storage::Memory), MOBILE, "enterprise")
    }

    /// Registers (or finds the account there) and logs in.
    pub fn of(world: Arc<World>, mobile: &str, kind: &str) -> Visitor {
        let mut visitor = Visitor { world, now: start(), token: String::new() };
        visitor.post("/api/sms", &json!({"mobile": mobile}));
        let code = visitor.get(&format!("/_inbox/{mobile}")).data["code"].clone();
        visitor.post("/api/register", &json!({"mobile": mobile, "name": "李会计", "password": "secret123", "sms_code": code, "kind": kind}));
        visitor.login(mobile);
        visitor
    }

    pub fn login(&mut self, mobile: &str) {
        let answer = self.post("/api/login", &json!({"mobile": mobile, "password": "secret123"}));
        self.token = answer.data["token"].as_str().unwrap_or_default().into();
    }

    /// Moves to so many seconds after the start.
    pub fn at(&mut self, seconds: f64) -> &mut Visitor {
        self.now = start() + TimeDelta::nanoseconds((seconds * 1e9) as i64);
        self
    }

    pub fn send(&self, request: Request) -> Answer {
        let request = request.with("authorization", &format!("Bearer {}", self.token));
        let reply = self.world.handle(self.now, &request);
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        Answer {
            status: reply.status.as_u16(),
            code: body["code"].as_str().unwrap_or_default().into(),
            data: body["data"].clone(),
            reply,
        }
    }

    pub fn get(&self, uri: &str) -> Answer {
        self.send(Request::new(Method::GET, uri, ""))
    }

    pub fn post(&self, uri: &str, body: &Value) -> Answer {
        self.send(Request::new(Method::POST, uri, body.to_string()).with("content-type", "application/json"))
    }

    pub fn act(&self, uri: &str) -> Answer {
        self.send(Request::new(Method::POST, uri, ""))
    }

    pub fn upload(&self, invoice: &Invoice) -> Answer {
        self.send(multipart(Method::POST, "/api/invoices", invoice))
    }

    /// Uploads the `n`th invoice and gives its number.
    pub fn uploaded(&self, n: u64) -> String {
        let invoice = Invoice::new(n);
        let answer = self.upload(&invoice);
        assert_eq!(answer.code, "0000", "{:?}", answer.reply);
        invoice.get("number")
    }

    pub fn status(&self, number: &str) -> String {
        self.get(&format!("/api/invoices/{number}/status")).data["status"].as_str().unwrap_or_default().into()
    }

    pub fn is_found(&self, number: &str) -> bool {
        self.get(&format!("/api/invoices/{number}")).code == "0000"
    }

    pub fn verified(&self, invoice: &Invoice) -> Answer {
        let (number, date, total) = (invoice.get("number"), invoice.get("issue_date"), invoice.get("total"));
        self.get(&format!("/api/verify?number={number}&date={date}&total={total}"))
    }

    pub fn truth(&self) -> Value {
        self.get("/_weather/truth?invoices=100000").data
    }
}

/// An invoice to upload: fields and a file.
#[derive(Debug, Clone)]
pub struct Invoice {
    pub fields: Vec<(&'static str, String)>,
    pub file: Vec<u8>,
}

impl Invoice {
    pub fn new(n: u64) -> Invoice {
        let (amount, tax) = (100_000 + n as i64, 13_000);
        let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
        let fields = vec![
            ("number", format!("26110{n:015}")),
            ("issue_date", "2026-11-23".into()),
            ("amount", yuan(amount)),
            ("tax", yuan(tax)),
            ("total", yuan(amount + tax)),
            ("total_words", words::write(amount + tax)),
            ("title", format!("北京样例{n}号贸易有限公司")),
            ("buyer_tax_id", BUYER.into()),
            ("seller_name", "北京样例服务有限公司".into()),
            ("seller_tax_id", BUYER.into()),
        ];
        Invoice { fields, file: b"%PDF-1.4\nsample\n%%EOF\n".to_vec() }
    }

    pub fn get(&self, name: &str) -> String {
        self.fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()).unwrap()
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Invoice {
        self.fields.retain(|(n, _)| *n != name);
        self.fields.push((name, value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Invoice {
        self.fields.retain(|(n, _)| *n != name);
        self
    }

    pub fn file(mut self, bytes: &[u8]) -> Invoice {
        self.file = bytes.to_vec();
        self
    }

    pub fn json(&self) -> Value {
        self.fields.iter().map(|(n, v)| (n.to_string(), json!(v))).collect::<serde_json::Map<_, _>>().into()
    }

    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in &self.fields {
            body.extend(
                format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .into_bytes(),
            );
        }
        body.extend(b"--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n");
        body.extend(&self.file);
        body.extend(b"\r\n--b0undary--\r\n");
        body
    }
}

pub fn multipart(method: Method, uri: &str, invoice: &Invoice) -> Request {
    Request::new(method, uri, invoice.body()).with("content-type", "multipart/form-data; boundary=b0undary")
}
