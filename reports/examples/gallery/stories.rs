//! Synthetic runs, each with one thing to see. Seeded by arithmetic: the same bytes every time.

mod edges;
mod load;
mod shape;
mod told;
mod windows;

use chrono::{DateTime, FixedOffset};
use piaotan_analysis::summary::{Series, Summary};
use piaotan_record::code::{CodeBook, CodeEntry};
use piaotan_record::folder::{Host, Manifest, Segment};
use piaotan_reports::Lang;

/// A run as its report sees it.
pub struct Story {
    pub name: &'static str,
    pub summary: Summary,
    pub series: Series,
    pub manifest: Manifest,
}

fn story(name: &'static str, summary: Summary, series: Series) -> Story {
    let entry = |code: &str, en: [&str; 2], zh: [&str; 2]| CodeEntry {
        code: code.into(),
        meaning: en[0].into(),
        meaning_zh: zh[0].into(),
        remedy: en[1].into(),
        remedy_zh: zh[1].into(),
    };
    let manifest = Manifest {
        schema: 1,
        version: "0.1.0".into(),
        run: summary.run.clone(),
        scenario: summary.scenario.clone(),
        scenario_text: "name = \"roundtrip\"\n[load]\nrate = 4\nseconds = 240\n".into(),
        target: summary.target.clone(),
        profile: "reference".into(),
        started: series.started.to_utc(),
        planned: 240.0,
        seed: 7,
        host: Host { cpu: "x86_64".into(), cores: 2, memory_bytes: 24 << 30, system: "Linux".into() },
        segment: Segment::default(),
        codes: CodeBook::new(vec![
            entry(
                "SYS_MAINTENANCE",
                ["the platform is being maintained", "wait until the announced end"],
                ["系统维护中", "等到公告的结束时间再试"],
            ),
            entry(
                "SYS_BUSY",
                ["the platform is overloaded", "retry later, send more slowly"],
                ["系统繁忙", "稍后重试，降低速率"],
            ),
        ]),
        calendar: Vec::new(),
        zone: None,
        commit: None,
    };
    Story { name, summary, series, manifest }
}

pub fn start() -> DateTime<FixedOffset> {
    "2026-03-02T21:58:00+08:00".parse().expect("a constant")
}

/// All stories in a language: findings are sentences.
pub fn all(lang: Lang) -> Vec<Story> {
    vec![
        load::healthy(lang),
        load::deploy(lang),
        windows::maintenance(lang),
        windows::overrun(lang),
        load::sync(lang),
        edges::empty(lang),
        edges::one_sample(lang),
        windows::day(lang),
    ]
}
