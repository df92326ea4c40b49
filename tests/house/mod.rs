//! A platform of one's own, and the program run against it.

pub mod postgres;

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_piaotan");

/// The program, with no configuration of the machine's.
pub fn piaotan(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).env("PIAOTAN_LANG", "en").env_remove("PIAOTAN_CONFIG").env_remove("PIAOTAN_TARGET");
    command
}

/// A reference platform that ends with the test.
pub struct Platform {
    child: Child,
    pub url: String,
}

impl Platform {
    pub fn start(dir: &Path, weather: &str) -> Self {
        let file = dir.join("weather.toml");
        std::fs::write(&file, weather).unwrap();
        let mut child = piaotan(&["platform", "--listen", "127.0.0.1:0", "--exit-with-stdin", "--weather"])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("the platform starts").to_owned();
        Self { child, url }
    }

    pub fn get(&self, path: &str) -> Value {
        serde_json::from_str(&get(&self.url, path)).unwrap()
    }

    /// Arrivals at the platform by its own count, control left out.
    pub fn arrivals(&self) -> u64 {
        let counts = self.get("/_weather/counts");
        let each = counts["data"]["arrivals"].as_object().unwrap().iter();
        each.filter(|(name, _)| *name != "control").map(|(_, count)| count.as_u64().unwrap()).sum()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of a plain GET.
pub fn get(url: &str, path: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")).1
}

/// Status and body of a form sent.
pub fn post(url: &str, path: &str, form: &str) -> (u16, String) {
    let (address, length) = (url.strip_prefix("http://").unwrap(), form.len());
    let kind = "application/x-www-form-urlencoded";
    let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    exchange(address, &format!("{head}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{form}"))
}

fn exchange(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, if chunked { unchunked(body) } else { body.to_owned() })
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or(0);
        if length == 0 {
            break;
        }
        whole.push_str(&rest[..length]);
        body = &rest[length + 2..];
    }
    whole
}

/// A scenario of the test's own, written beside its folder.
pub fn scenario(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("scenario.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// Runs a scenario; gives the output and the summary.
pub fn run(dir: &Path, scenario: &Path, url: &str, more: &[&str]) -> (Output, Value) {
    let out = dir.join("run");
    let output =
        piaotan(&["run", scenario.to_str().unwrap(), "--target", url, "--out", out.to_str().unwrap()])
            .args(["--format", "json", "--listen", "127.0.0.1:0", "--store"])
            .arg(dir.join("piaotan.db"))
            .args(more)
            .output()
            .unwrap();
    let summary = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, summary)
}

/// Waits until something holds, at most ten seconds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A real program that a test needs: absent, the test fails in CI and is loudly skipped elsewhere.
pub fn needs(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).exists()));
    assert!(found || std::env::var_os("CI").is_none(), "{program} is missing; ./test installs it");
    if !found {
        eprintln!("SKIPPED: {program} is not installed; ./test installs it");
    }
    found
}

/// A real program that ends with the test.
pub struct Ended(pub std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
