//! What a restart finds: everything that was acknowledged, or the name of what was damaged.

#![allow(clippy::unwrap_used)]

mod visitor;

use piaotan_platform::{Storage, Weather, World, WorldOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use visitor::{Invoice, MOBILE, Visitor, start, world};

fn opened(folder: &Path) -> Result<World, piaotan_platform::Error> {
    World::new(WorldOptions {
        seed: 8,
        weather: Weather::default(),
        storage: Storage::Directory(folder.into()),
        started: start() + chrono::TimeDelta::days(1),
    })
}

#[test]
fn a_restart_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let first = Visitor::of(world("", Storage::Directory(folder.path().into())), MOBILE, "enterprise");
    let numbers: Vec<_> = (0..20).map(|n| first.uploaded(n)).collect();
    first.act(&format!("/api/invoices/{}/void", numbers[3]));
    let batch = serde_json::json!({"key": "k", "items": [Invoice::new(50).json()]});
    first.post("/api/batches", &batch);
    let head = first.get("/api/ledger/head").data;
    let record = first.get(&format!("/api/invoices/{}", numbers[7])).data;
    drop(first);
    let mut again =
        Visitor { world: opened(folder.path()).unwrap().into(), now: start(), token: String::new() };
    again.at(86_401.0).login(MOBILE);
    assert_eq!(again.get("/api/ledger/head").data, head);
    assert_eq!(again.get(&format!("/api/invoices/{}", numbers[7])).data, record);
    assert_eq!(again.status(&numbers[3]), "voided");
    assert_eq!(again.get("/api/batches/k").data["accepted"], 1);
    assert_eq!(again.get("/api/invoices").data["total"], 21);
    assert_eq!(again.upload(&Invoice::new(5)).code, "2002");
    assert_eq!(again.upload(&Invoice::new(99)).code, "0000");
}

/// What opening says when one byte is flipped, once for each place in the file that holds `text`. Places that SQLite
/// has moved away from still hold it, and no flip there harms anything.
fn flips(folder: &Path, text: &[u8], offset: usize) -> Vec<String> {
    let whole = std::fs::read(folder.join("platform.db")).unwrap();
    let places = whole.windows(text.len()).enumerate().filter(|(_, w)| *w == text);
    let opened_with = |at: usize| {
        let copy = tempfile::tempdir().unwrap();
        let mut bytes = whole.clone();
        bytes[at + offset] ^= 1;
        std::fs::write(copy.path().join("platform.db"), bytes).unwrap();
        opened(copy.path()).map_or_else(|e| e.to_string(), |_| "fine".into())
    };
    places.map(|(at, _)| opened_with(at)).collect()
}

fn check_flip(text: impl Fn(&str) -> Vec<u8>, offset: usize, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let v = Visitor::of(world("", Storage::Directory(folder.path().into())), MOBILE, "enterprise");
    let numbers: Vec<_> = (0..5).map(|n| v.uploaded(n)).collect();
    drop(v);
    let told = flips(folder.path(), &text(&numbers[2]), offset);
    let named = told.iter().filter(|t| t.contains(expected) && t.contains(&numbers[2]));
    assert_eq!(named.count(), 1, "{told:?}");
    assert!(told.iter().filter(|t| *t == "fine").count() == told.len() - 1, "{told:?}");
}

#[test]
fn a_flipped_byte_is_found_and_named() {
    let row = |n: &str| format!("|submitted|{n}|").into_bytes();
    check_flip(row, 40, "ledger row 2");
    check_flip(row, 3, "ledger row 2");
    check_flip(
        |n| format!("{{\"fields\":{{\"number\":\"{n}\",\"special\":fals").into_bytes(),
        60,
        "is damaged",
    );
}

/// Run by the test below in a process of its own: uploads and tells each acknowledged number, until killed.
#[test]
#[ignore = "the child of the kill -9 test"]
fn child_uploads_until_killed() {
    let Ok(folder) = std::env::var("PLATFORM_CHILD_DATA") else {
        return;
    };
    let v = Visitor::of(world("", Storage::Directory(folder.into())), MOBILE, "enterprise");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let v = std::sync::Arc::new(v);
    let next = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    for _ in 0..32 {
        let (v, next) = (v.clone(), next.clone());
        runtime.spawn(async move {
            loop {
                let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let invoice =
                    Invoice::new(n).file(&[b"%PDF-1.4\n".as_slice(), &vec![b'y'; 20_000], b"%%EOF"].concat());
                let answer = v.upload(&invoice);
                if !v.world.durable(&answer.reply).await {
                    std::process::exit(1);
                }
                let mut out = std::io::stdout().lock();
                writeln!(out, "acknowledged {}", invoice.get("number")).unwrap();
                out.flush().unwrap();
            }
        });
    }
    runtime.block_on(std::future::pending::<()>());
}

#[test]
fn kill_9_in_the_middle_of_a_thousand_uploads_loses_nothing_acknowledged() {
    for acknowledged in [40, 170, 333, 500] {
        check_kill(acknowledged);
    }
}

/// Kills a child once it has acknowledged so many uploads, and looks for each of them.
fn check_kill(acknowledged: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "--exact", "child_uploads_until_killed"])
        .env("PLATFORM_CHILD_DATA", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut numbers = Vec::new();
    for line in lines.map_while(Result::ok) {
        if let Some(at) = line.find("acknowledged ") {
            numbers.push(line[at + 13..].to_string());
        }
        if numbers.len() == acknowledged {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(numbers.len() >= acknowledged, "{} acknowledged", numbers.len());
    let mut v = Visitor { world: opened(folder.path()).unwrap().into(), now: start(), token: String::new() };
    v.at(86_401.0).login(MOBILE);
    for number in numbers.iter().filter(|number| number.len() == 20) {
        assert!(v.is_found(number), "{number} was acknowledged and is gone");
    }
    let kept = v.get("/api/ledger/head").data["size"].as_u64().unwrap();
    assert!(kept >= numbers.len() as u64);
}
