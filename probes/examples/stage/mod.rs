//! The stage of simulated time: the reference platform over in-memory streams, a client that asks it, and
//! a clock that the programs beside it move themselves.
#![allow(dead_code, reason = "each program uses its part of the stage")]

use chrono::{DateTime, Utc};
use piaotan_client::ask::{Client, ClientOptions};
use piaotan_client::clock::Clock;
use piaotan_client::invoice::{FileKind, Generator, Options};
use piaotan_client::profile::{Base, Bases, Language, Profile, Secrets};
use piaotan_client::session::{Account, Session};
use piaotan_client::target::Endpoint;
use piaotan_client::transport::{BoxIo, Dialer, PoolOptions};
use piaotan_platform::{Storage, Weather, World, WorldOptions, serve_stream};
use piaotan_probes::{ProbesSection, Setting};
use piaotan_record::Calendar;
use piaotan_store::Store;
use std::io;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

/// Where the platform is; nobody listens there.
pub const URL: &str = "http://127.0.0.1:8080";

/// A runtime whose time passes when everybody waits.
pub fn paused() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// A platform whose weather is that text; it began at `started`.
pub fn world(seed: u64, weather: &str, started: DateTime<Utc>) -> Arc<World> {
    let weather = Weather::parse(weather).unwrap();
    Arc::new(World::new(WorldOptions { seed, weather, storage: Storage::Memory, started }).unwrap())
}

/// When nobody reaches anybody: connections are refused, and those that are open break.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    pub clock: Clock,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// In-memory connections. Only the platform answers; others are merely reached.
pub fn dialer(world: &Arc<World>, theirs: piaotan_platform::Clock, loss: Option<Loss>) -> Dialer {
    let world = world.clone();
    Dialer::Handed(Arc::new(move |to: &Endpoint| {
        let (world, platform) = (world.clone(), to.port == 8080);
        Box::pin(async move {
            let now = loss.map(|loss| loss.clock.wall());
            if loss.zip(now).is_some_and(|(loss, now)| loss.from <= now && now < loss.to) {
                return Err(io::Error::other("the network is unreachable"));
            }
            let breaks = loss.zip(now).filter(|(loss, now)| *now < loss.from);
            let breaks = breaks.map(|(loss, _)| loss.clock.instant(loss.clock.moment(loss.from)));
            let (near, far) = tokio::io::duplex(256 << 10);
            if platform {
                tokio::spawn(async move {
                    tokio::select! {
                        () = serve_stream(far, world, theirs, None) => {}
                        () = tokio::time::sleep_until(breaks.unwrap_or_else(Instant::now)), if breaks.is_some() => {}
                    }
                });
            }
            Ok(Box::new(near) as BoxIo)
        })
    }))
}

/// Somebody with an account at the platform, whom it does not know yet.
pub fn client(profile: Profile, dialer: &Dialer, clock: Clock) -> Client {
    let account = Account {
        mobile: "13800000001".into(),
        name: "票探合成账户".into(),
        password: "Synthetic2026x".into(),
    };
    let options = ClientOptions {
        bases: Bases::new(Base::parse(URL).unwrap()),
        secrets: Secrets::default(),
        language: Language::En,
        session: Arc::new(Session::new(account)),
        dialer: dialer.clone(),
        clock,
        pool: PoolOptions { connections: 8, ..PoolOptions::default() },
        nonce: 1,
    };
    Client::new(Arc::new(profile), options)
}

/// Synthetic invoices of the day that the clock shows.
pub fn generator(clock: Clock, file_bytes: usize) -> Generator {
    let made = Options {
        region: "11".into(),
        today: clock.wall().date_naive(),
        days: 30,
        file_kind: FileKind::default(),
        file_bytes,
        seller: None,
        buyer: None,
    };
    Generator::new(7, made)
}

/// What a watch is given.
pub fn setting(
    client: Client,
    dialer: Dialer,
    store: Arc<Store>,
    calendar: Receiver<Arc<Calendar>>,
    section: ProbesSection,
) -> Setting {
    let generator = generator(client.clock(), 2_000);
    Setting {
        client: Arc::new(client),
        dialer,
        calendar,
        store: Some(store),
        write: Ok(()),
        target: URL.to_owned(),
        run: "watch".to_owned(),
        generator,
        language: Language::En,
        section,
        last_token: Arc::default(),
    }
}
