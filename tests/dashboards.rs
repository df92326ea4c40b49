//! Every query of the dashboards and every rule, asked of a real Prometheus that scraped a watch and a run.
//!
//! No Grafana server is opened: this checks the queries, not the pictures. Panels marked as needing an event
//! (windows, a verdict, findings) get it from the second part: a window made known, a run that is judged.

use crate::house::{Platform, free_port, piaotan, scenario, until};
use crate::prometheus::{Prometheus, needed};
use crate::watch::Watch;
use piaotan_reports::Lang;
use piaotan_reports::grafana::{Panel, dashboards};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::tempdir;

const WEATHER: &str = "[[latency]]\noperations = [\"all\"]\ndelay = {kind = \"lognormal\", median = 0.02, sigma = 0.5}\n[[sync]]\ndelay = {kind = \"constant\", seconds = 0.3}\n[[fault]]\noperations = [\"query\"]\nkind = \"error\"\nshare = 0.1\n";
const PROBES: &str = "[probes]\nevery = '300ms'\nwhich = ['own_network', 'page', 'api_health', 'invoice_roundtrip', 'sync_delay']\nvisible_patience = '200ms'\nintervals = { invoice_roundtrip = '500ms' }\n";
/// Its limit is broken, so that there is a finding.
const SCENARIO: &str = "name = \"t\"\nlimits = [\"errors < 1%\"]\n[load]\nrate = 30\nduration = \"5s\"\n[data]\nprepare = 5\n[sync]\ntrack = 1.0\ndrain = \"1s\"\n[[mix]]\njourney = \"query_number\"\n";

/// A Pushgateway: keeps what was last put, and gives it to whoever scrapes.
struct Gateway {
    address: String,
    kept: Arc<Mutex<String>>,
}

impl Gateway {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let kept = Arc::new(Mutex::new(String::new()));
        let keeps = kept.clone();
        std::thread::spawn(move || {
            listener.incoming().map_while(Result::ok).for_each(|stream| serve(stream, &keeps));
        });
        Self { address, kept }
    }
}

fn serve(mut stream: TcpStream, kept: &Mutex<String>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    if head.starts_with("PUT ") {
        *kept.lock().unwrap() = String::from_utf8(body).unwrap();
        body = Vec::new();
    } else {
        body = kept.lock().unwrap().clone().into_bytes();
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n";
    let _ = stream.write_all(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    let _ = stream.write_all(&body);
}

/// A query with the variables of a dashboard filled in.
fn filled_in(expr: &str) -> String {
    let values = [("$__rate_interval", "4s"), ("$__range", "4s"), ("$job", ".+"), ("$instance", ".+")];
    values.iter().fold(expr.to_owned(), |expr, (name, value)| expr.replace(name, value))
}

/// Panels and annotations as title, query, and whether they need an event.
fn queries() -> Vec<(String, String, bool)> {
    let mut all = Vec::new();
    for board in dashboards(Lang::En) {
        let of = |panel: &Panel, expr: &str| {
            (format!("{}: {}", board.uid, panel.title), filled_in(expr), panel.event)
        };
        for panel in &board.panels {
            all.extend(panel.targets.iter().map(|target| of(panel, &target.expr)));
        }
        let json: Value = serde_json::from_str(&board.json()).unwrap();
        for one in json["annotations"]["list"].as_array().unwrap() {
            let (name, expr) = (one["name"].as_str().unwrap(), one["expr"].as_str().unwrap());
            // A window is an event; a run is under way in the first part already.
            all.push((format!("{}: annotation {name}", board.uid), filled_in(expr), name == "maintenance"));
        }
    }
    all
}

/// Waits until each has shown a number; an error in a query is told at once.
fn all_answer(prometheus: &Prometheus, queries: &[(String, String, bool)]) {
    let mut empty: BTreeSet<usize> = (0..queries.len()).collect();
    let begun = std::time::Instant::now();
    while !empty.is_empty() && begun.elapsed().as_secs() < 15 {
        empty.retain(|i| prometheus.points(&queries[*i].1) == 0);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let names: Vec<_> = empty.iter().map(|i| (&queries[*i].0, &queries[*i].1)).collect();
    assert!(names.is_empty(), "no data: {names:#?}");
}

fn rules(prometheus: &Prometheus) {
    let health = || {
        let answer = prometheus.get("rules");
        let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
        let rules: Vec<Value> =
            groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect();
        for rule in &rules {
            assert_ne!(rule["health"], "err", "{}: {}", rule["name"], rule["lastError"]);
        }
        rules
    };
    let all_ok = |rules: &[Value]| !rules.is_empty() && rules.iter().all(|rule| rule["health"] == "ok");
    until("every rule was evaluated", || all_ok(&health()));
    let written = std::fs::read_to_string("deploy/prometheus/piaotan.rules.yml").unwrap();
    let (rules, count) = (health(), |word: &str| written.matches(word).count());
    assert_eq!(rules.len(), count("- record:") + count("- alert:"));
    let recorded: Vec<_> = rules
        .iter()
        .filter(|rule| rule["type"] == "recording")
        .map(|rule| rule["name"].as_str().unwrap())
        .map(|name| (name.to_owned(), name.to_owned(), false))
        .collect();
    all_answer(prometheus, &recorded);
}

fn windows(dir: &Path, start: i64, length: &str) {
    let start = (chrono::Utc::now() + chrono::TimeDelta::minutes(start)).to_rfc3339();
    let output = piaotan(&["windows", "--store", "w.db", "add", "--start", &start, "--for", length])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_query_of_the_dashboards_and_every_rule_answers() {
    if !needed() {
        return;
    }
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), WEATHER);
    let watch = Watch::start(dir.path(), &platform.url, PROBES);
    let (gateway, run) = (Gateway::open(), free_port());
    let rules_file = std::path::absolute("deploy/prometheus/piaotan.rules.yml").unwrap();
    let watched = watch.url.strip_prefix("http://").unwrap();
    let targets = [watched.to_owned(), format!("127.0.0.1:{run}"), gateway.address.clone()];
    let prometheus = Prometheus::start(dir.path(), &targets, Some(&rules_file));
    let path = scenario(dir.path(), SCENARIO);
    let mut load = piaotan(&["run", path.to_str().unwrap(), "--target", &platform.url, "--out", "run"])
        .args(["--format", "json", "--no-notices", "--listen", &format!("127.0.0.1:{run}")])
        .args(["--push", &format!("http://{}", gateway.address)])
        .current_dir(dir.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (events, plain): (Vec<_>, Vec<_>) = queries().into_iter().partition(|(.., event)| *event);
    assert!(events.len() >= 6 && plain.len() > 60, "{} and {}", events.len(), plain.len());
    all_answer(&prometheus, &plain);
    rules(&prometheus);
    // The second part: a window to come, then one that is open (its start is what is told then), and a run judged.
    let (coming, events): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|(title, ..)| title.ends_with("Until the next start"));
    windows(dir.path(), 180, "1h");
    all_answer(&prometheus, &coming);
    windows(dir.path(), -1, "2h");
    assert_eq!(load.wait().unwrap().code(), Some(1), "its limit is broken");
    all_answer(&prometheus, &events);
    let pushed = gateway.kept.lock().unwrap().clone();
    for line in ["piaotan_run_verdict{verdict=\"fail\"} 1", "piaotan_run_active 0"] {
        assert!(pushed.lines().any(|pushed| pushed == line), "{line} is not in {pushed}");
    }
}
