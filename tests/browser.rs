//! A real Chromium opens the report from disk.

use crate::house::{Platform, needs, run, scenario};
use std::process::Command;
use tempfile::tempdir;

#[test]
fn the_report_opens_offline_in_chromium() {
    if !needs("chromium") {
        return;
    }
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let text = "name = \"<script>alert(1)</script>\"\n[load]\nrate = 20\nduration = \"2s\"\n[sync]\ntrack = 0.0\ndrain = \"0s\"\n[[mix]]\njourney = \"probe\"\n";
    let (output, _) = run(dir.path(), &scenario(dir.path(), text), &platform.url, &["--charts"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let page = dir.path().join("run/report.html");
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(!html.contains("<script>alert"), "a name of the scenario's became markup");
    let opened = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
        ])
        .args(["--disable-component-update", "--disable-sync", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&opened.stdout).into_owned();
    assert!(dom.contains("<svg") && dom.contains("</html>"), "{}", String::from_utf8_lossy(&opened.stderr));
    assert!(dir.path().join("run/charts/timeline.png").metadata().unwrap().len() > 5_000);
}
