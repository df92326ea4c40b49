//! A target that stalls for two seconds: what users would have felt is in the response times.

use crate::house::{Platform, run, scenario};
use tempfile::tempdir;

#[test]
fn a_stall_of_two_seconds_shows_in_about_four_hundred_response_times() {
    let dir = tempdir().unwrap();
    // Everything that arrives in these two seconds waits for their end.
    let platform =
        Platform::start(dir.path(), "[[fault]]\nat = 4\nfor = 2\nkind = \"freeze\"\nshare = 1.0\n");
    let text = "name = \"stall\"\n[load]\nrate = 200\nduration = \"8s\"\nconnections = 20\n[sync]\ntrack = 0.0\ndrain = \"0s\"\n[[mix]]\njourney = \"probe\"\n";
    let (output, summary) = run(dir.path(), &scenario(dir.path(), text), &platform.url, &["--no-notices"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let health = &summary["operations"]["health"];
    let second = |metric: &str, q: &str| health[metric][q].as_f64().unwrap();
    // 400 of 1,600 waited between 0 and 2 s: a quarter, evenly spread.
    assert!((0.8..1.3).contains(&second("response", "p90")), "{health}");
    assert!(second("response", "p99") > 1.7, "{health}");
    assert!(
        second("service", "p90") < 0.1,
        "only twenty connections saw the stall as service time: {health}"
    );
    assert_eq!(
        slower_than(dir.path(), 0.05, "health/response") / 20,
        390 / 20,
        "about 390 of them waited over 50 ms"
    );
}

/// How many recorded values of a tag are longer than so many seconds.
fn slower_than(dir: &std::path::Path, seconds: f64, tag: &str) -> u64 {
    let folder = piaotan_record::RunFolder::open(&dir.join("run")).unwrap();
    let mut slower = 0;
    let count = |interval: piaotan_record::folder::Interval| {
        let name =
            format!("{}/{}", interval.operation, if interval.service { "service" } else { "response" });
        if name == tag {
            let all = interval.histogram.iter_recorded();
            slower += all
                .filter(|b| b.value_iterated_to() as f64 / 1e9 > seconds)
                .map(|b| b.count_at_value())
                .sum::<u64>();
        }
    };
    folder.latencies(count).unwrap();
    slower
}
