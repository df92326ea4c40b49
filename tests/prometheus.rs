//! A real Prometheus scrapes a run: its counts equal the summary's, its quantiles lie within a bucket.

use crate::house::{Ended, Platform, free_port, get, needs, piaotan, scenario, until};
use piaotan_reports::metrics::LATENCY_EDGES;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::tempdir;

/// Whether a Prometheus can be started here; loudly skipped where not, a failure in CI.
pub fn needed() -> bool {
    needs("prometheus")
}

/// A Prometheus of the test's own, ended with it.
pub struct Prometheus {
    _ends: Ended,
    url: String,
}

impl Prometheus {
    /// Scrapes the targets twice a second and evaluates the rules once a second.
    pub fn start(dir: &Path, targets: &[String], rules: Option<&Path>) -> Self {
        let port = free_port();
        let rules = rules.map_or_else(String::new, |file| format!("rule_files: ['{}']\n", file.display()));
        let config = format!(
            "global:\n  scrape_interval: 500ms\n  scrape_timeout: 400ms\n  evaluation_interval: 1s\n{rules}scrape_configs:\n  - job_name: piaotan\n    static_configs:\n      - targets: ['{}']\n",
            targets.join("', '")
        );
        let file = dir.join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        let prometheus = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self { _ends: Ended(prometheus), url: format!("http://127.0.0.1:{port}") };
        until("prometheus is ready", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        this
    }

    /// An answer of its API.
    pub fn get(&self, path: &str) -> Value {
        serde_json::from_str(&get(&self.url, &format!("/api/v1/{path}"))).unwrap_or(Value::Null)
    }

    /// The first value of a query, now.
    fn ask(&self, query: &str) -> Option<f64> {
        let answer = self.get(&format!("query?query={}", encoded(query)));
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }

    /// How many numbers a query shows over the last minute.
    pub fn points(&self, query: &str) -> usize {
        let now = chrono::Utc::now().timestamp();
        let answer =
            self.get(&format!("query_range?query={}&start={}&end={now}&step=1", encoded(query), now - 60));
        assert_ne!(answer["status"], "error", "{query}: {}", answer["error"]);
        let series = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        let values = series.iter().filter_map(|one| one["values"].as_array()).flatten();
        values.filter(|value| value[1] != "NaN").count()
    }
}

fn encoded(query: &str) -> String {
    query.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn a_real_prometheus_counts_what_the_summary_counts() {
    if !needed() {
        return;
    }
    let dir = tempdir().unwrap();
    let platform = Platform::start(
        dir.path(),
        "[[latency]]\noperations = [\"everything\"]\ndelay = {kind = \"lognormal\", median = 0.02, sigma = 0.5}\n",
    );
    let ours = free_port();
    let prometheus = Prometheus::start(dir.path(), &[format!("127.0.0.1:{ours}")], None);
    let text = "name = \"t\"\n[load]\nrate = 50\nduration = \"4s\"\n[sync]\ntrack = 0.0\ndrain = \"4s\"\n[[mix]]\njourney = \"probe\"\n";
    let path = scenario(dir.path(), text);
    let out = dir.path().join("run");
    // The drain keeps /metrics up for some scrapes after the last request.
    let output =
        piaotan(&["run", path.to_str().unwrap(), "--target", &platform.url, "--out", out.to_str().unwrap()])
            .args(["--format", "json", "--no-notices", "--listen", &format!("127.0.0.1:{ours}")])
            .output()
            .unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = summary["requests"]["ok"].as_f64().unwrap();
    let query = "max_over_time(piaotan_requests_total{operation=\"health\",outcome=\"ok\"}[1m])";
    until("prometheus has the last scrape", || prometheus.ask(query) == Some(count));
    let of = |q: f64| {
        let rate = "sum by (le) (max_over_time(piaotan_response_seconds_bucket{operation=\"health\"}[1m]))";
        prometheus.ask(&format!("histogram_quantile({q}, {rate})")).unwrap()
    };
    for (name, q) in [("p50", 0.5), ("p95", 0.95)] {
        let exact = summary["operations"]["health"]["response"][name].as_f64().unwrap();
        assert_eq!(bucket(of(q)), bucket(exact), "{name}: {} and {exact}", of(q));
    }
}

/// The bucket that a value falls into.
fn bucket(seconds: f64) -> usize {
    LATENCY_EDGES.partition_point(|edge| *edge < seconds)
}
