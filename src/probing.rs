//! What probes are given, built from the configuration: the same for `check` and `watch`.

use crate::config::{self, Settings};
use crate::forge::{self, Platform};
use anyhow::{Result, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_client::ask::{Client, ClientOptions, Record};
use piaotan_client::clock::Clock;
use piaotan_client::profile::{Language, Profile};
use piaotan_client::session::Session;
use piaotan_client::transport::PoolOptions;
use piaotan_probes::Setting;
use piaotan_record::calendar::{CalendarOptions, Register};
use piaotan_record::{Calendar, Nanos, Observation, Operation, Surface};
use piaotan_scenarios::engine::made::Book;
use piaotan_store::{Place, Store};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// Corrections and sightings of windows older than this change nothing that is still shown.
pub const MEMORY: TimeDelta = TimeDelta::days(60);

/// Opens the ledger that a flag, else the configuration, names.
///
/// # Errors
/// One line that names the flag.
pub fn store(flag: Option<&Path>, settings: &Settings, profile: &Profile) -> Result<Store> {
    let place = place(flag, settings)?;
    let store = Store::at(&place).map_err(|e| anyhow!("--store {place}: {e}"))?;
    let surfaces = profile.surfaces().flat_map(|surface| regions(profile, surface));
    Ok(store.with_surfaces(surfaces.collect()))
}

/// The place that a flag, else the configuration, names, with the password that it wants.
///
/// # Errors
/// One line that names the flag or field.
pub fn place(flag: Option<&Path>, settings: &Settings) -> Result<Place> {
    let path = flag.or(settings.store.path.as_deref()).unwrap_or(Path::new("piaotan.db"));
    let place = Place::of(path).map_err(|e| anyhow!("--store: {e}"))?;
    if !place.wants_password() {
        return Ok(place);
    }
    let configured = settings.store.password.as_deref();
    let configured = configured.map(|written| config::secret("[store] password", written)).transpose()?;
    Ok(match configured.or_else(|| std::env::var("PGPASSWORD").ok()) {
        Some(password) => place.with_password(&password),
        None => place,
    })
}

/// Where an invoice is looked for: other regions one by one, every other surface once.
fn regions(profile: &Profile, surface: Surface) -> Vec<(Surface, String)> {
    match surface {
        Surface::Region => profile.regions().iter().skip(1).map(|region| (surface, region.clone())).collect(),
        _ => vec![(surface, String::new())],
    }
}

/// The calendar as it is known now: configured windows, and what the store remembers of all.
///
/// # Errors
/// One line, when the configuration or the store cannot be read.
pub fn calendar(settings: &Settings, store: &Store, now: DateTime<Utc>) -> Result<Calendar> {
    let register = register(settings, store, now)?;
    Ok(Calendar::new(&register, CalendarOptions::default()))
}

/// What is known of windows now: those of the configuration, and all that the store remembers.
///
/// # Errors
/// One line, when the configuration or the store cannot be read.
pub fn register(settings: &Settings, store: &Store, now: DateTime<Utc>) -> Result<Register> {
    let mut register = store.register(now - MEMORY)?;
    let configured = settings.maintenance.windows(now)?;
    register.windows.retain(|known| configured.iter().all(|window| window.id != known.id));
    register.windows.extend(configured);
    Ok(register)
}

/// The same for a load test, which needs no store: without a file, the configuration alone is known.
///
/// # Errors
/// One line, when the configuration or the store cannot be read.
pub fn known(
    flag: Option<&Path>,
    settings: &Settings,
    profile: &Profile,
    now: DateTime<Utc>,
) -> Result<Register> {
    if place(flag, settings)?.exists() {
        return register(settings, &store(flag, settings, profile)?, now);
    }
    Ok(Register::of(settings.maintenance.windows(now)?))
}

/// Where a load test writes down the invoices that it makes.
///
/// # Errors
/// One line that names the flag.
pub fn book(flag: Option<&Path>, settings: &Settings, platform: &Platform) -> Result<Book> {
    // The run itself follows them; no watch has to look for them afterwards.
    let store = store(flag, settings, &platform.profile)?.with_surfaces(Vec::new());
    Ok(Book::new(Arc::new(store), platform.account.mobile.clone()))
}

/// Joins everything that probes need; the sender publishes new calendars.
///
/// # Errors
/// One line that names the field.
pub fn setting(
    settings: &Settings,
    platform: &Platform,
    store: Arc<Store>,
    run: &str,
    language: Language,
    clock: Clock,
) -> Result<(Setting, watch::Sender<Arc<Calendar>>)> {
    let now = clock.wall();
    let today = now.with_timezone(&platform.profile.zone()).date_naive();
    let seed = u64::try_from(now.timestamp_millis()).unwrap_or(1);
    let timeout = settings.probes.timeout.0.min(std::time::Duration::from_secs(30));
    let options = ClientOptions {
        bases: platform.bases.clone(),
        secrets: platform.secrets.clone(),
        language,
        session: Arc::new(Session::new(platform.account.clone())),
        dialer: platform.dialer.clone(),
        clock,
        pool: PoolOptions {
            connections: settings.probes.concurrency.max(4),
            timeout,
            ..PoolOptions::default()
        },
        nonce: seed,
    };
    let client = Client::new(platform.profile.clone(), options);
    let (publish, calendar) = watch::channel(Arc::new(calendar(settings, &store, now)?));
    let setting = Setting {
        client: Arc::new(client),
        dialer: platform.dialer.clone(),
        calendar,
        store: Some(store),
        write: platform.write.clone(),
        target: platform.url.clone(),
        run: run.to_owned(),
        // The same after a restart, so that what was made before can be compared field by field; the
        // tokens differ, and with them the invoices.
        generator: forge::generator(stable(&platform.url), "11", "mixed", 20_000, today)?,
        language,
        section: settings.probes.clone(),
        last_token: Arc::default(),
    };
    Ok((setting, publish))
}

/// Opens the test account where something will be written.
pub async fn enrol(setting: &Setting) {
    let writes = setting.section.kinds().iter().any(|kind| kind.writes());
    if setting.write.is_ok() && writes {
        setting.client.enrol(&Silent).await;
    }
}

/// FNV-1a of the target: the same on every machine and release.
fn stable(target: &str) -> u64 {
    let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    target.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Records nothing: the enrolment of a test account is no probe.
#[derive(Debug)]
pub struct Silent;

impl Record for Silent {
    fn sent(&self, _operation: Operation, _due: Nanos) {}
    fn seen(&self, _observation: Observation) {}
    fn unsendable(&self, _operation: Operation, _reason: &str) {}
}
