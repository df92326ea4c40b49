//! A real Prometheus scrapes a run: its counts equal the summary's, its quantiles lie within a bucket.

use crate::house::{Ended, Platform, free_port, get, needs, piaotan, scenario, until};
use piaotan_reports::metrics::LATENCY_EDGES;
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::tempdir;

fn ask(url: &str, query: &str) -> Option<f64> {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer: Value = serde_json::from_str(&get(url, &format!("/api/v1/query?query={encoded}"))).ok()?;
    answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

#[test]
fn a_real_prometheus_counts_what_the_summary_counts() {
    if !needs("prometheus") {
        return;
    }
    let dir = tempdir().unwrap();
    let platform = Platform::start(
        dir.path(),
        "[[latency]]\noperations = [\"everything\"]\ndelay = {kind = \"lognormal\", median = 0.02, sigma = 0.5}\n",
    );
    let (ours, theirs) = (free_port(), free_port());
    let config = format!(
        "global:\n  scrape_interval: 500ms\n  scrape_timeout: 400ms\nscrape_configs:\n  - job_name: piaotan\n    static_configs:\n      - targets: ['127.0.0.1:{ours}']\n"
    );
    let file = dir.path().join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    let prometheus = Command::new("prometheus")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", dir.path().join("tsdb").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{theirs}"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _prometheus = Ended(prometheus);
    let url = format!("http://127.0.0.1:{theirs}");
    until("prometheus is ready", || std::net::TcpStream::connect(("127.0.0.1", theirs)).is_ok());
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
    until("prometheus has the last scrape", || ask(&url, query) == Some(count));
    let of = |q: f64| {
        let rate = "sum by (le) (max_over_time(piaotan_response_seconds_bucket{operation=\"health\"}[1m]))";
        ask(&url, &format!("histogram_quantile({q}, {rate})")).unwrap()
    };
    for (name, q) in [("p50", 0.5), ("p95", 0.95)] {
        let exact = summary["operations"]["health"]["response"][name].as_f64().unwrap();
        assert_eq!(bucket(of(q)), bucket(exact), "{name}: {} and {exact}", of(q));
    }
    std::thread::sleep(Duration::from_millis(1));
}

/// The bucket that a value falls into.
fn bucket(seconds: f64) -> usize {
    LATENCY_EDGES.partition_point(|edge| *edge < seconds)
}
