//! A target that misbehaves: it hangs, trickles, resets, answers garbage, redirects in a circle, or shows
//! a wrong certificate. A check says which, in time; a watch goes on.

use crate::house::{Ended, free_port, get, piaotan, until};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// Does with every connection what it is told to, each on a thread of its own.
fn target(does: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || does(stream));
        }
    });
    url
}

/// The request, up to the end of its head.
fn heard(stream: &TcpStream) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    lines.map_while(Result::ok).find(String::is_empty);
}

fn hangs(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

fn trickles(mut stream: TcpStream) {
    heard(&stream);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}", "x".repeat(100_000));
    for byte in answer.bytes() {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What is closed with something unread in it is reset.
fn resets(stream: TcpStream) {
    let _ = stream.peek(&mut [0; 1]);
}

fn garbage(mut stream: TcpStream) {
    heard(&stream);
    let _ = stream.write_all(&[0x00, 0xff, 0x16, 0x03, b'\n', 0x80, b'\n', b'\n']);
}

fn circles(mut stream: TcpStream) {
    let there = stream.local_addr().unwrap();
    heard(&stream);
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://{there}/\r\nContent-Length: 0\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes());
}

/// What one check of the page says, as JSON; it took `within` seconds at most.
fn checked(dir: &Path, url: &str, probe: &str, config: &str) -> (Option<i32>, Value) {
    std::fs::write(dir.join("piaotan.toml"), config).unwrap();
    let begun = Instant::now();
    let args = ["check", "--target", url, "--probes", probe, "--format", "json", "--store", "c.db"];
    let output = piaotan(&args).current_dir(dir).output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer = serde_json::from_slice(&output.stdout);
    (output.status.code(), answer.unwrap_or_else(|_| panic!("no answer: {told}")))
}

fn check(name: &str, does: fn(TcpStream), outcome: &str, words: &str) {
    let dir = tempdir().unwrap();
    let (code, told) = checked(dir.path(), &target(does), "page", "[probes]\ntimeout = '2s'\n");
    let word = |name: &str| told["probes"][0][name].as_str().unwrap_or_default();
    let right = word("outcome") == outcome && word("detail").contains(words);
    assert!(code == Some(1) && right, "{name}: exit {code:?}, {told:#}");
}

#[test]
fn a_target_that_misbehaves_is_told_as_what_it_does() {
    // On a busy machine the probe's patience may be up first, and says it in other words.
    check("hangs", hangs, "timed_out", "");
    check("trickles", trickles, "timed_out", "");
    check("resets", resets, "reset", "page: reset");
    check("garbage", garbage, "unreadable", "page: unreadable");
    // A redirection is not followed, so that no circle can hold anybody.
    check("circles", circles, "unreadable", "HTTP 302");
}

/// A watch of a target, and where its pages are; it ends with the test.
fn watched(dir: &Path, url: &str, config: &str) -> (Ended, String) {
    std::fs::write(dir.join("piaotan.toml"), config).unwrap();
    let mut child: Child = piaotan(&["watch", "--target", url, "--listen", "127.0.0.1:0", "--store", "w.db"])
        .current_dir(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let at = line.trim().rsplit_once("status at ").expect("the watch starts").1.trim_end_matches('/');
    (Ended(child), at.to_owned())
}

#[test]
fn a_watch_of_a_target_that_misbehaves_goes_on() {
    let config = "[probes]\nevery = '500ms'\ntimeout = '1s'\nwhich = ['page', 'api_health', 'login']\n";
    for does in [hangs as fn(TcpStream), trickles, resets, garbage, circles] {
        let dir = tempdir().unwrap();
        let (_watch, at) = watched(dir.path(), &target(does), config);
        let counted = |result: &str| {
            let series = format!("piaotan_probe_runs_total{{probe=\"page\",result=\"{result}\"}} ");
            let text = get(&at, "/metrics");
            let line = text.lines().find_map(|line| line.strip_prefix(series.as_str()));
            line.and_then(|count| count.parse::<f64>().ok()).unwrap_or_default()
        };
        until("it fails again and again", || counted("failure") >= 2.0);
        assert_eq!(counted("success"), 0.0);
        assert_eq!(get(&at, "/healthz"), "ok\n");
    }
}

/// The reference platform behind TLS, and its certificate.
fn secured(dir: &Path) -> (Ended, String, PathBuf) {
    let (certificate, port) = (dir.join("cert.pem"), free_port());
    let mut child =
        piaotan(&["platform", "--exit-with-stdin", "--listen", &format!("127.0.0.1:{port}"), "--tls"])
            .arg(&certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("https://"), "{line}");
    (Ended(child), format!("https://localhost:{port}"), certificate)
}

#[test]
fn certificates_are_held_against_what_the_configuration_says() {
    let dir = tempdir().unwrap();
    let (_platform, url, certificate) = secured(dir.path());
    let trust = format!("[target]\nca_file = '{}'\n", certificate.display());
    let tls = |config: &str| {
        let (code, told) = checked(dir.path(), &url, "tls", config);
        let probe = &told["probes"][0];
        let word = |name: &str| probe[name].as_str().unwrap_or_default().to_owned();
        (code, word("result"), word("detail"))
    };
    let said = |config: &str, code: i32, words: &str| {
        let (found, result, detail) = tls(config);
        assert!(
            found == Some(code) && detail.contains(words),
            "{config}: exit {found:?}, {result}: {detail}"
        );
        detail
    };
    said("", 1, "certificate");
    said(&trust, 0, "TLS 1.3, the certificate expires in");
    said(&format!("{trust}[probes]\ntls_at_least = '1.3'\n"), 0, "TLS 1.3");
    let other = format!("{trust}[probes]\ncertificate_issuer = 'Nobody CA'\n");
    said(&other, 1, "has nothing of [probes] certificate_issuer = \"Nobody CA\"");
    let none = format!("{trust}[probes]\ncertificate_sha256 = '{}'\n", "00:".repeat(31) + "00");
    let told = said(&none, 1, "not that of [probes] certificate_sha256; its SHA-256 is ");
    let own = told.rsplit(' ').next().unwrap();
    said(&format!("{trust}[probes]\ncertificate_sha256 = '{own}'\n"), 0, "TLS 1.3");
}
