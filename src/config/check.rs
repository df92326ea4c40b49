//! What can be seen to be wrong with a configuration before anything is asked, fetched or opened. Each
//! refusal is one line that names the field and what to write instead.

use super::{Settings, elsewhere};
use anyhow::{Result, anyhow, ensure};
use piaotan_client::target::{Endpoint, TargetSection};
use piaotan_record::Span;
use std::path::Path;

/// # Errors
/// The first field that cannot be meant.
pub fn check(settings: &Settings) -> Result<()> {
    target(&settings.target)?;
    filled("account.mobile", settings.account.mobile.as_deref(), "\"13800000001\"")?;
    filled("account.name", settings.account.name.as_deref(), "the name of the test account")?;
    elsewhere("[account] password", settings.account.password.as_deref()).map_err(|why| anyhow!(why))?;
    for (name, written) in &settings.secrets {
        elsewhere(&format!("[secrets] {name}"), Some(written)).map_err(|why| anyhow!(why))?;
    }
    settings.probes.check().map_err(|why| anyhow!("{why}"))?;
    if let Some(poll) = settings.maintenance.poll {
        ensure!(poll >= Span::seconds(1), "maintenance.poll is {poll}; write at least 1s");
        ensure!(poll <= Span::seconds(24 * 3600), "maintenance.poll is {poll}; write 24h at most");
    }
    filled("store.path", settings.store.path.as_deref().and_then(Path::to_str), "path = \"piaotan.db\"")?;
    elsewhere("[watch] token", settings.watch.token.as_deref()).map_err(|why| anyhow!(why))?;
    elsewhere("[store] password", settings.store.password.as_deref()).map_err(|why| anyhow!(why))?;
    settings.notify.check().map_err(|why| anyhow!("{why}"))
}

fn target(section: &TargetSection) -> Result<()> {
    if let Some(url) = &section.url {
        Endpoint::parse(url).map_err(|why| anyhow!("target.url: {why}"))?;
    }
    filled("target.profile", section.profile.as_deref(), "profile = \"reference\", or the path of a file")?;
    host("target.allow_write", section.allow_write.as_deref())?;
    host("target.allow_load", section.allow_load.as_deref())?;
    if let Some(rate) = section.max_rate {
        ensure!(
            rate > 0.0 && rate.is_finite(),
            "target.max_rate is {rate}; write requests per second, such as 50"
        );
    }
    if let Some(file) = &section.ca_file {
        ensure!(
            file.is_file(),
            "[target] ca_file {}: no such file; write the path of a PEM file",
            file.display()
        );
    }
    Ok(())
}

/// A text that is given is not empty.
fn filled(field: &str, written: Option<&str>, example: &str) -> Result<()> {
    match written {
        Some(text) if text.trim().is_empty() => {
            Err(anyhow!("{field} is empty; write {example}, or leave it out"))
        }
        _ => Ok(()),
    }
}

/// A host alone, as it is compared with that of the target.
fn host(field: &str, written: Option<&str>) -> Result<()> {
    let Some(text) = written else { return Ok(()) };
    let alone = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '/');
    ensure!(alone, "{field} is `{text}`; write the host alone, such as test.example.cn");
    Ok(())
}
