//! A platform of the tests: it takes every connection and everything that is written, and never answers.
#![allow(clippy::unwrap_used)]

use super::recorder::{Local, Recorder};
use chrono::{DateTime, NaiveDate, Utc};
use piaotan_client::ask::{Client, ClientOptions};
use piaotan_client::clock::Clock;
use piaotan_client::invoice::{FileKind, Generator, Invoice, Options};
use piaotan_client::port::Values;
use piaotan_client::profile::{Base, Bases, Grant, Language, Profile, Secrets};
use piaotan_client::session::{Account, Session};
use piaotan_client::transport::{BoxIo, Dialer, PoolOptions};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A client of it, logged in already.
pub(super) fn client() -> Arc<Client> {
    let dialer = Dialer::Handed(Arc::new(|_| {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move {
            let _open = theirs;
            std::future::pending::<()>().await;
        });
        Box::pin(async move { Ok(Box::new(ours) as BoxIo) })
    }));
    let account = Account { mobile: "13800000001".into(), name: "n".into(), password: "p".into() };
    let options = ClientOptions {
        bases: Bases::new(Base::parse("http://127.0.0.1:1").unwrap()),
        secrets: Secrets::default(),
        language: Language::En,
        session: Arc::new(Session::new(account)),
        dialer,
        clock: Clock::start(),
        pool: PoolOptions::default(),
        nonce: 1,
    };
    let ever = DateTime::<Utc>::MAX_UTC;
    options.session.keep(Grant {
        token: "t".to_owned(),
        expires: ever,
        renew: ever,
        carried: Values::default(),
    });
    Arc::new(Client::new(Arc::new(Profile::reference()), options))
}

pub(super) fn record() -> Local {
    Local(Rc::new(RefCell::new(Recorder::new(Arc::default()))))
}

pub(super) fn generator() -> Generator {
    let options = Options {
        region: "11".to_owned(),
        today: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        days: 1,
        file_kind: FileKind::Pdf,
        file_bytes: 2_000,
        seller: None,
        buyer: None,
    };
    Generator::new(0, options)
}

pub(super) fn invoice(index: u64) -> Invoice {
    generator().invoice(index)
}
