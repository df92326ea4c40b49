//! Draws every chart of every synthetic story, in Chinese and English, light and dark:
//! `cargo run --release -p piaotan-reports --example gallery -- OUT`.

mod judged;
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
    Ok(())
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
