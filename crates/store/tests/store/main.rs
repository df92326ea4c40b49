//! The store from outside: what is written is there again, and what is broken says so in one line.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_types,
    reason = "starts a server, and says when it cannot"
)]

/// Runs tests, each named, once more on a PostgreSQL database.
macro_rules! also_on_postgres {
    ($($test:ident),* $(,)?) => {
        mod on_postgres {
            $(#[test]
            fn $test() {
                crate::on_postgres(super::$test);
            })*
        }
    };
}

mod broken;
mod history;
mod ledger;
mod life;
#[path = "../../../../tests/house/postgres.rs"]
mod postgres;
mod rest;
mod server;

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::{Issued, Token};
use piaotan_store::Store;
use postgres::Server;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard};
use tempfile::TempDir;

/// A store in a folder of its own, which goes when it is dropped; or in a database of its own.
struct Fresh {
    store: Store,
    path: PathBuf,
    folder: TempDir,
}

thread_local! {
    /// Whether the test of this thread means a database.
    static DATABASE: Cell<bool> = const { Cell::new(false) };
}

fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let path = if DATABASE.get() { database() } else { folder.path().join("watch.db") };
    Fresh { store: Store::open(&path).unwrap(), path, folder }
}

impl Fresh {
    fn again(&self) -> Store {
        Store::open(&self.path).unwrap()
    }
}

/// The one server of this process; none where PostgreSQL is not installed.
fn server() -> MutexGuard<'static, Option<Server>> {
    static SERVER: LazyLock<Mutex<Option<Server>>> = LazyLock::new(|| Mutex::new(Server::start()));
    SERVER.lock().unwrap()
}

fn database() -> PathBuf {
    server().as_mut().expect("asked only where there is a server").database().into()
}

fn on_postgres(test: fn()) {
    if server().is_some() {
        DATABASE.set(true);
        test();
        DATABASE.set(false);
    }
}

/// Seconds after some morning.
fn at(second: i64) -> DateTime<Utc> {
    "2026-11-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second)
}

fn issued(run: &str, token: u64, uploaded: i64) -> Issued {
    Issued {
        token: Token(token),
        run: run.into(),
        target: "http://127.0.0.1:8080".into(),
        number: format!("26110{token:015}"),
        issue_date: at(0).date_naive(),
        total: "1409.50".into(),
        owner: "13800000000".into(),
        uploaded: at(uploaded),
        accepted: None,
    }
}
