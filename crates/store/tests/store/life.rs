#![allow(clippy::print_stderr, reason = "the killed child tells its parent how far it came")]

use crate::issued;
use piaotan_record::Ledger;
use piaotan_store::Store;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The environment variable by which this test, started again as a child, knows its file.
const FILE: &str = "PIAOTAN_STORE_KILLED";

/// Ends itself by being killed; run by the test below and by nobody else.
#[test]
fn writes_until_killed() {
    let Ok(path) = std::env::var(FILE) else { return };
    let store = Store::open(path.as_ref()).unwrap();
    for token in 0..100_000 {
        store.issue(&issued("r", token, 0)).unwrap();
        eprintln!("durable {token}");
    }
}

#[test]
fn a_kill_forgets_nothing_that_was_answered() {
    for round in 0..3 {
        let fresh = crate::fresh();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "life::writes_until_killed", "--nocapture"])
            .env(FILE, &fresh.path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said =
            lines.map_while(Result::ok).filter(|line| line.starts_with("durable")).nth(40 + 17 * round);
        child.kill().unwrap();
        child.wait().unwrap();
        let last: usize = said.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        let kept = fresh.again().pending().unwrap().len();
        assert!(kept > last, "{kept} kept after {last} was answered");
    }
}

also_on_postgres!(a_kill_forgets_nothing_that_was_answered);
