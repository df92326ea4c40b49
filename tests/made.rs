//! What load makes is in the ledger, and `cleanup` voids all of it.

use crate::house::{Platform, piaotan, run, scenario};
use serde_json::Value;
use tempfile::tempdir;

#[test]
fn cleanup_voids_exactly_what_a_run_left_on_the_platform() {
    let dir = tempdir().unwrap();
    // A tenth is rejected, some uploads take effect although their answer is lost.
    let weather = "[rules]\ndaily_limit = 0\n[[review]]\ndelay = 0.05\nreject = 0.1\n[[fault]]\nat = 0\nfor = 600\noperations = [\"upload\"]\nkind = \"reset\"\nshare = 0.1\neffect = true\n";
    let platform = Platform::start(dir.path(), weather);
    let text = "name = \"t\"\n[load]\nrate = 20\nduration = \"4s\"\n[data]\nprepare = 5\nverify_quota = 0\nbatch_items = 3\n[sync]\ntrack = 0.0\n[[mix]]\njourney = \"roundtrip\"\nweight = 3\n[[mix]]\njourney = \"issue_push\"\n[[mix]]\njourney = \"batch\"\n";
    let (output, summary) = run(dir.path(), &scenario(dir.path(), text), &platform.url, &[]);
    assert_eq!(summary["conserved"], true, "{}", String::from_utf8_lossy(&output.stderr));
    let accepted = |invoice: &&Value| invoice["accepted"] == true;
    let there = |platform: &Platform| -> Vec<Value> {
        let truth = platform.get("/_weather/truth?invoices=10000");
        truth.get("data").unwrap_or(&truth)["invoices"].as_array().unwrap().clone()
    };
    std::thread::sleep(std::time::Duration::from_millis(300));
    let all = there(&platform);
    let left = all.iter().filter(accepted).count() as u64;
    assert!(left > 50, "{left} of {}", all.len());
    let store = dir.path().join("piaotan.db");
    let cleanup = ["cleanup", "--target", &platform.url, "--format", "json", "--store"];
    let clean = || {
        let output = piaotan(&cleanup).arg(&store).output().unwrap();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (code, answer) = clean();
    assert_eq!((code, answer["voided"].as_u64()), (Some(0), Some(left)), "{answer}");
    assert_eq!(clean().1["known"], 0);
}
