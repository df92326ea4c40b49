//! Secrets appear nowhere: neither in what a run writes, nor in what people are shown.
//!
//! The platform here is the worst one: it speaks the dialect of the tutorial, signed, and answers
//! every second query with an error that repeats the whole request. It shares no code with the client.

use crate::house::{get, piaotan, post, until};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::tempdir;

const KEY: &str = "k3y-of-the-seal-0815";
const PASSWORD: &str = "pa55-of-the-account-4711";
const TOKEN: &str = "t0ken-of-the-session-2342";

/// The profile as somebody writes it who has only read `docs/profiles.md`.
const PROFILE: &str = r#"
name = "seventh"
[secrets]
key = "env:SEVENTH_KEY"
[values]
ts = { time = "unix_ms" }
nonce = { random = "digits", length = 8 }
[sign.seal]
text = "{method}{path}{ts}{nonce}{body}"
digest = "hmac-sha256"
key = "{secret.key}"
encode = "hex"
unsigned = ["token"]
[request]
headers = { X-Token = "{token}", X-Ts = "{ts}", X-Nonce = "{nonce}", X-Seal = "{seal}" }
[answer]
code = "/code"
[codes]
"0" = { class = "ok", en = "success", zh = "成功" }
"44" = { class = "not_visible", en = "no such invoice", zh = "查无此票" }
"50" = { class = "server_error", en = "fault", zh = "故障" }
"51" = { class = "client_error", en = "wrong seal", zh = "签名错误" }
other = "unreadable"
[login]
token = "/data/token"
expires_in = "/data/ttl"
[operation.login]
request = "POST /auth"
public = true
json = { user = "{mobile}", secret = "{password}" }
[operation.query_number]
request = "GET /invoices/{number}"
[operation.query_number.record]
number = "/data/no"
total = "/data/total"
[[operation.query_number.example]]
body = '{"code":44,"msg":"查无此票"}'
expect = "business_no"
[operation.upload]
request = "POST /invoices"
form = { no = "{number}", date = "{issue_date|compact}", total = "{total}" }
[review]
value = "state"
pending = ["10"]
accepted = ["20"]
rejected = ["30"]
[operation.review]
request = "GET /invoices/{number}/state"
values = { state = "/data/state" }
[operation.health]
request = "GET /health"
"#;

const SCENARIO: &str = "name = \"t\"\n[load]\nrate = 20\nduration = \"2s\"\n[sync]\ntrack = 0.0\n[warmup]\nlength = \"0s\"\n[data]\nprepare = 4\n[[mix]]\njourney = \"query_number\"\n";

struct Server {
    url: String,
    sealed: Arc<AtomicU32>,
    ended: Arc<AtomicBool>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sealed, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, end) = (sealed.clone(), ended.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let counted = counted.clone();
                std::thread::spawn(move || serve(stream, &counted));
            }
        });
        Self { url: format!("http://{address}"), sealed, ended }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

fn serve(stream: TcpStream, sealed: &AtomicU32) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some((head, body)) = request(&mut reader) {
        let text = answer(&head, &body, sealed);
        let all = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
        if stream.write_all(all.as_bytes()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut impl std::io::BufRead) -> Option<(String, String)> {
    let mut head = String::new();
    loop {
        let before = head.len();
        reader.read_line(&mut head).ok().filter(|read| *read > 0)?;
        if head[before..].trim().is_empty() {
            break;
        }
    }
    let length = header(&head, "content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next().unwrap_or("")
}

fn answer(head: &str, body: &str, sealed: &AtomicU32) -> String {
    let mut line = head.split_whitespace();
    let (method, path) = (line.next().unwrap(), line.next().unwrap());
    if path == "/auth" {
        assert!(body.contains(PASSWORD), "the password is sent");
        return format!("{{\"code\":0,\"data\":{{\"token\":\"{TOKEN}\",\"ttl\":3600}}}}");
    }
    let (ts, nonce) = (header(head, "x-ts"), header(head, "x-nonce"));
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(format!("{method}{path}{ts}{nonce}{body}").as_bytes());
    let seal: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    if seal != header(head, "x-seal") || header(head, "x-token") != TOKEN {
        return "{\"code\":51}".to_owned();
    }
    if path.ends_with("/state") {
        return "{\"code\":0,\"data\":{\"state\":\"20\"}}".to_owned();
    }
    if method == "POST" {
        return "{\"code\":0}".to_owned();
    }
    if sealed.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
        return "{\"code\":44}".to_owned();
    }
    let echo = format!("{head} {PASSWORD} {KEY}").replace(['"', '\r', '\n'], " ");
    format!("{{\"code\":50,\"msg\":\"{echo}\"}}")
}

fn command(dir: &Path, args: &[&str]) -> Output {
    prepared(dir, args, "").output().unwrap()
}

/// The program in a folder with profile, scenario and configuration.
fn prepared(dir: &Path, args: &[&str], config: &str) -> Command {
    std::fs::write(dir.join("mine.toml"), PROFILE).unwrap();
    std::fs::write(dir.join("scenario.toml"), SCENARIO).unwrap();
    let config = format!("[account]\npassword = \"env:SEVENTH_PASSWORD\"\n{config}");
    std::fs::write(dir.join("piaotan.toml"), config).unwrap();
    let mut command = piaotan(args);
    command.current_dir(dir).env("SEVENTH_KEY", KEY).env("SEVENTH_PASSWORD", PASSWORD);
    command.env("RUST_LOG", "trace").env("PIAOTAN_PROFILE", "mine.toml");
    command
}

fn nothing_secret(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in [KEY, PASSWORD, TOKEN] {
        assert!(!text.contains(secret), "{what} holds {secret}: {text}");
    }
}

fn every_file(dir: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            every_file(&entry, look);
        } else {
            look(&entry, &std::fs::read(&entry).unwrap());
        }
    }
}

#[test]
fn a_seventh_dialect_is_checked_and_tried_by_the_tutorial_alone() {
    let (dir, server) = (tempdir().unwrap(), Server::start());
    let checked = command(dir.path(), &["profile", "check", "mine.toml"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    for _ in 0..2 {
        let tried = command(dir.path(), &["profile", "try", "query_number", "--target", &server.url]);
        let said = String::from_utf8_lossy(&tried.stdout).into_owned();
        assert!(said.contains("x-token: ***") && said.contains("over: GET/invoices/"), "{said}");
        nothing_secret("profile try", &[tried.stdout, tried.stderr].concat());
    }
    let login =
        command(dir.path(), &["profile", "try", "login", "--target", &server.url, "--format", "json"]);
    assert!(login.status.success(), "{}", String::from_utf8_lossy(&login.stderr));
    nothing_secret("profile try login", &[login.stdout, login.stderr].concat());
    assert_eq!(server.sealed.load(Ordering::Relaxed), 2, "both requests were sealed right");
}

#[test]
fn nothing_that_a_run_writes_holds_a_secret_even_when_the_platform_echoes_it() {
    let (dir, server) = (tempdir().unwrap(), Server::start());
    let args = [
        "run",
        "scenario.toml",
        "--target",
        &server.url,
        "--out",
        "out",
        "--listen",
        "127.0.0.1:0",
        "--no-notices",
    ];
    let ran = command(dir.path(), &args);
    let said = [ran.stdout, ran.stderr].concat();
    nothing_secret("the terminal", &said);
    let mut evidence = 0;
    every_file(&dir.path().join("out"), &mut |path, bytes| {
        nothing_secret(&path.display().to_string(), bytes);
        evidence += String::from_utf8_lossy(bytes).matches("***").count();
    });
    let sealed = server.sealed.load(Ordering::Relaxed);
    assert!(
        sealed > 10 && evidence > 0,
        "{sealed} sealed, {evidence} masked: {}",
        String::from_utf8_lossy(&said)
    );
}

/// Takes what is pushed and keeps it, and answers that all is well.
fn pushed() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeps = kept.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            if let Some((head, body)) = request(&mut reader) {
                keeps.lock().unwrap().extend_from_slice(format!("{head}{body}").as_bytes());
            }
            let mut stream = stream;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (url, kept)
}

#[test]
fn nothing_that_a_check_leaves_or_pushes_holds_a_secret() {
    let (dir, server, (gateway, kept)) = (tempdir().unwrap(), Server::start(), pushed());
    let probes = ["--probes", "api_health,invoice_roundtrip,sync_delay", "--store", "ledger.db"];
    for more in [&["--format", "json"][..], &["--textfile", "metrics.prom", "--push", &gateway]] {
        let args = [&["check", "--target", &server.url][..], &probes, more].concat();
        let checked = command(dir.path(), &args);
        nothing_secret("check", &[checked.stdout, checked.stderr].concat());
    }
    let pushed = kept.lock().unwrap().clone();
    assert!(String::from_utf8_lossy(&pushed).contains("probe_success"), "metrics were pushed");
    nothing_secret("the push", &pushed);
    assert!(dir.path().join("metrics.prom").exists() && dir.path().join("ledger.db").exists());
    left_behind(dir.path());
}

#[test]
fn nothing_that_gate_capacity_and_trace_leave_holds_a_secret() {
    let (dir, server) = (tempdir().unwrap(), Server::start());
    let gate = ["gate", "scenario.toml", "--baseline", &server.url, "--candidate", &server.url, "--duet"];
    let short = ["--block", "1s", "--settle", "0s", "--max-pairs", "3", "--out", "gate"];
    let capacity = ["capacity", "scenario.toml", "--target", &server.url, "--slo", "p95 < 100ms"];
    let brief = ["--start", "10", "--trial", "1s", "--max-time", "8s", "--out", "capacity"];
    let trace = ["trace", "26119000000000000017", "--date", "2026-11-20", "--amount", "1330.66"];
    let lines = [
        [&gate[..], &short].concat(),
        [&capacity[..], &brief].concat(),
        [&trace[..], &["--target", &server.url]].concat(),
        [&trace[..], &["--target", &server.url, "--format", "json"]].concat(),
    ];
    for line in lines {
        let ended = command(dir.path(), &line);
        nothing_secret(line[0], &[ended.stdout, ended.stderr].concat());
    }
    for folder in ["gate", "capacity"] {
        assert!(dir.path().join(folder).is_dir(), "{folder} was written");
    }
    left_behind(dir.path());
}

#[test]
fn nothing_that_a_watch_shows_or_keeps_holds_a_secret() {
    let (dir, server) = (tempdir().unwrap(), Server::start());
    let config = "[probes]\nevery = '300ms'\nwhich = ['api_health', 'invoice_roundtrip', 'sync_delay']\nvisible_patience = '200ms'\nintervals = { invoice_roundtrip = '400ms' }\n";
    let line = ["watch", "--target", &server.url, "--listen", "127.0.0.1:0", "--store", "w.db"];
    let mut watch = prepared(dir.path(), &line, config);
    let mut child = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut started = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut started).unwrap();
    let url = started.trim().rsplit_once("status at ").expect("the watch starts").1.trim_end_matches('/');
    until("a fault is shown", || get(url, "/metrics").contains("probe_success{probe=\"invoice_roundtrip\"}"));
    for path in ["/", "/?lang=zh", "/metrics", "/healthz", "/trace"] {
        nothing_secret(path, get(url, path).as_bytes());
    }
    let (_, traced) = post(url, "/trace", "number=26119000000000000017&date=2026-11-20&amount=1330.66");
    nothing_secret("a traced invoice", traced.as_bytes());
    child.kill().unwrap();
    let ended = child.wait_with_output().unwrap();
    nothing_secret("the log of the watch", &ended.stderr);
    left_behind(dir.path());
}

/// Every file of a folder, but for the configuration that names where the secrets are.
fn left_behind(dir: &Path) {
    every_file(dir, &mut |path, bytes| nothing_secret(&path.display().to_string(), bytes));
}
