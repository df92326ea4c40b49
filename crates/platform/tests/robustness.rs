//! Nonsense of every kind gets a right status and an envelope, and never a panic.

#![allow(clippy::unwrap_used)]

mod visitor;

use hyper::Method;
use piaotan_platform::Request;
use serde_json::{Value, json};
use visitor::{Invoice, Visitor, multipart};

/// A small generator for the fuzzing below; the seed is the loop's own number.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below.max(1)
    }

    /// Cuts, doubles, overwrites or inserts somewhere.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        let at = self.next(bytes.len());
        match self.next(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, self.next(256) as u8),
            2 if !bytes.is_empty() => bytes[at] = self.next(256) as u8,
            3 => bytes.extend_from_within(at..),
            _ => drop(bytes.drain(at..bytes.len().min(at + 1 + self.next(40)))),
        }
    }
}

fn check(v: &Visitor, request: Request, what: &dyn std::fmt::Debug) {
    let answer = v.send(request);
    assert!(
        matches!(answer.status, 200 | 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415),
        "{}: {what:?}",
        answer.status
    );
    assert_eq!(answer.code.len(), 4, "an envelope for {what:?}");
}

#[test]
fn ten_thousand_spoilt_uploads() {
    let v = Visitor::new("");
    for seed in 1..=10_000u64 {
        let mut noise = Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut body = Invoice::new(seed).body();
        for _ in 0..=noise.next(4) {
            noise.spoil(&mut body);
        }
        let request = Request::new(Method::POST, "/api/invoices", body)
            .with("content-type", "multipart/form-data; boundary=b0undary");
        check(&v, request, &seed);
    }
}

#[test]
fn spoilt_json_on_every_operation_that_takes_it() {
    let v = Visitor::new("");
    let bodies = [
        ("/api/sms", json!({"mobile": "13800000001"})),
        (
            "/api/register",
            json!({"mobile": "13800000001", "name": "x", "password": "secret123", "sms_code": "000000"}),
        ),
        ("/api/login", json!({"mobile": "13800000001", "password": "secret123"})),
        ("/api/reset", json!({"mobile": "13800000001", "sms_code": "1", "password": "secret123"})),
        ("/api/batches", json!({"key": "k", "items": [Invoice::new(1).json()]})),
        (
            "/api/issue",
            json!({"buyer": {"name": "x", "tax_id": visitor::BUYER}, "lines": [{"name": "y", "quantity": 1e300, "unit_price": -1, "rate": "0.13"}], "seller_name": "z", "seller_tax_id": visitor::BUYER}),
        ),
    ];
    for (path, body) in bodies {
        for seed in 1..=500u64 {
            let mut noise = Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut bytes = body.to_string().into_bytes();
            (0..=noise.next(3)).for_each(|_| noise.spoil(&mut bytes));
            let request = Request::new(Method::POST, path, bytes).with("content-type", "application/json");
            check(&v, request, &(path, seed));
        }
    }
}

#[test]
fn odd_values_in_every_field() {
    let v = Visitor::new("");
    let long = "9".repeat(1_000_000);
    let odd = [
        "",
        "\0",
        "-1",
        "1e999",
        "NaN",
        "99999999999999999999999999",
        "٣٤",
        "../../etc/passwd",
        "' OR 1=1 --",
        "<script>",
        "\u{202e}",
        &long,
    ];
    for (name, _) in Invoice::new(1).fields {
        for value in odd {
            check(
                &v,
                multipart(Method::POST, "/api/invoices", &Invoice::new(1).with(name, value)),
                &(name, &value[..value.len().min(20)]),
            );
        }
    }
}

#[test]
fn odd_paths_and_queries() {
    let v = Visitor::new("");
    for path in [
        "/..",
        "//",
        "/api",
        "/api/",
        "/api/invoices/",
        "/api/invoices//status",
        "/api/invoices/%2e%2e/status",
        "/api/invoices/%00",
        "/api/invoices/a/b/c",
        "/_inbox/",
        "/_inbox/%ff",
        "/_weather/",
        "/_weather/../health",
        "/api/batches/a/b",
        "/api/ledger/proof/",
    ] {
        check(&v, Request::new(Method::GET, path, ""), &path);
    }
    for query in [
        "keyword=%",
        "keyword=%ff",
        "page=-1",
        "page=99999999999999999999",
        "size=1e3",
        "from=0000-00-00",
        "region=%E5%8C%97",
        "a&b&c&=&==",
        "keyword=%00",
    ] {
        check(&v, Request::new(Method::GET, &format!("/api/invoices?{query}"), ""), &query);
    }
    for query in [
        "",
        "number=",
        "number=1",
        "number=26110000000000000001&date=x&total=1",
        "number=26110000000000000001&date=2026-11-23&total=1e9",
    ] {
        check(&v, Request::new(Method::GET, &format!("/api/verify?{query}"), ""), &query);
    }
}

#[test]
fn odd_tokens() {
    let v = Visitor::new("");
    for token in [
        "",
        "x",
        "Bearer",
        "Bearer ",
        "Basic abc",
        "Bearer +0000000000000000000000000000000",
        "Bearer ffffffffffffffffffffffffffffffff",
    ] {
        let request = Request::new(Method::GET, "/api/invoices", "").with("authorization", token);
        let reply = v.world.handle(v.now, &request);
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status.as_u16(), &body["code"]), (401, &json!("1005")), "{token}");
    }
}

#[test]
fn spoilt_weather_is_one_line_and_changes_nothing() {
    let v = Visitor::new("[rules]\ndaily_limit = 2");
    let fine = "[[sync]]\nat = 1.0\ndelay = { kind = \"lognormal\", median = 2.0, sigma = 0.8 }\n[[maintenance]]\nat = 5\nfor = 3\nannounce = { at = 1, phrase = \"zh1\" }\n";
    for seed in 1..=2000u64 {
        let mut noise = Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut bytes = fine.as_bytes().to_vec();
        noise.spoil(&mut bytes);
        let answer = v.send(Request::new(Method::PUT, "/_weather", bytes));
        if answer.code != "0000" {
            let told = answer.data["fields"][0]["reason"].as_str().unwrap().to_string();
            assert!(answer.code == "7001" && !told.contains('\n') && told.len() < 400, "{told}");
        }
    }
}
