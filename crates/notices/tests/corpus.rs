//! A corpus of notices of our own making, with the answers that people judged right.
//!
//! A block is `@ PUBLISHED ZONE` ("-" for an unknown day), the text, and `=> ` with the kind, the windows and
//! the rules that recur. `UPDATE=1` writes the answers anew: read the difference before you keep it.

use std::path::Path;

use piaotan_notices::{Context, Reading, read};

#[test]
fn chinese_corpus() {
    check_file("chinese.txt");
}

#[test]
fn english_corpus() {
    check_file("english.txt");
}

fn check_file(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let corpus = std::fs::read_to_string(&path).expect("the corpus is there");
    let answered: String = corpus.split("\n@").map(|block| answered(block.trim_start_matches('@'))).collect();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &answered).expect("the corpus can be written");
    }
    for (expected, got) in corpus.split("\n@").zip(answered.split("\n@")) {
        assert_eq!(got.trim(), expected.trim());
    }
}

/// The block with the answer that the reader gives.
fn answered(block: &str) -> String {
    let (head, rest) = block.split_once('\n').expect("a block has a head and a text");
    let text = rest.split("\n=> ").next().expect("a split has a first part");
    let mut words = head.split_whitespace();
    let published = words.next().and_then(|day| day.parse().ok());
    let zone = words.next().and_then(|zone| zone.parse().ok());
    format!("@{head}\n{text}\n=> {}\n\n", answer(&read(text, &Context { published, zone })))
}

fn answer(reading: &Reading) -> String {
    let mut parts = vec![reading.notice.to_string()];
    let short = |time: chrono::DateTime<chrono::FixedOffset>| {
        time.format("%Y-%m-%dT%H:%M:%S%:z").to_string().replace(":00+", "+").replace(":00-", "-")
    };
    parts.extend(reading.windows.iter().map(|window| {
        let sure = if window.status == piaotan_notices::Status::Confirmed { "" } else { "?" };
        format!("{}/{}{sure}", short(window.start), window.end.map(short).unwrap_or_default())
    }));
    parts.extend(reading.recurring.iter().map(|rule| {
        let time = rule.time.map(|time| time.format("%H:%M").to_string()).unwrap_or_default();
        format!(
            "[{} {time} {}]",
            rule.rrule,
            rule.duration.map(|seconds| seconds.to_string()).unwrap_or_default()
        )
    }));
    parts.join(" ")
}
