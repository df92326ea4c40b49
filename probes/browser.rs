//! Does the page come up in a browser? An installed Chromium loads it; a picture is taken when it fails.

use crate::{Found, Health, Setting, say};
use piaotan_record::Outcome;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) async fn run(setting: &Setting) -> Found {
    let Some(program) = setting.section.browser.clone().or_else(installed) else {
        let text = say!(setting.language, "未找到 Chromium", "no Chromium is installed");
        return Found::skipped(text);
    };
    let endpoint = setting.endpoint();
    let scheme = if endpoint.tls { "https" } else { "http" };
    let url = format!("{scheme}://{}{}/", endpoint.authority(), endpoint.prefix);
    let shown = dump(&program, &url).await;
    match shown {
        Ok(page) if page.contains("<body") && page.len() > 200 => {
            let bytes = page.len();
            Found::healthy(say!(
                setting.language,
                "页面已显示（{bytes} 字节）",
                "the page is shown ({bytes} bytes)"
            ))
        }
        Ok(_) => {
            let text = say!(setting.language, "浏览器中是空白页", "the browser shows an empty page");
            Found::new(Health::Unhealthy, Some(Outcome::Unreadable), text)
        }
        Err(why) => Found::new(Health::Unhealthy, Some(Outcome::Unreadable), why),
    }
}

/// The page as the browser shows it, after its scripts have run.
async fn dump(program: &Path, url: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command
        .args(["--headless", "--disable-gpu", "--no-sandbox", "--no-first-run", "--disable-extensions"])
        .args(["--virtual-time-budget=5000", "--dump-dom", url])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ended.map_err(|_| format!("{}: no page within {PATIENCE:?}", program.display()))?;
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|file| file.is_file())
}
