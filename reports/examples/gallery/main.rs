//! Draws every chart of every synthetic story, in Chinese and English, light and dark:
//! `cargo run --release -p piaotan-reports --example gallery -- OUT`.

mod stories;

use piaotan_reports::charts::{self, Style, Theme, Width};
use piaotan_reports::{Lang, png};
use std::fs;
use std::path::Path;
use stories::Story;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    let out = Path::new(&out);
    fs::create_dir_all(out)?;
    for lang in [Lang::Zh, Lang::En] {
        for story in stories::all(lang) {
            for (kind, theme, width) in
                [("wide", Theme::Light, Width::Wide), ("dark", Theme::Dark, Width::Wide), ("phone", Theme::Light, Width::Phone)]
            {
                let style = Style { lang, theme, width, titled: true };
                for (chart, svg) in drawn(&story, &style) {
                    let name = format!("{}-{chart}-{lang}-{kind}", story.name);
                    fs::write(out.join(format!("{name}.png")), png::draw(&svg, 1.0)?)?;
                    fs::write(out.join(format!("{name}.svg")), svg)?;
                }
            }
        }
    }
    Ok(())
}

fn drawn(story: &Story, style: &Style) -> Vec<(&'static str, String)> {
    let (series, summary) = (&story.series, &story.summary);
    let shades = &charts::shades(&summary.windows, series);
    let marks = &piaotan_reports::marks(summary, series);
    vec![
        ("timeline", charts::timeline::draw(&charts::timeline::Input { series, shades, marks }, style)),
        ("latency", charts::latency::draw(&charts::latency::Input { series, shades, limits: &summary.limits }, style)),
        ("outcomes", charts::outcomes::draw(&charts::outcomes::Input { series, shades }, style)),
        ("rate", charts::rate::draw(&charts::rate::Input { series, shades }, style)),
        ("survival", charts::survival::draw(&charts::survival::Input { sync: &summary.sync }, style)),
    ]
}
