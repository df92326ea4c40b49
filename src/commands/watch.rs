//! `piaotan watch`: day and night.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the front door prints and reads the clock"
)]

use crate::announced::Sources;
use crate::config::{self, Settings};
use crate::door::Common;
use crate::forge::{self, Platform};
use crate::notify::{self, Post};
use crate::probing;
use crate::serve;
use crate::status::Desk;
use crate::watching::board::{Board, unix};
use crate::watching::life::{Life, Why};
use crate::watching::outlet::{Telling, log, trouble};
use crate::watching::{sources, systemd};
use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use clap::Args;
use piaotan_client::clock::Clock;
use piaotan_probes::live::watch::{Before, Begin, watch};
use piaotan_store::Store;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// Watch a platform day and night.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan watch --target http://127.0.0.1:8080            then open http://127.0.0.1:9465/
  piaotan watch --config /etc/piaotan/piaotan.toml --store /var/lib/piaotan/piaotan.db
  piaotan watch --test-notify                             sends one message to everybody configured, and ends

Serves / (status page), /trace (where is my invoice?), /metrics (Prometheus) and /healthz. SIGHUP or a changed file reloads the configuration;
a file that is wrong keeps the old one in use, and says so. SIGTERM and Ctrl-C end it within two seconds: exit 0.")]
pub struct Watch {
    /// Base URL of the platform.
    #[arg(long, env = "PIAOTAN_TARGET", value_name = "URL")]
    pub target: Option<String>,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Address of metrics and status page [default: 127.0.0.1:9465]; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Ledger and history: a file, or postgres://USER@HOST/DATABASE for several watches [default: piaotan.db].
    #[arg(long, value_name = "FILE|URL")]
    pub store: Option<PathBuf>,
    /// Send one test message by every way that [notify] names, say what came of it, and end.
    #[arg(long)]
    pub test_notify: bool,
}

/// What is in use: replaced whole on a reload.
struct Use {
    settings: Settings,
    platform: Platform,
    store: Arc<Store>,
}

/// Watches until it is told to end.
///
/// # Errors
/// One line that names the flag or field.
pub fn run(args: &Watch, common: &Common) -> Result<u8> {
    let mut used = Use::load(args, common)?;
    if args.test_notify {
        return notify::test(&used.settings.notify, &used.platform.url, common.lang());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(go(&mut used, args, common))
}

async fn go(used: &mut Use, args: &Watch, common: &Common) -> Result<u8> {
    let listen = args.listen.or(used.settings.watch.listen);
    let listen = listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9465)));
    let board = Board::default();
    board.lock().watch.config_loaded_at = unix(Utc::now());
    let desk = Desk::new(board.clone(), common.lang());
    let token = used.settings.watch.guard(listen)?;
    let shown = desk.clone();
    let served = serve::pages(listen, token, &["/trace"], move |request| shown.answer(request))?;
    let mut life = Life::new(config::file(common.config.as_deref()).as_deref(), now)?;
    let mut before = Before::default();
    let mut begun = false;
    loop {
        let post = Post::start(&used.settings.notify, &board)?;
        let clock = Clock::start();
        let language = common.language();
        let (setting, publish) =
            probing::setting(&used.settings, &used.platform, used.store.clone(), "watch", language, clock)?;
        let setting = Arc::new(setting);
        desk.show(&setting);
        desk.look(setting.clone());
        board.lock().expect(&setting.section.kinds());
        probing::enrol(&setting).await;
        if !begun {
            begun = true;
            println!("watching {}; status at http://{}/", setting.target, served.address);
            systemd::tell("READY=1");
        }
        let store = used.store.clone();
        let mut telling =
            Telling { board: &board, settings: &used.settings, store, publish: publish.clone(), post: &post };
        let renew = || match probing::calendar(&used.settings, &used.store, now()) {
            Ok(calendar) => {
                publish.send_replace(Arc::new(calendar));
            }
            Err(error) => trouble(&board, &error.to_string()),
        };
        let announced = Sources::open(&used.settings, &used.platform.profile, &used.store)?;
        let zone = used.platform.profile.zone();
        let mut why = Why::End;
        let stop = async {
            tokio::select! {
                reason = life.why(clock, zone) => why = reason,
                () = sources::follow(&setting, &board, announced, renew) => {}
            }
        };
        before = watch(&setting, &mut telling, before, stop)
            .await
            .map_err(|e| anyhow!("--store {}: {e}", used.store.path()))?;
        setting.client.stop();
        drop(post);
        match why {
            Why::End => break,
            Why::Reload => {
                before.begin = Begin::After(clock.wall());
                reload(used, args, common, &board);
            }
            Why::NewDay => before.begin = Begin::After(clock.wall()),
            Why::ClockStep(step) => {
                before.begin = Begin::Stepped(clock.wall());
                log(&board.lock().stepped(now(), step));
            }
        }
    }
    if before.unwritten() > 0 {
        log(&format!(
            "{} results could not be written to {} and end with this process",
            before.unwritten(),
            used.store.path()
        ));
    }
    systemd::tell("STOPPING=1");
    desk.close();
    drop(served);
    Ok(0)
}

/// Takes up the file as it is now; one that is wrong changes nothing but a metric.
fn reload(used: &mut Use, args: &Watch, common: &Common, board: &Board) {
    systemd::tell("RELOADING=1");
    let loaded = Use::load(args, common);
    let mut board = board.lock();
    board.watch.config_loaded = loaded.is_ok();
    match loaded {
        Ok(fresh) => {
            *used = fresh;
            board.config_trouble = None;
            board.watch.config_loaded_at = unix(Utc::now());
            log("the configuration was read anew");
        }
        Err(error) => {
            let line: Vec<String> = error.chain().map(ToString::to_string).collect();
            log(&format!("the configuration is wrong, the old one stays in use: {}", line.join(": ")));
            board.config_trouble = Some(line.join(": "));
        }
    }
    systemd::tell("READY=1");
}

impl Use {
    fn load(args: &Watch, common: &Common) -> Result<Self> {
        let settings = config::load(common.config.as_deref())?;
        let platform = forge::platform(&settings, args.target.as_deref(), args.profile.as_deref())?;
        settings.maintenance.windows(now())?;
        settings.maintenance.sources(&platform.profile)?;
        settings.notify.addresses()?;
        let store = Arc::new(probing::store(args.store.as_deref(), &settings, &platform.profile)?);
        Ok(Self { settings, platform, store })
    }
}

fn now() -> DateTime<Utc> {
    Utc::now()
}
