//! Does one's own network work? Without it, nothing can be said of the platform.

use crate::{Found, Health, Setting, say};
use piaotan_client::target::Endpoint;
use piaotan_client::transport::{Dialer, Guard};
use piaotan_record::Outcome;
use std::time::Duration;

/// A reference that takes longer to answer a connection is as good as none.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) async fn run(setting: &Setting) -> Found {
    let references = &setting.section.references;
    if references.is_empty() && setting.endpoint().is_loopback() {
        let text = say!(
            setting.language,
            "目标在本机，不经网络",
            "the target is on this machine: no network between"
        );
        return Found::healthy(text);
    }
    if references.is_empty() {
        let text = say!(
            setting.language,
            "未配置参照主机；请在 [probes] 中写 references = [\"HOST:PORT\"]",
            "no references to ask; write references = [\"HOST:PORT\"] into [probes]"
        );
        return Found::skipped(text);
    }
    let dialer = match &setting.dialer {
        Dialer::Tcp { .. } => Dialer::tcp(Guard::Any, None),
        handed => handed.clone(),
    };
    let mut failures = Vec::new();
    for reference in references {
        match reach(&dialer, setting, reference).await {
            Ok(()) => {
                let text = say!(setting.language, "{reference} 可达", "{reference} answers");
                return Found::healthy(text);
            }
            Err(why) => failures.push(format!("{reference}: {why}")),
        }
    }
    let why = failures.join("; ");
    let text = say!(setting.language, "本地网络不通（{why}）", "one's own network does not work ({why})");
    Found::new(Health::Unhealthy, Some(Outcome::Refused), text)
}

async fn reach(dialer: &Dialer, setting: &Setting, reference: &str) -> Result<(), String> {
    let (host, port) = reference.rsplit_once(':').unwrap_or((reference, "443"));
    let port = port.parse().unwrap_or(443);
    let to = Endpoint { tls: false, host: host.to_owned(), port, prefix: String::new() };
    match tokio::time::timeout(PATIENCE, dialer.dial(&to, setting.client.clock())).await {
        Ok(Ok(_)) => Ok(()),
        // Refused is an answer: somebody is there, so the network works.
        Ok(Err(failure)) if failure.outcome() == Outcome::Refused && failure.text().contains("refused") => {
            Ok(())
        }
        Ok(Err(failure)) => Err(failure.text()),
        Err(_) => Err(format!("{PATIENCE:?}")),
    }
}
