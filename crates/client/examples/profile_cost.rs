//! What a profile costs: rendering and signing, judging, and a whole request against one coded by hand.
//!
//! `cargo run --release -p piaotan-client --example profile_cost`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement on the command line"
)]

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use http_body_util::Full;
use hyper::header::{ACCEPT_LANGUAGE, HOST};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Response};
use hyper_util::rt::TokioIo;
use piaotan_client::ask;
use piaotan_client::clock::Clock;
use piaotan_client::invoice::{FileKind, Generator, Invoice, Options};
use piaotan_client::port::{FieldName, Fields, Values};
use piaotan_client::profile::{Answer, Base, Bases, Context, Language, Profile, Secrets};
use piaotan_client::target::Endpoint;
use piaotan_client::transport::{self, Dialer, Guard, Outgoing, Pool, PoolOptions};
use piaotan_record::{Operation, Outcome};
use std::convert::Infallible;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;

const BODY: &str = r#"{"code":"0000","message":"成功","data":{"result":"genuine","number":"26119000000000000017","checks_left":4}}"#;
const RECORD: &str = r#"{"code":"0000","message":"成功","data":{"id":"a1","number":"26119000000000000017","issue_date":"2026-09-21","amount":"1330.66","tax":"78.84","total":"1409.50","total_words":"人民币壹仟肆佰零玖元伍角","title":"（测试）云帆科技有限公司","buyer_tax_id":"91110105MA00000000","seller_name":"（测试）启明商贸有限公司","seller_tax_id":"91110105MA00000001","region":"11","status":"accepted","uploaded_at":"2026-09-21T12:00:00.000000+08:00","reviewed_at":"2026-09-21T12:00:01.000000+08:00","reasons":[],"agent_issued":false,"file":{"kind":"pdf","bytes":4096,"sha256":"00"},"voided_at":null,"red_flushed_at":null,"red_number":null}}"#;

/// The request that a profile makes, and one that says the same in plain code.
struct Bench {
    profile: Profile,
    bases: Bases,
    secrets: Secrets,
    carried: Values,
    invoice: Invoice,
}

impl Bench {
    fn new(profile: Profile, secrets: Vec<String>) -> Self {
        let options = Options {
            region: "11".into(),
            today: NaiveDate::from_ymd_opt(2026, 9, 21).unwrap(),
            days: 30,
            file_kind: FileKind::Pdf,
            file_bytes: 20_480,
            seller: None,
            buyer: None,
        };
        let bases = Bases::new(Base::parse("http://127.0.0.1:8080").unwrap());
        let mut carried = Values::default();
        carried.set("tenant", "t-77");
        let invoice = Generator::new(1, options).invoice(1);
        Self { profile, bases, secrets: Secrets::new(secrets), carried, invoice }
    }

    fn context(&self, nonce: u64) -> Context<'_> {
        Context {
            bases: &self.bases,
            token: Some("0123456789abcdef0123456789abcdef"),
            carried: &self.carried,
            secrets: &self.secrets,
            now: DateTime::<Utc>::from_timestamp(1_790_000_000, 0).unwrap(),
            nonce,
            language: Language::Zh,
        }
    }
}

/// Nanoseconds a call: the median of eleven rounds.
fn nanoseconds(calls: u32, mut call: impl FnMut(u64)) -> f64 {
    let mut rounds: Vec<f64> = (0..11)
        .map(|round| {
            let start = Instant::now();
            (0..u64::from(calls)).for_each(|at| call(round * u64::from(calls) + at));
            start.elapsed().as_nanos() as f64 / f64::from(calls)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn render(name: &str, bench: &Bench, operation: Operation, calls: u32) {
    let fields = bench.invoice.fields().with(FieldName::Id, "1");
    let cost = nanoseconds(calls, |nonce| {
        black_box(bench.profile.render(operation, &fields, &bench.context(nonce)).unwrap());
    });
    println!("render  {name:<17} {operation:<13} {:8.2} µs", cost / 1e3);
}

fn judge(bench: &Bench, operation: Operation, body: &str) {
    let (headers, fields) = (HeaderMap::new(), bench.invoice.fields());
    let cost = nanoseconds(20_000, |_| {
        let answer = Answer { status: 200, headers: &headers, body: body.as_bytes() };
        assert_eq!(black_box(bench.profile.judge(operation, &fields, &answer)).outcome, Outcome::Ok);
    });
    println!("judge   reference         {operation:<13} {:8.2} µs ({} bytes)", cost / 1e3, body.len());
}

/// A server that always says the same, on a thread of its own.
fn server() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let says = service_fn(async |_| {
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(BODY.as_bytes()))))
                });
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), says);
                tokio::spawn(connection);
            }
        });
    });
    told.recv().unwrap()
}

/// The one connection over which both ways go.
fn connection(address: SocketAddr) -> Arc<Pool> {
    let endpoint =
        Endpoint { tls: false, host: address.ip().to_string(), port: address.port(), prefix: String::new() };
    let options = PoolOptions { connections: 1, ..PoolOptions::default() };
    Pool::new(endpoint, Dialer::tcp(Guard::Loopback, None), Clock::start(), options)
}

async fn send(pool: &Pool, request: Outgoing) -> transport::Answer {
    pool.lease().await.unwrap().exchange(request).await.result.unwrap()
}

async fn by_profile(pool: &Pool, bench: &Bench, fields: &Fields<'_>, nonce: u64) {
    let wire = bench.profile.render(Operation::Verify, fields, &bench.context(nonce)).unwrap();
    // As the client itself sends it.
    let transport::Answer { status, headers, body } = send(pool, ask::outgoing(wire)).await;
    let judged =
        bench.profile.judge(Operation::Verify, fields, &Answer { status, headers: &headers, body: &body });
    assert_eq!(judged.outcome, Outcome::Ok);
}

#[derive(serde::Deserialize)]
struct Envelope {
    code: String,
    data: Option<Verified>,
}

#[derive(serde::Deserialize)]
struct Verified {
    result: String,
    checks_left: u32,
}

async fn by_hand(pool: &Pool, bench: &Bench) {
    let invoice = &bench.invoice;
    let target =
        format!("/api/verify?number={}&date={}&total={}", invoice.number, invoice.issue_date, invoice.total);
    let headers = [(&HOST, b"127.0.0.1:8080".as_slice()), (&ACCEPT_LANGUAGE, b"zh".as_slice())];
    let transport::Answer { status, body, .. } =
        send(pool, Outgoing::new(&Method::GET, &target, headers, Bytes::new())).await;
    let envelope: Envelope = serde_json::from_slice(&body).unwrap();
    let data = envelope.data.unwrap();
    assert!(status == 200 && envelope.code == "0000" && data.result == "genuine" && data.checks_left == 4);
}

/// Both ways in turn, so that what else the machine does meets both alike.
fn whole_requests(bench: &Bench) {
    let address = server();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (pool, fields) = (connection(address), bench.invoice.fields());
        let (mut ratios, mut hand, mut profile) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..60 {
            let start = Instant::now();
            for _ in 0..500 {
                by_hand(&pool, bench).await;
            }
            let middle = Instant::now();
            for at in 0..500 {
                by_profile(&pool, bench, &fields, round * 500 + at).await;
            }
            let (first, second) = ((middle - start).as_secs_f64(), middle.elapsed().as_secs_f64());
            ratios.push(second / first);
            hand.push(first / 500.0 * 1e6);
            profile.push(second / 500.0 * 1e6);
        }
        let median = |list: &mut Vec<f64>| {
            list.sort_by(f64::total_cmp);
            list[list.len() / 2]
        };
        println!(
            "request by hand {:.2} µs, by profile {:.2} µs, ratio {:.3} (medians of 60 paired rounds)",
            median(&mut hand),
            median(&mut profile),
            median(&mut ratios)
        );
    });
}

fn main() {
    let reference = Bench::new(Profile::reference(), Vec::new());
    render("reference", &reference, Operation::Verify, 20_000);
    render("reference", &reference, Operation::QueryNumber, 20_000);
    render("reference", &reference, Operation::Upload, 5000);
    for name in ["bearer", "operation-header", "sorted-md5", "fixed-hmac", "problem-json", "json-rpc"] {
        let path = format!("{}/../../docs/profiles/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let profile =
            Profile::parse(&std::fs::read_to_string(path).unwrap(), name).unwrap_or_else(|e| panic!("{e}"));
        let mut secrets = vec!["0123456789abcdef".to_owned(); profile.secrets().count()];
        if name == "problem-json" {
            secrets[1] = include_str!("../tests/vectors/rsa-test-key.pem").to_owned();
        }
        let bench = Bench::new(profile, secrets);
        render(name, &bench, Operation::Verify, if name == "problem-json" { 200 } else { 20_000 });
    }
    judge(&reference, Operation::Verify, BODY);
    judge(&reference, Operation::QueryNumber, RECORD);
    whole_requests(&reference);
}
