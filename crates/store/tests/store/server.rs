//! What only a server can do: go away and come back, refuse a login, serve several at once.

use crate::{at, database, issued};
use chrono::TimeDelta;
use piaotan_record::{Ledger, Look, Surface, Token};
use piaotan_store::Store;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The line that opening ends with, for an address made of a good one.
fn check(change: impl Fn(&str) -> String, expected: &str) {
    let good = database().to_string_lossy().into_owned();
    let error = Store::open(Path::new(&change(&good))).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    assert!(error.starts_with("store postgres://piaotan@") && !error.contains('\n'), "{error}");
    assert!(!error.contains(crate::postgres::PASSWORD), "{error}");
}

#[test]
fn a_server_that_cannot_be_used_says_why_in_one_line() {
    if crate::server().is_none() {
        return;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    check(|_| format!("postgres://piaotan:x@127.0.0.1:{port}/p"), "cannot be reached: ");
    check(|good| good.replace("only-for-this-test", "wrong"), "the server refuses the login: ");
    check(
        |good| good.replace(":only-for-this-test", ""),
        "the server refuses the login: it asks for a password",
    );
    check(|good| format!("{good}nowhere"), "does not exist; make it with `createdb`, or mend the address");
    check(|good| format!("{good}?sslmode=require"), "cannot be reached: ");
}

#[test]
fn two_watchers_fold_their_looks_into_one_ledger() {
    if crate::server().is_none() {
        return;
    }
    let path = database();
    let stores = [Store::open(&path).unwrap(), Store::open(&path).unwrap()];
    stores[0].issue(&issued("r", 1, 0)).unwrap();
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(move || {
                (1..=100).for_each(|second| {
                    store.look("r", Token(1), Surface::Number, "", at(second), Look::NotYet).unwrap();
                });
            });
        }
    });
    assert_eq!(stores[0].pending().unwrap()[0].looks, 200, "no look overwrites another's");
    let minute = TimeDelta::seconds(60);
    assert!(stores[0].lease("watch bj", "a", at(0), minute).unwrap());
    assert!(!stores[1].lease("watch bj", "b", at(1), minute).unwrap());
    assert!(stores[1].lease("watch sh", "b", at(1), minute).unwrap());
}

#[test]
fn a_server_stopped_and_started_loses_nothing_that_was_answered() {
    // A server of its own: the others must not feel it.
    let Some(mut server) = crate::postgres::Server::start() else { return };
    let path = server.database();
    let store = Store::open(Path::new(&path)).unwrap();
    let (answered, refused, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut token = 0;
            while !done.load(Ordering::SeqCst) {
                match store.issue_all(&[issued("r", token, 0)]) {
                    Ok(()) => {
                        answered.fetch_add(1, Ordering::SeqCst);
                        token += 1;
                    }
                    Err(error) => {
                        assert!(error.is_passing(), "{error}");
                        refused.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
            }
        });
        let more = |than: u64, of: &AtomicU64| {
            for _ in 0..6_000 {
                if of.load(Ordering::SeqCst) > than {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            panic!("never more than {than}");
        };
        for _ in 0..2 {
            more(answered.load(Ordering::SeqCst) + 50, &answered);
            server.tell("stop");
            more(refused.load(Ordering::SeqCst), &refused);
            server.tell("start");
        }
        more(answered.load(Ordering::SeqCst) + 50, &answered);
        done.store(true, Ordering::SeqCst);
    });
    let kept = Store::open(Path::new(&path)).unwrap().pending().unwrap();
    assert_eq!(kept.len() as u64, answered.load(Ordering::SeqCst));
}
