//! Draws every chart of every synthetic story, in Chinese and English, light and dark:
//! `cargo run --release -p piaotan-reports --example gallery -- OUT`.
//!
//! With `docs/gallery` behind it, `--example gallery -- OUT docs/gallery` also makes the contact sheets there.

mod judged;
mod sheet;
mod stories;

use piaotan_reports::charts::{Style, Theme, Width};
use piaotan_reports::{Lang, Report, figures, html, png};
use std::fs;
use std::path::Path;
use stories::Story;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    let out = Path::new(&out);
    fs::create_dir_all(out)?;
    for lang in [Lang::Zh, Lang::En] {
        for story in stories::all(lang) {
            write(&story, lang, out)?;
        }
        for (kind, theme, width) in KINDS {
            for (name, svg) in judged::all(&Style { lang, theme, width, titled: true }) {
                picture(out, &format!("{name}-{lang}-{kind}"), &svg)?;
            }
        }
    }
    if let Some(sheets) = std::env::args().nth(2) {
        for (lang, theme, name) in
            [(Lang::Zh, Theme::Light, "charts-zh.png"), (Lang::En, Theme::Dark, "charts-en-dark.png")]
        {
            let ground = if theme == Theme::Light { "#e9edf2" } else { "#05070a" };
            let svg =
                sheet::sheet(&shown(&Style { lang, theme, width: Width::Wide, titled: true }), 4, ground);
            fs::write(Path::new(&sheets).join(name), png::draw(&svg, 1.0)?)?;
        }
    }
    Ok(())
}

/// The pictures of the contact sheet: every chart once, from the story that shows most in it.
fn shown(style: &Style) -> Vec<String> {
    const CHOSEN: [(&str, &[&str]); 4] = [
        ("deploy", &["timeline", "latency", "outcomes", "codes", "waiting", "quantiles", "heat"]),
        ("overrun", &["timeline", "outcomes", "rate", "concurrency"]),
        ("sync", &["timeline", "survival", "delay", "cohort"]),
        ("day", &["timeline", "latency"]),
    ];
    let mut all = Vec::new();
    for story in stories::all(style.lang) {
        let chosen = CHOSEN.iter().find(|(name, _)| *name == story.name).map_or(&[][..], |(_, ids)| ids);
        let drawn = figures(&story.summary, &story.series, style);
        all.extend(drawn.into_iter().filter(|one| chosen.contains(&one.id)).map(|one| one.svg));
    }
    all.extend(judged::all(style).into_iter().map(|(_, svg)| svg));
    all
}

/// The way in which a picture is drawn, and what its files are called.
const KINDS: [(&str, Theme, Width); 3] = [
    ("wide", Theme::Light, Width::Wide),
    ("dark", Theme::Dark, Width::Wide),
    ("phone", Theme::Light, Width::Phone),
];

fn write(story: &Story, lang: Lang, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let Story { name, summary, series, manifest } = story;
    for (kind, theme, width) in KINDS {
        for figure in figures(summary, series, &Style { lang, theme, width, titled: true }) {
            picture(out, &format!("{name}-{}-{lang}-{kind}", figure.id), &figure.svg)?;
        }
    }
    let report = Report { summary, series, manifest: Some(manifest), lang };
    fs::write(out.join(format!("{name}-{lang}.html")), html(&report)?)?;
    Ok(())
}

fn picture(out: &Path, name: &str, svg: &str) -> Result<(), Box<dyn std::error::Error>> {
    fs::write(out.join(format!("{name}.png")), png::draw(svg, 1.0)?)?;
    fs::write(out.join(format!("{name}.svg")), svg)?;
    Ok(())
}
