//! The store from outside: what is written is there again, and what is broken says so in one line.
#![allow(clippy::unwrap_used)]

mod broken;
mod history;
mod ledger;
mod life;
mod rest;

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::{Issued, Token};
use piaotan_store::Store;
use tempfile::TempDir;

/// A store in a folder of its own, which goes when it is dropped.
struct Fresh {
    store: Store,
    folder: TempDir,
}

fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    Fresh { store: Store::open(&folder.path().join("watch.db")).unwrap(), folder }
}

impl Fresh {
    fn again(&self) -> Store {
        Store::open(&self.folder.path().join("watch.db")).unwrap()
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
