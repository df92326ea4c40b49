//! Does the platform's name resolve?

use crate::live::port::ProbePort;
use crate::{Found, Health, Setting, say};
use piaotan_client::transport::Failure;
use piaotan_record::{Outcome, Phase, Phases};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let endpoint = setting.endpoint().clone();
    let host = &endpoint.host;
    let plain = piaotan_client::target::Endpoint { tls: false, ..endpoint.clone() };
    let dialing = setting.dialer.dial(&plain, setting.client.clock());
    match tokio::time::timeout(PATIENCE, dialing).await {
        Ok(Err(Failure::Dns(why))) => {
            let text = say!(setting.language, "{host} 无法解析：{why}", "{host} does not resolve: {why}");
            Found::new(Health::Unhealthy, Some(Outcome::Dns), text)
        }
        // A connection that fails after the name was found is no fault of the name.
        Ok(dialed) => {
            io.phases =
                dialed.ok().map(|(_, phases)| Phases { resolve: phases.resolve, ..Phases::default() });
            Found::healthy(say!(setting.language, "{host} 可解析", "{host} resolves"))
        }
        Err(_) => {
            let text = say!(setting.language, "{host} 无回应", "{host}: no answer in time");
            Found::new(Health::Unhealthy, Some(Outcome::TimedOut { phase: Phase::Connect }), text)
        }
    }
}
